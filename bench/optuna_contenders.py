"""The storages that take part: how each is opened, filled and weighed.

A place is a folder of its own, or the URL of a PostgreSQL database.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from optuna.distributions import FloatDistribution, distribution_to_json
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage, get_storage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

NAMES = [f"x{i}" for i in range(10)]
STUDY = "bench"
#: As Optuna's own tests have it: with the default of 5 s, stock SQLite fails under load.
STOCK = {"connect_args": {"timeout": 300}}
CHUNK = 500


def _file(where: str, name: str = "study.db") -> str:
    return str(Path(where, name))


def _runbase(where: str, **options: Any) -> Any:
    url = where if is_database(where) else f"sqlite:///{_file(where)}"
    return import_module("runbase.optuna").RDBStorage(url, **options)


def _stock(where: str) -> RDBStorage:
    if is_database(where):
        return RDBStorage(where.replace("postgresql://", "postgresql+psycopg://"))
    return RDBStorage(f"sqlite:///{_file(where)}", engine_kwargs=STOCK)


def _stock_wal(where: str) -> RDBStorage:
    """Every connection of the process is made faster: it has no others."""
    from sqlalchemy import Engine, event

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    event.listen(Engine, "connect", connected)
    return _stock(where)


def _journal(where: str) -> BaseStorage:
    return JournalStorage(JournalFileBackend(_file(where, "journal.log")))


def _rustuna(where: str, kind: str, file: str) -> BaseStorage:
    make = getattr(import_module("rustuna.storages"), kind)
    adapt = import_module("rustuna.converter").ToOptunaStorage
    adapted: BaseStorage = adapt(make(_file(where, file)))
    return adapted


OPEN: dict[str, Callable[[str], BaseStorage]] = {
    "runbase": _runbase,
    "runbase-full": lambda where: _runbase(where, durability="full"),
    "runbase-postgres": _runbase,
    "stock-sqlite": _stock,
    "stock-wal": _stock_wal,
    "stock-postgres": _stock,
    "journal": _journal,
    "rustuna": lambda where: _rustuna(where, "SQLite3Storage", "study.db"),
    "rustuna-journal": lambda where: _rustuna(where, "JournalFileStorage", "journal.log"),
    "memory": lambda where: InMemoryStorage(),
}


def open_storage(name: str, where: str) -> BaseStorage:
    """A new object, with the cache that Optuna gives to its own storages."""
    return get_storage(OPEN[name](where))


def begin(name: str, where: str) -> BaseStorage:
    """A storage at a new place."""
    make_place(where)
    return open_storage(name, where)


def is_database(where: str) -> bool:
    return where.startswith("postgresql:")


def make_place(where: str) -> None:
    if not is_database(where):
        Path(where).mkdir(exist_ok=True)
        return
    import psycopg

    root, _, database = where.rpartition("/")
    with psycopg.connect(f"{root}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{database}"'.encode())


def weight(where: str) -> int:
    """The bytes of a place, everything that SQLite has logged being in its file."""
    if is_database(where):
        return _weight_of_database(where)
    for file in Path(where).glob("*.db"):
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    files = [file for file in Path(where).iterdir() if file.suffix != ".db-shm"]
    return sum(file.stat().st_size for file in files)


def _weight_of_database(where: str) -> int:
    import psycopg

    with psycopg.connect(where) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0


def templates(count: int, reports: int) -> list[FrozenTrial]:
    """Complete trials."""
    generate = random.Random(1).random
    distributions = dict.fromkeys(NAMES, FloatDistribution(0.0, 1.0))
    return [
        create_trial(
            state=TrialState.COMPLETE,
            value=generate(),
            params={name: generate() for name in NAMES},
            distributions=distributions,  # type: ignore[arg-type]
            intermediate_values={step: generate() for step in range(reports)},
        )
        for _ in range(count)
    ]


def fill(name: str, where: str, storage: BaseStorage, study: str, trials: list[FrozenTrial]) -> int:
    """A new study with ``trials``, by the fastest way that its storage has; its id."""
    if name in {"stock-sqlite", "stock-wal", "stock-postgres", "rustuna"}:
        storage = _stock(where)  # rustuna's tables are the same
    elif name == "rustuna-journal":
        storage = _journal(where)  # the same lines, too
    study_id = storage.create_new_study([StudyDirection.MINIMIZE], study)
    if isinstance(storage, RDBStorage):
        _insert(storage, study_id, trials)
    elif name.startswith("runbase"):
        for chunk in _chunks(trials):
            storage.add_trials(study_id, chunk)  # type: ignore[attr-defined]
    else:
        for trial in trials:
            storage.create_new_trial(study_id, trial)
    return study_id


def _chunks(trials: list[FrozenTrial]) -> Iterator[list[FrozenTrial]]:
    rest = iter(trials)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _insert(storage: RDBStorage, study_id: int, trials: list[FrozenTrial]) -> None:
    """Rows of Optuna's tables; its own way would take minutes."""
    from optuna.storages._rdb import models
    from sqlalchemy import Connection, Table, insert, select

    def write(connection: Connection, model: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            connection.execute(insert(model.__table__), rows)

    with storage.engine.begin() as connection:
        write(connection, models.TrialModel, _trial_rows(study_id, trials))
        table: Table = models.TrialModel.__table__
        query = select(table.c.trial_id).where(table.c.study_id == study_id)
        ids = connection.execute(query.order_by(table.c.number)).scalars().all()
        identified = list(zip(ids, trials, strict=True))
        for model, rows in _child_rows(models, identified).items():
            write(connection, model, rows)


def _trial_rows(study_id: int, trials: list[FrozenTrial]) -> list[dict[str, Any]]:
    now = datetime.now(UTC).replace(tzinfo=None)
    times = {"datetime_start": now, "datetime_complete": now}
    return [
        {"study_id": study_id, "number": number, "state": trial.state, **times}
        for number, trial in enumerate(trials)
    ]


def _child_rows(
    models: Any, identified: list[tuple[int, FrozenTrial]]
) -> dict[Any, list[dict[str, Any]]]:
    value, intermediate = models.TrialValueModel, models.TrialIntermediateValueModel
    values = {"objective": 0, "value_type": value.TrialValueType.FINITE}
    points = {"intermediate_value_type": intermediate.TrialIntermediateValueType.FINITE}
    json = distribution_to_json(FloatDistribution(0.0, 1.0))
    return {
        value: [{"trial_id": i, "value": trial.value, **values} for i, trial in identified],
        models.TrialParamModel: [
            {"trial_id": i, "param_name": name, "param_value": x, "distribution_json": json}
            for i, trial in identified
            for name, x in trial.params.items()
        ],
        intermediate: [
            {"trial_id": i, "step": step, "intermediate_value": x, **points}
            for i, trial in identified
            for step, x in trial.intermediate_values.items()
        ],
    }
