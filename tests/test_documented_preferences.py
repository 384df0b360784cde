"""What the pages on preferences and on Streamlit show, which is read from them."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
import pytest

from runbase.dashboard import ChoiceWidget, preferential, register_objective_form_widgets
from runbase.dashboard import streamlit as ours
from runbase.dashboard.preferential.samplers.gp import PreferentialGPSampler
from runbase.optuna import RDBStorage
from tests.dashboards import theirs
from tests.web import dashboard

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "preferential.md").read_text(encoding="utf-8")
REFERENCE = (DOCS / "api" / "preferential.md").read_text(encoding="utf-8")
APP = (DOCS / "streamlit.md").read_text(encoding="utf-8")
ANSWER = "01234567-89ab-4cde-8f01-23456789abcd"


def code(page: str) -> str:
    return "\n".join(re.findall(r"^```python\n(.*?)^```", page, re.M | re.S))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the program of the page on preferences has run."""
    command = [sys.executable, "-W", "error", "-c", code(PAGE)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return tmp_path


def asked(command: str, url: str) -> Any:
    """The answer to a request of the page; None where there is nothing to say."""
    command = command.replace("http://localhost:8080", url)
    command = command.replace("curl", "curl --silent --show-error --fail --max-time 30", 1)
    text = subprocess.check_output(["bash", "-c", command], text=True)
    return json.loads(text) if text else None


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_program_and_the_requests_of_the_page_work_together(folder: Path):
    commands = re.findall(r"^\$ (curl (?:.*\\\n)*.*)$", PAGE, re.M)
    with dashboard("demo.db", "--artifact-dir", "demo.artifacts", "--no-open", cwd=folder) as on:
        waiting, _, said, learnt, _, _ = [asked(command, on.url()) for command in commands]
        again = asked(commands[0], on.url())
    assert [candidate["number"] for candidate in waiting["candidates"]] == [0, 1, 3]
    assert {one["artifact"]["mimetype"] for one in waiting["candidates"]} == {"image/png"}
    assert [answer["pairs"] for answer in said["answers"]] == [[[0, 1], [3, 1]], [[0, 2], [1, 2]]]
    assert {line["axis"]["param"] for line in learnt["lines"]} == {"red", "green", "blue"}
    assert (again["answers"], again["pairs"]) == (2, 4)


def test_the_table_of_the_page_has_what_is_stored(folder: Path):
    table = PAGE.partition("\n## Where it is kept\n")[2]
    documented = {key.partition("{")[0] for key in re.findall(r"`(preference:\w+)", table)}
    with closing(RDBStorage(f"sqlite:///{folder}/demo.db")) as storage:
        [study] = storage.get_all_studies()
        stored = storage.get_study_system_attrs(study._study_id)
    names = {re.sub(r"[0-9a-f]{8}-.*|\d+$", "", key) for key in stored}
    assert names < documented
    assert documented - names == {"preference:ties", "preference:skip_trial"}


@pytest.mark.parametrize(
    ("mine", "of"),
    [
        (preferential.create_study, lambda of: of.preferential.create_study),
        (preferential.load_study, lambda of: of.preferential.load_study),
        (ours.render_trial_note, lambda of: of.streamlit.render_trial_note),
        (
            ours.render_objective_form_widgets,
            lambda of: of.streamlit.render_objective_form_widgets,
        ),
        (
            ours.render_user_attr_form_widgets,
            lambda of: of.streamlit.render_user_attr_form_widgets,
        ),
    ],
)
def test_functions_have_the_arguments_that_they_have_in_optuna_dashboard(mine: Any, of: Any):
    package = theirs()
    pytest.importorskip("streamlit")
    __import__("optuna_dashboard.streamlit")
    other = inspect.signature(of(package)).parameters
    assert [
        (one.name, one.kind, one.default) for one in inspect.signature(mine).parameters.values()
    ] == [(one.name, one.kind, one.default) for one in other.values()]


def test_public_names_are_in_the_reference():
    assert [name for name in preferential.__all__ if name not in REFERENCE] == []
    arguments = inspect.signature(PreferentialGPSampler).parameters
    assert [name for name in arguments if name not in PAGE] == []


def test_the_app_of_the_page_takes_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    testing = pytest.importorskip("streamlit.testing.v1")
    monkeypatch.chdir(tmp_path)
    with closing(RDBStorage("sqlite:///demo.db")) as storage:
        study = optuna.create_study(storage=storage, study_name="sunset colours")
        register_objective_form_widgets(study, [ChoiceWidget(["Good", "Bad"], [-1, 1])])
        for _ in range(2):
            trial = study.ask()
            for part in ("red", "green", "blue"):
                trial.suggest_int(part, 0, 255)
        app = testing.AppTest.from_string(code(APP), default_timeout=60).run()
        assert [picker.label for picker in app.color_picker] == ["Colour 0", "Colour 1"]
        app.radio[1].set_value(0)
        app.button[1].click().run()
        assert not app.exception
        assert [picker.label for picker in app.color_picker] == ["Colour 0"]
        assert [trial.values for trial in study.trials] == [None, [-1]]
