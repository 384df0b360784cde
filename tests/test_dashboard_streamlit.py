"""Notes and forms in a Streamlit app, which Streamlit's own AppTest runs and fills in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from runbase import errors
from runbase.dashboard import (
    ChoiceWidget,
    ObjectiveUserAttrRef,
    SliderWidget,
    TextInputWidget,
    register_objective_form_widgets,
    register_user_attr_form_widgets,
    save_note,
)
from runbase.dashboard.streamlit import (
    render_objective_form_widgets,
    render_trial_note,
    render_user_attr_form_widgets,
)
from tests.dashboards import new_study, theirs

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

testing = pytest.importorskip("streamlit.testing.v1")

QUESTION = "Does it look like a sunset?"
COLOURS = ChoiceWidget(["Good 👍", "So-so", "Bad"], [-1, 0, 0], description=QUESTION)
NATURAL = SliderWidget(1, 5, step=1, labels=[(1, "robot"), (5, "human")], description="Natural?")


@pytest.fixture(params=["runbase", "stock"])
def study(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[optuna.Study]:
    """A study of one objective."""
    yield from new_study(request.param, tmp_path)


@pytest.fixture
def memory() -> optuna.Study:
    """A study of one objective where the storage does not matter."""
    return optuna.create_study()


def app(render: Callable[..., None], study: optuna.Study, *trials: Any, **options: Any) -> AppTest:
    """An app that shows this of each trial, as the script of a person would."""

    def script(render, study, trials, options):  # its text is run where nothing is imported
        for trial in trials:
            render(study, trial, **options)

    made: AppTest = testing.AppTest.from_function(
        script, default_timeout=60, args=(render, study, trials, options)
    )
    made.run()
    assert not made.exception
    return made


def objectives(study: optuna.Study, *trials: Any, **options: Any) -> AppTest:
    return app(render_objective_form_widgets, study, *trials, **options)


def user_attrs(study: optuna.Study, *trials: Any, **options: Any) -> AppTest:
    return app(render_user_attr_form_widgets, study, *trials, **options)


def submit(page: AppTest, place: int = 0) -> None:
    page.button[place].click().run()
    assert not page.exception


def texts(elements: Any) -> list[str]:
    return [element.value for element in elements]


def frozen(study: optuna.Study, number: int = 0) -> FrozenTrial:
    return study.get_trials()[number]


# Notes


@pytest.mark.item("F10")
def test_a_note_is_shown_in_markdown(study: optuna.Study):
    save_note(study.ask(), "# Colour\n\n![red](https://example.org/red.png)")
    page = app(render_trial_note, study, frozen(study))
    assert texts(page.markdown) == ["# Colour\n\n![red](https://example.org/red.png)"]


def test_html_of_a_note_is_text(memory: optuna.Study):
    save_note(memory.ask(), "<img src=x onerror=alert(1)>")
    [note] = app(render_trial_note, memory, frozen(memory)).markdown
    assert not note.allow_html


def test_without_a_note_nothing_is_shown(memory: optuna.Study):
    memory.ask()
    assert texts(app(render_trial_note, memory, frozen(memory)).markdown) == [""]


# Objectives


@pytest.mark.item("F11")
def test_answers_finish_a_trial(study: optuna.Study):
    register_objective_form_widgets(study, [COLOURS])
    study.ask()
    page = objectives(study, frozen(study))
    assert page.radio[0].label == QUESTION
    assert page.radio[0].options == ["Good 👍", "So-so", "Bad"]
    assert page.radio[0].value is None
    page.radio[0].set_value(0)
    submit(page)
    assert texts(page.success) == ["Submitted!"]
    assert (frozen(study).state, frozen(study).values) == (TrialState.COMPLETE, [-1])


def test_every_kind_of_widget_gives_an_objective():
    study = optuna.create_study(directions=["minimize"] * 4)
    register_objective_form_widgets(
        study,
        [COLOURS, NATURAL, TextInputWidget("How long?"), ObjectiveUserAttrRef("seconds")],
    )
    trial = study.ask()
    trial.set_user_attr("seconds", 0.8)
    page = objectives(study, trial)
    assert (page.slider[0].min, page.slider[0].max, page.slider[0].value) == (1, 5, 1)
    assert texts(page.caption) == ["1: robot · 5: human"]
    assert texts(page.text) == ["seconds: 0.8"]
    page.radio[0].set_value(2)
    page.slider[0].set_value(4)
    page.text_input[0].set_value("1e-3")
    submit(page)
    assert frozen(study).values == [0, 4, 0.001, 0.8]


def test_a_slider_without_steps_is_continuous(memory: optuna.Study):
    register_objective_form_widgets(memory, [SliderWidget(0, 1)])
    page = objectives(memory, memory.ask())
    page.slider[0].set_value(0.123)
    submit(page)
    assert frozen(memory).values == [0.123]


@pytest.mark.parametrize("text", ["", "good", "nan", "inf"])
def test_an_objective_is_a_number(memory: optuna.Study, text: str):
    register_objective_form_widgets(memory, [TextInputWidget("How long?", optional=True)])
    page = objectives(memory, memory.ask())
    assert page.text_input[0].label == "How long?"
    page.text_input[0].set_value(text)
    submit(page)
    assert texts(page.error) == ["How long? – enter a number, such as 0.5 or 1e-3."]
    assert frozen(memory).state is TrialState.RUNNING
    page.text_input[0].set_value("2")
    submit(page)
    assert frozen(memory).values == [2]


def test_nobody_answers_by_accident(memory: optuna.Study):
    register_objective_form_widgets(memory, [COLOURS])
    page = objectives(memory, memory.ask())
    submit(page)
    assert texts(page.error) == [f"{QUESTION} – choose one."]
    assert frozen(memory).state is TrialState.RUNNING


@pytest.mark.parametrize(
    ("attrs", "words"), [({}, "is not there yet"), ({"seconds": "soon"}, "is not a number")]
)
def test_what_the_program_has_to_measure_is_waited_for(
    memory: optuna.Study, attrs: dict[str, Any], words: str
):
    register_objective_form_widgets(memory, [ObjectiveUserAttrRef("seconds")])
    trial = memory.ask()
    for key, value in attrs.items():
        trial.set_user_attr(key, value)
    page = objectives(memory, trial)
    assert texts(page.info) == [f"The user attribute seconds of this trial {words}."]
    assert page.button[0].disabled
    trial.set_user_attr("seconds", 0.8)
    page.run()
    assert not page.info
    submit(page)
    assert frozen(memory).values == [0.8]


@pytest.mark.filterwarnings("ignore:.*set_metric_names is experimental")
def test_a_widget_without_a_question_has_the_name_of_the_objective(memory: optuna.Study):
    register_objective_form_widgets(memory, [SliderWidget(0, 1)])
    trial = memory.ask()
    assert objectives(memory, trial).slider[0].label == "Objective 0"
    memory.set_metric_names(["loudness"])
    assert objectives(memory, trial).slider[0].label == "loudness"


def test_forms_of_several_trials_stand_on_one_page(memory: optuna.Study):
    register_objective_form_widgets(memory, [NATURAL])
    trials = [memory.ask() for _ in range(3)]
    page = objectives(memory, *trials)
    page.slider[0].set_value(2)
    page.slider[1].set_value(3)
    submit(page, 1)
    assert [trial.values for trial in memory.get_trials()] == [None, [3], None]


def test_what_is_to_happen_next_is_called_instead(memory: optuna.Study):
    register_objective_form_widgets(memory, [NATURAL])
    called: list[TrialState] = []
    page = objectives(
        memory,
        memory.ask(),
        on_success_callback=lambda: called.append(frozen(memory).state),
    )
    assert called == []
    submit(page)
    assert called == [TrialState.COMPLETE]
    assert not page.success


def test_a_trial_that_takes_no_answers_says_so(study: optuna.Study):
    register_objective_form_widgets(study, [NATURAL])
    study.tell(study.ask(), 0.5)
    study.enqueue_trial({"x": 0.5})
    page = objectives(study, *study.get_trials())
    assert texts(page.info) == [
        "Trial 0 has finished: it takes no answers.",
        "Trial 1 waits to be run: it takes no answers.",
    ]
    assert not page.button


@pytest.mark.parametrize("form", ["objective", "user_attr"])
def test_who_comes_second_is_told(study: optuna.Study, form: str, monkeypatch: pytest.MonkeyPatch):
    if form == "objective":
        register_objective_form_widgets(study, [NATURAL])
    else:
        register_user_attr_form_widgets(study, [SliderWidget(0, 1, user_attr_key="a")])
    trial = study.ask()
    page = (objectives if form == "objective" else user_attrs)(study, trial)
    looked = study._storage.get_trial
    # Somebody answers after this page has looked, and before it writes.
    monkeypatch.setattr(study._storage, "get_trial", lambda id: told_after(looked, study, id))
    submit(page)
    monkeypatch.undo()
    [words] = texts(page.warning)
    assert words == "Trial 0 has finished meanwhile: these answers are not stored."
    assert (frozen(study).values, frozen(study).user_attrs) == ([0.5], {})
    assert not page.success


def told_after(look: Callable[[int], FrozenTrial], study: optuna.Study, id: int) -> FrozenTrial:
    found = look(id)
    if not found.state.is_finished():
        study._storage.set_trial_state_values(id, TrialState.COMPLETE, [0.5])
    return found


# User attributes


@pytest.mark.item("F12")
def test_answers_are_user_attributes(study: optuna.Study):
    register_user_attr_form_widgets(
        study,
        [
            ChoiceWidget(["yes", "no"], [1, 0], description="Sharp?", user_attr_key="sharp"),
            SliderWidget(0, 10, user_attr_key="warmth"),
            TextInputWidget("Remarks", user_attr_key="remarks", optional=True),
        ],
    )
    study.ask()
    page = user_attrs(study, frozen(study))
    assert page.slider[0].label == "warmth"
    assert page.text_input[0].label == "Remarks (optional)"
    page.radio[0].set_value(1)
    page.slider[0].set_value(2.5)
    submit(page)
    assert frozen(study).user_attrs == {"sharp": 0, "warmth": 2.5, "remarks": ""}
    assert frozen(study).state is TrialState.RUNNING

    # Whoever comes later finds the answers, and can change them.
    page = user_attrs(study, frozen(study))
    assert (page.radio[0].value, page.slider[0].value, page.text_input[0].value) == (1, 2.5, "")
    page.text_input[0].set_value("a bit dark")
    submit(page)
    assert frozen(study).user_attrs["remarks"] == "a bit dark"


def test_a_text_is_needed_unless_it_is_optional(memory: optuna.Study):
    register_user_attr_form_widgets(memory, [TextInputWidget("Why?", user_attr_key="why")])
    page = user_attrs(memory, memory.ask())
    submit(page)
    assert texts(page.error) == ["Why? – enter a text."]
    assert frozen(memory).user_attrs == {}


def test_user_attributes_of_a_finished_trial_stay(memory: optuna.Study):
    register_user_attr_form_widgets(memory, [SliderWidget(0, 1, user_attr_key="a")])
    memory.tell(memory.ask(), 0.5)
    page = user_attrs(memory, frozen(memory))
    assert texts(page.info) == ["Trial 0 has finished: it takes no answers."]


# Both dashboards


def test_forms_and_notes_of_optuna_dashboard_are_shown(study: optuna.Study):
    trial = study.ask()
    theirs().save_note(trial, "their note")
    theirs().register_objective_form_widgets(study, [theirs().SliderWidget(1, 5, step=2)])
    assert texts(app(render_trial_note, study, trial).markdown) == ["their note"]
    page = objectives(study, trial)
    page.slider[0].set_value(3)
    submit(page)
    assert frozen(study).values == [3]


# Mistakes


def test_a_study_without_the_form_says_what_makes_one(memory: optuna.Study):
    trial = memory.ask()
    with pytest.raises(errors.InvalidValueError, match=r"register_objective_form_widgets\(study"):
        render_objective_form_widgets(memory, trial)
    with pytest.raises(errors.InvalidValueError, match=r"register_user_attr_form_widgets\(study"):
        render_user_attr_form_widgets(memory, trial)
    register_objective_form_widgets(memory, [NATURAL])
    with pytest.raises(errors.InvalidValueError, match="use render_objective_form_widgets"):
        render_user_attr_form_widgets(memory, trial)
    register_user_attr_form_widgets(memory, [SliderWidget(0, 1, user_attr_key="a")])
    with pytest.raises(errors.InvalidValueError, match="use render_user_attr_form_widgets"):
        render_objective_form_widgets(memory, trial)


def test_what_is_no_trial_or_no_study_is_refused(memory: optuna.Study):
    with pytest.raises(errors.InvalidValueError, match="a trial is needed, not Study"):
        render_trial_note(memory, memory)  # type: ignore[arg-type]
    with pytest.raises(errors.InvalidValueError, match="a Study is needed, not a Trial"):
        render_trial_note(memory.ask(), memory.ask())  # type: ignore[arg-type]


def test_without_streamlit_the_error_says_what_to_install(
    memory: optuna.Study, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "streamlit", None)
    with pytest.raises(errors.MissingExtraError, match=r"pip install 'runbase\[streamlit\]'"):
        render_trial_note(memory, memory.ask())
