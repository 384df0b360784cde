"""What is measured of a store for Ax; each function runs in a process of its own, with Ax.

``name`` is that of a contender, ``where`` a folder of its own or the URL of a database. The
experiment has 5 float parameters and 2 metrics, and its trials come from Sobol.
"""

from __future__ import annotations

import copy
import logging
import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ax.adapter.registry import Generators
from ax.api.client import Client
from ax.api.configs import RangeParameterConfig, StorageConfig
from ax.core.arm import Arm
from ax.core.base_trial import BaseTrial
from ax.core.data import Data, DataRow
from ax.core.experiment import Experiment
from ax.core.generator_run import GeneratorRun
from ax.generation_strategy.generation_node import GenerationNode
from ax.generation_strategy.generation_strategy import GenerationStrategy
from ax.generation_strategy.generator_spec import GeneratorSpec
from ax.utils.common.logger import set_ax_logger_levels

from bench.contest import Figures, main

PARAMETERS, METRICS = [f"x{i}" for i in range(5)], ["loss", "cost"]
NAME, SMALL = "bench", "small"
#: What Ax's clients call after each change.
HOOKS = (
    "_save_generation_strategy_to_db_if_possible", "_save_or_update_trials_in_db_if_possible",
    "_save_or_update_trial_in_db_if_possible",
)  # fmt: skip


# ---- contenders


class Contender:
    """A store at a place; ``statements`` is how many it has run, as far as somebody counts."""

    #: The methods of its clients that are the storage's work.
    hooks: tuple[str, ...] = HOOKS

    def __init__(self, where: str) -> None:
        self.where, self.statements = where, 0

    def count(self, *_: object) -> None:
        self.statements += 1

    def save(self, experiment: Experiment, strategy: GenerationStrategy) -> None:
        """Save all that is not saved yet."""
        raise NotImplementedError

    def save_trial(self, experiment: Experiment, trial: BaseTrial) -> None:
        raise NotImplementedError

    def client(self) -> Client:
        """A client that saves itself."""
        raise NotImplementedError

    def after(self, client: Client) -> None:
        """What the user has to do after each ask and tell."""

    def load(self, name: str) -> Client:
        raise NotImplementedError

    def weight(self) -> int | None:
        """The bytes of everything, None where the server does not tell."""
        raise NotImplementedError


class Stock(Contender):
    """Ax's own SQL store in an SQLite file, set up as its documentation says."""

    def __init__(self, where: str) -> None:
        from ax.storage.sqa_store import db, save
        from sqlalchemy import event

        super().__init__(where)
        self._save = save
        self._config = StorageConfig(url=f"sqlite:///{where}/ax.db")
        db.init_engine_and_session_factory(url=self._config.url)
        db.create_all_tables(db.get_engine())
        event.listen(db.get_engine(), "before_cursor_execute", self.count)

    def save(self, experiment: Experiment, strategy: GenerationStrategy) -> None:
        self._save.save_experiment(experiment)
        self._save.save_generation_strategy(strategy)

    def save_trial(self, experiment: Experiment, trial: BaseTrial) -> None:
        self._save.save_or_update_trial(experiment, trial)

    def client(self) -> Client:
        return Client(storage_config=self._config)

    def load(self, name: str) -> Client:
        return Client.load_from_database(name, storage_config=self._config)

    def weight(self) -> int:
        return file_size(Path(self.where, "ax.db"))


class Snapshot(Contender):
    """The JSON file of Ax's client, which is written as a whole each time."""

    hooks = ("save_to_json_file",)

    def save(self, experiment: Experiment, strategy: GenerationStrategy) -> None:
        self._client = adopt(Client(), experiment, strategy)
        self.after(self._client)

    def save_trial(self, experiment: Experiment, trial: BaseTrial) -> None:
        self.after(self._client)

    def client(self) -> Client:
        return Client()

    def after(self, client: Client) -> None:
        client.save_to_json_file(self._file(client._experiment.name))

    def load(self, name: str) -> Client:
        return Client.load_from_json_file(self._file(name))

    def weight(self) -> int:
        return Path(self._file(NAME)).stat().st_size

    def _file(self, name: str) -> str:
        return str(Path(self.where, f"{name}.json"))


class Own(Contender):
    """Runbase, on any engine."""

    hooks = (*HOOKS, "refresh", "_flush")

    def __init__(self, where: str) -> None:
        from runbase import ax

        super().__init__(where)
        self._ax, self._is_file = ax, "://" not in where
        url = f"sqlite:///{where}/runbase.db" if self._is_file else where
        self._store = ax.Store(url)
        ax.create_all_tables(self._store)
        if self._is_file:
            self._store.db.session.open().set_trace_callback(self.count)

    def save(self, experiment: Experiment, strategy: GenerationStrategy) -> None:
        self._ax.save_experiment(experiment, store=self._store)
        self._ax.save_generation_strategy(strategy, self._store)

    def save_trial(self, experiment: Experiment, trial: BaseTrial) -> None:
        self._ax.save_or_update_trial(experiment, trial, self._store)

    def client(self) -> Client:
        return self._ax.Client(self._store)

    def load(self, name: str) -> Client:
        return self._ax.Client.load(name, self._store)

    def weight(self) -> int | None:
        if self._is_file:
            return file_size(Path(self.where, "runbase.db"))
        if self.where.startswith("mysql"):
            return None
        [[size]] = self._store.db.run("SELECT pg_database_size(current_database())").fetchall()
        return int(size)


OPEN: dict[str, Callable[[str], Contender]] = {
    "ax": Stock, "json": Snapshot, "runbase": Own, "runbase-postgres": Own, "runbase-mysql": Own,
}  # fmt: skip


def file_size(file: Path) -> int:
    """The bytes of an SQLite file without its free pages, with all that its log holds."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return file.stat().st_size


def begin(name: str, where: str) -> Contender:
    """A contender at a new place."""
    if "://" not in where:
        Path(where).mkdir(exist_ok=True)
        return OPEN[name](where)
    root, _, database = where.rpartition("/")
    if where.startswith("mysql"):
        import pymysql

        at = urlsplit(where)
        login: dict[str, Any] = {"user": at.username, "password": at.password or ""}
        with pymysql.connect(host=at.hostname, port=at.port or 3306, **login) as connection:
            connection.cursor().execute(f"CREATE DATABASE {database}")
    else:
        import psycopg

        with psycopg.connect(f"{root}/postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"'.encode())
    return OPEN[name](where)


# ---- experiments


def build(count: int, name: str = NAME) -> tuple[Experiment, GenerationStrategy]:
    """An experiment with ``count`` complete trials, as a client would have made them.

    Only the first comes from Sobol itself, the others are like it: Ax would take minutes.
    """
    client = Client(random_seed=1)
    client.configure_experiment(
        [RangeParameterConfig(name=x, parameter_type="float", bounds=(0, 1)) for x in PARAMETERS],
        name=name,
    )
    client.configure_optimization(objective=f"-{METRICS[0]}")
    client.configure_tracking_metrics(METRICS[1:])
    sobol = GeneratorSpec(generator_enum=Generators.SOBOL, generator_kwargs={"seed": 1})
    node = GenerationNode(name="Sobol", generator_specs=[sobol])
    client.set_generation_strategy(GenerationStrategy(name="Sobol", nodes=[node]))
    ask_and_tell(client)
    experiment, strategy = client._experiment, client._generation_strategy
    first = strategy._generator_runs[0]
    for i in range(1, count):
        strategy._generator_runs.append(like(first, i))
        finish(add(experiment, strategy._generator_runs[-1]))
    rows = [row for i in range(1, count) for row in measured(experiment.trials[i])]
    experiment.data = Data(data_rows=[*experiment.data._data_rows, *rows])
    return experiment, strategy


def like(run: GeneratorRun, number: int) -> GeneratorRun:
    """Another generator run, of another point."""
    generate = random.Random(number).random
    other = copy.copy(run)
    arm = Arm(parameters={name: generate() for name in PARAMETERS})
    other._arm_weight_table = {}
    other._arm_weight_table = GeneratorRun(arms=[arm])._arm_weight_table
    state = {**(run._generator_state_after_gen or {}), "init_position": number + 1}
    other._generator_state_after_gen = state
    return other


def add(experiment: Experiment, run: GeneratorRun) -> BaseTrial:
    trial = experiment.new_trial(generator_run=run)
    trial.mark_running(no_runner_required=True)
    return trial


def finish(trial: BaseTrial) -> None:
    trial.mark_completed()


def measured(trial: BaseTrial) -> list[DataRow]:
    generate = random.Random(trial.index).random
    arm = trial.arms[0].name
    return [DataRow(trial.index, arm, name, name, generate(), generate()) for name in METRICS]


def ask_and_tell(client: Client, after: Callable[[Client], None] = lambda client: None) -> None:
    for index, parameters in client.get_next_trials(max_trials=1).items():
        after(client)
        values = (sum(parameters.values()), parameters[PARAMETERS[0]])
        outcome = {name: (value, 0.1) for name, value in zip(METRICS, values, strict=True)}
        client.complete_trial(index, outcome)
        after(client)


def adopt(client: Client, experiment: Experiment, strategy: GenerationStrategy) -> Client:
    """Give a client what is stored already, which `set_experiment` would save again."""
    client._maybe_experiment, client._maybe_generation_strategy = experiment, strategy
    return client


# ---- measuring


@contextmanager
def watch(contender: Contender, found: Figures, name: str) -> Iterator[None]:
    """What a block takes: seconds of this process's CPU, seconds, statements."""
    statements, wall, cpu = contender.statements, time.perf_counter(), time.process_time()
    yield
    note(found, name, "cpu", time.process_time() - cpu)
    note(found, name, "wall", time.perf_counter() - wall)
    note(found, name, "statements", contender.statements - statements)


def note(found: Figures, name: str, kind: str, figure: float) -> None:
    found.setdefault(f"{name} {kind}", []).append(figure)


def medians(contender: Contender, found: Figures) -> Figures:
    """The median of each figure; no statements where nobody counts them."""
    is_counted = contender.statements > 0
    return {
        key: statistics.median(values)
        for key, values in found.items()
        if is_counted or not key.endswith("statements")
    }


def versions() -> Figures:
    return {package: version(package) for package in ("ax-platform", "torch", "SQLAlchemy")}


def saves(name: str, where: str, count: int) -> Figures:
    """Save an experiment and its strategy, and again; leaves them for `loads`."""
    contender, found = begin(name, where), Figures()
    empty = contender.weight() if "://" in where else 0
    experiment, strategy = build(count)
    with watch(contender, found, "first"):
        contender.save(experiment, strategy)
    with watch(contender, found, "again"):
        contender.save(experiment, strategy)
    size = contender.weight()
    contender.save(*build(1, SMALL))
    bytes_ = {} if size is None or empty is None else {"bytes": (size - empty) / count}
    return medians(contender, found) | bytes_


def loads(name: str, where: str, count: int, times: int) -> Figures:
    """Go on with an experiment in a new process, which has loaded a small one before."""
    contender, found = OPEN[name](where), Figures()
    contender.load(SMALL)
    for _ in range(times):
        with watch(contender, found, "load"):
            client = contender.load(NAME)
        experiment, strategy = client._experiment, client._generation_strategy
        sizes = (
            len(experiment.trials), len(experiment.data._data_rows), len(strategy._generator_runs),
        )  # fmt: skip
        if sizes != (count, len(METRICS) * count, count):
            raise RuntimeError(f"not everything was loaded: {sizes}")
    return medians(contender, found)


def single(name: str, where: str, count: int, times: int) -> Figures:
    """Save one trial, when it is new and when it is complete, in an experiment of many."""
    contender, found = begin(name, where), Figures()
    experiment, strategy = build(count)
    contender.save(experiment, strategy)
    run, rows = strategy._generator_runs[0], experiment.data._data_rows
    for i in range(times):
        trial = add(experiment, like(run, count + i))
        with watch(contender, found, "new"):
            contender.save_trial(experiment, trial)
        rows = [*rows, *measured(trial)]
        experiment.data = Data(data_rows=rows)
        finish(trial)
        with watch(contender, found, "complete"):
            contender.save_trial(experiment, trial)
    return medians(contender, found)


def asks(name: str, where: str, count: int, times: int) -> Figures:
    """Ask for a trial and tell its outcome: the whole, and what of it the storage takes."""
    contender, found = begin(name, where), Figures()
    experiment, strategy = build(count)
    contender.save(experiment, strategy)
    client = adopt(contender.client(), experiment, strategy)
    work = Work(client, contender.hooks)
    ask_and_tell(client, contender.after)
    for _ in range(times):
        work.clear()
        with watch(contender, found, "all"):
            ask_and_tell(client, contender.after)
        note(found, "storage", "cpu", work.cpu)
        note(found, "storage", "wall", work.wall)
    return medians(contender, found)


class Work:
    """Sums up what some methods of an object take, calls within calls being counted once."""

    def __init__(self, obj: Any, names: tuple[str, ...]) -> None:
        self._depth = 0
        self.clear()
        for name in names:
            setattr(obj, name, self._timed(getattr(obj, name)))

    def clear(self) -> None:
        self.cpu = self.wall = 0.0

    def _timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            if self._depth:
                return method(*args, **kwargs)
            self._depth, wall, cpu = 1, time.perf_counter(), time.process_time()
            try:
                return method(*args, **kwargs)
            finally:
                self.cpu += time.process_time() - cpu
                self.wall += time.perf_counter() - wall
                self._depth = 0

        return timed


TASKS: dict[str, Callable[..., Figures]] = {
    "versions": versions, "saves": saves, "loads": loads, "single": single, "asks": asks,
}  # fmt: skip

if __name__ == "__main__":
    set_ax_logger_levels(logging.ERROR)
    main(TASKS)
