"""What is measured of tables of runs; each function runs in a process of its own."""

from __future__ import annotations

import statistics
import time
import urllib.request
from urllib.parse import quote

from bench.contest import Figures, main
from bench.dashboard_browser import Tab, tab
from bench.dashboard_servers import Server, running
from bench.runs_browser import CURVES, DIFFERENCES, FIRST_RUN, HEAD, ROWS, scrolled, timed

LIMIT = 120.0  # seconds after which a page is given up
FRAME = 0.05
METRIC = "best:val_metric_3"
FILTER = 'val_metric_3 > 0.9 and args.model = "resnet"'
SECONDS = 4.0  # of scrolling
SPEED = 120  # pixels in a frame, as a wheel that is turned fast: a row is 32
PAGES = {
    "runbase": "/dashboard/experiments/{id}",
    "mlflow": "/#/experiments/{id}/runs",
    "aim": "/runs",
}


def table(name: str, file: str, id: int) -> Figures:
    """The first rows of a table that nobody has opened before."""
    with tab() as opened, running(name, file) as server:
        return _first_rows(opened, server, name, id)


def _first_rows(opened: Tab, server: Server, name: str, id: int) -> Figures:
    seconds = opened.open(ROWS[name], server.root + PAGES[name].format(id=id), LIMIT)
    return {
        "is_drawn": seconds is not None,
        "rows": seconds or LIMIT,
        "data": opened.transferred(is_data=True),
        "memory": server.megabytes(),
    }


def large(file: str, id: int, best: int, filtered: int) -> Figures:
    """What a person does with a large table: open, sort, filter, scroll.

    Args:
        file: where the runs are.
        id: of their experiment.
        best: the run that comes first when sorted by the metric.
        filtered: the run that comes first when filtered.
    """
    with tab() as opened, running("runbase", file) as server:
        found = _first_rows(opened, server, "runbase", id)
        opened.settle()
        page = opened.page
        head = HEAD % METRIC.replace(":", " ")
        found["sort"] = timed(page, f"document.querySelector('{head}').click()", FIRST_RUN % best)
        frames = scrolled(page, SECONDS, SPEED)
        found["frame"], found["p99_frame"] = max(frames), _p99(frames)
        again = server.root + PAGES["runbase"].format(id=id) + f"?filter={quote(FILTER)}"
        # The filter's own address: what Enter in the box leads to, with the page there already.
        found["filter"] = timed(
            page,
            f"history.pushState(null, '', '{again}'); dispatchEvent(new PopStateEvent('popstate'))",
            FIRST_RUN % filtered,
        )
        opened.settle()
        return found | {"heap": opened.megabytes(), "memory": server.megabytes()}


def _p99(frames: list[float]) -> float:
    return sorted(frames)[len(frames) * 99 // 100]


def curves(file: str, id: int, runs: list[int]) -> Figures:
    """Long curves of selected runs over each other: as a new page, and from the table."""
    return _beside(file, id, runs, "curves", CURVES)


def compare(file: str, id: int, runs: list[int]) -> Figures:
    """Selected runs side by side: as a new page, and from the table."""
    return _beside(file, id, runs, "compare", DIFFERENCES)


def _beside(file: str, id: int, runs: list[int], page: str, is_drawn: str) -> Figures:
    chosen = f"?runs={','.join(map(str, runs))}"
    with running("runbase", file) as server:
        root = server.root + PAGES["runbase"].format(id=id)
        with tab() as opened:
            opened.open(ROWS["runbase"], root + chosen, LIMIT)
            opened.settle()
            before = opened.transferred(is_data=True)
            link = f"nav.tabs a[href*='/experiments/{id}/{page}']"
            click = f'document.querySelector("{link}").click()'
            clicked = timed(opened.page, click, f"({is_drawn})()")
            data = opened.transferred(is_data=True) - before
    with tab() as opened, running("runbase", file) as server:
        root = server.root + PAGES["runbase"].format(id=id)
        new = opened.open(is_drawn, f"{root}/{page}{chosen}", LIMIT)
        memory = server.megabytes()
    return {"clicked": clicked, "new": new or LIMIT, "data": data, "memory": memory}


def export(file: str, id: int, columns: list[str], format: str) -> Figures:
    """The file of all runs, and how much the server's memory grew by it."""
    with running("runbase", file) as server:
        root = f"{server.root}/api/runs"
        for path in (f"catalogue?experiment={id}", f"?experiment={id}&columns=id"):
            urllib.request.urlopen(f"{root}/{path}".replace("/?", "?")).read()  # as the page does
        before = server.megabytes()
        asked = f"experiment={id}&format={format}&columns={quote(','.join(columns))}"
        begun = time.perf_counter()
        count, first = 0, 0.0
        with urllib.request.urlopen(f"{root}/export?{asked}") as answer:
            while chunk := answer.read(2**18):
                first = first or time.perf_counter() - begun
                count += len(chunk)
        return {
            "seconds": time.perf_counter() - begun,
            "first": first,
            "bytes": count,
            "grown": server.megabytes() - before,
        }


def queries(file: str, id: int, times: int) -> Figures:
    """The statements behind the table, without a browser or a server."""
    from runbase import Client, search

    db = Client(f"sqlite:///{file}").db

    def median(filter: str = "", sort: str = "id") -> float:
        taken = []
        for _ in range(times):
            begun = time.perf_counter()
            search.ids(db, id, filter, sort)
            taken.append(time.perf_counter() - begun)
        return statistics.median(taken)

    return {
        "newest": median(),
        "by_metric": median(sort=METRIC),
        "by_argument": median(sort="args.lr"),
        "filtered": median(FILTER),
        "text": median('"resnet"'),
    }


if __name__ == "__main__":
    main({
        "table": table, "large": large, "curves": curves, "compare": compare, "export": export,
        "queries": queries,
    })  # fmt: skip
