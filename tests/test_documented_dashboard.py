"""What the pages on the dashboard show: filters, requests, servers, a study with people in it.

All of it is read from the pages.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

import runbase.dashboard
from runbase import Client
from runbase.dashboard.columns import Tables
from runbase.dashboard.columns.table import Table
from runbase.dashboard.filter import mask
from runbase.dashboard.server.app import create_app
from runbase.dashboard.server.guard import Guard
from runbase.dashboard.server.open import open_board
from runbase.dashboard.server.options import load_options
from runbase.errors import InvalidValueError
from runbase.optuna import RDBStorage
from tests.web import Web, dashboard, running

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "dashboard.md").read_text(encoding="utf-8")
PEOPLE = (DOCS / "human-in-the-loop.md").read_text(encoding="utf-8")
FILTERS, MISTAKES = (
    dict(re.findall(r"^\| `(.+?)` \| (.+?) \|$", part, re.M))
    for part in PAGE.partition("\n## Filters\n")[2]
    .partition("\n## Keys\n")[0]
    .split("A mistake is")
)
COMMANDS = [
    command.replace("\\\n", " ") for command in re.findall(r"^\$ (curl (?:.*\\\n)*.*)$", PAGE, re.M)
]
NOON = datetime(2026, 11, 1, 12)
TOKEN = "a token"
TIMED_OUT = 28  # the status of curl

#: The numbers of the trials that each filter lets through.
FOUND = {
    "value < 0.1": [0, 2],
    "values.1 <= 20 and complete": [0, 3],
    "params.lr < 1e-3 and optimizer = adam": [2, 4],
    "status in (running, waiting)": [5, 6],
    "pruned or failed": [4, 7],
    "best": [0, 2],
    "not feasible": [3],
    'host contains "gpu"': [0, 1],
    'params."weight decay" is missing': [0, 2, 4, 6],
    "value is not missing and optimizer != sgd": [0, 2],
    'duration > 600 and started >= "2026-11-01 12:00"': [2, 3],
    "(number >= 2 and number < 5) or number = 7": [2, 3, 4, 7],
}


def made(
    state: TrialState,
    values: tuple[float, float] | None,
    params: dict[str, Any],
    minutes: tuple[float, float] = (0, 1),
    **more: Any,
) -> FrozenTrial:
    """A trial that began and took so many minutes after and from noon."""
    distributions = {
        "lr": FloatDistribution(1e-6, 1, log=True),
        "optimizer": CategoricalDistribution(["adam", "sgd"]),
        "weight decay": FloatDistribution(0, 1),
    }
    start = NOON + timedelta(minutes=minutes[0])
    trial = create_trial(
        state=state,
        values=values,
        params=params,
        distributions={name: distributions[name] for name in params},
        **more,
    )
    if state is not TrialState.WAITING:
        trial.datetime_start = start
    if state.is_finished():
        trial.datetime_complete = start + timedelta(minutes=minutes[1])
    return trial


@pytest.fixture
def study(tmp_path: Path) -> Iterator[optuna.Study]:
    """The study that the page is about, the first of its database."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with closing(RDBStorage(f"sqlite:///{tmp_path}/runs.db")) as storage:
        study = optuna.create_study(
            storage=storage, study_name="digits", directions=["minimize", "minimize"]
        )
        sgd = {"optimizer": "sgd", "weight decay": 0.5}
        done = TrialState.COMPLETE
        study.add_trials(
            [
                made(done, (0.05, 20), {"lr": 0.002, "optimizer": "adam"},
                     user_attrs={"host": "GPU-1"}),
                made(done, (0.5, 30), {"lr": 0.01, **sgd}, user_attrs={"host": "my gpu"}),
                made(done, (0.02, 40), {"lr": 0.0001, "optimizer": "adam"}, (0, 11),
                     user_attrs={"host": "cpu"}),
                made(done, (0.3, 10), {"lr": 0.1, **sgd}, (5, 20),
                     system_attrs={"constraints": [1.0]}),
                made(TrialState.PRUNED, None, {"lr": 0.0002, "optimizer": "adam"}, (-30, 25),
                     intermediate_values={0: 0.7, 1: 0.6}),
                made(TrialState.RUNNING, None, {"lr": 0.03, **sgd}),
                made(TrialState.WAITING, None, {}),
                made(TrialState.FAIL, None, {"lr": 0.04, **sgd}),
            ]
        )  # fmt: skip
        yield study


@pytest.fixture
def table(study: optuna.Study, tmp_path: Path) -> Iterator[Table]:
    with closing(Client(f"sqlite:///{tmp_path}/runs.db")) as client:
        yield Tables(client).of(study._study_id)


# Filters


def test_every_filter_of_the_page_is_tried():
    assert FILTERS.keys() == FOUND.keys()


@pytest.mark.parametrize("filter", FILTERS)
def test_a_filter_lets_through_what_the_page_says(filter: str, table: Table):
    assert np.flatnonzero(mask(table, filter)).tolist() == FOUND[filter]


def test_the_page_has_mistakes():
    assert len(MISTAKES) >= 5


@pytest.mark.parametrize("filter", MISTAKES)
def test_a_mistake_is_told_as_the_page_says(filter: str, table: Table):
    with pytest.raises(InvalidValueError) as caught:
        mask(table, filter)
    assert str(caught.value) == MISTAKES[filter]


# Requests


@pytest.fixture
def server(study: optuna.Study, tmp_path: Path) -> Iterator[str]:
    """The address of a dashboard of the study."""
    with dashboard("runs.db", "--no-open", cwd=tmp_path) as process:
        yield process.url()


def run(command: str, url: str, folder: Path) -> str:
    """What a command of the page prints; of a stream, what it has to say at first."""
    command = command.replace("http://localhost:8080", url)
    done = subprocess.run(
        ["bash", "-c", command.replace("curl", "curl --silent --show-error --max-time 3", 1)],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "RUNBASE_DASHBOARD_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == (TIMED_OUT if " -N " in command else 0), done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_requests_of_the_page_are_answered(server: str, tmp_path: Path):
    printed = [run(command, server, tmp_path) for command in COMMANDS]
    answers: list[Any] = [json.loads(text) for text in printed if text.startswith("{")]
    every, one, best, columns, importances, curves, runs, groups, *rest, changes, meta = answers
    [queued] = [answer for answer in rest if answer.keys() == {"number"}]
    *_, saved, changed = [answer for answer in rest if "state" in answer]
    assert [row["name"] for row in every["experiments"]] == ["digits"]
    assert one["summary"]["counts"]["total"] == 8
    assert [row["number"] for row in best["rows"]][:4] == [2, 0, 3, 1]
    assert columns["columns"].keys() == {"number", "value:0", "param:lr"}
    assert columns["columns"]["number"]["values"] == [0, 2]
    assert (tmp_path / "pruned.csv").read_text().splitlines()[1].startswith("4,PRUNED,")
    assert len(importances["importances"]) == 2
    assert [curve["number"] for curve in curves["curves"]] == [4]
    assert runs["columns"]["number"][:4] == [2, 0, 3, 1]
    assert {group["value"]: group["count"] for group in groups["groups"]}["PRUNED"] == 1
    assert len((tmp_path / "runs.csv").read_text().splitlines()) == 1 + 8
    assert queued == {"number": 8}
    assert (saved["name"], changed["version"]) == ("the best", saved["version"] + 1)
    assert httpx.get(f"{server}/api/experiments/1").json()["note"]["body"] == "Looks good."
    assert changes["experiments"].keys() == {"1"}
    [events] = [text for text in printed if text.startswith("retry:")]
    assert f'"tick":{changes["tick"]}' in events
    assert meta["live"] == "events"


def test_the_api_is_described(server: str):
    document = httpx.get(f"{server}/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    known = {re.sub(r"\{[^}]*\}", "1", path) for path in document["paths"]}
    asked = re.findall(r"http://localhost:8080(/[\w/]+)", " ".join(COMMANDS))
    assert {*asked} - known == {"/api/events"}


# Programs and settings


@pytest.mark.parametrize(
    ("command", "mark"),
    [
        (["gunicorn", "--threads", "8", "--bind", "127.0.0.1:0", "app"], "Listening at: "),
        (["waitress", "--listen", "127.0.0.1:0", "app:application"], "Serving on "),
    ],
    ids=["gunicorn", "waitress"],
)
def test_the_application_of_the_page_is_served(
    command: list[str], mark: str, study: optuna.Study, tmp_path: Path
):
    pytest.importorskip(command[0])
    [code] = re.findall(
        r"^```python\n(from runbase.dashboard import wsgi.*?)^```", PAGE, re.M | re.S
    )
    (tmp_path / "app.py").write_text(code)
    (tmp_path / "artifacts").mkdir()
    with running("-m", *command, cwd=tmp_path) as process:
        place = f"{process.url(mark)}/runs/api/meta"
        answer = httpx.get(place, headers={"Authorization": "Bearer secret"})
        assert answer.json()["live"] == "poll"
        assert httpx.get(place).status_code == 401
        process.end()


def test_the_config_file_of_the_page_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    [text] = re.findall(r"^```toml\n(.*?)^```", PAGE, re.M | re.S)
    (tmp_path / "dashboard.toml").write_text(text)
    options = load_options({}, tmp_path / "dashboard.toml")
    assert (options.base_path, options.allowed_hosts) == ("/runs", ["runs.example.org"])
    assert options.read_only
    assert options.artifact_store == {"boto3": {"bucket_name": "artifacts"}}


def test_what_nginx_sends_is_answered(study: optuna.Study, tmp_path: Path):
    [line] = re.findall(r"^\$ RUNBASE_DASHBOARD_TOKEN=\.\.\. runbase dashboard (.*)$", PAGE, re.M)
    environment = {"RUNBASE_DASHBOARD_TOKEN": TOKEN}
    with dashboard(*line.split(), "--no-open", cwd=tmp_path, env=environment) as process:
        url = process.url()
        headers = {"Host": "runs.example.org", "X-Forwarded-Proto": "https"}
        answer = httpx.get(f"{url}/", params={"token": TOKEN}, headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (303, "/runs/")
        assert "Secure" in answer.headers["set-cookie"]
        headers["Cookie"] = answer.headers["set-cookie"].partition(";")[0]
        headers["Origin"] = "https://runs.example.org"
        new = {"name": "new", "directions": ["minimize"]}
        answer = httpx.post(f"{url}/api/experiments", json=new, headers=headers)
        assert answer.status_code == 201


def test_the_token_of_the_page_is_one():
    [command] = re.findall(r"^\$ export RUNBASE_DASHBOARD_TOKEN=\$\((.*)\)$", PAGE, re.M)
    command = command.replace("python", sys.executable, 1)
    assert len(subprocess.check_output(["bash", "-c", command], text=True).strip()) > 40


def test_a_database_that_can_only_be_read_is_shown(url: str):
    with closing(Client(url)) as client:
        optuna.create_study(storage=RDBStorage(client)).add_trial(
            made(TrialState.COMPLETE, None, {"lr": 0.1}, value=0.5)
        )
    board = open_board(f"{url}?mode=ro")
    try:
        web = Web(create_app(board, Guard(host="127.0.0.1")))
        for page in ("", "/1", "/1/trials", "/1/trials/0", "/1/columns?names=param:lr", "/1/csv"):
            assert web.get(f"/api/experiments{page}").status_code == 200
        new = web.ask("POST", "/api/experiments", json={"name": "new", "directions": ["minimize"]})
        assert new.status_code == 403
    finally:
        board.close()


# The reference and the options


def test_public_names_are_in_the_reference():
    page = (DOCS / "api" / "dashboard.md").read_text(encoding="utf-8")
    assert [name for name in runbase.dashboard.__all__ if name not in page] == []


def test_every_option_of_both_commands_is_in_the_table():
    pytest.importorskip("optuna_dashboard")
    page = (DOCS / "coming-from-optuna-dashboard.md").read_text(encoding="utf-8")
    table = page.partition("## Command line\n")[2].partition("\n## ")[0]
    theirs = [sys.executable, "-c", "from optuna_dashboard._cli import main; main()", "--help"]
    ours = [sys.executable, "-m", "runbase", "dashboard", "--help"]
    for command in (theirs, ours):
        text = subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL)
        options = {*re.findall(r"^\s+(?:-\w\b.*?, )?(--[a-z-]+)", text, re.M)}
        assert len(options) > 5
        assert sorted(o for o in options if o not in table) == ["--help"]


# People


def test_the_study_of_the_page_asks_people(tmp_path: Path):
    pytest.importorskip("plotly")
    code = re.findall(r"^```python\n(.*?)^```", PEOPLE, re.M | re.S)
    subprocess.run([sys.executable, "-c", "\n".join(code)], cwd=tmp_path, check=True, timeout=120)
    with dashboard("demo.db", "--artifact-dir", "demo.artifacts", "--no-open", cwd=tmp_path) as of:
        place = f"{of.url()}/api"
        names = {row["name"]: row["id"] for row in _get(f"{place}/experiments")["experiments"]}
        colours, voices, reviewed = (
            _get(f"{place}/experiments/{names[name]}")
            for name in ("sunset colours", "voices", "reviewed")
        )
        kinds = [[w["type"] for w in study["form"]["widgets"]] for study in (colours, voices)]
        assert kinds == [["choice"], ["slider", "user_attr"]]
        keys = [widget["user_attr_key"] for widget in reviewed["form"]["widgets"]]
        assert keys == ["sharp", "warmth", "remarks"]
        assert [figure["id"] for figure in colours["figures"]] == ["colours"]
        trial = _get(f"{place}/experiments/{colours['id']}/trials/3")
        [file] = trial["artifacts"]
        assert f"](/{file['url']})" in trial["note"]["body"]
        assert httpx.get(f"{of.url()}/{file['url']}").headers["content-type"] == "image/png"


def _get(url: str) -> Any:
    return httpx.get(url).raise_for_status().json()
