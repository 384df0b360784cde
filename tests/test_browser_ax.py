"""Ax experiments as people see them: arms, errors, nodes, the status quo; what is not offered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.axes import Axes, batches, observed, tuned, two_objectives
from tests.people import Site, assert_fits, scroll_down_to, site
from tests.shapes import card, chart, drawn, redrawn

PAGES = ("", "analytics", "trials", "trialTable", "smartSelection", "note")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("ax")) as shown:
        yield shown


@pytest.fixture(scope="module")
def one(shown: Site) -> Axes:
    return tuned(shown.storage.client)


@pytest.fixture(scope="module")
def batch(shown: Site) -> Axes:
    return batches(shown.storage.client)


@pytest.fixture(scope="module")
def two(shown: Site) -> Axes:
    return two_objectives(shown.storage.client)


def visit(page: Page, shown: Site, axes: Axes, path: str = "") -> None:
    page.goto(f"{shown.url}/dashboard/studies/{axes.id}{path and f'/{path}'}")
    expect(page.get_by_role("heading", name=axes.name)).to_be_visible()


def legend(page: Page) -> Locator:
    return card(page, "History").get_by_role("group", name="Legend")


def test_the_home_page_lists_ax_experiments(page: Page, shown: Site, one: Axes, two: Axes) -> None:
    page.goto(f"{shown.url}/dashboard")
    line = page.get_by_role("row").filter(has_text=one.name)
    expect(line).to_contain_text("Ax")
    expect(line).to_contain_text("1.036")
    expect(page.get_by_role("row").filter(has_text=two.name)).to_contain_text("2 objectives")
    line.get_by_role("link", name=one.name).click()
    expect(page).to_have_url(re.compile(f"/studies/{one.id}$"))


def test_the_history_has_errors_and_the_status_quo(page: Page, shown: Site, one: Axes) -> None:
    visit(page, shown, one)
    for name in ("±1.96 standard errors", "Status quo (status_quo)", "Infeasible", "Best so far"):
        expect(legend(page).get_by_role("button", name=name)).to_be_visible()
    whiskers = legend(page).get_by_role("button", name="±1.96 standard errors")
    redrawn(chart(page, "History"), whiskers.click)


def test_the_history_is_coloured_by_node(page: Page, shown: Site, one: Axes) -> None:
    visit(page, shown, one)
    colour = card(page, "History").get_by_label("Colour")
    redrawn(chart(page, "History"), lambda: colour.select_option("Node"))
    for name in ("CenterOfSearchSpace", "Sobol", "MBM"):
        expect(legend(page).get_by_role("button", name=name, exact=True)).to_be_visible()


def test_selected_trials_have_errors_of_their_own(page: Page, shown: Site, one: Axes) -> None:
    visit(page, shown, one)
    plot = chart(page, "History")
    expect(legend(page)).to_contain_text("standard errors")
    before = drawn(plot)
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.8 * box["height"], steps=4)
    page.mouse.up()
    expect(page.get_by_role("region", name="Selected trials")).to_be_visible()
    assert drawn(plot) != before


def test_tooltips_tell_errors_and_nodes(page: Page, shown: Site, one: Axes) -> None:
    visit(page, shown, one)
    chart(page, "History").focus()
    page.keyboard.press("ArrowRight")
    tip = chart(page, "History").get_by_role("status")
    expect(tip).to_contain_text("Trial 0")
    expect(tip).to_contain_text("2.3 ± 0.03 (SEM)")
    expect(tip).to_contain_text("CenterOfSearchSpace")


def test_metrics_with_steps_are_curves(page: Page, shown: Site, one: Axes, two: Axes) -> None:
    visit(page, shown, one)
    card(page, "Metrics").scroll_into_view_if_needed()
    name = re.compile("^loss by step of 36 trials")
    expect(chart(page, "Metrics")).to_have_accessible_name(name)
    visit(page, shown, two)
    scroll_down_to(chart(page, "Timeline"))
    expect(card(page, "Metrics")).to_have_count(0)


def test_two_objectives_have_a_front(page: Page, shown: Site, two: Axes) -> None:
    visit(page, shown, two)
    name = re.compile("^accuracy and latency of 30 trials, 11 of them not dominated")
    expect(chart(page, "Pareto front")).to_have_accessible_name(name)
    expect(card(page, "Best trials (11)")).to_contain_text("10 ± 2")


def test_charts_of_parameters_have_the_search_space(page: Page, shown: Site, one: Axes) -> None:
    visit(page, shown, one, "analytics")
    slices = re.compile("^loss by lr of 36 trials")
    expect(chart(page, "Slice")).to_have_accessible_name(slices)
    expect(card(page, "Slice").get_by_label("Linear x")).not_to_be_checked()
    expect(chart(page, "Contour")).to_have_accessible_name(re.compile("^loss over lr and layers"))
    expect(card(page, "Parallel coordinates").get_by_label("opt", exact=True)).to_be_checked()


def test_a_trial_tells_value_error_and_space(page: Page, shown: Site, one: Axes) -> None:
    visit(page, shown, one, "trials?numbers=37")
    trial = page.get_by_role("article", name="Trial 37", exact=True)
    for text in ("1.03583 ± 0.12 (SEM)", "1e-05 to 0.1, log", "loss by step", "MBM", "37_0"):
        expect(trial).to_contain_text(text)
    expect(trial).not_to_contain_text("loss_sem")


def test_arms_are_called_by_their_names(page: Page, shown: Site, batch: Axes) -> None:
    visit(page, shown, batch, "trials")
    expect(page.get_by_text("35 arms").first).to_be_visible()
    options = page.get_by_role("listbox", name="Trials").get_by_role("option")
    expect(options.nth(0)).to_contain_text("Arm control of trial 0")
    expect(options.nth(2)).to_contain_text("Arm 0_1")
    options.nth(2).click()
    arm = page.get_by_role("article", name="Arm 0_1", exact=True)
    expect(arm).to_contain_text("1.4625 ± 0.06")
    arm.get_by_role("button", name="Next trial").click()
    expect(page.get_by_role("article", name="Arm 0_2", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("numbers=-4"))
    page.reload()
    expect(page.get_by_role("article", name="Arm 0_2", exact=True)).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("article", name="Arm 0_3", exact=True)).to_be_visible()


def test_arms_of_a_trial_lie_side_by_side(page: Page, shown: Site, batch: Axes) -> None:
    visit(page, shown, batch)
    expect(chart(page, "History")).to_have_accessible_name(re.compile("^loss of 28 trials"))
    chart(page, "History").focus()
    page.keyboard.press("ArrowRight")
    tip = chart(page, "History").get_by_role("status")
    expect(tip).to_contain_text("Arm control of trial 0")
    page.keyboard.press("ArrowRight")
    expect(tip).to_contain_text("Arm 0_0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Arm 0_0", exact=True)).to_be_visible()
    expect(card(page, "Best trial")).to_have_count(0)


def test_the_table_has_arms_errors_and_nodes(page: Page, shown: Site, batch: Axes) -> None:
    visit(page, shown, batch, "trialTable")
    heads = page.get_by_role("columnheader")
    for name in ("Trial", "Arm", "loss SEM", "Generation node", "Generator"):
        expect(heads.filter(has_text=re.compile(f"^{name}"))).not_to_have_count(0)
    first = page.get_by_role("table", name="Trials").get_by_role("row").nth(1)
    expect(first).to_contain_text("control")
    expect(first).to_contain_text("0.05")
    page.get_by_label("Filter trials").fill("attrs.generation_node = MBM and trial > 3")
    expect(page.get_by_text("7 arms")).to_have_count(0)  # those that run have no node yet
    page.get_by_label("Filter trials").fill("trial = 3")
    expect(page.get_by_text("7 arms", exact=True)).to_be_visible()


def test_brushed_arms_are_shown_alone(page: Page, shown: Site, batch: Axes) -> None:
    visit(page, shown, batch, "trialTable")
    page.get_by_label("Select arm 0_1", exact=True).check()
    page.get_by_label("Select arm 0_2", exact=True).check()
    page.get_by_role("button", name="Compare selected").click()
    expect(page.get_by_role("article", name="Arm 0_1", exact=True)).to_be_visible()
    expect(page.get_by_role("article", name="Arm 0_2", exact=True)).to_be_visible()


def test_what_only_ax_may_do_is_not_offered(page: Page, shown: Site, one: Axes) -> None:
    visit(page, shown, one, "trials?numbers=38")
    trial = page.get_by_role("article", name="Trial 38", exact=True)
    expect(trial).to_contain_text("Running")
    for name in ("Fail Trial", "Tell values", "Enqueue again"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("button", name="Enqueue")).to_have_count(0)
    expect(trial.get_by_role("heading", name="Artifacts")).to_have_count(0)
    visit(page, shown, one)
    expect(card(page, "Best trial")).to_be_visible()
    expect(card(page, "Study artifacts")).to_have_count(0)
    page.goto(f"{shown.url}/dashboard")
    page.get_by_role("button", name=f"Actions for {one.name}").click()
    page.get_by_role("menuitem", name="Tags…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_have_count(0)
    dialog.get_by_label("Tags, separated by commas").fill("good")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text=one.name)).to_contain_text("good")


def test_notes_are_written(page: Page, shown: Site, batch: Axes) -> None:
    visit(page, shown, batch, "note")
    page.get_by_role("button", name=f"Edit the note of study {batch.id}").click()
    page.get_by_label(f"Note of study {batch.id} in Markdown").fill("# Batches")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Batches", exact=True)).to_be_visible()
    visit(page, shown, batch, "trials?numbers=-3")
    page.get_by_role("button", name=f"Edit the note of arm 0_1 of study {batch.id}").click()
    page.get_by_label(re.compile("^Note of arm 0_1")).fill("the *second* one")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("the second one")).to_be_visible()


def test_an_open_page_follows_ax(page: Page, shown: Site) -> None:
    axes = tuned(shown.storage.client, name="a live one")
    visit(page, shown, axes)
    expect(chart(page, "History")).to_have_accessible_name(re.compile("^loss of 36 trials"))
    axes.tell(38, observed("38_0", 0.1, loss=0.25))
    expect(chart(page, "History")).to_have_accessible_name(
        re.compile("^loss of 37 trials; the best so far is 0.25")
    )
    expect(card(page, "Best trial")).to_contain_text("0.25 ± 0.1")
    axes.add({"40_0": {"lr": 0.1, "layers": 1, "opt": "adam"}}, observed("40_0", loss=0.125))
    expect(page.get_by_text("41 trials")).to_be_visible()
    expect(card(page, "Best trial")).to_contain_text("0.125")


def test_arms_that_finish_appear(page: Page, shown: Site) -> None:
    axes = batches(shown.storage.client, name="a live batch")
    visit(page, shown, axes)
    expect(chart(page, "History")).to_have_accessible_name(re.compile("^loss of 28 trials"))
    rows = [row for k in range(6) for row in observed(f"4_{k}", loss=0.5 - k / 100)]
    axes.tell(4, rows)
    expect(chart(page, "History")).to_have_accessible_name(
        re.compile("^loss of 34 trials; the best so far is 0.45")
    )
    expect(card(page, "Best trial")).to_contain_text("Arm 4_5")


def test_a_picture_and_a_file_of_the_history(page: Page, shown: Site, batch: Axes) -> None:
    visit(page, shown, batch)
    expect(legend(page)).to_contain_text("standard errors")
    for kind, text in (("SVG", "±1.96 standard errors"), ("CSV", "Status quo (control)")):
        page.get_by_role("button", name="Menu of History").click()
        with page.expect_download() as found:
            page.get_by_role("menuitem", name=f"Save as {kind}").click()
        assert text in found.value.path().read_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_too_wide_for_a_phone(
    page: Page, shown: Site, batch: Axes, path: str, theme: str
) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, shown, batch, path)
    page.wait_for_load_state("networkidle")
    assert_fits(page)


def test_ax_is_compared_with_optuna(page: Page, shown: Site, batch: Axes) -> None:
    study = shown.study("the same with Optuna")
    study.optimize(lambda trial: trial.suggest_float("lr", 0, 1), 5)
    page.goto(f"{shown.url}/dashboard/compare-studies?ids={batch.id},{study._study_id}")
    name = f"of {batch.name}, the same with Optuna"
    expect(chart(page, "History")).to_have_accessible_name(re.compile(name))


def test_the_server_refuses_what_the_page_does_not_offer(
    page: Page, shown: Site, one: Axes
) -> None:
    answer = page.request.post(
        f"{shown.url}/api/experiments/{one.id}/enqueue", data={"params": {"lr": 0.1}}
    )
    assert answer.status == 400
    assert "change it with Ax" in json.loads(answer.text())["reason"]
