"""The rows of the table: what is measured of tables of runs, of whom, and what the targets are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench import environment
from bench.dashboard_figures import Figure, megabytes, size
from bench.dashboard_lab import Lab
from bench.dashboard_servers import AIM
from bench.lines import Lines, Task, duration
from bench.runs_data import METRICS
from bench.runs_tasks import FILTER, METRIC

SMALL, LARGE = 1000, 100_000
#: Runs that Aim gets: it takes a quarter of a second to write one.
FEW = 300
RUNS, STEPS = 20, 100_000
COMPARED, WIDE = 10, 200


def written(lab: Lab, name: str, function: str, **options: Any) -> dict[str, Any]:
    """A file that a function of ``runs_data`` writes, once, and what it says of it."""
    if name not in lab.files:
        file = lab.bench.folder / name
        python = AIM.with_name("python") if function == "aim" else environment.PYTHON
        with lab.bench.new_folder() as folder:
            given = {"file": str(file), **options}
            figures = environment.call("runs_data", function, folder, python, **given)
        lab.files[name] = {"file": str(file), **figures}
    return lab.files[name]


def runs_of(lab: Lab, count: int) -> dict[str, Any]:
    return written(lab, f"runbase-{count}.db", "runbase", count=count)


def small(lab: Lab) -> Lines:
    tasks: dict[str, Task] = {
        "runbase": ("runs_tasks", "table", {"name": "runbase", **runs_of(lab, SMALL)}),
        "mlflow": ("runs_tasks", "table", {
            "name": "mlflow", **written(lab, "mlflow.db", "mlflow", count=SMALL),
        }),
    }  # fmt: skip
    found = lab.alternate(tasks)
    others = {"MLflow": found["mlflow"]}
    for figure in (
        Figure(f"{SMALL:,} runs: first rows, cold server", "rows", duration, None, 10),
        Figure(f"{SMALL:,} runs: data until then", "data", size),
        Figure(f"{SMALL:,} runs: memory of the server", "memory", megabytes),
    ):
        yield from figure.lines(found["runbase"], others)


def aim(lab: Lab) -> Lines:
    (lab.bench.folder / "aim").mkdir(exist_ok=True)
    tasks: dict[str, Task] = {
        "runbase": ("runs_tasks", "table", {"name": "runbase", **runs_of(lab, FEW)}),
        "aim": ("runs_tasks", "table", {"name": "aim", **written(lab, "aim", "aim", count=FEW)}),
    }
    found = lab.alternate(tasks)
    figure = Figure(f"{FEW} runs: first rows, cold server", "rows", duration)
    yield from figure.lines(found["runbase"], {"Aim": found["aim"]})


def large(lab: Lab) -> Lines:
    runs = runs_of(lab, LARGE)
    first = lab.call("runs_data", "first", **runs, sort=METRIC, filter=FILTER)
    found = lab.alternate({"runbase": ("runs_tasks", "large", {**runs, **first})})["runbase"]
    what = f"{LARGE:,} runs"
    for figure in (
        Figure(f"{what}: first rows, cold server", "rows", duration, 0.5),
        Figure(f"{what}: sorted by a metric", "sort", duration, 0.5),
        Figure(f"{what}: filtered by a metric and an argument", "filter", duration, 0.5),
        Figure(f"{what}: longest frame while scrolling", "frame", duration, 0.05),
        Figure(f"{what}: p99 of frames while scrolling", "p99_frame", duration),
        Figure(f"{what}: data until the first rows", "data", size),
        Figure(f"{what}: heap of the page", "heap", megabytes),
        Figure(f"{what}: memory of the server", "memory", megabytes),
    ):
        yield from figure.lines(found, {})
    times = lab.bench.count(9, 3)
    found = lab.call("runs_tasks", "queries", **runs, times=times)
    for name, of in (
        ("all ids, newest first", "newest"), ("sorted by a metric", "by_metric"),
        ("sorted by an argument", "by_argument"), ("filtered", "filtered"), ("text", "text"),
    ):  # fmt: skip
        yield from Figure(f"{what}, SQL alone: {name}", of, duration).lines(found, {})


def curves(lab: Lab) -> Lines:
    runs = written(lab, "curves.db", "curves", runs=RUNS, steps=STEPS)
    found = lab.alternate({"runbase": ("runs_tasks", "curves", runs)})["runbase"]
    what = f"{RUNS} runs x {STEPS:,} steps"
    for figure in (
        Figure(f"{what}: from the table to the curves", "clicked", duration, 1.0),
        Figure(f"{what}: the same as a new page, cold server", "new", duration),
        Figure(f"{what}: data", "data", size),
        Figure(f"{what}: memory of the server", "memory", megabytes),
    ):
        yield from figure.lines(found, {})


def compare(lab: Lab) -> Lines:
    runs = written(lab, "wide.db", "runbase", count=COMPARED, width=WIDE)
    task: Task = ("runs_tasks", "compare", {**runs, "runs": list(range(1, COMPARED + 1))})
    found = lab.alternate({"runbase": task})["runbase"]
    what = f"{COMPARED} runs with {WIDE} arguments side by side"
    yield from Figure(f"{what}: from the table", "clicked", duration, 0.3).lines(found, {})
    yield from Figure(f"{what}: as a new page, cold server", "new", duration).lines(found, {})


def export(lab: Lab) -> Lines:
    columns = ["id", "name", "status", "created", "duration", "tags"]
    columns += [f"args.{name}" for name in ("model", "lr", "batch_size")]
    columns += [f"args.arg_{i}" for i in range(17)]
    columns += [f"{which}:{name}" for name in METRICS for which in ("best", "last")]
    for format, most in (("csv", 5.0), ("parquet", 3.0), ("json", None)):
        options = {**runs_of(lab, LARGE), "columns": columns, "format": format}
        found = lab.alternate({"runbase": ("runs_tasks", "export", options)})["runbase"]
        what = f"{LARGE:,} runs x {len(columns)} columns as {format}"
        for figure in (
            Figure(what, "seconds", duration, most),
            Figure(f"{what}: first bytes", "first", duration),
            Figure(f"{what}: size", "bytes", size),
            Figure(f"{what}: memory that the server needs more", "grown", megabytes),
        ):
            yield from figure.lines(found, {})


SECTIONS: dict[str, Callable[[Lab], Lines]] = {
    "small": small, "aim": aim, "large": large, "curves": curves, "compare": compare,
    "export": export,
}  # fmt: skip
