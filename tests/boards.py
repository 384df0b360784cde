"""Boards over every kind of storage, each with a study of three finished and two other trials."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from runbase import Client
from runbase.dashboard.board import Board
from runbase.dashboard.files import Directory
from runbase.optuna import RDBStorage
from runbase.sources.optuna.mirror import Mirror
from tests.dashboards import open_storage

SERVERS = {"postgres": "ready_postgres_url", "mysql": "mysql_url"}
KINDS = ("sqlite", *SERVERS, "stock", "journal", "memory")


class Case(NamedTuple):
    """A board, the storage behind it, and a study in it."""

    board: Board
    storage: BaseStorage
    study: optuna.Study

    @property
    def id(self) -> int:
        """The study's id."""
        return self.study._study_id

    def trial_id(self, number: int) -> int:
        """The id of a trial."""
        return self.study.get_trials(deepcopy=False)[number]._trial_id


@contextmanager
def board_of(storage: BaseStorage, folder: Path, **options: Any) -> Iterator[Board]:
    """A board over a storage, with a directory of artifacts."""
    options.setdefault("artifacts", Directory(folder))
    if isinstance(storage, RDBStorage):
        board = Board(storage.client, **options)
    else:
        mirror = Mirror(storage, directory=folder / "mirrors")
        mirror.sync()
        board = Board(mirror.client, mirror=mirror, **options)
    try:
        yield board
    finally:
        board.close()


@contextmanager
def case(kind: str, folder: Path, request: Any) -> Iterator[Case]:
    """A board over a new storage of this kind."""
    with new_storage(kind, folder, request) as storage:
        optuna.create_study(storage=storage, study_name="another").ask()
        study = optuna.create_study(storage=storage, study_name="a study")
        sampler = optuna.samplers.RandomSampler(seed=1)
        study.sampler = sampler
        study.optimize(objective, n_trials=3)
        running = study.ask()
        objective(running)
        study.enqueue_trial({"x": 0.5, "model": "small"})
        with board_of(storage, folder) as board:
            yield Case(board, storage, study)


@contextmanager
def new_storage(kind: str, folder: Path, request: Any) -> Iterator[BaseStorage]:
    """A new storage of this kind."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage: BaseStorage
    if kind in SERVERS:
        storage = RDBStorage(Client(request.getfixturevalue(SERVERS[kind])))
    else:
        storage = open_storage("runbase" if kind == "sqlite" else kind, folder)
    try:
        yield storage
    finally:
        storage.remove_session()
        if isinstance(storage, RDBStorage):
            storage.close()


def objective(trial: optuna.Trial) -> float:
    """Two parameters, three reports."""
    x = trial.suggest_float("x", -1, 1)
    n = trial.suggest_int("n", 1, 9)
    model = trial.suggest_categorical("model", ["small", "large", None])
    for step in range(3):
        trial.report(x * x + step, step)
    return x * x + n + (model == "large")


def state_of(case: Case, number: int) -> TrialState:
    """The state of a trial in the storage itself."""
    return case.storage.get_trial(case.trial_id(number)).state
