"""The table of runs: columns, rows, groups, points for charts, and files."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import optuna
import pytest

import runbase
from runbase import Client, Experiment
from runbase.dashboard import run_export, run_table
from runbase.dashboard.api.runs import get_catalogue, get_groups, get_points, get_runs
from runbase.dashboard.board import Board
from runbase.dashboard.preferential import create_study
from runbase.errors import InvalidValueError, NotFoundError
from runbase.optuna import RDBStorage
from tests.web import reason, web_of

optuna.logging.set_verbosity(optuna.logging.WARNING)
STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def board(client: Client) -> Iterator[Board]:
    with closing(Board(client)) as board:
        yield board


@pytest.fixture
def digits(client: Client) -> Experiment:
    """Four runs: two models, one without metrics, one with odd values."""
    experiment = Experiment(client, name="digits")
    for number, (model, lr, curve) in enumerate([
        ("mlp", 0.1, [0.5, 0.9, 0.7]),
        ("mlp", 0.01, [0.6, 0.8]),
        ("forest", None, []),
        ("forest", 1, [math.nan]),
    ]):  # fmt: skip
        run = experiment.get_run().set_started(STARTED).set_args(
            {"model": model, "lr": lr, "opt": {"name": "=adam"}}
        )  # fmt: skip
        for step, value in enumerate(curve):
            run.add_metrics({"val_acc": value, "val_loss": 1 - value}, step=step)
        if number % 2 == 0:
            run.add_tags("a", "baseline")
    return experiment


def rows(board: Board, *columns: str, **asked: Any) -> list[tuple[Any, ...]]:
    found = get_runs(board, list(columns), **asked).columns
    return list(zip(*(found[key] for key in columns), strict=True))


def test_the_catalogue_has_all_columns_and_the_useful_ones_first(board: Board, digits: Experiment):
    found = get_catalogue(board, digits.id)
    assert (found.experiment, found.kind, found.total) == ("digits", "tracking", 4)
    columns = {column.key: column for column in found.columns}
    assert {"id", "status", "args.lr", "args.opt.name", "best:val_acc", "tags"} <= columns.keys()
    assert (columns["args.lr"].kind, columns["args.model"].kind) == ("number", "text")
    assert columns["best:val_loss"].lower_is_better
    assert not columns["best:val_acc"].lower_is_better
    assert sorted(found.metrics) == ["val_acc", "val_loss"]
    assert {tag.name: tag.count for tag in found.tags} == {"a": 2, "baseline": 2}
    assert set(found.shown) <= columns.keys()
    assert {"best:val_acc", "args.model", "status"} <= set(found.shown)


def test_the_columns_of_the_newest_runs_are_known_before_those_of_all(
    board: Board, client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run_table, "NEWEST", 2)
    experiment = Experiment(client, name="grown")
    for name in ("old", "new", "new"):
        experiment.get_run().set_args({name: 1}).add_metrics({f"{name} loss": 1.0}).add_tags(name)
    newest, whole = (get_catalogue(board, experiment.id, complete=c) for c in (False, True))
    assert (newest.is_complete, whole.is_complete) == (False, True)
    assert newest.total == whole.total == 3
    assert newest.shown == whole.shown
    assert (newest.metrics, whole.metrics) == (["new loss"], ["new loss", "old loss"])
    keys = [{column.key for column in found.columns} for found in (newest, whole)]
    assert keys[1] - keys[0] >= {"args.old", "best:old loss"}
    assert [tag.name for tag in newest.tags] == ["new"]


def test_what_people_compare_is_shown_first(board: Board, client: Client):
    experiment = Experiment(client, name="many columns")
    run = experiment.get_run().set_args({"a": 1, "b": 2, "zoo": "mlp"} | dict.fromkeys("cdefgh", 3))
    run.add_metrics({f"train_{i}": 1.0 for i in range(4)} | {"test/loss": 2.0})
    shown = get_catalogue(board, experiment.id).shown
    assert next(key for key in shown if key.startswith("best:")) == "best:test/loss"
    assert next(key for key in shown if key.startswith("args.")) == "args.zoo"


def test_rows_have_the_best_value_not_the_last(board: Board, digits: Experiment):
    keys = ("best:val_acc", "last:val_acc", "at:val_acc", "n:val_acc", "best:val_loss")
    found = rows(board, *keys, experiment=digits.id, filter="args.lr = 0.1")
    assert found == [(0.9, 0.7, 1, 3, pytest.approx(0.1))]


def test_rows_are_sorted_with_those_without_a_value_last(board: Board, digits: Experiment):
    for descending, expected in ((True, [0.9, 0.8]), (False, [0.8, 0.9])):
        found = rows(
            board, "best:val_acc", experiment=digits.id, sort="best:val_acc", descending=descending
        )
        assert [value for (value,) in found][:2] == expected
        assert len(found) == 4


def test_the_newest_come_in_the_same_order_as_all(board: Board, digits: Experiment):
    every = runbase.search.ids(board.db, digits.id)
    newest = get_runs(board, ["id"], digits.id, offset=1, limit=2)
    assert (newest.total, newest.ids) == (len(every), every[1:3])
    assert get_runs(board, ["id"], offset=4).ids == runbase.search.ids(board.db, None)[4:]


def test_pages_follow_each_other(board: Board, digits: Experiment):
    pages = [get_runs(board, ["id"], digits.id, offset=at, limit=3) for at in (0, 3)]
    assert [page.total for page in pages] == [4, 4]
    ids = [id for page in pages for id in page.ids]
    assert ids == sorted(ids, reverse=True)
    assert [id for page in pages for id in page.columns["id"]] == ids


def test_cells_are_json(board: Board, digits: Experiment):
    [found] = rows(board, "started", "tags", "args.opt.name", experiment=digits.id, filter="id = 1")
    assert found == (STARTED.timestamp() * 1000, ["a", "baseline"], "=adam")


def test_a_new_run_is_seen_at_once(board: Board, digits: Experiment):
    assert get_runs(board, ["id"], digits.id).total == 4
    run = digits.get_run()
    found = get_runs(board, ["id", "tags"], digits.id)
    assert (found.total, found.ids[0]) == (5, run.id)
    run.add_tags("later")
    assert get_runs(board, ["id"], digits.id, filter="tag:later").ids == [run.id]


def test_runs_of_all_kinds_are_in_one_table(board: Board, digits: Experiment, client: Client):
    study = optuna.create_study(storage=RDBStorage(client), study_name="tuning")
    study.optimize(lambda trial: trial.suggest_float("lr", 0, 1), n_trials=2)
    found = rows(board, "experiment", "kind", "args.lr", sort="id", descending=False)
    assert [row[:2] for row in found] == [("digits", "tracking")] * 4 + [("tuning", "optuna")] * 2
    assert found[-1][2] == study.trials[1].params["lr"]
    assert get_runs(board, ["id"], filter="kind = optuna and value < 2").total == 2
    assert get_catalogue(board).experiment is None


def test_a_preferential_study_has_no_values_to_show(board: Board, client: Client):
    study = create_study(n_generate=2, storage=RDBStorage(client), study_name="pictures")
    for _ in range(2):
        study.ask().suggest_int("hue", 0, 255)
    study.report_preference(study.trials[0], study.trials[1])
    found = get_catalogue(board, study._study._study_id)
    assert "args.hue" in found.shown
    columns = {column.key for column in found.columns}
    assert {key for key in [*found.shown, *columns] if key.startswith("value")} == set()


def test_groups_have_counts_means_and_a_filter(board: Board, digits: Experiment):
    found = get_groups(board, "args.model", ["best:val_acc"], digits.id)
    assert (found.total, found.left_out) == (4, 0)
    by_value = {group.value: group for group in found.groups}
    assert {value: group.count for value, group in by_value.items()} == {"mlp": 2, "forest": 2}
    mlp = by_value["mlp"]
    key = "best:val_acc"
    assert (mlp.lows[key], mlp.highs[key]) == (0.8, 0.9)
    assert mlp.means[key] == pytest.approx(0.85)
    assert get_runs(board, ["id"], digits.id, filter=mlp.filter).ids == [2, 1]


def test_points_are_numbers_or_places_among_labels(board: Board, digits: Experiment):
    found = get_points(board, ["args.model", "args.lr", "best:val_acc", "tags"], digits.id)
    assert (found.total, found.sampled, found.ids) == (4, False, [1, 2, 3, 4])
    model, lr, acc = (found.columns[k] for k in ("args.model", "args.lr", "best:val_acc"))
    assert (model.labels, model.values) == (["forest", "mlp"], [1, 1, 0, 0])
    assert (lr.labels, lr.values) == (None, [0.1, 0.01, None, 1])
    assert acc.values[:3] == [0.9, 0.8, None]
    assert found.columns["tags"].labels is not None


def test_of_many_points_some_are_taken_at_even_distances(board: Board, digits: Experiment):
    found = get_points(board, ["id"], digits.id, limit=2)
    assert (found.total, found.sampled, found.ids) == (4, True, [1, 4])
    assert get_points(board, ["id"], digits.id, runs=[3, 2, 99]).ids == [2, 3]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"columns": ["nothing"]}, "nothing"),
        ({"columns": ["args.model"], "sort": "nothing"}, "nothing"),
        ({"columns": ["id"], "filter": "id ="}, "at character"),
        ({"columns": ["id"], "limit": 0}, "limit"),
        ({"columns": ["id"] * 501}, "500"),
    ],
)
def test_mistakes_are_told(board: Board, digits: Experiment, asked: dict[str, Any], message: str):
    with pytest.raises(InvalidValueError, match=message):
        get_runs(board, experiment=digits.id, **asked)


def test_there_must_be_such_an_experiment(board: Board):
    for ask in (get_catalogue, lambda b, id: get_runs(b, ["id"], id)):
        with pytest.raises(NotFoundError, match="no experiment 99"):
            ask(board, 99)


def test_the_csv_file_is_what_the_table_shows(client: Client, digits: Experiment):
    path = "/api/runs/export?columns=id,args.opt.name,best:val_acc,tags,started&descending=false"
    with web_of(client) as web:
        answer = web.get(f"{path}&experiment={digits.id}&filter=args.model%20%3D%20mlp")
    assert 'filename="digits.csv"' in answer.headers["content-disposition"]
    table = list(csv.reader(io.StringIO(answer.text)))
    assert table == [
        ["id", "args.opt.name", "best:val_acc", "tags", "started"],
        ["1", "'=adam", "0.9", "a baseline", STARTED.isoformat()],
        ["2", "'=adam", "0.8", "", STARTED.isoformat()],
    ]


def test_the_json_file_has_an_object_for_each_run(client: Client, digits: Experiment):
    path = f"/api/runs/export?format=json&experiment={digits.id}&columns=id,args.lr,last:val_acc"
    with web_of(client) as web:
        found = json.loads(web.get(f"{path}&descending=false").text)
        nothing = json.loads(web.get(f"{path}&filter=id%20%3D%2099").text)
    assert found[0] == {"id": 1, "args.lr": 0.1, "last:val_acc": 0.7}
    assert [run["id"] for run in found] == [1, 2, 3, 4]
    assert nothing == []


def test_the_parquet_file_has_types(client: Client, digits: Experiment):
    parquet = pytest.importorskip("pyarrow.parquet")
    keys = "id,args.lr,args.model,best:val_acc,tags,started"
    path = f"/api/runs/export?format=parquet&experiment={digits.id}&columns={keys}&runs=1,3"
    with web_of(client) as web:
        table = parquet.read_table(io.BytesIO(web.get(f"{path}&descending=false").content))
    assert [str(kind) for kind in table.schema.types] == [
        "double", "double", "string", "double", "list<element: string>", "timestamp[us, tz=UTC]",
    ]  # fmt: skip
    assert table.to_pylist()[0] == {
        "id": 1, "args.lr": 0.1, "args.model": "mlp", "best:val_acc": 0.9,
        "tags": ["a", "baseline"], "started": STARTED,
    }  # fmt: skip
    assert table["id"].to_pylist() == [1, 3]


def test_the_parquet_file_takes_whatever_runs_have(client: Client):
    parquet = pytest.importorskip("pyarrow.parquet")
    experiment = Experiment(client, name="odd")
    experiment.get_run().set_args({"seed": 2**60 + 1, "a": 1}).set_extras({"x": "text"})
    experiment.get_run().set_args({"seed": 10**400, "a": {"b": 2}}).set_extras({"x": 1})
    path = (
        "/api/runs/export?format=parquet&descending=false&columns=id,args.seed,args.a,extras.x,id"
    )
    with web_of(client) as web:
        table = parquet.read_table(io.BytesIO(web.get(path).content))
    assert table.to_pydict() == {
        "id": [1, 2], "args.seed": [float(2**60), math.inf], "args.a": [1, None],
        "extras.x": ["text", "1"],
    }  # fmt: skip


def test_whole_numbers_that_browsers_would_round_are_texts(client: Client, board: Board):
    Experiment(client, name="seeds").get_run().set_args({"seed": 2**60 + 1})
    assert rows(board, "args.seed", "id") == [(str(2**60 + 1), 1)]


def test_a_file_of_more_runs_than_a_piece_has_them_all(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(run_export, "CHUNK", 2)
    experiment = Experiment(client, name="many")
    for number in range(5):
        experiment.get_run().set_args({"even": number} if number % 2 == 0 else {})
    path = "/api/runs/export?columns=id,args.even&format="
    with web_of(client) as web:
        lines = web.get(f"{path}csv").text.splitlines()
        objects = json.loads(web.get(f"{path}json").text)
        table = parquet.read_table(io.BytesIO(web.get(f"{path}parquet").content))
    assert lines == ["id,args.even", "5,4", "4,", "3,2", "2,", "1,0"]
    found = [(5, 4), (4, None), (3, 2), (2, None), (1, 0)]
    assert [tuple(each.values()) for each in objects] == found
    assert [tuple(each.values()) for each in table.to_pylist()] == found


def test_files_have_whatever_runs_have(client: Client):
    experiment, text = Experiment(client, name="odd"), 'two\n"lines", null],['
    experiment.get_run().set_args({"a": text, "b": True, 'quo"ted': [1, None, {"c": "d"}]})
    run = experiment.get_run().set_args({"a": 10**400, "b": False, 'quo"ted': ["x", "y"]})
    run.add_metrics({"loss": math.nan}).add_metrics({"loss": 2.5})
    experiment.get_run().add_metrics({"loss": math.inf})
    infinity = "inf" if client.db.engine.has_infinity else None
    keys = ["id", "args.a", "args.b", 'args.quo"ted', "last:loss", "max:loss"]
    path = f"/api/runs/export?descending=false&columns={quote(','.join(keys))}&format="
    with web_of(client) as web:
        table = list(csv.reader(io.StringIO(web.get(f"{path}csv").text, newline="")))
        objects = json.loads(web.get(f"{path}json").text)
        plain = json.loads(web.get(f"{path.replace('quo', '')}json").text)
    assert table == [
        keys,
        ["1", text, "true", '[1,null,{"c":"d"}]', "", ""],
        ["2", str(10**400), "false", "x y", "2.5", "2.5"],
        ["3", "", "", "", infinity or "", infinity or ""],
    ]
    assert [list(each) for each in objects] == [keys] * 3
    assert [each[keys[3]] for each in objects] == [[1, None, {"c": "d"}], ["x", "y"], None]
    assert [each["args.a"] for each in objects] == [text, 10**400, None]
    assert [each["last:loss"] for each in objects] == [None, 2.5, infinity]
    assert [each["args.a"] for each in plain] == [text, 10**400, None]


@pytest.mark.parametrize("asked", ["columns=nothing", "columns=", "columns=id&filter=id%20%3D"])
def test_what_is_wrong_with_a_file_is_told_before_it_begins(
    client: Client, digits: Experiment, asked: str
):
    with web_of(client) as web:
        answer = web.get(f"/api/runs/export?experiment={digits.id}&{asked}")
    assert answer.status_code == 400
    assert reason(answer)


def test_studies_and_dataframes_agree_with_the_table(board: Board, digits: Experiment):
    pytest.importorskip("pandas")
    frame = runbase.runs(board.client, filter="args.model = mlp", columns=["id", "best:val_acc"])
    assert list(frame.itertuples(index=False, name=None)) == rows(
        board, "id", "best:val_acc", filter="args.model = mlp"
    )
