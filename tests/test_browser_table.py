"""The table of trials in a real browser: sorted, filtered, arranged and saved."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState, create_trial
from playwright.sync_api import Locator, Page, expect

from tests.people import Site, site

SPACE = {"x": FloatDistribution(0, 1), "model": CategoricalDistribution(["small", "large"])}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("table")) as shown:
        yield shown


@pytest.fixture(scope="module")
def study(shown: Site) -> optuna.Study:
    """Twenty trials, of which the fifth has failed."""
    study = shown.study("a table", ["loss"])
    for number in range(20):
        params = {"x": number / 40, "model": "large" if number % 2 else "small"}
        has_failed = number == 4
        study.add_trial(
            create_trial(
                state=TrialState.FAIL if has_failed else TrialState.COMPLETE,
                value=None if has_failed else float((number * 7) % 20),
                params=params,
                distributions=dict(SPACE),
                user_attrs={"host": f"node-{number % 3}"},
            )
        )
    return study


def head(page: Page, name: str) -> Locator:
    """The head of a column."""
    return page.get_by_role("columnheader").filter(has_text=name)


def numbers(page: Page) -> list[int]:
    """The numbers of the rows from the top."""
    links = page.get_by_role("link", name="Details of trial")
    return [int(text) for text in links.all_inner_texts()]


def sort(page: Page, name: str, order: str) -> None:
    """Click the head of a column until it is in that order."""
    head(page, name).get_by_role("button", name=name).first.click()
    expect(head(page, name)).to_have_attribute("aria-sort", order)


@pytest.mark.item("P08")
def test_a_click_on_a_head_sorts_and_failed_trials_come_last(
    page: Page, shown: Site, study: optuna.Study
) -> None:
    page.goto(shown.path(study, "trialTable"))
    expect(page.get_by_role("link", name="Details of trial 0", exact=True)).to_be_visible()
    expect(head(page, "Number")).to_have_attribute("aria-sort", "ascending")
    by_value = sorted((n for n in range(20) if n != 4), key=lambda n: (n * 7) % 20)
    sort(page, "loss", "ascending")
    expect(page.get_by_role("link", name="Details of trial").first).to_have_text(str(by_value[0]))
    assert numbers(page) == [*by_value, 4]
    sort(page, "loss", "descending")
    expect(page.get_by_role("link", name="Details of trial").first).to_have_text(str(by_value[-1]))
    assert numbers(page) == [*reversed(by_value), 4]


@pytest.mark.item("P08", "T05")
def test_the_menu_of_a_head_filters_and_the_filter_is_in_the_url(
    page: Page, shown: Site, study: optuna.Study
) -> None:
    page.goto(shown.path(study, "trialTable"))
    page.get_by_role("button", name="Filter by Param model").click()
    page.get_by_label("small", exact=True).uncheck()
    expect(page.get_by_text("10 trials", exact=True)).to_be_visible()
    assert numbers(page) == list(range(1, 20, 2))
    page.reload()
    expect(page.get_by_text("10 trials", exact=True)).to_be_visible()


@pytest.mark.item("P08", "T07")
def test_what_is_shown_is_downloaded(
    page: Page, shown: Site, study: optuna.Study, tmp_path: Path
) -> None:
    page.goto(shown.path(study, "trialTable", filter="value < 5"))
    expect(page.get_by_text("5 trials", exact=True)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    path = tmp_path / "table.csv"
    download.value.save_as(path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(float(row["loss"]) for row in rows) == [0, 1, 2, 3, 4]
    assert {row["Param model"] for row in rows} <= {"small", "large"}


@pytest.mark.item("P08")
def test_hidden_columns_stay_hidden(page: Page, shown: Site, study: optuna.Study) -> None:
    page.goto(shown.path(study, "trialTable"))
    expect(head(page, "Param x")).to_be_visible()
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Param x", exact=True).uncheck()
    expect(head(page, "Param x")).to_have_count(0)
    page.reload()
    expect(head(page, "Param model")).to_be_visible()
    expect(head(page, "Param x")).to_have_count(0)


@pytest.mark.item("P08", "T06")
def test_selected_rows_are_compared(page: Page, shown: Site, study: optuna.Study) -> None:
    page.goto(shown.path(study, "trialTable"))
    page.get_by_label("Select trial 2", exact=True).check()
    page.get_by_label("Select trial 5", exact=True).check()
    page.get_by_role("button", name="Compare selected").click()
    for number in (2, 5):
        expect(page.get_by_role("heading", name=f"Trial {number} (trial_id=")).to_be_visible()
