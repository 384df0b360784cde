"""Filters in Python, on the command line, and on the pages of a study."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import optuna
import pandas as pd
import pytest

import runbase
from runbase import Client, Experiment, commands
from runbase.dashboard.columns import Tables
from runbase.dashboard.filter import mask
from runbase.errors import FilterError, InvalidValueError, NotFoundError
from runbase.optuna import RDBStorage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def filled(client: Client) -> Client:
    """Two runs of one experiment, and one of another."""
    experiment = Experiment(client, name="digits")
    for i in range(2):
        run = experiment.get_run().set_args({"lr": 0.1 * i, "opt": {"name": "adam"}})
        run.set_env({"HOST": f"node{i}"}).set_tags("old" if i else "new").set_created(NOON)
        run.add_metrics({"acc": 0.5 + i}, step=3, updated=None)
    Experiment(client, name="letters").get_run()
    return client


def test_a_data_frame_has_what_there_is(filled: Client):
    frame = runbase.runs(filled, experiment="digits")
    assert frame.columns.tolist() == [
        "id", "number", "status", "created", "started", "updated", "finished", "duration", "tags",
        "args.lr", "args.opt.name", "best:acc", "last:acc",
    ]  # fmt: skip
    assert frame["id"].tolist() == [2, 1]
    assert frame["args.lr"].tolist() == [0.1, 0.0]
    assert frame["tags"].tolist() == [["old"], ["new"]]
    assert frame["best:acc"].tolist() == [1.5, 0.5]
    assert frame["created"].tolist() == [pd.Timestamp(NOON)] * 2
    assert frame["created"].dtype == frame["finished"].dtype == "datetime64[us, UTC]"
    assert frame["finished"].isna().all()


def test_a_data_frame_is_filtered_sorted_and_limited(filled: Client):
    columns = ["id", "experiment", "args.lr", "env.HOST", "n:acc"]
    frame = runbase.runs(filled, columns=columns, sort="args.lr", descending=False, limit=2)
    assert frame.columns.tolist() == columns
    assert frame["id"].tolist() == [1, 2]
    assert frame["env.HOST"].tolist() == ["node0", "node1"]
    every = runbase.runs(filled, columns=["id", "args.lr"], sort="args.lr")
    assert every["id"].tolist() == [2, 1, 3]
    assert math.isnan(every["args.lr"][2])
    assert runbase.runs(filled, "tag:old", experiment=1)["id"].tolist() == [2]
    assert runbase.runs(filled, "tag:none").empty


def test_the_best_of_a_metric_come_first(client: Client):
    experiment = Experiment(client, name="digits")
    for i in (2, 1, 3):
        experiment.get_run().add_metrics({"val_loss": i, "acc": i})
    for sort in ("best:val_loss", "last:val_loss"):
        assert runbase.runs(client, sort=sort, limit=2)["best:val_loss"].tolist() == [1, 2]
    assert runbase.runs(client, sort="best:acc", limit=2)["best:acc"].tolist() == [3, 2]
    worst = runbase.runs(client, sort="best:val_loss", descending=True)
    assert worst["best:val_loss"].tolist() == [3, 2, 1]


def test_an_experiment_is_given_in_any_way(filled: Client):
    for experiment in (Experiment(filled, name="letters"), "letters", 2):
        assert runbase.runs(filled, experiment=experiment)["id"].tolist() == [3]
    for unknown in ("words", 99):
        with pytest.raises(NotFoundError, match="there is no experiment"):
            runbase.runs(filled, experiment=unknown)


def test_mistakes_in_python_are_told(filled: Client):
    with pytest.raises(FilterError, match="did you mean lr") as caught:
        runbase.runs(filled, "id > 1 and lrr < 1")
    assert caught.value.at == 11
    with pytest.raises(InvalidValueError, match="there is no column 'lr': choose from id"):
        runbase.runs(filled, columns=["lr"])


def test_a_negative_limit_is_refused(filled: Client):
    with pytest.raises(InvalidValueError, match="limit is a number of rows"):
        runbase.runs(filled, limit=-1)
    assert runbase.runs(filled, limit=0).empty


def listed(url: str, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert commands.main(["runs", "--url", url, *options]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_filter_goes_with_the_other_options(
    filled: Client, url: str, capsys: pytest.CaptureFixture[str]
):
    columns = ("--columns", "id")
    assert listed(url, capsys, *columns, "--filter", "id < 3")[1:] == [" 2", " 1"]
    with_tag = ("--filter", "id < 3", "--tag", "old", "-e", "digits", "--arg", "lr=0.1")
    assert listed(url, capsys, *columns, *with_tag)[1:] == [" 2"]
    by_metric = ("--filter", "id < 3", "--sort", "best:acc", "--limit", "1")
    assert listed(url, capsys, *columns, *by_metric)[1:] == [" 2"]


def test_the_sql_of_a_filter_can_be_run(
    filled: Client, url: str, capsys: pytest.CaptureFixture[str]
):
    text = "args.opt.name = \"ad'am\" or created = '2026-03-01 12:00:00+00:00'"
    printed = "\n".join(listed(url, capsys, "--filter", text, "--sql"))
    page = printed.partition(";")[0]
    assert sorted(row[0] for row in filled.execute(page).fetchall()) == [1, 2]


def test_a_table_has_any_column(filled: Client, url: str, capsys: pytest.CaptureFixture[str]):
    columns = "id,kind,number,args.opt.name,env.HOST,mean:acc,n:acc,at:acc,extras.no"
    head, row, _ = listed(url, capsys, "--columns", columns, "--filter", "tag:old or tag:new")
    assert head.split() == [*columns.replace("at:acc", "at acc").replace(",", " ").split()]
    assert row.split() == ["2", "tracking", "1", "adam", "node1", "1.5", "1", "3"]


def test_a_filter_chooses_what_is_exported(filled: Client, url: str, tmp_path: Path):
    path = tmp_path / "runs.json"
    options = ["--filter", "acc > 1", "--output", str(path)]
    assert commands.main(["export", "--url", url, *options]) == 0
    assert [run["id"] for run in json.loads(path.read_text())] == [2]


def test_a_mistake_is_marked_below_wide_characters(
    filled: Client, url: str, capsys: pytest.CaptureFixture[str]
):
    assert commands.main(["runs", "--url", url, "--filter", '"学习" an\tx']) == 1
    assert capsys.readouterr().err.splitlines()[1:] == ['  "学习" an x', "         ^"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("tag:good", [1]),
        ("not tag:good", [0, 2]),
        ('"ADAM"', [0]),
        ("loss < 0.5", [0]),
        ("max:loss > 1.9 and last:loss >= 2", [2]),
        ("loss is missing", []),
        ("experiment = study and kind = optuna", [0, 1, 2]),
        ("env.HOST = node7", [1]),
        ("comment contains promising or tag:good", [0, 1]),
        ("created > 2020-01-01 and updated is not missing", [0, 1, 2]),
        ("loss > 0.5 and lr < 0.7", [1]),
    ],
)
def test_the_pages_of_a_study_understand_all_names(client: Client, text: str, numbers: list[int]):
    study = optuna.create_study(storage=RDBStorage(client), study_name="study")
    for i in range(3):
        study.enqueue_trial({"lr": i / 2, "opt": ["adam", "sgd", "none"][i]})
        trial = study.ask()
        trial.suggest_float("lr", 0, 1)
        trial.suggest_categorical("opt", ["adam", "sgd", "none"])
        runbase.run_add_metrics(client, trial._trial_id, {"loss": float(i)}, updated=None)
        study.tell(trial, i)
    ids = [trial._trial_id for trial in study.trials]
    runbase.run_add_tags(client, ids[1], "good")
    runbase.run_set_env(client, ids[1], {"HOST": "node7"})
    runbase.run_set_comment(client, ids[0], "a promising one")
    table = Tables(client).of(study._study_id)
    assert table.numbers[mask(table, text)].tolist() == numbers


def test_a_name_that_a_parameter_has_is_the_parameter(client: Client):
    run = Experiment(client, name="e").get_run().set_args({"kind": "a", "created": 3})
    found = runbase.runs(client, "kind = a and created < 4 and run.kind = tracking")
    assert found["id"].tolist() == [run.id]
