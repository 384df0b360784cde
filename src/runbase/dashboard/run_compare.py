"""What several runs have in common, and in what they differ: a row for each fact."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..db import Database
from ..search.metrics import is_lower_better
from ..store import tables
from ..store.links import Link
from ..store.tables import Summary
from . import reading, run_facts
from .columns.base import millis
from .rows import duration
from .run_table import as_json

_LINKS = """
SELECT from_id, kind, to_id FROM run_links WHERE from_id IN (:ids) AND to_id IN (:ids)
 ORDER BY from_id, kind, to_id"""


class Row(NamedTuple):
    """A fact, under the name of its column: one value for each run, None where there is none."""

    key: str
    label: str
    group: str
    kind: str
    values: list[Any]
    lower_is_better: bool = False

    @property
    def differs(self) -> bool:
        """Whether the runs have not all the same value."""
        first, *others = (json.dumps(value, sort_keys=True) for value in self.values)
        return any(other != first for other in others)


def compare(db: Database, ids: Sequence[int]) -> list[Row]:
    """The facts of runs, which are there, in the order of ``ids``."""
    found = run_facts.read_all(db, ids)
    runs = [found[id] for id in ids]
    attrs = reading.attrs_of(db, ids)
    documents: list[tuple[str, str, list[Any]]] = [
        ("args", "args", [run.args for run in runs]),
        ("attrs", "attrs", [attrs[id].user if id in attrs else {} for id in ids]),
        ("env", "env", [run.env for run in runs]),
        ("extras", "extras", [run.extras for run in runs]),
    ]
    return [
        *_facts(runs),
        *_metrics(tables.summaries(db, ids), ids),
        *(row for group in documents for row in _of_documents(*group)),
    ]


def links(db: Database, ids: Sequence[int]) -> list[Link]:
    """The links between runs."""
    return [Link(*row) for row in reading.fetch(db, _LINKS, ids=list(ids))]


def _facts(runs: Sequence[run_facts.Row]) -> Iterator[Row]:
    def row(key: str, kind: str, value: Callable[[run_facts.Row], Any], label: str = "") -> Row:
        return Row(key, label or key, "run", kind, [as_json(value(run)) for run in runs])

    yield row("status", "status", lambda run: run.status)
    yield row("duration", "duration", lambda run: duration(
        run.status, millis(run.time_started), millis(run.time_finished)))  # fmt: skip
    yield row("created", "time", lambda run: run.time_created)
    yield row("started", "time", lambda run: run.time_started)
    yield row("finished", "time", lambda run: run.time_finished)
    if any(run.parent_id is not None for run in runs):
        yield row("parent", "number", lambda run: run.parent_id)
    if any(run.tags for run in runs):
        yield row("tags", "tags", lambda run: sorted(run.tags or ()))
    if any(run.comment for run in runs):
        yield row("comment", "text", lambda run: run.comment)
    values = [_values(run) for run in runs]
    for i in range(max(map(len, values), default=0)):
        cells = [as_json(each[i]) if i < len(each) else None for each in values]
        key = "value" if i == 0 else f"value:{i}"
        yield Row(key, key, "run", "number", cells)


def _values(run: run_facts.Row) -> list[Any]:
    if run.objective_values is not None:
        return run.objective_values
    return [] if run.value is None else [run.value]


def _metrics(summaries: Mapping[int, dict[str, Summary]], ids: Sequence[int]) -> Iterator[Row]:
    for name in sorted({name for found in summaries.values() for name in found}):
        lower = is_lower_better(name)
        best, at = ("min", "min_step") if lower else ("max", "max_step")
        parts: dict[str, Callable[[Summary], Any]] = {
            "best": lambda s, best=best: getattr(s, best),  # type: ignore[misc]
            "last": lambda s: "nan" if s.last is None and s.n_nan else s.last,
            "at": lambda s, at=at: getattr(s, at),  # type: ignore[misc]
            "min": lambda s: s.min,
            "max": lambda s: s.max,
            "mean": _mean,
            "n": lambda s: s.n,
        }
        of_runs = [summaries[id].get(name) for id in ids]
        for part, value in parts.items():
            cells = [None if s is None else as_json(value(s)) for s in of_runs]
            is_good = part in ("best", "last", "min", "max", "mean")
            yield Row(f"{part}:{name}", name, "metrics", "number", cells, lower and is_good)


def _mean(summary: Summary) -> float | None:
    count = summary.n - summary.n_nan
    return None if summary.sum is None or count <= 0 else summary.sum / count


def _of_documents(prefix: str, group: str, documents: Sequence[Any]) -> Iterator[Row]:
    flat = [dict(flattened(document)) for document in documents]
    for key in dict.fromkeys(key for each in flat for key in each):
        values = [as_json(each.get(key)) for each in flat]
        label = ".".join(key)
        yield Row(f"{prefix}.{label}" if label else prefix, label or prefix, group, _kind(values),
                  values)  # fmt: skip


def flattened(document: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The places of a JSON document with their values; lists are values, as empty objects are."""
    if isinstance(document, dict) and document:
        for name, value in document.items():
            yield from flattened(value, (*path, name))
    elif path or document not in (None, {}):
        yield path, document


def _kind(values: Sequence[Any]) -> str:
    there = [value for value in values if value is not None]
    if any(isinstance(value, dict | list) for value in there):
        return "document"
    is_number = all(isinstance(v, int | float) and not isinstance(v, bool) for v in there)
    return "number" if is_number and there else "text"
