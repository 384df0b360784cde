"""Those who log: Runbase, plain drivers, MLflow and trackio, each at its own best."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from bench.contest import (
    NAMES,
    POINTS,
    Figures,
    Step,
    main,
    measure,
    measure_together,
    points,
    rows,
)

PLACE = ["run_id", "step", "progress"]
RUNS = "runs.db"
BATCH = 100


def make_database(server: str) -> str:
    """The URL of a new, empty database on a PostgreSQL server."""
    import psycopg

    with psycopg.connect(server + "postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS bench WITH (FORCE)")
        connection.execute("CREATE DATABASE bench")
    return server + "bench"


@contextmanager
def runbase(url: str = f"sqlite:///{RUNS}", **options: Any) -> Iterator[Step]:
    from runbase import Client, Experiment

    client = Client(url, **options)
    run = Experiment(client, name="bench").get_run()
    data = points()
    yield lambda step: run.add_metrics(data[step % POINTS], step)
    client.flush()


@contextmanager
def runbase_postgres(server: str, **options: Any) -> Iterator[Step]:
    from runbase import Client
    from runbase.commands import setup

    url = make_database(server)
    setup(Client(url), quiet=True)
    with runbase(url, **options) as step:
        yield step


def _table(double: str) -> tuple[str, str]:
    """The table that one would make by hand, and the INSERT into it."""
    cells = ", ".join(f'"{name}" {double}' for name in NAMES)
    place = f"run_id BIGINT, step BIGINT, progress {double}"
    table = (
        f"CREATE TABLE IF NOT EXISTS metrics ({place}, {cells}, PRIMARY KEY ({', '.join(PLACE)}))"
    )
    return table, f"INSERT INTO metrics VALUES ({', '.join('?' * (len(NAMES) + 3))})"


def _connect_sqlite(without_rowid: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(RUNS, timeout=60, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(_table("DOUBLE")[0] + (" WITHOUT ROWID" if without_rowid else ""))
    return connection


@contextmanager
def raw_sqlite(without_rowid: bool = False) -> Iterator[Step]:
    """One row, one commit."""
    execute, data = _connect_sqlite(without_rowid).execute, rows()
    insert, run_id = _table("DOUBLE")[1], time.perf_counter_ns()  # one for each process
    yield lambda step: execute(insert, (run_id, step, 0.0, *data[step % POINTS]))


@contextmanager
def raw_sqlite_batches() -> Iterator[Step]:
    """``executemany`` of 100 rows, one commit."""
    connection, data, insert = _connect_sqlite(False), rows(), _table("DOUBLE")[1]
    batch: list[tuple[Any, ...]] = []

    def write() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(insert, batch)
        connection.execute("COMMIT")
        batch.clear()

    def step(step: int) -> None:
        batch.append((1, step, 0.0, *data[step % POINTS]))
        if len(batch) == BATCH:
            write()

    yield step
    write()


@contextmanager
def raw_postgres(server: str, autocommit: bool = True, synchronous: bool = False) -> Iterator[Step]:
    """One row, one commit: in one round trip (autocommit), or ``execute`` and ``commit``."""
    connection, insert = _connect_postgres(server, autocommit, synchronous)
    data, cursor = rows(), connection.cursor()

    def step(step: int) -> None:
        cursor.execute(insert, (1, step, 0.0, *data[step % POINTS]))
        if not autocommit:
            connection.commit()

    yield step


@contextmanager
def raw_postgres_batches(server: str) -> Iterator[Step]:
    """``executemany`` of 100 rows, one commit."""
    connection, insert = _connect_postgres(server, False, False)
    data, cursor = rows(), connection.cursor()
    batch: list[tuple[Any, ...]] = []

    def write() -> None:
        cursor.executemany(insert, batch)
        connection.commit()
        batch.clear()

    def step(step: int) -> None:
        batch.append((1, step, 0.0, *data[step % POINTS]))
        if len(batch) == BATCH:
            write()

    yield step
    write()


def _connect_postgres(server: str, autocommit: bool, synchronous: bool) -> tuple[Any, str]:
    import psycopg

    connection = psycopg.connect(make_database(server), autocommit=True)
    connection.execute(f"SET synchronous_commit TO {'on' if synchronous else 'off'}")
    table, insert = _table("DOUBLE PRECISION")
    connection.execute(table)
    connection.autocommit = autocommit
    return connection, insert.replace("?", "%s")


@contextmanager
def mlflow() -> Iterator[Step]:
    """``log_batch`` of all metrics of a step into MLflow's SQLite store."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric

    client = MlflowClient("sqlite:///mlflow.db")
    run = client.create_run(client.create_experiment("bench")).info.run_id
    data, now = points(), int(time.time() * 1000)
    yield lambda step: client.log_batch(
        run, metrics=[Metric(k, v, now, step) for k, v in data[step % POINTS].items()]
    )


@contextmanager
def trackio() -> Iterator[Step]:
    """``log``, and ``finish`` at the end, which waits until all is in its SQLite file."""
    import trackio as tracker

    tracker.init("bench", embed=False, auto_log_gpu=False, auto_log_cpu=False)
    data = points()
    yield lambda step: tracker.log(data[step % POINTS], step=step)
    tracker.finish()


WRITERS = {
    f.__name__: f
    for f in (
        *(runbase, runbase_postgres, raw_sqlite, raw_sqlite_batches, raw_postgres),
        *(raw_postgres_batches, mlflow, trackio),
    )
}


def alone(name: str, steps: int, period: float = 0.0, **options: Any) -> Figures:
    return measure(WRITERS[name](**options), steps, period=period)


def together(name: str, steps: int, **options: Any) -> Figures:
    """Four processes on one SQLite file, and how many rows it has in the end."""
    # The one step in which SQLite does not wait for other processes.
    sqlite3.connect(RUNS).execute("PRAGMA journal_mode = WAL")
    figures = measure_together(partial(WRITERS[name], **options), steps)
    connection = sqlite3.connect(RUNS)
    figures["kept"] = connection.execute("SELECT COUNT(*) FROM metrics").fetchone()[0]
    return figures


if __name__ == "__main__":
    main({f.__name__: f for f in (alone, together)})
