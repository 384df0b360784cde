"""The list of trials and what it says of each, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import optuna
import pytest
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.trial import TrialState, create_trial
from playwright.sync_api import Browser, Locator, Page, expect

from runbase.sources.optuna import copy_studies
from tests.people import Site, assert_fits, detail, row, rows, site

MANY = 5000


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("trials")) as shown:
        yield shown


@pytest.fixture(scope="module")
def mixed(shown: Site) -> optuna.Study:
    """A study with a trial of each state, that no test changes."""
    study = shown.study("all states")
    study.optimize(objective, n_trials=3)
    pruned = study.ask()
    pruned.report(99.5, 3)
    study.tell(pruned, state=TrialState.PRUNED)
    study.tell(study.ask(), state=TrialState.FAIL)
    running = study.ask()
    objective(running)
    running.set_user_attr("host", "node <7>")
    study.enqueue_trial({"x": 0.5})
    return study


def objective(trial: optuna.Trial) -> float:
    """Three parameters, two reports."""
    x = trial.suggest_float("x", -1, 1)
    n = trial.suggest_int("n", 1, 9)
    trial.suggest_categorical("model", ["small", "large", None])
    trial.report(x, 0)
    trial.report(x * x + n, 1)
    return x * x + n


def chosen(page: Page) -> Locator:
    """The rows of the list that are chosen."""
    return page.get_by_role("listbox", name="Trials").get_by_role("option", selected=True)


@pytest.mark.item("P07", "T01")
def test_the_detail_shows_all_about_a_trial(page: Page, shown: Site, mixed: optuna.Study):
    page.goto(shown.path(mixed, numbers=2))
    trial = detail(page, 2)
    frozen = mixed.trials[2]
    expect(trial.get_by_role("heading", level=2)).to_have_text(
        f"Trial 2 (trial_id={frozen._trial_id})"
    )
    table = trial.get_by_role("table").filter(has_text="model")
    expect(table.get_by_role("row")).to_have_count(3)
    for name in frozen.params:
        expect(table.get_by_role("rowheader", name=name)).to_be_visible()
    expect(trial.get_by_text(str(frozen.params["model"]), exact=True)).to_be_visible()
    for fact in ("Started at", "Completed at", "Duration"):
        expect(trial.get_by_role("term").filter(has_text=fact)).to_be_visible()
    expect(trial.get_by_role("img", name="Intermediate values of trial 2")).to_be_visible()
    trial.get_by_text("2 steps").click()
    expect(trial.get_by_role("row").filter(has_text=re.compile("^1"))).to_be_visible()


@pytest.mark.item("T01")
def test_text_of_users_is_shown_as_it_is(page: Page, shown: Site, mixed: optuna.Study):
    page.goto(shown.path(mixed, numbers=5))
    expect(detail(page, 5).get_by_text("node <7>")).to_be_visible()


@pytest.mark.item("P07")
def test_the_first_trial_is_shown_when_none_is_chosen(page: Page, shown: Site, mixed: optuna.Study):
    page.goto(shown.path(mixed))
    expect(detail(page, 0)).to_be_visible()
    expect(rows(page)).to_have_count(7)


@pytest.mark.item("T06", "P07")
def test_shift_and_boxes_put_trials_side_by_side_and_a_reload_keeps_them(
    page: Page, shown: Site, mixed: optuna.Study
):
    page.goto(shown.path(mixed))
    row(page, 0).click()
    row(page, 2).click(modifiers=["Shift"])
    row(page, 1).get_by_role("checkbox").check()
    details = page.get_by_role("region", name="Details").get_by_role("article")
    expect(details).to_have_count(3)
    expect(page).to_have_url(re.compile(r"numbers=0(,|%2C)2(,|%2C)1$"))
    page.reload()
    expect(details).to_have_count(3)
    expect(chosen(page)).to_have_count(3)
    page.get_by_role("button", name="Close trial 0").click()
    expect(details).to_have_count(2)
    row(page, 1).get_by_role("checkbox").uncheck()
    expect(details).to_have_count(1)
    expect(page).to_have_url(re.compile("numbers=2$"))


@pytest.mark.item("T06")
def test_parameters_that_differ_are_marked(page: Page, shown: Site):
    study = shown.study("differing")
    for lr in (0.1, 0.2):
        study.enqueue_trial({"lr": lr, "layers": 3})
    study.optimize(lambda t: t.suggest_float("lr", 0, 1) + t.suggest_int("layers", 1, 9), 2)
    page.goto(shown.path(study, numbers="0,1"))
    for number in (0, 1):
        trial = detail(page, number)
        expect(trial.get_by_role("rowheader", name="lr")).to_contain_text("≠")
        expect(trial.get_by_role("rowheader", name="layers")).not_to_contain_text("≠")


@pytest.mark.item("T05")
def test_the_menu_of_states_counts_and_narrows(page: Page, shown: Site, mixed: optuna.Study):
    page.goto(shown.path(mixed))
    page.get_by_role("button", name="Filter and sort the list").click()
    menu = page.get_by_role("group", name="Filter and sort the list")
    for label in ("Complete (3)", "Running (1)", "Pruned (1)", "Fail (1)", "Waiting (1)"):
        expect(menu.get_by_role("checkbox", name=label)).to_be_checked()
    menu.get_by_role("checkbox", name="Complete").uncheck()
    expect(rows(page)).to_have_count(4)
    menu.get_by_role("checkbox", name="Waiting").uncheck()
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_role("region", name="Trials")).to_contain_text("3 of 7")
    page.reload()
    expect(rows(page)).to_have_count(3)
    for number in (3, 4, 5):
        expect(row(page, number)).to_be_visible()


@pytest.mark.item("T05")
def test_the_best_trial_is_found_and_the_list_sorted(page: Page, shown: Site, mixed: optuna.Study):
    page.goto(shown.path(mixed))
    page.get_by_role("button", name="Filter and sort the list").click()
    menu = page.get_by_role("group", name="Filter and sort the list")
    menu.get_by_label("Sort by").select_option("value:0")
    best = mixed.best_trial.number
    expect(rows(page).first).to_contain_text(f"Trial {best}")
    expect(rows(page).first).to_contain_text("Best")
    menu.get_by_role("button", name="Ascending: sort descending").click()
    expect(rows(page).first).to_contain_text("99.5")
    menu.get_by_role("checkbox", name="Best trial").check()
    expect(rows(page)).to_have_count(1)


@pytest.mark.item("T05")
def test_the_filter_box_narrows_and_explains_mistakes(page: Page, shown: Site, mixed: optuna.Study):
    page.console.expected.append("400")  # type: ignore[attr-defined]
    page.goto(shown.path(mixed))
    expect(rows(page)).to_have_count(7)
    box = page.get_by_role("combobox", name="Filter trials")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    box.fill("running or pruned")
    box.press("Enter")
    expect(rows(page)).to_have_count(2)
    box.fill("value <")
    box.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(rows(page)).to_have_count(2)
    box.fill("value > 1e9")
    box.press("Enter")
    expect(page.get_by_text("No trial passes the filter.")).to_be_visible()
    page.get_by_role("button", name="Clear the filter").click()
    expect(rows(page)).to_have_count(7)


@pytest.mark.item("P07")
def test_j_and_k_go_through_the_list_and_x_adds(page: Page, shown: Site, mixed: optuna.Study):
    page.goto(shown.path(mixed, numbers=1))
    expect(detail(page, 1)).to_be_visible()
    page.keyboard.press("j")
    expect(detail(page, 2)).to_be_visible()
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(detail(page, 0)).to_be_visible()
    page.keyboard.press("x")
    expect(chosen(page)).to_have_count(2)
    expect(detail(page, 1)).to_be_visible()


@pytest.mark.item("T02")
def test_a_running_trial_is_failed_after_a_question(page: Page, shown: Site):
    study = shown.study("to fail")
    study.ask()
    page.goto(shown.path(study))
    button = detail(page, 0).get_by_role("button", name="Fail Trial")
    question = page.get_by_role("dialog", name="Fail trial 0?")
    button.click()
    expect(question).to_contain_text("one that is still at it gets an error")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_have_count(0)
    assert not study.trials[0].state.is_finished()
    button.click()
    question.get_by_role("button", name="Fail").click()
    expect(row(page, 0)).to_contain_text("Fail")
    expect(button).to_have_count(0)
    assert study.trials[0].state == TrialState.FAIL


@pytest.mark.item("T02")
def test_values_of_a_running_trial_are_told(page: Page, shown: Site):
    study = shown.study("to tell", ["loss", "accuracy"], directions=["minimize", "maximize"])
    study.ask()
    page.goto(shown.path(study))
    detail(page, 0).get_by_role("button", name="Tell values").click()
    dialog = page.get_by_role("dialog", name="Tell trial 0")
    dialog.get_by_label("loss").fill("small")
    dialog.get_by_label("accuracy").fill("0.9")
    dialog.get_by_role("button", name="Tell", exact=True).click()
    expect(dialog.get_by_role("alert")).to_have_text("Enter a number.")
    dialog.get_by_label("loss").fill("1e-3")
    dialog.get_by_role("button", name="Tell", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(row(page, 0)).to_contain_text("Complete")
    assert study.trials[0].values == [0.001, 0.9]


@pytest.mark.item("T08", "K07")
def test_a_trial_is_queued_with_other_parameters_and_taken_next(page: Page, shown: Site):
    study = shown.study("to enqueue")
    study.enqueue_trial({"x": 0.25, "n": 3, "model": "small"})
    study.optimize(objective, n_trials=1)
    page.goto(shown.path(study))
    detail(page, 0).get_by_role("button", name="Enqueue again").click()
    dialog = page.get_by_role("dialog", name="Enqueue a trial")
    expect(dialog.get_by_label("x", exact=True)).to_have_value("0.25")
    dialog.get_by_label("x", exact=True).fill("7")
    dialog.get_by_label("n", exact=True).fill("3.5")
    dialog.get_by_label("model").select_option("large")
    dialog.get_by_role("button", name="Enqueue").click()
    expect(dialog.get_by_role("alert")).to_have_text(
        ["Between -1 and 1, please.", "Enter a whole number."]
    )
    dialog.get_by_label("x", exact=True).fill("-0.75")
    dialog.get_by_label("n", exact=True).fill("")
    dialog.get_by_role("button", name="Add an attribute").click()
    dialog.get_by_label("Key of attribute 1").fill("why")
    dialog.get_by_label("Value of attribute 1").fill("looks good")
    dialog.get_by_role("button", name="Enqueue").click()
    expect(dialog).to_have_count(0)
    expect(row(page, 1)).to_contain_text("Waiting")
    row(page, 1).click()
    expect(detail(page, 1).get_by_role("heading", name="Fixed parameters")).to_be_visible()

    trial = study.ask()
    objective(trial)
    assert trial.number == 1
    assert trial.params["x"] == -0.75
    assert trial.params["model"] == "large"
    assert trial.user_attrs == {"why": "looks good"}
    expect(row(page, 1)).to_contain_text("Running")


@pytest.mark.item("T08")
def test_a_trial_that_exists_is_not_queued_again_if_that_is_asked_for(page: Page, shown: Site):
    study = shown.study("to enqueue once")
    study.enqueue_trial({"x": 0.25, "n": 3, "model": "small"})
    study.optimize(objective, n_trials=1)
    page.goto(shown.path(study))
    detail(page, 0).get_by_role("button", name="Enqueue again").click()
    dialog = page.get_by_role("dialog", name="Enqueue a trial")
    dialog.get_by_role("checkbox", name="Not if a trial").check()
    dialog.get_by_role("button", name="Enqueue").click()
    expect(page.get_by_text("A trial with these parameters is there already.")).to_be_visible()
    assert len(study.trials) == 1


@pytest.mark.item("P12")
def test_new_trials_and_new_states_appear_by_themselves(page: Page, shown: Site):
    study = shown.study("live")
    page.goto(shown.path(study))
    expect(page.get_by_text("There are no trials yet.")).to_be_visible()
    trial = study.ask()
    expect(row(page, 0)).to_contain_text("Running")
    trial.suggest_float("x", 0, 1)
    expect(detail(page, 0).get_by_role("rowheader", name="x")).to_be_visible()
    study.tell(trial, 2.5)
    expect(row(page, 0)).to_contain_text("2.5")


@pytest.fixture(scope="module")
def long(shown: Site) -> optuna.Study:
    """A study of several thousand trials."""
    space: dict[str, BaseDistribution] = {"x": FloatDistribution(0, 1)}
    made = optuna.create_study(study_name="long")
    made.add_trials(
        [create_trial(value=i, params={"x": i / MANY}, distributions=space) for i in range(MANY)]
    )
    copy_studies(made._storage, shown.storage, ["long"])
    return optuna.load_study(study_name="long", storage=shown.storage)


@pytest.mark.item("P07")
def test_thousands_of_trials_scroll_to_the_last(page: Page, shown: Site, long: optuna.Study):
    page.goto(shown.path(long))
    expect(row(page, 0)).to_be_visible()
    box = page.get_by_role("listbox", name="Trials")
    worst = box.evaluate(SCROLLED)
    expect(row(page, MANY - 1)).to_be_visible()
    assert rows(page).count() < 100, "all rows were drawn"
    assert worst < 1000, "the page stood still while scrolling"
    row(page, MANY - 1).click()
    expect(detail(page, MANY - 1)).to_be_visible()
    page.reload()
    expect(row(page, MANY - 1)).to_be_in_viewport()


#: Scrolls to the end, a step each frame; the longest time between two frames in milliseconds.
SCROLLED = """async box => {
  let worst = 0
  const frame = () => new Promise(resolve => requestAnimationFrame(resolve))
  let last = await frame()
  for (let step = 1; step <= 60; step++) {
    box.scrollTop = box.scrollHeight * step / 60
    const now = await frame()
    worst = Math.max(worst, now - last)
    last = now
  }
  return worst
}"""


@pytest.mark.item("P14")
@pytest.mark.parametrize(
    "name", ["", "analytics", "trials", "trialTable", "smartSelection", "note"]
)
def test_no_page_of_a_study_overflows_a_phone(
    chromium: Browser, shown: Site, mixed: optuna.Study, name: str
):
    options = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with closing(chromium.new_context(**options)) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(shown.path(mixed, name))
        expect(page.get_by_role("heading", name="all states", level=1)).to_be_visible()
        expect(page.locator(".spinner")).to_have_count(0)
        expect(page.locator(".tabs > [aria-current]")).to_be_in_viewport(ratio=0.9)
        assert_fits(page)


@pytest.mark.item("P14")
def test_trials_and_their_details_are_pages_of_their_own_on_a_phone(
    chromium: Browser, shown: Site, mixed: optuna.Study
):
    options = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with closing(chromium.new_context(**options)) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(shown.path(mixed))
        expect(rows(page)).to_have_count(7)
        row(page, 2).tap()
        expect(detail(page, 2)).to_be_visible()
        expect(rows(page).first).to_be_hidden()
        assert_fits(page)
        page.get_by_role("button", name="All trials").tap()
        expect(row(page, 2)).to_be_visible()
