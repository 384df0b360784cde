"""Writes an experiment as the JSON that Ax itself loads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TextIO

from ...db import Database
from ...errors import CorruptDatabaseError, NotFoundError
from ...store.ax import experiments, frames, project, strategies
from ...store.ax.experiments import Found, texts
from ...store.ax.read import Loaded, parse, read
from ...store.ax.strategies import Reference

Json = Any


class Joined:
    """An experiment's documents, read and checked.

    Raises:
        NotFoundError: there is no experiment of this name.
        CorruptDatabaseError: a document is damaged; the message names its row.
    """

    def __init__(self, db: Database, name: str) -> None:
        found, self.trials, strategy, references = _at_one_moment(db, name)
        self.head = _head(found)
        self.docs: dict[int | None, Json] = {t.stored.number: _trial(t) for t in self.trials}
        self.strategy: Mapping[str, Json] | None = None
        self.generated: list[Json] = []
        if strategy is not None:
            what = f"ax_strategies.doc of row {strategy.id}"
            self.strategy = _object(parse(strategy.doc, what), what)
            self.generated = [self._generated(strategy.id, one) for one in references]

    def _generated(self, strategy_id: int, one: Reference) -> Json:
        what = f"ax_generator_runs of strategy {strategy_id}, ordinal {one.ordinal},"
        if one.doc is not None:
            return parse(one.doc, what)
        runs = project.generator_runs(self.docs.get(one.trial, {}))
        if one.position is None or one.position >= len(runs):
            raise CorruptDatabaseError(
                f"{what} is damaged: trial {one.trial} has no generator run {one.position}"
            )
        return runs[one.position]

    @property
    def observations(self) -> int:
        """How many observations there are."""
        return sum(len(trial.observations) for trial in self.trials)

    def write(self, file: TextIO) -> None:
        """Write a snapshot of a client, or without a generation strategy the experiment alone."""
        if self.strategy is None:
            file.writelines(self._experiment())
            return
        # AxClient asks for the last one, Client does not look at it.
        file.write('{"_type":"Client","_enforce_sequential_optimization":true,"experiment":')
        file.writelines(self._experiment())
        # Ax's clients give the strategy the experiment above.
        strategy = {**self.strategy, "experiment": None, "generator_runs": self.generated}
        file.write(f',"generation_strategy":{texts(strategy)}}}')

    def _experiment(self) -> Iterator[str]:
        yield texts(self.head)[:-1]
        yield ',"trials":{'
        yield from _joined(f'"{t.stored.number}":{t.stored.doc}' for t in self.trials)
        yield '},"data_by_trial":{'
        yield from _joined(
            f'"{number}":{frames.write(number, trial.observations)}'
            for number, trial in ((t.stored.number, t) for t in self.trials)
            if trial.observations
        )
        yield "}}"


def _at_one_moment(
    db: Database, name: str
) -> tuple[Found, list[Loaded], strategies.Found | None, list[Reference]]:
    """The rows of an experiment as they were together, though others may go on with it."""
    id, seen = None, None
    trials: dict[int, Loaded] = {}
    while True:
        found = experiments.find(db, name)
        if found is None:
            raise missing(db, name)
        if found.id != id:
            id, seen, trials = found.id, None, {}
        seen, changed = read(db, id, seen)
        trials |= {trial.stored.number: trial for trial in changed}
        strategy = strategies.last_of(db, id)
        references = [] if strategy is None else strategies.generated(db, strategy.id)
        if found.version == experiments.version(db, id):
            return found, [trials[number] for number in sorted(trials)], strategy, references


def missing(db: Database, name: str) -> NotFoundError:
    """The error for an experiment that is not there."""
    names = experiments.names(db)
    known = ", ".join(map(repr, names[:10])) or "none"
    return NotFoundError(
        f"there is no Ax experiment {name!r}; there {'is' if len(names) < 2 else 'are'} {known}"
        f"{' and others' if len(names) > 10 else ''}"
    )


def _head(found: Found) -> Json:
    what = f"ax_experiments.doc of experiment {found.id}"
    return _object(parse(found.doc, what), what)


def _trial(trial: Loaded) -> Json:
    stored = trial.stored
    what = f"ax_trials.doc of run {stored.run_id} (trial {stored.number})"
    return _object(parse(stored.doc, what), what)


def _object(value: Json, what: str) -> Json:
    if not isinstance(value, dict):
        raise CorruptDatabaseError(f"{what} is damaged: it is no JSON object")
    return value


def _joined(parts: Iterable[str]) -> Iterator[str]:
    between = ""
    for part in parts:
        yield between + part
        between = ","
