"""Notes are written, shown and protected from each other and from scripts, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import optuna
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from runbase.dashboard import get_note, save_note
from runbase.dashboard.artifact import get_artifact_path
from tests.people import Site, assert_loaded, detail, row, site

pytestmark = pytest.mark.item("P10", "K01")

#: What would run, if notes were not made safe. Each of these sets `window.ran`.
HARMFUL = """\
# A <b>heading</b>

<script>window.ran = 'script'</script>
<img src="missing.png" onerror="window.ran = 'onerror'">
<svg onload="window.ran = 'svg'"><script>window.ran = 'svg script'</script></svg>
<iframe srcdoc="<script>parent.ran = 'iframe'</script>"></iframe>
<details open ontoggle="window.ran = 'toggle'">more</details>
<form action="javascript:window.ran = 'form'"><button>Send</button></form>
<style>body { display: none }</style>
<div id="content" style="position: fixed; inset: 0" class="dialog">over everything</div>
<a href="javascript:window.ran = 'html link'">an HTML link</a>

[a link](javascript:window.ran='link') [a space](java&#x09;script:window.ran='space')
[data](data:text/html,<script>window.opener.ran='data'</script>)
![image](javascript:window.ran='image')
`<script>window.ran = 'code'</script>`
"""
FORBIDDEN = "script, iframe, form, style, object, embed, [style], [id], [class]"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("notes")) as shown:
        yield shown


@pytest.fixture
def other(chromium: Browser) -> Iterator[Page]:
    """The page of somebody else."""
    with closing(chromium.new_context()) as context:
        yield context.new_page()


def edit(page: Page) -> None:
    page.get_by_role("button", name="Edit the note").click()


def text_of(page: Page) -> Locator:
    """Where a note is written."""
    return page.get_by_role("textbox", name="Note of")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def open_note(page: Page, shown: Site, study: optuna.Study) -> None:
    """Begin to write the note of a study."""
    page.goto(shown.path(study, "note"))
    edit(page)


def test_a_note_is_written_with_a_preview_and_saved(page: Page, shown: Site):
    study = shown.study("a note")
    open_note(page, shown, study)
    text_of(page).fill("# A title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- [x] done")
    page.get_by_role("button", name="Preview").click()
    preview = page.get_by_label("Preview", exact=True).last
    expect(preview.get_by_role("heading", name="A title")).to_be_visible()
    expect(preview.get_by_role("cell", name="2")).to_be_visible()
    save(page)
    expect(page.get_by_role("button", name="Edit the note")).to_be_visible()
    expect(page.get_by_role("heading", name="A title")).to_be_visible()
    assert get_note(study).startswith("# A title\n")
    page.reload()
    expect(page.get_by_role("heading", name="A title")).to_be_visible()


@pytest.mark.item("T03")
def test_a_note_of_a_finished_trial_is_written(page: Page, shown: Site):
    study = shown.study("a finished trial")
    trial = study.ask()
    study.tell(trial, 1)
    page.goto(shown.path(study, numbers=0))
    edit(page)
    text_of(page).fill("It *overfits*")
    text_of(page).press("Control+Enter")
    expect(detail(page, 0).get_by_role("emphasis")).to_have_text("overfits")
    assert get_note(trial) == "It *overfits*"


@pytest.mark.item("P12", "F03")
def test_a_note_that_a_script_saves_appears_at_once(page: Page, shown: Site):
    study = shown.study("a script's note")
    page.goto(shown.path(study, "note"))
    expect(page.get_by_text("No note yet.")).to_be_visible()
    save_note(study, "epoch 1")
    expect(page.get_by_text("epoch 1")).to_be_visible(timeout=3000)
    save_note(study, "epoch 2")
    expect(page.get_by_text("epoch 2")).to_be_visible(timeout=3000)


def test_nothing_runs_in_a_note(page: Page, shown: Site):
    study = shown.study("harmful")
    save_note(study, HARMFUL)
    page.console.expected += ["404", "inline event handler"]  # type: ignore[attr-defined]
    page.goto(shown.path(study, "note"))
    note = page.locator(".markdown")
    expect(note.get_by_role("heading")).to_have_text("A heading")
    edit(page)
    page.get_by_role("button", name="Preview").click()
    expect(note.get_by_role("heading")).to_have_text("A heading")

    assert note.locator(FORBIDDEN).count() == 0
    assert note.evaluate(ATTRIBUTES) == []
    for link in note.get_by_text("link").all():
        link.click()
    assert page.evaluate("window.ran") is None
    assert len(page.context.pages) == 1
    expect(page.locator("body")).to_be_visible()


#: Attributes that run something.
ATTRIBUTES = """note => [...note.querySelectorAll('*')].flatMap(e => [...e.attributes])
  .filter(a => a.name.startsWith('on') || /^\\s*(java|vb)?\\s*script:|^data:text/i.test(a.value))
  .map(a => a.name + '=' + a.value)"""


def test_names_and_attributes_of_users_are_text_everywhere(page: Page, shown: Site):
    canary = "<img src=x onerror=\"window.ran='name'\">"
    study = shown.study(f"name {canary}", metrics=[canary])
    study.set_user_attr(canary, canary)
    trial = study.ask()
    trial.suggest_categorical(f"p {canary}", [canary, "b"])
    trial.set_user_attr(canary, canary)
    study.tell(trial, 1)
    for address in (
        f"{shown.url}/dashboard/",
        *(shown.path(study, name) for name in ("", "analytics", "trials", "trialTable")),
    ):
        page.goto(address)
        expect(page.get_by_text(canary).first).to_be_visible()
    assert page.evaluate("window.ran") is None
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.item("K05")
def test_a_note_shows_an_image_of_an_artifact(page: Page, shown: Site):
    from PIL import Image

    study = shown.study("an image")
    picture = shown.folder / "made.png"
    Image.new("RGB", (32, 24), (250, 120, 20)).save(picture)
    artifact = shown.attach(study, "picture.png", picture.read_bytes())
    save_note(study, f"![sunset]({get_artifact_path(study, artifact)})")
    page.goto(shown.path(study, "note"))
    assert_loaded(page.get_by_role("img", name="sunset"))


@pytest.mark.item("T04")
def test_an_image_is_put_into_a_note(page: Page, shown: Site):
    from PIL import Image

    study = shown.study("a new image")
    picture = shown.folder / "new [1].png"
    Image.new("RGB", (32, 24), (250, 120, 20)).save(picture)
    open_note(page, shown, study)
    text_of(page).fill("See: ")
    page.get_by_role("button", name="Insert an image").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload an image").click()
    chooser.value.set_files(picture)
    expect(page.get_by_role("dialog")).to_have_count(0)
    save(page)
    assert_loaded(page.locator(".markdown").get_by_role("img"))
    assert "See: " in get_note(study)


@pytest.mark.item("W04")
def test_a_writer_sees_what_somebody_else_saved_meanwhile(page: Page, other: Page, shown: Site):
    study = shown.study("two writers")
    save_note(study, "the first text")
    for writer in (page, other):
        open_note(writer, shown, study)
    text_of(page).fill("my text")
    text_of(other).fill("their text")
    save(other)
    conflict = page.get_by_role("alert")
    expect(conflict).to_contain_text("their text")
    expect(text_of(page)).to_have_value("my text")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    conflict.get_by_role("button", name="Take theirs").click()
    expect(page.get_by_text("their text")).to_be_visible()
    assert get_note(study) == "their text"


@pytest.mark.item("W04")
def test_of_two_texts_saved_at_once_none_is_lost(page: Page, other: Page, shown: Site):
    study = shown.study("at once")
    for writer in (page, other):
        open_note(writer, shown, study)
    page.console.expected.append("409")  # type: ignore[attr-defined]
    # This page learns of nothing, like one whose connection is slow.
    page.route("**/api/experiments/**", lambda route: None)
    text_of(page).fill("my text")
    text_of(other).fill("their text")
    save(other)
    expect(other.get_by_text("their text")).to_be_visible()
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("their text")
    expect(text_of(page)).to_have_value("my text")
    assert get_note(study) == "their text"
    page.get_by_role("button", name="Keep mine").click()
    text_of(page).fill("their text and my text")
    save(page)
    expect(other.get_by_text("their text and my text")).to_be_visible()
    assert get_note(study) == "their text and my text"
    page.unroute_all(behavior="ignoreErrors")


def test_a_text_that_is_not_saved_is_kept_over_a_look_at_another_page(page: Page, shown: Site):
    study = shown.study("unsaved")
    study.ask()
    open_note(page, shown, study)
    text_of(page).fill("half a thought")
    tabs = page.get_by_role("navigation", name="Pages of the study")
    tabs.get_by_text("Trials").click()
    expect(row(page, 0)).to_be_visible()
    tabs.get_by_text("Note").click()
    expect(text_of(page)).to_have_value("half a thought")
    assert get_note(study) == ""


def test_leaving_with_a_text_that_is_not_saved_asks_first(page: Page, shown: Site):
    study = shown.study("leaving")
    open_note(page, shown, study)
    text_of(page).click()
    page.keyboard.type("half a thought")
    with page.expect_event("dialog") as asked:
        page.evaluate("void setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    expect(text_of(page)).to_have_value("half a thought")


def test_discarding_a_text_asks_first(page: Page, shown: Site):
    study = shown.study("discarding")
    save_note(study, "kept")
    open_note(page, shown, study)
    text_of(page).fill("thrown away")
    question = page.get_by_role("dialog", name="Discard changes?")
    page.get_by_role("button", name="Discard").click()
    question.get_by_role("button", name="Cancel").click()
    expect(text_of(page)).to_have_value("thrown away")
    page.get_by_role("button", name="Discard").click()
    question.get_by_role("button", name="Discard").click()
    expect(text_of(page)).to_have_count(0)
    expect(page.get_by_text("kept")).to_be_visible()
    assert get_note(study) == "kept"
