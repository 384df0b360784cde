"""Columns of a table of runs."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from ..db import Database, repeatable
from ..filter.syntax import Name
from ..store import columns
from .columns import name_of
from .front import number
from .known import decoder
from .operands import Resolver
from .statement import Statement

CHUNK = 2000  # runs that are read at a time
JOINS = 20  # metrics that are read at a time: databases join about 60 tables
_COLUMNS = {
    "id": "r.id", "number": "r.number", "name": "r.name", "status": "r.status",
    "created": "r.time_created", "started": "r.time_started", "updated": "r.time_updated",
    "finished": "r.time_finished", "comment": "r.comment", "parent": "r.parent_id",
    "tags": "r.tags", "args": "r.args", "env": "r.env", "extras": "r.extras",
    "value": "r.value", "values": "r.objective_values",
}  # fmt: skip
_NEEDED = {
    "updated": ["updated", "created"], "duration": ["started", "updated", "finished"],
    "trial": ["number", "parent"],
}  # fmt: skip
_OF_EXPERIMENTS = {"experiment": "name", "kind": "kind"}
_TEXTS = {"args", "env", "extras", "tags"}  # documents that are decoded here
_DOCUMENTS = {"param": "args", "env": "env", "extra": "extras"}


def cells(db: Database, ids: Sequence[int], keys: Sequence[str]) -> dict[str, list[Any]]:
    """For each key the values of these runs, in the order of the ids; None where there is none.

    Values are numbers, texts, times in UTC, lists of tags, and whatever JSON arguments are;
    durations are seconds. What nobody has is None, too, and so is all of a run that is gone.

    Raises:
        InvalidValueError: a key is no key of a column.
    """
    names = {key: name_of(key) for key in keys}
    found: dict[str, list[Any]] = {key: [] for key in keys}
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        for key, values in _chunk(db, chunk, names).items():
            found[key] += values
    return found


@repeatable
def _chunk(db: Database, ids: Sequence[int], names: dict[str, Name]) -> dict[str, Sequence[Any]]:
    nothing = (None,) * len(ids)
    found: dict[str, Sequence[Any]] = dict.fromkeys(names, nothing)
    for some in _statements(db, names):
        found |= _joined(db, ids, some)
    if attrs := {key: name for key, name in names.items() if name.scope == "attr"}:
        found |= _attrs(db, ids, attrs)
    return found


def _statements(db: Database, names: dict[str, Name]) -> Iterator[dict[str, Name]]:
    """What is read together: all of the runs themselves with the first metrics; more metrics."""
    found = {key: name for key, name in names.items() if name.scope not in ("metric", "attr")}
    metrics = {key: name for key, name in names.items() if name.scope == "metric"}
    known = columns.refresh(db) if metrics else {}
    wanted = list(dict.fromkeys(name.key for name in metrics.values() if name.key in known))
    for start in range(0, max(len(wanted), 1), JOINS):
        some = wanted[start : start + JOINS]
        found |= {key: name for key, name in metrics.items() if name.key in some}
        if found:
            yield found
        found = {}


def _joined(db: Database, ids: Sequence[int], names: dict[str, Name]) -> dict[str, Sequence[Any]]:
    """One row a run is read twice as fast as one for each metric of it."""
    statement = Statement(db, None)
    if statement.words.pivots:
        statement.pivot(statement.words.among("m.run_id", ids, statement.bind))
    select = _select(statement, names)
    among = statement.words.among("r.id", ids, statement.bind)
    rows = {row[0]: row for row in statement.rows(", ".join(["r.id", *select.values()]), among)}
    nothing = (None,) * (len(select) + 1)
    _, *read = zip(nothing, *(rows.get(id, nothing) for id in ids), strict=True)
    table: dict[str, Sequence[Any]] = {
        column: values[1:] for column, values in zip(select, read, strict=True)
    }
    decode = decoder()
    for column in table.keys() & _TEXTS:
        found = (None if text is None else decode(text) for text in table[column])
        table[column] = [document if isinstance(document, dict) else {} for document in found]
    return {key: _values(table, key, name) for key, name in names.items()}


def _select(statement: Statement, names: dict[str, Name]) -> dict[str, str]:
    """Expressions, by the names of columns or the keys of metrics."""
    resolver, raw = Resolver(statement), statement.words.raw
    found: dict[str, str] = {}
    for key, name in names.items():
        if name.scope == "metric":
            found[key] = str(resolver.metric(name).number)
            continue
        for column in _columns(name):
            sql = _COLUMNS.get(column) or f"{statement.experiment()}.{_OF_EXPERIMENTS[column]}"
            found[column] = raw(sql) if column in _TEXTS else sql
    return found


def _columns(name: Name) -> list[str]:
    if name.scope == "value":
        return ["value", "values"]
    if name.scope == "run":
        return _NEEDED.get(name.key, [name.key])
    return [_DOCUMENTS[name.scope]]


def _values(table: dict[str, Any], key: str, name: Name) -> Sequence[Any]:
    """One column, of what was read."""
    if name.scope == "metric":
        return table[key]  # type: ignore[no-any-return]
    if name.scope == "value":
        place = int(name.key)
        pairs = zip(table["value"], table["values"], strict=True)
        return [_objective(value, several, place) for value, several in pairs]
    if name.scope == "run":
        return _of_run(table, name.key)
    documents = table[_DOCUMENTS[name.scope]]
    if "." not in name.key:
        return [document.get(name.key) for document in documents]
    steps = name.key.split(".")
    return [_nested(document, steps) for document in documents]


def _of_run(table: dict[str, Any], key: str) -> Sequence[Any]:
    match key:
        case "updated":
            return [u or c for u, c in zip(table["updated"], table["created"], strict=True)]
        case "duration":
            times = (table[column] for column in ("started", "finished", "updated"))
            return [_seconds(start, f or u) for start, f, u in zip(*times, strict=True)]
        case "tags":
            return [list(tags) or None for tags in table["tags"]]
    return table[key]  # type: ignore[no-any-return]


def _seconds(start: Any, end: Any) -> float | None:
    return (end - start).total_seconds() if start and end else None


def _objective(value: float | None, several: Sequence[Any] | None, place: int) -> float | None:
    found = number(several[place]) if several and place < len(several) else math.nan
    if place == 0 and math.isnan(found) and value is not None:
        return value
    return None if math.isnan(found) else found


def _nested(document: Any, steps: Sequence[str]) -> Any:
    """A name may have dots itself, at every depth."""
    if not isinstance(document, dict):
        return None
    for i in range(1, len(steps) + 1):
        key = ".".join(steps[:i])
        if key in document:
            found = document[key] if i == len(steps) else _nested(document[key], steps[i:])
            if found is not None:
                return found
    return None


def _attrs(db: Database, ids: Sequence[int], names: dict[str, Name]) -> dict[str, list[Any]]:
    statement = Statement(db, None)
    key, value = statement.every_attribute()
    marks = ", ".join(statement.bind(name.key) for name in names.values())
    among = statement.words.among("r.id", ids, statement.bind)
    found: dict[str, dict[int, Any]] = defaultdict(dict)
    for id, name, text in statement.rows(
        f"r.id, {key}, {value}", f"{among} AND {key} IN ({marks})"
    ):
        found[name][id] = json.loads(text)
    return {k: [found[name.key].get(id) for id in ids] for k, name in names.items()}
