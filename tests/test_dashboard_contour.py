"""Contours and distribution functions, of any number of trials."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from runbase import Client, Experiment
from runbase.dashboard import contour
from runbase.dashboard.api import charts
from runbase.dashboard.board import Board
from runbase.dashboard.columns.table import Floats, Labelled
from runbase.errors import InvalidValueError, NotFoundError
from runbase.optuna import RDBStorage

SPACE = {
    "x": FloatDistribution(0, 1),
    "lr": FloatDistribution(1e-4, 1, log=True),
    "layers": IntDistribution(1, 4),
    "kind": CategoricalDistribution(["a", "b", None]),
}


@pytest.fixture
def board(client: Client) -> Iterator[Board]:
    with closing(Board(client)) as board:
        yield board


@pytest.fixture
def study(board: Board) -> optuna.Study:
    return optuna.create_study(storage=RDBStorage(board.client))


def add(study: optuna.Study, value: float | None, **params: Any) -> None:
    """Add a trial with this value; without one it has failed."""
    params = {"x": 0.5, "lr": 0.01, "layers": 2, "kind": "a", **params}
    state = TrialState.FAIL if value is None else TrialState.COMPLETE
    study.add_trial(create_trial(state=state, value=value, params=params, distributions=SPACE))


def grid_of(x: Labelled, y: Labelled, z: Floats, size: int = 60, y_log: bool = False) -> Floats:
    """The grid of all trials."""
    used = np.full(z.size, True)
    across = contour.axis(x, used, log=False, size=size)
    return contour.grid(across, contour.axis(y, used, log=y_log, size=size), z)


@pytest.mark.item("C10")
def test_values_stay_with_their_trials_among_failed_and_pruned_ones(
    board: Board, study: optuna.Study
) -> None:
    for layers in range(1, 5):
        add(study, None, layers=5 - layers)
        add(study, 10.0 * layers, layers=layers, kind="b")
        params = {"layers": layers, "kind": "b"}
        kinds = {name: SPACE[name] for name in params}
        pruned = create_trial(
            state=TrialState.PRUNED, value=-99.0, params=params, distributions=kinds
        )
        study.add_trial(pruned)
    found = charts.get_contour(board, study._study_id, "param:layers", "param:kind")
    assert (found.x, found.x_labels) == ([1, 2, 3, 4], None)
    assert (found.y, found.y_labels) == ([0, 1, 2], ["a", "b", "None"])
    assert found.z == [[None] * 4, [10, 20, 30, 40], [None] * 4]


def test_values_that_are_0_are_there(board: Board, study: optuna.Study) -> None:
    for layers in (1, 2, 3):
        add(study, 0.0, layers=layers)
    found = charts.get_contour(board, study._study_id, "param:layers", "param:kind")
    assert found.z[0] == [0, 0, 0]
    assert msgspec.json.decode(msgspec.json.encode(found), type=charts.Contour) == found


def test_the_mean_of_trials_in_a_cell(board: Board, study: optuna.Study) -> None:
    for value in (1.0, 2.0, 6.0):
        add(study, value)
    add(study, float("inf"))
    found = charts.get_contour(board, study._study_id, "param:x", "param:lr")
    assert (found.x, found.z) == ([0.5], [[3.0]])
    assert found.y == pytest.approx([0.01])
    assert (found.x_log, found.y_log) == (False, True)


def test_a_filter_and_any_column_as_target(board: Board, study: optuna.Study) -> None:
    for layers in (1, 2, 3, 4):
        add(study, 1.0, layers=layers, x=layers / 10)
    found = charts.get_contour(
        board, study._study_id, "param:layers", "number", "param:x", "layers < 3"
    )
    assert found.x == [1, 2]
    assert [found.z[0][0], found.z[1][1]] == [0.1, 0.2]


def test_axes_without_trials_are_empty(board: Board, study: optuna.Study) -> None:
    add(study, None)
    found = charts.get_contour(board, study._study_id, "param:x", "param:lr")
    assert (found.x, found.y, found.z) == ([], [], [])
    edf = charts.get_edf(board, study._study_id)
    assert (edf.x, edf.y, edf.total) == ([], [], 0)


def test_wrong_names_and_sizes_are_refused(board: Board, study: optuna.Study) -> None:
    add(study, 1.0)
    id = study._study_id
    for x, target in [("param:nope", "value:0"), ("param:x", "value:1"), ("param:x", "status")]:
        with pytest.raises(InvalidValueError):
            charts.get_contour(board, id, x, "param:lr", target)
    with pytest.raises(InvalidValueError):
        charts.get_contour(board, id, "param:x", "param:lr", size=1)
    with pytest.raises(InvalidValueError):
        charts.get_edf(board, id, filter="lern = 3")
    with pytest.raises(NotFoundError):
        charts.get_edf(board, id + 1)


@pytest.mark.parametrize("n", [100, 5000])
def test_gaps_between_trials_are_filled_smoothly(n: int) -> None:
    chance = np.random.default_rng(n)
    x, lr = chance.random(n), 10 ** chance.uniform(-4, 0, n)
    z = np.sin(3 * x) + np.log10(lr)
    found = grid_of(Labelled(x), Labelled(lr), z, y_log=True)
    across = np.linspace(x.min(), x.max(), 60)
    down = np.linspace(np.log10(lr.min()), np.log10(lr.max()), 60)
    exact = np.sin(3 * across)[None] + down[:, None]
    inside = ~np.isnan(found)
    assert inside.mean() > 0.8
    assert np.abs(found - exact)[inside].mean() < 0.15
    assert z.min() <= np.nanmin(found) <= np.nanmax(found) <= z.max()


def test_nothing_is_made_up_outside_of_the_trials() -> None:
    x, y = np.array([0.0, 0.9, 0.0]), np.array([0.0, 0.0, 0.9])
    found = grid_of(Labelled(x), Labelled(y), np.array([1.0, 2.0, 3.0]), size=11)
    below = np.add.outer(np.arange(11), np.arange(11)) <= 10
    assert (~np.isnan(found) == below).all()


def test_trials_on_a_line_stay_a_line() -> None:
    at = np.array([0.0, 0.5, 1.0])
    found = grid_of(Labelled(at), Labelled(at), at, size=5)
    assert (~np.isnan(found) == np.eye(5, dtype=bool)).all()
    assert grid_of(Labelled(at[:1]), Labelled(at[:1]), at[:1]).tolist() == [[0.0]]


def test_choices_are_not_mixed() -> None:
    x = np.array([0.0, 1.0, 0.0, 0.5])
    kinds = Labelled(np.array([0.0, 0.0, 1.0, 1.0]), ["a", "b"])
    found = grid_of(Labelled(x), kinds, np.array([1.0, 1.0, 9.0, 9.0]), size=5)
    assert found[0].tolist() == [1.0] * 5
    assert found[1, :3].tolist() == [9.0] * 3
    assert np.isnan(found[1, 3:]).all()


def test_hundred_thousand_trials_are_a_grid_in_a_moment() -> None:
    n = 100_000
    chance = np.random.default_rng(0)
    x, y, z = (chance.random(n) for _ in range(3))
    begun = time.perf_counter()
    found = grid_of(Labelled(x), Labelled(y), z)
    assert time.perf_counter() - begun < 0.2
    assert found.shape == (60, 60)


def test_the_share_of_trials_up_to_a_value(board: Board, study: optuna.Study) -> None:
    for value in (3.0, 1.0, 1.0, 2.0, None, float("inf")):
        add(study, value)
    found = charts.get_edf(board, study._study_id)
    assert (found.x, found.y, found.total) == ([1, 2, 3], [0.5, 0.75, 1], 4)


def test_a_long_distribution_is_cut_to_500_exact_steps(board: Board) -> None:
    tracked = Experiment(board.client, name="tracked")
    study = optuna.create_study(storage=RDBStorage(board.client))
    values = np.random.default_rng(0).normal(size=1200)
    study.add_trials([create_trial(value=float(v)) for v in values])
    found = charts.get_edf(board, study._study_id)
    assert len(found.x) == 500
    assert (found.x[0], found.x[-1], found.y[-1]) == (values.min(), values.max(), 1)
    assert found.y == [(values <= x).mean() for x in found.x]
    with pytest.raises(InvalidValueError):
        charts.get_edf(board, tracked.id)
