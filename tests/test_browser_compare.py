"""Several studies over each other."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from playwright.sync_api import Page, expect

from tests import shapes
from tests.people import Site, site, until
from tests.shapes import card, chart, drawn


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("compare")) as shown:
        yield shown


@pytest.fixture(scope="module")
def pair(shown: Site) -> tuple[optuna.Study, optuna.Study]:
    """One of 40 trials, of which 5 are pruned and 3 failed, and one of 10, with 1 pruned."""
    return shapes.pruned_study(shown, "first"), shapes.pruned_study(shown, "second", 10)


def compare(page: Page, shown: Site, *ids: object) -> None:
    page.goto(f"{shown.url}/dashboard/compare-studies?ids={','.join(map(str, ids))}")


@pytest.mark.item("P11", "C12", "C14")
def test_histories_and_distributions_of_two_studies_are_drawn_together(
    page: Page, shown: Site, pair: tuple[optuna.Study, optuna.Study]
):
    compare(page, shown, *(study._study_id for study in pair))
    expect(page).to_have_title("Compare studies · Runbase")
    expect(page.get_by_role("row", name="first")).to_contain_text("4032")
    expect(page.get_by_role("row", name="second")).to_contain_text("109")
    history = card(page, "History")
    expect(history.get_by_role("application")).to_have_accessible_name(
        re.compile("^Objective value of first, second.")
    )
    expect(card(page, "Empirical distribution (EDF)").get_by_role("application")).to_be_visible()
    assert drawn_series(page) == {"first": 37, "second": 10}
    history.get_by_label("Include PRUNED").uncheck()
    until(lambda: drawn_series(page) == {"first": 32, "second": 9})
    expect(page).to_have_url(re.compile("pruned=0"))
    page.reload()
    expect(history.get_by_label("Include PRUNED")).not_to_be_checked()
    expect(history.get_by_role("application")).to_be_visible()
    assert drawn_series(page) == {"first": 32, "second": 9}


def drawn_series(page: Page) -> dict[str, int]:
    """How many trials of each study are in the table of the history."""
    page.get_by_role("button", name="Menu of History").click()
    with page.expect_download() as waiting:
        page.get_by_role("menuitem", name="Save as CSV").click()
    text = Path(waiting.value.path()).read_text()
    numbers: dict[str, set[str]] = {}
    for line in csv.DictReader(io.StringIO(text)):
        if line["trial"]:
            numbers.setdefault(line["series"], set()).add(line["trial"])
    return {series: len(trials) for series, trials in numbers.items()}


@pytest.mark.item("P11")
def test_a_point_opens_the_trial_of_its_own_study(
    page: Page, shown: Site, pair: tuple[optuna.Study, optuna.Study]
):
    first, second = pair
    compare(page, shown, second._study_id, first._study_id)
    plot = chart(page, "History")
    plot.focus()
    # Farthest to the right is the study that has more trials: its line, and its last point.
    plot.press("ArrowLeft")
    plot.press("ArrowLeft")
    expect(plot.get_by_role("status")).to_contain_text("first")
    plot.press("Enter")
    expect(page).to_have_url(re.compile(rf"/studies/{first._study_id}/trials\?numbers=39$"))


@pytest.mark.item("P11")
def test_one_of_several_objectives_is_chosen(page: Page, shown: Site):
    ids = []
    for name in ("two a", "two b"):
        study = shown.study(name, directions=["minimize", "maximize"])
        study.optimize(shapes.two, 5)
        ids.append(study._study_id)
    compare(page, shown, *ids)
    plot = chart(page, "History")
    expect(plot).to_have_accessible_name(re.compile("^Objective 0 of two a, two b"))
    before = drawn(plot)
    page.get_by_label("Objective", exact=True).select_option("Objective 1")
    expect(plot).to_have_accessible_name(re.compile("^Objective 1 of two a, two b"))
    until(lambda: drawn(plot) != before)
    expect(page).to_have_url(re.compile("objective=1"))


@pytest.mark.item("P11")
def test_what_cannot_be_compared_says_why(page: Page, shown: Site):
    one = shown.study("one objective")
    two = shown.study("two objectives", directions=["minimize", "minimize"])
    up = shown.study("the other way", direction="maximize")
    runs = shapes.tracking(shown)
    for ids in ((one._study_id, two._study_id), (one._study_id, up._study_id), (runs,)):
        compare(page, shown, *ids)
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_role("application")).to_have_count(0)
    compare(page, shown)
    expect(page.get_by_text("Choose studies to compare in the list of studies.")).to_be_visible()
    page.console.expected.append("404")  # type: ignore[attr-defined]
    compare(page, shown, one._study_id, 9999)
    expect(page.get_by_role("alert")).to_contain_text("9999")


@pytest.mark.item("P11")
def test_a_study_without_trials_is_compared_too(
    page: Page, shown: Site, pair: tuple[optuna.Study, optuna.Study]
):
    empty = shown.study("nothing yet")
    compare(page, shown, empty._study_id, pair[1]._study_id)
    expect(page.get_by_role("row", name="nothing yet")).to_contain_text("00")
    expect(chart(page, "History")).to_be_visible()
    empty.add_trial(optuna.create_trial(value=1.0))
    expect(page.get_by_role("row", name="nothing yet")).to_contain_text("11")
