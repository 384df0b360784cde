"""Forms and names of objectives, which Optuna Dashboard reads and writes as well."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

import runbase.dashboard as ours
from runbase import errors
from runbase.dashboard import (
    ChoiceWidget,
    ObjectiveUserAttrRef,
    SliderWidget,
    TextInputWidget,
    dict_to_form_widget,
    register_objective_form_widgets,
    register_user_attr_form_widgets,
    set_objective_names,
)
from runbase.dashboard.forms import Form, read_form
from runbase.dashboard.names import read_objective_names
from tests.dashboards import STORAGES, attrs_of, new_study, set_attr, shown, theirs

THREE = {"directions": ["minimize", "maximize", "minimize"]}


@pytest.fixture(params=STORAGES)
def study(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[optuna.Study]:
    """A study of three objectives."""
    yield from new_study(request.param, tmp_path, **THREE)


@pytest.fixture
def memory() -> optuna.Study:
    """A study of one objective where the storage does not matter."""
    return optuna.create_study()


def made_by(of: Any) -> list[Any]:
    """Every kind of widget, sparse and with everything, made by either dashboard."""
    return [
        of.ChoiceWidget(["Good 👍", "Bad"], [1, -0.5]),
        of.ChoiceWidget(choices=["a"], values=[0], description="Ω?", user_attr_key="a"),
        of.SliderWidget(0, 1),
        of.SliderWidget(
            min=1,
            max=5,
            step=0.5,
            labels=[(1, "bad"), (5, "good")],
            description="How good?",
            user_attr_key="b",
        ),
        of.SliderWidget(0, 1, labels=[]),
        of.TextInputWidget(),
        of.TextInputWidget(description="Why?", user_attr_key="c", optional=True),
        of.ObjectiveUserAttrRef(key="accuracy"),
    ]


# -- widgets --------------------------------------------------------------------------------------


@pytest.mark.item("F05", "F06")
@pytest.mark.parametrize("number", range(8))
def test_a_widget_is_stored_and_restored_as_by_optuna_dashboard(number: int):
    mine, other = made_by(ours)[number], made_by(theirs())[number]
    assert json.dumps(mine.to_dict()) == json.dumps(other.to_dict())
    assert dict_to_form_widget(other.to_dict()) == mine
    assert theirs().dict_to_form_widget(mine.to_dict()) == other
    assert repr(mine) == repr(other)


def test_tuples_are_as_good_as_lists():
    widget = ChoiceWidget(("a", "b"), (1, 2))  # type: ignore[arg-type]
    assert widget.to_dict() == ChoiceWidget(["a", "b"], [1, 2]).to_dict()


def test_a_widget_of_an_earlier_version_has_less():
    assert dict_to_form_widget({"type": "text"}) == TextInputWidget()
    assert dict_to_form_widget({"type": "slider", "min": 0, "max": 1}) == SliderWidget(0, 1)
    assert dict_to_form_widget({"type": "choice", "choices": ["a"], "values": [1]}) == ChoiceWidget(
        ["a"], [1]
    )


@pytest.mark.item("F06")
def test_earlier_names_are_the_same_classes():
    assert ours.ObjectiveChoiceWidget is ChoiceWidget
    assert ours.ObjectiveSliderWidget is SliderWidget
    assert ours.ObjectiveTextInputWidget is TextInputWidget


WRONG: list[tuple[Callable[[], object], str]] = [
    (lambda: ChoiceWidget(["a", "b"], [1]), "2 choices and 1 values"),
    (lambda: ChoiceWidget([], []), "0 choices and 0 values"),
    (lambda: ChoiceWidget(["a"], [math.nan]), "must be finite, not nan"),
    (lambda: SliderWidget(1, 0), "min of a SliderWidget must be below its max: 1 is not below 0"),
    (lambda: SliderWidget(1, 1), "1 is not below 1"),
    (lambda: SliderWidget(0, math.inf), "max of a SliderWidget must be finite"),
    (lambda: SliderWidget(-math.inf, 0), "min of a SliderWidget must be finite"),
    (lambda: SliderWidget(0, 1, step=0), "step of a SliderWidget must be above 0, not 0"),
    (lambda: SliderWidget(0, 1, step=-1), "must be above 0, not -1"),
    (lambda: SliderWidget(0, 1, labels=["a"]), r"a pair \(number, text\), not 'a'"),  # type: ignore[list-item]
    (lambda: SliderWidget(0, 1, labels=[(math.nan, "a")]), "place of a label.*finite"),
    (lambda: ObjectiveUserAttrRef(""), "needs the key of a user attribute"),
    (lambda: dict_to_form_widget({"type": "nope"}), "'user_attr', not 'nope'"),
    (lambda: dict_to_form_widget({}), "not None"),
    (lambda: dict_to_form_widget({"type": "choice"}), "is no ChoiceWidget: .*'choices'"),
    (lambda: dict_to_form_widget({"type": "slider", "min": 1, "max": 0}), "1 is not below 0"),
    (lambda: dict_to_form_widget({"type": "text", "colour": "red"}), "no TextInputWidget.*colour"),
]


@pytest.mark.parametrize(("make", "words"), WRONG, ids=[words for _, words in WRONG])
def test_a_wrong_widget_says_what_is_wrong(make: Callable[[], object], words: str):
    with pytest.raises(errors.InvalidValueError, match=words):
        make()


# -- forms ----------------------------------------------------------------------------------------


def objectives(of: Any) -> list[Any]:
    made = made_by(of)
    return [made[0], made[2], made[7]]


def user_attrs(of: Any) -> list[Any]:
    made = made_by(of)
    return [made[1], made[3], made[6]]


@pytest.mark.item("F05", "K03")
@pytest.mark.parametrize("make", [objectives, user_attrs])
def test_both_dashboards_read_the_form_of_either(
    study: optuna.Study, make: Callable[[Any], list[Any]]
):
    name = "register_objective_form_widgets"
    if make is user_attrs:
        name = "register_user_attr_form_widgets"
    read = []
    for dashboard in (ours, theirs()):
        set_attr(study, "dashboard:form_widgets:v2", None)
        getattr(dashboard, name)(study, make(dashboard))
        form = read_form(attrs_of(study))
        assert form is not None
        assert shown(study)["form_widgets"] == form._asdict()
        assert [dict_to_form_widget(each) for each in form.widgets] == make(ours)
        read.append(attrs_of(study)["dashboard:form_widgets:v2"])
    assert read[0] == read[1]


def test_a_study_without_form_has_none(study: optuna.Study):
    assert read_form(attrs_of(study)) is None


def test_another_form_replaces_the_first(memory: optuna.Study):
    register_objective_form_widgets(memory, [TextInputWidget()])
    register_user_attr_form_widgets(memory, [TextInputWidget(user_attr_key="k")])
    form = read_form(attrs_of(memory))
    assert form == Form("user_attr", [TextInputWidget(user_attr_key="k").to_dict()])
    register_user_attr_form_widgets(memory, [])
    assert read_form(attrs_of(memory)) == Form("user_attr", [])


@pytest.mark.item("K03")
def test_forms_of_earlier_versions_are_read(memory: optuna.Study):
    old = [{"type": "choice", "description": "q", "choices": ["a"], "values": [1]}]
    older = [{"type": "slider", "description": None, "min": 0, "max": 1}]
    set_attr(memory, "dashboard:objective_form_widgets", json.dumps(older))
    assert read_form(attrs_of(memory)) == Form("objective", [SliderWidget(0, 1).to_dict()])
    set_attr(memory, "dashboard:objective_form_widgets:v1", old)
    choice = ChoiceWidget(["a"], [1], "q").to_dict()
    assert read_form(attrs_of(memory)) == Form("objective", [choice])
    register_objective_form_widgets(memory, [TextInputWidget()])
    assert read_form(attrs_of(memory)) == Form("objective", [TextInputWidget().to_dict()])


def test_a_form_that_ours_would_refuse_is_read_as_it_is(memory: optuna.Study):
    widget = theirs().SliderWidget(5, 1)
    theirs().register_objective_form_widgets(memory, [widget])
    assert read_form(attrs_of(memory)) == Form("objective", [widget.to_dict()])


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_there_is_a_widget_for_each_objective(study: optuna.Study, count: int):
    with pytest.raises(errors.InvalidValueError, match=f"as many .*: {count} for 3"):
        register_objective_form_widgets(study, [TextInputWidget()] * count)
    assert read_form(attrs_of(study)) is None


def test_an_objective_is_a_number(memory: optuna.Study):
    text: Any = ChoiceWidget(["a"], ["red"])  # type: ignore[list-item]
    with pytest.raises(errors.InvalidValueError, match="a number, and not one of 'red'"):
        register_objective_form_widgets(memory, [text])
    text.user_attr_key = "colour"
    register_user_attr_form_widgets(memory, [text])


def test_objectives_warn_of_a_user_attr_key(memory: optuna.Study):
    with pytest.warns(UserWarning, match="user_attr_key") as caught:
        register_objective_form_widgets(memory, [TextInputWidget(user_attr_key="k")])
    assert [warning.filename for warning in caught] == [__file__]


def test_user_attributes_need_keys_of_their_own(memory: optuna.Study):
    text = TextInputWidget(user_attr_key="k")
    wrong: list[tuple[list[Any], str]] = [
        ([TextInputWidget()], "`user_attr_key` is not specified"),
        ([TextInputWidget(user_attr_key="")], "`user_attr_key` is not specified"),
        ([text, SliderWidget(0, 1, user_attr_key="k")], "must be unique.*k, k"),
        ([text, ObjectiveUserAttrRef("k")], "for objectives only"),
    ]
    for widgets, words in wrong:
        with pytest.raises(errors.InvalidValueError, match=words):
            register_user_attr_form_widgets(memory, widgets)
    assert read_form(attrs_of(memory)) is None


def test_what_is_no_widget_or_no_study_is_refused(memory: optuna.Study):
    with pytest.raises(errors.InvalidValueError, match="a widget is needed, not dict"):
        register_objective_form_widgets(memory, [{"type": "text"}])  # type: ignore[list-item]
    with pytest.raises(errors.InvalidValueError, match="not a Trial"):
        register_user_attr_form_widgets(memory.ask(), [])  # type: ignore[arg-type]


# -- names of objectives --------------------------------------------------------------------------


@pytest.mark.item("F07")
@pytest.mark.filterwarnings("ignore:.*set_metric_names is experimental")
def test_names_of_objectives_say_what_to_use_instead(study: optuna.Study):
    with pytest.warns(FutureWarning, match=r"deprecated.*study\.set_metric_names\(\)") as caught:
        set_objective_names(study, ["a", "b", "c"])
    assert __file__ in [warning.filename for warning in caught]
    assert study.metric_names == read_objective_names(attrs_of(study)) == ["a", "b", "c"]
    assert shown(study)["objective_names"] == ["a", "b", "c"]


@pytest.mark.filterwarnings("ignore:.*set_metric_names is experimental")
def test_there_is_a_name_for_each_objective(memory: optuna.Study):
    with (
        pytest.warns(FutureWarning, match="set_metric_names"),
        pytest.raises(ValueError, match="number of objectives"),
    ):
        set_objective_names(memory, ["a", "b"])


@pytest.mark.item("K04")
def test_names_that_are_older_than_optunas_are_read(memory: optuna.Study):
    assert read_objective_names(attrs_of(memory)) is None
    set_attr(memory, "dashboard:objective_names", ["old"])
    assert read_objective_names(attrs_of(memory)) == shown(memory)["objective_names"] == ["old"]
    set_attr(memory, "study:metric_names", ["new"])
    assert read_objective_names(attrs_of(memory)) == shown(memory)["objective_names"] == ["new"]


# -- the package ----------------------------------------------------------------------------------


def test_importing_the_dashboard_is_light():
    code = (
        "import sys, runbase.dashboard as dashboard; "
        "assert not [m for m in sys.modules if m.startswith('runbase.dashboard.')]; "
        "server = {'asgi', 'run_server', 'wsgi'}; "
        "assert all(getattr(dashboard, name) for name in {*dashboard.__all__} - server); "
        "heavy = {'optuna', 'plotly', 'scipy', 'sqlalchemy', 'starlette', 'streamlit'}; "
        "assert not heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_public_name_is_there():
    assert set(ours.__all__) <= set(dir(ours))
    for name in ours.__all__:
        assert getattr(ours, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        ours.nope  # noqa: B018
