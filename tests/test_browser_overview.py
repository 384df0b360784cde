"""The pages of studies of every shape: each chart says what it shows, and does what it offers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import optuna
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests import shapes
from tests.people import Site, scroll_down_to, site, until
from tests.shapes import card, chart, drawn, redrawn

OVERVIEW, ANALYTICS, SELECTION = "", "analytics", "smartSelection"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("overview")) as shown:
        yield shown


@pytest.fixture(scope="module")
def study(shown: Site) -> optuna.Study:
    """One of 40 trials: 32 complete, 5 pruned and 3 failed ones."""
    return shapes.pruned_study(shown)


def overview(page: Page, shown: Site, study: optuna.Study, **query: object) -> None:
    page.goto(shown.path(study, OVERVIEW, **query))
    expect(chart(page, "History")).to_be_visible()


class Shape(NamedTuple):
    """How to make a study, and what the cards of its pages say."""

    make: Callable[[Site], int]
    says: dict[str, dict[str, str]]


def optimized(
    name: str, objective: Callable[[optuna.Trial], object], count: int, **options: Any
) -> Callable[[Site], int]:
    def make(site: Site) -> int:
        study = site.study(name, **options)
        study.optimize(objective, count, catch=RuntimeError)  # type: ignore[arg-type]
        return study._study_id

    return make


def waiting(site: Site) -> int:
    study = site.study("waiting")
    study.enqueue_trial({})
    return study._study_id


def fails(trial: optuna.Trial) -> float:
    trial.suggest_float("x", 0, 1)
    raise RuntimeError("on purpose")


def named_constraints(site: Site) -> int:
    study = site.study("constraints")
    for value in range(6):
        trial = study.ask({"x": shapes.X, "n": shapes.N})
        trial.set_constraint("memory", 2.5 - value)
        study.tell(trial, value)
    return study._study_id


def three(site: Site, name: str = "three") -> int:
    study = site.study(name, directions=["minimize", "maximize", "minimize"])
    shapes.constrained(study)
    study.optimize(shapes.three, 15)
    return study._study_id


def special(site: Site) -> int:
    study = site.study("special")
    shapes.special(study)
    return study._study_id


FRONT = "Objective 0 and Objective 1 of 20 trials, 13 of them not dominated"
NO_VALUE = "No trial has a value yet."
NO_PARAMS = "No trial has parameters yet."
SHAPES = {
    "no trials": Shape(
        lambda site: site.study("no trials")._study_id,
        {
            OVERVIEW: {
                "History": NO_VALUE,
                "Best trial": "There are no trials yet.",
                "Hyperparameter importance": "Needs two finished trials",
                "Timeline": "No trial has started yet.",
            },
            ANALYTICS: {
                "Slice": NO_PARAMS,
                "Contour": "This needs trials with at least two parameters.",
                "Parallel coordinates": NO_PARAMS,
                "Empirical distribution (EDF)": NO_VALUE,
            },
            SELECTION: {},
        },
    ),
    "one waiting trial without parameters": Shape(
        waiting,
        {
            OVERVIEW: {"History": NO_VALUE, "Best trial": "No trial has finished yet."},
            ANALYTICS: {"Slice": NO_PARAMS, "Rank": "This needs trials with at least two"},
            SELECTION: {"Parallel coordinates": NO_PARAMS},
        },
    ),
    "only failed trials": Shape(
        optimized("failed", fails, 3),
        {
            OVERVIEW: {"Best trial": "No trial has finished yet.", "Timeline": "When 3 trials ran"},
            ANALYTICS: {
                "Slice": "No trial has both this parameter and a value.",
                "Empirical distribution (EDF)": NO_VALUE,
            },
            SELECTION: {"History": NO_VALUE},
        },
    ),
    "parameters under conditions": Shape(
        optimized("conditional", shapes.conditional, 20),
        {
            OVERVIEW: {
                "History": "Objective value of 20 trials; the best so far is",
                "Hyperparameter importance": "PED-ANOVA from 20 trials.",
            },
            ANALYTICS: {
                "Slice": "Objective value by kind of 20 trials.",
                "Contour": "Objective value over kind and depth of ",
                "Parallel coordinates": "Objective value, kind of 20 trials.",
            },
            SELECTION: {"Parallel coordinates": "Objective value, kind of 20 trials."},
        },
    ),
    "choices None, True, 1 and '1'": Shape(
        optimized("choices", shapes.choices, 15),
        {
            OVERVIEW: {"History": "Objective value of 15 trials; the best so far is 0."},
            ANALYTICS: {
                "Slice": "Objective value by choice of 15 trials.",
                "Contour": "This needs trials with at least two parameters.",
                "Parallel coordinates": "Objective value, choice of 15 trials.",
            },
            SELECTION: {"History": "Objective value of 15 trials; the best so far is 0."},
        },
    ),
    "named constraints": Shape(
        named_constraints,
        {
            OVERVIEW: {
                "History": "Objective value of 6 trials; the best so far is 3.",
                "Best trial": "Trial 3",
            },
            ANALYTICS: {"Slice": "Objective value by x of 6 trials."},
            SELECTION: {"History": "Objective value of 6 trials; the best so far is 3."},
        },
    ),
    "two objectives": Shape(
        optimized("two", shapes.two, 20, directions=["minimize", "minimize"]),
        {
            OVERVIEW: {
                "History": "Objective 0 of 20 trials; the best so far is",
                "Best trials (13)": "Trial 0",
                "Pareto front": FRONT,
            },
            ANALYTICS: {
                "Pareto front": FRONT,
                "Rank": "Rank of Objective 0 of 20 trials by x and y.",
                "Distribution of Objective 1": "Distribution of Objective 1 of 20 trials.",
            },
            SELECTION: {"Pareto front": FRONT},
        },
    ),
    "three objectives under a constraint": Shape(
        three,
        {
            OVERVIEW: {
                "History": "Objective 0 of 15 trials; the best so far is",
                "Pareto front": "Objective 0 and Objective 1 of 15 trials",
            },
            ANALYTICS: {"Distribution of Objective 2": "Distribution of Objective 2 of 15 trials."},
            SELECTION: {"Pareto front": "Objective 0 and Objective 1 of 15 trials"},
        },
    ),
    "values that are no numbers": Shape(
        special,
        {
            OVERVIEW: {
                "History": "Objective value of 2 trials; the best so far is −1.",
                "Best trial": "Trial 1",
                "Intermediate values": "Intermediate value by step of 3 trials, from 1 to 1.",
            },
            ANALYTICS: {"Slice": "Objective value by x of 2 trials."},
            SELECTION: {"Parallel coordinates": "Objective value, x, n of 2 trials."},
        },
    ),
    "a tracking experiment": Shape(
        shapes.tracking,
        {
            OVERVIEW: {
                "History": "There is no objective and no numeric user attribute",
                "Metrics": "loss by step of 3 trials, from 0.1429 to 1.",
                "Timeline": "When 3 trials ran",
            },
            ANALYTICS: {
                "Slice": "There is no objective and no numeric user attribute",
                "Parallel coordinates": "lr, model of 3 trials.",
            },
            SELECTION: {"Parallel coordinates": "lr, model of 3 trials."},
        },
    ),
    "ten thousand trials": Shape(
        lambda site: shapes.many(site)._study_id,
        {
            OVERVIEW: {
                "History": "trials; the best so far is 1.00",
                "Hyperparameter importance": "PED-ANOVA from ",
                "Timeline": "When 100 trials ran",
            },
            ANALYTICS: {
                "Slice": "Objective value by x of ",
                "Contour": "Objective value over x and n of ",
                "Empirical distribution (EDF)": "Distribution of Objective value of ",
            },
            SELECTION: {"Parallel coordinates": "Objective value, x, n of "},
        },
    ),
}
TABS = {OVERVIEW: "Overview", ANALYTICS: "Analytics", SELECTION: "Selection"}


@pytest.mark.item("P05", "P06", "P09", "C01", "C02", "C05")
@pytest.mark.filterwarnings("ignore:The value nan", "ignore:`constraints_func`")
@pytest.mark.parametrize("shape", SHAPES)
def test_every_page_of_a_study_of_this_shape_says_what_it_shows(
    page: Page, shown: Site, shape: str
):
    make, says = SHAPES[shape]
    id = make(shown)
    # So high that all charts are near enough to be drawn.
    page.set_viewport_size({"width": 1440, "height": 3500})
    page.goto(f"{shown.url}/dashboard/studies/{id}")
    for path, cards in says.items():
        page.get_by_role("link", name=TABS[path], exact=True).click()
        expect(page).to_have_title(re.compile(f"^{TABS[path]} · "))
        for title, text in cards.items():
            told = card(page, title).get_by_label(text).or_(card(page, title).get_by_text(text))
            expect(told.first).to_be_visible()
        expect(page.locator("main .spinner")).to_have_count(0)
        expect(page.locator("main .failure")).to_have_count(0)


@pytest.mark.item("C01")
def test_controls_of_the_history_change_what_is_drawn_and_stay_in_the_url(
    page: Page, shown: Site, study: optuna.Study
):
    overview(page, shown, study)
    history = card(page, "History")
    plot = chart(page, "History")
    expect(plot).to_have_accessible_name(re.compile("^Objective value of 37 trials"))
    for change in (
        lambda: history.get_by_label("Include PRUNED").uncheck(),
        lambda: history.get_by_label("Log y scale").check(),
        lambda: history.get_by_label("Marker").press("End"),
        lambda: history.get_by_label("x axis").select_option(label="Datetime complete"),
        lambda: history.get_by_role("button", name="Complete").click(),
    ):
        redrawn(plot, change)
    expect(plot).to_have_accessible_name(re.compile("^Objective value of 32 trials"))
    assert {"history.pruned=0", "history.log=1", "history.size=10"} <= set(
        page.url.partition("?")[2].split("&")
    )
    page.reload()
    expect(plot).to_have_accessible_name(re.compile("^Objective value of 32 trials"))
    expect(history.get_by_label("Log y scale")).to_be_checked()
    expect(history.get_by_label("Marker")).to_have_value("10")
    expect(history.get_by_label("x axis").locator(":checked")).to_have_text("Datetime complete")


@pytest.mark.item("C01", "P07")
def test_a_point_tells_of_its_trial_and_a_click_opens_it(
    page: Page, shown: Site, study: optuna.Study
):
    overview(page, shown, study)
    plot = chart(page, "History")
    plot.focus()
    plot.press("ArrowRight")
    plot.press("ArrowRight")
    expect(plot.get_by_role("status")).to_contain_text("Trial 1")
    mark = plot.locator(".plot-hover").bounding_box()
    assert mark is not None
    page.mouse.click(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    expect(page).to_have_url(re.compile(r"/trials\?numbers=1$"))
    expect(page.get_by_role("article", name="Trial 1", exact=True)).to_be_visible()
    page.go_back()
    plot.focus()
    plot.press("ArrowRight")
    plot.press("Enter")
    expect(page).to_have_url(re.compile(r"/trials\?numbers=0$"))


@pytest.mark.item("C01", "T05")
def test_dragging_selects_trials_that_become_a_filter_of_all_charts(
    page: Page, shown: Site, study: optuna.Study
):
    overview(page, shown, study)
    drag(page, chart(page, "History"), (0.1, 0.02), (0.5, 0.9))
    bar = page.get_by_role("region", name="Selected trials")
    count = int(bar.get_by_text("selected").inner_text().split()[0])
    assert 5 < count < 30
    bar.get_by_role("button", name="Show only these").click()
    said = re.compile(f"^Objective value of {count} trials")
    expect(chart(page, "History")).to_have_accessible_name(said)
    expect(page.get_by_text(f"{count} of 40 trials")).to_be_visible()
    expect(page).to_have_url(re.compile("filter=number"))
    expect(bar).to_have_count(0)
    page.get_by_role("button", name="Clear the filter").click()
    expect(chart(page, "History")).to_have_accessible_name(re.compile("of 37 trials"))


@pytest.mark.item("T05")
def test_a_filter_drives_all_charts_and_goes_along_to_other_pages(
    page: Page, shown: Site, study: optuna.Study
):
    page.set_viewport_size({"width": 1440, "height": 3500})
    overview(page, shown, study)
    page.keyboard.press("/")
    page.keyboard.type("complete and number < 20")
    # Of the 20 trials, 6 and 13 are pruned, and 10 failed.
    expect(page.get_by_text("17 of 40 trials")).to_be_visible()
    said = {
        "History": "Objective value of 17 trials",
        "Hyperparameter importance": "PED-ANOVA from 17 trials.",
        "Intermediate values": "Intermediate value by step of 17 trials",
        "Timeline": "When 17 trials ran.",
    }
    for title, text in said.items():
        told = card(page, title).get_by_label(text).or_(card(page, title).get_by_text(text))
        expect(told).to_be_visible()
    page.get_by_role("link", name="Analytics").click()
    for title, text in {
        "Slice": "Objective value by x of 17 trials.",
        "Contour": "Objective value over x and n of 17 trials.",
        "Parallel coordinates": "Objective value, x, n of 17 trials.",
        "Rank": "Rank of Objective value of 17 trials by x and n.",
        "Empirical distribution (EDF)": "Distribution of Objective value of 17 trials.",
    }.items():
        expect(card(page, title).get_by_label(text)).to_be_visible()
    page.console.expected.append("400")  # type: ignore[attr-defined]
    page.reload()
    expect(page.get_by_label("Filter trials")).to_have_value("complete and number < 20")
    page.get_by_label("Filter trials").fill("complete and numbr < 20")
    expect(page.get_by_role("search").get_by_role("alert")).to_contain_text("numbr")
    expect(chart(page, "Slice")).to_have_accessible_name(re.compile("of 17 trials"))


@pytest.mark.item("C14")
def test_a_chart_is_saved_as_a_picture_a_drawing_and_a_table(
    page: Page, shown: Site, study: optuna.Study
):
    overview(page, shown, study)
    png = saved(page, "History", "Save as PNG")
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        assert image.width >= 900
        assert len(image.convert("RGB").getcolors(10**6) or []) > 10
    svg = ElementTree.fromstring(saved(page, "History", "Save as SVG"))
    assert svg.tag.endswith("svg")
    assert "History" in "".join(svg.itertext())
    lines = list(csv.DictReader(io.StringIO(saved(page, "History", "Save as CSV").decode())))
    written = {
        int(line["trial"]): float(line["Objective value"])
        for line in lines
        if line["series"] in ("Complete", "Pruned")
    }
    assert written == pytest.approx(
        {trial.number: trial.value for trial in study.trials if trial.value is not None}, rel=1e-5
    )


@pytest.mark.item("C14", "C04", "C05", "C06")
def test_the_other_charts_are_saved_too(page: Page, shown: Site, study: optuna.Study):
    page.set_viewport_size({"width": 1440, "height": 3500})
    overview(page, shown, study)
    rows = {
        title: list(csv.reader(io.StringIO(saved(page, title, "Save as CSV").decode())))
        for title in ("Hyperparameter importance", "Intermediate values", "Timeline")
    }
    assert {line[0] for line in rows["Hyperparameter importance"][1:]} == {"x", "n"}
    reported = {(t.number, s): v for t in study.trials for s, v in t.intermediate_values.items()}
    shown_values = {
        (int(line[1]), int(float(line[2]))): float(line[3])
        for line in rows["Intermediate values"][1:]
    }
    assert shown_values == pytest.approx(reported, rel=1e-5)
    assert {int(line[1]) for line in rows["Timeline"][1:]} == set(range(40))
    for title in rows:
        ElementTree.fromstring(saved(page, title, "Save as SVG"))


@pytest.mark.item("C04")
def test_the_importance_of_a_parameter_leads_to_its_slice(
    page: Page, shown: Site, study: optuna.Study
):
    overview(page, shown, study)
    card(page, "Hyperparameter importance").get_by_role("button", name=re.compile("^n")).click()
    expect(page).to_have_url(re.compile(r"/analytics\?param=n$"))
    expect(chart(page, "Slice")).to_have_accessible_name(re.compile("^Objective value by n of 37"))


@pytest.mark.item("C06")
def test_intermediate_values_of_the_best_the_latest_or_the_selected_trials(
    page: Page, shown: Site, study: optuna.Study
):
    overview(page, shown, study, **{"curves.limit": "10"})
    curves = card(page, "Intermediate values")
    curves.scroll_into_view_if_needed()
    plot = chart(page, "Intermediate values")
    expect(plot).to_have_accessible_name(re.compile("^Intermediate value by step of 10 trials"))
    before = drawn(plot)
    curves.get_by_label("Trials", exact=True).select_option("latest")
    until(lambda: drawn(plot) != before)
    curves.get_by_label("Trials", exact=True).select_option("selected")
    expect(curves).to_contain_text("Select trials in a chart or a table to see their curves.")
    drag(page, chart(page, "History"), (0.1, 0.02), (0.3, 0.9))
    expect(plot).to_have_accessible_name(re.compile(r"by step of \d+ trials"))


@pytest.mark.item("C05")
def test_the_timeline_can_be_packed(page: Page, shown: Site, study: optuna.Study):
    overview(page, shown, study, **{"timeline.last": "2000"})
    timeline = card(page, "Timeline")
    timeline.scroll_into_view_if_needed()
    expect(chart(page, "Timeline")).to_have_accessible_name(re.compile("^When 40 trials ran"))
    before = drawn(chart(page, "Timeline"))
    timeline.get_by_label("Packed").check()
    until(lambda: drawn(chart(page, "Timeline")) != before)
    expect(page).to_have_url(re.compile("timeline.packed=1"))


@pytest.mark.item("C03")
@pytest.mark.filterwarnings("ignore:`constraints_func`")
def test_a_front_of_three_objectives_can_be_turned_in_space(page: Page, shown: Site):
    id = three(shown, "in space")
    page.goto(f"{shown.url}/dashboard/studies/{id}?front.x=1&front.y=2")
    front = card(page, "Pareto front")
    expect(front.get_by_label("Objective 1 and Objective 2 of 15 trials")).to_be_visible()
    expect(front.get_by_role("button", name="Infeasible")).to_be_visible()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    front.get_by_label("3-D").check()
    expect(front.locator(".js-plotly-plot .gl-container canvas").first).to_be_visible()
    expect(front.locator(".legendtext").first).to_have_text("Infeasible")
    assert any("plotly" in url for url in requests)
    expect(page).to_have_url(re.compile("front.3d=1"))


@pytest.mark.item("C07", "F04")
def test_a_figure_of_the_studys_owner_is_drawn_by_plotly(page: Page, shown: Site):
    study = shapes.with_figure(shown)
    overview(page, shown, study)
    figure = page.get_by_role("img", name="User-defined figure Mine alone")
    scroll_down_to(figure)
    expect(figure.locator(".bars .point")).to_have_count(2)


@pytest.mark.item("C08")
def test_user_attributes_of_a_study_are_shown(page: Page, shown: Site):
    study = shown.study("attributes")
    study.set_user_attr("contributors", ["Akiba", "Sano"])
    study.set_user_attr("dataset", "MNIST")
    page.goto(shown.path(study, OVERVIEW))
    attributes = card(page, "Study user attributes")
    attributes.scroll_into_view_if_needed()
    expect(attributes).to_contain_text("MNIST")
    expect(attributes).to_contain_text('["Akiba","Sano"]')


def drag(page: Page, plot: Locator, begin: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag the mouse over shares of the width and height of a chart."""
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (begin, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=4)
    page.mouse.up()


def saved(page: Page, title: str, how: str) -> bytes:
    """The file that a chart's menu gives."""
    page.get_by_role("button", name=f"Menu of {title}").click()
    with page.expect_download() as waiting:
        page.get_by_role("menuitem", name=how).click()
    assert waiting.value.suggested_filename.startswith(title.split()[0].lower())
    return Path(waiting.value.path()).read_bytes()


@pytest.mark.item("P05")
def test_parameters_are_written_as_in_python_wherever_they_stand(page: Page, shown: Site):
    study = shown.study("as in Python")
    choices = optuna.distributions.CategoricalDistribution([True, None])
    space: dict[str, optuna.distributions.BaseDistribution] = {"flag": choices}
    for flag in (True, None):
        study.enqueue_trial({"flag": flag})
    study.tell(study.ask(space), 1)
    study.ask(space)
    page.goto(f"{shown.url}/dashboard/studies/{study._study_id}")
    expect(card(page, "Best trial")).to_contain_text("True")
    expect(card(page, "Running now (1)")).to_contain_text("flag None")
