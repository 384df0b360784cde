"""What a model learns of people's answers, over the parameters that all compared trials have."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..db import Database
from ..errors import InvalidValueError, require
from .columns.table import Bools, Floats, Ints, Table
from .preferential import attrs as stored
from .preferential import compared as answered
from .preferential.threads import one_thread
from .stop import Stop

if TYPE_CHECKING:
    from .preferential.gp import Settings
    from .preferential.space import Space

#: Trials that a model is made of: the time grows with the third power, here to seconds. Of more
#: those of the earliest and the latest comparisons count.
ROWS = 1000
#: Values of a parameter at which the utility is estimated, over it alone.
POINTS = 81
#: The side of the grid over two parameters.
SIDE = 41
#: Draws of the utilities of all compared trials, of which one is the best in each.
DRAWS = 2000
JITTER = 1e-6
#: Models that are kept, of the studies that were looked at last.
MOST = 4


class Param(NamedTuple):
    """A parameter: a number from ``low`` to ``high``, or a place in ``labels``."""

    name: str
    low: float
    high: float
    log: bool
    step: float | None
    is_int: bool
    labels: list[str] | None

    def spread(self, most: int) -> Floats:
        """Values from one end to the other: all, or so many where there are more."""
        if self.labels is not None:
            return np.arange(float(len(self.labels)))
        if self.log:
            found = np.geomspace(self.low, self.high, most)
            found[[0, -1]] = self.low, self.high  # not rounded
        else:
            found = np.linspace(self.low, self.high, most)
            if self.step is not None:
                found = self.low + self.step * np.rint((found - self.low) / self.step)
                found = found[found <= self.high]
        return np.unique(np.rint(found) if self.is_int else found)


class Compared(NamedTuple):
    """Trials that were compared, and what people said of them."""

    #: Of the trials, growing.
    numbers: Ints
    params: list[Param]
    #: A row for each trial, a column for each parameter.
    values: Floats
    #: Rows of a better and of a worse trial.
    pairs: Ints
    #: Rows of trials that are about equal.
    ties: Ints
    #: How many more trials were compared: they have no parameters, or are too many for a model.
    left_out: int

    @property
    def why_not(self) -> str | None:
        """Why nothing can be learnt of it, if so."""
        if not len(self.pairs) and not self.left_out:
            return "Nobody has said yet which of two trials is better."
        if not len(self.pairs) or not self.params:
            return "The compared trials have no parameter in common that could explain the answers."
        return None


def compared(table: Table, attrs: stored.Attrs) -> Compared:
    """What the answers that count are about, of trials that are there and have parameters."""
    there = set(table.numbers.tolist())
    count = len(answered.compared(attrs, there.__contains__)[0])
    usable = set(table.numbers[_has_params(table)].tolist())
    numbers, pairs, ties = answered.compared(attrs, usable.__contains__)
    if len(numbers) > ROWS:
        rows = np.array(pairs + ties)
        kept = {numbers[place] for place in rows[answered.outer(rows, ROWS)].ravel()}
        numbers, pairs, ties = answered.compared(attrs, kept.__contains__)
    at = np.searchsorted(table.numbers, numbers)
    params = [param for name in table.params if (param := _param(table, name, at)) is not None]
    columns = [table.column(f"param:{param.name}").values[at] for param in params]
    values = np.stack(columns, axis=1) if columns else np.empty((len(numbers), 0))
    said = [np.array(found, np.int64).reshape(-1, 2) for found in (pairs, ties)]
    left_out = count - len(numbers)
    return Compared(np.array(numbers, np.int64), params, values, said[0], said[1], left_out)


def _has_params(table: Table) -> Bools:
    found = np.zeros(len(table), dtype=bool)
    for name in table.params:
        found |= np.isfinite(table.column(f"param:{name}").values)
    return found


def _param(table: Table, name: str, at: Any) -> Param | None:
    """What a parameter is chosen from; None if a trial has it not, or there is nothing to choose.

    Where the ranges of trials differ it is all that they span.
    """
    values, labels = table.column(f"param:{name}")
    if not np.isfinite(values[at]).all():
        return None
    if labels is not None:
        return Param(name, 0, len(labels) - 1, False, None, False, labels) if labels[1:] else None
    kinds = list(table.parameters.kinds.get(name, {}).values())
    facts = [fact for _, fact in kinds]
    low = min([fact["low"] for fact in facts] + values[at].tolist())
    high = max([fact["high"] for fact in facts] + values[at].tolist())
    log = low > 0 and any(fact.get("log") for fact in facts)
    steps = {fact.get("step") for fact in facts}
    step = steps.pop() if len(steps) == 1 and not log else None
    is_int = bool(kinds) and all(kind == "IntDistribution" for kind, _ in kinds)
    return Param(name, low, high, log, step, is_int, None) if low < high else None


class Model:
    """What is learnt of comparisons; to make it takes long, and so does each of its parts.

    Args:
        compared: what people said.
        start: settings of an earlier model of much the same, from which the search is shorter.

    Raises:
        MissingExtraError: SciPy or Optuna is not installed.
    """

    def __init__(self, compared: Compared, start: Settings | None = None) -> None:
        for module in ("scipy", "optuna"):
            require(module, "preferential")
        from .preferential.gp import fit

        self.compared = compared
        self._space = _space(compared.params)
        x = self._box(compared.values)
        with one_thread():
            self.posterior = fit(x, compared.pairs, compared.ties, start=start)

    def settings_for(self, compared: Compared) -> Settings | None:
        """Those of this model, if it is of the same parameters."""
        return self.posterior.settings if compared.params == self.compared.params else None

    def predict(self, values: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the utility at rows of values of the parameters."""
        return self.posterior.predict(self._box(values))

    @property
    def trials(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation of each compared trial."""
        variance = self.posterior.covariance.diagonal()
        return self.posterior.mean, np.sqrt(np.maximum(variance, 0))

    @cached_property
    def order(self) -> Ints:
        """The rows of the trials, the one with the highest mean first."""
        return np.argsort(-self.posterior.mean, kind="stable")

    @cached_property
    def shares(self) -> Floats:
        """How likely each trial is the best of all compared ones."""
        mean, covariance = self.posterior.mean, self.posterior.covariance
        root = np.linalg.cholesky(covariance + JITTER * np.eye(len(mean)))
        drawn = mean[:, None] + root @ np.random.default_rng(0).normal(size=(len(mean), DRAWS))
        found: Floats = np.bincount(drawn.argmax(axis=0), minlength=len(mean)) / DRAWS
        return found

    def probability(self, better: Any, worse: Any) -> Floats:
        """How likely somebody prefers trials to others; all are rows."""
        return self.posterior.probability(better, worse)

    @cached_property
    def lines(self) -> list[tuple[Floats, Floats, Floats]]:
        """Over each parameter: values, and there mean and standard deviation."""
        ats = [param.spread(POINTS) for param in self.compared.params]
        rows = np.concatenate([self._as_best({place: at}) for place, at in enumerate(ats)])
        ends = np.cumsum([len(at) for at in ats])[:-1]
        mean, std = (np.split(found, ends) for found in self.predict(rows))
        return list(zip(ats, mean, std, strict=True))

    def surface(self, x: int, y: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Over two parameters: values of both, and the grids of mean and standard deviation."""
        across, down = (self.compared.params[place].spread(SIDE) for place in (x, y))
        xs, ys = (each.ravel() for each in np.meshgrid(across, down))
        mean, std = self.predict(self._as_best({x: xs, y: ys}))
        shape = down.size, across.size
        return across, down, mean.reshape(shape), std.reshape(shape)

    def _as_best(self, columns: Mapping[int, Floats]) -> Floats:
        """Rows that are as the best trial but in these columns."""
        count = len(next(iter(columns.values())))
        rows = np.tile(self.compared.values[self.order[0]], (count, 1))
        for place, values in columns.items():
            rows[:, place] = values
        return rows

    def _box(self, values: Floats) -> Floats:
        """Rows of values as points of the box that the model knows."""
        names = [param.name for param in self.compared.params]
        rows = (dict(zip(names, row, strict=True)) for row in values.tolist())
        return np.array([self._space.to_box(row) for row in rows])


def _space(params: list[Param]) -> Space:
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    from .preferential.space import Space

    return Space(
        {
            name: FloatDistribution(low, high, log=log)
            if labels is None
            else CategoricalDistribution([float(place) for place in range(len(labels))])
            for name, low, high, log, _, _, labels in params
        }
    )


class Models:
    """The latest model of each study; it is fitted once for all who ask, and when answers change.

    What else happens in a study, such as that a trial begins, does not change a model.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[int, _Keeper] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, id: int, compared: Compared, stop: Stop) -> Model:
        """The model of the comparisons in a study.

        Raises:
            InvalidValueError: nobody waits for it any more.
            MissingExtraError: SciPy or Optuna is not installed.
        """
        with self._lock:
            keeper = self._kept.pop(id, None) or _Keeper()
            self._kept[id] = keeper
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return keeper.model(compared, stop)


class _Keeper:
    """The latest model of one study."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: Model | None = None

    def model(self, compared: Compared, stop: Stop) -> Model:
        with self._lock:
            last = self._last
            if last is not None and _is_same(last.compared, compared):
                return last
            if stop.why is not None:
                raise InvalidValueError(stop.why)
            self._last = Model(compared, None if last is None else last.settings_for(compared))
            return self._last


def _is_same(one: Compared, other: Compared) -> bool:
    return one.params == other.params and all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("numbers", "values", "pairs", "ties")
    )


def models(db: Database) -> Models:
    """The models of a database's studies."""
    found: Models = db.memo.setdefault("utility", Models())
    return found
