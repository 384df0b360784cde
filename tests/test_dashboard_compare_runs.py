"""Runs side by side: every fact once, with one value for each run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import optuna
import pytest

from runbase import Client, Experiment, Run
from runbase.dashboard.api.run_compare import ComparedRow, RunComparison, get_run_comparison
from runbase.dashboard.board import Board
from runbase.dashboard.run_compare import flattened
from runbase.errors import InvalidValueError
from runbase.optuna import RDBStorage
from tests.web import reason, web_of

optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture
def board(client: Client) -> Iterator[Board]:
    with closing(Board(client)) as board:
        yield board


@pytest.fixture
def runs(experiment: Experiment) -> list[Run]:
    """Two finished runs that differ in a little."""
    one = experiment.get_run().start().add_tags("baseline")
    one.add_args({"model": "resnet", "opt": {"lr": 0.1, "name": "adam"}, "layers": [1, 2]})
    one.add_metrics({"loss": 3.0, "acc": 0.5}, step=0).add_metrics({"loss": 1.0}, step=4)
    one.add_metrics({"loss": 2.0}, step=8).stop()
    other = experiment.get_run().start()
    other.add_args({"model": "resnet", "opt": {"lr": 0.2, "name": "adam"}, "seed": 7})
    other.add_metrics({"loss": 0.5}, step=2).stop()
    other.add_link("resumes", one.id).add_link("repeats", one.id)
    return [one, other]


def rows(found: RunComparison) -> dict[str, ComparedRow]:
    return {row.key: row for row in found.rows}


def values(found: RunComparison) -> dict[str, list[Any]]:
    return {row.key: row.values for row in found.rows}


def test_arguments_are_rows_by_their_place(board: Board, runs: list[Run]) -> None:
    found = rows(get_run_comparison(board, [run.id for run in runs]))
    args = {key: row for key, row in found.items() if row.group == "args"}
    assert {key: (row.values, row.differs, row.kind) for key, row in args.items()} == {
        "args.model": (["resnet", "resnet"], False, "text"),
        "args.opt.lr": ([0.1, 0.2], True, "number"),
        "args.opt.name": (["adam", "adam"], False, "text"),
        "args.layers": ([[1, 2], None], True, "document"),
        "args.seed": ([None, 7], True, "number"),
    }
    assert args["args.opt.lr"].label == "opt.lr"


def test_metrics_are_rows_with_their_best(board: Board, runs: list[Run]) -> None:
    found = get_run_comparison(board, [run.id for run in runs])
    shown = values(found)
    assert {key: shown[f"{key}:loss"] for key in ("best", "last", "at", "min", "max", "n")} == {
        "best": [1, 0.5], "last": [2, 0.5], "at": [4, 2], "min": [1, 0.5], "max": [3, 0.5],
        "n": [3, 1],
    }  # fmt: skip
    assert shown["mean:loss"] == [2, 0.5]
    assert shown["best:acc"] == [0.5, None]
    assert rows(found)["best:loss"].lower_is_better
    assert not rows(found)["best:acc"].lower_is_better


def test_runs_come_in_the_order_in_which_they_are_asked_for(board: Board, runs: list[Run]) -> None:
    one, other = (run.id for run in runs)
    found = get_run_comparison(board, [other, one, 999, other])
    assert [(run.id, run.number) for run in found.runs] == [(other, 1), (one, 0)]
    assert found.missing == [999]
    assert values(found)["args.opt.lr"] == [0.2, 0.1]
    assert values(found)["tags"] == [[], ["baseline"]]
    assert values(found)["status"] == ["COMPLETED", "COMPLETED"]
    assert not rows(found)["status"].differs


def test_links_between_the_runs_are_told(board: Board, runs: list[Run]) -> None:
    one, other = (run.id for run in runs)
    runs[1].add_link("resumes", Experiment(board.client, name="another").get_run().id)
    found = get_run_comparison(board, [one, other])
    assert [(link.from_id, link.kind, link.to_id) for link in found.links] == [
        (other, "repeats", one), (other, "resumes", one)
    ]  # fmt: skip
    assert get_run_comparison(board, [other]).links == []


def test_numbers_that_json_has_not_are_texts(board: Board, experiment: Experiment) -> None:
    run = experiment.get_run().start()
    for step, value in enumerate((1.0, math.nan)):
        run.add_metrics({"loss": value}, step=step)
    found = get_run_comparison(board, [run.id])
    assert values(found)["last:loss"] == ["nan"]
    assert values(found)["mean:loss"] == [1]
    json.loads(msgspec.json.encode(found))


def test_a_running_run_has_a_duration(board: Board, experiment: Experiment) -> None:
    run = experiment.get_run().start()
    planned = experiment.get_run()
    found = values(get_run_comparison(board, [run.id, planned.id]))
    assert found["duration"][0] >= 0
    assert found["duration"][1] is None
    assert found["finished"] == [None, None]


def test_trials_have_values_and_attributes(board: Board) -> None:
    study = optuna.create_study(
        storage=RDBStorage(board.client), directions=["minimize", "maximize"]
    )
    for i in range(2):
        trial = study.ask()
        trial.suggest_float("x", i, i)
        trial.set_user_attr("fold", i)
        study.tell(trial, [i, -i])
    found = values(get_run_comparison(board, [trial._trial_id for trial in study.trials]))
    assert found["value"] == [0, 1]
    assert found["value:1"] == [0, -1]
    assert found["args.x"] == [0, 1]
    assert found["attrs.fold"] == [0, 1]


def test_nothing_to_compare_is_no_error(board: Board) -> None:
    found = get_run_comparison(board, [4])
    assert (found.runs, found.rows, found.missing) == ([], [], [4])
    with pytest.raises(InvalidValueError, match="up to 100 runs, not 101"):
        get_run_comparison(board, list(range(101)))


def test_numbers_that_no_run_can_have_are_refused(client: Client, runs: list[Run]) -> None:
    with web_of(client) as web:
        assert web.get("/api/runs/compare").json()["runs"] == []
        assert len(web.get("/api/runs/compare?runs=1,2").json()["runs"]) == 2
        for path in ("compare?runs=1e99", "compare?runs=99999999999999999999", "curves?runs=1"):
            answer = web.get(f"/api/runs/{path}")
            assert answer.status_code == 400
            assert reason(answer)


def test_documents_are_told_by_their_places() -> None:
    document = {"a": {"b": 1, "c": {}}, "d": [1], "e.f": None}
    assert list(flattened(document)) == [
        (("a", "b"), 1), (("a", "c"), {}), (("d",), [1]), (("e.f",), None)
    ]  # fmt: skip
    assert list(flattened({})) == list(flattened(None)) == []
    assert list(flattened([1])) == [((), [1])]
