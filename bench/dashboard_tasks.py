"""What is measured of a dashboard; each function runs in a process of its own."""

from __future__ import annotations

import statistics
import time
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

import optuna
from optuna.storages import BaseStorage
from optuna.trial import create_trial

from bench.contest import Figures, main
from bench.dashboard_browser import DRAWN, Tab, tab
from bench.dashboard_data import SPACE
from bench.dashboard_http import Follower, Http, Stream
from bench.dashboard_servers import Server, running
from runbase.optuna import RDBStorage

OPEN: dict[str, Callable[[str], BaseStorage]] = {
    "runbase": RDBStorage,
    "stock": optuna.storages.RDBStorage,
}
#: Seconds for which stock keeps what it has read of a finished study, and a little more.
FORGETS = 11.0
IDLE = 10.0  # seconds in which nothing happens


def chart(name: str, file: str, study: int, limit: float = 120.0) -> Figures:
    """The first chart of a page that nobody has opened before; none after ``limit`` seconds."""
    with tab() as opened, running(name, file) as server:
        seconds = opened.open(DRAWN[name], server.page(study), limit)
        figures = {
            "is_drawn": seconds is not None,
            "start": server.started,
            "chart": seconds or limit,
            "total": server.started + (seconds or limit),
            "data": opened.transferred(is_data=True),
            "heap": opened.megabytes(),
            "longest": opened.page.evaluate("bench.longest") / 1000,
            **_application(opened),
        }
        if name == "runbase":
            opened.settle()
            figures["page"] = opened.transferred(is_data=True)
        return figures | {"memory": server.megabytes()}


def _application(opened: Tab) -> Figures:
    """Bytes of the pages, scripts and styles, as they came, and gzipped where the server can."""
    urls = [request.url for request in opened.requests.values() if not request.is_data]
    return {
        "application": opened.transferred(is_data=False),
        "gzipped": sum(_gzipped(url) for url in urls if url.startswith("http")),
    }


def _gzipped(url: str) -> int:
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        return len(answer.read())


def mirrored(file: str, study: int) -> Figures:
    """The same for a stock file that Runbase shows: the first time, and with the mirror there."""
    first = chart("runbase", file, study)
    again = chart("runbase", file, study)
    return {**first, **{f"again_{key}": figure for key, figure in again.items()}}


def live(name: str, file: str, study: int, times: int) -> Figures:
    """What open pages cost while nothing happens, and after one new trial."""
    storage = OPEN[name](f"sqlite:///{file}")
    with running(name, file) as server:
        measured = _live if name == "runbase" else _live_stock
        return measured(server, storage, study, times)


def _live(server: Server, storage: BaseStorage, study: int, times: int) -> Figures:
    paths = requests_after_a_trial(server, storage, study)
    http = Http(server.root)
    tick = http.get("/api/changes?since=0").content["tick"]
    idle = [http.get(f"/api/changes?since={tick}") for _ in range(50 * times)]
    stream = Stream(server.root, tick)
    cpu = server.cpu_seconds()
    time.sleep(IDLE)
    cpu = (server.cpu_seconds() - cpu) / IDLE
    follower = Follower(server.root, paths)
    follower.follow()
    updates = []
    for _ in range(times):
        add_trial(storage, study)
        event = stream.next()
        seconds, size = follower.follow()
        updates.append((event.seconds, seconds, event.bytes + size))
    told, seconds, size = map(statistics.median, zip(*updates, strict=True))
    stream.close()
    return {
        "requests": len(paths), "idle": statistics.median(a.seconds for a in idle),
        "idle_bytes": statistics.median(a.bytes for a in idle), "idle_cpu": cpu,
        "told": told, "update": seconds, "update_bytes": size,
    }  # fmt: skip


def _live_stock(server: Server, storage: BaseStorage, study: int, times: int) -> Figures:
    http = Http(server.root)
    count = len(http.get(f"/api/studies/{study}?after=0").content["trials"])
    poll = f"/api/studies/{study}?after={count}"
    idle, update = [], []
    for _ in range(times):
        time.sleep(FORGETS)
        idle.append(http.get(poll))
    for _ in range(times):
        add_trial(storage, study)
        time.sleep(FORGETS)
        update.append(http.get(poll))
    return {
        "idle": statistics.median(a.seconds for a in idle),
        "idle_bytes": statistics.median(a.bytes for a in idle),
        "update": statistics.median(a.seconds for a in update),
        "update_bytes": statistics.median(a.bytes for a in update),
    }


def requests_after_a_trial(server: Server, storage: BaseStorage, study: int) -> list[str]:
    """The requests that a real page sends when it is told of a new trial."""
    with tab() as opened:
        if opened.open(DRAWN["runbase"], server.page(study), 120.0) is None:
            raise RuntimeError("the page draws no history")
        opened.settle()
        before = len(opened.requests)
        add_trial(storage, study)
        opened.settle()
        asked = [r for r in list(opened.requests.values())[before:] if r.is_data]
    if not asked:
        raise RuntimeError("the page asks for nothing after a new trial")
    return [urlsplit(request.url)._replace(scheme="", netloc="").geturl() for request in asked]


def add_trial(storage: BaseStorage, study: int) -> None:
    params: dict[str, float | str] = {f"x{i}": 0.5 for i in range(5)}
    params |= {"lr": 1e-3, "weight_decay": 1e-5}
    params |= {"layers": 3, "batch": 64, "optimizer": "sgd"}
    trial = create_trial(params=params, distributions=SPACE, value=3.5)
    storage.create_new_trial(study, trial)


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    main({"chart": chart, "mirrored": mirrored, "live": live})
