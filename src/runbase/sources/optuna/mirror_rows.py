"""What a mirror asks of an Optuna storage, and the rows in which it gets the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

#: The statuses of runs by the names of Optuna's states, where they differ.
STATUS = {"WAITING": "PLANNED", "COMPLETE": "COMPLETED", "FAIL": "FAILED"}
UNFINISHED = {"PLANNED", "RUNNING"}

Attrs = Mapping[tuple[str, str], str]


class Study(NamedTuple):
    """A study without its trials; ``last`` is the highest id of a trial, -1 without any."""

    id: int
    name: str
    directions: list[str]  # "minimize", "maximize", "not_set"
    attrs: Attrs  # JSON texts by scope and key
    last: int


class Trial(NamedTuple):
    """A trial without its details. Times are UTC as SQLite stores them."""

    id: int
    study_id: int
    number: int
    status: str
    started: str | None
    finished: str | None
    values: Sequence[float] | None


class Rows(NamedTuple):
    """Trials with their details, rows that begin with the id of the trial.

    Rows of one trial lie together; its parameters are in the order in which they were suggested.
    """

    trials: Sequence[Trial]
    params: Sequence[tuple[int, str, float, str, Any]]  # name, internal, distribution, external
    attrs: Sequence[tuple[int, str, str, str]]  # scope, key, JSON text
    reports: Sequence[tuple[int, int, float]]  # step, value


class Source(Protocol):
    """An Optuna storage as a mirror reads it. It is never written to."""

    shown: str  # the storage as a person would name it

    def stamp(self) -> object | None:
        """Equal as long as nothing changes; None where only a closer look can tell.

        Raises:
            NotFoundError: the file is gone.
        """

    def moment(self) -> AbstractContextManager[object]:
        """A block whose reads all see the same moment, as far as the storage can do that."""

    def studies(self) -> list[Study]:
        """All studies by id."""

    def counts(self, last: int) -> dict[int, int]:
        """How many trials have ids up to ``last``, by the id of their study."""

    def trials(self, ids: Sequence[int]) -> list[Trial]:
        """Those of these trials that there are."""

    def new(self, after: Mapping[int, int]) -> list[int]:
        """Ids of trials above the given one, by the id of their study."""

    def read(self, ids: Sequence[int]) -> Rows:
        """Those of these trials that there are, with their details."""

    def close(self) -> None:
        """Let go of connections; they are opened again when needed."""
