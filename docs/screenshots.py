"""Makes the pictures of the dashboard in docs/images, with Playwright and the system's Chromium.

    python docs/screenshots.py [FILE]

FILE is demo.db by default, as ``make demo DEMO_SERVE=0`` leaves it. The pages must be built.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IMAGES = Path(__file__).parent / "images"
WIDE, PHONE = (1440, 900), (390, 844)
LARGEST = 200_000  # bytes of a picture
PAUSE = 1500  # milliseconds in which charts are drawn
#: Waits for the images in sight; others may never be loaded.
SEEN = """Promise.all(
  [...document.images]
    .filter((image) => image.getBoundingClientRect().top < innerHeight)
    .map((image) => image.decode()))"""
#: Chromium asks hosts of its maker's at every start, unless told not to.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


class Picture(NamedTuple):
    """A picture: its name, the page, its size, its theme, and what the page waits for."""

    name: str
    path: str
    size: tuple[int, int]
    theme: str
    shows: str


def main() -> None:
    file = Path(sys.argv[1] if len(sys.argv) > 1 else "demo.db")
    IMAGES.mkdir(exist_ok=True)
    with serving(file) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for picture in pictures(url):
            content = smaller(taken(browser, url, picture))
            if len(content) > LARGEST:
                sys.exit(f"{picture.name} has {len(content):,} bytes, more than {LARGEST:,}")
            (IMAGES / f"{picture.name}.png").write_bytes(content)
            print(f"docs/images/{picture.name}.png: {len(content):,} bytes")
        browser.close()


def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    return found or sys.exit("there is no Chromium on this machine: apt install chromium")


@contextmanager
def serving(file: Path) -> Iterator[str]:
    """The address of a dashboard of the file, on a free port; pages show the file's name only."""
    artifacts = f"{file.stem}.artifacts"
    command = [sys.executable, "-m", "runbase", "dashboard", file.name, "--no-open", "--port", "0"]
    command += ["--artifact-dir", artifacts] if (file.parent / artifacts).is_dir() else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=file.parent) as process:
        assert process.stdout is not None
        match = re.search(r"http://\S+:\d+", process.stdout.readline())
        if match is None:
            sys.exit("the dashboard did not start")
        try:
            yield match[0]
        finally:
            process.terminate()


def pictures(url: str) -> list[Picture]:
    """What to take pictures of: a study with curves, and those that ask people."""
    ids = {row["name"]: row["id"] for row in asked(f"{url}/api/experiments")["experiments"]}
    study, people, digits = ids["tune digits"], ids["sunset colours"], ids["digits"]
    waiting = asked(f"{url}/api/experiments/{people}/trials?filter=running")["rows"][0]["number"]
    overview, trial = f"studies/{study}", f"studies/{people}/trials?numbers={waiting}"
    best = asked(f"{url}/api/runs?experiment={digits}&columns=id&sort=best:val_accuracy")["ids"]
    compare = f"experiments/{digits}/compare?runs={','.join(map(str, best[:3]))}"
    table = f"experiments/{digits}?sort=-best:val_accuracy"
    compared = f"studies/{ids['sunset preferences']}"
    answers, learnt = f"{compared}/preference-history", f"{compared}/analytics"
    return [
        Picture("runs-light", table, WIDE, "light", ".run-row"),
        Picture("runs-dark", table, WIDE, "dark", ".run-row"),
        Picture("runs-compare", compare, WIDE, "light", ".compare-table td.other"),
        Picture("dashboard-light", overview, WIDE, "light", ".plot canvas"),
        Picture("dashboard-dark", overview, WIDE, "dark", ".plot canvas"),
        Picture("dashboard-home", "", WIDE, "light", "table.experiments tbody tr"),
        Picture("dashboard-form", trial, PHONE, "light", ".trial-form"),
        Picture("preferences-light", compared, WIDE, "light", ".candidate img"),
        Picture("preferences-dark", compared, WIDE, "dark", ".candidate img"),
        Picture("preferences-phone", compared, PHONE, "light", ".candidate img"),
        Picture("preferences-history", answers, WIDE, "light", ".answer-cards img"),
        Picture("preferences-utility", learnt, WIDE, "light", ".plot canvas"),
    ]


def asked(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def taken(browser: Browser, url: str, picture: Picture) -> bytes:
    """A picture of what a page shows when it has everything."""
    width, height = picture.size
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if picture.theme == "dark" else "light",
        reduced_motion="reduce",
        timezone_id="UTC",
    )
    page.goto(f"{url}/dashboard/{picture.path}")
    for selector in (picture.shows, ".live-mark.live"):
        page.wait_for_selector(selector)
    page.evaluate(SEEN)
    page.wait_for_timeout(PAUSE)
    content = page.screenshot()
    page.close()
    return content


def smaller(content: bytes) -> bytes:
    """The same picture with 256 colours, which pages of a few colours hardly need more than."""
    with Image.open(BytesIO(content)) as image, BytesIO() as file:
        colours = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        colours.save(file, "PNG", optimize=True)
        return file.getvalue()


if __name__ == "__main__":
    main()
