"""The table of runs in a real browser: found, arranged, grouped, selected, saved and exported."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import optuna
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from runbase import Client, Experiment, Run
from runbase.optuna import RDBStorage
from tests.browser import dashboard
from tests.people import assert_finds_nothing, assert_fits, until
from tests.test_browser_looks import NAMELESS, SMALL

MODELS = ("cnn", "mlp", "vit")
MANY = 20_000


class Shown(NamedTuple):
    """A dashboard, and a client of the database that it shows."""

    url: str
    database: str
    client: Client

    def experiment(self, name: str) -> Experiment:
        return Experiment(self.client, name=name)

    def path(self, experiment: Experiment | None, page: str = "", **query: Any) -> str:
        """The URL of a page of its runs."""
        start = "runs" if experiment is None else f"experiments/{experiment.id}"
        path = f"{self.url}/dashboard/{start}/{page}".rstrip("/")
        return f"{path}?{urlencode(query)}" if query else path


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    url = f"sqlite:///{tmp_path_factory.mktemp('runs')}/runs.db"
    with closing(Client(url)) as client:
        Experiment(client, name="digits")
        with dashboard(url) as address:
            yield Shown(address.removesuffix("/dashboard"), url, client)


def named(experiment: Experiment, name: str) -> Run:
    """A new run with a name."""
    with experiment.client as client:
        run = experiment.get_run()
        client.execute("UPDATE runs SET name = ? WHERE id = ?", [name, run.id])
    return run


def accuracy(number: int) -> float:
    """The best accuracy of a run: those in the middle are best."""
    return 1 - abs(number - 14) / 20


@pytest.fixture(scope="module")
def digits(shown: Shown) -> Experiment:
    """Thirty runs of three models, of which the fifth has failed without a metric."""
    experiment = shown.experiment("digits")
    for number in range(30):
        run = named(experiment, f"run {number}") if number % 2 else experiment.get_run()
        run.set_args({"model": MODELS[number % 3], "opt": {"lr": number / 1000}, "seed": number})
        run.add_tags(*["baseline"] * (number < 6))
        run.start()
        if number != 4:
            run.add_metrics({"val/acc": accuracy(number)}, step=0)
            run.add_metrics({"val/acc": accuracy(number) / 2}, step=1)
        run.stop("FAILED" if number == 4 else "COMPLETED")
    return experiment


@pytest.fixture(scope="module")
def many(shown: Shown) -> Experiment:
    """Twenty thousand runs."""
    experiment = shown.experiment("many")
    rows = [
        (experiment.id, number, f"run {number}", "COMPLETED", json.dumps({"x": number}))
        for number in range(MANY)
    ]
    columns = "experiment_id, number, name, status, args"
    with shown.client:
        shown.client.executemany(f"INSERT INTO runs ({columns}) VALUES (?, ?, ?, ?, ?)", rows)
    return experiment


# -- what the tests see ---------------------------------------------------------------------------


def rows(page: Page) -> Locator:
    """The rows of runs and groups that are drawn."""
    return page.locator("[data-place]")


def row(page: Page, place: int) -> Locator:
    """The row at a place of the table, counted from 0."""
    return page.locator(f'[data-place="{place}"]')


def cells(page: Page, key: str) -> list[str]:
    """The texts of a column from the top."""
    return [text.strip() for text in page.locator(f'[data-key="{key}"]').all_inner_texts()]


def heads(page: Page) -> list[str]:
    """The labels of the columns from the left."""
    labels = page.get_by_role("columnheader").locator(".sort > span:first-child")
    return labels.all_inner_texts()


def head(page: Page, label: str) -> Locator:
    return page.get_by_role("columnheader").filter(has_text=re.compile(f"^{re.escape(label)}"))


def sort(page: Page, label: str, order: str) -> None:
    """Click the head of a column, which puts the runs into that order."""
    head(page, label).locator(".sort").click()
    expect(head(page, label)).to_have_attribute("aria-sort", order)


def query(page: Page) -> dict[str, list[str]]:
    """What the address of the page says."""
    return parse_qs(urlsplit(page.url).query)


def is_in_address(page: Page, **values: str) -> None:
    """Wait until the address says this."""
    until(lambda: {name: query(page).get(name, [""])[0] for name in values} == values)


def count(page: Page, text: str) -> None:
    """How many runs there are, in the words of the head of the page."""
    expect(page.locator(".runs-head").get_by_text(text, exact=True)).to_be_visible()


#: The page has drawn what it got.
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def filter_box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Filter runs")


def items(page: Page) -> list[str]:
    """What the open menu offers."""
    return page.get_by_role("menuitem").all_inner_texts()


def title(experiment: Experiment, number: int) -> str:
    """What a run of the digits is called: those without a name by their ids."""
    found = experiment.client.execute(
        "SELECT COALESCE(name, 'Run ' || id) FROM runs WHERE experiment_id = ? AND number = ?",
        [experiment.id, number],
    )
    return str(found.fetchone()[0])


def best_first(numbers: Sequence[int]) -> list[int]:
    return sorted(numbers, key=lambda n: (-accuracy(n), -n))


# -- rows and their order -------------------------------------------------------------------------


def test_the_newest_runs_are_first_and_each_says_what_it_is(
    page: Page, shown: Shown, digits: Experiment
):
    page.goto(shown.path(digits))
    count(page, "30 runs")
    expect(row(page, 0).get_by_role("link", name="run 29")).to_be_visible()
    expect(row(page, 1).get_by_role("link", name=title(digits, 28))).to_be_visible()
    expect(page.get_by_title("29 Complete, 1 Fail")).to_be_visible()
    expect(row(page, 0).get_by_text("vit", exact=True)).to_be_visible()


def test_a_click_on_a_head_begins_with_the_best_and_runs_without_a_value_are_last(
    page: Page, shown: Shown, digits: Experiment
):
    page.set_viewport_size({"width": 1440, "height": 1400})
    page.goto(shown.path(digits, columns="name,best:val%2Facc"))
    label = "best val/acc"
    sort(page, label, "descending")
    expect(row(page, 0)).to_contain_text(title(digits, 14))
    expected = best_first([n for n in range(30) if n != 4])
    in_order = [title(digits, number) for number in [*expected, 4]]
    until(lambda: cells(page, "name") == in_order)
    is_in_address(page, sort="-best:val/acc")
    sort(page, label, "ascending")
    expect(row(page, 29)).to_contain_text(title(digits, 4))
    sort(page, label, "none")
    is_in_address(page, sort="")


def test_the_best_of_a_metric_stands_out_wherever_it_is(
    page: Page, shown: Shown, digits: Experiment
):
    page.goto(shown.path(digits, columns="name,best:val%2Facc,last:val%2Facc"))
    expect(page.locator(".is-best")).to_have_text(["1", "0.5"])
    expect(row(page, 15).locator(".is-best")).to_have_text(["1", "0.5"])


def test_a_number_is_short_and_its_title_is_exact(page: Page, shown: Shown):
    experiment = shown.experiment("exact")
    experiment.get_run().set_args({"lr": 0.123456789012})
    page.goto(shown.path(experiment))
    expect(page.get_by_text("0.1235", exact=True)).to_have_attribute("title", "0.123456789012")


def test_a_click_on_a_row_opens_the_run_and_back_shows_the_table_as_it_was(
    page: Page, shown: Shown, digits: Experiment
):
    page.goto(shown.path(digits, filter='args.model = "mlp"'))
    row(page, 0).locator('[data-key="args.model"]').click()
    expect(page).to_have_url(re.compile(r"/dashboard/runs/\d+$"))
    page.go_back()
    count(page, "10 of 30 runs")


# -- filters --------------------------------------------------------------------------------------


def test_a_filter_is_in_the_address_and_a_mistake_is_marked_at_its_place(
    page: Page, shown: Shown, digits: Experiment
):
    page.console.expected.append("400")  # type: ignore[attr-defined]
    page.goto(shown.path(digits))
    text = 'args.model = "mlp" and best:val/acc > 0.5'
    filter_box(page).fill('args.model = "mlp" and args.modle = 3')
    expect(page.get_by_role("alert")).to_contain_text("at character 24")
    expect(filter_box(page)).to_have_attribute("aria-invalid", "true")
    mark = page.locator(".mistake > span")
    style = mark.evaluate("e => [e.style.marginLeft, e.style.width]")
    assert style == ["calc(23ch + 0px)", "10ch"] or style == ["calc(23ch - 0px)", "10ch"]
    assert "filter" not in query(page)
    filter_box(page).fill(text.replace("best:val/acc", 'best:"val/acc"'))
    numbers = [n for n in range(1, 30, 3) if accuracy(n) > 0.5 and n != 4]
    count(page, f"{len(numbers)} of 30 runs")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.reload()
    count(page, f"{len(numbers)} of 30 runs")


def test_a_filter_is_not_called_wrong_before_it_is_written(
    page: Page, shown: Shown, digits: Experiment
):
    page.console.expected.append("400")  # type: ignore[attr-defined]
    page.goto(shown.path(digits))
    count(page, "30 runs")
    filter_box(page).focus()
    for text in ("args.seed >", 'args.model = "mlp'):
        with page.expect_response(lambda response: response.status == 400):
            filter_box(page).fill(text)
        page.evaluate(TWO_FRAMES)
        expect(filter_box(page)).not_to_have_attribute("aria-invalid", "true")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text(re.compile("not the end|does not end"))
    filter_box(page).fill("args.seed")
    filter_box(page).blur()
    expect(page.get_by_role("alert")).to_contain_text("not the end")


def test_the_filter_box_offers_the_words_of_these_runs(
    page: Page, shown: Shown, digits: Experiment
):
    page.console.expected.append("400")  # type: ignore[attr-defined]
    page.goto(shown.path(digits))
    count(page, "30 runs")
    page.keyboard.press("/")
    expect(filter_box(page)).to_be_focused()
    page.keyboard.type("base")
    page.get_by_role("option", name="tag:baseline").click()
    page.keyboard.press("Enter")
    count(page, "6 of 30 runs")


def test_the_menu_of_a_cell_filters_by_its_value(page: Page, shown: Shown, digits: Experiment):
    page.goto(shown.path(digits))
    row(page, 0).get_by_text("vit", exact=True).click(button="right")
    page.get_by_role("menuitem", name="Only this value").click()
    count(page, "10 of 30 runs")
    expect(filter_box(page)).to_have_value('args.model = "vit"')
    row(page, 0).locator('[data-key="args.seed"]').click(button="right")
    page.get_by_role("menuitem", name="Without this value").click()
    count(page, "9 of 30 runs")
    expect(filter_box(page)).to_have_value('args.model = "vit" and args.seed != 29')


# -- columns --------------------------------------------------------------------------------------


def test_columns_are_found_chosen_moved_and_pinned_and_the_address_keeps_them(
    page: Page, shown: Shown, digits: Experiment
):
    page.goto(shown.path(digits, columns="id,name,args.model"))
    expect(row(page, 0)).to_be_visible()
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("searchbox", name="Find columns").fill("acc")
    page.get_by_role("button", name="mean of val/acc").click()
    page.get_by_role("searchbox", name="Find columns").fill("lr opt")
    page.get_by_role("checkbox", name="opt.lr").check()
    page.get_by_role("button", name="Move opt.lr left").click()
    page.get_by_role("button", name="Hide name").click()
    page.get_by_role("button", name="Keep mean val/acc at the left").click()
    page.keyboard.press("Escape")
    until(lambda: heads(page) == ["id", "mean val/acc", "model", "opt.lr"])
    page.reload()
    expect(head(page, "opt.lr")).to_be_visible()
    until(lambda: heads(page) == ["id", "mean val/acc", "model", "opt.lr"])
    expect(page.locator(".run-heads > .pinned .sort")).to_have_text(["id ↓", "mean val/acc"])


def test_columns_move_by_keys_and_by_dragging_and_keep_their_widths(
    page: Page, shown: Shown, digits: Experiment
):
    page.goto(shown.path(digits, columns="id,name,args.model,status"))
    head(page, "model").locator(".sort").focus()
    page.keyboard.press("Alt+ArrowRight")
    until(lambda: heads(page) == ["id", "name", "status", "model"])
    head(page, "status").locator(".sort").drag_to(head(page, "model"))
    until(lambda: heads(page) == ["id", "name", "model", "status"])
    grip = page.get_by_role("separator", name="Width of model")
    width = int(grip.get_attribute("aria-valuenow") or 0)
    grip.focus()
    page.keyboard.press("ArrowRight")
    expect(grip).to_have_attribute("aria-valuenow", str(width + 16))
    page.reload()
    expect(grip).to_have_attribute("aria-valuenow", str(width + 16))


def test_pinned_columns_stay_when_the_others_scroll(page: Page, shown: Shown, digits: Experiment):
    keys = ["id", "name", *(f"{w}:val%2Facc" for w in ("best", "last", "min", "max", "mean", "n"))]
    page.set_viewport_size({"width": 700, "height": 700})
    page.goto(shown.path(digits, columns=",".join([*keys, "args.seed", "created", "tags"])))
    name = row(page, 0).locator('[data-key="name"]')
    expect(name).to_be_visible()
    before = name.bounding_box()
    expect(page.locator('[data-key="tags"]')).to_have_count(0)
    page.get_by_role("table").evaluate("box => box.scrollLeft = 1e6")
    expect(head(page, "tags")).to_be_in_viewport()
    until(lambda: name.bounding_box() == before)
    expect(page.locator('[data-key="best:val/acc"]')).to_have_count(0)


def test_a_column_of_an_old_link_that_no_run_has_stays_empty(
    page: Page, shown: Shown, digits: Experiment
):
    page.goto(shown.path(digits, columns="id,args.gone,args.model,best:gone", pinned="-3"))
    expect(row(page, 0)).to_contain_text("vit")
    until(lambda: heads(page) == ["id", "args.gone", "model", "best:gone"])
    until(lambda: set(cells(page, "best:gone")) == {""})


def test_twelve_thousand_columns_can_be_searched(page: Page, shown: Shown):
    experiment = shown.experiment("wide")
    experiment.get_run().set_args({f"arg {i}": i for i in range(12_000)})
    page.goto(shown.path(experiment))
    page.get_by_role("button", name="Columns").click()
    search = page.get_by_role("searchbox", name="Find columns")
    expect(search).to_have_attribute("placeholder", re.compile("^Search 12,"))
    assert page.locator(".pick-line").count() < 60
    search.fill("11999")
    page.get_by_role("checkbox", name="arg 11999").check()
    page.keyboard.press("Escape")
    page.get_by_role("table").evaluate("box => box.scrollLeft = 1e6")
    expect(row(page, 0).locator('[data-key="args.arg 11999"]')).to_have_text("11999")


# -- groups ---------------------------------------------------------------------------------------


def test_groups_have_counts_means_and_ranges_and_open(page: Page, shown: Shown, digits: Experiment):
    page.goto(shown.path(digits, columns="id,name,args.seed,best:val%2Facc"))
    page.get_by_role("button", name="Group", exact=True).click()
    page.get_by_role("searchbox", name="Group by").fill("model")
    page.get_by_role("checkbox", name="model").check()
    page.keyboard.press("Escape")
    expect(rows(page)).to_have_count(3)
    is_in_address(page, group="args.model")
    sort(page, "seed", "ascending")
    expect(row(page, 0)).to_contain_text("cnn")
    expect(row(page, 0)).to_contain_text("13.5 0 – 27")
    sort(page, "best val/acc", "descending")
    expect(row(page, 0)).to_contain_text("vit")
    best = row(page, 0).inner_text()
    page.get_by_label("Groups by their").select_option("mean")
    expect(row(page, 0)).not_to_contain_text(best)
    page.get_by_label("Groups by their").select_option("best")
    expect(row(page, 0)).to_contain_text("vit")
    row(page, 0).click()
    expect(row(page, 1).get_by_role("link", name=title(digits, 14))).to_be_visible()
    expect(rows(page)).to_have_count(13)
    page.reload()
    expect(rows(page)).to_have_count(13)
    row(page, 0).click()
    expect(rows(page)).to_have_count(3)


def test_the_rest_of_a_large_group_is_a_page_of_its_own(page: Page, shown: Shown):
    experiment = shown.experiment("groups")
    for number in range(14):
        experiment.get_run().set_args({"model": "cnn" if number else "mlp"})
    page.goto(shown.path(experiment, group="args.model"))
    expect(row(page, 0)).to_contain_text("13")
    row(page, 0).click()
    page.get_by_role("link", name="All 13 runs").click()
    count(page, "13 of 14 runs")
    expect(filter_box(page)).to_have_value('args.model = "cnn"')
    expect(page.get_by_role("button", name="Group", exact=True)).to_have_text("Group")
    page.go_back()
    expect(page.get_by_role("link", name="All 13 runs")).to_be_visible()


def test_the_way_back_from_a_run_leads_to_what_one_looked_at(
    page: Page, shown: Shown, digits: Experiment
):
    page.goto(shown.path(digits, filter='args.model = "cnn"', sort="-args.seed"))
    first = row(page, 0).get_by_role("link").first
    expect(first).to_be_visible()
    first.click()
    expect(page).to_have_url(re.compile("/runs/"))
    page.get_by_role("link", name="digits", exact=True).click()
    expect(filter_box(page)).to_have_value('args.model = "cnn"')
    is_in_address(page, sort="-args.seed")


# -- selection ------------------------------------------------------------------------------------


def test_runs_are_selected_one_by_one_and_from_here_to_there(
    page: Page, shown: Shown, digits: Experiment
):
    page.goto(shown.path(digits))
    row(page, 2).get_by_role("checkbox").click()
    row(page, 6).get_by_role("checkbox").click(modifiers=["Shift"])
    expect(page.get_by_text("5 selected", exact=True)).to_be_visible()
    row(page, 4).get_by_role("checkbox").click()
    expect(page.get_by_text("4 selected", exact=True)).to_be_visible()
    page.reload()
    expect(page.locator('[data-place][aria-selected="true"]')).to_have_count(4)
    page.get_by_role("link", name="Compare", exact=True).first.click()
    expect(page).to_have_url(re.compile(r"/compare\?.*runs="))
    page.go_back()
    page.get_by_role("button", name="Clear", exact=True).click()
    is_in_address(page, runs="")
    page.get_by_role("checkbox", name="Select all runs").click()
    expect(page.get_by_text("30 selected", exact=True)).to_be_visible()


def test_keys_go_through_the_rows_select_open_and_compare(
    page: Page, shown: Shown, digits: Experiment
):
    page.goto(shown.path(digits))
    expect(row(page, 0)).to_be_visible()
    for key in ("j", "j", "x", "j", "X", "k"):
        page.keyboard.press(key)
    expect(page.get_by_text("2 selected", exact=True)).to_be_visible()
    expect(page.locator(".run-row.current")).to_have_attribute("data-place", "1")
    page.keyboard.press("Escape")
    is_in_address(page, runs="")
    page.keyboard.press("x")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile(rf"/experiments/{digits.id}/compare\?runs=\d+$"))
    page.go_back()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/dashboard/runs/\d+$"))


def test_arrow_keys_go_through_the_cells_and_open_their_menus(
    page: Page, shown: Shown, digits: Experiment
):
    page.goto(shown.path(digits, columns="id,name,args.model"))
    expect(row(page, 0)).to_be_visible()
    page.get_by_role("table").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator(".is-current")).to_have_text("vit")
    page.keyboard.press("ContextMenu")
    page.get_by_role("menuitem", name="Only this value").press("Enter")
    expect(filter_box(page)).to_have_value('args.model = "vit"')


# -- views and files ------------------------------------------------------------------------------


def test_a_view_is_saved_changed_renamed_and_deleted(page: Page, shown: Shown, digits: Experiment):
    page.goto(shown.path(digits, filter='args.model = "cnn"', sort="args.seed"))
    views = page.get_by_role("button", name="Views")
    views.click()
    page.get_by_label("Save as").fill("my CNNs")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(views).to_have_text("View: my CNNs")
    page.keyboard.press("Escape")
    page.goto(shown.path(digits))
    count(page, "30 runs")
    views.click()
    page.get_by_role("link", name="my CNNs").click()
    count(page, "10 of 30 runs")
    expect(head(page, "seed")).to_have_attribute("aria-sort", "ascending")
    page.keyboard.press("Escape")

    sort(page, "seed", "descending")
    expect(views).to_have_text("View: my CNNs (changed)")
    views.click()
    page.get_by_role("button", name="Save changes").click()
    expect(views).to_have_text("View: my CNNs")
    page.get_by_label("Save as").fill("my CNNs")
    page.console.expected.append("409")  # type: ignore[attr-defined]
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".save-view").get_by_role("alert")).to_contain_text("my CNNs")

    page.once("dialog", lambda dialog: dialog.accept("the CNNs"))
    page.get_by_role("button", name="More about my CNNs").click()
    page.get_by_role("menuitem", name="Rename").click()
    expect(views).to_have_text("View: the CNNs")
    page.goto(shown.path(digits, view="the CNNs"))
    count(page, "10 of 30 runs")
    expect(head(page, "seed")).to_have_attribute("aria-sort", "descending")

    views.click()
    page.get_by_role("button", name="More about the CNNs").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(views).to_have_text("Views")
    is_in_address(page, view="")


def test_what_is_shown_or_selected_is_exported(
    page: Page, shown: Shown, digits: Experiment, tmp_path: Path
):
    wanted = {"columns": "id,name,best:val%2Facc", "sort": "-best:val/acc"}
    page.goto(shown.path(digits, filter='args.model = "vit"', **wanted))
    count(page, "10 of 30 runs")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    download.value.save_as(tmp_path / "runs.csv")
    with (tmp_path / "runs.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [float(one["best:val/acc"]) for one in found] == sorted(
        map(accuracy, range(2, 30, 3)), reverse=True
    )
    page.keyboard.press("Escape")
    row(page, 0).get_by_role("checkbox").click()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("region", name="1 selected").get_by_role("link", name="JSON").click()
    download.value.save_as(tmp_path / "runs.json")
    text = (tmp_path / "runs.json").read_text()
    assert '"best:val/acc":1' in text.replace(" ", "")
    assert text.count("best:val/acc") == 1


# -- large and live -------------------------------------------------------------------------------


def test_twenty_thousand_runs_scroll_to_the_end(page: Page, shown: Shown, many: Experiment):
    page.goto(shown.path(many, columns="name,args.x"))
    expect(row(page, 0)).to_contain_text(f"run {MANY - 1}")
    page.get_by_role("table").evaluate("box => box.scrollTop = box.scrollHeight")
    expect(row(page, MANY - 1)).to_contain_text("run 0")
    expect(row(page, MANY - 1)).to_be_in_viewport()
    page.get_by_role("table").evaluate("box => box.scrollTop = box.scrollHeight / 2")
    expect(row(page, MANY // 2)).to_contain_text(f"run {MANY // 2 - 1}")
    assert page.locator(".run-row").count() < 60
    page.get_by_role("table").focus()
    page.keyboard.press("End")
    expect(row(page, MANY - 1)).to_contain_text("run 0")


def test_a_range_reaches_over_runs_that_were_never_seen(page: Page, shown: Shown, many: Experiment):
    page.goto(shown.path(many, columns="name"))
    row(page, 0).get_by_role("checkbox").click()
    page.get_by_role("table").evaluate("box => box.scrollTop = 32 * 600")
    row(page, 605).get_by_role("checkbox").click(modifiers=["Shift"])
    expect(page.get_by_text("606 selected", exact=True)).to_be_visible()


def test_new_runs_appear_and_what_is_read_stays_in_its_place(page: Page, shown: Shown):
    experiment = shown.experiment("live")
    runs = [named(experiment, f"old {number}") for number in range(300)]
    page.goto(shown.path(experiment, columns="name,last:loss"))
    expect(row(page, 0)).to_contain_text("old 299")
    named(experiment, "new 1")
    expect(row(page, 0)).to_contain_text("new 1")
    box = page.get_by_role("table")
    box.evaluate("box => box.scrollTop = 32 * 100")
    read = page.get_by_role("link", name="old 195", exact=True)
    expect(read).to_be_visible()
    before = read.bounding_box()
    named(experiment, "new 2")
    count(page, "302 runs")
    expect(page.get_by_role("row").filter(has=read)).to_have_attribute("data-place", "106")
    until(lambda: read.bounding_box() == before)
    runs[195].add_metrics({"loss": 0.25}, step=0)
    expect(row(page, 106)).to_contain_text("0.25")


def test_an_experiment_without_runs_says_how_to_log_one_and_shows_it(page: Page, shown: Shown):
    experiment = shown.experiment("nothing yet")
    page.goto(shown.path(experiment))
    expect(page.get_by_text('name="nothing yet"')).to_be_visible()
    named(experiment, "the first")
    expect(row(page, 0)).to_contain_text("the first")


def test_a_filter_that_no_run_passes_says_so(page: Page, shown: Shown, digits: Experiment):
    says = page.get_by_text("No run passes the filter.")
    for group in ("", "args.model"):
        page.goto(shown.path(digits, filter="args.seed > 1000", group=group))
        expect(says).to_be_visible()
        count(page, "0 of 30 runs")
        heads, below = page.locator(".run-heads").bounding_box(), says.bounding_box()
        assert heads is not None
        assert below is not None
        assert below["y"] >= heads["y"] + heads["height"]


# -- where it is found, and how it looks ----------------------------------------------------------


def test_the_home_page_leads_to_the_runs_of_one_experiment_and_of_all(
    page: Page, shown: Shown, digits: Experiment
):
    page.goto(f"{shown.url}/dashboard/")
    page.get_by_role("link", name="digits", exact=True).click()
    expect(page).to_have_url(shown.path(digits))
    page.get_by_role("link", name="All runs").click()
    expect(page).to_have_url(shown.path(None))
    filter_box(page).fill('experiment = "digits" and failed')
    expect(rows(page)).to_have_count(1)
    expect(row(page, 0).locator('[data-key="experiment"]')).to_have_text("digits")
    page.get_by_role("link", name="Scatter").click()
    expect(page).to_have_url(re.compile(r"/dashboard/runs/scatter\?filter="))


def test_trials_of_a_study_are_runs_too(page: Page, shown: Shown):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = RDBStorage(shown.database)
    try:
        study = optuna.create_study(storage=storage, study_name="a study")
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=5)
        page.goto(f"{shown.url}/dashboard/studies/{study._study_id}")
        page.get_by_role("link", name="Runs", exact=True).click()
        count(page, "5 runs")
        sort(page, "value", "ascending")
        expect(row(page, 0).locator(".is-best")).to_have_text(f"{study.best_value:.4g}")
        page.get_by_role("link", name="Pages of the study").click()
        expect(page).to_have_url(re.compile(rf"/studies/{study._study_id}$"))
    finally:
        storage.close()


def test_on_a_phone_the_tools_fold_and_nothing_is_too_wide(
    chromium: Browser, shown: Shown, digits: Experiment
):
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    with closing(context):
        page = context.new_page()
        page.goto(shown.path(digits))
        expect(row(page, 0)).to_be_visible()
        assert_fits(page)
        assert_finds_nothing(page, SMALL)
        tabs = page.get_by_role("navigation", name="Pages of the runs")
        assert tabs.evaluate("e => e.scrollWidth <= e.clientWidth"), "all tabs are in sight"
        expect(page.locator(".storage")).to_be_hidden()
        expect(page.get_by_role("button", name="Columns")).to_have_count(0)
        page.get_by_role("button", name="Tools").tap()
        page.get_by_role("button", name="Columns").tap()
        page.get_by_role("searchbox", name="Find columns").fill("seed")
        expect(page.get_by_role("checkbox", name="seed")).to_be_in_viewport()
        assert_fits(page)


def test_in_the_dark_all_has_names_and_pinned_cells_cover_what_scrolls_below(
    page: Page, shown: Shown, digits: Experiment
):
    page.emulate_media(color_scheme="dark")
    page.goto(shown.path(digits))
    expect(row(page, 0)).to_be_visible()
    assert_finds_nothing(page, NAMELESS)
    pinned = row(page, 0).locator(".pinned")
    color = pinned.evaluate("e => getComputedStyle(e).backgroundColor")
    surface = page.evaluate(
        "getComputedStyle(document.documentElement).getPropertyValue('--surface')"
    )
    assert color == f"rgb({', '.join(str(int(surface[i : i + 2], 16)) for i in (1, 3, 5))})"
