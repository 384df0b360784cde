"""Columns of a table of runs."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
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
def _chunk(db: Database, ids: Sequence[int], names: dict[str, Name]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    of_runs = {key: name for key, name in names.items() if name.scope not in ("metric", "attr")}
    if of_runs:
        found |= _of_runs(db, ids, of_runs)
    if metrics := {key: name for key, name in names.items() if name.scope == "metric"}:
        found |= _metrics(db, ids, metrics)
    if attrs := {key: name for key, name in names.items() if name.scope == "attr"}:
        found |= _attrs(db, ids, attrs)
    return found


def _of_runs(db: Database, ids: Sequence[int], names: dict[str, Name]) -> dict[str, list[Any]]:
    statement = Statement(db, None)
    wanted = dict.fromkeys(column for name in names.values() for column in _columns(name))
    select = []
    for column in wanted:
        match column:
            case "experiment" | "kind":
                word = "name" if column == "experiment" else "kind"
                select.append(f"{statement.experiment()}.{word}")
            case "args" | "env" | "extras" | "tags":
                select.append(statement.words.raw(_COLUMNS[column]))
            case _:
                select.append(_COLUMNS[column])
    among = statement.words.among("r.id", ids, statement.bind)
    rows = {row[0]: row[1:] for row in statement.rows(", ".join(["r.id", *select]), among)}
    nothing = (None,) * len(wanted)
    columns = zip(*(rows.get(id, nothing) for id in ids), strict=True)
    table: dict[str, Sequence[Any]] = dict(zip(wanted, columns, strict=True))
    for column in {*wanted} & {"args", "env", "extras", "tags"}:
        decode = decoder()
        found = (None if text is None else decode(text) for text in table[column])
        table[column] = [document if isinstance(document, dict) else {} for document in found]
    return {key: _values(table, name) for key, name in names.items()}


def _columns(name: Name) -> list[str]:
    if name.scope == "value":
        return ["value", "values"]
    if name.scope == "run":
        return _NEEDED.get(name.key, [name.key])
    return [_DOCUMENTS[name.scope]]


def _values(table: dict[str, Any], name: Name) -> list[Any]:
    """One column, of what was read."""
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


def _of_run(table: dict[str, Any], key: str) -> list[Any]:
    match key:
        case "updated":
            return [u or c for u, c in zip(table["updated"], table["created"], strict=True)]
        case "duration":
            times = (table[column] for column in ("started", "finished", "updated"))
            return [_seconds(start, f or u) for start, f, u in zip(*times, strict=True)]
        case "tags":
            return [list(tags) or None for tags in table["tags"]]
    return list(table[key])


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


def _metrics(db: Database, ids: Sequence[int], names: dict[str, Name]) -> dict[str, list[Any]]:
    known = columns.refresh(db)
    wanted = [(key, name) for key, name in names.items() if name.key in known]
    metrics = list(dict.fromkeys(name.key for _, name in wanted))
    found: dict[str, list[Any]] = {key: [None] * len(ids) for key in names}
    for start in range(0, len(metrics), JOINS):
        some = metrics[start : start + JOINS]
        found |= _joined(db, ids, {key: name for key, name in wanted if name.key in some})
    return found


def _joined(db: Database, ids: Sequence[int], names: dict[str, Name]) -> dict[str, list[Any]]:
    """Of a few metrics: one row a run is read twice as fast as one for each metric of it."""
    statement = Statement(db, None)
    resolver = Resolver(statement)
    select = [str(resolver.metric(name).number) for name in names.values()]
    among = statement.words.among("r.id", ids, statement.bind)
    rows = {row[0]: row[1:] for row in statement.rows(", ".join(["r.id", *select]), among)}
    nothing = (None,) * len(select)
    by_key = zip(*(rows.get(id, nothing) for id in ids), strict=True)
    return dict(zip(names, map(list, by_key), strict=True))


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
