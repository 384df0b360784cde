"""What people read of Ax's experiments without Ax: by SQL, and by the commands."""

from __future__ import annotations

import csv
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import pytest
from ax.core.arm import Arm
from ax.core.data import Data, DataRow
from ax.core.experiment import Experiment

import runbase
from runbase.ax import Client, Store, save_experiment
from runbase.commands import main
from runbase.store.ax import experiments as ax_experiments
from tests.ax.clients import BY_HAND, NAME, ask, ask_and_tell, begin, check_strategy, load
from tests.ax.experiments import small_experiment

TRIALS = """
SELECT r.number, r.name, r.status, r.value, r.args
  FROM runs AS r
  JOIN experiments AS e ON e.id = r.experiment_id
 WHERE e.name = %s AND r.number >= 0
 ORDER BY r.number"""
ARMS = """
SELECT parent.number, arm.name, arm.status, arm.value, m.loss, m.loss_sem
  FROM runs AS arm
  JOIN runs AS parent ON parent.id = arm.parent_id
  JOIN metrics AS m ON m.run_id = arm.id
 ORDER BY arm.name"""
ATTRS = """
SELECT a.value FROM run_attrs AS a JOIN runs AS r ON r.id = a.owner_id
 WHERE a.key = %s ORDER BY r.number"""


@pytest.fixture
def store(client: runbase.Client) -> Store:
    """A store whose tables are there."""
    return Store(client)


def rows(store: Store, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in store.client.execute(sql, list(values)).fetchall()]


def command(*words: str) -> str:
    """What a command prints."""
    with redirect_stdout(StringIO()) as out:
        assert main(list(words)) in (None, 0)
    return out.getvalue()


def batch(name: str) -> Experiment:
    """An experiment with a batch of two arms, both measured."""
    experiment = small_experiment(name)
    trial = experiment.new_batch_trial()
    trial.add_arms_and_weights([Arm({"x": 0.25}), Arm({"x": 0.75})], [1.0, 2.0])
    trial.mark_running(no_runner_required=True)
    experiment.data = Data(
        data_rows=[
            DataRow(0, "0_0", "loss", "loss", 1.5, 0.25),
            DataRow(0, "0_1", "loss", "loss", 2.5, 0.5),
        ]
    )
    trial.mark_completed()
    return experiment


def tracked(store: Store) -> runbase.Run:
    """A tracked run beside the trials."""
    run = runbase.Experiment(store.client, name="by hand").get_run().set_args({"lr": 0.5})
    with run.track():
        run.add_metrics({"loss": 0.25}, step=3)
    return run


@pytest.mark.item("AX23")
def test_trials_are_rows(store: Store):
    client = begin(store)
    index = client.attach_trial(BY_HAND, "mine")
    client.complete_trial(index, {"loss": (0.5, 0.125), "size": 7.0})
    client.get_next_trials(3)
    client.mark_trial_failed(1, "no memory")
    client.mark_trial_abandoned(2)
    found = rows(store, TRIALS, NAME)
    assert found[0] == (0, "mine", "COMPLETED", 0.5, BY_HAND)
    assert [row[1:4] for row in found[1:]] == [
        ("1_0", "FAILED", None), ("2_0", "CANCELLED", None), ("3_0", "RUNNING", None)
    ]  # fmt: skip
    assert found[3][4] == client._experiment.trials[3].arms[0].parameters
    assert rows(store, "SELECT step, loss, loss_sem, size FROM metrics") == [(0, 0.5, 0.125, 7.0)]
    assert rows(store, ATTRS, "status_reason") == [('"no memory"',)]
    assert rows(store, ATTRS, "generator") == [('"Sobol"',)] * 3
    assert rows(store, ATTRS, "constraints") == [("[2.0]",)]  # a size of 5 at most
    [(kind, directions)] = rows(store, "SELECT kind, directions FROM experiments")
    assert (kind, directions) == ("ax", ["minimize"])


@pytest.mark.item("AX14", "AX23")
def test_a_batch_is_a_run_with_a_run_for_each_arm(store: Store):
    save_experiment(batch("batches"), store=store)
    assert rows(store, TRIALS, "batches") == [(0, None, "COMPLETED", None, None)]
    assert rows(store, ARMS) == [
        (0, "0_0", "COMPLETED", 1.5, 1.5, 0.25),
        (0, "0_1", "COMPLETED", 2.5, 2.5, 0.5),
    ]
    assert sorted(rows(store, ATTRS, "weight")) == [("1.0",), ("2.0",)]


def test_trials_and_tracked_runs_are_compared_by_one_query(store: Store):
    ask_and_tell(begin(store), 2)
    tracked(store)
    best = "SELECT e.name, r.number, best.min FROM run_best AS best JOIN runs AS r ON r.id = "
    best += "best.run_id JOIN experiments AS e ON e.id = r.experiment_id WHERE best.name = 'loss'"
    found = rows(store, best)
    assert {row[0] for row in found} == {NAME, "by hand"}
    assert len(found) == 3


def test_the_commands_list_and_export_them(url: str, store: Store):
    client = begin(store)
    ask_and_tell(client, 2)
    ask(client)
    tracked(store)
    save_experiment(batch("batches"), store=store)
    listed = command("ls", url)
    assert all(name in listed for name in (NAME, "by hand", "batches"))
    shown = command("runs", url, "--min", "loss")
    assert shown.count(NAME) == 3
    assert shown.count("by hand") == 1
    assert shown.count("batches") == 2, shown
    exported = list(csv.DictReader(StringIO(command("export", url, "--format", "csv"))))
    assert len(exported) >= 6, exported
    assert sum(row["loss.min"] != "" for row in exported) == 5
    command("delete", "--experiment", NAME, url, "--yes")
    assert NAME not in command("ls", url)
    assert load(url, "batches")[0].trials[0].status.name == "COMPLETED"


def test_deleting_a_trial_leaves_the_rest_loadable(url: str, store: Store):
    client = begin(store)
    ask_and_tell(client, 3)
    [(id,)] = rows(store, "SELECT id FROM runs WHERE number = 1")
    command("delete", str(id), url, "--yes")
    experiment, strategy = load(url)
    assert list(experiment.trials) == [0, 2]
    check_strategy(experiment, strategy)
    ask_and_tell(Client.load(NAME, store))
    assert list(load(url)[0].trials) == [0, 2, 3]


@pytest.mark.item("AX18")
def test_deleting_an_experiment_leaves_the_others(url: str, store: Store):
    ask_and_tell(begin(store), 2)
    ask_and_tell(begin(store, "another"), 2)
    ax_experiments.delete(store.db, NAME)
    assert store.names() == ["another"]
    for table in ("ax_experiments", "ax_strategies"):
        assert rows(store, f"SELECT COUNT(*) FROM {table}") == [(1,)]
    for table in ("ax_trials", "ax_generator_runs", "runs"):
        assert rows(store, f"SELECT COUNT(*) FROM {table}") == [(2,)]
    ask_and_tell(Client.load("another", store))
