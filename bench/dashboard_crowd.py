"""Processes that write trials while many browsers follow."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import RandomSampler

from bench.contest import Figures, main
from bench.dashboard_data import SPACE, STUDY
from bench.dashboard_servers import running
from bench.dashboard_tasks import requests_after_a_trial
from bench.optuna_tasks import in_parallel
from runbase.optuna import RDBStorage

PROCESSES = 4


def paths(file: str, study: int) -> Figures:
    """What a page asks for after each event."""
    storage = RDBStorage(f"sqlite:///{file}")
    with running("runbase", file) as server:
        return {"paths": requests_after_a_trial(server, storage, study)}


def alone(file: str, seconds: float, pause: float) -> Figures:
    """The writers, while nobody looks."""
    return {"rate": _written(file, seconds, pause)}


def watched(file: str, seconds: float, pause: float, browsers: int, paths: list[str]) -> Figures:
    """The writers, while browsers look."""
    with running("runbase", file) as server:
        before = server.cpu_seconds()
        with _browsing(server.root, paths, browsers) as found:
            begun = time.perf_counter()
            rate = _written(file, seconds, pause)
            taken = time.perf_counter() - begun
        cpu = server.cpu_seconds() - before
        if found["errors"]:
            raise RuntimeError("; ".join(found["errors"]))
        return {
            "rate": rate, "median": found["median"], "p99": found["p99"],
            "answers": found["answers"] / taken, "server_cpu": cpu / taken,
            "client_cpu": found["cpu"] / taken, "memory": server.megabytes(),
        }  # fmt: skip


@contextmanager
def _browsing(root: str, paths: list[str], browsers: int) -> Iterator[Figures]:
    """The figures are there at the end."""
    options = json.dumps({"root": root, "paths": paths, "browsers": browsers})
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.dashboard_clients", "browse", options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    figures: Figures = {}
    try:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError("the browsers cannot connect")
        yield figures
        text, _ = process.communicate()
        figures |= json.loads(text.splitlines()[-1])
    finally:
        process.kill()
        process.wait()


def _written(file: str, seconds: float, pause: float) -> float:
    """Trials a second of all writers together."""

    def work(start: Callable[[], object]) -> Figures:
        storage = RDBStorage(f"sqlite:///{file}")
        study = optuna.load_study(study_name=STUDY, storage=storage, sampler=RandomSampler())
        study.optimize(lambda trial: _objective(trial, 0.0), n_trials=3)
        start()
        begun, done = time.perf_counter(), 0
        while time.perf_counter() < begun + seconds:
            study.optimize(lambda trial: _objective(trial, pause), n_trials=1)
            done += 1
        return {"rate": done / (time.perf_counter() - begun)}

    return float(sum(figures["rate"] for figures in in_parallel(work, PROCESSES)))


def _objective(trial: optuna.Trial, pause: float) -> float:
    values = [_suggested(trial, name, of) for name, of in SPACE.items()]
    time.sleep(pause)
    return sum(value for value in values if isinstance(value, float))


def _suggested(trial: optuna.Trial, name: str, of: BaseDistribution) -> object:
    match of:
        case FloatDistribution():
            return trial.suggest_float(name, of.low, of.high, log=of.log)
        case IntDistribution():
            return trial.suggest_int(name, of.low, of.high)
        case CategoricalDistribution():
            return trial.suggest_categorical(name, of.choices)
    raise TypeError(of)


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    main({"paths": paths, "alone": alone, "watched": watched})
