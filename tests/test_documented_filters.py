"""The examples in docs/filters.md, in Python and in a shell; the page itself is read."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import runbase
from runbase import Client, Experiment, Run, commands
from runbase.errors import FilterError

PAGE = (Path(__file__).parents[1] / "docs" / "filters.md").read_text()


def rows_of(head: str) -> dict[str, str]:
    """The lines of a table: what is in its first column, and its second one."""
    table = PAGE.partition(f"| filter | {head} |\n")[2].partition("\n\n")[0]
    return dict(re.findall(r"^\| `(.+?)` \| (.*) \|$", table, re.M))


EXAMPLES, MISTAKES = rows_of("runs"), rows_of("what is said")
#: The ids of the runs that each example lets through.
FOUND = {
    "val_acc > 0.9": [1, 2],
    'args.model = "resnet" and lr < 1e-3': [1],
    "opt.name = adam or opt.name is missing": [1, 2, 4],
    "last:val_acc < 0.85 and best:val_acc > 0.9": [2],
    'min:"val loss" < 0.2 or at:"val loss" >= 2': [1, 3],
    'tag:baseline and not tag:"to delete"': [1],
    '"warm-up"': [2, 4],
    "running or status in (failed, cancelled)": [3, 4],
    "created > 2026-03-02 and duration > 3600": [2, 3, 4],
    "(env.HOST contains gpu or extras.rows >= 1000) and comment is not missing": [2],
}
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fill(client: Client) -> None:
    """Four runs."""
    experiment = Experiment(client, name="digits")
    accuracies = [[0.8, 0.95], [0.91, 0.8], [0.5, 0.6], [0.7]]
    losses = [[0.3, 0.1], [0.25, 0.9], [0.9, 0.8, 0.7], [0.5]]
    for i, (accs, vals) in enumerate(zip(accuracies, losses, strict=True)):
        run = experiment.get_run().set_created(START + timedelta(days=i))
        run.set_env({"HOST": ["cpu1", "GPU7", "cpu2", "gpu1"][i]}).set_extras({"rows": 500 + i})
        for step, value in enumerate(accs):
            run.add_metrics({"val_acc": value}, step=step, updated=None)
        for step, value in enumerate(vals):
            run.add_metrics({"val loss": value}, step=step, updated=None)
        run.set_started(START).set_updated(START + timedelta(hours=i + 1))
    runs = [Run(client, run_id=i) for i in range(1, 5)]
    runs[0].set_args({"model": "resnet", "lr": 1e-4, "opt": {"name": "adam"}})
    runs[1].set_args({"model": "resnet", "lr": 0.1, "note": "with WARM-UP"})
    runs[2].set_args({"model": "vit", "lr": 1e-4, "opt": {"name": "sgd"}})
    runs[3].set_args({"model": "vit", "lr": 0.1})
    runs[0].set_tags("baseline").set_status("COMPLETED")
    runs[1].set_comment("long").set_status("COMPLETED")
    runs[2].set_tags("baseline", "to delete").set_status("RUNNING")
    runs[3].set_tags("warm-up").set_status("FAILED")


@pytest.fixture
def filled(client: Client) -> Client:
    fill(client)
    return client


def test_every_example_is_tried():
    assert EXAMPLES.keys() == FOUND.keys()
    assert len(EXAMPLES) == 10


@pytest.mark.parametrize("filter", EXAMPLES)
def test_an_example_finds_what_the_page_says(filled: Client, filter: str):
    assert sorted(runbase.runs(filled, filter, "digits")["id"]) == FOUND[filter]


@pytest.mark.parametrize("filter", EXAMPLES)
def test_the_command_line_finds_the_same(
    filled: Client, url: str, filter: str, capsys: pytest.CaptureFixture[str]
):
    assert commands.main(["runs", "--url", url, "--filter", filter, "--json"]) == 0
    assert sorted(run["id"] for run in json.loads(capsys.readouterr().out)) == FOUND[filter]


@pytest.mark.parametrize("filter", MISTAKES)
def test_a_mistake_is_told_as_the_page_says(filled: Client, filter: str):
    with pytest.raises(FilterError) as caught:
        runbase.runs(filled, filter)
    assert str(caught.value) == MISTAKES[filter]


def test_the_command_line_marks_the_mistake(
    filled: Client, url: str, capsys: pytest.CaptureFixture[str]
):
    shown = re.findall(r"```text\n(.*?)```", PAGE, re.S)[0]
    assert commands.main(["runs", "--url", url, "--filter", next(iter(MISTAKES))]) == 1
    assert capsys.readouterr().err == shown
