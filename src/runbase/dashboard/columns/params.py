"""The parameters of all trials as columns, with what they were chosen from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ...engines.json import plain
from . import read
from .base import Places
from .codes import Codes

CATEGORICAL = "CategoricalDistribution"


class Params:
    """Columns of parameters by name, for so many trials.

    Parameters come from the arguments of runs, which are the same for every kind of experiment;
    those of Optuna's and Ax's trials have distributions besides, whose choices come first among the
    labels.
    """

    def __init__(self, size: int, is_flat: bool) -> None:
        self.size, self.is_flat = size, is_flat
        self.codes: dict[str, Codes] = {}
        #: Distributions by parameter: the class and its attributes, oldest first.
        self.kinds: dict[str, dict[int, tuple[str, dict[str, Any]]]] = {}

    def copy(self, size: int) -> Params:
        """A copy with room for more trials."""
        new = Params(size, self.is_flat)
        new.codes = {name: codes.copy(size) for name, codes in self.codes.items()}
        new.kinds = {name: dict(kinds) for name, kinds in self.kinds.items()}
        return new

    def add_kinds(self, rows: Iterable[Any]) -> None:
        """Add distributions: name, id and JSON."""
        for name, id, text in rows:
            if id not in self.kinds.setdefault(name, {}):
                kind = json.loads(text)
                self._add(name, id, kind["name"], kind["attributes"])

    def set_kinds(self, kinds: Mapping[str, tuple[str, dict[str, Any]]]) -> None:
        """Add a distribution of each parameter."""
        for name, kind in kinds.items():
            self.kinds[name] = {}
            self._add(name, 0, *kind)

    def _add(self, name: str, id: int, kind: str, facts: dict[str, Any]) -> None:
        self.kinds[name][id] = kind, facts
        if kind != CATEGORICAL:
            self.codes.setdefault(name, Codes(self.size))
            return
        # As they are in the arguments of runs.
        choices = [plain(choice) for choice in facts["choices"]]
        if name in self.codes:
            self.codes[name].add_choices(choices)
        else:
            self.codes[name] = Codes(self.size, choices)

    def put(self, rows: Sequence[tuple[int, dict[str, Any]]], places: Places) -> None:
        """Set the parameters of trials from their arguments."""
        at, there = places.of(np.array([id for id, _ in rows], np.int64))
        found = [args for (_, args), here in zip(rows, there.tolist(), strict=True) if here]
        if not self.is_flat and any(isinstance(v, dict) for args in found for v in args.values()):
            found = [dict(read.flat(args)) for args in found]
        for name in dict.fromkeys(name for args in found for name in args):
            having = [i for i, args in enumerate(found) if name in args]
            values = [found[i][name] for i in having]
            codes = self.codes.get(name)
            if codes is None:
                codes = self.codes[name] = Codes(self.size)
            codes.put(at[having] if len(having) < len(found) else at, values)

    def clear(self, at: Any) -> None:
        """Forget the parameters of trials that are written anew."""
        for codes in self.codes.values():
            codes.values[at] = np.nan
