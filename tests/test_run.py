"""Runs: how they begin, what they carry, and how they end."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import runbase
from runbase import Client, Experiment, Run
from runbase.errors import ConfigError, ConflictError, InvalidValueError, NotFoundError
from runbase.store import runs

NOON = datetime(2024, 5, 17, 12, 0, 0, 123456, tzinfo=UTC)


def row(run: Run, columns: str) -> Any:
    """Cells of the run's row; one alone without its tuple."""
    found = run.client.execute(f"SELECT {columns} FROM runs WHERE id = ?", [run.id]).fetchone()
    return found[0] if len(found) == 1 else tuple(found)


def is_now(time: datetime | None) -> bool:
    return time is not None and abs(datetime.now(UTC) - time) < timedelta(seconds=30)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of Runbase is set, and no arguments are detected."""
    for name in list(os.environ):
        if name.startswith(("RUNBASE_", "SQLTRACK_")) and "TEST" not in name:
            monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "argv", ["nothing"])


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process seems to be a script that was called with arguments."""
    path = tmp_path / "train.py"
    path.write_text('"""Usage: train.py [--lr=<lr>] [--epochs=<n>]"""\n')
    monkeypatch.setattr(sys, "argv", [str(path), "--lr", "0.1", "--epochs", "3"])


ARGS = {"lr": 0.1, "epochs": 3}


# -- making and finding ---------------------------------------------------------------------


@pytest.mark.item("S012", "S050", "A20")
def test_a_new_run_is_planned_and_has_its_time(client: Client, experiment: Experiment):
    run = Run(client, experiment.id)
    assert (run.experiment_id, run.client) == (experiment.id, client)
    assert row(run, "experiment_id, status") == (experiment.id, "PLANNED")
    assert is_now(row(run, "time_created"))
    empty = "time_started, time_updated, time_finished, comment, tags, args, env, extras"
    assert row(run, empty) == (None,) * 8


@pytest.mark.item("S012")
def test_runs_are_numbered_within_their_experiment(client: Client, experiment: Experiment):
    other = Experiment(client, name="other")
    made = [e.get_run() for e in (experiment, other, experiment, other, experiment)]
    assert [row(run, "number") for run in made] == [0, 0, 1, 1, 2]
    assert len({run.id for run in made}) == 5


@pytest.mark.item("S050", "A20")
def test_a_run_is_found_by_its_id(client: Client, run: Run):
    run.set_comment("mine")
    for found in (
        Run(client, run_id=run.id),
        Run(client, run.experiment_id, run.id),
        Run(client, experiment_id=run.experiment_id, run_id=np.int64(run.id)),  # type: ignore[arg-type]
    ):
        assert (found.id, found.experiment_id) == (run.id, run.experiment_id)
        assert row(found, "comment") == "mine"
    assert client.execute("SELECT COUNT(*) FROM runs").fetchone() == (1,)


@pytest.mark.item("S050", "A20")
def test_a_run_id_may_be_in_an_environment_variable(
    client: Client, run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", str(run.id))
    assert Run(client, run_id="SLURM_ARRAY_TASK_ID").id == run.id
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "70")
    assert Run(client, run.experiment_id, "SLURM_ARRAY_TASK_ID").id == 70


@pytest.mark.item("S050")
def test_an_unset_or_odd_environment_variable_is_an_error(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(ConfigError, match="variable NO_ID is not set"):
        Run(client, 1, "NO_ID")
    monkeypatch.setenv("NO_ID", "seven")
    with pytest.raises(ConfigError, match="NO_ID is 'seven'"):
        Run(client, 1, "NO_ID")


@pytest.mark.item("S050")
def test_an_explicit_id_does_not_collide_with_later_automatic_ids(
    client: Client, experiment: Experiment
):
    first = experiment.get_run().id
    chosen = [experiment.get_run(id).id for id in (first + 1, first + 5, first + 2)]
    assert chosen == [first + 1, first + 5, first + 2]
    later = [experiment.get_run().id for _ in range(3)]
    assert min(later) > max(chosen)
    assert len({first, *chosen, *later}) == 7
    numbers = client.execute("SELECT number FROM runs ORDER BY number").fetchall()
    assert numbers == [(i,) for i in range(7)]


@pytest.mark.item("S050")
def test_ids_are_not_used_again_after_the_last_run_was_deleted(
    client: Client, experiment: Experiment
):
    last = [experiment.get_run().id for _ in range(3)][-1]
    runs.delete(client.db, last)
    assert experiment.get_run().id > last


@pytest.mark.item("S050")
def test_wrong_ids_are_precise_errors_and_make_nothing(client: Client, run: Run):
    other = Experiment(client, name="other")
    with pytest.raises(ConflictError, match=f"run {run.id} belongs to experiment"):
        Run(client, other.id, run.id)
    with pytest.raises(NotFoundError, match="no run 999"):
        Run(client, run_id=999)
    with pytest.raises(NotFoundError, match="no experiment 999"):
        Run(client, 999)
    with pytest.raises(NotFoundError, match="no experiment 999"):
        Run(client, 999, 998)
    with pytest.raises(ConfigError, match=r"experiment_id .* or its run_id"):
        Run(client)
    with pytest.raises(InvalidValueError, match="positive"):
        Run(client, other.id, 0)
    assert client.execute("SELECT id FROM runs").fetchall() == [(run.id,)]


@pytest.mark.item("S050")
def test_a_number_that_is_no_integer_is_no_id(client: Client):
    with pytest.raises(TypeError):
        Run(client, 1.5)  # type: ignore[arg-type]


def test_the_text_of_a_run_says_which_it_is(run: Run):
    assert repr(run) == f"Run(id={run.id}, experiment_id={run.experiment_id})"


@pytest.mark.item("S060", "A66")
@pytest.mark.parametrize("prefix", ["RUNBASE_", "SQLTRACK_"])
@pytest.mark.parametrize(
    "given", [{"NAME"}, {"ID"}, {"NAME", "ID"}, {"NAME", "RUN"}, {"ID", "RUN"}, {"RUN"}]
)
def test_run_from_env_reads_what_is_set(
    client: Client, run: Run, monkeypatch: pytest.MonkeyPatch, prefix: str, given: set[str]
):
    values = {
        "NAME": ("EXPERIMENT_NAME", "an experiment"),
        "ID": ("EXPERIMENT_ID", str(run.experiment_id)),
        "RUN": ("RUN_ID", str(run.id)),
    }
    for key in given:
        monkeypatch.setenv(prefix + values[key][0], values[key][1])
    found = runbase.run_from_env(client)
    assert found.experiment_id == run.experiment_id
    assert (found.id == run.id) == ("RUN" in given)


@pytest.mark.item("S060", "A66")
def test_run_from_env_prefers_the_variables_of_runbase(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SQLTRACK_EXPERIMENT_NAME", "old")
    monkeypatch.setenv("RUNBASE_EXPERIMENT_NAME", "new")
    run = runbase.run_from_env(client)
    assert Experiment(client, run.experiment_id).name == "new"


@pytest.mark.item("S060", "A66")
def test_run_from_env_without_variables_says_which_ones_it_wants(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(ConfigError, match="RUNBASE_EXPERIMENT_NAME or RUNBASE_EXPERIMENT_ID"):
        runbase.run_from_env(client)
    monkeypatch.setenv("RUNBASE_EXPERIMENT_ID", "one")
    with pytest.raises(ConfigError, match="RUNBASE_EXPERIMENT_ID is 'one'"):
        runbase.run_from_env(client)


# -- documents: args, env, extras -----------------------------------------------------------

#: (column, set, add, remove) as methods and as functions that take a run.
METHODS = {
    "args": (Run.set_args, Run.add_args, Run.remove_args),
    "env": (Run.set_env, Run.add_env, Run.remove_env),
    "extras": (Run.set_extras, Run.add_extras, Run.remove_extras),
}


def on_run(function: Callable[..., None]) -> Callable[..., None]:
    return lambda run, *args, **kwargs: function(run.client, run.id, *args, **kwargs)


FUNCTIONS = {
    name: tuple(on_run(getattr(runbase, f"run_{verb}_{name}")) for verb in ("set", "add", "remove"))
    for name in METHODS
}
WAYS = [
    pytest.param(name, *functions, id=f"{kind}-{name}")
    for kind, all in (("method", METHODS), ("function", FUNCTIONS))
    for name, functions in all.items()
]
documents = pytest.mark.parametrize(("column", "set_", "add", "remove"), WAYS)
Method = Callable[..., Any]


@documents
@pytest.mark.item(
    *("S051", "S059", "A21", "A22", "A23", "A27", "A28", "A29", "A32", "A35", "A36"),
    *("A60", "A61", "A62", "A67", "A68", "A69", "A72", "A75", "A76"),
)
def test_documents_are_set_added_to_and_removed_from(
    run: Run, column: str, set_: Method, add: Method, remove: Method
):
    add(run, {"a": 1, "b": {"c": [1, None, "x"]}})
    assert row(run, column) == {"a": 1, "b": {"c": [1, None, "x"]}}
    add(run, {"a": 2, "d": 0.5})
    assert row(run, column) == {"a": 2, "b": {"c": [1, None, "x"]}, "d": 0.5}
    remove(run, "b", "unknown")
    assert row(run, column) == {"a": 2, "d": 0.5}
    set_(run, {"e": "100% 'quoted'"})
    assert row(run, column) == {"e": "100% 'quoted'"}
    set_(run, {})
    assert row(run, column) == {}


@documents
@pytest.mark.item("S051", "A60", "A61", "A62", "A72", "A75", "A76")
def test_none_clears_when_setting_and_does_nothing_when_adding(
    run: Run, column: str, set_: Method, add: Method, remove: Method
):
    set_(run, {"a": 1})
    add(run, None)
    assert row(run, column) == {"a": 1}
    set_(run, None)
    assert row(run, column) is None
    remove(run, "a")
    add(run, None)
    assert row(run, column) is None


@documents
@pytest.mark.item("S051", "A27", "A28")
def test_names_to_remove_may_be_the_keys_of_a_dict(
    run: Run, column: str, set_: Method, add: Method, remove: Method
):
    set_(run, {"a": 1, "b": 2, "c": 3, "d": 4})
    remove(run, {"a": 0, "b": 0}, "c")
    assert row(run, column) == {"d": 4}


@documents
def test_what_is_no_document_is_refused(
    run: Run, column: str, set_: Method, add: Method, remove: Method
):
    set_(run, {"a": 1})
    for bad in ([1], 7, "text", b"x"):
        with pytest.raises(InvalidValueError, match=f"{column} are a dict"):
            set_(run, bad)
        with pytest.raises(InvalidValueError, match=f"{column} are a dict"):
            add(run, bad)
    with pytest.raises(InvalidValueError, match=r"not Namespace: vars\(\.\.\.\) makes one"):
        set_(run, argparse.Namespace(a=1))
    with pytest.raises(InvalidValueError, match="names to remove are text"):
        remove(run, 7)
    assert row(run, column) == {"a": 1}


@pytest.mark.parametrize("function", ["add_extras", "set_extras", "add_args", "set_env"])
def test_documents_of_a_run_that_does_not_exist_are_refused(client: Client, function: str):
    with pytest.raises(NotFoundError, match="no run 999"):
        getattr(runbase, f"run_{function}")(client, 999, {"a": 1})


@pytest.mark.item("S051", "A36", "A76")
def test_extras_may_be_left_out(run: Run):
    run.add_extras({"a": 1}).add_extras()
    assert row(run, "extras") == {"a": 1}
    runbase.run_add_extras(run.client, run.id)
    runbase.run_set_extras(run.client, run.id)
    assert row(run, "extras") is None


@pytest.mark.item("S051", "A21", "A32", "A60", "A72")
def test_arguments_are_detected(run: Run, script: None):
    assert row(run.set_args(), "args") == ARGS
    run.set_args({"lr": 1, "mine": 2}).add_args()
    assert row(run, "args") == ARGS | {"mine": 2}
    runbase.run_set_args(run.client, run.id, "auto")
    assert row(run, "args") == ARGS
    runbase.run_set_args(run.client, run.id, {"mine": 2})
    runbase.run_add_args(run.client, run.id)
    assert row(run, "args") == ARGS | {"mine": 2}


@pytest.mark.item("S051", "A27", "A67")
def test_detected_arguments_are_removed(run: Run, script: None):
    run.set_args(ARGS | {"mine": 2}).remove_args()
    assert row(run, "args") == {"mine": 2}
    run.add_args().remove_args("auto")
    assert row(run, "args") == {"mine": 2}
    runbase.run_remove_args(run.client, run.id)
    assert row(run, "args") == {"mine": 2}


@pytest.mark.item("S051", "A72")
def test_where_no_arguments_are_detected_nothing_is_done(run: Run):
    run.set_args({"mine": 2}).set_args().add_args().remove_args()
    assert row(run, "args") == {"mine": 2}


@pytest.mark.item("S051", "A22", "A35", "A61", "A75")
def test_the_environment_is_that_of_the_process(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_COMMIT", "abc")
    for set_ in (run.set_env, lambda: runbase.run_set_env(run.client, run.id)):
        set_()
        assert row(run, "env")["GIT_COMMIT"] == "abc"
        assert row(run, "env").keys() == os.environ.keys()
    run.set_env({"MINE": "x", "GIT_COMMIT": "old"}).add_env()
    assert (row(run, "env")["MINE"], row(run, "env")["GIT_COMMIT"]) == ("x", "abc")
    run.remove_env()
    assert row(run, "env") == {"MINE": "x"}


@pytest.mark.item("S061")
def test_bytes_of_the_environment_that_are_no_text_are_stored(
    run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(os.environ, "ODD", os.fsdecode(b"caf\xe9"))
    assert row(run.set_env(), "env")["ODD"] == "caf\\udce9"


SECRETS = [
    *("GITHUB_TOKEN", "aws_secret_access_key", "PGPASSWORD", "MY_PASSPHRASE", "API_KEY"),
    *("Token", "GOOGLE_APPLICATION_CREDENTIALS"),
]


@pytest.mark.item("S062", "A22", "A35")
@pytest.mark.parametrize(
    "store",
    [
        Run.set_env,
        Run.add_env,
        lambda run, **kwargs: runbase.run_set_env(run.client, run.id, **kwargs),
        lambda run, **kwargs: runbase.run_add_env(run.client, run.id, **kwargs),
    ],
    ids=["set", "add", "run_set", "run_add"],
)
def test_secrets_of_the_environment_are_not_stored_unless_asked_to(
    run: Run, monkeypatch: pytest.MonkeyPatch, store: Method
):
    for name in SECRETS:
        monkeypatch.setenv(name, "s3cret")
    monkeypatch.setenv("DATABASE_URL", "postgresql://alice:s3cret@db.example/runs")
    monkeypatch.setenv("HARMLESS", "value")
    store(run)
    env = row(run, "env")
    assert {env[name] for name in SECRETS} == {"[redacted]"}
    assert env["DATABASE_URL"] == "postgresql://alice:[redacted]@db.example/runs"
    assert env["HARMLESS"] == "value"
    assert "s3cret" not in str(env)
    store(run, redact=False)
    assert {row(run, "env")[name] for name in SECRETS} == {"s3cret"}


def test_an_environment_that_is_given_is_stored_as_it_is(run: Run):
    assert row(run.set_env({"API_KEY": "mine"}), "env") == {"API_KEY": "mine"}


@pytest.mark.item("S061")
def test_arguments_may_be_any_objects(run: Run):
    args: dict[Any, Any] = {
        "path": Path("a/b"),
        "complex": 1j,
        "nan": float("nan"),
        "array": np.arange(3),
        "time": NOON,
        "set": {1},
        "object": Path,
        "nul": "a\0b",
        7: "key",
    }
    run.set_args(args)
    assert row(run, "args") == {
        "path": "a/b",
        "complex": "1j",
        "nan": "NaN",
        "array": [0, 1, 2],
        "time": "2024-05-17T12:00:00.123456+00:00",
        "set": [1],
        "object": str(Path),
        "nul": "a\u2400b",
        "7": "key",
    }


# -- tags, links, comment, status, times ----------------------------------------------------


@pytest.mark.item("S015", "S052", "A26", "A31", "A39", "A65", "A71", "A79")
@pytest.mark.parametrize("as_functions", [False, True])
def test_tags_are_set_added_and_removed(run: Run, as_functions: bool):
    def call(verb: str, *tags: str) -> None:
        if as_functions:
            getattr(runbase, f"run_{verb}_tags")(run.client, run.id, *tags)
        else:
            assert getattr(run, f"{verb}_tags")(*tags) is run

    call("add")
    assert row(run, "tags") is None
    call("add", "a", "b")
    call("add", "b", "it's \N{ROCKET}")
    assert row(run, "tags") == {"a": True, "b": True, "it's \N{ROCKET}": True}
    call("remove", "b", "unknown")
    assert row(run, "tags") == {"a": True, "it's \N{ROCKET}": True}
    call("set", "c")
    assert row(run, "tags") == {"c": True}
    call("set")
    assert row(run, "tags") == {}


@pytest.mark.item("S052")
@pytest.mark.parametrize("method", [Run.set_tags, Run.add_tags, Run.remove_tags])
@pytest.mark.parametrize("tag", [7, None, ["a"], ""])
def test_a_tag_that_is_no_text_is_refused(run: Run, method: Method, tag: Any):
    run.set_tags("a")
    with pytest.raises(InvalidValueError, match="tag"):
        method(run, "b", tag)
    assert row(run, "tags") == {"a": True}


@pytest.mark.item("S011", "S052", "A24", "A30", "A63", "A70")
@pytest.mark.parametrize("as_functions", [False, True])
def test_links_are_added_and_removed(run: Run, experiment: Experiment, as_functions: bool):
    other, client = experiment.get_run(), run.client

    def call(verb: str, kind: str, to_id: int) -> None:
        if as_functions:
            getattr(runbase, f"run_{verb}_link")(client, run.id, kind, to_id)
        else:
            assert getattr(run, f"{verb}_link")(kind, to_id) is run

    def links() -> list[Any]:
        return client.execute("SELECT from_id, kind, to_id FROM run_links ORDER BY kind").fetchall()

    for _ in range(2):  # the second time nothing changes
        call("add", "resumes", other.id)
    call("add", "self", run.id)
    assert links() == [(run.id, "resumes", other.id), (run.id, "self", run.id)]
    call("remove", "resumes", other.id)
    call("remove", "unknown", other.id)
    assert links() == [(run.id, "self", run.id)]


@pytest.mark.item("S011", "S052")
def test_a_link_to_nowhere_is_refused(run: Run):
    with pytest.raises(NotFoundError, match=f"cannot link run {run.id} to run 999"):
        run.add_link("resumes", 999)
    for kind in ("", None, 7, "x" * 65, "nul\0", "\ud800"):
        with pytest.raises(InvalidValueError, match="kind of a link"):
            run.add_link(kind, run.id)  # type: ignore[arg-type]
    for other in (run, "1", 1.5, None):
        with pytest.raises(InvalidValueError, match=r"an id, a number such as other\.id, not to"):
            run.add_link("resumes", other)  # type: ignore[arg-type]
    assert run.client.execute("SELECT COUNT(*) FROM run_links").fetchone() == (0,)
    run.add_link("resumes", np.int64(run.id))  # type: ignore[arg-type]
    assert run.client.execute("SELECT COUNT(*) FROM run_links").fetchone() == (1,)


@pytest.mark.item("S011", "S015")
def test_links_go_with_their_runs(run: Run, experiment: Experiment):
    other = experiment.get_run().add_link("resumes", run.id)
    run.add_link("back", other.id)
    runs.delete(run.client.db, run.id)
    assert run.client.execute("SELECT COUNT(*) FROM run_links").fetchone() == (0,)


@pytest.mark.item("S052", "A33", "A73")
def test_the_comment_is_set_and_cleared(run: Run):
    assert row(run.set_comment("it's 100% \N{ROCKET}"), "comment") == "it's 100% \N{ROCKET}"
    runbase.run_set_comment(run.client, run.id, "other")
    assert row(run, "comment") == "other"
    runbase.run_set_comment(run.client, run.id, None)
    assert row(run, "comment") is None
    run.set_comment("x" * 100_000)
    assert len(row(run, "comment")) == 100_000


def test_the_name_is_set_and_cleared(run: Run):
    assert row(run.set_name("warm-up 2"), "name") == "warm-up 2"
    runbase.run_set_name(run.client, run.id, None)
    assert row(run, "name") is None
    for name in (7, "", "nul \0", "x" * 501):
        with pytest.raises(InvalidValueError, match="a name"):
            run.set_name(name)  # type: ignore[arg-type]
    assert row(run, "name") is None


def test_runs_is_offered_to_those_who_complete_names():
    assert {"runs", "Run", "__version__"} <= set(dir(runbase))


@pytest.mark.parametrize("comment", [7, b"x", "nul \0", "half \ud800"], ids=ascii)
def test_a_comment_that_no_engine_could_keep_is_refused(
    run: Run, experiment: Experiment, comment: Any
):
    for change in (run.set_comment, experiment.set_comment):
        with pytest.raises(InvalidValueError, match="a comment is text"):
            change(comment)
    assert row(run, "comment") is None


@pytest.mark.item("S012", "S052", "A38", "A78")
def test_the_status_is_one_of_the_known_ones_or_any_text(run: Run):
    for status in (*runs.STATUSES, "my own"):
        assert row(run.set_status(status), "status") == status
    runbase.run_set_status(run.client, run.id, "COMPLETED")
    assert row(run, "status") == "COMPLETED"
    slurm = "BOOT_FAIL NODE_FAIL OUT_OF_MEMORY PREEMPTED REQUEUED STAGE_OUT SUSPENDED TIMEOUT"
    assert {*slurm.split(), "PLANNED", "PENDING", "RUNNING", "CANCELLED"} < set(runs.STATUSES)


@pytest.mark.parametrize("status", [None, 7, "", "x" * 65, "nul\0", "\ud800"], ids=ascii)
def test_a_status_that_is_no_short_text_is_refused(run: Run, status: Any):
    for change in (run.set_status, run.stop):
        with pytest.raises(InvalidValueError, match="a status is text"):
            change(status)
    assert row(run, "status") == "PLANNED"


@pytest.mark.item("S053", "A34", "A37", "A40", "A74", "A77", "A80")
@pytest.mark.parametrize("column", ["created", "started", "updated"])
@pytest.mark.parametrize("as_function", [False, True])
def test_times_are_set_to_now_or_to_what_is_given(run: Run, column: str, as_function: bool):
    def call(*dt: Any) -> None:
        if as_function:
            getattr(runbase, f"run_set_{column}")(run.client, run.id, *dt)
        else:
            assert getattr(run, f"set_{column}")(*dt) is run

    call(NOON.astimezone(timezone(timedelta(hours=-7))))
    assert row(run, f"time_{column}") == NOON
    call(None)
    assert row(run, f"time_{column}") == NOON
    call()
    assert is_now(row(run, f"time_{column}"))
    call(datetime(2024, 5, 17, 12))
    assert row(run, f"time_{column}") == datetime(2024, 5, 17, 12).astimezone(UTC)
    call("auto")
    assert is_now(row(run, f"time_{column}"))
    with pytest.raises(InvalidValueError, match="a time is a datetime"):
        call("today")


def test_times_are_compared_and_sorted_by_the_database(client: Client, experiment: Experiment):
    for hours in (3, 1, 2):
        experiment.get_run().set_started(NOON + timedelta(hours=hours))
    sql = "SELECT number FROM runs WHERE time_started > ? ORDER BY time_started"
    assert client.execute(sql, [NOON + timedelta(hours=1)]).fetchall() == [(2,), (0,)]


CHANGES: list[Callable[[Client], None]] = [
    lambda client: runbase.run_set_name(client, 999, "x"),
    lambda client: runbase.run_set_comment(client, 999, "x"),
    lambda client: runbase.run_set_status(client, 999, "x"),
    lambda client: runbase.run_set_tags(client, 999, "x"),
    lambda client: runbase.run_add_tags(client, 999, "x"),
    lambda client: runbase.run_remove_tags(client, 999, "x"),
    lambda client: runbase.run_set_created(client, 999),
    lambda client: runbase.run_set_started(client, 999),
    lambda client: runbase.run_set_updated(client, 999),
    lambda client: runbase.run_add_link(client, 999, "x", 999),
    lambda client: runbase.run_remove_args(client, 999, "x"),
    lambda client: runs.start(client.db, 999, None, None),
    lambda client: runs.stop(client.db, 999, "x", NOON, None),
    lambda client: runs.delete(client.db, 999),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_run_that_does_not_exist_cannot_be_changed(
    client: Client, change: Callable[[Client], None]
):
    with pytest.raises(NotFoundError, match="run"):
        change(client)


@pytest.mark.item("S058")
def test_methods_can_be_chained(client: Client, experiment: Experiment):
    run = Run(client, experiment.id).set_comment("nice").add_tags("tag")
    assert isinstance(run, Run)
    other = experiment.get_run()
    chained = (
        run.set_args({}).add_args({}).remove_args("a")
        .set_env({}).add_env({}).remove_env("a")
        .set_extras({}).add_extras({}).remove_extras("a")
        .set_tags("a").add_tags("b").remove_tags("a")
        .add_link("x", other.id).remove_link("x", other.id)
        .set_comment("x").set_status("x").set_created().set_started().set_updated()
        .start().add_metrics({"m": 1.0}).stop()
    )  # fmt: skip
    assert chained is run


# -- start, stop and track ------------------------------------------------------------------


@pytest.mark.item("S055", "A41")
def test_a_started_run_is_running(run: Run):
    run.start()
    status, started, updated, finished = row(
        run, "status, time_started, time_updated, time_finished"
    )
    assert status == "RUNNING"
    assert is_now(started)
    assert is_now(updated)
    assert finished is None
    run.stop()


@pytest.mark.item("S055", "A41")
def test_the_times_of_a_start_can_be_given_or_left(run: Run):
    run.start(started=None, updated=None)
    assert row(run, "status, time_started, time_updated") == ("RUNNING", None, None)
    later = NOON + timedelta(hours=1)
    run.start("TIMEOUT", NOON, later)
    assert row(run, "status, time_started, time_updated") == ("RUNNING", NOON, later)
    run.start(started=None, updated=None)
    assert row(run, "time_started, time_updated") == (NOON, later)
    run.stop()


@pytest.mark.item("S056", "A42")
def test_a_stopped_run_is_completed(run: Run):
    run.start(started=NOON, updated=NOON).stop()
    status, started, updated, finished = row(
        run, "status, time_started, time_updated, time_finished"
    )
    assert (status, started) == ("COMPLETED", NOON)
    assert is_now(updated)
    assert is_now(finished)
    run.stop("my own", None)
    assert row(run, "status") == "my own"
    run.stop(status="FAILED", updated=NOON)
    assert row(run, "status, time_updated") == ("FAILED", NOON)


@pytest.mark.item("S055")
def test_a_run_that_is_started_again_is_not_finished(run: Run):
    run.start().stop().start()
    assert row(run, "status, time_finished") == ("RUNNING", None)
    run.stop()


@pytest.mark.item("S057", "A43")
def test_a_tracked_run_is_running_and_then_completed(run: Run):
    with run.track() as tracked:
        assert tracked is run
        assert row(run, "status") == "RUNNING"
        assert is_now(row(run, "time_started"))
    assert row(run, "status") == "COMPLETED"
    assert is_now(row(run, "time_updated"))


@pytest.mark.item("S057", "A43")
@pytest.mark.parametrize(
    ("error", "default", "own"),
    [
        (None, "COMPLETED", "n"),
        (ValueError("x"), "FAILED", "e"),
        (KeyboardInterrupt(), "CANCELLED", "i"),
        (SystemExit(), "COMPLETED", "n"),
        (SystemExit(None), "COMPLETED", "n"),
        (SystemExit(0), "COMPLETED", "n"),
        (SystemExit(1), "FAILED", "e"),
        (SystemExit("message"), "FAILED", "e"),
        (SystemExit(False), "COMPLETED", "n"),
    ],
    ids=repr,
)
def test_how_a_block_ends_decides_the_status(
    experiment: Experiment, error: BaseException | None, default: str, own: str
):
    owns: dict[str, Any] = dict(zip(KEYS, "neit", strict=True))
    for statuses, expected in (({}, default), (owns, own)):
        run, seen = experiment.get_run(), None
        try:
            with run.track(**statuses):
                if error is not None:
                    raise error
        except BaseException as raised:
            seen = raised
        assert seen is error
        assert row(run, "status") == expected


KEYS = ("normal", "exception", "interrupt", "terminated")


@pytest.mark.item("S057")
def test_a_generator_that_is_closed_ends_its_run_normally(run: Run):
    def epochs() -> Any:
        with run.track():
            yield 1
            yield 2

    generator = epochs()
    next(generator)
    generator.close()
    assert row(run, "status") == "COMPLETED"


@pytest.mark.item("S057", "A43")
def test_the_times_of_a_block_can_be_left(run: Run):
    with run.track(started=None, updated=None):
        pass
    assert row(run, "status, time_started, time_updated") == ("COMPLETED", None, None)


@pytest.mark.item("S057")
def test_the_status_of_a_tracked_run_is_committed_although_the_block_failed(run: Run):
    with suppress(ValueError), run.track():
        run.add_metrics({"m": 1.0})
        with run.client:
            run.add_metrics({"m": 2.0}, step=1)
            raise ValueError
    assert row(run, "status") == "FAILED"
    assert [p.value for p in run.get_metric("m")] == [1.0]


TERMINATED = """
import os, signal, sys, time
from runbase import Client, Run

run = Run(Client(sys.argv[1], **eval(sys.argv[3])), run_id=int(sys.argv[2]))
with run.track(terminated="TIMEOUT"):
    run.add_metrics({"m": 1.0})
    with run.client:
        run.add_metrics({"m": 2.0}, step=1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)
"""


@pytest.mark.item("S055", "S070", "S071", "A41", "A43")
@pytest.mark.parametrize("settings", [{}, {"flush_interval": 60}])
def test_a_terminated_run_has_that_status(url: str, run: Run, settings: dict[str, Any]):
    command = [sys.executable, "-c", TERMINATED, url, str(run.id), repr(settings)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (-signal.SIGTERM, "")
    assert row(run, "status") == "TIMEOUT"
    assert [p.value for p in run.get_metric("m")] == [1.0]


@pytest.mark.item("S055")
def test_a_run_that_stopped_leaves_no_handler(run: Run):
    before = signal.getsignal(signal.SIGTERM)
    with run.track():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
    run.start(terminated=None)
    assert signal.getsignal(signal.SIGTERM) is before


# -- names ----------------------------------------------------------------------------------


@pytest.mark.item("S059")
def test_all_documented_names_are_there():
    parts = ["args", "env", "extras", "tags"]
    expected = {f"run_{verb}_{part}" for verb in ("set", "add", "remove") for part in parts}
    expected |= {"run_add_link", "run_remove_link", "run_add_metrics", "run_from_env"}
    facts = ("name", "comment", "created", "started", "updated", "status")
    expected |= {f"run_set_{n}" for n in facts}
    assert expected == {n for n in runbase.__all__ if n.startswith("run_")}
    assert all(callable(getattr(runbase, name)) for name in runbase.__all__ if name[0] != "_")
