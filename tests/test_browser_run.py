"""The page of a run in a real browser: what it shows, its files, and what people edit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from runbase import Client, Experiment, Run
from tests.browser import dashboard
from tests.people import assert_finds_nothing, assert_fits, assert_loaded, until
from tests.test_browser_artifacts import DURATION, HTML, SVG, film, png, sound, tile
from tests.test_browser_looks import NAMELESS, SMALL


class Shown(NamedTuple):
    """A dashboard, and the experiment whose runs it shows."""

    url: str
    experiment: Experiment

    def run(self) -> Run:
        """A new run."""
        return self.experiment.get_run()

    def path(self, run: Run) -> str:
        """The URL of its page."""
        return f"{self.url}/dashboard/runs/{run.id}"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    url = f"sqlite:///{tmp_path_factory.mktemp('run')}/runs.db"
    with closing(Client(url)) as client:
        experiment = Experiment(client, name="digits")
        with dashboard(url) as address:
            yield Shown(address.removesuffix("/dashboard"), experiment)


@pytest.fixture
def other(chromium: Browser) -> Iterator[Page]:
    """The page of somebody else."""
    with closing(chromium.new_context()) as context:
        yield context.new_page()


def card(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def tags(page: Page) -> Locator:
    return page.get_by_role("list", name="Tags").locator("li.chip")


def look_at(page: Page, shown: Shown, name: str, content: bytes) -> Locator:
    """Open the viewer of a new file of a new run."""
    run = shown.run()
    run.add_artifact(content, name=name)
    page.goto(shown.path(run))
    page.get_by_role("button", name=f"Show {name}").click()
    return page.get_by_role("dialog", name=name)


# -- what is shown --------------------------------------------------------------------------------


def test_a_run_is_shown_with_all_that_was_logged(page: Page, shown: Shown):
    run = shown.run().set_args({"model": "mlp", "opt": {"lr": 0.0003}})
    run.set_env({"HOSTNAME": "node-17"}).set_extras({"git": {"commit": "f00"}}).set_tags("baseline")
    with run.track():
        for step in range(20):
            run.add_metrics({"val_loss": 1 / (step + 1), "acc": step / 20}, step=step)
    page.goto(shown.path(run))
    article = page.get_by_role("article", name=f"Run {run.id}")
    expect(article.get_by_role("heading", level=1)).to_have_text(f"Run {run.id}")
    expect(article.locator(".status")).to_contain_text("Complete")
    row = card(page, "Metrics").get_by_role("row").filter(has_text="val_loss")
    expect(row.get_by_role("cell").nth(1)).to_have_text("0.05 ↓ at 19")
    expect(row.get_by_role("img", name="val_loss by step")).to_be_visible()
    best = card(page, "Metrics").get_by_role("row").filter(has_text="acc").get_by_role("cell")
    expect(best.nth(1)).to_have_text("0.95 ↑ at 19")
    expect(card(page, "Arguments")).to_contain_text("opt.lr")
    expect(card(page, "Arguments")).to_contain_text("0.0003")
    expect(card(page, "More").get_by_text("git.commit")).to_be_visible()
    expect(page.get_by_text("node-17")).to_be_hidden()
    page.get_by_text("Environment (1)").click()
    expect(page.get_by_text("node-17")).to_be_visible()
    expect(article.get_by_role("link", name="digits", exact=True)).to_have_attribute(
        "href", f"/dashboard/experiments/{run.experiment_id}"
    )


def test_the_page_follows_a_run(page: Page, shown: Shown):
    run = shown.run().start()
    page.goto(shown.path(run))
    expect(page.locator(".status")).to_contain_text("Running")
    run.add_metrics({"loss": 0.5}, step=3)
    expect(card(page, "Metrics").get_by_role("row").filter(has_text="loss")).to_contain_text("0.5")
    run.add_artifact(png(), name="sample.png")
    assert_loaded(tile(page, "sample.png").locator("img"))
    run.stop()
    expect(page.locator(".status")).to_contain_text("Complete")


def test_metrics_and_arguments_are_searched(page: Page, shown: Shown):
    run = shown.run().set_args({f"arg_{n}": n for n in range(30)})
    run.add_metrics({f"metric_{n}": n for n in range(30)})
    page.goto(shown.path(run))
    page.get_by_label("Search metrics").fill("metric_17")
    expect(card(page, "Metrics").locator("tbody tr")).to_have_count(1)
    page.get_by_label("Search arguments").fill("arg_2")
    expect(card(page, "Arguments").locator("dt")).to_have_count(11)


def test_links_are_followed_in_both_directions(page: Page, shown: Shown):
    first, second = shown.run(), shown.run()
    second.add_link("repeats", first.id)
    page.goto(shown.path(second))
    expect(card(page, "Links").get_by_role("listitem")).to_contain_text(f"repeats Run {first.id}")
    card(page, "Links").get_by_role("link", name=f"Run {first.id}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Run {first.id}")
    expect(card(page, "Links").get_by_role("listitem")).to_contain_text(
        f"Run {second.id} repeats this"
    )
    card(page, "Links").get_by_role("link", name=f"Run {second.id}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Run {second.id}")


def test_runs_that_resume_each_other_are_shown_as_one(page: Page, shown: Shown):
    runs = [shown.run() for _ in range(3)]
    for run, before in zip(runs[1:], runs, strict=False):
        run.add_link("resumes", before.id)
    page.goto(shown.path(runs[1]))
    chain = page.get_by_role("list", name="Parts of the run").get_by_role("listitem")
    expect(chain).to_have_text([f"Run {run.id}" for run in runs])
    expect(card(page, "Links").get_by_text("resumes", exact=False)).to_have_count(1)
    ids = ",".join(str(run.id) for run in runs)
    expect(page.get_by_role("link", name="Curves of all")).to_have_attribute(
        "href", f"/dashboard/experiments/{runs[0].experiment_id}/curves?runs={ids}"
    )
    chain.last.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Run {runs[2].id}")


def test_buttons_lead_to_the_neighbours(page: Page, shown: Shown):
    first, second = shown.run(), shown.run()
    page.goto(shown.path(second))
    expect(page.get_by_role("button", name="Next run")).to_be_disabled()
    page.get_by_role("button", name="Previous run").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Run {first.id}")


def test_a_run_that_is_gone_is_said(page: Page, shown: Shown):
    page.console.expected.append("404")  # type: ignore[attr-defined]
    page.goto(f"{shown.url}/dashboard/runs/4711")
    expect(page.get_by_role("alert")).to_contain_text("there is no run 4711")


def test_a_trial_leads_to_its_study_and_shows_its_note(page: Page, tmp_path: Path, shown: Shown):
    import optuna

    from runbase.dashboard import save_note
    from runbase.optuna import RDBStorage

    storage = RDBStorage(shown.experiment.client)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(storage=storage, study_name="a study")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    save_note(optuna.trial.Trial(study, study.trials[1]._trial_id), "*Remarkable*")
    page.goto(f"{shown.url}/dashboard/runs/{study.trials[1]._trial_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Trial 1")
    expect(card(page, "Note").locator("em")).to_have_text("Remarkable")
    expect(page.get_by_text("Objective 0")).to_be_visible()
    page.get_by_role("link", name="Page of the trial").click()
    expect(page.get_by_role("article", name="Trial 1", exact=True)).to_be_visible()


# -- files ----------------------------------------------------------------------------------------


def test_pictures_are_looked_at_one_after_the_other(page: Page, shown: Shown):
    run = shown.run()
    for number in (1, 2, 10):
        run.add_artifact(Image.new("RGB", (40, 30), (number * 20, 0, 0)), name=f"epoch-{number}")
    page.goto(shown.path(run))
    for number in (1, 2, 10):
        assert_loaded(tile(page, f"epoch-{number}.png").locator("img"))
    page.get_by_role("button", name="Show epoch-1.png").click()
    dialog = page.get_by_role("dialog")
    assert_loaded(dialog.get_by_role("img", name="epoch-1.png"))
    for key, number in (("Right", 2), ("Right", 10), ("Right", 1), ("Left", 10)):
        page.keyboard.press(f"Arrow{key}")
        assert_loaded(dialog.get_by_role("img", name=f"epoch-{number}.png"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_plotly_figure_is_drawn(page: Page, shown: Shown):
    graphs = pytest.importorskip("plotly.graph_objects")
    run = shown.run()
    run.add_artifact(graphs.Figure(graphs.Bar(y=[3, 1, 2])), name="confusion")
    page.goto(shown.path(run))
    page.get_by_role("button", name="Show confusion.json").click()
    figure = page.get_by_role("dialog").get_by_role("img", name="confusion.json")
    expect(figure.locator(".point")).to_have_count(3)


def test_rows_of_a_table_come_a_part_at_a_time(page: Page, shown: Shown):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"n": range(450), "label": [f"a, {n}" for n in range(450)]})
    run = shown.run()
    name = run.add_artifact(frame, name="predictions").name
    page.goto(shown.path(run))
    page.get_by_role("button", name=f"Show {name}").click()
    viewer = page.get_by_role("dialog")
    expect(viewer.get_by_role("columnheader")).to_have_text(["n", "label"])
    expect(viewer.get_by_role("cell").nth(3)).to_have_text("a, 1")
    expect(viewer.get_by_role("button", name="Earlier rows")).to_be_disabled()
    viewer.get_by_role("button", name="Later rows").click()
    expect(viewer.get_by_role("cell").first).to_have_text("200")
    viewer.get_by_role("button", name="Later rows").click()
    expect(viewer.get_by_role("status")).to_have_text("Rows 401 to 450 of 450")
    expect(viewer.get_by_role("button", name="Later rows")).to_be_disabled()


@pytest.mark.parametrize(
    ("name", "content", "seen"),
    [
        ("log.txt", "first line\nλ <b>second</b>", "λ <b>second</b>"),
        ("config.json", '{"layers":[1,2]}', '"layers": ['),
        ("notes.md", "# Not rendered", "# Not rendered"),
    ],
)
def test_texts_are_shown_as_they_are(page: Page, shown: Shown, name: str, content: str, seen: str):
    viewer = look_at(page, shown, name, content.encode())
    expect(viewer.locator("pre")).to_contain_text(seen)


def test_a_page_is_shown_in_a_frame_in_which_nothing_runs(page: Page, shown: Shown):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.console.expected += ["Content Security Policy", "sandboxed"]  # type: ignore[attr-defined]
    look_at(page, shown, "report.html", HTML.encode())
    frame = page.frame_locator("iframe[title='report.html']")
    expect(frame.get_by_role("heading", name="A report")).to_be_visible()
    expect(page.locator("iframe")).to_have_attribute("sandbox", "")
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if url.endswith("/ran") or "stolen" in url] == []


def test_a_drawing_is_a_picture(page: Page, shown: Shown):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    viewer = look_at(page, shown, "figure.svg", SVG.encode())
    assert_loaded(viewer.get_by_role("img", name="figure.svg"))
    assert [url for url in asked if url.endswith("/ran") or "stolen" in url] == []


def test_sound_and_film_are_played(page: Page, shown: Shown):
    page.goto(f"{shown.url}/dashboard/")
    content = film(page)
    run = shown.run()
    run.add_artifact(sound(), name="hum.wav")
    run.add_artifact(content, name="train.webm")
    page.goto(shown.path(run))
    assert page.locator("audio").evaluate(DURATION) == pytest.approx(0.5, abs=0.01)
    page.get_by_role("button", name="Show train.webm").click()
    video = page.get_by_role("dialog").locator("video")
    video.evaluate(DURATION)
    assert video.evaluate("video => video.videoWidth") == 64


def test_a_file_is_uploaded_downloaded_and_deleted(page: Page, shown: Shown):
    run = shown.run()
    page.goto(shown.path(run))
    page.get_by_label("File to upload").set_input_files(
        FilePayload(name="Größe & #1.bin", mimeType="application/x-thing", buffer=b"\0\1")
    )
    figure = tile(page, "Größe & #1.bin")
    expect(figure.get_by_role("button", name="Show")).to_have_count(0)
    with page.expect_download() as download:
        figure.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "Größe & #1.bin"
    assert Path(download.value.path()).read_bytes() == b"\0\1"
    (added,) = run.artifacts()
    figure.get_by_role("button", name="Delete").click()
    question = page.get_by_role("dialog", name="Delete the file?")
    question.get_by_role("button", name="Delete").click()
    expect(figure).to_have_count(0)
    assert added.path is not None
    assert not added.path.exists()


# -- editing --------------------------------------------------------------------------------------


def test_tags_are_added_and_taken_away(page: Page, shown: Shown):
    run = shown.run().set_tags("old")
    page.goto(shown.path(run))
    page.get_by_role("button", name="+ Tag").click()
    page.get_by_label("New tag").fill("best, to keep")
    page.keyboard.press("Enter")
    expect(tags(page)).to_have_text(["old✕", "best✕", "to keep✕"])
    page.get_by_role("button", name="Remove the tag old").click()
    expect(tags(page)).to_have_text(["best✕", "to keep✕"])
    stored = run.client.execute("SELECT tags FROM runs WHERE id = %s", (run.id,)).fetchone()[0]
    assert stored == {"best": True, "to keep": True}


def test_a_note_is_written_in_markdown(page: Page, shown: Shown):
    run = shown.run()
    page.goto(shown.path(run))
    page.get_by_role("button", name="Edit the note").click()
    page.get_by_role("textbox", name="Note of").fill("# Found\n\nThe *warm-up* was too short.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(card(page, "Note").get_by_role("heading", name="Found")).to_be_visible()
    page.reload()
    expect(card(page, "Note").locator("em")).to_have_text("warm-up")


def test_two_people_do_not_overwrite_each_others_notes(page: Page, other: Page, shown: Shown):
    run = shown.run().set_comment("as it was")
    for each in (page, other):
        each.goto(shown.path(run))
        each.get_by_role("button", name="Edit the note").click()
    other.get_by_role("textbox", name="Note of").fill("theirs")
    other.get_by_role("button", name="Save", exact=True).click()
    expect(card(other, "Note").get_by_text("theirs")).to_be_visible()
    page.get_by_role("textbox", name="Note of").fill("mine")
    expect(card(page, "Note").locator(".note-theirs")).to_have_text("theirs")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Keep mine").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(card(page, "Note").get_by_text("mine")).to_be_visible()
    expect(card(other, "Note").get_by_text("mine")).to_be_visible()


def test_a_run_is_renamed(page: Page, shown: Shown):
    run = shown.run()
    page.goto(shown.path(run))
    page.get_by_role("button", name="Actions of the run").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("the baseline")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("the baseline")


def test_a_run_is_deleted_after_a_question(page: Page, shown: Shown):
    run = shown.run()
    page.goto(shown.path(run))
    page.get_by_role("button", name="Actions of the run").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(f"{shown.url}/dashboard/experiments/{run.experiment_id}")
    until(
        lambda: (
            run.client.execute("SELECT id FROM runs WHERE id = %s", (run.id,)).fetchone() is None
        )
    )


def test_a_read_only_page_offers_no_edits(page: Page, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/runs.db"
    with closing(Client(url)) as client:
        run = Experiment(client, name="e").get_run().set_tags("kept").set_comment("kept")
        run.add_artifact("a file", name="a.txt")
    with dashboard(url, "--read-only") as address:
        page.goto(f"{address.removesuffix('/dashboard')}/dashboard/runs/{run.id}")
        expect(tags(page)).to_have_text(["kept"])
        expect(tile(page, "a.txt")).to_be_visible()
        for name in ("+ Tag", "Remove the tag", "Edit the note", "Delete a.txt", "Upload a file"):
            expect(page.get_by_role("button", name=name)).to_have_count(0)
        page.get_by_role("button", name="Actions of the run").click()
        expect(page.get_by_role("menuitem", name="Copy as Python")).to_be_visible()
        expect(page.get_by_role("menuitem", name="Delete")).to_have_count(0)
        page.goto("about:blank")  # or it asks a server that has gone


# -- looks ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def full(shown: Shown) -> Run:
    """A run with something of everything."""
    run = shown.run().set_args({"a long name of an argument" * 3: "a long value " * 30})
    run.set_tags("baseline", "a tag that goes on and on " * 3).set_comment(
        "# Note\n" + "word " * 99
    )
    run.add_link("repeats", shown.run().id)
    for step in range(9):
        run.add_metrics(
            {"val_loss": 1 / (step + 1), "a_metric_with_a_long_name" * 3: step}, step=step
        )
    for name in ("a.png", "a long name of a picture, in a folder/" * 2 + "b.png"):
        run.add_artifact(png(), name=name)
    run.add_artifact("a,b\n1,2\n", name="t.csv")
    return run.start()


TORN = """[...Array(30).keys()].filter(length => {
  document.querySelector('.run-title h1').textContent = 'x'.repeat(length)
  const buttons = [...document.querySelectorAll('.run-title button.icon')]
  const tops = buttons.map(button => button.getBoundingClientRect().top)
  return Math.max(...tops) - Math.min(...tops) > 10
})"""


def test_the_page_fits_a_phone(page: Page, shown: Shown, full: Run):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(shown.path(full))
    assert_loaded(tile(page, "a.png").locator("img").first)
    expect(page.get_by_role("img", name="val_loss by step")).to_be_visible()
    assert_fits(page)
    assert_finds_nothing(page, SMALL)
    assert page.evaluate(TORN) == [], "lengths of the name at which the buttons are on two lines"
    page.get_by_role("button", name="Show t.csv").click()
    expect(page.get_by_role("dialog").get_by_role("cell", name="2")).to_be_visible()
    assert_fits(page)


def test_everything_has_a_name_that_can_be_read_out(page: Page, shown: Shown, full: Run):
    page.goto(shown.path(full))
    expect(tile(page, "a.png").first).to_be_visible()
    assert_finds_nothing(page, NAMELESS)


def test_the_page_is_dark_where_people_like_it_so(page: Page, shown: Shown, full: Run):
    page.emulate_media(color_scheme="dark")
    page.goto(shown.path(full))
    expect(tile(page, "a.png").first).to_be_visible()
    colours = page.evaluate(
        """() => [...document.querySelectorAll('.card, .artifact')].map(
            element => getComputedStyle(element).backgroundColor)"""
    )
    assert colours
    for colour in colours:
        assert sum(map(int, colour[4:-1].split(","))) < 200, colour
