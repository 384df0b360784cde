"""A page in headless Chromium: when its history is drawn, and what it took."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-extensions",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--no-first-run",
    "--disable-dev-shm-usage", "--enable-precise-memory-info",
]  # fmt: skip
SIZE = {"width": 1440, "height": 900}
#: What is there once the points of the history are drawn.
DRAWN = {
    "runbase": """() => {
        const card = [...document.querySelectorAll('section.card')]
            .find((card) => card.querySelector('h2')?.textContent === 'History')
        return Boolean(card?.querySelector('canvas')?.style.width)  // set when it is painted
    }""",
    "stock": "() => document.querySelector('#plot-history .scatterlayer .points path') !== null",
}
#: Looks before each frame, and notes the time at the next one, when that frame was painted.
WATCH = """
window.bench = {drawn: 0, longest: 0}
new PerformanceObserver((list) => {
    for (const {duration} of list.getEntries())
        bench.longest = Math.max(bench.longest, duration)
}).observe({type: 'longtask', buffered: true})
const isDrawn = %s
const look = () => isDrawn()
    ? requestAnimationFrame(() => { bench.drawn = performance.now() })
    : requestAnimationFrame(look)
requestAnimationFrame(look)
"""
#: Milliseconds between two looks at what the page has noted.
LOOK = 50
QUIET = 2.0  # seconds without a request, and a page has all that it wants


@dataclass
class Request:
    url: str
    begun: float
    ended: float = 0.0
    bytes: float = 0.0

    @property
    def is_data(self) -> bool:
        return urlsplit(self.url).path.startswith(("/api/", "/ajax-api/"))


@dataclass
class Tab:
    """A page and its requests, in the order in which they began."""

    page: Page
    session: Any
    requests: dict[str, Request] = field(default_factory=dict)

    def open(self, is_drawn: str, url: str, limit: float) -> float | None:
        """Seconds from navigation until that is drawn; None after ``limit`` seconds."""
        self.page.add_init_script(WATCH % is_drawn)
        self.page.goto(url, wait_until="commit", timeout=limit * 1000)
        ending = time.monotonic() + limit
        while time.monotonic() < ending:
            if drawn := self.page.evaluate("bench.drawn"):
                return float(drawn) / 1000
            self.page.wait_for_timeout(LOOK)
        return None

    def settle(self, limit: float = 20.0) -> None:
        """Wait until the page has asked for nothing for a while."""
        ending = time.monotonic() + limit
        count, since = -1, time.monotonic()
        while time.monotonic() < min(ending, since + QUIET):
            self.page.wait_for_timeout(50)
            if self.finished() != count:
                count, since = self.finished(), time.monotonic()

    def finished(self) -> int:
        return sum(request.ended > 0 for request in self.requests.values())

    def megabytes(self) -> float:
        """The JavaScript heap."""
        found = self.session.send("Runtime.getHeapUsage")["usedSize"]
        return float(found) / 2**20

    def transferred(self, *, is_data: bool) -> float:
        """Bytes as they came over the wire, headers included."""
        return sum(r.bytes for r in self.requests.values() if r.is_data == is_data)


@contextmanager
def tab() -> Iterator[Tab]:
    """An empty page of a new browser."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_context(viewport=SIZE).new_page()  # type: ignore[arg-type]
        session = page.context.new_cdp_session(page)
        found = Tab(page, session)
        _listen(found)
        try:
            yield found
        finally:
            browser.close()


def _listen(tab: Tab) -> None:
    def begun(event: Any) -> None:
        request = Request(event["request"]["url"], event["timestamp"])
        tab.requests[event["requestId"]] = request

    def received(event: Any) -> None:
        if request := tab.requests.get(event["requestId"]):
            request.bytes += event["encodedDataLength"]

    def ended(event: Any) -> None:
        if request := tab.requests.get(event["requestId"]):
            request.bytes, request.ended = event["encodedDataLength"], event["timestamp"]

    tab.session.on("Network.requestWillBeSent", begun)
    tab.session.on("Network.dataReceived", received)
    tab.session.on("Network.loadingFinished", ended)
    tab.session.send("Network.enable")
