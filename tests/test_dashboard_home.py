"""The list of all experiments."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState, create_trial

from runbase import Client, Experiment
from runbase.dashboard import TextInputWidget, home, register_objective_form_widgets
from runbase.dashboard.api.experiments import list_experiments
from runbase.dashboard.api.study import get_summary
from runbase.dashboard.api.types import Counts, ExperimentRow
from runbase.dashboard.board import Board
from runbase.optuna import RDBStorage

optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture
def board(client: Client) -> Iterator[Board]:
    with closing(Board(client)) as board:
        yield board


def new_study(client: Client, name: str, directions: Any = None) -> optuna.Study:
    return optuna.create_study(
        study_name=name, storage=RDBStorage(client), directions=directions or ["minimize"]
    )


def rows(board: Board) -> list[ExperimentRow]:
    """All lines, of a server that knows of every write at once."""
    board.written()
    return list_experiments(board).experiments


def test_an_empty_database_has_no_experiments(board: Board) -> None:
    assert rows(board) == []


def test_a_study_has_counts_and_its_best(client: Client, board: Board) -> None:
    study = new_study(client, "s", ["maximize"])
    study.add_trials([create_trial(value=v) for v in (1.0, 3.0, 2.0)])
    study.add_trial(create_trial(value=9, system_attrs={"constraints": [1.0]}))
    study.add_trial(create_trial(value=9, state=TrialState.PRUNED))
    study.ask()
    (row,) = rows(board)
    assert row.counts == Counts(6, 0, 1, 4, 1, 0)
    assert (row.best, row.best_trial) == (3.0, study.best_trial.number)
    assert row.trend == [1.0, 3.0, 3.0]
    assert (row.kind, row.name, row.directions) == ("optuna", "s", ["maximize"])
    assert row.objective_names == ["Objective 0"]
    assert (row.is_preferential, row.stale) == (False, 0)
    assert row.last_activity is not None
    assert abs(row.last_activity - datetime.now(UTC).timestamp() * 1000) < 600_000


def test_a_line_follows_what_happens(client: Client, board: Board) -> None:
    study, other = new_study(client, "s"), new_study(client, "other")
    other.add_trial(create_trial(value=7))
    assert [row.best for row in rows(board)] == [7, None]
    study.add_trial(create_trial(value=4))
    assert [row.best for row in rows(board)] == [7, 4]
    study.add_trial(create_trial(value=2))
    study._storage.set_study_system_attr(study._study_id, "study:metric_names", ["loss"])
    first = rows(board)[1]
    assert (first.best, first.trend, first.objective_names) == (2, [4, 2], ["loss"])
    optuna.delete_study(study_name="s", storage=study._storage)
    assert [row.name for row in rows(board)] == ["other"]


def test_a_tracking_experiment_has_counts_and_activity(
    client: Client, board: Board, experiment: Experiment
) -> None:
    run = experiment.get_run()
    (row,) = rows(board)
    assert (row.counts, row.best, row.trend) == (Counts(1, 1), None, [])
    run.start()
    assert rows(board)[0].counts == Counts(1, RUNNING=1)
    run.stop()
    experiment.set_tags("good", "new")
    experiment.set_comment("about cats")
    (row,) = rows(board)
    assert row.counts == Counts(1, COMPLETED=1)
    assert (sorted(row.tags), row.comment) == (["good", "new"], "about cats")
    client.execute("DELETE FROM runs")
    assert rows(board)[0].counts == Counts()


def test_several_objectives_have_no_single_best(client: Client, board: Board) -> None:
    study = new_study(client, "s", ["minimize", "maximize"])
    study.add_trial(create_trial(values=[1, 2]))
    (row,) = rows(board)
    assert (row.best, row.trend, len(row.objective_names)) == (None, [], 2)


def test_an_infinite_best_is_a_text(client: Client, board: Board) -> None:
    new_study(client, "s").add_trial(create_trial(value=-math.inf))
    assert rows(board)[0].best == "-inf"


def test_the_trend_of_many_trials_has_forty_points(client: Client, board: Board) -> None:
    study = new_study(client, "s")
    study.add_trials([create_trial(value=float(100 - i)) for i in range(90)])
    trend = rows(board)[0].trend
    assert (len(trend), trend[0], trend[-1]) == (40, 100, 11)


def test_what_runs_too_long_is_stale(client: Client, board: Board) -> None:
    trial = new_study(client, "s").ask()
    ago = datetime.now(UTC) - timedelta(minutes=20)
    client.execute(
        "UPDATE runs SET time_started = ?, time_updated = ?, version = 99 WHERE id = ?",
        (ago, ago, trial._trial_id),
    )
    assert rows(board)[0].stale == 1


def test_preferential_studies_are_marked(client: Client, board: Board) -> None:
    study = new_study(client, "s")
    study._storage.set_study_system_attr(study._study_id, "preference:is_preferential", True)
    study.add_trial(create_trial(value=0))
    (row,) = rows(board)
    assert (row.is_preferential, row.best) == (True, None)


@pytest.mark.item("P01")
def test_experiments_are_found_by_words_kind_and_tags(client: Client, board: Board) -> None:
    new_study(client, "Image search")
    for name, tags in (("image two", ["a", "b"]), ("text", ["a"])):
        Experiment(client, name=name).set_tags(*tags)
    board.written()

    def names(**how: object) -> list[str]:
        return [row.name for row in list_experiments(board, **how).experiments]  # type: ignore[arg-type]

    assert names() == ["text", "image two", "Image search"]
    assert names(q="image") == ["image two", "Image search"]
    assert names(q="SEARCH image") == ["Image search"]
    assert names(kind=["optuna"]) == ["Image search"]
    assert names(tag=["a"]) == ["text", "image two"]
    assert names(tag=["a", "b"]) == ["image two"]
    assert names(q="b", kind=["tracking"]) == ["image two"]
    assert list_experiments(board, q="nothing").total == 3


@pytest.mark.parametrize("directions", [["minimize"], ["maximize"], ["minimize", "maximize"]])
def test_a_large_study_has_the_line_that_it_had_as_a_small_one(
    client: Client, board: Board, monkeypatch: pytest.MonkeyPatch, directions: list[str]
) -> None:
    study = new_study(client, "s", directions)
    n = len(directions)
    study.add_trials([create_trial(values=[v] * n) for v in (1.0, 3.0, -math.inf, 2.0)])
    study.add_trial(create_trial(values=[9] * n, system_attrs={"constraints": [1.0]}))
    study.add_trial(create_trial(state=TrialState.FAIL))
    rows(board)
    running = study.ask()
    study.tell(study.ask(), [0.5] * n)
    monkeypatch.setattr(home, "LARGE", 0)
    (large,) = rows(board)
    monkeypatch.undo()
    running.set_user_attr("a", 1)
    (small,) = rows(Board(Client(client.config)))
    for row in (large, small):
        row.version, row.last_activity = 0, None
    assert large == small


def test_trials_that_wait_for_people_are_not_stale(client: Client, board: Board) -> None:
    study = new_study(client, "s")
    study.ask()
    long_ago = datetime.now(UTC) - timedelta(days=1)
    sql = "UPDATE runs SET time_started = ?, time_updated = ?"
    client.execute(sql, [long_ago, long_ago])
    assert [row.stale for row in rows(Board(Client(client.config)))] == [1]
    register_objective_form_widgets(study, [TextInputWidget()])
    assert [row.stale for row in rows(board)] == [0]
    assert get_summary(board, study._study_id).stale == []
