"""What a person does with a table of runs in headless Chromium, and how long each takes."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

#: What is there once the first rows are drawn.
ROWS = {
    "runbase": "() => document.querySelector('.run-rows .run-row:not(.loading)') !== null",
    "mlflow": "() => document.querySelector('.ag-center-cols-container [role=row]') !== null",
    "aim": "() => /Run: [0-9a-f]{8}/.test(document.body.innerText)",
}
#: Whether this run is in the first row.
FIRST_RUN = 'document.querySelector(\'.run-row[data-place="0"] a[href$="/runs/%d"]\') !== null'
CURVES = "() => Boolean(document.querySelector('section.card canvas')?.style.width)"
#: The head of a column that sorts by it.
HEAD = 'button.sort[title^="%s:"]'
DIFFERENCES = "() => document.querySelector('.compare-table td.other') !== null"
#: Milliseconds from an action until a condition holds in a frame that was painted.
TIMED = """([action, condition]) => new Promise((resolve, reject) => {
    const act = new Function(action), holds = new Function('return ' + condition)
    const begun = performance.now()
    act()
    const look = () => {
        if (holds()) requestAnimationFrame(() => resolve(performance.now() - begun))
        else if (performance.now() - begun > 60000) reject(new Error('nothing happened'))
        else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
})"""
#: Scrolls the table for some seconds, a bit in each frame, and notes how far frames are apart.
SCROLL = """([seconds, speed]) => new Promise((resolve) => {
    const box = document.querySelector('.run-grid')
    const frames = [], begun = performance.now()
    let last = begun
    const step = (now) => {
        frames.push(now - last)
        last = now
        box.scrollTop += speed
        if (now - begun < seconds * 1000) requestAnimationFrame(step)
        else resolve(frames.slice(1))
    }
    requestAnimationFrame(step)
})"""


def timed(page: Page, action: str, condition: str) -> float:
    """Seconds from an action in the page until a condition holds."""
    return float(page.evaluate(TIMED, [action, condition])) / 1000


def scrolled(page: Page, seconds: float, speed: float) -> list[float]:
    """Seconds between the frames while the table is scrolled by ``speed`` pixels in each."""
    found: list[Any] = page.evaluate(SCROLL, [seconds, speed])
    return [float(each) / 1000 for each in found]
