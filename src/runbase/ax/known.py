"""What a store knows to be in its database of the objects that it saved or loaded.

Ax's objects are compared by all of their attributes, so nothing may be attached to them; they are
known by their identity for as long as they live.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ax.core.data import DataRow

from ..store.ax.goals import Goals

T = TypeVar("T")


@dataclass
class KnownTrial:
    """A trial as it was last saved or loaded."""

    run_id: int
    version: int
    arms: dict[str, int]
    doc: str
    #: The data rows, which tell what is new at the next save.
    rows: list[DataRow]


@dataclass
class KnownExperiment:
    """An experiment as it was last saved or loaded."""

    id: int
    #: Up to which version of the experiment this process has seen the changes of others.
    seen: int
    #: The version when the head last changed, and its text.
    head: int
    doc: str
    goals: Goals
    trials: dict[int, KnownTrial] = field(default_factory=dict)
    #: Trials whose generator runs were loaded without their large parts.
    reduced: set[int] = field(default_factory=set)
    #: Whether runners and classes of metrics were left out.
    is_skipped: bool = False
    #: Whether auxiliary experiments were left out.
    is_alone: bool = False


@dataclass
class KnownStrategy:
    """A generation strategy as it was last saved or loaded."""

    id: int
    doc: str
    version: int
    #: How many of its generator runs are stored, and the ordinal of the next: there are gaps where
    #: trials were deleted.
    count: int
    next: int = 0
    #: Those that are not stored by reference yet: their places in the strategy by ordinal.
    pending: dict[int, int] = field(default_factory=dict)


class Notes(Generic[T]):
    """A note on each of some objects, by identity; it is forgotten with the object."""

    def __init__(self) -> None:
        self._notes: dict[int, tuple[weakref.ref[Any], T]] = {}

    def get(self, obj: Any) -> T | None:
        """The note on an object, or None."""
        found = self._notes.get(id(obj))
        return found[1] if found is not None and found[0]() is obj else None

    def put(self, obj: Any, note: T) -> None:
        """Make a note on an object."""
        key = id(obj)
        self._notes[key] = (weakref.ref(obj, lambda _: self._forget(key)), note)

    def drop(self, obj: Any) -> None:
        """Forget the note on an object."""
        self._notes.pop(id(obj), None)

    def clear(self) -> None:
        """Forget all notes."""
        self._notes.clear()

    def _forget(self, key: int) -> None:
        found = self._notes.get(key)
        if found is not None and found[0]() is None:
            del self._notes[key]
