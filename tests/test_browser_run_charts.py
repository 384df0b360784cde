"""Charts of runs and their comparison in a real browser."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from runbase import Client, Experiment, Run
from runbase.store import metrics
from tests.browser import dashboard
from tests.people import assert_finds_nothing, assert_fits, assert_loaded, until
from tests.shapes import card, chart, drawn, redrawn
from tests.test_browser_looks import NAMELESS, SMALL

MODELS = ("cnn", "mlp", "vit")
STEPS = 60
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8"
    "cfc000000301010018dd8db00000000049454e44ae426082"
)


class Shown(NamedTuple):
    """A dashboard, and an experiment whose runs it shows."""

    url: str
    experiment: Experiment

    @property
    def client(self) -> Client:
        return self.experiment.client

    def path(self, page: str, **query: Any) -> str:
        """The URL of a page of the runs."""
        query = {name.replace("_", "."): value for name, value in query.items()}
        path = f"{self.url}/dashboard/experiments/{self.experiment.id}/{page}"
        return f"{path}?{urlencode(query)}" if query else path


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """Twelve runs: of each model four, each with another learning rate."""
    url = f"sqlite:///{tmp_path_factory.mktemp('charts')}/runs.db"
    with closing(Client(url)) as client:
        experiment = Experiment(client, name="digits")
        for i in range(12):
            add(experiment, i)
        with dashboard(url) as address:
            yield Shown(address.removesuffix("/dashboard"), experiment)


def add(experiment: Experiment, i: int) -> Run:
    run = experiment.get_run().start()
    run.add_args({"model": MODELS[i % 3], "opt": {"lr": 10.0 ** -(1 + i // 3)}, "epochs": 90})
    rate = 1 + i % 3
    values = [math.exp(-rate * step / 20) + 0.1 * (i // 3) for step in range(STEPS)]
    log(run, values)
    return run.stop()


def log(run: Run, values: list[float], first: int = 0) -> None:
    names = ("train_loss", "val_accuracy")
    rows = [(run.id, first + k, 0.0, value, 1 - value / 2) for k, value in enumerate(values)]
    metrics.write_entries(run.client.db, [(names, row) for row in rows])


def saved(page: Page, title: str) -> list[dict[str, str]]:
    """The lines of the file that the menu of a chart gives."""
    page.get_by_role("button", name=f"Menu of {title}").click()
    with page.expect_download() as waiting:
        page.get_by_role("menuitem", name="Save as CSV").click()
    return list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text())))


def drag(plot: Locator, x: tuple[float, float], y: tuple[float, float] = (0.1, 0.8)) -> None:
    """Drag over a part of a chart; places are from 0 to 1."""
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    mouse = plot.page.mouse
    points = [
        (box["x"] + a * box["width"], box["y"] + b * box["height"])
        for a, b in zip(x, y, strict=True)
    ]
    mouse.move(*points[0])
    mouse.down()
    mouse.move(*points[1], steps=4)
    mouse.up()


def name_of(plot: Locator, text: str) -> None:
    """Wait until a chart says what it shows."""
    expect(plot).to_have_accessible_name(re.compile(text))


def test_curves_are_those_of_the_first_runs_until_some_are_selected(page: Page, shown: Shown):
    page.goto(shown.path("curves"))
    name_of(chart(page, "val_accuracy"), r"^val_accuracy of 10 runs\.")
    name_of(chart(page, "train_loss"), r"^train_loss of 10 runs\.")
    page.get_by_label("First of the table").select_option("5")
    name_of(chart(page, "train_loss"), r"^train_loss of 5 runs\.")
    page.goto(shown.path("curves", runs="1,2"))
    name_of(chart(page, "train_loss"), r"^train_loss of 2 runs\.")
    legend = page.get_by_role("group", name="Legend")
    expect(legend.get_by_role("button")).to_have_text(["Run 1 model=cnn", "Run 2 model=mlp"])
    expect(page.get_by_label("First of the table")).to_have_count(0)
    lines = saved(page, "train_loss")
    assert {line["series"] for line in lines} == {"Run 1 model=cnn", "Run 2 model=mlp"}
    assert len(lines) == 2 * STEPS


def test_lines_of_one_colour_are_told_apart_in_the_legend(page: Page, shown: Shown):
    page.goto(shown.path("curves"))
    name_of(chart(page, "train_loss"), r"^train_loss of 10 runs\.")
    marks = page.get_by_role("group", name="Legend").locator("svg")
    looks = marks.evaluate_all("all => all.map(e => e.style.color + e.innerHTML)")
    assert len(set(looks)) == len(looks) == 10


def test_a_saved_chart_names_all_of_its_runs(page: Page, shown: Shown):
    page.goto(shown.path("curves"))
    name_of(chart(page, "train_loss"), r"^train_loss of 10 runs\.")
    page.get_by_role("button", name="Menu of train_loss").click()
    with page.expect_download() as waiting:
        page.get_by_role("menuitem", name="Save as SVG").click()
    svg = Path(waiting.value.path()).read_text()
    named = page.get_by_role("group", name="Legend").get_by_role("button").all_inner_texts()
    assert len(named) == 10
    assert [name for name in named if f">{name}<" not in svg] == []


def test_the_legend_switches_a_run_off_in_every_chart(page: Page, shown: Shown):
    page.goto(shown.path("curves", runs="1,2"))
    plots = [chart(page, name) for name in ("train_loss", "val_accuracy")]
    for plot in plots:
        name_of(plot, "2 runs")
    before = [drawn(plot) for plot in plots]
    page.get_by_role("button", name="Run 1 model=cnn").click()
    until(lambda: all(drawn(p) != old for p, old in zip(plots, before, strict=True)))
    assert {line["series"] for line in saved(page, "train_loss")} == {"Run 2 model=mlp"}


def test_metrics_and_how_they_are_drawn_are_in_the_address(page: Page, shown: Shown):
    page.goto(shown.path("curves", runs="1,2,3"))
    plot = chart(page, "train_loss")
    name_of(plot, "3 runs")
    redrawn(plot, page.get_by_label("Log y").check)
    redrawn(plot, lambda: page.get_by_role("slider", name="Smooth").fill("0.9"))
    # Behind each of the smoothed lines is the raw one.
    assert len(saved(page, "train_loss")) == 2 * 3 * STEPS
    page.get_by_role("button", name="Metrics").click()
    page.get_by_role("searchbox", name="Find in metrics").fill("acc")
    expect(page.get_by_label("Metrics").get_by_role("checkbox")).to_have_count(1)
    page.get_by_role("checkbox", name="val_accuracy").uncheck()
    expect(card(page, "val_accuracy")).to_have_count(0)
    page.reload()
    expect(card(page, "val_accuracy")).to_have_count(0)
    expect(page.get_by_label("Log y")).to_be_checked()
    expect(page.get_by_role("slider", name="Smooth")).to_have_value("0.9")


def test_all_values_at_a_place_are_told_and_a_click_opens_the_run(page: Page, shown: Shown):
    page.goto(shown.path("curves", runs="1,2,3", curves_metrics="train_loss"))
    plot = chart(page, "train_loss")
    name_of(plot, "3 runs")
    plot.focus()
    for _ in range(4):
        plot.press("ArrowRight")
    tip = plot.get_by_role("status")
    expect(tip).to_contain_text("Step: 1")
    expect(tip.get_by_role("row")).to_have_count(3)
    expect(tip.get_by_role("row").first).to_contain_text("Run 1 model=cnn")
    expect(tip.get_by_role("row").first).to_contain_text("0.951229")
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.1)
    expect(tip).to_contain_text(re.compile(r"Step: (2|3)\d"))
    plot.focus()
    plot.press("ArrowRight")
    plot.press("Enter")
    expect(page).to_have_url(re.compile(r"/runs/\d$"))


def test_zooming_asks_the_server_for_more_detail(page: Page, shown: Shown):
    experiment = Experiment(shown.client, name="long")
    run = experiment.get_run().start()
    log(run, [math.sin(step / 700) + (step % 7) / 9 for step in range(20_000)])
    run.stop()
    page.goto(f"{shown.url}/dashboard/experiments/{experiment.id}/curves?curves.metrics=train_loss")
    plot = chart(page, "train_loss")
    name_of(plot, "1 run")
    assert 500 < len(saved(page, "train_loss")) <= 800
    with page.expect_response(lambda answer: "start=" in answer.url) as answer:
        drag(plot, (0.5, 0.52))
    [curve] = answer.value.json()["curves"]
    steps = curve["x"]
    assert 200 < len(steps) < 800
    assert steps == list(range(int(steps[0]), int(steps[-1]) + 1))
    until(lambda: len(saved(page, "train_loss")) > 900)
    page.get_by_role("button", name="Show all").click()
    until(lambda: len(saved(page, "train_loss")) <= 800)


def test_curves_of_a_running_run_grow(page: Page, shown: Shown):
    experiment = Experiment(shown.client, name="growing")
    run = experiment.get_run().start()
    log(run, [1.0, 2.0])
    page.goto(f"{shown.url}/dashboard/experiments/{experiment.id}/curves?curves.metrics=train_loss")
    plot = chart(page, "train_loss")
    name_of(plot, "1 run")
    before = drawn(plot)
    run.add_metrics({"train_loss": 9.0}, step=2)
    until(lambda: drawn(plot) != before)
    assert [line["train_loss"] for line in saved(page, "train_loss")] == ["1", "2", "9"]


def test_times_are_said_to_be_estimated(page: Page, shown: Shown):
    page.goto(shown.path("curves", runs="1", curves_metrics="train_loss"))
    name_of(chart(page, "train_loss"), "1 run")
    expect(page.get_by_text("Times are estimated")).to_have_count(0)
    page.get_by_label("X", exact=True).select_option("Time since the start")
    expect(page.get_by_text("Times are estimated")).to_be_visible()
    assert "Seconds since the start" in saved(page, "train_loss")[0]
    page.get_by_label("X", exact=True).select_option("val_accuracy")
    expect(page.get_by_text("Times are estimated")).to_have_count(0)


def test_groups_are_means_with_bands(page: Page, shown: Shown):
    page.goto(shown.path("curves", curves_first=20, curves_metrics="train_loss"))
    name_of(chart(page, "train_loss"), "12 runs")
    page.get_by_label("Group by").select_option("model")
    name_of(chart(page, "train_loss"), "3 groups")
    plot = card(page, "train_loss")
    expect(plot.get_by_role("group", name="Legend").get_by_role("button")).to_have_text(
        ["model = vit (4 runs)", "model = mlp (4 runs)", "model = cnn (4 runs)"]
    )
    means = [line for line in saved(page, "train_loss") if line["run"] == ""]
    assert len(means) == 3 * STEPS
    redrawn(chart(page, "train_loss"), lambda: page.get_by_label("Band").select_option("std"))


def test_resumed_runs_become_one_curve(page: Page, shown: Shown):
    experiment = Experiment(shown.client, name="resumed")
    first, second = experiment.get_run().start(), experiment.get_run().start()
    log(first, [1.0] * 10)
    log(second, [2.0] * 10, first=5)
    second.add_link("resumes", first.id)
    page.goto(
        f"{shown.url}/dashboard/experiments/{experiment.id}/curves"
        f"?curves.metrics=train_loss&runs={first.id}"
    )
    name_of(chart(page, "train_loss"), "1 run")
    page.get_by_label("Resumed runs in one").check()
    until(lambda: [x["train_loss"] for x in saved(page, "train_loss")] == ["1"] * 5 + ["2"] * 10)


def test_a_scatter_of_any_columns_selects_runs(page: Page, shown: Shown):
    page.goto(shown.path("scatter"))
    scatter = page.get_by_role("region", name="Scatter")
    plot = scatter.get_by_role("application")
    name_of(plot, r"^best val_accuracy by opt.lr of 12 runs")
    expect(scatter.get_by_text("Spearman correlation")).to_be_visible()
    expect(scatter.get_by_label("Log x")).to_be_checked()
    redrawn(plot, lambda: scatter.get_by_label("Log x").uncheck())
    scatter.get_by_label("Log x").check()
    scatter.get_by_label("Y", exact=True).select_option("best train_loss")
    name_of(plot, r"^best train_loss by opt.lr of 12 runs")
    scatter.get_by_label("Colour by").select_option("model")
    legend = scatter.get_by_role("group", name="Legend")
    expect(legend.get_by_role("button")).to_have_text([f"model = {model}" for model in MODELS])
    scatter.get_by_label("Size by").select_option("duration")
    expect(scatter.get_by_text("Larger points")).to_be_visible()
    # The largest learning rate is that of three runs.
    drag(plot, (0.8, 0.98), (0.02, 0.99))
    bar = page.get_by_role("region", name="Selected runs")
    expect(bar).to_contain_text("3 runs selected")
    expect(page).to_have_url(re.compile(r"runs=1(,|%2C)2(,|%2C)3"))
    bar.get_by_role("link", name="Curves").click()
    name_of(chart(page, "train_loss"), "3 runs")


def test_brushing_parallel_axes_selects_runs(page: Page, shown: Shown):
    page.goto(shown.path("parallel"))
    plot = chart(page, "Parallel coordinates")
    # Arguments that differ, and the main metric; not the number of epochs, which is the same.
    name_of(plot, r"^model, opt.lr, best val_accuracy of 12 runs")
    plot.focus()
    plot.press("ArrowRight")
    plot.press("ArrowUp")
    bar = page.get_by_role("region", name="Selected runs")
    expect(bar).to_contain_text("3 runs selected")
    expect(page).to_have_url(re.compile(r"runs=10(,|%2C)11(,|%2C)12"))
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_have_count(0)
    page.get_by_role("button", name="Axes").click()
    page.get_by_role("checkbox", name="epochs").check()
    name_of(plot, r"^model, opt.lr, best val_accuracy, epochs of 12 runs")
    page.keyboard.press("Escape")
    redrawn(plot, lambda: page.get_by_label("Colour by").select_option("opt.lr"))
    page.reload()
    name_of(plot, r"^model, opt.lr, best val_accuracy, epochs of 12 runs")


def table(page: Page) -> Locator:
    return page.get_by_role("region", name="Runs side by side")


def test_a_comparison_shows_what_differs(page: Page, shown: Shown):
    page.goto(shown.path("compare", runs="1,2,5"))
    rows = table(page).get_by_role("row")
    model = rows.filter(has=page.get_by_role("rowheader", name="model", exact=False)).first
    expect(model.get_by_role("cell")).to_have_text(["cnn", "mlp", "mlp"])
    expect(rows.filter(has_text="epochs")).to_have_count(0)
    page.get_by_label("Only differences").uncheck()
    expect(rows.filter(has_text="epochs").get_by_role("cell")).to_have_text(["90"] * 3)
    page.get_by_role("searchbox", name="Find a row").fill("opt lr")
    expect(rows.filter(has_text="epochs")).to_have_count(0)
    lr = rows.filter(has_text="opt.lr").get_by_role("cell")
    expect(lr).to_have_text(["0.1", "0.1", "0.01−0.09"])
    page.get_by_label("Baseline").select_option("Run 5")
    expect(lr).to_have_text(["0.1+0.09", "0.1+0.09", "0.01"])
    page.get_by_role("searchbox", name="Find a row").fill("")
    page.get_by_role("button", name=re.compile("^Arguments")).click()
    expect(rows.filter(has_text="opt.lr")).to_have_count(0)
    page.get_by_label("All figures of metrics").check()
    expect(rows.filter(has_text="val_accuracy mean")).to_have_count(1)
    # The curves of the same runs are below.
    name_of(chart(page, "train_loss"), "3 runs")
    page.get_by_role("button", name="Leave out Run 2").click()
    expect(table(page).get_by_role("columnheader")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"runs=1(,|%2C)5"))


def test_without_a_selection_the_first_runs_of_the_table_are_compared(page: Page, shown: Shown):
    page.goto(shown.path("compare", filter='args.model = "vit"'))
    expect(page.get_by_role("note")).to_contain_text("the first 4 runs of the table")
    expect(table(page).get_by_role("columnheader")).to_have_count(4)


def test_links_notes_and_pictures_are_side_by_side(page: Page, shown: Shown):
    experiment = Experiment(shown.client, name="noted")
    first, second = (add(experiment, i) for i in range(2))
    second.add_link("repeats", first.id)
    for run, note in ((first, "the *first*"), (second, "the second")):
        shown.client.execute(
            "UPDATE runs SET comment = :note WHERE id = :id", {"note": note, "id": run.id}
        )
        run.add_artifact(PIXEL, name="confusion.png")
    page.goto(
        f"{shown.url}/dashboard/experiments/{experiment.id}/compare?runs={first.id},{second.id}"
    )
    links = page.get_by_role("list", name="Links between these runs")
    expect(links.get_by_role("listitem")).to_have_text([f"Run {second.id} repeats Run {first.id}"])
    expect(page.get_by_role("article").first.locator("em")).to_have_text("first")
    pictures = page.get_by_role("region", name="confusion.png").get_by_role("img")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        assert_loaded(picture)


def test_many_arguments_are_compared(page: Page, shown: Shown):
    experiment = Experiment(shown.client, name="wide")
    runs = [experiment.get_run().start() for _ in range(10)]
    for i, run in enumerate(runs):
        run.add_args({f"arg{k:03}": k + (i if k % 2 else 0) for k in range(200)})
    ids = ",".join(str(run.id) for run in runs)
    page.goto(f"{shown.url}/dashboard/experiments/{experiment.id}/compare?runs={ids}")
    arguments = table(page).get_by_role("button", name=re.compile("Arguments"))
    expect(arguments).to_contain_text("100, 100 hidden")
    expect(table(page).get_by_role("rowheader", name="arg199")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["curves", "scatter", "parallel", "compare"])
def test_charts_fit_on_a_phone_and_have_names(
    chromium: Browser, shown: Shown, path: str, scheme: str
):
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True,
        color_scheme=scheme,  # type: ignore[arg-type]
    )  # fmt: skip
    page = context.new_page()
    page.goto(shown.path(path, runs="1,2,3"))
    plot = page.get_by_role("application").first
    expect(plot).to_be_visible()
    until(lambda: plot.locator("canvas").evaluate("canvas => canvas.width > 300"))
    assert_fits(page)
    assert_finds_nothing(page, NAMELESS)
    assert_finds_nothing(page, SMALL)
    context.close()
