"""Preferential studies in every kind of storage, and boards over them."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from optuna.samplers import RandomSampler
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from runbase.dashboard.board import Board
from runbase.dashboard.preferential import PreferentialStudy, answers, create_study, load_study
from runbase.optuna import RDBStorage
from tests.boards import SERVERS, board_of, new_storage
from tests.dashboards import open_storage


class Asked(NamedTuple):
    """A study of five running trials that people are asked about, and a board over it."""

    board: Board
    storage: BaseStorage
    study: PreferentialStudy

    @property
    def id(self) -> int:
        """The study's id."""
        return self.study._study._study_id

    @property
    def attrs(self) -> dict[str, Any]:
        """The system attributes of the study, in the storage itself."""
        return self.storage.get_study_system_attrs(self.id)

    def trial_id(self, number: int) -> int:
        """The id of a trial."""
        return self.study.get_trials(deepcopy=False)[number]._trial_id

    def states(self) -> list[TrialState]:
        """Of all trials, in the storage itself."""
        return [trial.state for trial in self.study.get_trials(deepcopy=False)]


@contextmanager
def asked(kind: str, folder: Path, request: Any, trials: int = 5) -> Iterator[Asked]:
    """A board over a new storage of this kind with a preferential study."""
    with new_storage(kind, folder, request) as storage:
        optuna.create_study(storage=storage, study_name="another").ask()
        study = new_study(storage, trials=trials)
        with board_of(storage, folder) as board:
            yield Asked(board, storage, study)


def new_study(
    storage: BaseStorage | None, trials: int = 5, n_generate: int = 4
) -> PreferentialStudy:
    """A preferential study with running trials."""
    study = create_study(
        n_generate=n_generate,
        storage=storage,
        sampler=RandomSampler(seed=1),
        study_name="likes",
    )
    for _ in range(trials):
        study.ask().suggest_float("x", 0, 1)
    return study


def numbers(pairs: Any) -> list[tuple[int, int]]:
    """Pairs of trials by their numbers."""
    return [(better.number, worse.number) for better, worse in pairs]


def answer(kind: str, where: str) -> None:
    """Answer again and again, and print the id of each answer that is kept."""
    storage = RDBStorage(where) if kind in SERVERS else open_storage(kind, Path(where))
    study = load_study(study_name="likes", storage=storage, sampler=RandomSampler())
    for n in itertools.count():
        compared = [n % 5, (n + 1) % 5, (n + 2) % 5]
        given = answers.new("ChooseWorst", compared, clicked=n % 5)
        answers.keep(study._place, given)
        print(n, given.id, flush=True)
        time.sleep(0.02)  # else others might wait for the lock of a journal for long


if __name__ == "__main__":
    answer(*sys.argv[1:])
