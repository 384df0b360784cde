"""Tables of runs, curves, and the size of what was logged.

The ``make_*`` functions fill stores with the same data and return the bytes that a value takes;
the others read them, in the same folder.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import writers
from bench.contest import NAMES, Figures, main, points, repeat

ARGS = 20
STEPS_OF_TABLE = 3


def _args(run: int) -> dict[str, Any]:
    return {f"arg_{i}": run / (i + 3) for i in range(ARGS)}


def _fill(url: str, runs: int, steps: int) -> None:
    """Runs with args and metrics; their metrics go through the buffer."""
    from runbase import Client, Experiment

    client = Client(url, flush_interval=0.2)
    experiment, data = Experiment(client, name="bench"), points(max(steps, 1000))
    for number in range(runs):
        run = experiment.get_run().start().add_args(_args(number))
        for step in range(steps):
            run.add_metrics(data[(step + number) % len(data)], step)
        run.stop()
    client.close()


def make_runbase(runs: int, steps: int) -> Figures:
    _fill(f"sqlite:///{writers.RUNS}", runs, steps)
    connection = sqlite3.connect(writers.RUNS)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return {"bytes": Path(writers.RUNS).stat().st_size / (runs * steps * len(NAMES))}


def make_runbase_postgres(server: str, runs: int, steps: int) -> Figures:
    import psycopg

    from runbase import Client
    from runbase.commands import setup

    url = writers.make_database(server)
    setup(Client(url), quiet=True)
    _fill(url, runs, steps)
    size = "SELECT pg_total_relation_size('metrics') + pg_total_relation_size('run_metrics')"
    with psycopg.connect(url) as connection:
        found = connection.execute(size).fetchone()
    return {"bytes": found[0] / (runs * steps * len(NAMES)) if found else 0.0}


def make_mlflow(runs: int, steps: int) -> Figures:
    """MLflow takes at most 1,000 metrics in a batch. The empty store is not counted."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    client = MlflowClient("sqlite:///mlflow.db")
    experiment = client.create_experiment("bench")
    empty, data, now = Path("mlflow.db").stat().st_size, points(steps), int(time.time() * 1000)
    for number in range(runs):
        run = client.create_run(experiment).info.run_id
        params = [Param(k, str(v)) for k, v in _args(number).items()]
        client.log_batch(run, params=params)
        for start in range(0, steps, 100):
            batch = [
                Metric(name, value, now, step)
                for step in range(start, min(start + 100, steps))
                for name, value in data[step].items()
            ]
            client.log_batch(run, metrics=batch)
        client.set_terminated(run)
    grown = Path("mlflow.db").stat().st_size - empty
    return {"bytes": grown / (runs * steps * len(NAMES))}


def make_trackio(runs: int, steps: int) -> Figures:
    """trackio's file, all of it."""
    import trackio

    data = points(steps)
    for _ in range(runs):
        trackio.init("bench", embed=False, auto_log_gpu=False, auto_log_cpu=False)
        for step in range(steps):
            trackio.log(data[step], step=step)
        trackio.finish()
    [file] = Path("trackio").glob("bench*.db")
    sqlite3.connect(file).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return {"bytes": file.stat().st_size / (runs * steps * len(NAMES))}


def table_runbase(times: int) -> Figures:
    from runbase import Client
    from runbase.store import tables

    db = Client(f"sqlite:///{writers.RUNS}").db
    return repeat(lambda: list(tables.newest(db)), times)


RUNS_BY_HAND = """
SELECT r.id, e.name, r.number, r.name, r.status, r.time_created, r.time_started,
       r.time_updated, r.time_finished, r.comment, r.tags, r.args
  FROM runs AS r
  JOIN experiments AS e ON e.id = r.experiment_id
 ORDER BY r.id DESC"""
METRICS_BY_HAND = """
SELECT m.run_id, k.name, m.n, m.n_nan, m.last, m.last_step,
       m.min, m.min_step, m.max, m.max_step, m.sum
  FROM run_metrics AS m
  JOIN metric_names AS k ON k.id = m.metric_id"""


def table_by_hand(times: int) -> Figures:
    """The same content: times as times, args as dicts, metrics by name."""
    execute = sqlite3.connect(writers.RUNS).execute

    def read() -> list[tuple[Any, ...]]:
        metrics: dict[int, dict[str, tuple[Any, ...]]] = {}
        for run_id, name, *summary in execute(METRICS_BY_HAND):
            metrics.setdefault(run_id, {})[name] = tuple(summary)
        return [
            (
                *row[:5],
                *map(_time, row[5:9]),
                row[9],
                _json(row[10]),
                _json(row[11]),
                metrics[row[0]],
            )
            for row in execute(RUNS_BY_HAND)
        ]

    return repeat(read, times)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _json(text: str | None) -> Any:
    return json.loads(text) if text else None


def table_mlflow(times: int) -> Figures:
    """The last values; MLflow knows no best ones."""
    from mlflow import MlflowClient

    client = MlflowClient("sqlite:///mlflow.db")
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return repeat(lambda: client.search_runs(ids, max_results=50_000), times)


def curve_runbase(times: int) -> Figures:
    from runbase import Client, Run

    run = Run(Client(f"sqlite:///{writers.RUNS}"), run_id=1)
    return repeat(lambda: run.get_metric(NAMES[0]), times)


def curve_by_hand(times: int) -> Figures:
    execute = sqlite3.connect(writers.RUNS).execute
    sql = f'SELECT step, progress, "{NAMES[0]}" FROM metrics WHERE run_id = 1 ORDER BY step'
    return repeat(lambda: execute(sql).fetchall(), times)


def curve_mlflow(times: int) -> Figures:
    from mlflow import MlflowClient

    client = MlflowClient("sqlite:///mlflow.db")
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    run = client.search_runs(ids)[0].info.run_id
    return repeat(lambda: client.get_metric_history(run, NAMES[0]), times)


READERS: tuple[Callable[..., Figures], ...] = (
    *(make_runbase, make_runbase_postgres, make_mlflow, make_trackio),
    *(table_runbase, table_by_hand, table_mlflow, curve_runbase, curve_by_hand, curve_mlflow),
)

if __name__ == "__main__":
    main({f.__name__: f for f in READERS})
