"""The rows of the table: what is measured, against whom, and what the target is."""

from __future__ import annotations

from collections.abc import Callable

from bench import environment
from bench.lines import (
    Bench,
    Figures,
    Line,
    Lines,
    Task,
    block,
    compare,
    duration,
    factor,
    met,
    rate,
    rounded,
    writer,
)

DRIVERS = {"sqlite3", "psycopg", "pymysql", "pandas", "numpy", "sqlalchemy", "optuna"}


def call_sqlite(bench: Bench) -> Lines:
    steps = bench.count(20_000, 3_000)
    found = bench.alternate(
        {
            "runbase": writer("runbase", steps),
            "raw": writer("raw_sqlite", steps),
            "flat": writer("raw_sqlite", steps, without_rowid=True),
            "trackio": writer("trackio", steps),
        }
    )
    found |= bench.alternate({"mlflow": writer("mlflow", bench.count(300, 50))}, 3)
    own = found["runbase"]["rate"]
    ratios = {name: own / figures["rate"] for name, figures in found.items()}
    figures = {name: rate(f) for name, f in found.items()}
    yield from block(
        "one add_metrics call, SQLite",
        figures["runbase"],
        [
            compare("raw sqlite3", figures["raw"], ratios["raw"], 0.5),
            compare("raw sqlite3, WITHOUT ROWID", figures["flat"], ratios["flat"]),
            compare("MLflow log_batch", figures["mlflow"], ratios["mlflow"], 100),
            compare("trackio, end to end", figures["trackio"], ratios["trackio"], 1),
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
            "runbase": writer("runbase_postgres", steps, server=bench.server, **own),
            "commit": writer("raw_postgres", steps, autocommit=False, **raw),
            "autocommit": writer("raw_postgres", steps, autocommit=True, **raw),
        }
    )
    commit, autocommit = found["commit"], found["autocommit"]
    ratios = [found["runbase"]["rate"] / f["rate"] for f in (commit, autocommit)]
    sync = f"sync {'on' if synchronous else 'off'}"
    yield from block(
        workload,
        rate(found["runbase"]),
        [
            compare(f"psycopg INSERT + commit, {sync}", rate(commit), ratios[0], 0.5),
            compare(f"psycopg INSERT, autocommit, {sync}", rate(autocommit), ratios[1]),
        ],
    )


def buffered_sqlite(bench: Bench) -> Lines:
    steps = bench.count(300_000, 60_000)
    tasks = {
        "runbase": writer("runbase", steps, flush_interval=0.2),
        "raw": writer("raw_sqlite_batches", steps),
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
        "runbase": writer("runbase_postgres", steps, server=bench.server, flush_interval=0.2),
        "raw": writer("raw_postgres_batches", steps, server=bench.server),
    }
    yield from _buffered(bench, "buffered, PostgreSQL", tasks, 25_000)


def _buffered(bench: Bench, workload: str, tasks: dict[str, Task], least: float) -> Lines:
    module, function, options = tasks["runbase"]
    paced = options | {"steps": bench.count(20_000, 5_000), "period": 1e-4}
    found = bench.alternate(tasks | {"paced": (module, function, paced)})
    own, raw, calm = found["runbase"], found["raw"], found["paced"]
    yield Line(
        f"{workload}: end to end",
        f"{rounded(own['rate'])} steps/s",
        "executemany, 100 rows a commit",
        f"{rounded(raw['rate'])} steps/s",
        factor(own["rate"] / raw["rate"]),
        f">= {least:,.0f} steps/s",
        met(own["rate"] >= least),
    )
    yield Line(
        f"{workload}: the call",
        f"median {duration(own['median'])}, p99 {duration(own['p99'])}",
        target="<= 3 µs",
        result=met(own["median"] <= 3e-6),
    )
    yield Line(
        f"{workload}: 10,000 calls/s",
        f"median {duration(calm['median'])}, p99 {duration(calm['p99'])}",
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
    rates = [f"{rounded(f['rate'])} steps/s, p99 {duration(f['p99'])}" for f in (own, raw)]
    faults = [
        f"{len(f['errors'])} errors, {f['expected'] - f['kept']:.0f} rows lost" for f in (own, raw)
    ]
    yield from block(
        "4 processes, one SQLite file",
        rates[0],
        [
            compare("raw sqlite3, 4 processes", rates[1], own["rate"] / raw["rate"], 0.4),
            Line(target="p99 <= 10 ms", result=met(own["p99"] <= 0.01)),
            Line(
                runbase=faults[0],
                figure=faults[1],
                target="no error",
                result=met(faults[0] == "0 errors, 0 rows lost"),
            ),
        ],
    )


def table(bench: Bench) -> Lines:
    runs, times = bench.count(1_000, 200), bench.count(9, 3)
    with bench.new_folder() as folder:
        for name in ("make_runbase", "make_mlflow"):
            environment.call("readers", name, folder, runs=runs, steps=3)
        found = bench.read(folder, ["table_runbase", "table_by_hand", "table_mlflow"], times)
    own, hand, mlflow = found
    yield from block(
        f"table of {runs:,} runs x 20 args x 10 metrics",
        duration(own),
        [
            compare("the SQL by hand, same content", duration(hand), own / hand, most=2),
            compare("MLflow search_runs (last values)", duration(mlflow), mlflow / own, least=30),
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
        curve = bench.read(folder, names, bench.count(15, 5))
    yield from _curve(curve, few)
    yield from _bytes("bytes a value, SQLite", own, {"MLflow": mlflow, "trackio": trackio}, 15)
    if bench.server is None:
        yield Line("bytes a value, PostgreSQL", "not measured: no PostgreSQL", target="<= 22")
        return
    with bench.new_folder() as folder:
        options = {"server": bench.server, "runs": runs, "steps": steps}
        own = environment.call("readers", "make_runbase_postgres", folder, **options)
    yield from _bytes("bytes a value, PostgreSQL", own, {}, 22)


def _curve(curve: list[float], mlflow_steps: int) -> Lines:
    own, hand, mlflow = curve
    by_mlflow = f"MLflow get_metric_history, {mlflow_steps:,} steps"
    yield Line(
        *("one curve of 10,000 steps", duration(own), "SELECT by hand", duration(hand)),
        *(factor(own / hand), "<= 5 ms", met(own <= 5e-3)),
    )
    yield Line(peer=by_mlflow, figure=duration(mlflow), ratio=factor(mlflow / own) + " faster")


def _bytes(workload: str, own: Figures, peers: dict[str, Figures], most: float) -> Lines:
    value = own["bytes"]
    lines = [
        Line(peer=name, figure=f"{f['bytes']:.0f}", ratio=factor(value / f["bytes"]))
        for name, f in peers.items()
    ] or [Line()]
    lines[0] = lines[0]._replace(target=f"<= {most:g}", result=met(value <= most))
    yield from block(workload, f"{value:.1f}", lines)


def imports(bench: Bench) -> Lines:
    names = ["runbase", "psycopg", "trackio", "mlflow"]
    with bench.new_folder() as folder:
        own, *peers = environment.import_seconds(names, bench.count(9, 3), folder)
    bare = set(environment.modules_after("pass"))
    loaded = set(environment.modules_after("import runbase")) - bare
    heavy = sorted(DRIVERS & loaded)
    lines = [
        Line(peer=f"import {name}", figure=duration(seconds), ratio=factor(own / seconds))
        for name, seconds in zip(names[1:], peers, strict=True)
    ]
    lines[0] = lines[0]._replace(target="<= 60 ms", result=met(own <= 0.06))
    lines[1] = lines[1]._replace(
        runbase=f"{len(loaded)} modules; of the heavy ones: {', '.join(heavy) or 'none'}",
        target="no driver, pandas, SQLAlchemy",
        result=met(not heavy),
    )
    yield from block("import runbase", duration(own), lines)


ROWS: dict[str, Callable[[Bench], Lines]] = {
    f.__name__: f
    for f in (
        *(call_sqlite, call_postgres, call_postgres_full, buffered_sqlite, buffered_postgres),
        *(four_processes, table, curves, imports),
    )
}
