"""What people said, and what a model learnt of it, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pytest
from optuna.samplers import RandomSampler
from playwright.sync_api import APIResponse, Locator, Page, Route, expect

from runbase.dashboard import register_preference_feedback_component
from runbase.dashboard.preferential import PreferentialStudy, answers, attrs, create_study
from runbase.dashboard.preferential.attrs import Mode
from tests.browser import dashboard
from tests.people import (
    Site,
    assert_finds_nothing,
    assert_fits,
    assert_loaded,
    scroll_down_to,
    site,
    until,
)
from tests.shapes import card, chart, redrawn
from tests.test_browser_analytics import table
from tests.test_browser_looks import NAMELESS, SMALL
from tests.test_browser_preferences import picture

pytestmark = pytest.mark.item("V03", "V04")

PHONE = {"width": 390, "height": 844}
#: Hues from the one that is liked most: trial 2 before 1, 3 and 0.
LIKED = (2, 1, 3, 0)
#: Two frames later, what came has been drawn.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Said:
    """A preferential study of four pictures, and answers about them."""

    def __init__(self, shown: Site) -> None:
        self.shown = shown
        sampler = RandomSampler(seed=1)
        self.study: PreferentialStudy = create_study(
            n_generate=4, storage=shown.storage, sampler=sampler
        )
        register_preference_feedback_component(self.study, "artifact", "picture")
        for _ in range(4):
            trial = self.study.ask()
            hue = trial.suggest_int("hue", 0, 255)
            trial.suggest_float("glow", 0.001, 1, log=True)
            trial.suggest_categorical("sky", ["clear", "clouds"])
            trial.set_user_attr("picture", shown.attach(trial, "picture.png", picture(hue)))

    def say(
        self,
        mode: Mode,
        *candidates: int,
        clicked: int | None = None,
        order: Sequence[int] = (),
    ) -> str:
        """Give an answer; its id."""
        given = answers.new(mode, candidates or range(4), clicked=clicked, order=order)
        answers.keep(self.study._place, given)
        return given.id

    def rank(self, times: int) -> None:
        for _ in range(times):
            self.say("Rank", order=LIKED)

    def open(self, page: Page, where: str, **query: object) -> None:
        page.goto(self.shown.path(self.study._study, where, **query))

    @property
    def pairs(self) -> int:
        """How many pairs count, as stored."""
        return len(self.study.get_preferences(deepcopy=False))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("answers")) as shown:
        yield shown


@pytest.fixture
def said(shown: Site) -> Said:
    """Four trials that nobody has compared."""
    return Said(shown)


def rows(page: Page) -> Locator:
    """The answers that are drawn."""
    return page.get_by_role("region", name="Answers").locator("li.answer-row")


def sentences(page: Page, *expected: str) -> None:
    expect(rows(page).get_by_role("heading")).to_have_text(list(expected))


def test_each_kind_of_answer_is_told_in_words_the_latest_first(page: Page, said: Said):
    said.say("ChooseWorst", clicked=3)
    said.say("ChooseBest", 1, 2, clicked=2)
    said.rank(1)
    said.say("Equal", 0, 1)
    said.study.report_preference(said.study.trials[2], said.study.trials[0])
    said.open(page, "preference-history")
    sentences(
        page,
        "A program reported that trial 2 is better than trial 0",
        "Trials 0 and 1 were about equal",
        "Ranked, the best first: 2, 1, 3, 0",
        "Trial 2 was the best of 2",
        "Trial 3 was the worst of 4",
    )
    worst, ranked = rows(page).nth(4), rows(page).nth(2)
    expect(worst.locator(".small-card.bad")).to_have_accessible_name("Trial 3")
    expect(worst.locator(".small-card.bad")).to_contain_text("Worst")
    expect(ranked.locator(".small-foot")).to_have_text(
        ["Trial 21.", "Trial 12.", "Trial 33.", "Trial 04."]
    )
    expect(rows(page).nth(3).locator(".small-card.good")).to_have_accessible_name("Trial 2")
    for image in worst.locator("img").all():
        assert_loaded(image)
    worst.get_by_role("button", name="Show picture.png of trial 3").click()
    assert_loaded(page.get_by_role("dialog", name="picture.png").get_by_role("img"))
    page.keyboard.press("Escape")
    worst.get_by_role("link", name="Trial 3").click()
    expect(page).to_have_url(re.compile(r"/trials\?numbers=3"))


def test_an_answer_is_removed_and_restored(page: Page, said: Said):
    said.rank(1)
    said.say("ChooseWorst", clicked=3)
    said.open(page, "preference-history")
    page.get_by_role("button", name="Remove: Trial 3 was the worst of 4").click()
    expect(rows(page).nth(0).locator("s")).to_have_text("Trial 3 was the worst of 4")
    until(lambda: said.pairs == 3)
    expect(page.get_by_text("1 answer counts, 1 removed", exact=True)).to_be_visible()
    page.get_by_label("Show", exact=True).select_option("Only removed ones")
    sentences(page, "Trial 3 was the worst of 4")
    expect(page.get_by_role("status").filter(has_text="1 answer removed")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Restore: Trial 3 was the worst of 4").click()
    expect(page.get_by_text("No answer was removed.")).to_be_visible()
    until(lambda: said.pairs == 6)
    page.get_by_label("Show", exact=True).select_option("All answers")
    expect(rows(page)).to_have_count(2)
    expect(rows(page).locator("s")).to_have_count(0)


def test_a_skipped_trial_is_seen_and_restored(page: Page, said: Said):
    for trial in said.study.trials[:2]:
        answers.skip(said.study._place, trial._trial_id)
    said.open(page, "trials", numbers="1")
    listed = page.get_by_role("region", name="Trials")
    expect(listed.get_by_role("option").filter(has_text="Skipped")).to_have_count(2)
    said.open(page, "preference-history")
    page.get_by_label("Show", exact=True).select_option("Skipped trials")
    skipped = page.get_by_role("region", name="Skipped trials")
    expect(skipped.get_by_role("article")).to_have_count(2)
    assert_loaded(skipped.get_by_role("article", name="Trial 1").locator("img"))
    page.reload()
    skipped.get_by_role("button", name="Restore trial 1").click()
    expect(page.get_by_text("1 skipped trial", exact=True)).to_be_visible()
    first = said.study.trials[0]._trial_id
    until(lambda: attrs.skipped(said.study._place.attrs()) == {first})
    skipped.get_by_role("button", name="Restore trial 0").click()
    expect(page.get_by_text("No trial is skipped.")).to_be_visible()


def test_a_restored_trial_does_not_come_back_with_an_older_answer(page: Page, said: Said):
    for trial in said.study.trials[:2]:
        answers.skip(said.study._place, trial._trial_id)
    said.open(page, "preference-history", answers="skipped")
    skipped = page.get_by_role("region", name="Skipped trials")
    expect(skipped.get_by_role("article")).to_have_count(2)
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/preferences/skipped", lambda route: held.append((route, route.fetch())))

    def asked(times: int) -> bool:
        page.wait_for_timeout(10)  # in which routes are looked at
        return len(held) == times

    said.say("ChooseWorst", clicked=3)
    until(lambda: asked(1))
    skipped.get_by_role("button", name="Restore trial 1").click()
    expect(skipped.get_by_role("status")).to_have_text("1 skipped trial")
    route, older = held[0]
    route.fulfill(response=older)
    until(lambda: asked(2))
    page.evaluate(DRAWN)
    assert skipped.get_by_role("article").count() == 1
    page.unroute_all()


def test_nothing_is_shown_of_the_values_that_stand_for_a_comparison(page: Page, said: Said):
    said.say("ChooseBest", clicked=1)
    said.open(page, "trialTable")
    expect(page.get_by_role("columnheader", name="Param hue")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Value")).to_have_count(0)
    expect(page.get_by_role("row").filter(has_text="Unbeaten")).to_have_count(1)
    said.open(page, "trials", numbers="1")
    detail = page.get_by_role("article", name="Trial 1")
    expect(detail.get_by_text("Unbeaten")).to_be_visible()
    expect(detail.get_by_role("heading", name="Parameter")).to_be_visible()
    expect(detail.get_by_role("heading", name="Value")).to_have_count(0)


def test_what_the_server_refuses_is_told_and_taken_back(page: Page, said: Said):
    said.say("ChooseWorst", clicked=3)
    said.open(page, "preference-history")
    page.console.expected.append("503")  # type: ignore[attr-defined]
    refusal = {"status": 503, "json": {"reason": "the database is away"}}
    page.route("**/preference/*", lambda route: route.fulfill(**refusal))
    page.get_by_role("button", name="Remove: Trial 3 was the worst of 4").click()
    expect(page.get_by_role("alert")).to_contain_text("the database is away")
    expect(rows(page).locator("s")).to_have_count(0)
    assert said.pairs == 3


def test_the_history_grows_while_one_looks_at_it(page: Page, said: Said):
    said.open(page, "preference-history")
    expect(page.get_by_text("Nobody has answered yet.")).to_be_visible()
    said.say("ChooseBest", clicked=1)
    sentences(page, "Trial 1 was the best of 4")
    said.say("Equal", 0, 3)
    sentences(page, "Trials 0 and 3 were about equal", "Trial 1 was the best of 4")


def test_of_many_answers_only_those_in_sight_are_drawn(page: Page, said: Said):
    said.say("ChooseBest", clicked=1)
    said.rank(249)
    said.open(page, "preference-history")
    expect(page.get_by_text("250 answers", exact=True)).to_be_visible()
    expect(rows(page).first).to_be_visible()
    assert rows(page).count() < 60
    scroll_down_to(rows(page).get_by_role("heading", name="Trial 1 was the best of 4"))
    assert rows(page).count() < 60


def test_charts_show_what_the_model_has_learnt(page: Page, said: Said):
    said.rank(6)
    said.open(page, "analytics")
    best = card(page, "Probably the best")
    expect(best.locator(".small-card")).to_have_count(4)
    expect(best.locator(".small-card.good")).to_have_accessible_name("Trial 2")
    expect(best.locator(".small-card.good")).to_contain_text("likely to be the best")
    expect(best).to_contain_text("People would prefer trial 2 to trial 1 in")
    for image in best.locator("img").all():
        assert_loaded(image)
    expect(card(page, "Do answers and model agree?")).to_contain_text("18 of 18 comparisons agree")
    expect(page.get_by_text("No answer surprises the model.")).to_be_visible()
    expect(page.get_by_text("take it for a first guess")).to_be_visible()

    for param in ("hue", "glow", "sky"):
        scroll_down_to(chart(page, f"Utility over {param}"))
    title = "Utility over two parameters"
    surface, plot = card(page, title), chart(page, title)
    expect(plot).to_have_accessible_name(re.compile("^Estimated utility over .* 4 compared trials"))
    redrawn(plot, surface.get_by_role("checkbox", name="Trials").uncheck)
    surface.get_by_label("Show").select_option("Uncertainty")
    expect(plot).to_have_accessible_name(re.compile("^Standard deviation over"))
    surface.get_by_label("x", exact=True).select_option("glow")
    surface.get_by_label("y", exact=True).select_option("sky")
    expect(plot).to_have_accessible_name(re.compile("^Standard deviation over glow and sky"))
    assert {line["sky"] for line in table(page, title)} == {"clear", "clouds"}
    page.reload()
    expect(plot).to_have_accessible_name(re.compile("^Standard deviation over glow and sky"))
    surface.get_by_label("x", exact=True).select_option("sky")
    expect(surface).to_contain_text("Choose two different parameters.")

    lines = table(page, "Utility over hue")
    trials = {int(line["trial"]): line for line in lines if line["trial"].isdecimal()}
    hues = {number: float(line["hue"]) for number, line in trials.items()}
    assert hues == {trial.number: trial.params["hue"] for trial in said.study.trials}
    means = {number: float(line["Estimated utility"]) for number, line in trials.items()}
    assert sorted(means, key=lambda number: -means[number]) == list(LIKED)


def test_a_surprise_leads_to_the_history_and_can_be_removed(page: Page, said: Said):
    said.rank(4)
    said.say("ChooseWorst", clicked=2)
    said.rank(8)
    said.open(page, "analytics")
    surprises = card(page, "The most surprising answers")
    expect(surprises).to_contain_text("The model expects people to prefer trial 2 to trial")
    surprises.get_by_role("link", name="Show in the history: Trial 2 was the worst of 4").click()
    wanted = page.locator("li.answer-row.wanted")
    expect(wanted).to_have_accessible_name("Trial 2 was the worst of 4")
    expect(wanted).to_be_in_viewport()
    page.go_back()
    surprises.get_by_role("button", name="Remove: Trial 2 was the worst of 4").click()
    expect(page.get_by_text("No answer surprises the model.")).to_be_visible()
    assert said.pairs == 36


def test_the_model_learns_while_one_looks_at_it(page: Page, said: Said):
    said.open(page, "analytics")
    expect(page.get_by_text("Nobody has said yet which of two trials is better.")).to_be_visible()
    said.say("ChooseBest", clicked=1)
    best = card(page, "Probably the best").locator(".small-card.good")
    expect(best).to_have_accessible_name("Trial 1")
    for _ in range(3):
        said.say("ChooseWorst", clicked=1)
    expect(best).not_to_have_accessible_name("Trial 1")


def test_what_has_to_be_installed_is_said_in_a_sentence(page: Page, said: Said):
    said.rank(1)
    page.console.expected.append("501")  # type: ignore[attr-defined]
    reason = "scipy is not installed: pip install 'runbase[preferential]'"
    answer = {"status": 501, "json": {"reason": reason}}
    page.route("**/preferences/utility", lambda route: route.fulfill(**answer))
    said.open(page, "analytics")
    expect(page.get_by_text(reason)).to_be_visible()


def test_whoever_may_only_read_has_no_buttons(page: Page, said: Said):
    said.rank(4)
    said.say("ChooseWorst", clicked=2)
    folder = said.shown.folder
    files = ["--artifact-dir", str(folder / "artifacts")]
    with dashboard(f"sqlite:///{folder}/runs.db", "--read-only", *files) as url:
        path = f"{url.removesuffix('/dashboard')}/dashboard/studies/{said.study._study._study_id}"
        page.goto(f"{path}/preference-history")
        expect(rows(page)).to_have_count(5)
        expect(page.get_by_role("button", name="Remove")).to_have_count(0)
        page.goto(f"{path}/analytics")
        expect(page.get_by_role("link", name="Show in the history").first).to_be_visible()
        expect(page.get_by_role("button", name="Remove")).to_have_count(0)
        page.goto("about:blank")  # before the server ends


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_pages_fit_on_a_phone(page: Page, said: Said, scheme: str):
    said.rank(12)
    answers.remove(said.study._place, said.say("ChooseWorst", clicked=2))
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for where, part in (
        ("preference-history", rows(page).first),
        ("analytics", chart(page, "Utility over two parameters")),
    ):
        said.open(page, where)
        expect(part).to_be_visible()
        assert_fits(page)
        assert_finds_nothing(page, NAMELESS)
        assert_finds_nothing(page, SMALL)
    expect(page.locator("html")).to_have_attribute("data-theme", scheme)
