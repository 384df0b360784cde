"""How parameters and values hang together, and trials that are chosen by brushing."""

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
from tests.shapes import card, chart, drawn, redrawn


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("analytics")) as shown:
        yield shown


@pytest.fixture(scope="module")
def study(shown: Site) -> optuna.Study:
    """One of 40 trials: 32 complete, 5 pruned and 3 failed ones."""
    return shapes.pruned_study(shown)


def analytics(page: Page, shown: Site, study: optuna.Study, **query: object) -> None:
    # So high that all charts are near enough to be drawn.
    page.set_viewport_size({"width": 1440, "height": 2600})
    page.goto(shown.path(study, "analytics", **query))
    expect(chart(page, "Slice")).to_be_visible()


@pytest.mark.item("C09")
def test_slices_of_one_parameter_or_of_all(page: Page, shown: Site, study: optuna.Study):
    analytics(page, shown, study)
    slices = card(page, "Slice")
    plot = chart(page, "Slice")
    expect(plot).to_have_accessible_name(re.compile("^Objective value by x of 37 trials"))
    slices.get_by_label("Filter out PRUNED").check()
    expect(plot).to_have_accessible_name(re.compile("^Objective value by x of 32 trials"))
    for name in ("Log y scale", "Linear x"):
        redrawn(plot, slices.get_by_label(name).check)
    slices.get_by_label("Parameter").select_option("n")
    expect(plot).to_have_accessible_name(re.compile("^Objective value by n of 32 trials"))
    page.reload()
    expect(plot).to_have_accessible_name(re.compile("^Objective value by n of 32 trials"))
    expect(slices.get_by_label("Log y scale")).to_be_checked()
    slices.get_by_label("Parameter").select_option("All parameters")
    expect(slices.get_by_role("application")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"param=\*|param=%2A"))


@pytest.mark.item("C10", "C14")
def test_a_contour_is_drawn_where_some_trials_are_pruned(
    page: Page, shown: Site, study: optuna.Study
):
    analytics(page, shown, study)
    contour = card(page, "Contour")
    plot = chart(page, "Contour")
    expect(plot).to_have_accessible_name(
        re.compile("^Objective value over x and n of 3[27] trials")
    )
    with_trials = drawn(plot)
    contour.get_by_role("checkbox", name="Trials").uncheck()
    until(lambda: drawn(plot) != with_trials)
    contour.get_by_role("checkbox", name="Trials").check()
    lines = table(page, "Contour")
    trials = {trial.number: trial for trial in study.trials}
    points = [line for line in lines if line["trial"]]
    assert len(points) > 30
    for line in points:
        trial = trials[int(line["trial"])]
        assert float(line["x"]) == pytest.approx(trial.params["x"], rel=1e-5)
        assert float(line["n"]) == trial.params["n"]
    heights = {float(line["Objective value"]) for line in lines if line["Objective value"]}
    values = [trial.value for trial in trials.values() if trial.value is not None]
    assert min(values) * 0.99 <= min(heights) < max(heights) <= max(values) * 1.01
    contour.get_by_label("y", exact=True).select_option("x")
    expect(contour).to_contain_text("Choose two different parameters.")
    contour.get_by_label("x", exact=True).select_option("n")
    expect(plot).to_have_accessible_name(re.compile("^Objective value over n and x"))
    page.reload()
    expect(plot).to_have_accessible_name(re.compile("^Objective value over n and x"))


@pytest.mark.item("C11")
def test_ranks_over_two_parameters(page: Page, shown: Site, study: optuna.Study):
    analytics(page, shown, study)
    rank, plot = card(page, "Rank"), chart(page, "Rank")
    expect(plot).to_have_accessible_name(re.compile("^Rank of Objective value of 3[27] trials"))
    before = drawn(plot)
    rank.get_by_label("x", exact=True).select_option("n")
    rank.get_by_label("y", exact=True).select_option("x")
    expect(plot).to_have_accessible_name(re.compile("by n and x"))
    until(lambda: drawn(plot) != before)


@pytest.mark.item("C12", "C14")
def test_the_distribution_of_values_ends_at_one(page: Page, shown: Site, study: optuna.Study):
    analytics(page, shown, study)
    title = "Empirical distribution (EDF)"
    plot = chart(page, title)
    expect(plot).to_have_accessible_name(re.compile("^Distribution of Objective value of 3[27]"))
    lines = table(page, title)
    shares = [float(list(line.values())[3]) for line in lines]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    before = drawn(plot)
    card(page, title).get_by_label("Log x scale").check()
    until(lambda: drawn(plot) != before)
    expect(page).to_have_url(re.compile("edf.log=1"))


@pytest.mark.item("C13", "C14")
def test_axes_of_parallel_coordinates_are_chosen(page: Page, shown: Site, study: optuna.Study):
    analytics(page, shown, study)
    axes = page.get_by_role("group", name="Axes")
    plot = chart(page, "Parallel coordinates")
    expect(plot).to_have_accessible_name(re.compile("^Objective value, x, n of 37 trials"))
    assert len(table(page, "Parallel coordinates")) == 37
    axes.get_by_label("n", exact=True).uncheck()
    expect(plot).to_have_accessible_name(re.compile("^Objective value, x of 37 trials"))
    page.reload()
    expect(plot).to_have_accessible_name(re.compile("^Objective value, x of 37 trials"))
    axes.get_by_label("Check all").check()
    expect(plot).to_have_accessible_name(re.compile("^Objective value, x, n of 37 trials"))


@pytest.mark.item("P09", "C13", "T07")
def test_brushing_an_axis_chooses_the_rows_of_the_table_and_its_file(
    page: Page, shown: Site, study: optuna.Study
):
    page.set_viewport_size({"width": 1440, "height": 2600})
    page.goto(shown.path(study, "smartSelection"))
    plot = chart(page, "Parallel coordinates")
    plot.focus()
    # The lowest quarter of the first axis, which is the objective.
    plot.press("ArrowUp")
    values = {trial.number: trial.value for trial in study.trials if trial.value is not None}
    low, high = min(values.values()), max(values.values())
    status = page.get_by_role("status").filter(has_text="selected")
    expect(status).to_have_text(re.compile(r"^\d+ selected"))
    count = int(status.inner_text().split()[0])
    best = sorted(values, key=values.__getitem__)[:count]
    assert 0 < count < 37
    assert values[best[-1]] == pytest.approx(low, abs=0.26 * (high - low))
    rows = page.get_by_role("checkbox", name=re.compile(r"^Select trial \d"))
    expect(rows).to_have_count(count)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV").or_(page.get_by_role("button", name="CSV")).click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    numbers = {int(line["Number"]) for line in csv.DictReader(io.StringIO(text))}
    assert numbers == set(best)
    page.get_by_role("button", name="Clear the selection").click()
    expect(page.get_by_text("until then all are shown below")).to_be_visible()


@pytest.mark.item("P09", "T04")
def test_files_of_the_chosen_trials_are_shown(page: Page, shown: Site):
    from optuna.distributions import FloatDistribution

    study = shown.study("files")
    for i in range(4):
        trial = study.ask({"x": FloatDistribution(0, 3)})
        shown.attach(trial, f"{i}.txt", b"a file of trial %d" % i)
        study.tell(trial, i)
    page.set_viewport_size({"width": 1440, "height": 2600})
    page.goto(shown.path(study, "smartSelection"))
    expect(card(page, "Artifacts of 4 trials")).to_be_visible()
    plot = chart(page, "Parallel coordinates")
    plot.focus()
    plot.press("ArrowUp")
    expect(card(page, "Artifacts of 1 trials")).to_contain_text("Trial 0")


def table(page: Page, title: str) -> list[dict[str, str]]:
    """What a chart saves as a table."""
    page.get_by_role("button", name=f"Menu of {title}").click()
    with page.expect_download() as waiting:
        page.get_by_role("menuitem", name="Save as CSV").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))
