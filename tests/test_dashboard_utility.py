"""What a model learns of people's answers, as charts have it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import RandomSampler
from optuna.trial import create_trial

from runbase import Client, Experiment
from runbase.dashboard import feedback, utility
from runbase.dashboard.api.preferences import (
    NewAnswer,
    add_answer,
    get_answers,
    remove_answer,
    restore_answer,
)
from runbase.dashboard.api.utility import Utility, UtilitySurface, get_utility, get_utility_surface
from runbase.dashboard.board import Board
from runbase.dashboard.preferential import PreferentialStudy, create_study, gp
from runbase.dashboard.preferential.attrs import Mode
from runbase.dashboard.preferential.gp import Posterior, Settings, fit
from runbase.dashboard.preferential.space import Space
from runbase.dashboard.stop import Stop
from runbase.dashboard.utility import Param
from runbase.errors import InvalidValueError, MissingExtraError, NotFoundError
from runbase.optuna import RDBStorage

SPACE: dict[str, BaseDistribution] = {
    "x": FloatDistribution(0, 1),
    "lr": FloatDistribution(1e-4, 1, log=True),
    "layers": IntDistribution(1, 4),
    "kind": CategoricalDistribution(["a", "b", None]),
}


class Liked:
    """A board over a study of finished trials, and somebody who compares them."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.study: PreferentialStudy = create_study(
            n_generate=4, storage=RDBStorage(board.client), sampler=RandomSampler(seed=1)
        )
        self.id = self.study._study._study_id

    def add(self, space: dict[str, BaseDistribution] | None = None, **params: Any) -> None:
        """A trial that waits to be compared."""
        space = SPACE if space is None else space
        given = {"x": 0.5, "lr": 0.01, "layers": 2, "kind": "a", **params}
        params = {name: given[name] for name in space}
        trial = create_trial(value=0.0, params=params, distributions=space)
        self.study._study.add_trial(trial)

    def along(self, param: str, *values: Any) -> Liked:
        """Trials that differ in one parameter."""
        for value in values:
            self.add(**{param: value})
        return self

    def say(self, mode: Mode, *candidates: int, clicked: int | None = None) -> str:
        """Answer; the id of the answer. Candidates of a ranking are in its order."""
        order = list(candidates) if mode == "Rank" else []
        body = NewAnswer(mode, sorted(candidates), clicked, order)  # type: ignore[arg-type]
        add_answer(self.board, self.id, body)
        return get_answers(self.board, self.id).answers[0].id

    def learnt(self) -> Utility:
        return get_utility(self.board, self.id, Stop())

    def surface(self, x: str, y: str) -> UtilitySurface:
        return get_utility_surface(self.board, self.id, x, y, Stop())


@pytest.fixture
def liked(tmp_path: Path) -> Iterator[Liked]:
    with closing(Board(Client(f"sqlite:///{tmp_path}/runs.db"))) as board:
        yield Liked(board)


def means(found: Utility) -> list[float]:
    return [trial.mean for trial in found.trials]


def test_the_estimate_is_that_of_the_model(client: Client) -> None:
    with closing(Board(client)) as board:
        liked = Liked(board)
        xs = np.linspace(0, 1, 7)
        for x in xs:
            liked.add(x=x, layers=1 + round(3 * x))
        for better, worse in [(4, 1), (5, 0), (4, 2), (3, 6)]:
            liked.say("ChooseBest", better, worse, clicked=better)
        found, plane = liked.learnt(), liked.surface("layers", "x")
    space = Space(SPACE)
    params = [{"x": x, "lr": 0.01, "layers": 1 + round(3 * x), "kind": "a"} for x in xs]
    rows = np.array([space.to_box(each) for each in params])
    posterior = fit(rows, [(4, 1), (5, 0), (4, 2), (3, 6)])
    mean, std = posterior.predict(rows)
    assert [trial.number for trial in found.trials] == list(range(7))
    assert [trial.mean for trial in found.trials] == pytest.approx(mean.tolist(), abs=1e-3)
    assert [trial.std for trial in found.trials] == pytest.approx(std.tolist(), abs=1e-3)
    best = int(mean.argmax())
    assert found.best[0].number == best
    [line] = [each for each in found.lines if each.axis.param == "x"]
    assert (line.x[0], line.x[-1]) == (0, 1)
    at = np.array([space.to_box({**params[best], "x": x}) for x in line.x])
    assert line.mean == pytest.approx(posterior.predict(at)[0].tolist(), abs=1e-3)
    assert (plane.x, plane.y[0], plane.y[-1]) == ([1, 2, 3, 4], 0, 1)
    corner = np.array([space.to_box({**params[best], "layers": 4, "x": 0.0})])
    assert plane.mean[0][3] == pytest.approx(float(posterior.predict(corner)[0][0]), abs=1e-3)
    assert plane.std[0][3] == pytest.approx(float(posterior.predict(corner)[1][0]), abs=1e-3)


def test_what_people_prefer_is_the_best(liked: Liked) -> None:
    liked.along("x", 0.0, 0.3, 0.6, 1.0)
    for _ in range(3):
        liked.say("Rank", 2, 1, 3, 0)
    found = liked.learnt()
    assert [candidate.number for candidate in found.best] == [2, 1, 3, 0]
    assert found.best[0].params["x"] == 0.6
    means = [trial.mean for trial in found.trials]
    assert max(means) == means[2]
    assert sum(trial.best for trial in found.trials) == pytest.approx(1)
    assert max(trial.best for trial in found.trials) == found.trials[2].best
    assert 0.5 < found.ahead < 1
    assert (found.agreeing, found.pairs, found.surprises) == (9, 9, [])
    assert 4.5 < found.expected < 9
    assert found.lines[0].axis.param == "x"
    assert found.lines[0].range > found.lines[1].range


def test_about_equal_brings_trials_together(liked: Liked) -> None:
    liked.along("x", 0.0, 1.0)
    liked.say("ChooseBest", 0, 1, clicked=0)
    apart = liked.learnt()
    for _ in range(3):
        liked.say("Equal", 0, 1)
    together = liked.learnt()
    assert (apart.ties, together.ties, together.pairs) == (0, 3, 1)
    gaps = [each.trials[0].mean - each.trials[1].mean for each in (apart, together)]
    assert 0 < gaps[1] < 0.8 * gaps[0]


def test_a_removed_answer_does_not_count_until_it_is_restored(liked: Liked) -> None:
    liked.along("x", 0.0, 0.5, 1.0)
    liked.say("ChooseBest", 0, 1, 2, clicked=2)
    before = liked.learnt()
    wrong = liked.say("ChooseWorst", 0, 2, clicked=2)
    both = liked.learnt()
    assert means(both) != pytest.approx(means(before), abs=0.05)
    remove_answer(liked.board, liked.id, wrong)
    assert means(liked.learnt()) == pytest.approx(means(before), abs=0.005)
    assert liked.learnt().pairs == 2
    restore_answer(liked.board, liked.id, wrong)
    assert means(liked.learnt()) == pytest.approx(means(both), abs=0.005)


def test_an_answer_against_all_others_surprises(liked: Liked) -> None:
    liked.along("x", 0.0, 0.4, 1.0)
    for _ in range(4):
        liked.say("Rank", 0, 1, 2)
    wrong = liked.say("ChooseWorst", 0, 1, 2, clicked=0)
    liked.say("Rank", 0, 1, 2)
    found = liked.learnt()
    [surprise] = found.surprises
    assert (surprise.answer.id, surprise.place) == (wrong, 1)
    assert (surprise.better, surprise.worse) == (2, 0)
    assert surprise.probability < 0.2
    assert (found.agreeing, found.pairs) == (10, 12)
    remove_answer(liked.board, liked.id, wrong)
    assert liked.learnt().surprises == []


def test_choices_are_points_and_logarithms_are_even(liked: Liked) -> None:
    liked.along("kind", "b", None, "a")
    liked.add(lr=0.1, layers=3)
    liked.say("Rank", 0, 2, 1, 3)
    found = liked.learnt()
    lines = {line.axis.param: line for line in found.lines}
    kind, lr, layers = lines["kind"], lines["lr"], lines["layers"]
    assert kind.axis.labels == ["a", "b", "None"]
    assert (kind.x, kind.axis.trials) == ([0, 1, 2], [1, 2, 0, 0])
    # All else is as in the best trial, so there the line meets it.
    best = found.best[0].number
    place = kind.x.index(kind.axis.trials[best])
    assert kind.mean[place] == found.trials[best].mean
    assert kind.std[place] == found.trials[best].std
    assert (lr.axis.log, lr.x[0], lr.x[-1]) == (True, 1e-4, 1)
    assert np.diff(np.log(lr.x)) == pytest.approx(np.log(1e4) / (len(lr.x) - 1))
    assert (layers.axis.integer, layers.x) == (True, [1, 2, 3, 4])
    surface = liked.surface("kind", "lr")
    assert (surface.x, len(surface.mean), len(surface.mean[0])) == ([0, 1, 2], len(surface.y), 3)


def test_parameters_that_only_some_trials_have_are_left_out(liked: Liked) -> None:
    x, n = FloatDistribution(0, 1), IntDistribution(1, 4)
    liked.add({"x": x, "layers": n})
    liked.add({"x": FloatDistribution(-1, 0.5)}, x=-0.5)
    liked.add({"lr": FloatDistribution(0.001, 1)})
    liked.say("ChooseBest", 0, 1, clicked=1)
    [line] = liked.learnt().lines
    assert (line.axis.param, line.x[0], line.x[-1]) == ("x", -1, 1)
    assert line.axis.trials == [0.5, -0.5]
    with pytest.raises(NotFoundError, match="no parameter 'layers'"):
        liked.surface("x", "layers")
    liked.say("ChooseBest", 0, 2, clicked=2)
    found = liked.learnt()
    assert found.reason is not None
    assert "no parameter in common" in found.reason
    assert found.lines == []


def test_without_an_answer_there_is_a_reason(liked: Liked) -> None:
    liked.along("x", 0.0, 1.0)
    for _ in range(2):
        found = liked.learnt()
        assert found.reason == "Nobody has said yet which of two trials is better."
        assert (found.trials, found.lines, found.pairs) == ([], [], 0)
        with pytest.raises(InvalidValueError, match="Nobody has said yet"):
            liked.surface("x", "lr")
        liked.say("Equal", 0, 1)


def test_what_is_not_there_is_not_found(liked: Liked) -> None:
    liked.along("x", 0.0, 1.0).say("ChooseBest", 0, 1, clicked=0)
    with pytest.raises(NotFoundError, match="no parameter 'y'"):
        liked.surface("x", "y")
    with pytest.raises(InvalidValueError, match="two different"):
        liked.surface("x", "x")
    other = optuna.create_study(storage=RDBStorage(liked.board.client))._study_id
    for id in (other, Experiment(liked.board.client, name="runs").id, 99):
        with pytest.raises(NotFoundError):
            get_utility(liked.board, id, Stop())


def test_the_model_is_fitted_when_answers_change_and_not_otherwise(liked: Liked) -> None:
    def model() -> utility.Model:
        table = liked.board.tables.of(liked.id)
        compared = utility.compared(table, feedback.of(table))
        return utility.models(liked.board.db).of(liked.id, compared, Stop())

    liked.along("x", 0.0, 0.5, 1.0).say("ChooseBest", 0, 1, clicked=0)
    first = model()
    liked.study.ask().suggest_float("x", 0, 1)
    liked.learnt()
    assert model() is first
    liked.say("ChooseBest", 0, 2, clicked=0)
    assert model() is not first


def test_a_model_goes_on_from_the_last_one(liked: Liked, monkeypatch: pytest.MonkeyPatch) -> None:
    liked.along("x", 0.0, 0.5, 1.0).say("ChooseBest", 0, 1, clicked=0)
    starts = []

    def noted(*args: Any, start: Settings | None, **options: Any) -> Posterior:
        starts.append(start)
        found = fit(*args, start=start, **options)
        starts.append(found.settings)
        return found

    monkeypatch.setattr(gp, "fit", noted)
    liked.learnt()
    liked.say("ChooseBest", 0, 2, clicked=0)
    liked.learnt()
    assert starts[0] is None
    assert starts[1] is starts[2]
    # Other parameters: the settings are of no use.
    liked.add({"x": FloatDistribution(0, 1)})
    liked.say("ChooseBest", 0, 3, clicked=0)
    liked.learnt()
    assert starts[4] is None


def test_nothing_is_learnt_for_somebody_who_is_gone(liked: Liked) -> None:
    liked.along("x", 0.0, 0.5, 1.0).say("ChooseBest", 0, 1, clicked=0)
    gone = Stop()
    gone("nobody waits")
    with pytest.raises(InvalidValueError, match="nobody waits"):
        get_utility(liked.board, liked.id, gone)
    found = liked.learnt()
    assert get_utility(liked.board, liked.id, gone).trials == found.trials


def test_of_many_trials_the_earliest_and_the_latest_count(
    liked: Liked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(utility, "ROWS", 6)
    liked.along("x", *np.linspace(0, 1, 20))
    for number in range(19):
        liked.say("ChooseBest", number, number + 1, clicked=number + 1)
    found = liked.learnt()
    assert [trial.number for trial in found.trials] == [0, 1, 2, 17, 18, 19]
    assert (found.pairs, found.left_out) == (4, 14)
    assert found.best[0].number == 19


def test_trials_without_parameters_and_those_that_are_not_there_are_left_out(
    liked: Liked,
) -> None:
    liked.along("x", 0.0, 1.0)
    liked.add({})
    liked.say("ChooseBest", 0, 2, clicked=2)
    found = liked.learnt()
    assert found.reason is not None
    assert "no parameter in common" in found.reason
    liked.say("ChooseBest", 0, 1, clicked=0)
    study = liked.study._study
    study._storage.set_study_system_attr(study._study_id, "preference:values9", [[7, 1], [0, 99]])
    found = liked.learnt()
    assert [trial.number for trial in found.trials] == [0, 1]
    assert (found.reason, found.pairs, found.left_out) == (None, 1, 1)
    assert found.lines[0].axis.param == "x"


@pytest.mark.parametrize(
    ("param", "values"),
    [
        (Param("n", 1, 10, False, 3, True, None), [1, 4, 7, 10]),
        (Param("n", 1, 9, False, 3, True, None), [1, 4, 7]),
        (Param("n", 1, 1000, True, None, True, None), [1, 10, 100, 1000]),
        (Param("x", 0, 1, False, 0.5, False, None), [0, 0.5, 1]),
        (Param("x", 0, 3, False, None, False, None), [0, 1, 2, 3]),
        (Param("c", 0, 1, False, None, False, ["a", "b"]), [0, 1]),
    ],
)
def test_values_are_those_that_a_parameter_can_have(param: Param, values: list[float]) -> None:
    assert param.spread(4).tolist() == pytest.approx(values)


@pytest.mark.parametrize("module", ["scipy", "optuna"])
def test_a_missing_package_is_named(
    liked: Liked, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    liked.along("x", 0.0, 1.0).say("ChooseBest", 0, 1, clicked=0)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"{module}.*runbase\[preferential\]"):
        liked.learnt()
