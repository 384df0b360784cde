"""People answer the forms of running trials in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import optuna
import pytest
from optuna.trial import TrialState
from playwright.sync_api import Browser, Locator, Page, expect

from runbase.dashboard import (
    ChoiceWidget,
    ObjectiveUserAttrRef,
    SliderWidget,
    TextInputWidget,
    register_objective_form_widgets,
    register_user_attr_form_widgets,
)
from tests.people import Site, assert_fits, detail, row, rows, site, until

pytestmark = pytest.mark.item("W03", "F05", "F06")

CHOICES = ChoiceWidget(["Good", "Bad"], [-1, 1], description="How is it?")
SLIDER = SliderWidget(min=1, max=5, step=2, labels=[(1, "low"), (5, "high")], description="Rate it")
NUMBER = TextInputWidget(description="Seconds, please")
REFERENCE = ObjectiveUserAttrRef("loss")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("forms")) as shown:
        yield shown


def asked(page: Page, number: int = 0) -> Locator:
    """The form of a trial."""
    return page.get_by_role("form", name=f"Form of trial {number}")


def submit(page: Page, number: int = 0) -> None:
    asked(page, number).get_by_role("button", name="Submit").click()


def open_form(page: Page, shown: Site, study: optuna.Study) -> None:
    """Look at the first trial of a study, which asks."""
    page.goto(shown.path(study, numbers=0))
    expect(asked(page)).to_be_visible()


@pytest.mark.item("W01")
def test_a_form_of_all_widgets_gives_the_values_of_all_objectives(page: Page, shown: Site):
    names = ["choice", "slider", "text", "reference"]
    study = shown.study("all widgets", names, directions=["minimize"] * 4)
    register_objective_form_widgets(study, [CHOICES, SLIDER, NUMBER, REFERENCE])
    study.ask().set_user_attr("loss", 0.25)
    open_form(page, shown, study)
    form = asked(page)
    expect(form.get_by_text("Rate it")).to_be_visible()
    form.get_by_role("radio", name="Bad").check()
    form.get_by_role("slider", name="Rate it").press("End")
    form.get_by_role("textbox", name="Seconds, please").fill(" 1.5e-3 ")
    expect(form.get_by_role("group", name="reference")).to_contain_text("loss: 0.25")
    submit(page)
    expect(row(page, 0)).to_contain_text("Complete")
    assert study.trials[0].values == [1, 5, 0.0015, 0.25]


def test_a_slider_moves_in_its_steps_and_its_labels_can_be_chosen(page: Page, shown: Site):
    study = shown.study("a slider")
    register_objective_form_widgets(study, [SLIDER])
    study.ask()
    open_form(page, shown, study)
    slider = asked(page).get_by_role("slider", name="Rate it")
    slider.press("ArrowRight")
    expect(slider).to_have_value("3")
    asked(page).get_by_text("high", exact=True).click()
    expect(slider).to_have_value("5")
    expect(slider).to_have_attribute("aria-valuetext", "5, high")
    submit(page)
    expect(row(page, 0)).to_contain_text("Complete")
    assert study.trials[0].value == 5


def test_an_incomplete_form_says_what_is_missing_and_sends_nothing(page: Page, shown: Site):
    study = shown.study("an incomplete form", directions=["minimize"] * 3)
    register_objective_form_widgets(study, [CHOICES, NUMBER, REFERENCE])
    study.ask()
    open_form(page, shown, study)
    alerts = asked(page).get_by_role("alert")
    submit(page)
    expect(alerts).to_have_text(
        [
            "Choose one of these.",
            "An objective needs a number.",
            "The user attribute loss of this trial is not there yet.",
        ]
    )
    asked(page).get_by_role("textbox").fill("fast")
    expect(alerts.nth(1)).to_have_text("Enter a number, such as 0.5 or 1e-3.")
    asked(page).get_by_role("textbox").fill("-2")
    expect(alerts).to_have_count(2)
    submit(page)
    expect(alerts).to_have_count(2)
    assert study.trials[0].state == TrialState.RUNNING


def test_an_attribute_that_a_form_refers_to_appears_when_the_worker_writes_it(
    page: Page, shown: Site
):
    study = shown.study("a late attribute")
    register_objective_form_widgets(study, [REFERENCE])
    trial = study.ask()
    open_form(page, shown, study)
    trial.set_user_attr("loss", 0.125)
    expect(asked(page)).to_contain_text("loss: 0.125")
    submit(page)
    expect(row(page, 0)).to_contain_text("Complete")
    assert study.trials[0].value == 0.125


@pytest.mark.item("W02")
def test_user_attributes_are_asked_for_and_the_trial_goes_on(page: Page, shown: Site):
    study = shown.study("user attributes")
    register_user_attr_form_widgets(
        study,
        [
            TextInputWidget(user_attr_key="comment", description="What do you see?"),
            ChoiceWidget(["yes", "no"], [1, 0], user_attr_key="ok"),
            SliderWidget(min=0, max=10, step=1, user_attr_key="stars"),
        ],
    )
    study.ask()
    open_form(page, shown, study)
    form = asked(page)
    form.get_by_role("textbox", name="What do you see?").fill("a <b>cat</b>")
    form.get_by_role("radio", name="yes").check()
    form.get_by_role("slider", name="stars").fill("7")
    submit(page)
    change = detail(page, 0).get_by_role("button", name="Change the answers")
    expect(change).to_be_visible()
    assert study.trials[0].state == TrialState.RUNNING
    assert study.trials[0].user_attrs == {"comment": "a <b>cat</b>", "ok": 1, "stars": 7}
    expect(detail(page, 0).get_by_text("a <b>cat</b>").first).to_be_visible()

    change.click()
    asked(page).get_by_role("textbox", name="What do you see?").fill("a dog")
    asked(page).get_by_role("radio", name="no").check()
    submit(page)
    until(lambda: study.trials[0].user_attrs == {"comment": "a dog", "ok": 0, "stars": 7})


def test_finished_trials_are_not_asked_about(page: Page, shown: Site):
    study = shown.study("finished trials")
    register_objective_form_widgets(study, [CHOICES])
    study.tell(study.ask(), 1)
    study.tell(study.ask(), state=TrialState.FAIL)
    page.goto(shown.path(study, numbers="0,1"))
    for number in (0, 1):
        trial = detail(page, number)
        expect(trial).to_be_visible()
        expect(trial.get_by_role("heading", name="Times")).to_be_visible()
        for name in ("Submit", "Fail Trial", "Tell values", "Upload a file"):
            expect(trial.get_by_role("button", name=name)).to_have_count(0)


def test_a_form_disappears_when_the_worker_ends_the_trial(page: Page, shown: Site):
    study = shown.study("an ended trial")
    register_objective_form_widgets(study, [CHOICES])
    trial = study.ask()
    open_form(page, shown, study)
    study.tell(trial, 0.5)
    expect(asked(page)).to_have_count(0)
    expect(row(page, 0)).to_contain_text("Complete")


def test_the_second_of_two_answers_is_refused_with_a_message(page: Page, shown: Site):
    study = shown.study("two answers")
    register_objective_form_widgets(study, [CHOICES])
    trial = study.ask()
    open_form(page, shown, study)
    page.console.expected.append("409")  # type: ignore[attr-defined]
    asked(page).get_by_role("radio", name="Bad").check()
    # The page learns of nothing more, like one whose connection is slow.
    page.route("**/api/experiments/**", lambda route: None)
    study.tell(trial, -1)
    submit(page)
    expect(page.get_by_role("alert").filter(has_text="has finished")).to_be_visible()
    expect(asked(page).get_by_role("radio", name="Bad")).to_be_checked()
    assert study.trials[0].value == -1
    page.unroute_all(behavior="ignoreErrors")


def test_an_answer_that_cannot_be_sent_is_kept_for_another_try(page: Page, shown: Site):
    study = shown.study("a lost connection")
    register_objective_form_widgets(study, [NUMBER])
    study.ask()
    open_form(page, shown, study)
    page.console.expected += ["ERR_CONNECTION", "ERR_FAILED"]  # type: ignore[attr-defined]
    page.route("**/tell", lambda route: route.abort())
    asked(page).get_by_role("textbox").fill("42")
    submit(page)
    expect(page.get_by_role("alert").last).to_be_visible()
    expect(asked(page).get_by_role("textbox")).to_have_value("42")
    page.unroute("**/tell")
    submit(page)
    expect(row(page, 0)).to_contain_text("Complete")
    assert study.trials[0].value == 42


def test_answers_being_typed_survive_what_happens_meanwhile(page: Page, shown: Site):
    study = shown.study("typing")
    register_objective_form_widgets(study, [NUMBER])
    trial = study.ask()
    open_form(page, shown, study)
    asked(page).get_by_role("textbox").fill("3.14")
    trial.set_user_attr("progress", "half")
    study.ask()
    expect(rows(page)).to_have_count(2)
    expect(detail(page, 0).get_by_text("half")).to_be_visible()
    expect(asked(page).get_by_role("textbox")).to_have_value("3.14")


@pytest.mark.item("P14", "W01")
def test_a_form_is_answered_on_a_phone_by_touch(chromium: Browser, shown: Site):
    names = ["How is the picture of this colour?", "How many stars?"]
    study = shown.study("a phone", names, directions=["minimize", "maximize"])
    register_objective_form_widgets(study, [CHOICES, SLIDER])
    study.ask()
    study.ask()
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    try:
        page = context.new_page()
        page.goto(shown.path(study))
        expect(rows(page)).to_have_count(2)
        assert_fits(page)
        row(page, 0).tap()
        choice = asked(page).get_by_text("Good", exact=True)
        box = choice.bounding_box()
        assert box is not None
        assert box["height"] >= 40
        choice.tap()
        asked(page).get_by_text("high", exact=True).tap()
        assert_fits(page)
        asked(page).get_by_role("button", name="Submit").tap()
        expect(asked(page, 1)).to_be_visible()
        assert study.trials[0].values == [-1, 5]
        page.get_by_role("button", name="All trials").tap()
        expect(row(page, 0)).to_contain_text("Complete")
        assert_fits(page)
    finally:
        context.close()
