"""The rows of the table: what is measured, of whom, and what the targets are."""

from __future__ import annotations

from collections.abc import Callable

from bench.dashboard_figures import Figure, megabytes, size
from bench.dashboard_lab import Lab, medians
from bench.lines import Figures, Line, Lines, Task, duration, met, rounded

PEER = "optuna-dashboard"
SMALL, MEDIUM, LARGE = 10_000, 50_000, 100_000
#: Seconds after which stock's page of 50,000 trials is given up.
LIMIT = 400.0
BROWSERS = 50
#: Seconds for which an objective waits, as if a GPU worked.
PAUSE = 0.1


def first_chart(lab: Lab) -> Lines:
    tasks = {name: lab.chart(name, SMALL) for name in ("runbase", "stock")}
    found = lab.alternate(tasks)
    others, what = {PEER: found["stock"]}, f"{SMALL:,} trials"
    for figure in (
        Figure(f"first chart, {what}, cold server", "chart", duration, 1.0, 10),
        Figure(f"{what}: data until then", "data", size, 400e3),
        Figure(f"{what}: data of the whole page", "page", size),
        Figure(f"{what}: longest task of the page", "longest", duration),
        Figure(f"{what}: heap of the page", "heap", megabytes),
        Figure(f"{what}: memory of the server", "memory", megabytes),
        Figure("from the command until the server listens", "start", duration),
        Figure("first load of the application, gzipped", "gzipped", size, 150e3),
        Figure("the same as the browser gets it", "application", size),
    ):
        yield from figure.lines(found["runbase"], others)


def large(lab: Lab) -> Lines:
    others = {f"{PEER}, {SMALL:,}": lab.once(lab.chart("stock", SMALL))}
    if not lab.bench.quick:
        task = lab.chart("stock", MEDIUM, limit=LIMIT)
        others[f"{PEER}, {MEDIUM:,}"] = lab.once(task)
    own = lab.alternate({"runbase": lab.chart("runbase", LARGE)})["runbase"]
    what = f"{LARGE:,} trials"
    for figure in (
        Figure(f"first chart, {what}, cold server", "chart", duration, 2.0),
        Figure(f"{what}: data until then", "data", size),
        Figure(f"{what}: data of the whole page", "page", size),
        Figure(f"{what}: longest task of the page", "longest", duration),
        Figure(f"{what}: heap of the page", "heap", megabytes, 100),
        Figure(f"{what}: memory of the server", "memory", megabytes, 250),
    ):
        yield from figure.lines(own, others)


def mirror(lab: Lab) -> Lines:
    tasks: dict[str, Task] = {
        "runbase": ("dashboard_tasks", "mirrored", lab.study("stock", SMALL)),
        "stock": lab.chart("stock", SMALL),
    }
    found = lab.alternate(tasks)
    own, others = found["runbase"], {PEER: found["stock"]}
    again = {key.removeprefix("again_"): own[key] for key in own if key.startswith("again_")}
    what = f"stock file of {SMALL:,} trials"
    yield from Figure(f"{what}: first chart from the command on", "total", duration, None, 5).lines(
        own, others
    )
    yield from Figure("of that from navigation on", "chart", duration).lines(own, others)
    yield from Figure(f"{what}, with the mirror there", "total", duration).lines(again, others)
    yield from Figure("of that from navigation on", "chart", duration).lines(again, others)


def live(lab: Lab) -> Lines:
    times = lab.bench.count(20, 5)
    own = lab.call("dashboard_tasks", "live", name="runbase", times=times,
                   **lab.copy("runbase", LARGE))  # fmt: skip
    others = {}
    for count in [SMALL] if lab.bench.quick else [SMALL, MEDIUM]:
        others[f"{PEER}, {count:,}"] = lab.call(
            "dashboard_tasks", "live", name="stock", times=2, **lab.copy("stock", count)
        )
    what = f"{LARGE:,} trials"
    for figure in (
        Figure(f"{what}, poll with nothing new", "idle", duration, 5e-3),
        Figure(f"{what}, poll with nothing new: data", "idle_bytes", size, 10e3),
        Figure(f"{what}, one new trial: {own['requests']} requests", "update", duration, 20e-3),
        Figure(f"{what}, one new trial: data", "update_bytes", size, 10e3),
        Figure(f"{what}, one new trial: until a page is told", "told", duration, 1.0),
        Figure(f"{what}, an idle second: CPU of the server", "idle_cpu", duration),
    ):
        yield from figure.lines(own, others)


def crowd(lab: Lab) -> Lines:
    """Writers at full speed, and with an objective that takes a moment."""
    paths = lab.call("dashboard_crowd", "paths", **lab.copy("runbase", SMALL))["paths"]
    for pause in (PAUSE, 0.0):
        own, rates = _crowd(lab, pause, paths)
        speed = f"trials of {pause * 1e3:.0f} ms" if pause else "trials as fast as they can"
        what = f"4 writers, {speed}, {BROWSERS} browsers"
        left = own["rate"] / rates["rate"]
        yield Line(
            f"{what}: trials/s", f"{own['rate']:.1f}", "without dashboard", f"{rates['rate']:.1f}",
            f"{left:.2f} x", ">= 0.9 x", met(left >= 0.9),
        )  # fmt: skip
        for figure in (
            Figure(f"{what}: p99 of answers", "p99", duration, 0.2),
            Figure(f"{what}: median of answers", "median", duration),
            Figure(f"{what}: answers a second", "answers", rounded),
            Figure(f"{what}: server's CPU in a second", "server_cpu", duration),
            Figure(f"{what}: browsers' CPU in a second", "client_cpu", duration),
        ):
            yield from figure.lines(own, {})


def _crowd(lab: Lab, pause: float, paths: list[str]) -> tuple[Figures, Figures]:
    options = {"seconds": lab.bench.count(20, 5), "pause": pause}
    watched = {**options, "browsers": BROWSERS, "paths": paths}
    found: dict[str, list[Figures]] = {"watched": [], "alone": []}
    for _ in range(lab.rounds):
        for name, given in (("watched", watched), ("alone", options)):
            study = lab.copy("runbase", SMALL)
            found[name].append(lab.call("dashboard_crowd", name, file=study["file"], **given))
    return medians(found["watched"]), medians(found["alone"])


SECTIONS: dict[str, Callable[[Lab], Lines]] = {
    "chart": first_chart, "large": large, "mirror": mirror, "live": live, "crowd": crowd,
}  # fmt: skip
