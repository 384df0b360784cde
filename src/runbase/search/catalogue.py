"""What there is to show and to ask of the runs of an experiment."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ..db import Database, repeatable
from ..store import columns, experiments
from .known import Names, decoder, known, known_of
from .metrics import is_lower_better
from .statement import Statement


class Column(NamedTuple):
    """A column that a table of runs can have."""

    key: str
    label: str
    #: "run", "args", "metrics", "attrs", "env" or "extras".
    group: str
    #: "number", "text", "time", "duration", "status", "tags" or "document".
    kind: str
    #: Of a metric: whether its least value is its best.
    lower_is_better: bool = False


class Catalogue(NamedTuple):
    """What there is; metrics and tags that most runs have come first."""

    total: int
    columns: list[Column]
    metrics: list[str]
    tags: list[tuple[str, int]]
    statuses: list[str]


_ALWAYS = {
    "id": "number", "number": "number", "status": "status", "created": "time", "started": "time",
    "updated": "time", "finished": "time", "duration": "duration", "tags": "tags",
}  # fmt: skip


@repeatable
def catalogue(db: Database, experiment_id: int | None, newest: int | None = None) -> Catalogue:
    """The columns, metrics, tags and statuses of the runs of an experiment, or of all.

    With ``newest``, only of so many of the newest runs, which takes milliseconds; ``total`` is
    that of all runs.
    """
    ids = None if newest is None else _newest(db, experiment_id, newest)
    total, counts, tags, statuses = _overview(db, experiment_id, ids)
    if ids is None:
        names = known(db, experiment_id)
        names.read_rest(db)
    else:
        names = known_of(db, experiment_id, ids)
        if newest == len(ids):
            total = _total(db, experiment_id)
    by_id = {metric.id: metric.name for metric in columns.refresh(db).values()}
    metrics = [by_id[id] for id in names.metrics if id in by_id]
    found = _of_runs(db, experiment_id, counts)
    found += _of_names("args", names.args)
    for name in metrics:
        found += _of_metric(name)
    for key, is_number in sorted(names.attrs.items()):
        found.append(Column(f"attrs.{key}", key, "attrs", "number" if is_number else "text"))
    found += _of_names("env", names.env) + _of_names("extras", names.extras)
    return Catalogue(total, found, metrics, tags, statuses)


def _newest(db: Database, experiment_id: int | None, count: int) -> list[int]:
    order = "r.id" if experiment_id is None else "r.number"
    statement = Statement(db, experiment_id, only_tries=True)
    return [id for (id,) in statement.rows("r.id", "1 = 1", f"ORDER BY {order} DESC LIMIT {count}")]


def _total(db: Database, experiment_id: int | None) -> int:
    return int(Statement(db, experiment_id, only_tries=True).rows("COUNT(*)", "1 = 1")[0][0])


def _overview(
    db: Database, experiment_id: int | None, ids: Sequence[int] | None
) -> tuple[int, list[int], list[tuple[str, int]], list[str]]:
    """How many runs; how many have name, comment, parent, value; tags with counts; statuses."""
    statement = Statement(db, experiment_id if ids is None else None, only_tries=ids is None)
    where = "1 = 1" if ids is None else statement.words.among("r.id", ids, statement.bind)
    tags = statement.words.raw("r.tags")
    rows = statement.rows(
        f"r.status, {tags}, COUNT(*), COUNT(r.name), COUNT(r.comment), COUNT(r.parent_id),"
        " COUNT(r.value)",
        where,
        f"GROUP BY r.status, {tags}",
    )
    decode, by_tag, statuses = decoder(), Counter[str](), Counter[str]()
    for status, text, count, *_ in rows:
        statuses[status] += count
        for tag in (decode(text) or ()) if text is not None else ():
            by_tag[tag] += count
    sums = [sum(column) for column in zip(*(row[2:] for row in rows), strict=True)] or [0] * 5
    most = sorted(by_tag.items(), key=lambda item: (-item[1], item[0]))
    return int(sums[0]), sums[1:], most, [status for status, _ in statuses.most_common()]


def _of_runs(db: Database, experiment_id: int | None, counts: list[int]) -> list[Column]:
    name, comment, parent, value = counts
    directions = [] if experiment_id is None else experiments.get_directions(db, experiment_id)
    kinds = dict(_ALWAYS)
    if experiment_id is None:
        kinds |= {"experiment": "text", "kind": "text"}
    kinds |= {"name": "text"} if name else {}
    kinds |= {"comment": "text"} if comment else {}
    kinds |= {"parent": "number"} if parent else {}
    kinds |= {"value": "number"} if value or directions else {}
    kinds |= {f"value:{i}": "number" for i in range(1, len(directions))}
    labels = {f"value:{i}": f"value {i}" for i in range(1, len(directions))}
    lower = {"value" if not i else f"value:{i}": d != "maximize" for i, d in enumerate(directions)}
    return [
        Column(key, labels.get(key, key), "run", kind, lower.get(key, False))
        for key, kind in kinds.items()
    ]


def _of_names(group: str, names: Names) -> list[Column]:
    found = sorted(names.paths, key=_natural)
    return [Column(f"{group}.{name}", name, group, names.kind(name)) for name in found]


def _natural(name: str) -> list[tuple[int, str]]:
    """An order in which layer_2 is before layer_10."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [*((int(part) if part.isdecimal() else 0, part) for part in parts), (0, name)]


def _of_metric(name: str) -> list[Column]:
    lower = is_lower_better(name)
    labels = {part: f"{part} {name}" for part in ("best", "last", "min", "max", "mean")}
    labels |= {"n": f"values of {name}", "at": f"step of the best {name}"}
    return [
        Column(f"{part}:{name}", label, "metrics", "number", lower)
        for part, label in labels.items()
    ]
