"""Ax experiments in the dashboard and on the command line, on each engine, without Ax."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from runbase import Client, Experiment
from runbase.commands import main
from runbase.dashboard.api import artifacts, charts, experiments, notes, steering, study, trials
from runbase.dashboard.api.artifacts import Upload
from runbase.dashboard.api.experiments import ExperimentChange
from runbase.dashboard.api.notes import NoteConflictError
from runbase.dashboard.api.steering import Queued, Told, UserAttrs
from runbase.dashboard.api.types import ExperimentRow, Note
from runbase.dashboard.board import Board
from runbase.dashboard.columns import Tables
from runbase.dashboard.files import Directory
from runbase.errors import InvalidValueError, NotFoundError
from runbase.store import schema
from tests.axes import Axes, at_most, batches, choice, number, observed, tuned, two_objectives
from tests.web import web_of

POINT = {"lr": 0.01, "layers": 2, "opt": "adam"}


@pytest.fixture
def board(client: Client, tmp_path: Path) -> Iterator[Board]:
    with closing(Board(client, artifacts=Directory(tmp_path / "files"))) as board:
        board.tables = Tables(client, recount=0.0)
        yield board


def columns(board: Board, axes: Axes, *names: str, **options: Any) -> list[list[Any]]:
    found = charts.get_columns(board, axes.id, list(names), **options).columns
    return [found[name].values for name in names]


def labelled(board: Board, axes: Axes, name: str) -> list[str | None]:
    column = charts.get_columns(board, axes.id, [name]).columns[name]
    assert column.labels is not None
    return [None if place is None else column.labels[int(place)] for place in column.values]


def home_row(board: Board, axes: Axes) -> ExperimentRow:
    return next(e for e in experiments.list_experiments(board).experiments if e.id == axes.id)


def test_an_ax_experiment_is_a_line_of_the_home_page(client: Client, board: Board) -> None:
    row = home_row(board, tuned(client))
    assert (row.kind, row.directions, row.objective_names) == ("ax", ["minimize"], ["loss"])
    counts = row.counts
    assert (counts.total, counts.COMPLETED, counts.RUNNING, counts.PLANNED) == (40, 35, 1, 1)
    assert (counts.PRUNED, counts.FAILED, counts.CANCELLED, counts.other) == (1, 1, 1, 0)
    assert row.best == pytest.approx(1.0358, abs=1e-3)
    assert row.best_trial == 37


def test_infeasible_arms_are_not_the_best(client: Client, board: Board) -> None:
    axes = Axes(client, metrics=("loss", "size"), constraints=[at_most("size", 5)])
    axes.add({"0_0": POINT}, observed("0_0", loss=1.0, size=9.0))
    axes.add({"1_0": POINT}, observed("1_0", loss=2.0, size=5.0))
    assert home_row(board, axes).best == 2.0
    [feasible, violation] = columns(board, axes, "feasible", "violation")
    assert (feasible, violation) == ([0, 1], [4, 0])
    assert trials.get_trial(board, axes.id, 0).constraints == [4.0]
    assert study.get_study(board, axes.id).has_constraints


def test_the_tries_of_a_batch_are_its_arms(client: Client, board: Board) -> None:
    axes = Axes(client)
    axes.add({"0_0": POINT}, observed("0_0", loss=3.0))
    arms = {f"1_{k}": POINT | {"layers": 1 + k} for k in range(3)}
    rows = [row for k in range(3) for row in observed(f"1_{k}", loss=2.0 - k)]
    axes.add(arms, rows, is_batch=True)
    axes.add({"2_0": POINT}, observed("2_0", loss=1.0))
    assert labelled(board, axes, "name") == ["0_0", "1_0", "1_1", "1_2", "2_0"]
    found = columns(board, axes, "trial", "value:0", "best:0", "param:layers")
    assert found == [[0, 1, 1, 1, 2], [3, 2, 1, 0, 1], [3, 2, 1, 0, 0], [2, 1, 2, 3, 2]]
    row = home_row(board, axes)
    assert (row.counts.total, row.best, row.trend) == (5, 0.0, [3.0, 2.0, 1.0, 0.0, 0.0])


def test_a_batch_that_runs_has_no_try_besides_its_arms(client: Client, board: Board) -> None:
    axes = batches(client)
    assert home_row(board, axes).counts.RUNNING == 7
    summary = study.get_summary(board, axes.id)
    assert (summary.counts.total, summary.counts.RUNNING) == (35, 7)
    assert [ref.name for ref in summary.running] == ["control", *(f"4_{k}" for k in range(6))]


def test_an_arm_has_a_page_with_neighbours_in_order(client: Client, board: Board) -> None:
    axes = batches(client, count=2, arms=2)
    page = trials.get_trials(board, axes.id)
    assert [(row.trial, row.name) for row in page.rows] == [
        (0, "control"), (0, "0_0"), (0, "0_1"), (1, "control"), (1, "1_0"), (1, "1_1"),
    ]  # fmt: skip
    last, first = page.rows[2], page.rows[3]
    trial = trials.get_trial(board, axes.id, last.number)
    assert (trial.name, trial.trial, trial.next) == ("0_1", 0, first.number)
    assert trials.get_trial(board, axes.id, first.number).previous == last.number
    backwards = trials.get_trials(board, axes.id, sort="number", descending=True)
    assert [row.trial for row in backwards.rows] == [1, 1, 1, 0, 0, 0]


def test_runs_are_sorted_by_their_names(client: Client, board: Board) -> None:
    experiment = Experiment(client, name="tracked")
    for name in ("b", "c", "a"):
        run = experiment.get_run()
        client.execute("UPDATE runs SET name = :name WHERE id = :id", {"name": name, "id": run.id})
    page = trials.get_trials(board, experiment.id, sort="name")
    assert [row.name for row in page.rows] == ["a", "b", "c"]


def test_the_address_of_an_arm_has_its_number(client: Client) -> None:
    axes = batches(client, count=1, arms=2)
    with web_of(client) as web:
        answer = web.get(f"/api/experiments/{axes.id}/trials/-2")
        assert (answer.status_code, answer.json()["name"]) == (200, "0_0")
        assert web.get(f"/api/experiments/{axes.id}/trials/-99").status_code == 404
        assert web.get(f"/api/experiments/{axes.id}/trials/x").status_code == 400


def test_the_number_of_a_batch_stands_for_all_of_its_arms(client: Client, board: Board) -> None:
    axes = batches(client, count=3, arms=2)
    found = trials.get_trials(board, axes.id, numbers=[1])
    assert [row.name for row in found.rows] == ["control", "1_0", "1_1"]


@pytest.mark.parametrize(
    ("filter", "names"),
    [
        ("trial = 1", ["control", "1_0", "1_1"]),
        ('name = "1_1"', ["1_1"]),
        ("arm contains control and trial > 0", ["control"]),
        ("number in (-2, -3)", ["0_0", "0_1"]),
        ("generation_node = Sobol and params.lr > 0.05", ["0_0"]),
    ],
)
def test_arms_are_filtered(client: Client, board: Board, filter: str, names: list[str]) -> None:
    axes = batches(client, count=2, arms=2)
    assert [row.name for row in trials.get_trials(board, axes.id, filter).rows] == names


def test_a_parameter_called_name_comes_before_names(client: Client, board: Board) -> None:
    axes = Axes(client, parameters=[choice("name", ["a", "b"])])
    axes.add({"0_0": {"name": "a"}})
    axes.add({"1_0": {"name": "b"}})
    assert [row.trial for row in trials.get_trials(board, axes.id, "name = b").rows] == [1]


def test_standard_errors_are_a_column(client: Client, board: Board) -> None:
    axes = Axes(client)
    axes.add({"0_0": POINT}, observed("0_0", 0.25, loss=1.0))
    axes.add({"1_0": POINT}, observed("1_0", loss=2.0))
    assert columns(board, axes, "sem:0") == [[0.25, None]]
    [known, unknown] = trials.get_trials(board, axes.id, sort="sem:0").rows
    assert (known.sems, unknown.sems) == ([0.25], [])
    trial = trials.get_trial(board, axes.id, 0)
    [metric] = trial.metrics
    assert (trial.sems, metric.name, metric.last, metric.sem) == ([0.25], "loss", 1.0, 0.25)
    assert study.get_study(board, axes.id).has_errors
    assert study.get_summary(board, axes.id).best[0].sems == [0.25]


def test_an_error_is_that_of_the_last_mean(client: Client, board: Board) -> None:
    axes = Axes(client)
    rows = observed("0_0", 0.5, 0, loss=2.0) + observed("0_0", math.nan, 1, loss=1.0)
    axes.add({"0_0": POINT}, rows)
    assert columns(board, axes, "value:0", "sem:0") == [[1], [None]]
    assert trials.get_trial(board, axes.id, 0).metrics[0].sem is None


def test_each_of_several_objectives_has_its_errors(client: Client, board: Board) -> None:
    axes = two_objectives(client)
    known = study.get_study(board, axes.id)
    assert known.directions == ["maximize", "minimize"]
    assert known.objective_names == ["accuracy", "latency"]
    first = trials.get_trials(board, axes.id).rows[0]
    assert (first.values, first.sems) == ([0.6, 10.0], [0.01, 2.0])
    [front] = columns(board, axes, "front")
    assert sum(front) == known.summary.front_size > 3


def test_a_sum_of_metrics_has_no_error(client: Client, board: Board) -> None:
    axes = Axes(client, objective="loss + 2 * cost", metrics=("loss", "cost"))
    axes.add({"0_0": POINT}, observed("0_0", 0.5, loss=1.0, cost=2.0))
    assert columns(board, axes, "value:0", "sem:0") == [[5], [None]]
    assert not study.get_study(board, axes.id).has_errors


def test_a_metric_that_is_called_like_an_error_is_none(client: Client, board: Board) -> None:
    axes = Axes(client, metrics=("loss", "loss_sem"))
    axes.add({"0_0": POINT}, observed("0_0", 0.25, loss=1.0, loss_sem=7.0))
    assert columns(board, axes, "sem:0") == [[0.25]]
    metrics = {m.name: m.last for m in trials.get_trial(board, axes.id, 0).metrics}
    assert metrics == {"loss": 1.0, "loss_sem": 7.0}


def test_axes_of_parameters_come_from_the_search_space(client: Client, board: Board) -> None:
    space = [
        number("lr", 1e-5, 1e-1, log=True), number("layers", 1, 6),
        choice("opt", ["sgd", "adam"]), choice("batch", [64, 16, 32]),
        {"__type": "FixedParameter", "name": "epochs", "value": 3},
        {"__type": "SomeOtherParameter", "name": "derived"},
    ]  # fmt: skip
    axes = Axes(client, parameters=space)
    tried = {"lr": 0.01, "layers": 2, "opt": "adam", "batch": 32, "epochs": 3, "derived": 0.5}
    axes.add({"0_0": tried}, observed("0_0", loss=1.0))
    found = {p.name: p for p in study.get_study(board, axes.id).params}
    lr, layers = found["lr"], found["layers"]
    assert (lr.kind, lr.low, lr.high, lr.log) == ("float", 1e-5, 0.1, True)
    assert (layers.kind, layers.low, layers.high, layers.step) == ("int", 1, 6, 1)
    assert [c.label for c in found["opt"].choices] == ["sgd", "adam"]
    assert [c.label for c in found["batch"].choices] == ["64", "16", "32"]
    assert [c.label for c in found["epochs"].choices] == ["3"]
    assert (found["derived"].low, found["derived"].high) == (0.5, 0.5)
    texts = {p.name: p.distribution for p in trials.get_trial(board, axes.id, 0).params}
    assert (texts["lr"], texts["layers"]) == ("1e-05 to 0.1, log", "1 to 6")
    assert texts["batch"] == "one of 64, 16, 32"


def test_arms_from_outside_of_the_search_space_are_shown(client: Client, board: Board) -> None:
    axes = tuned(client)
    axes.add({"mine": {"lr": 0.5, "layers": 0, "opt": "rprop"}}, observed("mine", loss=9.0))
    found = {p.name: p for p in study.get_study(board, axes.id).params}
    assert (found["lr"].high, found["layers"].low) == (0.5, 0)
    assert [c.label for c in found["opt"].choices] == ["sgd", "adam", "lion", "rprop"]
    # They were not chosen by Ax, and say nothing about what matters.
    importances = charts.get_importances(board, axes.id).importances
    assert {share.name for share in importances[0]} == {"lr", "layers", "opt"}


def test_a_search_space_that_changes_is_read_again(client: Client, board: Board) -> None:
    axes = Axes(client, parameters=[number("lr", 0.1, 0.2)])
    axes.add({"0_0": {"lr": 0.1}}, observed("0_0", 0.5, loss=1.0))
    assert study.get_study(board, axes.id).params[0].high == 0.2
    axes.choose_from(number("lr", 0.1, 0.9))
    assert study.get_study(board, axes.id).params[0].high == 0.9
    assert columns(board, axes, "sem:0") == [[0.5]]


def test_a_document_that_nobody_understands_hides_no_trials(client: Client, board: Board) -> None:
    axes = tuned(client)
    with client:
        client.execute("UPDATE ax_experiments SET doc = '{'")
    known = study.get_study(board, axes.id)
    assert (known.summary.counts.total, known.has_errors) == (40, False)
    assert {p.name for p in known.params} == {"lr", "layers", "opt"}


def test_nodes_and_generators_are_attributes(client: Client, board: Board) -> None:
    axes = tuned(client)
    keys = {a.key: a.numeric for a in study.get_study(board, axes.id).attributes}
    assert keys == {"generation_node": False, "generator": False}
    nodes = labelled(board, axes, "attr:generation_node")
    assert (nodes[0], nodes[1], nodes[-1]) == ("CenterOfSearchSpace", "Sobol", "MBM")


def test_why_a_batch_failed_is_said_of_its_arms(client: Client, board: Board) -> None:
    axes = batches(client, count=1, arms=1)
    axes.docs[0]["status_reason"] = "no power"
    axes.tell(0, (), "FAILED")
    attrs = {a.key: a.value for a in trials.get_trial(board, axes.id, -2).user_attrs}
    assert attrs == {"status_reason": "no power", "generation_node": "Sobol", "generator": "Sobol",
                     "weight": 1.0}  # fmt: skip


def test_the_status_quo_is_known_where_it_was_tried(client: Client, board: Board) -> None:
    axes = batches(client, count=4)
    found = study.get_study(board, axes.id).status_quo
    assert found is not None
    assert (found.name, [ref.trial for ref in found.trials]) == ("control", [0, 1, 2, 3])
    [first, *_] = columns(board, axes, "value:0")[0]
    assert found.trials[0].values == pytest.approx([first], rel=1e-4)
    assert study.get_study(board, two_objectives(client).id).status_quo is None


def test_metrics_with_steps_have_curves(client: Client, board: Board) -> None:
    axes = tuned(client)
    assert study.get_study(board, axes.id).metrics == ["loss"]
    best = charts.get_curves(board, axes.id, "loss", limit=1).curves[0]
    assert (best.number, best.steps) == (37, [0, 1, 2, 3, 4, 5])
    assert study.get_study(board, batches(client).id).metrics == []


def test_curves_of_arms_have_their_names(client: Client, board: Board) -> None:
    axes = Axes(client)
    rows = [r for k in (0, 1) for step in (0, 1) for r in observed(f"0_{k}", step=step, loss=k)]
    axes.add({"0_0": POINT, "0_1": POINT}, rows, is_batch=True)
    found = charts.get_curves(board, axes.id, "loss").curves
    assert [(curve.name, curve.steps) for curve in found] == [("0_0", [0, 1]), ("0_1", [0, 1])]


Change = Callable[[Axes], object]


@pytest.mark.parametrize(
    "change",
    [
        lambda axes: axes.add({"9_0": POINT}, observed("9_0", 0.5, loss=0.5)),
        lambda axes: axes.tell(4, observed("4_0", 0.5, loss=0.25)),
        lambda axes: axes.tell(4, (), "FAILED"),
        lambda axes: axes.add({"9_0": POINT, "9_1": POINT}, is_batch=True),
        lambda axes: axes.choose_from(number("lr", 1e-9, 1.0, log=True)),
    ],
)
def test_a_table_that_follows_changes_is_what_a_new_one_is(
    client: Client, board: Board, change: Change
) -> None:
    axes = batches(client, count=3, arms=2)
    axes.add({"3_0": POINT}, observed("3_0", 0.5, loss=0.25))
    axes.add({"4_0": POINT}, status="RUNNING")
    everything = (
        "number", "trial", "status", "value:0", "sem:0", "best:0", "param:lr", "param:opt",
        "feasible",
    )  # fmt: skip
    columns(board, axes, *everything, "attr:generation_node")
    change(axes)
    with closing(Board(client)) as other:
        for name in everything:
            assert columns(board, axes, name) == columns(other, axes, name), name
        for name in ("name", "attr:generation_node"):
            assert labelled(board, axes, name) == labelled(other, axes, name)
        assert study.get_study(board, axes.id) == study.get_study(other, axes.id)


def test_only_changed_trials_are_sent_where_all_have_numbers(client: Client, board: Board) -> None:
    axes = tuned(client)
    version = charts.get_columns(board, axes.id, ["number"]).version
    axes.tell(38, observed("38_0", 0.125, loss=0.5))
    news = charts.get_columns(board, axes.id, ["number", "value:0", "sem:0"], since=version)
    assert not news.complete
    assert [news.columns[n].values for n in ("number", "value:0", "sem:0")] == [
        [38],
        [0.5],
        [0.125],
    ]
    batch = batches(client)
    version = charts.get_columns(board, batch.id, ["number"]).version
    batch.tell(0, ())
    assert charts.get_columns(board, batch.id, ["number"], since=version).complete


def test_a_changed_experiment_is_news(client: Client, board: Board) -> None:
    axes = tuned(client)
    tick = board.watcher.look()
    axes.tell(38, observed("38_0", loss=0.5))
    board.watcher.look()
    news = board.watcher.since(tick)
    assert news.experiments[axes.id] == study.get_summary(board, axes.id).version


@pytest.mark.parametrize(
    "change",
    [
        lambda board, id, run: steering.enqueue(board, id, Queued({"lr": 0.1})),
        lambda board, id, run: steering.tell(board, run, Told("Fail")),
        lambda board, id, run: steering.set_user_attrs(board, run, UserAttrs({"a": 1})),
        lambda board, id, run: experiments.change_experiment(board, id, ExperimentChange("new")),
        lambda board, id, run: experiments.change_experiment(
            board, id, ExperimentChange(comment="new")
        ),
        lambda board, id, run: artifacts.upload_to_study(board, id, Upload("data:,", "a.txt")),
        lambda board, id, run: artifacts.upload_to_trial(board, id, run, Upload("data:,", "a.txt")),
    ],
)
def test_what_only_ax_may_change_is_refused(
    client: Client, board: Board, change: Callable[[Board, int, int], object]
) -> None:
    axes = tuned(client)
    before = study.get_study(board, axes.id)
    with pytest.raises(InvalidValueError, match=r"is one of Ax's.*change it with Ax"):
        change(board, axes.id, axes.known[38].run_id)
    assert study.get_study(board, axes.id) == before


def test_tags_are_no_part_of_ax(client: Client, board: Board) -> None:
    axes = tuned(client)
    row = experiments.change_experiment(board, axes.id, ExperimentChange(tags=["good"]))
    assert row.tags == ["good"]


def test_an_experiment_is_deleted_with_its_documents(client: Client, board: Board) -> None:
    axes = batches(client)
    experiments.delete_experiment(board, axes.id)
    with pytest.raises(NotFoundError):
        study.get_study(board, axes.id)
    [[left]] = client.execute("SELECT COUNT(*) FROM ax_trials").fetchall()
    assert left == 0


def test_notes_are_beside_the_documents(client: Client, board: Board) -> None:
    axes = tuned(client)
    notes.put_study_note(board, axes.id, Note(1, "# what it was for"))
    run = axes.known[3].run_id
    notes.put_trial_note(board, axes.id, run, Note(1, "as it is in production"))
    notes.put_trial_note(board, axes.id, run, Note(2, "x" * 5000))
    assert study.get_study(board, axes.id).note == Note(1, "# what it was for")
    assert trials.get_trial(board, axes.id, 3).note == Note(2, "x" * 5000)
    assert [row.number for row in trials.get_trials(board, axes.id).rows if row.has_note] == [3]


def test_nobody_overwrites_a_note_unseen(client: Client, board: Board) -> None:
    axes = tuned(client)
    notes.put_study_note(board, axes.id, Note(1, "mine"))
    with pytest.raises(NoteConflictError):
        notes.put_study_note(board, axes.id, Note(1, "theirs"))
    with pytest.raises(NotFoundError):
        notes.put_trial_note(board, axes.id, 987_654, Note(1, "nobody's"))


def test_a_file_of_all_arms(client: Client, board: Board) -> None:
    axes = batches(client, count=2, arms=1)
    text = trials.get_csv(board, axes.id).content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["Number"], row["Arm"]) for row in rows] == [
        ("0", "control"), ("0", "0_0"), ("1", "control"), ("1", "1_0"),
    ]  # fmt: skip
    assert rows[0]["loss SEM"] == "0.05"
    assert rows[1]["UserAttribute generation_node"] == "Sobol"


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    url = f"sqlite:///{tmp_path}/ax.db"
    with closing(Client(url)) as client:
        schema.setup(client.database)
        batches(client)
        tuned(client)

    def shell(*arguments: str) -> str:
        main([*arguments, "--url", url])
        return capsys.readouterr().out

    return shell


def test_ls_counts_arms_and_not_their_batches(shell: Callable[..., str]) -> None:
    found = {e["name"]: e for e in json.loads(shell("ls", "--json"))}
    assert (found["batches of Ax"]["runs"], found["batches of Ax"]["running"]) == (35, 7)
    assert (found["tuned by Ax"]["runs"], found["tuned by Ax"]["failed"]) == (40, 1)


def test_runs_are_called_by_their_arms(shell: Callable[..., str]) -> None:
    table = shell("runs", "-e", "batches of Ax", "--columns", "#,name,status,value")
    lines = [line.split() for line in table.splitlines()[1:]]
    assert len(lines) == 35
    assert lines[0] == ["4", "4_5", "RUNNING"]
    assert lines[-1][:3] == ["0", "control", "COMPLETED"]
    header = shell("runs").splitlines()[0].split()
    assert header[:4] == ["id", "experiment", "name", "status"]
    assert "loss_sem" not in header


def test_show_says_which_arm_of_which_trial(shell: Callable[..., str]) -> None:
    arms = json.loads(shell("runs", "-e", "batches of Ax", "--json"))
    [id] = [arm["id"] for arm in arms if arm["name"] == "0_0"]
    assert f"Run {id}: arm 0_0 of trial 0 of batches of Ax" in shell("show", str(id))
    assert "Run 1: number 0 of batches of Ax" in shell("show", "1")
    assert "control" in shell("show", "1")  # the first of its arms


def test_nothing_of_it_needs_ax(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['ax'] = sys.modules['torch'] = None\n"
        "from contextlib import closing\n"
        "from runbase import Client\n"
        "from runbase.store import schema\n"
        "from runbase.dashboard.board import Board\n"
        "from runbase.dashboard.api import study\n"
        "from tests.axes import batches\n"
        f"with closing(Client('sqlite:///{tmp_path}/ax.db')) as client:\n"
        "    schema.setup(client.database)\n"
        "    print(study.get_study(Board(client), batches(client).id).summary.counts.total)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "35\n"
