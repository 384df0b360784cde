"""One run of any kind: a tracked run, a trial of Optuna, a trial or arm of Ax."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

from ... import artifacts
from ...errors import InvalidValueError
from ...search.metrics import is_lower_better
from ...store import columns, runs, tables, versions
from ...store import links as store
from ...store.tables import Summary
from .. import heads, reading, run_chains, run_edits, run_facts, summaries
from ..board import Board
from ..columns.base import millis
from ..rows import duration
from . import run_files
from .run_files import RunArtifact
from .types import Attr, Direction, Note, Number, RunHead

#: Points of a small curve.
POINTS = 80


class RunMetric(Struct):
    """What a metric of the run came to; null where no value was a number."""

    name: str
    #: How many values were logged, and how many of them were no numbers.
    n: int
    n_nan: int
    last: Number | None
    last_step: int | None
    min: Number | None
    min_step: int | None
    max: Number | None
    max_step: int | None
    mean: Number | None
    #: Whether the least value is the best, by the words in its name.
    lower_is_better: bool


class RunLink(Struct):
    """A link between this run and another one."""

    kind: str
    #: Whether it leads from this run to the other one.
    is_from_here: bool
    run: RunHead


class RunDetails(Struct):
    """Everything about a run but its curves."""

    id: int
    experiment_id: int
    experiment: str
    kind: str
    number: int
    name: str | None
    status: str
    time_created: float
    time_started: float | None
    time_updated: float | None
    time_finished: float | None
    heartbeat: float | None
    #: Seconds; of a running run until now.
    duration: float | None
    #: Whether it runs, but its last heartbeat is long ago.
    is_stale: bool
    #: Of a tracked run its note, in Markdown.
    comment: str | None
    tags: list[str]
    args: dict[str, Any] | None
    env: dict[str, Any] | None
    extras: Any
    user_attrs: list[Attr]
    values: list[Number]
    objective_names: list[str]
    directions: list[Direction]
    metrics: list[RunMetric]
    links: list[RunLink]
    #: The runs of which each resumes the one before, this one among them, up to the newest;
    #: empty without.
    chain: list[RunHead]
    parent: RunHead | None
    children: list[RunHead]
    #: How many children there are, of which the first 200 are named.
    child_count: int
    artifacts: list[RunArtifact]
    previous: int | None
    next: int | None
    #: The note of a trial of a study; null of a tracked run, whose note is its comment.
    note: Note | None
    #: Whether tags can be edited, and of a tracked run also its name and note.
    can_edit: bool
    can_upload: bool
    can_delete: bool


class RunSketches(Struct):
    """The course of each metric of a run in a few numbers, averages of equal spans."""

    curves: dict[str, list[Number]]


class RunSeen(Struct):
    """What a writer believes to replace."""

    name: str | None = None
    comment: str | None = None
    tags: list[str] = []


class RunChange(Struct):
    """What to change; what is missing stays, and an empty text takes away.

    With ``seen`` it is refused if the same was changed meanwhile.
    """

    name: str | None = None
    comment: str | None = None
    tags: list[str] | None = None
    seen: RunSeen | None = None


def get_run(board: Board, id: int) -> RunDetails:
    """Everything about a run.

    Raises:
        NotFoundError: there is no such run.
    """
    db = board.db
    row = run_facts.read(db, id)
    links = store.of(db, "runs", id)
    chain = max(run_chains.chains(db, [id])).runs
    children, child_count = run_facts.children(db, id)
    others = {end for link in links for end in (link.from_id, link.to_id)}
    parents = [] if row.parent_id is None else [row.parent_id]
    named = run_facts.heads(db, [*others, *chain, *children, *parents])
    start, finish = millis(row.time_started), millis(row.time_finished)
    heartbeat, updated = millis(row.heartbeat), millis(row.time_updated)
    directions = heads.directions(list(row.directions or ()))
    previous, following = run_facts.neighbours(db, row)
    is_ours = board.mirror is None and not board.read_only
    is_tracked = row.kind == "tracking"
    return RunDetails(
        **{name: getattr(row, name) for name in RunHead.__struct_fields__},
        time_created=millis(row.time_created),
        time_started=summaries.time_or_none(start),
        time_updated=summaries.time_or_none(updated),
        time_finished=summaries.time_or_none(finish),
        heartbeat=summaries.time_or_none(heartbeat),
        duration=duration(row.status, start, finish),
        is_stale=_is_stale(board, row),
        comment=row.comment,
        tags=list(row.tags or ()),
        args=row.args,
        env=row.env,
        extras=row.extras,
        user_attrs=heads.as_list(tables.attrs(db, id)),
        values=summaries.objective_values(row.value, row.objective_values, len(directions) or 1),
        objective_names=_objective_names(board, row.experiment_id, len(directions)),
        directions=directions,
        metrics=_metrics(tables.summaries(db, [id])[id]),
        links=[
            _link(link, id, named) for link in links if {link.from_id, link.to_id} <= named.keys()
        ],
        chain=[named[each] for each in chain if each in named] if len(chain) > 1 else [],
        parent=next((named[each] for each in parents if each in named), None),
        children=[named[each] for each in children if each in named],
        child_count=child_count,
        artifacts=run_files.listed(board, row),
        previous=previous,
        next=following,
        note=None if is_tracked else _note(board, row),
        can_edit=is_ours,
        can_upload=is_ours and run_files.has_store(board),
        can_delete=is_ours and is_tracked,
    )


def get_sketches(board: Board, id: int) -> RunSketches:
    """Small curves of the metrics of a run; those without a column of their own have none.

    Raises:
        NotFoundError: there is no such run.
    """
    known = columns.refresh(board.db)
    names = tables.summaries(board.db, [id])[id]
    if not names:
        runs.experiment_of(board.db, id)
    drawn = [known[name] for name in names if name in known]
    found = tables.sketch(board.db, id, drawn, POINTS)
    return RunSketches(
        {name: [summaries.as_json(x) for x in values] for name, values in found.items()}
    )


def change_run(board: Board, id: int, body: RunChange) -> RunDetails:
    """Change tags, and of a tracked run also its name and its comment.

    Raises:
        EditConflictError: somebody changed the same meanwhile; the answer has what is stored.
        InvalidValueError: a value cannot be stored, or belongs to Optuna or Ax.
        NotFoundError: there is no such run.
    """
    given = {name: getattr(body, name) for name in ("name", "comment", "tags")}
    change = {name: value for name, value in given.items() if value is not None}
    seen = {} if body.seen is None else {name: getattr(body.seen, name) for name in change}
    run_edits.edit(board, id, change, seen)
    return get_run(board, id)


def delete_run(board: Board, id: int) -> None:
    """Delete a tracked run with its metrics, links and artifacts.

    Raises:
        InvalidValueError: it belongs to a study or an experiment of Ax.
        NotFoundError: there is no such run.
    """
    run_edits.check_writable(board)
    row = run_facts.read(board.db, id)
    if row.kind != "tracking":
        raise InvalidValueError(
            f"run {id} is one of {row.experiment!r}, whose tool would not know that it is gone: "
            "only tracked runs can be deleted here"
        )
    gone = artifacts.of(board.client, id, versions=True)
    with board.db.transaction():
        versions.count(board.db, row.experiment_id)
        runs.delete(board.db, id)
    artifacts.remove_bytes(board.client, gone)


def _is_stale(board: Board, row: run_facts.Row) -> bool:
    """Whether a run seems to run only; trials without heartbeats may wait for people."""
    if row.status != "RUNNING":
        return False
    times = millis(row.time_started), millis(row.heartbeat), millis(row.time_updated)
    longest = np.inf
    if row.kind == "tracking" and summaries.is_stale(*times, longest=0.0):
        longest = run_facts.longest(board.db, row.experiment_id)
    return summaries.is_stale(*times, longest)


def _link(link: store.Link, id: int, named: dict[int, RunHead]) -> RunLink:
    is_from_here = link.from_id == id
    return RunLink(link.kind, is_from_here, named[link.to_id if is_from_here else link.from_id])


def _metrics(found: dict[str, Summary]) -> list[RunMetric]:
    return [_metric(name, found[name]) for name in sorted(found)]


def _metric(name: str, m: Summary) -> RunMetric:
    count = m.n - m.n_nan
    mean = m.sum / count if m.sum is not None and count > 0 else None
    last = np.nan if m.last is None and m.n_nan else m.last
    numbers = [None if x is None else summaries.as_json(x) for x in (last, m.min, m.max, mean)]
    return RunMetric(
        name, m.n, m.n_nan, numbers[0], m.last_step, numbers[1], m.min_step, numbers[2], m.max_step,
        numbers[3], is_lower_better(name),
    )  # fmt: skip


def _objective_names(board: Board, experiment_id: int, objectives: int) -> list[str]:
    if not objectives:
        return []
    attrs = reading.system_attrs(board.db, experiment_id, "study:metric_names")
    attrs |= reading.system_attrs(board.db, experiment_id, "dashboard:objective_names")
    return heads.objective_names(attrs, objectives)


def _note(board: Board, row: run_facts.Row) -> Note:
    attrs = reading.system_attrs(board.db, row.experiment_id, f"dashboard:{row.id}:note")
    return heads.note(attrs, row.id)
