"""A study of many trials, the same in a Runbase database and in one of stock Optuna.

It is written as rows, since asking for each trial would take minutes.
"""

from __future__ import annotations

import json
import math
import random
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
)
from optuna.study import StudyDirection

from bench.contest import Figures, main
from runbase.optuna import RDBStorage

STUDY = "bench"
OPTIMIZERS = ("adam", "sgd", "rmsprop", "lion")
SPACE: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(1e-5, 1e-1, log=True),
    "weight_decay": FloatDistribution(1e-8, 1e-2, log=True),
    **{f"x{i}": FloatDistribution(-5.0, 5.0) for i in range(5)},
    "layers": IntDistribution(1, 12),
    "batch": IntDistribution(8, 512),
    "optimizer": CategoricalDistribution(OPTIMIZERS),
}
SPACE_JSON = {name: distribution_to_json(of) for name, of in SPACE.items()}
BEGIN, APART = datetime(2026, 1, 1), timedelta(seconds=7)
#: In Optuna's words.
STATUS = {"COMPLETE": "COMPLETED", "PRUNED": "PRUNED", "FAIL": "FAILED"}
CHUNK = 5000


class Trial(NamedTuple):
    number: int
    state: str
    #: Choices by their index.
    params: dict[str, float]
    value: float | None
    begun: datetime
    ended: datetime


def trials(count: int) -> Iterator[Trial]:
    """Four of five are complete; they get better with time."""
    rng = random.Random(0)
    for number in range(count):
        params = _params(rng, spread=5 * (1 - 0.8 * number / count))
        state = rng.choices(list(STATUS), (80, 15, 5))[0]
        begun = BEGIN + number * APART
        ended = begun + timedelta(seconds=1 + rng.expovariate(1 / 60))
        value = None if state == "FAIL" else _loss(params) + rng.random() / 5
        yield Trial(number, state, params, value, begun, ended)


def _params(rng: random.Random, spread: float) -> dict[str, float]:
    return {
        "lr": 10 ** rng.uniform(-5, -1),
        "weight_decay": 10 ** rng.uniform(-8, -2),
        **{f"x{i}": max(-5.0, min(5.0, rng.gauss(0, spread))) for i in range(5)},
        "layers": rng.randint(1, 12),
        "batch": rng.randint(8, 512),
        "optimizer": rng.randrange(len(OPTIMIZERS)),
    }


def _loss(params: dict[str, float]) -> float:
    distance = sum((params[f"x{i}"] - i / 4) ** 2 for i in range(5))
    return distance / 10 + (math.log10(params["lr"]) + 3) ** 2 / 5 + 0.3 * params["optimizer"]


def runbase(file: str, count: int) -> Figures:
    """A new Runbase database with the trials."""
    storage = RDBStorage(f"sqlite:///{file}")
    study = storage.create_new_study([StudyDirection.MINIMIZE], STUDY)
    storage.close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(
            "INSERT OR IGNORE INTO distributions (json) VALUES (?)",
            [(text,) for text in SPACE_JSON.values()],
        )
        ids = dict(connection.execute("SELECT json, id FROM distributions"))
        for chunk in _chunks(trials(count)):
            connection.executemany(
                """
                INSERT INTO runs (
                    id, experiment_id, number, status, time_created, time_started, time_updated,
                    time_finished, args, value, version
                ) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?6, ?7, ?8, ?1)
                """,
                [_run(study, trial) for trial in chunk],
            )
            connection.executemany(
                "INSERT INTO run_params (run_id, seq, name, value, distribution_id) "
                "VALUES (?, ?, ?, ?, ?)",
                (
                    (trial.number + 1, seq, name, value, ids[SPACE_JSON[name]])
                    for trial in chunk
                    for seq, (name, value) in enumerate(trial.params.items())
                ),
            )
        connection.execute(
            "UPDATE experiments SET next_number = ?1, version = ?1 WHERE id = ?2", (count, study)
        )
    return _settled(file, study)


def _run(study: int, trial: Trial) -> tuple[Any, ...]:
    args = json.dumps(trial.params | {"optimizer": OPTIMIZERS[int(trial.params["optimizer"])]})
    begun, ended = (f"{time:%Y-%m-%d %H:%M:%S.%f}+00:00" for time in (trial.begun, trial.ended))
    number, status = trial.number, STATUS[trial.state]
    return (number + 1, study, number, status, begun, ended, args, trial.value)


def stock(file: str, count: int) -> Figures:
    """A new database of stock Optuna's with the trials."""
    storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
    study = storage.create_new_study([StudyDirection.MINIMIZE], STUDY)
    storage.engine.dispose()
    with closing(sqlite3.connect(file)) as connection, connection:
        for chunk in _chunks(trials(count)):
            connection.executemany(
                """
                INSERT INTO trials (
                    trial_id, number, study_id, state, datetime_start, datetime_complete
                ) VALUES (?, ?, ?, ?, ?, ?)
                """,
                [
                    (t.number + 1, t.number, study, t.state, *map(_text, (t.begun, t.ended)))
                    for t in chunk
                ],
            )
            connection.executemany(
                "INSERT INTO trial_values (trial_id, objective, value, value_type) "
                "VALUES (?, 0, ?, 'FINITE')",
                [(t.number + 1, t.value) for t in chunk if t.value is not None],
            )
            connection.executemany(
                "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) "
                "VALUES (?, ?, ?, ?)",
                (
                    (t.number + 1, name, value, SPACE_JSON[name])
                    for t in chunk
                    for name, value in t.params.items()
                ),
            )
    return _settled(file, study)


def _text(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S.%f}"


def _chunks(all_trials: Iterable[Trial]) -> Iterator[list[Trial]]:
    rest = iter(all_trials)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _settled(file: str, study: int) -> Figures:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return {"study": study, "bytes": Path(file).stat().st_size}


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    main({"runbase": runbase, "stock": stock})
