"""One line for each experiment: read for all of them at once, and again for those that changed."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..db import Database, repeatable
from ..errors import NotFoundError
from ..query import translate
from . import heads, reading, signs, summaries
from .api.types import Counts, ExperimentRow, Number
from .columns.base import millis, number
from .columns.read import VERSIONED
from .preferential.attrs import is_preferential

if TYPE_CHECKING:
    from .board import Board
    from .columns import Table

TREND = 40
#: Milliseconds after which running trials may have become stale although nobody wrote.
AGE = 10_000.0
#: Studies with more trials than these are counted in their tables, which follow changes.
LARGE = 2000
#: More experiments than these are not named one by one.
MANY = 500

_EXPERIMENTS = """
SELECT id, kind, name, comment, tags, directions, time_created, version
  FROM experiments ORDER BY id DESC
"""
_SECONDS = {
    "sqlite": "(julianday(r.time_finished) - julianday(r.time_started)) * 86400.0",
    "postgresql": "EXTRACT(EPOCH FROM r.time_finished - r.time_started)",
    "mysql": "TIMESTAMPDIFF(MICROSECOND, r.time_started, r.time_finished) / 1000000.0",
}
# The tries of a batch trial of Ax are its arms; its own run has no arguments.
_IS_TRY = """
   AND (r.args IS NOT NULL
        OR r.experiment_id NOT IN (SELECT id FROM experiments WHERE kind = 'ax'))"""
_COUNTS = """
SELECT r.experiment_id, r.status, COUNT(*), MAX({seconds}),
       {latest}
  FROM runs AS r {which}{is_try} GROUP BY r.experiment_id, r.status
"""
# SQLite's driver reads times of expressions only where their names tell it to.
_LATEST = {
    "sqlite": ", ".join(
        f'MAX(r.{column}) AS "{column} [TIMESTAMPTZ]"'
        for column in ("time_created", "time_started", "time_updated", "time_finished")
    ),
    "postgresql": "GREATEST(MAX(r.time_created), MAX(r.time_started), MAX(r.time_updated),"
    " MAX(r.time_finished))",
    "mysql": "MAX(r.time_created), MAX(r.time_started), MAX(r.time_updated), MAX(r.time_finished)",
}
_RUNNING = f"""
SELECT r.experiment_id, r.time_started, r.heartbeat, r.time_updated
  FROM runs AS r {{which}} AND r.status = 'RUNNING'{_IS_TRY}
"""
_VALUES = """
SELECT r.experiment_id, r.id, r.number, r.value, r.objective_values
  FROM runs AS r {which} AND r.status = 'COMPLETED' AND {single}
 ORDER BY r.experiment_id, r.number
"""
# MySQL has no infinities: a single one is a list.
_SINGLE = {
    "sqlite": "r.value IS NOT NULL",
    "postgresql": "r.value IS NOT NULL",
    "mysql": "(r.value IS NOT NULL"
    """ OR CAST(r.objective_values AS CHAR) IN ('["Infinity"]', '["-Infinity"]'))""",
}
_CONSTRAINTS = """
SELECT r.id, a.value
  FROM run_attrs AS a JOIN runs AS r ON r.id = a.owner_id
 {which} AND a.scope = 'system' AND (a.key = 'constraints' OR a.key LIKE 'constraints:%')
"""
_ATTRS = """
SELECT owner_id, key, value FROM experiment_attrs
 WHERE scope = 'system' AND key IN
       ('study:metric_names', 'dashboard:objective_names', 'preference:is_preferential',
        'dashboard:form_widgets:v2', 'dashboard:objective_form_widgets:v1',
        'dashboard:objective_form_widgets')
"""


class Experiment(NamedTuple):
    """A row of ``experiments``."""

    id: int
    kind: str
    name: str
    comment: str | None
    tags: dict[str, Any] | None
    directions: list[str] | None
    time_created: datetime
    version: int


class Facts:
    """What the runs of an experiment come to."""

    def __init__(self) -> None:
        self.statuses: dict[str, int] = {}
        self.longest = 0.0
        self.latest = float("nan")
        self.running: list[tuple[float, float, float]] = []
        self.numbers: list[int] = []
        self.values: list[float] = []


class Home:
    """The lines of all experiments, kept until something changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: tuple[int, float] = (-1, 0.0)
        self._rows: list[ExperimentRow] = []
        self._facts: dict[int, tuple[Any, Facts]] = {}
        self._lines: dict[int, tuple[Any, ExperimentRow]] = {}

    def rows(self, board: Board) -> list[ExperimentRow]:
        """All experiments, newest first."""
        with self._lock:
            tick, now = board.watcher.look(), summaries.now()
            before, then = self._state
            if before != tick or now - then > AGE or not board.watcher.is_settled():
                self._rows = self._read(board)
                self._state = (tick, now)
            return self._rows

    def _read(self, board: Board) -> list[ExperimentRow]:
        db = board.db
        known, attrs, others = _experiments(db), _attrs(db), signs.of_all_runs(db)
        versions = {e.id: e.version if e.kind in VERSIONED else others.get(e.id) for e in known}
        old = self._facts
        changed = {id for id, v in versions.items() if id not in old or old[id][0] != v}
        large = {id for id in changed if self._is_large(id)} if len(changed) <= MANY else set()
        found = facts(db, None if len(changed) > MANY else changed - large)
        for id in large:
            with suppress(NotFoundError):  # deleted since
                found[id] = facts_of(board.tables.of(id), db)
        self._facts = {
            id: (v, found.get(id) or Facts()) if id in changed else old[id]
            for id, v in versions.items()
        }
        self._lines = {e.id: self._line(e, attrs.get(e.id, {})) for e in known}
        return [row for _, row in self._lines.values()]

    def _is_large(self, id: int) -> bool:
        return id in self._facts and len(self._facts[id][1].numbers) > LARGE

    def _line(self, e: Experiment, attrs: dict[str, Any]) -> tuple[Any, ExperimentRow]:
        facts = self._facts[e.id][1]
        sign = (e, facts, attrs)
        before = self._lines.get(e.id)
        # What runs becomes stale by itself.
        if before is not None and before[0] == sign and not facts.running:
            return before
        return sign, _row(e, facts, attrs)


def of(board: Board) -> Home:
    """The lines of a board's experiments."""
    home: Home = board.db.memo.setdefault("dashboard.home", Home())
    return home


def is_found(row: ExperimentRow, words: Iterable[str]) -> bool:
    """Whether name, tags or comment contain all words, in upper or lower case."""
    text = "\n".join([row.name, *row.tags, row.comment or ""]).casefold()
    return all(word.casefold() in text for word in words)


@repeatable
def _experiments(db: Database) -> list[Experiment]:
    return [Experiment(*row) for row in db.run(_EXPERIMENTS).fetchall()]


@repeatable
def _attrs(db: Database) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    sql = _ATTRS.replace("key", "`key`") if db.dialect == "mysql" else _ATTRS
    for id, key, value in db.run(sql).fetchall():
        found[id][key] = json.loads(value)
    return found


@repeatable
def facts(db: Database, ids: Collection[int] | None) -> dict[int, Facts]:
    """What the runs of some experiments come to; None: of all."""
    found: dict[int, Facts] = defaultdict(Facts)
    if ids is not None and not ids:
        return found
    seconds, latest = _SECONDS[db.dialect], _LATEST[db.dialect]
    counts = _COUNTS.format(seconds=seconds, latest=latest, which="{which}", is_try=_IS_TRY)
    for id, status, n, longest, *times in _rows(db, counts, ids):
        of = found[id]
        of.statuses[status] = n
        of.longest = max(of.longest, float(longest or 0))
        of.latest = summaries.last([of.latest, *map(millis, times)])
    for id, *times in _rows(db, _RUNNING, ids):
        start, heartbeat, updated = map(millis, times)
        found[id].running.append((start, heartbeat, updated))
        found[id].latest = summaries.last([found[id].latest, heartbeat])
    infeasible = _infeasible(db, ids)
    tries: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    values = _VALUES.format(single=_SINGLE[db.dialect], which="{which}")
    for id, run_id, n, value, several in _rows(db, values, ids):
        if run_id not in infeasible:
            tries[id].append((run_id, n, number(several[0] if value is None else value)))
    for id, each in tries.items():
        if each[0][1] < 0:  # arms, which count down: in the order in which they came
            each.sort()
        found[id].numbers = [n for _, n, _ in each]
        found[id].values = [value for _, _, value in each]
    return found


def facts_of(table: Table, db: Database) -> Facts:
    """The same of one study with objectives, from its table."""
    found = Facts()
    counts = np.bincount(table.status, minlength=len(table.statuses)).tolist()
    found.statuses = {s: n for s, n in zip(table.statuses, counts, strict=False) if n}
    durations = table.column("duration").values
    found.longest = float(np.nanmax(durations)) if (durations == durations).any() else 0.0
    at = np.flatnonzero(table.has("RUNNING"))
    alive = reading.signs_of_life(db, table.ids[at].tolist())
    for i in at.tolist():
        heartbeat, updated = map(millis, alive.get(int(table.ids[i]), (None, None)))
        found.running.append((float(table.start[i]), heartbeat, updated))
    times = [np.fmax.reduce(each, initial=np.nan) for each in (table.start, table.finish)]
    found.latest = summaries.last([*times, *(t for run in found.running for t in run)])
    if table.values.shape[1] == 1:
        done = np.flatnonzero(table.is_candidate & ~np.isnan(table.values[:, 0]))
        found.numbers = table.numbers[done].tolist()
        found.values = table.values[done, 0].tolist()
    return found


def _infeasible(db: Database, ids: Collection[int] | None) -> set[int]:
    sql = _CONSTRAINTS.replace("a.key", "a.`key`") if db.dialect == "mysql" else _CONSTRAINTS
    found = set()
    for id, text in _rows(db, sql, ids):
        constraints = json.loads(text)
        if not all(
            x <= 0 for x in (constraints if isinstance(constraints, list) else [constraints])
        ):
            found.add(id)
    return found


def _rows(db: Database, sql: str, ids: Collection[int] | None) -> list[Any]:
    which = "WHERE r.experiment_id > 0" if ids is None else "WHERE r.experiment_id IN (:ids)"
    parameters = {} if ids is None else {"ids": list(ids)}
    text = sql.format(which=which)
    if not parameters:
        return list(db.run(text).fetchall())
    return list(db.run(*translate(text, parameters, db.dialect)).fetchall())


def _row(e: Experiment, facts: Facts, attrs: dict[str, Any]) -> ExperimentRow:
    directions = list(e.directions or ())
    asks = is_preferential(attrs) or any("form_widgets" in key for key in attrs)
    best, at, trend = None, None, list[Number]()
    if len(directions) == 1 and not is_preferential(attrs):
        best, at, trend = _best(facts, directions[0] == "maximize")
        at = None if at is not None and at < 0 else at  # an arm is known by its name, not a number
    named = {s: facts.statuses[s] for s in Counts.__struct_fields__ if s in facts.statuses}
    total = sum(facts.statuses.values())
    return ExperimentRow(
        e.id, e.kind, e.name, heads.directions(directions), list(e.tags or ()),
        Counts(total=total, **named, other=total - sum(named.values())),
        best, at, heads.objective_names(attrs, len(directions)), millis(e.time_created),
        summaries.time_or_none(facts.latest), trend,
        summaries.count_stale(facts.running, np.inf if asks else facts.longest),
        is_preferential(attrs), e.comment, e.version,
    )  # fmt: skip


def _best(facts: Facts, is_maximum: bool) -> tuple[Number | None, int | None, list[Number]]:
    """The best value, the number of its trial, and the best so far along the trials."""
    if not facts.values:
        return None, None, []
    values = np.array(facts.values)
    so_far = (np.maximum if is_maximum else np.minimum).accumulate(values)
    at = int(values.argmax() if is_maximum else values.argmin())
    if len(so_far) > TREND:
        so_far = so_far[np.linspace(0, len(so_far) - 1, TREND).astype(np.intp)]
    trend = [summaries.as_json(x) for x in so_far.tolist()]
    return summaries.as_json(float(values[at])), facts.numbers[at], trend
