"""Files of studies and trials are stored, looked at and deleted in a real browser."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.people import Site, assert_loaded, detail, row, site

pytestmark = pytest.mark.item("T04", "H09")

#: A page that would read what the dashboard knows, and say so.
SCRIPT = """
fetch('/api/studies').then(r => r.text()).then(t => { new Image().src = '/stolen?' + t.length })
new Image().src = '/ran'
"""
HTML = f"<h1>A report</h1><img src=x onerror='new Image().src=`/ran`'><script>{SCRIPT}</script>"
SVG = f"""<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60">
<text y="40">A drawing</text><script>{SCRIPT}</script></svg>"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("artifacts")) as shown:
        yield shown


def png() -> bytes:
    """A small orange picture."""
    file = io.BytesIO()
    Image.new("RGB", (32, 24), (250, 120, 20)).save(file, "PNG")
    return file.getvalue()


def sound() -> bytes:
    """Half a second of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(8000))
    return file.getvalue()


def film(page: Page) -> bytes:
    """Half a second of film, which the browser takes itself."""
    return base64.b64decode(page.evaluate(FILM))


FILM = """async () => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 })
  const pen = canvas.getContext('2d')
  const timer = setInterval(() => pen.fillRect(64 * Math.random(), 0, 5, 48), 20)
  const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: 'video/webm' })
  const parts = []
  recorder.ondataavailable = event => parts.push(event.data)
  const ended = new Promise(resolve => (recorder.onstop = resolve))
  recorder.start()
  setTimeout(() => recorder.stop(), 500)
  await ended
  clearInterval(timer)
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer())
  return btoa(String.fromCharCode(...bytes))
}"""


def tile(page: Page, name: str) -> Locator:
    """A file in a list of files."""
    return page.get_by_role("figure").filter(has_text=name)


def look_at(page: Page, shown: Site, name: str, content: bytes) -> Locator:
    """Open the viewer of a new file of a running trial."""
    study = shown.study(name)
    shown.attach(study.ask(), name, content)
    page.goto(shown.path(study, numbers=0))
    page.get_by_role("button", name=f"Show {name}").click()
    return page.get_by_role("dialog", name=name)


def test_a_picture_is_uploaded_to_a_running_trial_and_shown(page: Page, shown: Site):
    study = shown.study("an upload")
    study.ask()
    page.goto(shown.path(study, numbers=0))
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a file").click()
    assert chooser.value.is_multiple()
    chooser.value.set_files(
        [
            FilePayload(name="a sunset 🌇.png", mimeType="image/png", buffer=png()),
            FilePayload(name="second.png", mimeType="image/png", buffer=png()),
        ]
    )
    expect(tile(page, "second.png")).to_be_visible()
    assert_loaded(tile(page, "a sunset 🌇.png").locator("img"))
    page.get_by_role("button", name="Show a sunset 🌇.png").click()
    assert_loaded(page.get_by_role("dialog").get_by_role("img", name="a sunset 🌇.png"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    assert_loaded(tile(page, "a sunset 🌇.png").locator("img"))
    stored = (shown.folder / "artifacts").iterdir()
    assert png() in [path.read_bytes() for path in stored]


def test_a_file_of_the_study_is_uploaded_in_its_overview(page: Page, shown: Site):
    study = shown.study("a study's file")
    study.tell(study.ask(), 1)
    page.goto(shown.path(study, ""))
    page.get_by_label("File to upload").set_input_files(
        FilePayload(name="plan.txt", mimeType="text/plain", buffer=b"to do")
    )
    page.get_by_role("button", name="Show plan.txt").click()
    expect(page.get_by_role("dialog", name="plan.txt")).to_contain_text("to do")


@pytest.mark.parametrize(
    ("name", "content", "seen"),
    [
        ("log.txt", "first line\nλ <b>second</b>", "λ <b>second</b>"),
        ("config.json", '{"layers":[1,2]}', '"layers": ['),
        ("report.html", HTML, "<h1>A report</h1>"),
        ("notes.md", "# Not rendered", "# Not rendered"),
    ],
)
def test_texts_are_shown_as_they_are(page: Page, shown: Site, name: str, content: str, seen: str):
    viewer = look_at(page, shown, name, content.encode())
    expect(viewer.locator("pre")).to_contain_text(seen)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("table.csv", 'name,score\n"Doe, Jane",1.5\nBob,2\n'),
        ("table.tsv", "name\tscore\nDoe, Jane\t1.5\nBob\t2\n"),
        ("table.jsonl", '{"name": "Doe, Jane", "score": 1.5}\n{"name": "Bob", "score": 2}\n'),
    ],
)
def test_tables_are_shown_as_tables(page: Page, shown: Site, name: str, content: str):
    table = look_at(page, shown, name, content.encode()).get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_text(["name", "score"])
    expect(table.get_by_role("cell")).to_have_text(["Doe, Jane", "1.5", "Bob", "2"])


def test_a_long_table_is_shown_in_parts(page: Page, shown: Site):
    content = "n\n" + "".join(f"{i}\n" for i in range(1200))
    viewer = look_at(page, shown, "long.csv", content.encode())
    expect(viewer.get_by_role("cell")).to_have_count(500)
    viewer.get_by_role("button", name="More rows").click()
    viewer.get_by_role("button", name="More rows").click()
    expect(viewer.get_by_role("cell").last).to_have_text("1199")


def test_sound_is_played(page: Page, shown: Site):
    study = shown.study("sound")
    shown.attach(study.ask(), "hum.wav", sound())
    page.goto(shown.path(study, numbers=0))
    audio = page.locator("audio").first
    expect(audio).to_have_attribute("aria-label", "hum.wav")
    assert audio.evaluate(DURATION) == pytest.approx(0.5, abs=0.01)


#: Seconds of a film or sound, as soon as it can be played.
DURATION = """media => new Promise((resolve, reject) => {
  media.preload = 'auto'
  media.oncanplay = () => resolve(media.duration)
  media.onerror = () => reject(new Error(media.error.message))
  if (media.readyState >= 3) resolve(media.duration)
  else media.load()
})"""


def test_a_film_is_played(page: Page, shown: Site):
    page.goto(f"{shown.url}/dashboard/")
    viewer = look_at(page, shown, "train.webm", film(page))
    video = viewer.locator("video")
    video.evaluate(DURATION)
    assert video.evaluate("video => video.videoWidth") == 64
    expect(video).to_have_attribute("controls", "")


@pytest.mark.parametrize(("name", "content"), [("page.html", HTML), ("drawing.svg", SVG)])
def test_a_file_opened_by_itself_cannot_read_the_dashboard(
    page: Page, shown: Site, name: str, content: str
):
    study = shown.study(f"by itself {name}")
    artifact = shown.attach(study, name, content.encode())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    refused = ["Content Security Policy", "sandboxed", "default-src"]
    page.console.expected += refused  # type: ignore[attr-defined]
    url = f"{shown.url}/artifacts/{study._study_id}/{artifact}"
    answer = page.goto(url)
    assert answer is not None
    assert answer.ok
    expect(page.get_by_text("A report" if name == "page.html" else "A drawing")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert [each for each in asked if "ran" in each or "stolen" in each or "/api/" in each] == []
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_drawing_is_a_picture_in_the_page(page: Page, shown: Site):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    viewer = look_at(page, shown, "figure.svg", SVG.encode())
    assert_loaded(viewer.get_by_role("img", name="figure.svg"))
    assert [each for each in asked if each.endswith("/ran") or "stolen" in each] == []


def test_a_file_is_deleted_after_a_question(page: Page, shown: Site):
    study = shown.study("a deletion")
    artifact = shown.attach(study.ask(), "wrong.png", png())
    stored: Path = shown.folder / "artifacts" / artifact
    page.goto(shown.path(study, numbers=0))
    question = page.get_by_role("dialog", name="Delete the file?")
    button = page.get_by_role("button", name="Delete wrong.png")
    button.click()
    expect(question).to_contain_text("wrong.png")
    question.get_by_role("button", name="Cancel").click()
    expect(tile(page, "wrong.png")).to_be_visible()
    assert stored.exists()
    button.click()
    question.get_by_role("button", name="Delete").click()
    expect(tile(page, "wrong.png")).to_have_count(0)
    assert not stored.exists()


def test_a_download_has_the_name_of_the_file(page: Page, shown: Site):
    study = shown.study("a download")
    name = "Größe & 'more' #1.csv"
    shown.attach(study.ask(), name, b"a\n1\n")
    page.goto(shown.path(study, numbers=0))
    with page.expect_download() as download:
        page.get_by_role("link", name=f"Download {name}").click()
    assert download.value.suggested_filename == name
    assert Path(download.value.path()).read_bytes() == b"a\n1\n"


@pytest.mark.item("K05")
def test_files_of_finished_trials_are_only_shown(page: Page, shown: Site):
    study = shown.study("finished")
    trial = study.ask()
    shown.attach(trial, "kept.txt", b"kept")
    study.tell(trial, 1)
    page.goto(shown.path(study, numbers=0))
    expect(tile(page, "kept.txt")).to_be_visible()
    for name in ("Upload a file", "Delete kept.txt"):
        expect(detail(page, 0).get_by_role("button", name=name)).to_have_count(0)


@pytest.mark.item("P12")
def test_a_file_that_a_script_stores_appears_by_itself(page: Page, shown: Site):
    study = shown.study("live")
    trial = study.ask()
    page.goto(shown.path(study, numbers=0))
    expect(row(page, 0)).to_be_visible()
    shown.attach(trial, "epoch.png", png())
    assert_loaded(tile(page, "epoch.png").locator("img"))
