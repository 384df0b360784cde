"""Ax's own files come in as rows and go out again, without Ax."""

from __future__ import annotations

import json
import math
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import runbase
from runbase import errors
from runbase.commands import main
from runbase.sources.ax import Copied, export_snapshot, import_database, import_snapshot
from runbase.store.ax import experiments, frames, numbers, read

Capture = pytest.CaptureFixture[str]
DATA = Path(__file__).parent / "data" / "ax"
FILES = sorted(DATA.glob("*.json"))
SNAPSHOTS = sorted(DATA.glob("client-*.json"))
NAN = math.nan

# -- files made by hand ---------------------------------------------------------------------------


def enum(kind: str, name: str) -> dict[str, str]:
    return {"__type": kind, "name": name}


def at(second: int) -> dict[str, str]:
    return {"__type": "datetime", "value": f"2024-05-17 12:30:{second:02}.000001"}


def generator_run(index: int, **parameters: Any) -> dict[str, Any]:
    arm = {"__type": "Arm", "parameters": parameters, "name": f"{index}_0"}
    return {
        "__type": "GeneratorRun", "arms": [arm], "weights": [1.0], "generator_key": "Sobol",
        "generation_node_name": "Sobol", "time_created": at(index),
    }  # fmt: skip


def trial(index: int, status: str = "COMPLETED", **parts: Any) -> dict[str, Any]:
    return {
        "__type": "Trial", "index": index, "status": enum("TrialStatus", status),
        "time_created": at(index), "time_run_started": at(index + 1),
        "time_completed": at(index + 2), "generator_run": generator_run(index, x=0.1 * index),
        "properties": {},
    } | parts  # fmt: skip


def table(trial: int, *rows: dict[str, Any], kind: str = "Data", **parts: Any) -> dict[str, Any]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: {str(i): row.get(name) for i, row in enumerate(rows)} for name in names}
    columns["trial_index"] = {str(i): trial for i in range(len(rows))}
    frame = {"__type": "DataFrame", "value": json.dumps(columns)}
    return {"__type": kind, "df": frame, **parts}


def tables(*by_time: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    return {"__type": "OrderedDict", "value": [list(item) for item in by_time]}


def row(mean: Any, metric: str = "loss", arm: str = "0_0", **parts: Any) -> dict[str, Any]:
    return {"arm_name": arm, "metric_name": metric, "mean": mean, "sem": None} | parts


def experiment(trials: Sequence[Any] = (), data: Any = None, **parts: Any) -> dict[str, Any]:
    return {
        "__type": "Experiment", "name": "by hand", "description": "a description",
        "search_space": {"__type": "SearchSpace", "parameters": [], "parameter_constraints": []},
        "optimization_config": {
            "__type": "OptimizationConfig",
            "objective": {"__type": "Objective", "expression": "-loss"},
            "outcome_constraints": [],
        },
        "time_created": at(0),
        "trials": {str(one["index"]): one for one in trials},
        "data_by_trial": data or {},
        "properties": {},
    } | parts  # fmt: skip


def snapshot(trials: Sequence[Any], generated: Sequence[Any], **parts: Any) -> dict[str, Any]:
    whole = experiment(trials, **parts)
    strategy = {
        "__type": "GenerationStrategy", "db_id": None, "name": "Sobol+MBM", "steps": [],
        "curr_index": -1, "curr_node_name": "MBM", "nodes": [], "experiment": whole,
        "generator_runs": list(generated),
    }  # fmt: skip
    return {"_type": "Client", "experiment": whole, "generation_strategy": strategy}


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Writes a document to a file and returns its path."""

    def write(document: Any, name: str = "file.json") -> Path:
        path = tmp_path / name
        text = document if isinstance(document, str) else json.dumps(document)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def local(tmp_path: Path) -> Any:
    """A client of an empty SQLite database, where the engine does not matter."""
    with closing(runbase.Client(f"sqlite:///{tmp_path}/runs.db")) as client:
        yield client


def observed(client: runbase.Client, name: str) -> dict[int, list[Any]]:
    found = experiments.find(client.db, name)
    assert found is not None
    return {t.stored.number: t.observations for t in read.read(client.db, found.id)[1]}


def document(path: Path) -> dict[str, Any]:
    """The experiment in a file, with its data as they are read."""
    whole: dict[str, Any] = json.loads(path.read_text())
    found: dict[str, Any] = dict(whole.get("experiment", whole))
    found["data_by_trial"] = repr(sorted(frames.read(found["data_by_trial"]).items()))
    return found


# -- import ---------------------------------------------------------------------------------------


def test_trials_become_runs(client: runbase.Client):
    file = DATA / "client-1.3.1.json"
    assert import_snapshot(client, file) == Copied("current-client", 7, 24, True)
    [(id, kind, comment)] = client.execute("SELECT id, kind, comment FROM experiments")
    assert (kind, comment) == ("ax", "The client API")
    sql = "SELECT number, name, status, value FROM runs WHERE experiment_id = ? ORDER BY number"
    found = {number: cells for number, *cells in client.execute(sql, (id,))}
    assert found[0] == ["baseline", "COMPLETED", 0.245]
    assert [cells[1] for cells in found.values()] == [
        "COMPLETED", "COMPLETED", "FAILED", "CANCELLED", "PRUNED", "COMPLETED", "RUNNING",
    ]  # fmt: skip
    [(args,)] = client.execute("SELECT args FROM runs WHERE number = 0")
    assert (json.loads(args) if isinstance(args, str) else args)["optimizer"] == "adam"
    curve = client.execute(
        "SELECT step, loss, loss_sem FROM metrics m JOIN runs r ON r.id = m.run_id"
        " WHERE r.number = 4 ORDER BY step"
    ).fetchall()
    assert [step for step, *_ in curve] == [10, 20, 30]
    assert {sem for *_, sem in curve} == {0.01}


def test_an_experiment_is_found_by_name_with_its_objective(client: runbase.Client, write: Any):
    import_snapshot(client, write(experiment([trial(0), trial(3)])))
    [(directions, number)] = client.execute("SELECT directions, next_number FROM experiments")
    assert (json.loads(directions) if isinstance(directions, str) else directions) == ["minimize"]
    assert number == 4
    names = client.execute("SELECT value FROM experiment_attrs").fetchall()
    assert [json.loads(name) for (name,) in names] == [["loss"]]


def test_the_arms_of_a_batch_are_runs_of_their_own(client: runbase.Client):
    import_snapshot(client, DATA / "experiment-0.3.7.json")
    found = client.execute(
        "SELECT c.name, c.status FROM runs c JOIN runs p ON p.id = c.parent_id"
        " WHERE p.number = 0 ORDER BY c.name"
    ).fetchall()
    assert dict(tuple(one) for one in found) == {
        "0_0": "COMPLETED", "0_1": "COMPLETED", "deep": "CANCELLED", "status_quo": "COMPLETED",
    }  # fmt: skip


def test_what_a_trial_generated_is_stored_once(local: runbase.Client, write: Any):
    lonely = generator_run(7, x=0.7)
    runs = [generator_run(0, x=0.0), lonely]
    import_snapshot(local, write(snapshot([trial(0)], runs)))
    [(name, node)] = local.execute("SELECT name, node FROM ax_strategies")
    assert (name, node) == ("Sobol+MBM", "MBM")
    rows = local.execute("SELECT run_id, position, doc FROM ax_generator_runs ORDER BY ordinal")
    first, second = rows
    assert first == (1, 0, None)
    assert second[:2] == (None, None)
    assert json.loads(second[2]) == lonely
    [(doc,)] = local.execute("SELECT doc FROM ax_strategies")
    assert json.loads(doc).keys().isdisjoint({"experiment", "generator_runs"})


@pytest.mark.parametrize("file", SNAPSHOTS, ids=lambda p: p.stem)
def test_all_that_the_strategies_of_ax_generated_is_in_trials(local: runbase.Client, file: Path):
    import_snapshot(local, file)
    assert list(local.execute("SELECT doc FROM ax_generator_runs WHERE doc IS NOT NULL")) == []
    [(node,)] = local.execute("SELECT node FROM ax_strategies")
    assert node in ("MBM", "GenerationStep_1", "GPEI")


def test_an_experiment_without_trials_comes_in(local: runbase.Client, write: Any):
    assert import_snapshot(local, write(experiment())) == Copied("by hand", 0, 0, False)


def test_numbers_arrive_bit_for_bit(client: runbase.Client, write: Any):
    exact = [0.1 + 0.2, 1e-300, 1.7976931348623157e308, -2.2250738585072014e-308, 5e-324]
    text = write(experiment([trial(0)], {"0": tables((0, table(
        0, *(row(mean, f"m{i}", sem=0.1 * mean) for i, mean in enumerate(exact)),
        row(None, "nan"), row(math.inf, "inf"), row(-math.inf, "-inf", sem=math.inf), row(3, "int"),
    )))}))  # fmt: skip
    import_snapshot(client, text)
    found = {one.metric: one for one in observed(client, "by hand")[0]}
    assert [repr(found[f"m{i}"].mean) for i in range(len(exact))] == [repr(x) for x in exact]
    assert [found[f"m{i}"].sem for i in range(len(exact))] == [0.1 * mean for mean in exact]
    assert math.isnan(found["nan"].mean)
    assert math.isnan(found["nan"].sem)
    assert (found["inf"].mean, found["-inf"].mean, found["-inf"].sem) == (
        math.inf, -math.inf, math.inf,
    )  # fmt: skip
    assert found["int"].mean == 3.0


def test_times_keep_what_is_known_of_them(local: runbase.Client, write: Any):
    rows = [
        row(1.0, "number", start_time=1672628645123, end_time=1672628645000, n=10),
        row(2.0, "text", start_time="2024-05-17T12:30:15.123456789"),
        row(3.0, "none"),
    ]
    import_snapshot(local, write(experiment([trial(0)], {"0": tables((0, table(0, *rows)))})))
    number, text, none = observed(local, "by hand")[0]
    assert number.start_time == {"timestamp": "2023-01-02T03:04:05.123000"}
    assert number.end_time == {"timestamp": "2023-01-02T03:04:05"}
    assert number.n == 10
    assert text.start_time == {"timestamp": "2024-05-17T12:30:15.123456789"}
    assert none.start_time == {"timestamp": "NaT"}
    assert math.isnan(none.n)


def test_of_several_tables_the_later_ones_win(local: runbase.Client, write: Any):
    early = table(0, row(1.0), row(5.0, "latency"), row(1.5, step=1.0))
    late = table(0, row(2.0), row(2.5, step=1.0), row(3.5, step=2.0))
    file = write(experiment([trial(0)], {"0": tables((20, late), (10, early))}))
    import_snapshot(local, file)
    found = {(one.metric, one.step): one.mean for one in observed(local, "by hand")[0]}
    assert {k: v for k, v in found.items() if k[1] == k[1]} == {
        ("loss", 1.0): 2.5, ("loss", 2.0): 3.5,
    }  # fmt: skip
    stepless = {metric: mean for (metric, step), mean in found.items() if step != step}
    assert stepless == {"loss": 2.0, "latency": 5.0}


def test_one_table_may_say_something_twice(local: runbase.Client, write: Any):
    data = {"0": tables((0, table(0, row(1.0), row(2.0))))}
    import_snapshot(local, write(experiment([trial(0)], data)))
    assert [one.mean for one in observed(local, "by hand")[0]] == [1.0, 2.0]


@pytest.mark.parametrize("version", ["0.2.10", "0.3.7"])
def test_curves_of_older_versions_keep_their_steps(local: runbase.Client, version: str):
    import_snapshot(local, DATA / f"map-{version}.json")
    found = observed(local, "old-map")
    assert [one.step for one in found[0]] == [10.0, 20.0, 30.0, 40.0, 50.0]
    # The steps of this one are called "timestamp", which today's Ax forgets.
    assert [one.step for one in found[2]] == [10.0, 20.0, 30.0, 40.0]
    assert {one.signature for one in found[0]} == {"loss"}


def test_data_that_say_nothing_of_their_trial_belong_to_the_one_that_has_them():
    columns = {name: {"0": value} for name, value in row(1.0).items()}
    data = {"__type": "Data", "df": {"__type": "DataFrame", "value": json.dumps(columns)}}
    assert list(frames.read({"4": tables((0, data))})) == [4]


# -- names that are taken, and all or nothing -----------------------------------------------------


def test_a_name_that_is_taken_is_a_conflict(client: runbase.Client, write: Any):
    file = write(experiment([trial(0)]))
    import_snapshot(client, file)
    with pytest.raises(errors.ConflictError, match=r"'by hand' already.*--as NAME.*--overwrite"):
        import_snapshot(client, file)
    assert import_snapshot(client, file, "another").name == "another"
    assert experiments.names(client.db) == ["by hand", "another"]


def test_a_new_name_is_the_one_in_the_document_too(local: runbase.Client, write: Any):
    import_snapshot(local, write(experiment()), "another")
    found = experiments.find(local.db, "another")
    assert found is not None
    assert json.loads(found.doc)["name"] == "another"


def test_overwriting_leaves_nothing_of_what_was_there(client: runbase.Client, write: Any):
    data = {"0": tables((0, table(0, row(1.0))))}
    runs = [generator_run(0, x=0.0)]
    import_snapshot(client, write(snapshot([trial(0), trial(1)], runs, data=data)))
    import_snapshot(client, write(experiment([trial(5)])), overwrite=True)
    assert list(observed(client, "by hand")) == [5]
    for name in ("ax_strategies", "ax_generator_runs", "metrics"):
        assert list(client.execute(f"SELECT COUNT(*) FROM {name}")) == [(0,)]


def test_an_import_that_breaks_off_leaves_nothing(client: runbase.Client, write: Any):
    def full(done: int, total: int) -> None:
        if done == total:
            raise errors.DiskFullError("no space is left")

    data = {"0": tables((0, table(0, row(1.0))))}
    file = write(snapshot([trial(0)], [], data=data))
    with pytest.raises(errors.DiskFullError):
        import_snapshot(client, file, progress=full)
    for name in ("experiments", "runs", "metrics", "ax_trials", "ax_strategies"):
        assert list(client.execute(f"SELECT COUNT(*) FROM {name}")) == [(0,)]


def test_progress_counts_trials(local: runbase.Client, write: Any):
    done: list[tuple[int, int]] = []
    file = write(experiment([trial(0) | {"index": i} for i in range(250)]))
    import_snapshot(local, file, progress=lambda *now: done.append(now))
    assert done == [(100, 250), (200, 250), (250, 250)]


# -- files that are not as they should be ---------------------------------------------------------

BROKEN = [
    ("no json", "{}}"),
    ("half of a file", json.dumps(experiment([trial(0)]))[:300]),
    ("a list", []),
    ("another document", {"a": 1}),
    ("another object of Ax", {"__type": "SearchSpace", "parameters": []}),
    ("an experiment without trials", {"__type": "Experiment", "name": "e"}),
    ("a client without experiment", {"_type": "Client", "experiment": None}),
    ("a client with something else", {"_type": "Client", "experiment": {"__type": "Arm"}}),
    ("an experiment without a name", experiment(name=None)),
]


@pytest.mark.parametrize(("_", "document"), BROKEN, ids=[name for name, _ in BROKEN])
def test_what_is_no_file_of_ax_is_refused(local: runbase.Client, write: Any, _: str, document: Any):
    path = write(document)
    with pytest.raises(errors.ConfigError, match=path.name):
        import_snapshot(local, path)
    assert experiments.names(local.db) == []


DAMAGED = [
    ("trial 0", experiment([{"index": 0}])),
    ("trial 0", experiment([trial(0, time_created={"value": "yesterday"})])),
    ("trial 1", experiment() | {"trials": {"1": trial(0)}}),
    ("trial 7", experiment([trial(0)], {"7": tables((0, table(7, row(1.0))))})),
    ("trial 0", experiment([trial(0)], {"0": tables((0, {"df": {"value": "{"}}))})),
    ("trial 0", experiment([trial(0)], {"0": tables((0, table(0, row("much"))))})),
    ("trial 0", experiment([trial(0)], {"0": {"__type": "OrderedDict"}})),
    ("trial 0", experiment([trial(0)], {"0": tables((0, table(0, row(1, start_time="late"))))})),
    ("data_by_trial", experiment([trial(0)], [1])),
    ("optimization config", experiment(optimization_config="loss")),
    ("time of creation", experiment(time_created={"value": 5})),
    ("strategy", snapshot([], []) | {"generation_strategy": {"nodes": []}}),
]


@pytest.mark.parametrize(("part", "document"), DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_names_the_part(local: runbase.Client, write: Any, part: str, document: Any):
    path = write(document)
    with pytest.raises(errors.CorruptDatabaseError, match=f"{path.name} is damaged: .*{part}"):
        import_snapshot(local, path)
    assert experiments.names(local.db) == []


def test_an_arm_whose_name_cannot_be_stored_is_refused(local: runbase.Client, write: Any):
    run = generator_run(0)
    run["arms"][0]["name"] = "a" * 501
    with pytest.raises(errors.InvalidValueError, match="arm of trial 0"):
        import_snapshot(local, write(experiment([trial(0, generator_run=run)])))


def test_a_file_that_is_not_there(local: runbase.Client, tmp_path: Path):
    with pytest.raises(errors.NotFoundError, match=r"no file .*none.json"):
        import_snapshot(local, tmp_path / "none.json")
    with pytest.raises(errors.ConfigError, match="is a directory"):
        import_snapshot(local, tmp_path)


# -- export ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_what_comes_in_goes_out_again(local: runbase.Client, tmp_path: Path, file: Path):
    name = import_snapshot(local, file).name
    export_snapshot(local, name, tmp_path / "out.json")
    assert document(tmp_path / "out.json") == document(file)
    old, new = (json.loads(path.read_text()) for path in (file, tmp_path / "out.json"))
    if "generation_strategy" in old:
        assert new["generation_strategy"] == old["generation_strategy"] | {"experiment": None}
    else:
        assert new["__type"] == "Experiment"


def test_every_engine_gives_the_same_file(client: runbase.Client, tmp_path: Path):
    for file in (DATA / "client-1.3.1.json", DATA / "experiment-0.2.10.json"):
        imported = import_snapshot(client, file)
        assert export_snapshot(client, imported.name, tmp_path / "out.json") == imported
        assert document(tmp_path / "out.json") == document(file)


def test_an_exported_file_comes_in_with_the_same_rows(local: runbase.Client, tmp_path: Path):
    for file in FILES:
        name = import_snapshot(local, file).name
        export_snapshot(local, name, tmp_path / "out.json")
        import_snapshot(local, tmp_path / "out.json", f"{name} again")
        assert repr(observed(local, f"{name} again")) == repr(observed(local, name))
        with local:
            local.execute("DELETE FROM experiments")


def test_numbers_and_times_go_out_exactly(local: runbase.Client, write: Any, tmp_path: Path):
    rows = [
        row(0.1 + 0.2, "a", start_time=1672628645123, n=3),
        row(math.inf, "b", start_time="2024-05-17T12:30:15.123456789", sem=-math.inf),
        row(None, "c", step=0.5),
    ]
    data = {"0": tables((0, table(0, *rows)))}
    import_snapshot(local, write(experiment([trial(0)], data)))
    export_snapshot(local, "by hand", tmp_path / "out.json")
    [[_, exported]] = json.loads((tmp_path / "out.json").read_text())["data_by_trial"]["0"]["value"]
    text = exported["df"]["value"]
    assert "Infinity" in text
    assert "NaN" not in text
    columns = json.loads(text)
    assert columns["mean"] == {"0": 0.1 + 0.2, "1": math.inf, "2": None}
    assert columns["step"] == {"0": None, "1": None, "2": 0.5}
    assert columns["start_time"] == {
        "0": "2023-01-02T03:04:05.123000", "1": "2024-05-17T12:30:15.123456789", "2": None,
    }  # fmt: skip
    assert columns["n"] == {"0": 3, "1": None, "2": None}


@given(st.floats(allow_nan=False))
@example(0.0)
@example(-0.0)
@example(5e-324)
@example(1.7976931348623157e308)
@example(1e16)
def test_a_number_means_itself(value: float):
    assert struct.pack("d", float(numbers.number_text(value))) == struct.pack("d", value)


@settings(deadline=None)  # It imports pandas.
@given(st.lists(st.floats(1e-250, 1e250) | st.floats(-1e250, -1e-250), min_size=1))
@example([0.3724711554723822, 1.8706966084479901, -0.050052836265724446])
def test_pandas_reads_the_same_number(values: list[float]):
    import io

    import pandas as pd

    cells = ",".join(f'"{i}":{numbers.number_text(value)}' for i, value in enumerate(values))
    found = pd.read_json(io.StringIO(f'{{"mean":{{{cells}}}}}'), dtype=False)
    assert found["mean"].tolist() == values


def test_a_damaged_document_names_its_row(local: runbase.Client, write: Any, tmp_path: Path):
    import_snapshot(local, write(snapshot([trial(0)], [generator_run(0, x=0.0)])))
    for damage, where in (
        ("UPDATE ax_generator_runs SET position = 5", "ax_generator_runs of strategy 1, ordinal 0"),
        ("UPDATE ax_strategies SET doc = '{'", "ax_strategies.doc of row 1"),
        ("UPDATE ax_trials SET doc = '[]'", r"ax_trials.doc of run 1 \(trial 0\)"),
        ("UPDATE ax_experiments SET doc = 'x'", "ax_experiments.doc of experiment 1"),
    ):
        local.execute(damage)
        with pytest.raises(errors.CorruptDatabaseError, match=where):
            export_snapshot(local, "by hand", tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()


def test_an_experiment_that_is_not_there(local: runbase.Client, write: Any, tmp_path: Path):
    import_snapshot(local, write(experiment()))
    with pytest.raises(errors.NotFoundError, match="no Ax experiment 'e'; there is 'by hand'"):
        export_snapshot(local, "e", tmp_path / "out.json")


# -- the commands ---------------------------------------------------------------------------------


def test_import_prints_what_came_in(url: str, capsys: Capture):
    setup = ["setup", "--url", url]
    assert main(setup) == 0
    capsys.readouterr()
    file = str(DATA / "client-0.2.10.json")
    assert main(["import", "ax", file, "--url", url]) == 0
    *table, database = capsys.readouterr().out.splitlines()
    assert table == [
        "experiment  trials  observations  strategy",
        "old-client       8            11  yes",
    ]
    assert database.startswith(f"Database: {url.split(':')[0]}")
    assert main(["import", "ax", file, "--url", url]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert main(["import", "ax", file, "--url", url, "--overwrite", "--as", "mine"]) == 0
    assert "mine" in capsys.readouterr().out


def test_export_takes_the_only_experiment(tmp_path: Path, capsys: Capture):
    url, out = f"sqlite:///{tmp_path}/runs.db", tmp_path / "out.json"
    for name in ("one", "two"):
        file = str(DATA / "experiment-1.3.1.json")
        assert main(["import", "ax", file, "--url", url, "--as", name]) == 0
        if name == "one":
            assert main(["export", "ax", str(out), "--url", url]) == 0
            assert capsys.readouterr().out.splitlines()[-1].split() == ["one", "3", "12", "no"]
    assert json.loads(out.read_text())["name"] == "one"
    assert main(["export", "ax", str(out), "--url", url]) == 1
    assert "--experiment NAME" in capsys.readouterr().err
    assert main(["export", "ax", str(out), "--url", url, "--experiment", "two"]) == 0
    assert json.loads(out.read_text())["name"] == "two"


def test_an_export_that_fails_keeps_the_old_file(tmp_path: Path, capsys: Capture):
    url, out = f"sqlite:///{tmp_path}/runs.db", tmp_path / "out.json"
    out.write_text("old")
    assert main(["import", "ax", str(DATA / "map-0.3.7.json"), "--url", url]) == 0
    assert main(["export", "ax", str(out), "--url", url, "--experiment", "no"]) == 1
    assert "there is 'old-map'" in capsys.readouterr().err
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.glob("out*")] == ["out.json"]


def test_an_export_from_python_keeps_the_old_file_too(
    local: runbase.Client, write: Any, tmp_path: Path
):
    import_snapshot(local, write(experiment([trial(0)])))
    with pytest.raises(errors.ConfigError, match=r"no/out\.json cannot be written: No such file"):
        export_snapshot(local, "by hand", tmp_path / "no" / "out.json")
    target = tmp_path / "out.json"
    target.write_text("old")
    target.chmod(0o444)  # of no matter, since it is not written over
    with target.open() as before:
        export_snapshot(local, "by hand", target)
        assert before.read() == "old"
    assert json.loads(target.read_text())["name"] == "by hand"
    assert [path.name for path in tmp_path.glob("out*")] == ["out.json"]


def test_a_wrong_file_is_one_sentence(tmp_path: Path, capsys: Capture):
    url = f"sqlite:///{tmp_path}/runs.db"
    assert main(["import", "ax", __file__, "--url", url]) == 1
    assert capsys.readouterr().err.startswith(f"runbase: {__file__} is no JSON")
    assert not (tmp_path / "runs.db").exists()


def test_other_databases_than_those_of_ax_are_refused(local: runbase.Client, tmp_path: Path):
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE studies (id INTEGER)")
    with pytest.raises(errors.ConfigError, match=r"other.db has no tables of Ax's"):
        import_database(local, other)
    with pytest.raises(errors.ConfigError, match=r"other.db is a database"):
        import_snapshot(local, other)


def test_help_has_examples(capsys: Capture):
    for command in ("import", "export"):
        with pytest.raises(SystemExit):
            main([command, "ax", "--help"])
        shown = capsys.readouterr().out
        assert f"runbase {command} ax " in shown.partition("examples:")[2]
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert f"runbase {command} ax" in capsys.readouterr().out


def test_neither_ax_nor_torch_nor_pandas_is_imported(tmp_path: Path):
    code = f"""
import sys
class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("ax", "torch", "pandas", "numpy", "sqlalchemy"):
            raise ModuleNotFoundError(f"no {{name}}", name=name)
sys.meta_path.insert(0, Refused())
from runbase.commands import main
url = "sqlite:///" + {str(tmp_path / "runs.db")!r}
for name in ("client-1.3.1", "experiment-0.2.10"):
    assert main(["import", "ax", {str(DATA)!r} + f"/{{name}}.json", "--url", url]) == 0
out = {str(tmp_path / "out.json")!r}
assert main(["export", "ax", out, "--experiment", "current-client", "--url", url]) == 0
assert main(["import", "ax", {str(DATA / "old-0.3.7.db")!r}, "--url", url]) == 1
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "runbase: ax is not installed: pip install 'runbase[ax]'"
    assert json.loads((tmp_path / "out.json").read_text())["_type"] == "Client"


def test_the_times_of_a_trial_are_those_of_its_run(local: runbase.Client, write: Any):
    import_snapshot(local, write(experiment([trial(0)])))
    [(created,)] = local.execute("SELECT time_created AS 't [TIMESTAMPTZ]' FROM runs")
    assert isinstance(created, datetime)
    assert created.astimezone().replace(tzinfo=None) == datetime(2024, 5, 17, 12, 30, 0, 1)
