"""CSV files of trials: Optuna Dashboard's columns, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from runbase import Client, Experiment
from runbase.dashboard.api import stock, trials
from runbase.dashboard.board import Board
from runbase.dashboard.server.endpoint import Raw
from runbase.dashboard.table_csv import harmless
from runbase.errors import InvalidValueError, NotFoundError
from runbase.optuna import RDBStorage
from tests.test_dashboard_stock import theirs


@pytest.fixture
def board(client: Client) -> Iterator[Board]:
    with closing(Board(client)) as board:
        yield board


def lines(file: Raw) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.content.decode())))


@pytest.fixture
def study(board: Board) -> optuna.Study:
    """Trials of all states with all kinds of values."""
    storage = RDBStorage(board.client)
    study = optuna.create_study(storage=storage, study_name='a "study": ü/1')
    kinds: dict[str, Any] = {
        "x": FloatDistribution(-1, 1),
        "n": IntDistribution(0, 2**60),
        "kind": CategoricalDistribution(["a,b", None, True, 2.5, "ü"]),
    }
    for n in range(5):
        params = {"x": 0.35 - 0.1 * n, "n": 2**59 + n, "kind": kinds["kind"].choices[n]}
        study.add_trial(
            create_trial(
                value=float("inf") if n == 3 else n / 3,
                params=params,
                distributions=kinds,
                user_attrs={"note": f"line\n{n}", "list": [1, None], f"only {n}": False},
            )
        )
    study.add_trial(create_trial(state=TrialState.FAIL))
    study.enqueue_trial({"x": 0.5})
    study.ask().suggest_float("y", 0, 1)
    return study


@pytest.mark.item("H08", "T07")
def test_the_file_is_that_of_optuna_dashboard(board: Board, study: optuna.Study) -> None:
    storage = study._storage
    for query, numbers in [("", None), ("?trial_ids=1,3", [1, 3])]:
        expected = theirs(storage, f"/csv/{study._study_id}{query}")
        assert stock.get_csv(board, study._study_id, numbers).content.decode() == expected
        assert trials.get_csv(board, study._study_id, numbers=numbers).content.decode() == expected


def test_several_objectives_have_their_names(board: Board) -> None:
    storage = RDBStorage(board.client)
    study = optuna.create_study(storage=storage, directions=["minimize", "maximize"])
    study.add_trial(create_trial(values=[1.0, 2.0]))
    study.add_trial(create_trial(state=TrialState.RUNNING))
    path = f"/csv/{study._study_id}"
    assert stock.get_csv(board, study._study_id).content.decode() == theirs(storage, path)
    storage.set_study_system_attr(study._study_id, "study:metric_names", ["loss", "=accuracy"])
    assert lines(stock.get_csv(board, study._study_id))[0] == [
        "Number", "State", "loss", "'=accuracy"
    ]  # fmt: skip


def test_only_the_trials_that_a_filter_lets_through(board: Board, study: optuna.Study) -> None:
    found = lines(trials.get_csv(board, study._study_id, "value < 0.5 or failed"))
    assert [line[:2] for line in found[1:]] == [["0", "COMPLETE"], ["1", "COMPLETE"], ["5", "FAIL"]]
    assert "UserAttribute only 4" not in found[0]
    both = trials.get_csv(board, study._study_id, "value < 0.5", numbers=[1, 2])
    assert [line[0] for line in lines(both)[1:]] == ["1"]


def test_runs_of_tracking_experiments_have_their_arguments(board: Board) -> None:
    experiment = Experiment(board.client, name="tracked")
    experiment.get_run().add_args({"lr": 0.1, "model": {"name": "vit", "depth": 3}})
    found = lines(trials.get_csv(board, experiment.id))
    assert found[0] == ["Number", "State", "Param lr", "Param model.depth", "Param model.name"]
    assert found[1][2:] == ["0.1", "3", "vit"]


def test_formulas_become_texts(board: Board) -> None:
    study = optuna.create_study(storage=RDBStorage(board.client))
    study.add_trial(create_trial(value=-1.0, user_attrs={"=1+1": '=HYPERLINK("x")', "b": "-2"}))
    assert lines(stock.get_csv(board, study._study_id)) == [
        ["Number", "State", "Value", "UserAttribute =1+1", "UserAttribute b"],
        ["0", "COMPLETE", "-1.0", '\'=HYPERLINK("x")', "-2"],
    ]


@pytest.mark.parametrize("text", ["=1", "+cmd|' /C calc'!A0", "@SUM(1)", "-x", "\t=1", "\r=1"])
def test_what_begins_like_a_formula_gets_a_quote(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("cell", ["", "text", "-1.5", "+3", "a=b", -1.5, None, True])
def test_numbers_and_other_texts_stay_as_they_are(cell: Any) -> None:
    assert harmless(cell) is cell


def test_the_file_has_the_name_of_the_study(board: Board, study: optuna.Study) -> None:
    found = trials.get_csv(board, study._study_id)
    assert found.media_type == "text/csv; charset=utf-8"
    assert found.headers == {
        "Content-Disposition": 'attachment; filename="a-study-_1.csv";'
        " filename*=UTF-8''a-study-%C3%BC1.csv"
    }


def test_what_is_not_there_is_told(board: Board, study: optuna.Study) -> None:
    with pytest.raises(NotFoundError):
        trials.get_csv(board, study._study_id + 1)
    with pytest.raises(NotFoundError):
        stock.get_csv(board, study._study_id, [99])
    with pytest.raises(InvalidValueError):
        trials.get_csv(board, study._study_id, "value <")
