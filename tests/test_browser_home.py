"""The list of experiments in a real browser: find, create, rename, delete, choose by keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

import optuna
import pytest
from optuna.trial import TrialState, create_trial
from playwright.sync_api import Locator, Page, expect

from runbase import Experiment
from runbase.dashboard import get_note, save_note
from runbase.store import documents, experiments
from tests.browser import dashboard
from tests.people import Site, assert_fits, scroll_down_to, site

HOSTILE = "<img src=x onerror='window.hacked=1'>"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("home")) as shown:
        yield shown


def rows(page: Page) -> Locator:
    return page.locator("table.experiments > tbody > tr:not(.space)")


def row(page: Page, name: str) -> Locator:
    """The line of one experiment."""
    return rows(page).filter(has=page.get_by_role("link", name=name, exact=True))


def names(page: Page) -> Locator:
    return rows(page).get_by_role("link")


def search(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Search experiments")


def home(page: Page, shown: Site, query: str) -> None:
    """The list of those with a word of this test only: all tests share the database."""
    page.goto(f"{shown.url}/dashboard/?q={query}")
    expect(search(page)).to_be_visible()


def tag(shown: Site, id: int, *tags: str) -> None:
    documents.put(shown.storage.client.db, "experiments", "tags", id, documents.tags(list(tags)))


def done(value: float, state: TrialState = TrialState.COMPLETE) -> optuna.trial.FrozenTrial:
    return create_trial(state=state, value=value if state == TrialState.COMPLETE else None)


@pytest.mark.item("P01")
def test_words_in_any_order_find_names_tags_and_comments_and_are_in_the_url(
    page: Page, shown: Site
):
    one, two, three = (shown.study(f"words {name}") for name in ("apple", "pear", "plum"))
    tag(shown, two._study_id, "Apple")
    experiments.set_comment(shown.storage.client.db, three._study_id, "no APPLE at all")
    home(page, shown, "words")
    expect(rows(page)).to_have_count(3)
    search(page).fill("apple words")
    expect(rows(page)).to_have_count(3)
    search(page).fill("apple pear")
    expect(names(page)).to_have_text(["words pear"])
    expect(page).to_have_url(re.compile(r"\?q=apple\+pear$"))
    expect(page.locator(".home-head").get_by_role("status")).to_contain_text("1 of ")
    page.reload()
    expect(search(page)).to_have_value("apple pear")
    expect(names(page)).to_have_text(["words pear"])
    search(page).fill("apple nothing like it")
    expect(page.get_by_text("No experiment matches.")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(search(page)).to_have_value("")
    expect(row(page, one.study_name)).to_be_visible()


@pytest.mark.item("P01")
def test_a_head_sorts_and_the_order_is_in_the_url(page: Page, shown: Site):
    for number, values in ((10, [3.0]), (9, [1.0, 2.0]), (11, [])):
        shown.study(f"sorted {number}").add_trials([done(value) for value in values])
    home(page, shown, "sorted")
    expect(names(page)).to_have_text(["sorted 11", "sorted 9", "sorted 10"])
    page.get_by_role("button", name="Name", exact=True).click()
    expect(names(page)).to_have_text(["sorted 9", "sorted 10", "sorted 11"])
    page.get_by_role("button", name="Trials, runs", exact=True).click()
    expect(page.get_by_role("columnheader", name="Trials")).to_have_attribute(
        "aria-sort", "descending"
    )
    expect(names(page)).to_have_text(["sorted 9", "sorted 10", "sorted 11"])
    page.get_by_role("button", name="Best value").click()
    page.get_by_role("button", name="Best value").click()
    expect(names(page)).to_have_text(["sorted 9", "sorted 10", "sorted 11"])
    expect(page).to_have_url(re.compile(r"sort=best$"))
    page.reload()
    expect(names(page)).to_have_text(["sorted 9", "sorted 10", "sorted 11"])
    expect(page.get_by_role("columnheader", name="Best value")).to_have_attribute(
        "aria-sort", "ascending"
    )


@pytest.mark.item("P01")
def test_kinds_and_tags_are_filters_in_the_url(page: Page, shown: Site):
    tag(shown, shown.study("chips a")._study_id, "vision, night", "old")
    tag(shown, shown.study("chips b")._study_id, "vision, night")
    tag(shown, Experiment(shown.storage.client, name="chips c").id, "old")
    home(page, shown, "chips")
    tags = page.get_by_role("group", name="Tags")
    tags.get_by_role("button", name="vision, night").click()
    expect(names(page)).to_have_text(["chips b", "chips a"])
    tags.get_by_role("button", name="old").click()
    expect(names(page)).to_have_text(["chips a"])
    page.reload()
    expect(names(page)).to_have_text(["chips a"])
    expect(tags.get_by_role("button", name="old")).to_have_attribute("aria-pressed", "true")
    tags.get_by_role("button", name="vision, night").click()
    page.get_by_role("group", name="Kinds").get_by_role("button", name="Tracking").click()
    expect(names(page)).to_have_text(["chips c"])
    expect(page).to_have_url(re.compile(r"q=chips&tag=old&kind=Tracking$"))


@pytest.mark.item("P01")
def test_a_line_has_counts_the_best_value_and_what_runs(page: Page, shown: Site):
    study = shown.study("line", direction="maximize")
    study.add_trials([done(0.123456), done(0.1), done(0, TrialState.FAIL)])
    study.ask()
    study.enqueue_trial({"x": 1})
    shown.study("line of two", directions=["minimize", "maximize"])
    home(page, shown, "line")
    line = row(page, "line")
    expect(line.get_by_role("img", name="2 Complete, 1 Running, 1 Fail, 1 Waiting")).to_be_visible()
    expect(line.get_by_role("cell", name="0.1235")).to_be_visible()
    expect(line.get_by_title("0.123456 (trial 0)")).to_be_visible()
    expect(line.locator(".running-now")).to_have_text("1")
    expect(line.locator("td.activity")).to_contain_text(re.compile("now|second|s ago"))
    expect(row(page, "line of two")).to_contain_text("2 objectives")
    expect(row(page, "line of two")).to_contain_text("no trials yet")


@pytest.mark.item("P02")
def test_a_study_of_two_objectives_is_created(page: Page, shown: Site):
    home(page, shown, "made")
    page.get_by_role("button", name="New…").click()
    dialog = page.get_by_role("dialog", name="New experiment")
    expect(dialog.get_by_role("button", name="Create")).to_be_disabled()
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_label("Name").fill("  made here ")
    dialog.get_by_role("button", name="Add an objective").click()
    dialog.get_by_role("button", name="Add an objective").click()
    dialog.get_by_label("Objective 1", exact=True).select_option("maximize")
    dialog.get_by_role("button", name="Remove objective 2").click()
    dialog.get_by_label("Name").press("Enter")
    expect(row(page, "made here")).to_be_visible()
    expect(dialog).to_have_count(0)
    study = optuna.load_study(study_name="made here", storage=shown.storage)
    assert [direction.name for direction in study.directions] == ["MINIMIZE", "MAXIMIZE"]


@pytest.mark.item("P02")
def test_a_name_that_is_taken_is_refused_with_a_sentence(page: Page, shown: Site):
    shown.study("taken")
    home(page, shown, "taken")
    expect(row(page, "taken")).to_be_visible()
    page.get_by_role("button", name="New…").click()
    dialog = page.get_by_role("dialog", name="New experiment")
    dialog.get_by_label("Name").fill("taken")
    expect(dialog.get_by_role("alert")).to_have_text("There is one of this name already.")
    expect(dialog.get_by_role("button", name="Create")).to_be_disabled()
    dialog.get_by_label("Kind").select_option("Tracking experiment")
    expect(dialog.get_by_role("alert")).to_have_count(0)


@pytest.mark.item("P02")
def test_a_name_that_somebody_takes_meanwhile_is_refused_by_the_server(page: Page, shown: Site):
    page.console.expected.append("409")  # type: ignore[attr-defined]
    page.add_init_script("localStorage.setItem('runbase.live', 'off')")
    home(page, shown, "race")
    page.get_by_role("button", name="New…").click()
    dialog = page.get_by_role("dialog", name="New experiment")
    dialog.get_by_label("Name").fill("race")
    shown.study("race")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_contain_text("already")
    dialog.get_by_label("Name").fill("race won")
    dialog.get_by_role("button", name="Create").click()
    expect(row(page, "race won")).to_be_visible()


@pytest.mark.item("P02")
def test_a_tracking_experiment_is_created_and_used(page: Page, shown: Site):
    home(page, shown, "tracked")
    page.get_by_role("button", name="New…").click()
    dialog = page.get_by_role("dialog", name="New experiment")
    dialog.get_by_label("Name").fill("tracked")
    dialog.get_by_label("Kind").select_option("Tracking experiment")
    expect(dialog.get_by_role("group", name="Objectives")).to_have_count(0)
    dialog.get_by_role("button", name="Create").click()
    expect(row(page, "tracked")).to_contain_text("Tracking")
    Experiment(shown.storage.client, name="tracked").get_run().start()
    expect(row(page, "tracked").get_by_role("img", name="1 Running")).to_be_visible()


@pytest.mark.item("P03")
def test_a_renamed_study_keeps_its_id_trials_notes_and_files(page: Page, shown: Site):
    study = shown.study("old name")
    study.add_trials([done(1), done(2)])
    save_note(study, "a note")
    shown.attach(study, "file.txt", b"content")
    shown.study("other name")
    home(page, shown, "name")
    page.get_by_role("button", name="Actions for old name").click()
    page.get_by_role("menuitem", name="Rename, tags, comment…").click()
    dialog = page.get_by_role("dialog", name="old name")
    dialog.get_by_label("Name").fill("other name")
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    dialog.get_by_label("Name").fill("new name")
    dialog.get_by_label("Tags").fill("renamed, , renamed, twice")
    dialog.get_by_label("Comment").fill("better than before")
    dialog.get_by_role("button", name="Save").click()
    expect(row(page, "new name")).to_contain_text("2")
    expect(row(page, "new name").locator(".chip")).to_have_text(["renamed", "twice"])
    expect(row(page, "old name")).to_have_count(0)
    again = optuna.load_study(study_name="new name", storage=shown.storage)
    assert again._study_id == study._study_id
    assert [trial.value for trial in again.trials] == [1, 2]
    assert get_note(again) == "a note"
    row(page, "new name").get_by_role("link").click()
    expect(page.get_by_role("heading", name="new name")).to_be_visible()
    expect(page.get_by_text("better than before")).to_be_visible()
    expect(page.get_by_text("file.txt").first).to_be_visible()


@pytest.mark.item("P04")
def test_deleting_asks_first_and_takes_files_along_if_asked(page: Page, shown: Site):
    study = shown.study("doomed")
    study.add_trials([done(1), done(2)])
    file = shown.folder / "artifacts" / shown.attach(study, "doomed.txt", b"content")
    home(page, shown, "doomed")
    page.get_by_role("button", name="Actions for doomed").click()
    page.get_by_role("menuitem", name="Delete…").click()
    dialog = page.get_by_role("dialog", name="Delete “doomed”?")
    expect(dialog).to_contain_text("Its 2 trials are deleted, too. This cannot be undone.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert len(study.trials) == 2
    page.get_by_role("button", name="Actions for doomed").click()
    page.get_by_role("menuitem", name="Delete…").click()
    dialog.get_by_label("Delete artifact files, too").check()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status").filter(has_text="“doomed” deleted")).to_be_visible()
    expect(row(page, "doomed")).to_have_count(0)
    assert "doomed" not in optuna.get_all_study_names(shown.storage)
    assert not file.exists()


@pytest.mark.item("P04")
def test_several_selected_experiments_are_deleted_together(page: Page, shown: Site):
    for i in range(3):
        shown.study(f"crowd {i}").add_trial(done(i))
    home(page, shown, "crowd")
    page.get_by_label("Select crowd 0").check()
    page.get_by_label("Select crowd 2").check()
    bar = page.get_by_role("region", name="Selection")
    expect(bar).to_contain_text("2 selected")
    bar.get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog", name="Delete 2 experiments?")
    expect(dialog.get_by_role("listitem")).to_have_text(["crowd 2", "crowd 0"])
    dialog.get_by_role("button", name="Delete").click()
    expect(names(page)).to_have_text(["crowd 1"])
    expect(bar).to_have_count(0)


@pytest.mark.item("P01")
@pytest.mark.item("P11")
def test_everything_is_reached_by_keys(page: Page, shown: Site):
    ids = [shown.study(f"keys {i}")._study_id for i in range(3)]
    home(page, shown, "nothing")
    page.keyboard.press("/")
    expect(search(page)).to_be_focused()
    page.keyboard.type("keys")
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="keys 2")).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.get_by_role("region", name="Selection")).to_contain_text("2 selected")
    expect(row(page, "keys 1")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile(rf"compare-studies\?ids={ids[2]},{ids[1]}$"))
    expect(page.get_by_role("row", name="keys 1")).to_be_visible()
    page.go_back()
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/studies/{ids[2]}$"))
    expect(page.get_by_role("heading", name="keys 2")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.item("P01")
@pytest.mark.item("P14")
def test_two_thousand_experiments_are_scrolled_and_searched_a_screen_at_a_time(
    page: Page, shown: Site
):
    client = shown.storage.client
    with client:
        for i in range(2000):
            experiments.get_or_create(client.db, f"thousand {i:04}")
    home(page, shown, "thousand")
    status = page.locator(".home-head").get_by_role("status")
    expect(status).to_contain_text("2,000 of ")
    assert rows(page).count() < 100
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="thousand 1998")).to_be_focused()
    scroll_down_to(page.get_by_role("link", name="thousand 0000"))
    expect(names(page).last).to_have_text("thousand 0000")
    assert rows(page).count() < 100
    expect(rows(page).last).to_have_attribute("aria-rowindex", "2001")
    search(page).press("End")
    page.keyboard.type(" 0042")
    expect(names(page)).to_have_text(["thousand 0042"])
    page.set_viewport_size({"width": 390, "height": 800})
    search(page).fill("thousand")
    expect(status).to_contain_text("2,000 of ")
    scroll_down_to(page.get_by_role("link", name="thousand 0000"))
    expect(names(page).last).to_have_text("thousand 0000")
    assert rows(page).count() < 100
    assert_fits(page)


@pytest.mark.item("P01")
def test_the_trend_stands_beside_a_long_number(page: Page, shown: Site):
    shown.study("long number").add_trials([done(-0.0001), done(-0.0001833)])
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        home(page, shown, "long number")
        cell = row(page, "long number").locator("td.best")
        expect(cell).to_have_text("−0.0001833")
        expect(cell.get_by_role("img", name="Best value so far")).to_be_visible()
        assert cell.evaluate("cell => cell.scrollWidth <= cell.clientWidth")


@pytest.mark.item("P01")
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_names_that_are_html_are_text_everywhere(page: Page, shown: Site):
    study = shown.study(HOSTILE)
    study.set_metric_names([HOSTILE])
    study.set_user_attr(HOSTILE, HOSTILE)
    study.optimize(lambda trial: trial.suggest_categorical(HOSTILE, [HOSTILE, "b"]) == "b", 3)
    tag(shown, study._study_id, HOSTILE)
    home(page, shown, "onerror")
    expect(names(page)).to_have_text([HOSTILE])
    expect(page.get_by_role("group", name="Tags")).to_contain_text(HOSTILE)
    page.get_by_role("button", name=f"Actions for {HOSTILE}").click()
    page.get_by_role("menuitem", name="Delete…").click()
    expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
    page.keyboard.press("Escape")
    for path, text in (("", HOSTILE), ("analytics", HOSTILE), ("trialTable", HOSTILE)):
        page.goto(shown.path(study, path))
        expect(page.get_by_role("heading", name=text, exact=True).first).to_be_visible()
        expect(page).to_have_title(re.compile(re.escape(HOSTILE)))
        expect(page.get_by_role("application").or_(page.get_by_role("table")).first).to_be_visible()
    page.goto(f"{shown.url}/dashboard/compare-studies?ids={study._study_id}")
    expect(page.get_by_role("rowheader", name=HOSTILE)).to_be_visible()
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0


def test_a_read_only_dashboard_offers_no_writes_and_refuses_them(page: Page, shown: Site):
    study = shown.study("untouched")
    study.ask()
    page.console.expected.append("403")  # type: ignore[attr-defined]
    with dashboard(f"sqlite:///{shown.folder}/runs.db", "--read-only") as url:
        page.goto(f"{url}/dashboard/?q=untouched")
        expect(row(page, "untouched")).to_be_visible()
        expect(page.get_by_role("banner")).to_contain_text("read-only")
        expect(page.get_by_role("button", name="New…")).to_have_count(0)
        expect(page.get_by_role("button", name="Actions for")).to_have_count(0)
        page.get_by_label("Select untouched").check()
        bar = page.get_by_role("region", name="Selection")
        expect(bar.get_by_role("button", name="Delete…")).to_have_count(0)
        for path, words in (("trials?numbers=0", "Tell"), ("note", "Edit"), ("", "Upload")):
            page.goto(f"{url}/dashboard/studies/{study._study_id}/{path}".rstrip("/"))
            expect(page.get_by_role("heading", name="untouched")).to_be_visible()
            expect(page.get_by_role("button", name=re.compile(words))).to_have_count(0)
        status, answer = page.evaluate(
            """async id => {
                const path = new URL(`../api/experiments/${id}`, document.baseURI)
                const answer = await fetch(path, { method: 'DELETE' })
                return [answer.status, await answer.json()]
            }""",
            study._study_id,
        )
        assert status == 403
        assert "read-only" in answer["reason"]
        page.goto("about:blank")
    assert len(study.trials) == 1


def test_a_token_is_asked_for_once(page: Page, shown: Site):
    study = shown.study("secret study")
    page.console.expected.append("401")  # type: ignore[attr-defined]
    with dashboard(f"sqlite:///{shown.folder}/runs.db", "--token", "open sesame") as url:
        page.goto(f"{url}/dashboard/studies/{study._study_id}/analytics?filter=running")
        expect(page.get_by_text("secret study")).to_have_count(0)
        page.get_by_label("This dashboard asks for its token.").fill("wrong")
        page.keyboard.press("Enter")
        page.get_by_label("This token is not right.").fill("open sesame")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="secret study")).to_be_visible()
        expect(page).to_have_url(re.compile(r"/analytics\?filter=running$"))
        page.goto(url)
        expect(search(page)).to_be_visible()
        assert "sesame" not in page.evaluate("document.cookie")
        page.goto("about:blank")
