"""The rows of the table: what is measured, against whom, and what the target is."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from bench import environment

Figures = dict[str, Any]
Task = tuple[str, str, dict[str, Any]]  # a module of contestants, a function of it, its options
DRIVERS = {"sqlite3", "psycopg", "pymysql", "pandas", "numpy", "sqlalchemy", "optuna"}


class Line(NamedTuple):
    """A comparison; further peers of the same workload leave its first cells empty."""

    workload: str = ""
    runbase: str = ""
    peer: str = ""
    figure: str = ""
    ratio: str = ""
    target: str = ""
    result: str = ""


Lines = Iterator[Line]


@dataclass(frozen=True)
class Bench:
    """How long to measure, and where."""

    quick: bool
    folder: Path
    server: str | None

    def count(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def alternate(self, tasks: dict[str, Task], rounds: int = 5) -> dict[str, Figures]:
        """Run the tasks by turns, several rounds; the median of each of their figures."""
        found: dict[str, list[Figures]] = {name: [] for name in tasks}
        for _ in range(min(rounds, 2) if self.quick else rounds):
            for name, (module, function, options) in tasks.items():
                with self.new_folder() as folder:
                    found[name].append(environment.call(module, function, folder, **options))
        return {name: _median(rounds_) for name, rounds_ in found.items()}

    @contextmanager
    def new_folder(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        yield folder
        shutil.rmtree(folder)


def _median(rounds: list[Figures]) -> Figures:
    """The median of numbers, all items of lists."""
    found: Figures = {}
    for key in rounds[0]:
        values = [figures[key] for figures in rounds]
        is_list = isinstance(values[0], list)
        found[key] = list(chain.from_iterable(values)) if is_list else statistics.median(values)
    return found


def _writer(name: str, steps: int, **options: Any) -> Task:
    return "writers", "alone", {"name": name, "steps": steps, **options}


def _rate(figures: Figures) -> str:
    return f"{_round(figures['rate'])} steps/s, call {_us(figures['median'])}"


def _round(number: float) -> str:
    """Three digits are more than enough."""
    digits = max(0, len(str(int(number))) - 3)
    return f"{round(number, -digits):,.0f}" if number >= 10 else f"{number:.2g}"


def _us(seconds: float) -> str:
    if seconds < 0.9e-3:
        return f"{seconds * 1e6:.3g} µs"
    return f"{seconds * 1e3:.3g} ms" if seconds < 0.9 else f"{seconds:.3g} s"


def _ratio(ratio: float) -> str:
    return f"{_round(ratio)} x" if ratio >= 10 else f"{ratio:.2f} x"


def _met(is_met: bool) -> str:
    return "met" if is_met else "**missed**"


def _compare(
    peer: str, figure: str, ratio: float, least: float | None = None, most: float | None = None
) -> Line:
    """A line with the ratio of Runbase to a peer, and whether it is as it should be."""
    line = Line(peer=peer, figure=figure, ratio=_ratio(ratio))
    if least is not None:
        return line._replace(target=f">= {least:g} x", result=_met(ratio >= least))
    if most is not None:
        return line._replace(target=f"<= {most:g} x", result=_met(ratio <= most))
    return line


def _block(workload: str, runbase: str, lines: list[Line]) -> Lines:
    """Lines that share a workload."""
    yield lines[0]._replace(workload=workload, runbase=runbase)
    yield from lines[1:]


def call_sqlite(bench: Bench) -> Lines:
    steps = bench.count(20_000, 3_000)
    found = bench.alternate(
        {
            "runbase": _writer("runbase", steps),
            "raw": _writer("raw_sqlite", steps),
            "flat": _writer("raw_sqlite", steps, without_rowid=True),
            "trackio": _writer("trackio", steps),
        }
    )
    found |= bench.alternate({"mlflow": _writer("mlflow", bench.count(300, 50))}, 3)
    own = found["runbase"]["rate"]
    ratios = {name: own / figures["rate"] for name, figures in found.items()}
    figures = {name: _rate(f) for name, f in found.items()}
    yield from _block(
        "one add_metrics call, SQLite",
        figures["runbase"],
        [
            _compare("raw sqlite3", figures["raw"], ratios["raw"], 0.5),
            _compare("raw sqlite3, WITHOUT ROWID", figures["flat"], ratios["flat"]),
            _compare("MLflow log_batch", figures["mlflow"], ratios["mlflow"], 100),
            _compare("trackio, end to end", figures["trackio"], ratios["trackio"], 1),
        ],
    )


def call_postgres(bench: Bench) -> Lines:
    yield from _call_postgres(bench, "one add_metrics call, PostgreSQL", False)


def call_postgres_full(bench: Bench) -> Lines:
    yield from _call_postgres(bench, 'the same, durability="full"', True)


def _call_postgres(bench: Bench, workload: str, synchronous: bool) -> Lines:
    if bench.server is None:
        yield Line(workload, "not measured: no PostgreSQL", target=">= 0.5 x")
        return
    steps = bench.count(1_500 if synchronous else 5_000, 500)
    own = {"durability": "full"} if synchronous else {}
    raw = {"server": bench.server, "synchronous": synchronous}
    found = bench.alternate(
        {
            "runbase": _writer("runbase_postgres", steps, server=bench.server, **own),
            "commit": _writer("raw_postgres", steps, autocommit=False, **raw),
            "autocommit": _writer("raw_postgres", steps, autocommit=True, **raw),
        }
    )
    commit, autocommit = found["commit"], found["autocommit"]
    ratios = [found["runbase"]["rate"] / f["rate"] for f in (commit, autocommit)]
    sync = f"sync {'on' if synchronous else 'off'}"
    yield from _block(
        workload,
        _rate(found["runbase"]),
        [
            _compare(f"psycopg INSERT + commit, {sync}", _rate(commit), ratios[0], 0.5),
            _compare(f"psycopg INSERT, autocommit, {sync}", _rate(autocommit), ratios[1]),
        ],
    )


def buffered_sqlite(bench: Bench) -> Lines:
    steps = bench.count(300_000, 60_000)
    tasks = {
        "runbase": _writer("runbase", steps, flush_interval=0.2),
        "raw": _writer("raw_sqlite_batches", steps),
    }
    yield from _buffered(bench, "buffered, SQLite", tasks, 100_000)


def buffered_postgres(bench: Bench) -> Lines:
    if bench.server is None:
        yield Line(
            "buffered, PostgreSQL", "not measured: no PostgreSQL", target=">= 25,000 steps/s"
        )
        return
    steps = bench.count(100_000, 30_000)
    tasks = {
        "runbase": _writer("runbase_postgres", steps, server=bench.server, flush_interval=0.2),
        "raw": _writer("raw_postgres_batches", steps, server=bench.server),
    }
    yield from _buffered(bench, "buffered, PostgreSQL", tasks, 25_000)


def _buffered(bench: Bench, workload: str, tasks: dict[str, Task], least: float) -> Lines:
    module, function, options = tasks["runbase"]
    paced = options | {"steps": bench.count(20_000, 5_000), "period": 1e-4}
    found = bench.alternate(tasks | {"paced": (module, function, paced)})
    own, raw, calm = found["runbase"], found["raw"], found["paced"]
    yield Line(
        f"{workload}: end to end",
        f"{_round(own['rate'])} steps/s",
        "executemany, 100 rows a commit",
        f"{_round(raw['rate'])} steps/s",
        _ratio(own["rate"] / raw["rate"]),
        f">= {least:,.0f} steps/s",
        _met(own["rate"] >= least),
    )
    yield Line(
        f"{workload}: the call",
        f"median {_us(own['median'])}, p99 {_us(own['p99'])}",
        target="<= 3 µs",
        result=_met(own["median"] <= 3e-6),
    )
    yield Line(
        f"{workload}: 10,000 calls/s",
        f"median {_us(calm['median'])}, p99 {_us(calm['p99'])}",
    )


def four_processes(bench: Bench) -> Lines:
    steps = bench.count(5_000, 1_500)
    found = bench.alternate(
        {
            name: ("writers", "together", {"name": name, "steps": steps})
            for name in ("runbase", "raw_sqlite")
        }
    )
    own, raw = found["runbase"], found["raw_sqlite"]
    rates = [f"{_round(f['rate'])} steps/s, p99 {_us(f['p99'])}" for f in (own, raw)]
    faults = [
        f"{len(f['errors'])} errors, {f['expected'] - f['kept']:.0f} rows lost" for f in (own, raw)
    ]
    yield from _block(
        "4 processes, one SQLite file",
        rates[0],
        [
            _compare("raw sqlite3, 4 processes", rates[1], own["rate"] / raw["rate"], 0.4),
            Line(target="p99 <= 10 ms", result=_met(own["p99"] <= 0.01)),
            Line(
                runbase=faults[0],
                figure=faults[1],
                target="no error",
                result=_met(faults[0] == "0 errors, 0 rows lost"),
            ),
        ],
    )


def table(bench: Bench) -> Lines:
    runs, times = bench.count(1_000, 200), bench.count(9, 3)
    with bench.new_folder() as folder:
        for name in ("make_runbase", "make_mlflow"):
            environment.call("readers", name, folder, runs=runs, steps=3)
        found = _read(folder, ["table_runbase", "table_by_hand", "table_mlflow"], times)
    own, hand, mlflow = found
    yield from _block(
        f"table of {runs:,} runs x 20 args x 10 metrics",
        _us(own),
        [
            _compare("the SQL by hand, same content", _us(hand), own / hand, most=2),
            _compare("MLflow search_runs (last values)", _us(mlflow), mlflow / own, least=30),
        ],
    )


def curves(bench: Bench) -> Lines:
    """Curves and sizes, which need the same data."""
    runs, steps = bench.count(10, 2), 10_000
    few = bench.count(steps, 1_000)
    with bench.new_folder() as folder:
        own = environment.call("readers", "make_runbase", folder, runs=runs, steps=steps)
        trackio = environment.call("readers", "make_trackio", folder, runs=runs, steps=steps)
        mlflow = environment.call("readers", "make_mlflow", folder, runs=1, steps=few)
        names = ["curve_runbase", "curve_by_hand", "curve_mlflow"]
        curve = _read(folder, names, bench.count(15, 5))
    yield from _curve(curve, few)
    yield from _bytes("bytes a value, SQLite", own, {"MLflow": mlflow, "trackio": trackio}, 15)
    if bench.server is None:
        yield Line("bytes a value, PostgreSQL", "not measured: no PostgreSQL", target="<= 22")
        return
    with bench.new_folder() as folder:
        options = {"server": bench.server, "runs": runs, "steps": steps}
        own = environment.call("readers", "make_runbase_postgres", folder, **options)
    yield from _bytes("bytes a value, PostgreSQL", own, {}, 22)


def _read(folder: Path, names: list[str], times: int) -> list[float]:
    """The median seconds of each reader, by turns in the same folder."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(3):
        for name in names:
            few = 1 if name.endswith("mlflow") else times
            found[name].append(environment.call("readers", name, folder, times=few)["seconds"])
    return [statistics.median(seconds) for seconds in found.values()]


def _curve(curve: list[float], mlflow_steps: int) -> Lines:
    own, hand, mlflow = curve
    by_mlflow = f"MLflow get_metric_history, {mlflow_steps:,} steps"
    yield Line(
        *("one curve of 10,000 steps", _us(own), "SELECT by hand", _us(hand)),
        *(_ratio(own / hand), "<= 5 ms", _met(own <= 5e-3)),
    )
    yield Line(peer=by_mlflow, figure=_us(mlflow), ratio=_ratio(mlflow / own) + " faster")


def _bytes(workload: str, own: Figures, peers: dict[str, Figures], most: float) -> Lines:
    value = own["bytes"]
    lines = [
        Line(peer=name, figure=f"{f['bytes']:.0f}", ratio=_ratio(value / f["bytes"]))
        for name, f in peers.items()
    ] or [Line()]
    lines[0] = lines[0]._replace(target=f"<= {most:g}", result=_met(value <= most))
    yield from _block(workload, f"{value:.1f}", lines)


def imports(bench: Bench) -> Lines:
    names = ["runbase", "psycopg", "trackio", "mlflow"]
    rounds = bench.count(9, 3)
    taken = [[environment.import_seconds(name) for name in names] for _ in range(rounds)]
    own, *peers = [statistics.median(column) for column in zip(*taken, strict=True)]
    bare = set(environment.modules_after("pass"))
    loaded = set(environment.modules_after("import runbase")) - bare
    heavy = sorted(DRIVERS & loaded)
    lines = [
        Line(peer=f"import {name}", figure=_us(seconds), ratio=_ratio(own / seconds))
        for name, seconds in zip(names[1:], peers, strict=True)
    ]
    lines[0] = lines[0]._replace(target="<= 60 ms", result=_met(own <= 0.06))
    lines[1] = lines[1]._replace(
        runbase=f"{len(loaded)} modules; of the heavy ones: {', '.join(heavy) or 'none'}",
        target="no driver, pandas, SQLAlchemy",
        result=_met(not heavy),
    )
    yield from _block("import runbase", _us(own), lines)


ROWS: dict[str, Callable[[Bench], Lines]] = {
    f.__name__: f
    for f in (
        *(call_sqlite, call_postgres, call_postgres_full, buffered_sqlite, buffered_postgres),
        *(four_processes, table, curves, imports),
    )
}
