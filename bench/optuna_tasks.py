"""What is measured of a storage; each function runs in a process of its own.

``name`` is that of a contender, ``where`` a place: see `optuna_contenders`.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import optuna
from optuna.distributions import FloatDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from bench.contest import Figures, main, repeat
from bench.optuna_contenders import (
    NAMES,
    STUDY,
    begin,
    fill,
    is_database,
    make_place,
    open_storage,
    templates,
    weight,
)
from bench.optuna_proxy import Proxy

WARM_UP = 3
PROCESSES = 4
SAMPLERS: dict[str, Callable[[], BaseSampler]] = {
    "random": RandomSampler,
    "tpe": lambda: TPESampler(seed=1),
    "multivariate": lambda: TPESampler(seed=1, multivariate=True),
}


def versions() -> Figures:
    found = {}
    for package in ("optuna", "SQLAlchemy", "rustuna"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def objective(reports: int) -> Callable[[optuna.Trial], float]:
    def function(trial: optuna.Trial) -> float:
        total = sum(trial.suggest_float(name, 0.0, 1.0) for name in NAMES)
        for step in range(reports):
            trial.report(total / (step + 1), step)
        return total

    return function


def new_study(storage: BaseStorage, sampler: str = "random", name: str = STUDY) -> optuna.Study:
    return optuna.create_study(storage=storage, study_name=name, sampler=SAMPLERS[sampler]())


def optimize(study: optuna.Study, count: int, reports: int = 0) -> Figures:
    """Trials a second, seconds a trial, and those of this process's CPU."""
    study.optimize(objective(reports), n_trials=WARM_UP)
    wall, cpu = time.perf_counter(), time.process_time()
    study.optimize(objective(reports), n_trials=count)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"rate": count / wall, "wall": wall / count, "cpu": cpu / count}


def trials(name: str, where: str, count: int, reports: int, sampler: str = "random") -> Figures:
    study = new_study(begin(name, where), sampler)
    before = weight(where)
    figures = optimize(study, count, reports)
    return {**figures, "bytes": (weight(where) - before) / (count + WARM_UP)}


def syncs(name: str, where: str, count: int, reports: int) -> Figures:
    """The synced writes of a trial, as strace sees them between two syncs of a file `mark`."""
    options = {"name": name, "where": where, "count": count, "reports": reports}
    trace = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", "trace"]
    child = [sys.executable, "-m", "bench.optuna_tasks", "marked", json.dumps(options)]
    subprocess.run([*trace, *child], check=True, stdout=subprocess.DEVNULL)
    calls = re.findall(r"\bf(?:data)?sync\(\d+<(.*?)>", Path("trace").read_text())
    first, last = (i for i, file in enumerate(calls) if file.endswith("/mark"))
    return {"syncs": (last - first - 1) / count}


def marked(name: str, where: str, count: int, reports: int) -> Figures:
    """Trials between two marks, for `syncs`."""
    study = new_study(begin(name, where))
    function = objective(reports)
    study.optimize(function, n_trials=WARM_UP)
    with Path("mark").open("wb") as mark:
        os.fsync(mark.fileno())
        study.optimize(function, n_trials=count)
        os.fsync(mark.fileno())
    return {}


def in_parallel(work: Callable[[Callable[[], object]], Figures], processes: int) -> list[Figures]:
    """What ``work(start)`` returns in each process; `start` waits for the others."""
    context = multiprocessing.get_context("fork")
    barrier, answers = context.Barrier(processes), context.SimpleQueue()

    def answer() -> None:
        try:
            answers.put(work(barrier.wait))
        except Exception as error:
            barrier.abort()
            answers.put({"error": repr(error)})

    children = [context.Process(target=answer) for _ in range(processes)]
    for child in children:
        child.start()
    found = [answers.get() for _ in children]
    for child in children:
        child.join()
    if errors := [figures["error"] for figures in found if "error" in figures]:
        raise RuntimeError("; ".join(errors))
    return found


def seconds_together(found: list[Figures]) -> float:
    begun, ended = (min(f["begin"] for f in found), max(f["end"] for f in found))
    return float(ended - begun)


def together(name: str, where: str, count: int, reports: int) -> Figures:
    """Several processes share a study; this one opens nothing before they are done."""

    def create(_start: Callable[[], object]) -> Figures:
        new_study(begin(name, where))
        return {}

    def work(start: Callable[[], object]) -> Figures:
        storage = open_storage(name, where)
        study = optuna.load_study(study_name=STUDY, storage=storage, sampler=RandomSampler())
        start()
        begun = time.perf_counter()
        study.optimize(objective(reports), n_trials=count)
        return {"begin": begun, "end": time.perf_counter()}

    in_parallel(create, 1)
    seconds = seconds_together(in_parallel(work, PROCESSES))
    expected = PROCESSES * count
    return {"rate": expected / seconds, "wrong": wrong_numbers(name, where, expected)}


def wrong_numbers(name: str, where: str, expected: int) -> int:
    """How many numbers are missing, too many, or there twice."""
    storage = open_storage(name, where)
    found = storage.get_all_trials(storage.get_study_id_from_name(STUDY), deepcopy=False)
    numbers = [trial.number for trial in found]
    twice = len(numbers) - len(set(numbers))
    return len(set(numbers) ^ set(range(expected))) + twice


def queue(name: str, where: str, count: int) -> Figures:
    """Several processes ask until no enqueued trial is left."""

    def create(_start: Callable[[], object]) -> Figures:
        study = new_study(begin(name, where))
        for i in range(count):
            study.enqueue_trial({NAMES[0]: i / count})
        return {}

    def work(start: Callable[[], object]) -> Figures:
        storage = open_storage(name, where)
        study = optuna.load_study(study_name=STUDY, storage=storage, sampler=RandomSampler())
        start()
        begun, numbers = time.perf_counter(), []
        while (number := study.ask().number) < count:
            numbers.append(number)
        return {"begin": begun, "end": time.perf_counter(), "numbers": numbers}

    in_parallel(create, 1)
    found = in_parallel(work, PROCESSES)
    numbers = [number for figures in found for number in figures["numbers"]]
    different = len(set(numbers))
    rate = len(numbers) / seconds_together(found)
    return {"twice": len(numbers) - different, "never": count - different, "rate": rate}


def filled(name: str, where: str, count: int, reports: int) -> Figures:
    """Fill a new place for `cold` and `warm`."""
    storage = begin(name, where)
    before = weight(where)
    fill(name, where, storage, STUDY, templates(count, reports))
    return {"bytes": (weight(where) - before) / count}


def cold(name: str, where: str) -> Figures:
    """Open a study and touch all of its trials; what that adds to the process's memory, in MB."""
    if is_database(where):
        open_storage(name, where)  # imports
    else:
        begin(name, "elsewhere")  # the same: a journal is read when it is opened
    before, begun = peak(), time.perf_counter()
    storage = open_storage(name, where)
    found = storage.get_all_trials(storage.get_study_id_from_name(STUDY), deepcopy=False)
    items = sum(len(trial.params) + len(trial.intermediate_values) for trial in found)
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "memory": peak() - before, "items": items}


def peak() -> float:
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (2**20 if sys.platform == "darwin" else 2**10)


def warm(name: str, where: str, count: int, reports: int, steps: int) -> Figures:
    """Calls on a study that the storage has read before."""
    storage = open_storage(name, where)
    if name == "memory":
        fill(name, where, storage, STUDY, templates(count, reports))
    study_id = storage.get_study_id_from_name(STUDY)
    other = storage if name == "memory" else open_storage(name, where)
    calls: dict[str, Callable[[], object]] = {
        "nothing": lambda: storage.get_all_trials(study_id, deepcopy=False),
        "best": lambda: storage.get_best_trial(study_id),
        "count": lambda: storage.get_n_trials(study_id),
    }
    figures = {key: repeat(call, 21)["seconds"] for key, call in calls.items()}
    figures["one"] = after_another(storage, other, study_id, reports)
    study = optuna.load_study(study_name=STUDY, storage=storage, sampler=RandomSampler())
    return {**figures, "rate": optimize(study, steps)["rate"]}


def after_another(storage: BaseStorage, other: BaseStorage, study_id: int, reports: int) -> float:
    """The median time to read all trials when another object has added one."""
    found = []
    for trial in templates(7, reports):
        other.create_new_trial(study_id, trial)
        begun = time.perf_counter()
        storage.get_all_trials(study_id, deepcopy=False)
        found.append(time.perf_counter() - begun)
    return statistics.median(found)


def zombies(name: str, where: str, count: int, running: int) -> Figures:
    """How much slower trials get where others have died."""
    storage = begin(name, where)
    free = optimize(new_study(storage), count)["rate"]
    haunted = new_study(storage, name="haunted")
    for _ in range(running):
        storage.create_new_trial(haunted._study_id)
    return {"slowdown": free / optimize(haunted, count)["rate"]}


def summaries(name: str, where: str, studies: int, count: int) -> Figures:
    storage = begin(name, where)
    for i in range(studies):
        fill(name, where, storage, f"{STUDY}-{i}", templates(count, 0))
    if name != "memory":
        storage = open_storage(name, where)
    begun = time.perf_counter()
    found = optuna.get_all_study_summaries(storage)
    first = time.perf_counter() - begun
    if [summary.n_trials for summary in found] != [count] * studies:
        raise RuntimeError("studies or trials are missing")
    again = repeat(lambda: optuna.get_all_study_summaries(storage), 5)["seconds"]
    return {"first": first, "again": again}


def round_trips(name: str, where: str) -> Figures:
    """How often each call waits for the server, medians."""
    make_place(where)
    port = re.findall(r":(\d+)/", where)[0]
    proxy = Proxy(int(port))
    storage = open_storage(name, where.replace(f":{port}/", f":{proxy.port}/"))
    study = new_study(storage)
    study.optimize(objective(1), n_trials=WARM_UP)

    def trips(call: Callable[[int], object], i: int) -> int:
        before = proxy.trips
        call(i)
        return proxy.trips - before

    calls = _calls(storage, study).items()
    return {key: statistics.median([trips(call, i) for i in range(9)]) for key, call in calls}


def _calls(storage: BaseStorage, study: optuna.Study) -> dict[str, Callable[[int], object]]:
    """The calls of `round_trips`; the first makes the trials of those after it."""
    study_id, distribution = study._study_id, FloatDistribution(0.0, 1.0)
    ids: list[int] = []
    done = TrialState.COMPLETE
    return {
        "create": lambda i: ids.append(storage.create_new_trial(study_id)),
        "param": lambda i: storage.set_trial_param(ids[i], NAMES[0], 0.5, distribution),
        "report": lambda i: storage.set_trial_intermediate_value(ids[i], 1, 0.5),
        "attr": lambda i: storage.set_trial_user_attr(ids[i], "key", "value"),
        "get": lambda i: storage.get_trial(ids[i]),
        "state": lambda i: storage.set_trial_state_values(ids[i], done, [0.5]),
        "all": lambda i: storage.get_all_trials(study_id, deepcopy=False),
        "trial": lambda i: study.optimize(objective(0), n_trials=1),
    }


TASKS: dict[str, Callable[..., Figures]] = {
    "versions": versions, "trials": trials, "syncs": syncs, "marked": marked,
    "together": together, "queue": queue, "filled": filled, "cold": cold, "warm": warm,
    "zombies": zombies, "summaries": summaries, "round_trips": round_trips,
}  # fmt: skip

if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    main(TASKS)
