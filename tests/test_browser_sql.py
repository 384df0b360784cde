"""The SQL page in a real browser: write, complete, run, look at tables and charts, share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from runbase import Client, Experiment
from tests.browser import dashboard
from tests.people import assert_finds_nothing, assert_fits
from tests.test_browser_looks import NAMELESS, SMALL

BY_MODEL = "SELECT args ->> 'model' AS model, COUNT(*) AS n FROM runs GROUP BY 1 ORDER BY 1"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve runs with two metrics."""
    path = tmp_path_factory.mktemp("sql") / "runs.db"
    with closing(Client(f"sqlite:///{path}")) as client:
        experiment = Experiment(client, name="digits")
        for i in range(12):
            run = experiment.get_run().set_args({"model": ["mlp", "cnn"][i % 2], "lr": i / 10})
            run.start(terminated=None).add_metrics({"loss": 1 / (i + 1)}, step=1).stop()
    return path


@pytest.fixture(scope="module")
def url(database: Path) -> Iterator[str]:
    with dashboard(str(database)) as url:
        yield f"{url}/dashboard/sql"


@pytest.fixture
def console(page: Page, url: str) -> Page:
    page.goto(url)
    expect(editor(page)).to_be_visible()
    expect(tree(page).get_by_role("button", name="runs", exact=True)).to_be_visible()
    return page


def editor(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Query in SQL")


def tree(page: Page) -> Locator:
    return page.get_by_role("list", name="Tables")


def run(page: Page, query: str) -> None:
    editor(page).fill(query)
    editor(page).press("Control+Enter")


def cells(page: Page, row: int) -> list[str]:
    return page.get_by_role("row").nth(row).get_by_role("cell").all_inner_texts()


def status(page: Page, text: str) -> None:
    expect(page.get_by_role("region", name="Answer").get_by_role("status")).to_contain_text(text)


def offers(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Completions").get_by_role("option")


def test_a_query_is_run_by_keys_and_its_rows_are_shown(console: Page):
    run(console, BY_MODEL)
    status(console, "2 rows")
    expect(console.get_by_role("columnheader")).to_have_text(["model", "n"])
    assert [cells(console, 1), cells(console, 2)] == [["cnn", "6"], ["mlp", "6"]]


def test_a_query_is_run_by_the_button(console: Page):
    button = console.get_by_role("button", name="Run", exact=True)
    expect(button).to_be_disabled()
    editor(console).fill("SELECT 1 WHERE 0")
    button.click()
    expect(console.get_by_text("The query found no rows.")).to_be_visible()


def test_the_page_is_reached_from_the_head_and_says_what_it_is(page: Page, url: str):
    page.goto(url.removesuffix("sql"))
    page.get_by_role("navigation").get_by_role("link", name="SQL").click()
    expect(editor(page)).to_be_visible()
    expect(page).to_have_title("SQL · Runbase")


def test_a_link_shows_the_same_to_somebody_else(console: Page, page: Page):
    run(console, BY_MODEL)
    status(console, "2 rows")
    console.get_by_role("button", name="Chart", exact=True).click()
    expect(console.get_by_role("application")).to_be_visible()
    address = console.url
    page.goto("about:blank")
    page.goto(address)
    expect(editor(page)).to_have_value(BY_MODEL)
    status(page, "2 rows")
    expect(page.get_by_role("application")).to_have_attribute(
        "aria-label", re.compile("n of 2 rows by model")
    )


def test_a_mistake_is_marked_where_it_is(console: Page, page: Page):
    page.console.expected.append("400")  # type: ignore[attr-defined]
    run(console, "SELECT id,\n  statsu\n  FROM runs")
    expect(console.get_by_role("alert")).to_have_text("Line 2: no such column: statsu")
    expect(console.locator(".sql-editor .wrong")).to_have_text("statsu")
    editor(console).press("End")
    editor(console).press_sequentially(" ")
    expect(console.locator(".sql-editor .wrong")).to_have_count(0)
    run(console, "SELECT 1")
    status(console, "1 row")
    answer = console.get_by_role("region", name="Answer")
    expect(answer).not_to_have_class(re.compile("stale"))
    run(console, "SELEC 2")
    expect(console.get_by_role("alert")).to_contain_text("SELEC")
    expect(answer).to_have_class(re.compile("stale"))
    run(console, "SELECT 1")
    expect(answer).not_to_have_class(re.compile("stale"))
    expect(console.locator("#sql-mistake")).to_be_empty()


def test_a_statement_that_writes_is_refused(console: Page, page: Page, database: Path):
    page.console.expected.append("400")  # type: ignore[attr-defined]
    run(console, "DELETE FROM runs")
    expect(console.get_by_role("alert")).to_contain_text("queries only read here")
    with closing(Client(f"sqlite:///{database}")) as client:
        assert client.execute("SELECT COUNT(*) FROM runs").fetchone() == (12,)


def test_words_are_completed_while_typing(console: Page):
    editor(console).press_sequentially("SELECT r.stat")
    expect(offers(console)).to_have_count(0)  # nothing says yet what r is
    editor(console).fill("SELECT  FROM runs AS r")
    for _ in range(len(" FROM runs AS r")):
        editor(console).press("ArrowLeft")
    editor(console).press_sequentially("r.sta")
    expect(offers(console)).to_have_text([re.compile("^status")])
    editor(console).press("Tab")
    expect(editor(console)).to_have_value("SELECT r.status FROM runs AS r")
    expect(offers(console)).to_have_count(0)


def test_ctrl_space_offers_what_fits_and_arrows_choose(console: Page):
    editor(console).fill("SELECT * FROM ")
    editor(console).press("Control+Space")
    expect(offers(console).first).to_be_visible()
    editor(console).press_sequentially("run_b")
    expect(offers(console)).to_have_text([re.compile("^run_best")])
    editor(console).press("ArrowDown")
    expect(offers(console).first).to_have_attribute("aria-selected", "true")
    editor(console).press("Enter")
    expect(editor(console)).to_have_value("SELECT * FROM run_best")
    editor(console).press_sequentially(" wh")
    editor(console).press("Escape")
    expect(offers(console)).to_have_count(0)
    editor(console).press("Enter")
    expect(editor(console)).to_have_value("SELECT * FROM run_best wh\n")


def test_a_click_on_a_name_inserts_it_where_the_cursor_is(console: Page):
    editor(console).fill("SELECT  FROM ")
    tree(console).get_by_role("button", name="runs", exact=True).click()
    expect(editor(console)).to_have_value("SELECT  FROM runs")
    expect(editor(console)).to_be_focused()
    editor(console).press("Home")
    for _ in "SELECT ":
        editor(console).press("ArrowRight")
    tree(console).get_by_role("button", name="Columns of runs").click()
    tree(console).get_by_role("button", name="status", exact=True).click()
    expect(editor(console)).to_have_value("SELECT status FROM runs")


def test_tables_are_found_by_the_names_of_their_columns(console: Page):
    console.get_by_role("searchbox", name="Find tables and columns").fill("last_step")
    names = tree(console).locator(".sql-table .name")
    expect(names).to_have_text(["run_metrics"])
    expect(tree(console).get_by_role("button", name="last_step")).to_be_visible()


def test_every_example_runs(console: Page):
    choices = console.get_by_label("Example")
    count = choices.locator("option").count()
    assert count > 5
    for i in range(1, count):
        choices.select_option(index=i)
        title = choices.locator("option").nth(i).inner_text()
        expect(console.get_by_role("region", name="Answer")).not_to_have_class(re.compile("stale"))
        expect(console.locator("#sql-mistake")).to_be_empty()
        assert editor(console).input_value().startswith("SELECT"), title


def test_ten_thousand_rows_are_scrolled_and_few_are_drawn(console: Page):
    console.get_by_label("Rows").select_option("10000")
    run(
        console,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
    )
    status(console, "10,000 rows (there are more)")
    table = console.get_by_role("table", name="Result")
    assert table.get_by_role("row").count() < 100
    table.focus()
    table.press("End")
    expect(table.get_by_role("cell", name="10000", exact=True)).to_be_visible()
    table.press("Home")
    expect(table.get_by_role("cell", name="1", exact=True)).to_be_visible()


def test_fewer_rows_are_asked_for_at_once(console: Page):
    run(console, "SELECT a.id FROM runs AS a, runs AS b")
    status(console, "144 rows")
    console.get_by_label("Rows").select_option("100")
    status(console, "100 rows (there are more)")


def test_a_chart_is_drawn_of_what_is_chosen(console: Page):
    run(console, "SELECT id, id * id AS square, args ->> 'model' AS model FROM runs")
    status(console, "12 rows")
    console.get_by_role("button", name="Chart", exact=True).click()
    chart = console.get_by_role("application")
    expect(chart).to_have_attribute("aria-label", re.compile("^square by id of 12 rows"))
    expect(console.get_by_role("button", name="mlp")).to_be_visible()  # in the legend
    console.get_by_role("combobox", name="Chart").select_option("bar")
    expect(chart).to_have_attribute("aria-label", re.compile("^square of 12 rows by id"))
    console.get_by_role("combobox", name="x", exact=True).select_option("model")
    expect(chart).to_have_attribute("aria-label", re.compile("^square of 12 rows by model"))
    assert "chart.kind=bar" in console.url
    run(console, "SELECT status FROM runs")
    expect(console.get_by_text("A chart needs a column of numbers")).to_be_visible()


def test_a_result_is_downloaded_and_copied(console: Page, page: Page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    run(console, "SELECT 'a,b' AS text, NULL AS none, 0.5 AS n")
    status(console, "1 row")
    menu = console.get_by_role("button", name="Menu of the result")
    menu.click()
    with page.expect_download() as download:
        console.get_by_role("menuitem", name="Download CSV").click()
    assert download.value.suggested_filename == "result.csv"
    assert download.value.path().read_text("utf-8").splitlines() == [
        "text,none,n", '"a,b",,0.5',
    ]  # fmt: skip
    menu.click()
    console.get_by_role("menuitem", name="Copy").click()
    expect(console.get_by_text("The result is in the clipboard.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.replace("\r", "") == "text\tnone\tn\na,b\t\t0.5"


def test_the_history_is_searched_and_stays(console: Page, page: Page, url: str):
    for query in ("SELECT 11", "SELECT 22", "SELECT 33"):
        run(console, query)
        expect(console.get_by_role("columnheader")).to_have_text([query.split()[1]])
    page.goto(url)
    page.get_by_role("button", name="History").click()
    dialog = page.get_by_role("dialog", name="History")
    expect(dialog.get_by_role("listitem")).to_have_count(3)
    expect(dialog.get_by_role("listitem").first).to_contain_text("SELECT 33")
    dialog.get_by_role("searchbox", name="Search the history").fill("22")
    dialog.get_by_role("button", name="SELECT 22").click()
    expect(dialog).to_be_hidden()
    expect(editor(page)).to_have_value("SELECT 22")


def test_a_query_that_runs_is_cancelled(console: Page):
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
    )
    run(console, endless)
    console.get_by_role("button", name="Cancel").click()
    expect(console.get_by_role("button", name="Run", exact=True)).to_be_visible()
    run(console, "SELECT 7 AS seven")
    expect(console.get_by_role("cell", name="7", exact=True)).to_be_visible()


def test_ids_of_runs_are_links(console: Page):
    run(console, "SELECT run_id FROM metrics ORDER BY 1")
    link = console.get_by_role("table", name="Result").get_by_role("link", name="1", exact=True)
    expect(link).to_have_attribute("href", re.compile("/runs/1$"))


def test_what_a_cell_says_is_only_text(console: Page):
    run(console, 'SELECT \'<img src=x onerror="window.hacked=1">\' AS "<b>name</b>"')
    expect(console.get_by_role("columnheader")).to_have_text(["<b>name</b>"])
    expect(console.get_by_role("cell")).to_have_text(['<img src=x onerror="window.hacked=1">'])
    assert console.evaluate("window.hacked") is None


def test_the_page_says_why_there_are_no_queries(page: Page, database: Path):
    with dashboard(str(database), "--no-sql") as url:
        page.goto(f"{url}/dashboard/sql")
        expect(page.get_by_text("start the dashboard without --no-sql")).to_be_visible()
        expect(editor(page)).to_have_count(0)
        page.goto("about:blank")  # or it asks a server that has gone


def test_a_read_only_dashboard_has_the_page(page: Page, database: Path):
    with dashboard(str(database), "--read-only") as url:
        page.goto(f"{url}/dashboard/sql")
        run(page, BY_MODEL)
        status(page, "2 rows")
        page.goto("about:blank")  # or it asks a server that has gone


def test_it_fits_a_phone_and_is_for_fingers(page: Page, url: str):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(url)
    page.get_by_text("Tables", exact=True).click()
    expect(tree(page).get_by_role("button", name="runs", exact=True)).to_be_visible()
    page.get_by_text("Tables", exact=True).click()
    run(page, "SELECT * FROM run_summary")
    status(page, "12 rows")
    assert_fits(page)
    assert_finds_nothing(page, SMALL)
    page.get_by_role("button", name="Chart", exact=True).click()
    expect(page.get_by_role("application")).to_be_visible()
    assert_fits(page)


def test_all_controls_have_names_in_both_themes(console: Page):
    run(console, BY_MODEL)
    status(console, "2 rows")
    assert_finds_nothing(console, NAMELESS)
    console.emulate_media(color_scheme="dark")
    expect(console.locator("html")).to_have_attribute("data-theme", "dark")
    colours = console.evaluate(
        "['.sql-editor .keyword', '.sql-result'].map(s => getComputedStyle("
        "document.querySelector(s)).color)"
    )
    assert "rgb(27, 31, 38)" not in colours  # the text of the light theme
