"""Experiments: names, tags, extras, links, and the wide view of their metrics."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

import runbase
from runbase import Client, Experiment
from runbase.errors import ConfigError, ConflictError, InvalidValueError, NotFoundError
from runbase.store import experiments
from runbase.store.columns import MANY


def row(experiment: Experiment, columns: str) -> Any:
    """Cells of the experiment's row; one alone without its tuple."""
    sql = f"SELECT {columns} FROM experiments WHERE id = ?"
    found = experiment.client.execute(sql, [experiment.id]).fetchone()
    return found[0] if len(found) == 1 else tuple(found)


def count(client: Client, table: str) -> int:
    return int(client.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


# -- making and finding ---------------------------------------------------------------------


@pytest.mark.item("S010", "S040", "A10")
def test_a_name_that_is_new_makes_an_experiment(client: Client):
    before = datetime.now(UTC) - timedelta(seconds=1)
    experiment = Experiment(client, name="new")
    assert experiment.client is client
    assert row(experiment, "id, kind, name") == (experiment.id, "tracking", "new")
    assert row(experiment, "comment, tags, extras") == (None, None, None)
    assert before <= row(experiment, "time_created") <= datetime.now(UTC)


@pytest.mark.item("S040", "A10")
def test_an_experiment_is_found_by_name_by_id_or_both(client: Client):
    made = Experiment(client, name="e")
    for found in (
        Experiment(client, name="e"),
        Experiment(client, made.id),
        Experiment(client, experiment_id=made.id, name="e"),
        Experiment(client, np.int64(made.id)),  # type: ignore[arg-type]
    ):
        assert (found.id, found.name) == (made.id, "e")
    assert count(client, "experiments") == 1


@pytest.mark.item("S040", "A10")
def test_what_names_no_experiment_is_a_precise_error(client: Client, experiment: Experiment):
    with pytest.raises(TypeError, match="say name='digits'"):
        Experiment(client, "digits")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="experiment_id or a name"):
        Experiment(client)
    with pytest.raises(NotFoundError, match="no experiment 999"):
        Experiment(client, 999)
    with pytest.raises(NotFoundError, match="no experiment 999"):
        Experiment(client, 999, "new")
    with pytest.raises(ConflictError, match="is called 'an experiment', not 'other'"):
        Experiment(client, experiment.id, "other")
    assert count(client, "experiments") == 1


@pytest.mark.parametrize("name", ["", "x" * 501, "nul\0", "half \ud800", 7, b"x", ["x"]], ids=ascii)
def test_a_name_that_no_engine_could_keep_is_refused(client: Client, name: Any):
    with pytest.raises(InvalidValueError):
        Experiment(client, name=name)
    experiment = Experiment(client, name="good")
    with pytest.raises(InvalidValueError):
        experiment.set_name(name)
    assert [tuple(r) for r in client.execute("SELECT name FROM experiments")] == [("good",)]


@pytest.mark.item("S040")
def test_names_that_differ_at_all_are_different(client: Client):
    names = [
        *("e", "E", "e ", " e", "\u00e9", "e\u0301", "it's", '"', "%s", ":x", "a/b", "\\", "?"),
        *("x" * 500, "\N{ROCKET}" * 500, "\N{GRINNING FACE}"),
    ]
    made = {name: Experiment(client, name=name).id for name in names}
    assert len(set(made.values())) == len(names)
    assert {name: Experiment(client, name=name).id for name in names} == made
    assert [Experiment(client, id).name for id in made.values()] == names


@pytest.mark.item("S040")
def test_a_study_of_the_same_name_is_another_experiment(client: Client):
    study = experiments.get_or_create(client.db, "e", kind="optuna")
    assert Experiment(client, name="e").id != study
    assert experiments.find(client.db, "e", kind="optuna") == study


@pytest.mark.item("S041", "A13")
def test_get_run_makes_or_finds_a_run(
    client: Client, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
):
    run = experiment.get_run()
    assert run.experiment_id == experiment.id
    assert experiment.get_run(run.id).id == run.id
    monkeypatch.setenv("MY_RUN", str(run.id))
    assert experiment.get_run("MY_RUN").id == run.id
    assert count(client, "runs") == 1
    with pytest.raises(ConflictError):
        Experiment(client, name="other").get_run(run.id)


def test_the_text_of_an_experiment_says_which_it_is(experiment: Experiment):
    assert repr(experiment) == f"Experiment(id={experiment.id}, name='an experiment')"


# -- name, comment, tags, extras, links -----------------------------------------------------


@pytest.fixture(params=["methods", "functions"])
def call(request: pytest.FixtureRequest, experiment: Experiment) -> Callable[..., None]:
    """Change `experiment`, by a method or by the function that does the same."""

    def method(name: str, *args: Any) -> None:
        assert getattr(experiment, name)(*args) is experiment

    def function(name: str, *args: Any) -> None:
        getattr(runbase, f"experiment_{name}")(experiment.client, experiment.id, *args)

    return method if request.param == "methods" else function


Call = Callable[..., None]


@pytest.mark.item("S041", "S042", "A17", "A55")
def test_an_experiment_is_renamed(client: Client, experiment: Experiment, call: Call):
    Experiment(client, name="other")
    call("set_name", "renamed")
    call("set_name", "renamed")
    assert experiment.name == "renamed"
    with pytest.raises(ConflictError, match="another experiment is called 'other'"):
        call("set_name", "other")
    assert experiment.name == "renamed"


@pytest.mark.item("S041", "S042", "A16", "A54")
def test_the_comment_is_set_and_cleared(experiment: Experiment, call: Call):
    call("set_comment", "it's 100% \N{ROCKET}")
    assert row(experiment, "comment") == "it's 100% \N{ROCKET}"
    call("set_comment", None)
    assert row(experiment, "comment") is None


@pytest.mark.item("S015", "S041", "S042", "S043", "A12", "A15", "A18", "A51", "A53", "A56")
def test_tags_are_set_added_and_removed(experiment: Experiment, call: Call):
    call("add_tags")
    assert row(experiment, "tags") is None
    call("add_tags", "a", "b")
    call("add_tags", "b", "it's")
    assert row(experiment, "tags") == {"a": True, "b": True, "it's": True}
    call("remove_tags", "b", "unknown")
    assert row(experiment, "tags") == {"a": True, "it's": True}
    call("set_tags", "c")
    call("add_tags")
    assert row(experiment, "tags") == {"c": True}
    call("set_tags")
    assert row(experiment, "tags") == {}


@pytest.mark.parametrize("tag", [7, None, ["a"], ""])
def test_a_tag_that_is_no_text_is_refused(experiment: Experiment, call: Call, tag: Any):
    experiment.set_tags("a")
    for name in ("set_tags", "add_tags", "remove_tags"):
        with pytest.raises(InvalidValueError, match="tag"):
            call(name, "b", tag)
    assert row(experiment, "tags") == {"a": True}


@pytest.mark.item("S010", "S015", "S042")
def test_extras_are_set_added_and_removed(experiment: Experiment, call: Call):
    call("add_extras", {"a": 1, "b": [None, {"c": 0.5}]})
    call("add_extras", {"a": 2})
    call("add_extras", None)
    assert row(experiment, "extras") == {"a": 2, "b": [None, {"c": 0.5}]}
    call("remove_extras", "a", "unknown")
    assert row(experiment, "extras") == {"b": [None, {"c": 0.5}]}
    call("set_extras", {"d": "x"})
    assert row(experiment, "extras") == {"d": "x"}
    call("set_extras", None)
    assert row(experiment, "extras") is None


@pytest.mark.item("S011", "S041", "S042", "A11", "A14", "A50", "A52")
def test_links_are_added_and_removed(client: Client, experiment: Experiment, call: Call):
    other, links = Experiment(client, name="other"), "SELECT from_id, kind, to_id"
    for _ in range(2):  # the second time nothing changes
        call("add_link", "continues", other.id)
    call("add_link", "self", experiment.id)
    found = client.execute(f"{links} FROM experiment_links ORDER BY kind").fetchall()
    assert found == [
        (experiment.id, "continues", other.id),
        (experiment.id, "self", experiment.id),
    ]
    call("remove_link", "continues", other.id)
    call("remove_link", "unknown", other.id)
    assert count(client, "experiment_links") == 1


@pytest.mark.item("S011")
def test_a_link_to_nowhere_is_refused(client: Client, experiment: Experiment, call: Call):
    with pytest.raises(NotFoundError, match=f"link experiment {experiment.id} to experiment 999"):
        call("add_link", "continues", 999)
    with pytest.raises(InvalidValueError, match="kind of a link"):
        call("add_link", "", experiment.id)
    assert count(client, "experiment_links") == 0


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("set_name", ["x"]),
        ("set_comment", ["x"]),
        ("set_tags", ["x"]),
        ("add_tags", ["x"]),
        ("remove_tags", ["x"]),
        ("set_extras", [{}]),
        ("add_extras", [{"a": 1}]),
        ("remove_extras", ["x"]),
        ("add_link", ["x", 999]),
    ],
)
def test_an_experiment_that_does_not_exist_cannot_be_changed(
    client: Client, name: str, arguments: list[Any]
):
    with pytest.raises(NotFoundError, match="experiment"):
        getattr(runbase, f"experiment_{name}")(client, 999, *arguments)


@pytest.mark.item("S015")
def test_deleting_an_experiment_deletes_its_runs_metrics_and_links(
    client: Client, experiment: Experiment
):
    other = Experiment(client, name="other").add_link("continues", experiment.id)
    experiment.add_link("back", other.id)
    run = experiment.get_run().add_metrics({"a": 1.0, "b": math.nan, "c": 2**60})
    other.get_run().add_link("resumes", run.id).add_metrics({"a": 2.0})
    experiments.delete(client.db, experiment.id)
    kept = {"experiments": 1, "runs": 1, "metrics": 1, "run_metrics": 1}
    gone = {"experiment_links": 0, "run_links": 0, "metrics_more": 0, "metric_specials": 0}
    assert {name: count(client, name) for name in kept | gone} == kept | gone
    with pytest.raises(NotFoundError):
        experiments.delete(client.db, experiment.id)


def test_the_list_counts_the_runs(client: Client, experiment: Experiment):
    Experiment(client, name="empty")
    started = [experiment.get_run() for _ in range(3)]
    started[0].start(terminated=None)
    started[1].stop("FAILED")
    first, second = experiments.list_all(client.db)
    assert (first.name, first.runs, first.running, first.failed) == ("an experiment", 3, 1, 1)
    assert (second.name, second.runs, second.running, second.failed) == ("empty", 0, 0, 0)
    assert isinstance(first.time_updated, datetime)
    assert second.time_updated is None


# -- the wide view --------------------------------------------------------------------------


def view(client: Client, name: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    quoted = client.engine.quote(name)
    cursor = client.execute(f"SELECT * FROM {quoted} ORDER BY run_id, step")
    return [c[0] for c in cursor.description or ()], [tuple(r) for r in cursor]


def test_the_wide_view_has_a_column_for_each_metric_of_the_experiment(
    client: Client, experiment: Experiment
):
    Experiment(client, name="other").get_run().add_metrics({"theirs": 1.0})
    run = experiment.get_run()
    run.add_metrics({"train/loss": 0.5, "Loss": 1.0, "loss": 2.0, "label": "x"}, step=1)
    run.add_metrics({"train/loss": math.nan, "loss": 3.0}, step=2)
    name = experiment.create_metrics_view()
    assert name == "metrics_of_an experiment"
    columns, rows = view(client, name)
    assert columns == ["run_id", "step", "progress", "train/loss", "Loss", "loss_2", "label"] or (
        columns == ["run_id", "step", "progress", "train/loss", "Loss", "loss", "label"]
    )
    assert rows == [(run.id, 1, 0.0, 0.5, 1.0, 2.0, "x"), (run.id, 2, 0.0, None, None, 3.0, None)]
    run.add_metrics({"new": 4.0}, step=3)
    assert "new" not in view(client, name)[0]
    experiment.create_metrics_view()
    assert "new" in view(client, name)[0]


def test_the_wide_view_has_the_metrics_that_have_no_column(client: Client, experiment: Experiment):
    names = [f"m{i}" for i in range(MANY)] + ["train/loss", "it's", 'a"b', "back\\slash", "a.b"]
    run = experiment.get_run().add_metrics({name: i + 0.5 for i, name in enumerate(names)})
    columns, [row] = view(client, experiment.create_metrics_view("mine"))
    assert columns[3:] == names
    assert [float(cell) for cell in row[3:]] == [i + 0.5 for i in range(len(names))]
    assert row[0] == run.id


@pytest.mark.parametrize("name", ["it's", 'a "quoted" name', "`x`", "x" * 400, "\N{ROCKET}", "%s"])
def test_an_experiment_of_any_name_has_a_wide_view(client: Client, name: str):
    experiment = Experiment(client, name=name)
    experiment.get_run().add_metrics({"m": 1.0, "100%": 2.0})
    assert view(client, experiment.create_metrics_view())[0][3:] == ["m", "100%"]


@pytest.mark.item("S042")
def test_all_documented_names_are_there():
    names = {f"{verb}_{part}" for verb in ("set", "add", "remove") for part in ("tags", "extras")}
    names |= {"add_link", "remove_link", "set_comment", "set_name"}
    assert {f"experiment_{name}" for name in names} == {
        name for name in runbase.__all__ if name.startswith("experiment_")
    }
    assert all(callable(getattr(Experiment, name)) for name in names)
