"""The examples, run as a person runs them, and what they leave behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import optuna
import pytest

from runbase import Client, Experiment
from runbase.dashboard.preferential import PreferentialStudy, load_study
from runbase.optuna import RDBStorage
from runbase.queries import first_value, first_values
from tests.people import until
from tests.web import running

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No configuration but that of the test."""
    for name in list(os.environ):
        if re.match("(RUNBASE|SQLTRACK)_(?!TEST_)", name):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def database(url: str) -> Iterator[Client]:
    """A client of the database at `url`, for when an example has set it up."""
    with closing(Client(url)) as client:
        yield client


def example(name: str, *args: str, fails: bool = False) -> str:
    """What the example prints: on stdout, or where it ``fails`` on stderr. Warnings are errors."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.returncode != 0) == fails, done.stderr
    assert fails or not done.stderr
    return done.stderr if fails else done.stdout


# minimal.py


@pytest.mark.item("S004")
def test_minimal(url: str, database: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RUNBASE_URL", url)
    lines = example("minimal.py").splitlines()
    assert lines[-1] == "[90 rows x 4 columns]"
    table = lines[-14:-2]  # setup says what it does first
    assert table[0].split() == ["run_id", "step", "progress", "loss"]
    assert table[1].split() == ["0", "1", "0", "0.0", "7.000000"]
    assert table[-1].split() == ["89", "1", "89", "0.0", "1.021857"]
    assert first_value(database, "SELECT COUNT(*) FROM metrics") == 90
    assert first_value(database, "SELECT status FROM runs") == "COMPLETED"


@pytest.mark.item("S004")
def test_minimal_needs_no_configuration(tmp_path: Path):
    example("minimal.py")
    with closing(Client(tmp_path / "runbase.db")) as client:
        assert first_values(client, "SELECT name FROM experiments") == ["Minimal"]


# generate_experiment_data.py


@pytest.mark.item("S005")
def test_generated_data(url: str, database: Client):
    example("generate_experiment_data.py", "--url", url, "--runs", "9", "--epochs", "8")
    assert first_value(database, "SELECT COUNT(*) FROM experiments") == 3
    rows = database.execute("SELECT id, status, args, env, tags FROM runs ORDER BY id").fetchall()
    assert [row[0] for row in rows] == list(range(1, 10))
    assert [row[0] for row in rows if row[1] != "COMPLETED"] == [3, 8]
    for _, _, args, env, tags in rows:
        assert args.keys() == {"model", "lr", "batch_size", "weight_decay", "amp", "epochs"}
        assert env.keys() == {"SOURCE", "GIT_COMMIT", "SLURM_JOB_PARTITION", "SLURM_JOBID"}
        assert args["model"] in tags
    assert len({row[3]["SLURM_JOBID"] for row in rows}) == 9
    links = database.execute("SELECT from_id, kind, to_id FROM run_links ORDER BY from_id")
    assert [tuple(link) for link in links] == [(4, "resumes", 3), (9, "resumes", 8)]


@pytest.mark.item("S005")
def test_generated_metrics(url: str, database: Client):
    example("generate_experiment_data.py", "--url", url, "--runs", "4", "--epochs", "8")
    steps = "SELECT step FROM metrics WHERE run_id = %s ORDER BY step"
    assert first_values(database, steps, [1]) == list(range(8))
    assert first_values(database, steps, [3]) + first_values(database, steps, [4]) == list(range(8))
    assert first_value(database, "SELECT MAX(progress) FROM metrics WHERE run_id = 3") == 0.5
    metrics = "train_start, train_end, train_loss, train_top1, val_loss, val_top1"
    for row in database.execute(f"SELECT {metrics} FROM metrics"):
        assert 20 < (row[1] - row[0]).total_seconds() < 70
        assert all(0 < value < 10 for value in row[2:])


def test_generated_data_depends_on_the_seed(tmp_path: Path):
    curves = []
    for i, seed in enumerate(["1", "1", "2"]):
        file = str(tmp_path / f"{i}.db")
        options = ["--url", f"sqlite:///{file}", "--runs", "2", "--epochs", "3", "--seed", seed]
        example("generate_experiment_data.py", *options)
        with closing(Client(file)) as client:
            curves.append(first_values(client, "SELECT val_loss FROM metrics ORDER BY run_id"))
    assert len(curves[0]) == 6
    assert curves[0] == curves[1] != curves[2]


# notebook.ipynb


def test_notebook_is_stored_without_outputs():
    notebook = nbformat.read(EXAMPLES / "notebook.ipynb", 4)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.item("S005", "Q1", "Q2", "Q3", "Q4")
def test_notebook(url: str, database: Client, monkeypatch: pytest.MonkeyPatch):
    example("generate_experiment_data.py", "--url", url, "--runs", "10", "--epochs", "6")
    monkeypatch.setenv("RUNBASE_URL", url)
    outputs = executed(EXAMPLES / "notebook.ipynb")
    experiments, runs, metrics, comparison = (table for table in map(rows_of, outputs) if table)
    assert [row[2] for row in experiments] == sorted(row[2] for row in experiments)
    assert [row[1] for row in runs] == list(range(10, 0, -1))
    best = "SELECT MAX(val_top1) FROM metrics GROUP BY run_id ORDER BY run_id DESC"
    shown = [re.sub("<[^>]*>", "|", row[7]).split("|")[-2] for row in runs]
    assert shown == [f"{100 * value:.1f}%" for value in first_values(database, best)]
    curve = [(run_id, step) for merged_id, run_id, step, *_ in metrics if merged_id == 3]
    assert curve == [(3, 0), (3, 1), (3, 2), (4, 3), (4, 4), (4, 5)]
    marked = {label: ["OrangeRed" in cell for cell in cells] for label, *cells in comparison}
    assert marked["status"] == [True] * 4
    assert marked["args.epochs"] == [False] * 4
    assert marked["env.SLURM_JOBID"] == [True] * 4
    losses, accuracies = plots(outputs)
    assert [line["name"] for line in losses["data"]][:2] == ["run 3: train_loss", "run 3: val_loss"]
    assert len(losses["layout"]["shapes"]) == 2  # where another run took over
    assert sum(len(group["text"]) for group in accuracies["data"]) == 10


def executed(path: Path) -> list[Any]:
    """The outputs of a notebook, run from top to bottom in the current folder."""
    notebook = nbformat.read(path, 4)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type in ("stream", "error")]
    return [output.data for output in outputs]


def rows_of(output: Any) -> list[Any]:
    """The rows of the table that an output shows; none if it is no table."""
    found = re.search(r'"data_json": (".*")', output.get("text/html", ""))
    return json.loads(json.loads(found[1])) if found else []


def plots(outputs: list[Any]) -> list[Any]:
    kind = "application/vnd.plotly.v1+json"
    return [output[kind] for output in outputs if kind in output]


# demo.py

ROW = re.compile(
    r" *(?P<id>\d+)  (?P<experiment>digits|breast cancer) +(?P<status>[A-Z]+)  (?P<args>.*?) +"
    r"(?P<best>[\d.]+) +(?P<at_step>\d+) +(?P<last>[\d.]+) +(?P<seconds>[\d.]+)"
)
RESUMED = {"model": "mlp", "lr": 0.0003, "hidden": 32}


def test_demo(tmp_path: Path):
    with closing(Client(tmp_path / "demo.db")) as client:
        Experiment(client, name="mine").get_run().add_metrics({"loss": 1.0})
        kept = Experiment(client, name="mine").get_run().add_artifact("mine", name="a.txt")
        old_run = Experiment(client, name="digits").get_run()
        old, old_file = old_run.id, old_run.add_artifact("of the old run", name="a.txt").path
    output = example("demo.py")
    table = [found.groupdict() for line in output.splitlines() if (found := ROW.fullmatch(line))]
    assert max(map(len, output.splitlines())) <= 100
    with closing(Client(tmp_path / "demo.db")) as client:
        check_table(client, output, table)
        check_runs(client)
        check_resumed(client, output)
        assert first_value(client, "SELECT COUNT(*) FROM runs WHERE id = ?", [old]) == 0
        mine = "SELECT loss FROM metrics JOIN runs ON run_id = runs.id WHERE experiment_id = 1"
        assert first_values(client, mine) == [1.0]
    assert old_file is not None
    assert not old_file.exists()
    assert kept.read() == b"mine"
    assert f"runbase show {table[0]['id']}" in output


def check_table(client: Client, output: str, table: list[dict[str, str]]) -> None:
    """The printed table has what the metrics say, and comes from the printed SQL."""
    assert len(table) >= 24
    best = dict(client.execute("SELECT run_id, MAX(val_accuracy) FROM metrics GROUP BY run_id"))
    for row in table:
        id = int(row["id"])
        assert row["best"] == f"{best[id]:.3f}"
        at_step = "SELECT val_accuracy FROM metrics WHERE run_id = ? AND step = ?"
        assert first_value(client, at_step, [id, int(row["at_step"])]) == best[id]
        last = "SELECT val_accuracy FROM metrics WHERE run_id = ? ORDER BY step DESC"
        assert row["last"] == f"{first_value(client, last, [id]):.3f}"
    sql = re.search(r"^SELECT r\.id.*?(?=\n\n)", output, re.M | re.S)
    assert sql is not None
    assert first_values(client, sql[0]) == [int(row["id"]) for row in table]


def check_runs(client: Client) -> None:
    """Each run is described, has learned something, and kept each epoch."""
    query = """
SELECT e.name, r.args, r.env, r.tags, COUNT(*), MAX(val_accuracy), MIN(train_loss)
  FROM experiments AS e JOIN runs AS r ON r.experiment_id = e.id JOIN metrics ON run_id = r.id
 WHERE e.name <> 'mine'
 GROUP BY r.id"""
    rows = client.execute(query).fetchall()
    assert {row[0] for row in rows} == {"digits", "breast cancer"}
    assert len({row[1]["model"] for row in rows}) == 5
    for name, args, env, tags, epochs, best, loss in rows:
        assert args["model"] in tags
        assert env.keys() == {"SOURCE", "PYTHON_VERSION"}
        assert epochs == (15 if args == RESUMED else 30)
        assert 0.5 < best <= 1, name
        assert 0 <= loss < 2
    for experiment in ("digits", "breast cancer"):
        found = [row for row in rows if row[0] == experiment]
        best = max(row[5] for row in found)
        assert best > 0.9
        assert [row[5] for row in found if "marked" in row[3]] == [best]


def check_resumed(client: Client, output: str) -> None:
    """One run stopped half-way, another one went on, and both are printed as one curve."""
    [(second, first)] = client.execute("SELECT from_id, to_id FROM run_links WHERE kind='resumes'")
    steps = "SELECT step FROM metrics WHERE run_id = ? ORDER BY step"
    assert first_values(client, steps, [first]) == list(range(15))
    assert first_values(client, steps, [second]) == list(range(15, 30))
    statuses = "SELECT status FROM runs WHERE id IN (:ids) ORDER BY id"
    assert first_values(client, statuses, {"ids": [first, second]}) == ["TIMEOUT", "COMPLETED"]
    curve = re.findall(rf"^ +(\d+) +({first}|{second}) +[\d.]+ +[\d.]+ +([\d.]+)$", output, re.M)
    assert [int(step) for step, _, _ in curve] == list(range(2, 30, 3))
    for step, run_id, value in curve:
        point = "SELECT val_accuracy FROM metrics WHERE run_id = ? AND step = ?"
        assert value == f"{first_value(client, point, [int(run_id), int(step)]):.3f}"


def test_demo_leaves_other_files_alone(tmp_path: Path):
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but worth keeping " * 99)
    message = example("demo.py", str(file), fails=True)
    assert message.startswith("demo: ")
    assert "Traceback" not in message
    assert file.read_text().startswith("not a database")


# optuna_sklearn.py


def test_optuna_sklearn(tmp_path: Path):
    output = example("optuna_sklearn.py", "tune.db")
    with closing(Client(tmp_path / "tune.db")) as client:
        query = "SELECT status, COUNT(*) FROM runs JOIN experiments e ON e.id = experiment_id"
        found = client.execute(f"{query} WHERE kind = 'optuna' GROUP BY status").fetchall()
        counts = dict(found)
        assert counts.keys() <= {"COMPLETED", "PRUNED"}
        assert sum(counts.values()) in (24, 25)  # the processes may end with one trial each
        [sql] = re.findall(r"from this SQL:\n\n(SELECT .*?)\n\n", output, re.S)
        rows = client.execute(sql).fetchall()
        # The run by hand is among them unless twelve trials were better.
        assert {"optuna"} <= {row[0] for row in rows} <= {"optuna", "tracking"}
        assert rows[0][4] > 0.95
        assert f"{rows[0][4]:.4g}" in output
        curves = first_values(client, "SELECT COUNT(val_loss) FROM metrics GROUP BY run_id")
        assert len(curves) == sum(counts.values()) + 1
        assert min(curves) > 8
        unequal = "SELECT COUNT(*) FROM metrics WHERE intermediate_value <> val_accuracy"
        assert first_value(client, unequal) == 0


# sunset.py, sunset_preferences.py, serve_demo.py


def test_sunsets_are_proposed_and_answered_while_the_demo_is_served():
    marked = example("sunset.py", "demo.db", "--made-up", "2")
    compared = example("sunset_preferences.py", "demo.db", "--made-up", "2")
    assert "sunset colours: 6 colours, 4 of them wait for your eyes." in marked
    assert "sunset preferences: 6 colours, 4 of them wait for your eyes." in compared
    with closing(RDBStorage("sqlite:///demo.db")) as storage:
        marks = optuna.load_study(study_name="sunset colours", storage=storage)
        preferences = load_study(study_name="sunset preferences", storage=storage)
        assert len(preferences.preferences) == 2 * 3
        with running("-W", "error", str(EXAMPLES / "serve_demo.py"), "--port", "0") as server:
            server.url()
            marks.tell(2, 1)
            *better, worst = preferences.best_trials
            preferences.report_preference(list(better), worst)
            until(lambda: len(marks.trials) == 7)
            until(lambda: len(painted(preferences)) == 7)
            assert server.end()[0] == 0, server.errors
        assert painted(preferences) < {path.name for path in Path("demo.artifacts").iterdir()}


def test_a_colour_that_was_never_painted_is_not_compared():
    example("sunset_preferences.py", "demo.db")
    with closing(RDBStorage("sqlite:///demo.db")) as storage:
        study = load_study(study_name="sunset preferences", storage=storage)
        killed = study.ask()  # and nothing more
        example("sunset_preferences.py", "demo.db", "--made-up", "2")
        assert len(study.trials) == 6
        compared = {trial.number for pair in study.preferences for trial in pair}
        assert compared == {0, 1, 2, 3}
        assert killed.number in [trial.number for trial in study.candidates]


def painted(study: PreferentialStudy) -> set[str]:
    """The files of the colours."""
    attrs = [trial.user_attrs for trial in study.trials]
    return {each["picture"] for each in attrs if "picture" in each}
