"""Plotly figures of the user's own, which Optuna Dashboard reads and writes as well."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import plotly.graph_objects as go
import pytest

from runbase import errors
from runbase.dashboard import save_plotly_graph_object
from runbase.dashboard.plots import read_figures
from tests.dashboards import STORAGES, attrs_of, new_study, shown, theirs


@pytest.fixture(params=STORAGES)
def study(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[optuna.Study]:
    yield from new_study(request.param, tmp_path)


@pytest.fixture
def memory() -> optuna.Study:
    """A study where the storage does not matter."""
    return optuna.create_study()


def figure(points: int) -> Any:
    return go.Figure(go.Scatter(x=[1] * points, y=[2] * points, name="Ω"))


@pytest.mark.item("F04")
def test_a_figure_comes_back(study: optuna.Study):
    id = save_plotly_graph_object(study, figure(5000))
    assert str(uuid.UUID(id)) == id
    assert read_figures(attrs_of(study)) == {id: figure(5000).to_json()}


def test_a_figure_of_the_same_id_is_replaced(study: optuna.Study):
    for points in (1, 5000, 2, 3000):
        assert save_plotly_graph_object(study, figure(points), graph_object_id="mine") == "mine"
        assert read_figures(attrs_of(study)) == {"mine": figure(points).to_json()}


@pytest.mark.item("F04", "K02")
def test_figures_are_stored_as_optuna_dashboard_does(memory: optuna.Study):
    other = optuna.create_study()
    for points in (5000, 1, 2000):
        save_plotly_graph_object(memory, figure(points), graph_object_id="a:b")
        theirs().save_plotly_graph_object(other, figure(points), graph_object_id="a:b")
        assert attrs_of(memory) == attrs_of(other)
    assert {len(text) for text in attrs_of(memory).values()} >= {2045, 0}


def test_optuna_dashboard_shows_our_figures(study: optuna.Study):
    for points in (5000, 1):
        save_plotly_graph_object(study, figure(points), graph_object_id="a-b_c:d.1")
    id = save_plotly_graph_object(study, figure(3))
    found = {each["id"]: each["graph_object"] for each in shown(study)["plotly_graph_objects"]}
    assert found == {"a-b_c:d.1": figure(1).to_json(), id: figure(3).to_json()}


def test_figures_of_optuna_dashboard_are_read_and_replaced(study: optuna.Study):
    theirs().save_plotly_graph_object(study, figure(5000), graph_object_id="é:1")
    assert read_figures(attrs_of(study)) == {"é:1": figure(5000).to_json()}
    save_plotly_graph_object(study, figure(1), graph_object_id="é:1")
    assert [each["graph_object"] for each in shown(study)["plotly_graph_objects"]] == [
        figure(1).to_json()
    ]


def test_an_id_that_goes_on_after_another_is_a_figure_of_its_own(memory: optuna.Study):
    for number, id in enumerate(("a", "a:0", "a:b", "a:0:0"), 1):
        save_plotly_graph_object(memory, figure(number), graph_object_id=id)
    points = {id: len(json.loads(text)["data"][0]["x"]) for id, text in figures(memory).items()}
    assert points == {"a": 1, "a:0": 2, "a:b": 3, "a:0:0": 4}


def figures(study: optuna.Study) -> dict[str, str]:
    return read_figures(attrs_of(study))


@pytest.mark.parametrize("id", ["", " ", "a b", "a/b", "<b>", 'x"', "a\n", "#a"])
def test_an_id_that_html_cannot_have_is_refused(memory: optuna.Study, id: str):
    with pytest.raises(errors.InvalidValueError, match=f"valid HTML id.*{re.escape(repr(id))}"):
        save_plotly_graph_object(memory, figure(1), graph_object_id=id)
    assert attrs_of(memory) == {}


def test_what_is_no_figure_and_no_study_is_refused(memory: optuna.Study):
    with pytest.raises(errors.InvalidValueError, match="a Plotly figure is needed, not dict"):
        save_plotly_graph_object(memory, {"data": []})
    with pytest.raises(errors.InvalidValueError, match=r"not a Trial: give trial\.study"):
        save_plotly_graph_object(memory.ask(), figure(1))  # type: ignore[arg-type]
