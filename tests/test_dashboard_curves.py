"""Curves of metrics: whichever trials, whatever values, as many points as asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing

import msgspec
import numpy as np
import optuna
import pytest

from runbase import Client, Experiment
from runbase.dashboard import curves
from runbase.dashboard.api import charts
from runbase.dashboard.api.charts import Curve
from runbase.dashboard.board import Board
from runbase.dashboard.curves import Points, decimated
from runbase.errors import InvalidValueError, NotFoundError
from runbase.optuna import RDBStorage

optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture
def board(client: Client) -> Iterator[Board]:
    with closing(Board(client)) as board:
        yield board


def numbers(found: list[Curve]) -> list[int]:
    return [curve.number for curve in found]


@pytest.fixture
def study(board: Board) -> optuna.Study:
    """Trials 0 to 4 with the values 3, 1, 4, 1, 5; trial 5 runs, trial 6 never reported."""
    study = optuna.create_study(storage=RDBStorage(board.client))
    for value in (3, 1, 4, 1, 5):
        trial = study.ask()
        for step in range(3):
            trial.report(value + step, step)
        study.tell(trial, value)
    study.ask().report(0.5, 7)
    study.tell(study.ask(), 0)
    return study


def test_the_best_trials_come_first(board: Board, study: optuna.Study) -> None:
    found = charts.get_curves(board, study._study_id, limit=3)
    assert found.total == 6
    assert [c.value for c in found.curves] == [1, 1, 3]
    assert set(numbers(found.curves)) == {0, 1, 3}
    assert found.curves[2].steps == [0, 1, 2]
    assert found.curves[2].values == [3, 4, 5]
    assert found.curves[2].status == "COMPLETED"


def test_the_best_of_a_maximised_study_are_the_highest(board: Board) -> None:
    study = optuna.create_study(storage=RDBStorage(board.client), direction="maximize")
    for value in (1, 3, 2):
        trial = study.ask()
        trial.report(value, 0)
        study.tell(trial, value)
    assert numbers(charts.get_curves(board, study._study_id).curves) == [1, 2, 0]


def test_the_latest_the_running_and_chosen_ones(board: Board, study: optuna.Study) -> None:
    id = study._study_id
    assert numbers(charts.get_curves(board, id, which="latest", limit=2).curves) == [5, 4]
    [running] = charts.get_curves(board, id, which="running").curves
    assert (running.number, running.value, running.steps) == (5, None, [7])
    chosen = charts.get_curves(board, id, which="numbers", numbers=[4, 6, 2, 99]).curves
    assert numbers(chosen) == [2, 4]
    filtered = charts.get_curves(board, id, filter="value > 3")
    assert (filtered.total, numbers(filtered.curves)) == (2, [2, 4])


def test_special_values_stay_what_they_are(board: Board) -> None:
    study = optuna.create_study(storage=RDBStorage(board.client))
    trial = study.ask()
    for step, value in enumerate([1.0, math.nan, math.inf, -math.inf, 2.0]):
        trial.report(value, step)
    [curve] = charts.get_curves(board, study._study_id).curves
    assert curve.steps == [0, 1, 2, 3, 4]
    assert curve.values == [1, "nan", "inf", "-inf", 2]
    assert msgspec.json.decode(msgspec.json.encode(curve), type=Curve) == curve


def test_any_metric_of_runs_in_columns_and_beyond(board: Board) -> None:
    experiment = Experiment(board.client, name="tracked")
    one, other = experiment.get_run().start(), experiment.get_run().start()
    one.add_metrics({"train/loss: 100%": 0.5}, step=1)
    one.add_metrics({"train/loss: 100%": 0.25}, step=2)
    dump = {f"metric {i}": float(i) for i in range(80)}  # too many at a time for columns
    other.add_metrics(dump, step=3)
    other.add_metrics({"train/loss: 100%": "text"}, step=4)
    other.add_metrics({"train/loss: 100%": 2**60}, step=5)
    loss = charts.get_curves(board, experiment.id, "train/loss: 100%", which="latest")
    assert loss.total == 2
    assert [(c.steps, c.values) for c in loss.curves] == [
        ([4, 5], ["nan", 2.0**60]),
        ([1, 2], [0.5, 0.25]),
    ]
    beyond = charts.get_curves(board, experiment.id, "metric 79")
    assert [(c.number, c.steps, c.values) for c in beyond.curves] == [(1, [3], [79])]


def test_progress_is_the_axis_where_there_are_no_steps(board: Board) -> None:
    experiment = Experiment(board.client, name="tracked")
    run = experiment.get_run().start()
    for progress in (0.25, 0.5, 1.0):
        run.add_metrics({"loss": progress}, progress=progress)
    [curve] = charts.get_curves(board, experiment.id, "loss").curves
    assert curve.steps == curve.values == [0.25, 0.5, 1]


def test_what_is_not_there_is_told(board: Board, study: optuna.Study) -> None:
    with pytest.raises(NotFoundError, match="'nope'"):
        charts.get_curves(board, study._study_id, "nope")
    with pytest.raises(NotFoundError):
        charts.get_curves(board, study._study_id + 1)
    with pytest.raises(InvalidValueError):
        charts.get_curves(board, study._study_id, limit=0)
    with pytest.raises(InvalidValueError):
        charts.get_curves(board, study._study_id, filter="value <")


def test_a_long_curve_is_thinned_where_it_is(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "SHORT", 100)
    experiment = Experiment(board.client, name="tracked")
    run = experiment.get_run().start()
    for step in range(1001):
        run.add_metrics({"loss": 50.0 if step == 333 else step / 1000}, step=step)
    [curve] = charts.get_curves(board, experiment.id, "loss", points=100).curves
    assert 90 <= len(curve.steps) <= 100
    assert (curve.steps[0], curve.steps[-1]) == (0, 1000)
    assert dict(zip(curve.steps, curve.values, strict=True))[333] == 50
    assert all(
        v == 50 or v == step / 1000 for step, v in zip(curve.steps, curve.values, strict=True)
    )


def test_thinning_keeps_the_ends_the_extremes_and_what_is_special() -> None:
    values = np.sin(np.arange(10_000) / 500)
    values[1234], values[6000], values[7000], values[8000] = 50, -50, math.nan, math.inf
    found = decimated(Points(np.arange(10_000.0), values), 200)
    assert found.values.size <= 200
    assert {0, 1234, 6000, 7000, 8000, 9999} <= set(found.steps.tolist())
    assert (np.diff(found.steps) > 0).all()
    np.testing.assert_array_equal(found.values, values[found.steps.astype(int)])


@pytest.mark.parametrize("points", [2, 3, 4, 7])
def test_thinning_never_gives_more_than_asked_for(points: int) -> None:
    found = decimated(Points(np.arange(50.0), np.random.default_rng(0).random(50)), points)
    assert found.steps.size <= points
    assert (found.steps[0], found.steps[-1]) == (0, 49)
