"""What a model has learnt of people's answers about the trials of a preferential study.

To fit it may take seconds: that the functions have a ``stop`` lets them run where slow work does.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from ...errors import InvalidValueError, NotFoundError
from .. import feedback, utility
from ..board import Board
from ..columns.select import rounded
from ..columns.table import Floats, Table
from ..preferential import attrs as stored
from ..stop import Stop
from ..utility import Compared, Model
from .preferences import Answer, Candidate, FeedbackComponent

#: Trials that are shown as the best.
BEST = 6
#: Answers that are worth another look: so many at most, which the model finds so unlikely.
SURPRISES = 10
UNLIKELY = 0.4


class UtilityTrial(Struct):
    """A compared trial, and how good the model thinks it is."""

    number: int
    mean: float
    std: float
    #: How likely it is the best of all compared ones.
    best: float


class UtilityAxis(Struct):
    """A parameter that all compared trials have."""

    param: str
    #: Texts of its choices, whose places are the values; null for numbers.
    labels: list[str] | None
    log: bool
    integer: bool
    #: Its value of each compared trial, in their order.
    trials: list[float]


class UtilityLine(Struct):
    """The estimate over one parameter, with all others as in the best trial."""

    axis: UtilityAxis
    x: list[float]
    mean: list[float]
    std: list[float]
    #: How much it matters: the range of the mean.
    range: float


class Surprise(Struct):
    """An answer that the model finds unlikely, in one of its pairs."""

    answer: Answer
    #: Its place among all answers, the latest first.
    place: int
    better: int
    worse: int
    #: How likely somebody prefers the better one of this pair.
    probability: float


class Utility(Struct):
    """The estimated utility: in units of its own spread before any answer, 0 in the mean."""

    version: int
    #: Why there is no estimate, if so.
    reason: str | None
    component: FeedbackComponent
    #: By number.
    trials: list[UtilityTrial] = []
    #: The trials with the highest means, the best first.
    best: list[Candidate] = []
    #: How likely people prefer the best trial to the second best.
    ahead: float = 0
    #: What matters most is first.
    lines: list[UtilityLine] = []
    #: How many pairs are as the model says, of how many.
    agreeing: int = 0
    pairs: int = 0
    #: How many it would expect, given how noisy the answers are.
    expected: float = 0
    #: How many trials were called about equal to another one.
    ties: int = 0
    #: How many compared trials are too many for the estimate: those in the middle, by number.
    left_out: int = 0
    #: The most unlikely is first.
    surprises: list[Surprise] = []
    #: The standard deviation of the noise of an answer.
    noise: float = 0


class UtilitySurface(Struct):
    """The estimate over two parameters, with all others as in the best trial: rows are of y."""

    version: int
    x: list[float]
    y: list[float]
    mean: list[list[float]]
    std: list[list[float]]


def get_utility(board: Board, id: int, stop: Stop) -> Utility:
    """What the model has learnt.

    Raises:
        NotFoundError: there is no such study, or it is not preferential.
        MissingExtraError: SciPy or Optuna is not installed.
    """
    table = board.tables.of(id)
    attrs = feedback.of(table)
    known = utility.compared(table, attrs)
    component = FeedbackComponent(**stored.component(attrs))
    found = Utility(
        table.version, known.why_not, component, ties=len(known.ties), left_out=known.left_out
    )
    if known.why_not is not None:
        return found
    model = utility.models(board.db).of(id, known, stop)
    mean, std = model.trials
    found.trials = [
        UtilityTrial(*each)
        for each in zip(
            known.numbers.tolist(), _short(mean), _short(std), model.shares.tolist(), strict=True
        )
    ]
    best = np.searchsorted(table.numbers, known.numbers[model.order[:BEST]])
    found.best = feedback.candidates(board, table, best, component)
    found.ahead = float(model.probability(*model.order[:2]))
    found.lines = _lines(model)
    found.noise = model.posterior.noise**0.5
    probabilities = model.probability(*known.pairs.T)
    found.pairs = len(known.pairs)
    found.agreeing = int(np.count_nonzero(probabilities > 0.5))
    found.expected = float(np.maximum(probabilities, 1 - probabilities).sum())
    found.surprises = _surprises(table, known, probabilities)
    return found


def _lines(model: Model) -> list[UtilityLine]:
    lines = [
        UtilityLine(
            UtilityAxis(
                param.name, param.labels, param.log, param.is_int, _short(values, 10)
            ),
            x.tolist(), _short(mean), _short(std), float(np.ptp(mean)),
        )
        for param, values, (x, mean, std) in zip(
            model.compared.params, model.compared.values.T, model.lines, strict=True
        )
    ]  # fmt: skip
    return sorted(lines, key=lambda line: -line.range)


def _surprises(table: Table, known: Compared, probabilities: Floats) -> list[Surprise]:
    """The answers that have the most unlikely pairs, each with the most unlikely of its pairs."""
    pairs = map(tuple, known.numbers[known.pairs].tolist())
    of = dict(zip(pairs, probabilities.tolist(), strict=True))
    found = []
    for place, answer in enumerate(reversed(feedback.answers(table))):
        said = [(of[pair], pair) for pair in answer.pairs if pair in of and not answer.is_removed]
        probability, (better, worse) = min(said, default=(1.0, (0, 0)))
        if probability < UNLIKELY:
            shown = feedback.of_answer(answer)
            found.append(Surprise(shown, place, better, worse, probability))
    return sorted(found, key=lambda one: one.probability)[:SURPRISES]


def _short(values: Floats, digits: int = 5) -> list[float]:
    found: list[float] = rounded(values, digits).tolist()
    return found


def get_utility_surface(board: Board, id: int, x: str, y: str, stop: Stop) -> UtilitySurface:
    """What the model has learnt about two parameters.

    Raises:
        NotFoundError: there is no such study, it is not preferential, or not all compared trials
            have these parameters.
        InvalidValueError: the parameters are the same, or nobody has compared trials.
        MissingExtraError: SciPy or Optuna is not installed.
    """
    table = board.tables.of(id)
    known = utility.compared(table, feedback.of(table))
    if x == y:
        raise InvalidValueError("a surface needs two different parameters")
    if known.why_not is not None:
        raise InvalidValueError(known.why_not)
    places = {param.name: place for place, param in enumerate(known.params)}
    for name in (x, y):
        if name not in places:
            raise NotFoundError(f"the compared trials have no parameter {name!r} to choose")
    model = utility.models(board.db).of(id, known, stop)
    across, down, mean, std = model.surface(places[x], places[y])
    return UtilitySurface(
        table.version, across.tolist(), down.tolist(),
        [_short(row) for row in mean], [_short(row) for row in std],
    )  # fmt: skip
