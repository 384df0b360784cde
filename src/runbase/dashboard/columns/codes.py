"""A column of any values as numbers: their own, or places in a list of labels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .types import Floats, Labelled

_NUMBERS = {int, float, type(None)}
_SCALARS = {str, bool, int, float, type(None)}


class Codes:
    """A column that grows and changes; what it gave before stays as it was.

    It has labels as soon as one of its values is no number. Labels are the values as text; a text
    that reads like another value is quoted. None stands for no value.

    Args:
        size: the number of trials.
        choices: values that come first among the labels, whether trials have them or not; with
            choices (even none) numbers get labels, too, and None is a value.
    """

    def __init__(self, size: int, choices: Iterable[Any] | None = None) -> None:
        self.values: Floats = np.full(size, np.nan)
        self.places: dict[Any, int] | None = None
        self.labels: list[str] = []
        self.types: list[str] = []
        self.has_choices = choices is not None
        if choices is not None:
            self.add_choices(choices)

    def add_choices(self, choices: Iterable[Any]) -> None:
        """Labels of further choices."""
        self.has_choices = True
        self._label_numbers()
        for choice in choices:
            self._place(choice)

    def put(self, at: NDArray[np.intp], values: Sequence[Any]) -> None:
        """Set values at some places."""
        types = set(map(type, values))
        if self.places is None and types <= _NUMBERS:
            self.values[at] = np.array(values, np.float64)
            return
        self._label_numbers()
        place = self._place
        codes = [
            np.nan if value is None and not self.has_choices else place(value) for value in values
        ]
        self.values[at] = codes

    def copy(self, size: int) -> Codes:
        """A copy with room for more trials."""
        new = Codes.__new__(Codes)
        new.values = np.full(size, np.nan)
        new.values[: len(self.values)] = self.values
        new.places = None if self.places is None else dict(self.places)
        new.labels, new.types = list(self.labels), list(self.types)
        new.has_choices = self.has_choices
        return new

    @property
    def column(self) -> Labelled:
        """The column."""
        return Labelled(self.values, None if self.places is None else self.labels)

    def _label_numbers(self) -> None:
        if self.places is not None:
            return
        self.places = {}
        there = np.flatnonzero(~np.isnan(self.values))
        numbers, codes = np.unique(self.values[there], return_inverse=True)
        plain = [int(x) if x.is_integer() else x for x in numbers.tolist()]
        places = np.array([self._place(x) for x in plain], np.float64)
        self.values = self.values.copy()
        self.values[there] = places[codes]

    def _place(self, value: Any) -> int:
        assert self.places is not None
        kind = type(value)
        key = (kind, value) if kind in _SCALARS else (kind, json.dumps(value))
        place = self.places.get(key)
        if place is None:
            place = self.places[key] = len(self.labels)
            self.labels.append(self._label(value))
            self.types.append(_type(value))
        return place

    def _label(self, value: Any) -> str:
        label = label_of(value)
        if label in self.labels_seen:
            label = json.dumps(value, ensure_ascii=False)
        self.labels_seen.add(label)
        return label

    @property
    def labels_seen(self) -> set[str]:
        """All labels."""
        try:
            return self._seen
        except AttributeError:
            self._seen = set(self.labels)
            return self._seen

    _seen: set[str]


def label_of(value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, str | bool | int | float) or value is None:
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case dict():
            return "object"
    return "array"
