"""Writes a file of Ax's as rows: the experiment, its trials, what they measured, the strategy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...db import Database, repeatable
from ...errors import ConfigError, ConflictError
from ...store.ax import experiments, observations, points, project, strategies, trials
from ...store.ax.experiments import Head, texts
from ...store.ax.goals import goals_of
from ...store.ax.strategies import Generated, Strategy
from ...store.ax.trials import Trial
from .files import Snapshot, reading

Json = Any
#: Called with how many trials are done, and how many there are.
Progress = Callable[[int, int], None]
CHUNK = 100  # trials
#: The version of Ax that wrote a file is not in it.
UNKNOWN = ""


class Rows:
    """The rows that a snapshot becomes.

    Args:
        snapshot: the file's content.
        path: the file, for errors.
        name: the name of the experiment, by default that in the file.

    Raises:
        ConfigError: the experiment has no name.
        CorruptDatabaseError: a part of the file is damaged; the message names it.
    """

    def __init__(self, snapshot: Snapshot, path: Path, name: str | None = None) -> None:
        self.snapshot, self.path = snapshot, path
        head = snapshot.head if name is None else snapshot.head | {"name": name}
        with reading(path, "the optimization config"):
            self.goals = goals_of(head)
        self.head = self._head(head)
        self.trials = [self._trial(index) for index in sorted(snapshot.trials)]
        self.strategy = self._strategy()

    def _head(self, head: Mapping[str, Json]) -> Head:
        name = head.get("name")
        if not name or not isinstance(name, str):
            raise ConfigError(f"the experiment in {self.path} has no name: give it one with --as")
        with reading(self.path, "the time of creation"):
            created = project.time(head.get("time_created"))
        objectives = self.goals.objectives
        return Head(
            name,
            head.get("description"),
            created or datetime.now(UTC),
            [objective.direction for objective in objectives],
            [objective.name for objective in objectives],
            texts(head),
            UNKNOWN,
        )

    def _trial(self, index: int) -> Trial:
        doc, observed = self.snapshot.trials[index], self.snapshot.observations.get(index, [])
        with reading(self.path, f"trial {index}"):
            return project.trial(doc, texts(doc), observed, self.goals)

    def _strategy(self) -> Strategy | None:
        doc = self.snapshot.strategy
        if doc is None:
            return None
        with reading(self.path, "the generation strategy"):
            return Strategy(doc["name"], _node(doc), texts(doc), UNKNOWN)

    def names(self) -> set[str]:
        """The names under which measured values are stored."""
        return set[str]().union(
            *(observations.names(json.loads(trial.layout)) for trial in self.trials)
        )


def write(db: Database, rows: Rows, overwrite: bool, report: Progress | None) -> None:
    """Write an experiment, all of it or nothing.

    Raises:
        ConflictError: there is an experiment of this name, which is not to be overwritten.
        InvalidValueError: a name cannot be stored.
    """
    points.make_room(db, rows.names())
    try:
        _write(db, rows, overwrite, report, [])
    except Exception as error:
        if db.engine.is_duplicate(error):
            raise _taken(rows.head.name) from error
        raise


def check_free(db: Database, name: str, overwrite: bool) -> None:
    """Refuse a name that another experiment has, unless that is to be overwritten.

    Raises:
        ConflictError: there is such an experiment.
    """
    if not overwrite and experiments.find(db, name) is not None:
        raise _taken(name)


def _taken(name: str) -> ConflictError:
    return ConflictError(
        f"there is an Ax experiment {name!r} already: bring this one in under another name with "
        "--as NAME, or put it in the place of the other with --overwrite"
    )


@repeatable
def _write(
    db: Database, rows: Rows, overwrite: bool, report: Progress | None, tried: list[int]
) -> None:
    with db.transaction():
        found = experiments.find(db, rows.head.name)
        if found is not None and found.id in tried and found.doc == rows.head.doc:
            return  # this is repeated, after a commit whose answer was lost
        check_free(db, rows.head.name, overwrite)
        if found is not None:
            experiments.delete(db, rows.head.name)
        id = experiments.insert(db, rows.head)
        tried.append(id)
        next_number = trials.numbers_of(rows.trials)
        version = experiments.count(db, id, datetime.now(UTC), next_number) or 1
        run_ids: dict[int, int] = {}
        for start in range(0, len(rows.trials), CHUNK):
            chunk = rows.trials[start : start + CHUNK]
            known = trials.insert(db, id, chunk, version, UNKNOWN)
            run_ids |= {t.number: k.run_id for t, k in zip(chunk, known, strict=True)}
            if report is not None:
                report(start + len(chunk), len(rows.trials))
        if rows.strategy is not None:
            strategy_id = strategies.insert(db, id, rows.strategy, version)
            strategies.add(db, strategy_id, list(_generated(rows.snapshot, run_ids)))


def _node(strategy: Mapping[str, Json]) -> str | None:
    """The name of the current node; older strategies have numbered steps."""
    node = strategy.get("curr_node_name")
    if node is None and (steps := strategy.get("steps")):
        step = steps[strategy.get("curr_index") or 0]
        node = step.get("generation_node_name") or (step.get("model") or {}).get("name")
    return node if isinstance(node, str) else None


def _generated(snapshot: Snapshot, run_ids: Mapping[int, int]) -> Iterator[Generated]:
    """What the strategy generated: a reference where a trial has just the same generator run."""
    places = {
        texts(run): (run_ids[index], position)
        for index, doc in snapshot.trials.items()
        for position, run in enumerate(project.generator_runs(doc))
    }
    for ordinal, run in enumerate(snapshot.generated):
        text = texts(run)
        run_id, position = places.get(text, (None, None))
        yield Generated(ordinal, run_id, position, text if run_id is None else None)
