"""Many processes, threads and machines may work on one study, and may end at any moment."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import random
import socket
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from runbase import Client
from runbase.session import Session
from runbase.store import schema

optuna = pytest.importorskip("optuna")

from optuna.trial import FrozenTrial, TrialState  # noqa: E402

from runbase.optuna import RDBStorage  # noqa: E402
from tests.forks import Forked  # noqa: E402

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

    from tests.servers import PrivateServer

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")

TIMEOUT = 90
HEAD = """
import json, random, sys, time, warnings
import optuna
optuna.logging.set_verbosity(optuna.logging.WARNING)
warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
from optuna.trial import TrialState
from runbase.optuna import RDBStorage
url, number, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

def wait_for_all():
    print("ready", flush=True)
    sys.stdin.readline()

def load(**settings):
    return optuna.load_study(
        study_name="shared",
        storage=RDBStorage(url, **settings),
        sampler=optuna.samplers.RandomSampler(seed=number),
    )

def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    n = trial.suggest_int("n", 1, 1000)
    kind = trial.suggest_categorical("kind", [None, True, "a", 2.5])
    for step in range(3):
        trial.report(x * step, step)
    trial.set_user_attr("worker", number)
    return x * n

def tell(trial, state, values):
    said = [trial.number, state.name, values, trial.params, trial.user_attrs]
    print(json.dumps(said), flush=True)
"""


def start(url: str, program: str, number: int = 0, count: int = 0) -> Forked:
    return Forked(HEAD + program, url, str(number), str(count))


def end(children: list[Forked]) -> None:
    for child in children:
        child.kill()
        child.communicate()


def run_at_once(url: str, program: str, processes: int, count: int = 0) -> list[str]:
    """Run the program several times, let all go on from `wait_for_all` together."""
    children = [start(url, program, i, count) for i in range(processes)]
    guards = [threading.Timer(TIMEOUT, child.kill) for child in children]
    try:
        for guard in guards:
            guard.start()
        for child in children:
            line = child.stdout.readline()
            assert line == "ready\n", child.communicate(timeout=TIMEOUT)[1]
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        results = [child.communicate(timeout=TIMEOUT) for child in children]
    finally:
        for guard in guards:
            guard.cancel()
        end(children)
    assert [error for _, error in results] == [""] * processes
    assert [child.returncode for child in children] == [0] * processes
    return [out for out, _ in results]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


@pytest.fixture
def study(client: Client) -> Any:
    """An empty study named "shared"."""
    return create_study(RDBStorage(client))


def create_study(storage: BaseStorage) -> Any:
    sampler = optuna.samplers.RandomSampler()
    return optuna.create_study(study_name="shared", storage=storage, sampler=sampler)


def objective(trial: Any) -> float:
    """The same as that of the children."""
    x = trial.suggest_float("x", -10, 10)
    n = trial.suggest_int("n", 1, 1000)
    trial.suggest_categorical("kind", [None, True, "a", 2.5])
    for step in range(3):
        trial.report(x * step, step)
    trial.set_user_attr("worker", -1)
    return float(x * n)


def check_complete(trial: FrozenTrial) -> None:
    """Nothing of what `objective` wrote is missing."""
    assert trial.params.keys() == {"x", "n", "kind"}
    x, n = trial.params["x"], trial.params["n"]
    assert trial.values == [x * n]
    assert trial.intermediate_values == {step: x * step for step in range(3)}
    assert "worker" in trial.user_attrs
    assert trial.datetime_start is not None
    assert trial.datetime_complete is not None
    assert trial.datetime_start <= trial.datetime_complete


def read_trials(url: str) -> list[FrozenTrial]:
    """All trials as a storage that is new reads them; their numbers have no gaps."""
    with closing(Client(url)) as client:
        storage = RDBStorage(client)
        trials: list[FrozenTrial] = storage.get_all_trials(storage.get_study_id_from_name("shared"))
    assert [trial.number for trial in trials] == list(range(len(trials)))
    return trials


def check_sql(url: str, trials: list[FrozenTrial]) -> None:
    """The tables say what the trials say."""
    statuses = {
        TrialState.COMPLETE: "COMPLETED",
        TrialState.FAIL: "FAILED",
        TrialState.PRUNED: "PRUNED",
        TrialState.RUNNING: "RUNNING",
        TrialState.WAITING: "PLANNED",
    }
    with closing(Client(url)) as client:
        rows = client.execute("SELECT number, status, value FROM runs ORDER BY number").fetchall()
        assert [tuple(row) for row in rows] == [
            (trial.number, statuses[trial.state], trial.value) for trial in trials
        ]
        rows = client.execute(
            "SELECT number, step, intermediate_value FROM metrics JOIN runs ON runs.id = run_id"
            " ORDER BY number, step"
        ).fetchall()
        assert [tuple(row) for row in rows] == [
            (trial.number, step, value)
            for trial in trials
            for step, value in sorted(trial.intermediate_values.items())
        ]
        if client.dialect == "sqlite":
            assert client.execute("PRAGMA integrity_check").fetchall()[0][0] == "ok"


# -- many at once ------------------------------------------------------------------------------


def test_processes_optimize_one_study(url: str, client: Client, study: Any):
    program = """
study = load()
wait_for_all()
study.optimize(objective, n_trials=count)
"""
    processes, count = (4 if client.dialect == "mysql" else 8), 10
    run_at_once(url, program, processes, count)
    trials = read_trials(url)
    assert len(trials) == processes * count
    for trial in trials:
        assert trial.state == TrialState.COMPLETE
        check_complete(trial)
    workers = Counter(trial.user_attrs["worker"] for trial in trials)
    assert workers == dict.fromkeys(range(processes), count)
    check_sql(url, trials)
    assert study.best_value == min(trial.value for trial in trials if trial.value is not None)
    assert len(study.trials) == len(trials)


def test_queued_trials_are_handed_out_once(url: str, client: Client, study: Any):
    program = """
study = load()
wait_for_all()
while True:
    trial = study.ask()
    if "queued" not in trial.user_attrs:
        study.tell(trial, state=TrialState.FAIL)
        break
    print(trial.number, trial.user_attrs["queued"], trial.suggest_float("x", -1000, 1000))
    study.tell(trial, 1.0)
"""
    count, processes = (60 if client.dialect == "mysql" else 100), 8
    for i in range(count):
        study.enqueue_trial({"x": float(i)}, user_attrs={"queued": i})
    lines = "".join(run_at_once(url, program, processes)).splitlines()
    got = sorted(tuple(float(part) for part in line.split()) for line in lines)
    assert got == [(i, i, i) for i in range(count)]
    trials = read_trials(url)
    assert [trial.state for trial in trials[:count]] == [TrialState.COMPLETE] * count
    assert [trial.state for trial in trials[count:]] == [TrialState.FAIL] * processes


def test_a_trial_is_started_by_one_of_many(url: str, study: Any):
    program = """
study = load()
storage, started = study._storage, []
ids = [trial._trial_id for trial in study.get_trials(states=[TrialState.WAITING])]
wait_for_all()
for id in ids:
    if storage.set_trial_state_values(id, TrialState.RUNNING):
        started.append(id)
print(json.dumps(started))
"""
    for _ in range(40):
        study.enqueue_trial({})
    ids = [trial._trial_id for trial in study.trials]
    started = [json.loads(out) for out in run_at_once(url, program, 4)]
    assert sorted(id for ids in started for id in ids) == ids
    assert {trial.state for trial in study.trials} == {TrialState.RUNNING}


def test_processes_create_the_database_and_the_study_at_once(url: str, request: Any):
    if not url.startswith("sqlite"):
        with closing(Client(url)) as client:
            schema.setup(client.database)
    program = """
wait_for_all()
storage = RDBStorage(url)
study = optuna.create_study(study_name="shared", storage=storage, load_if_exists=True)
study.optimize(objective, n_trials=3)
print(study._study_id)
"""
    assert len(set(run_at_once(url, program, 4))) == 1
    trials = read_trials(url)
    assert len(trials) == 12
    for trial in trials:
        check_complete(trial)


def test_threads_optimize_one_study(url: str, study: Any):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study.optimize(objective, n_trials=60, n_jobs=4)
    trials = read_trials(url)
    assert len(trials) == 60
    for trial in trials:
        check_complete(trial)
    check_sql(url, trials)


# -- kill -9 -----------------------------------------------------------------------------------

KILLED = """
study = load()
for i in range(10**9):
    trial = study.ask()
    value = objective(trial)
    study.tell(trial, value)
    tell(trial, TrialState.COMPLETE, [value])
"""


def kill_while_they_print(children: list[Forked], seconds: float) -> list[list[Any]]:
    """Let them run a while, kill all, and return what they said in whole lines."""
    lines = [child.stdout.readline() for child in children]
    time.sleep(seconds)
    for child in children:
        child.kill()
    for child in children:
        lines += child.stdout.readlines()  # after what readline() has buffered
        _, error = child.communicate(timeout=TIMEOUT)
        assert child.returncode == -9, error
    return [json.loads(line) for line in lines if line.endswith("\n")]


def test_what_was_told_survives_killed_processes(url: str, client: Client, study: Any):
    # Mostly one at a time, since most of the time goes into starting them.
    workers = [1, 1, 2] * 7 if client.dialect == "sqlite" else [2] * 4
    said: dict[int, list[Any]] = {}
    for number, count in enumerate(workers):
        children = [start(url, KILLED, number * 10 + i) for i in range(count)]
        try:
            for line in kill_while_they_print(children, random.random() * 0.25):
                assert line[0] not in said
                said[line[0]] = line[1:]
        finally:
            end(children)
    trials = read_trials(url)
    assert len(said) >= sum(workers)
    for at, (state, values, params, user_attrs) in said.items():
        trial = trials[at]
        assert trial.state.name == state
        assert (trial.values, trial.params, trial.user_attrs) == (values, params, user_attrs)
    for trial in trials:
        if trial.state == TrialState.COMPLETE:
            check_complete(trial)
        else:
            assert trial.state == TrialState.RUNNING
            assert trial.number not in said
            assert trial.values is None
            assert trial.datetime_complete is None
    assert sum(trial.state == TrialState.RUNNING for trial in trials) <= sum(workers)
    check_sql(url, trials)
    study.optimize(objective, n_trials=2)
    assert [trial.number for trial in study.trials] == list(range(len(trials) + 2))


def retry_callback(max_retry: int | None = None) -> Any:
    name = "RetryHeartbeatStaleTrialCallback"
    if not hasattr(optuna.storages, name):
        name = "RetryFailedTrialCallback"
    return getattr(optuna.storages, name)(max_retry=max_retry)


def test_stale_trials_fail_and_are_retried(url: str, client: Client, study: Any):
    program = """
def sleep(trial):
    value = objective(trial)
    if trial.number < 2:
        print("asleep", flush=True)
        time.sleep(1000)
    return value
load(heartbeat_interval=1, grace_period=2).optimize(sleep)
"""
    children = [start(url, program, i) for i in range(2)]
    try:
        for child in children:
            assert child.stdout.readline() == "asleep\n", child.communicate()[1]
        time.sleep(0.2)
        abandoned = study.trials
        assert [trial.state for trial in abandoned] == [TrialState.RUNNING] * 2
        children[0].kill()
        children[0].wait()
        storage = RDBStorage(
            client,
            heartbeat_interval=1,
            grace_period=2,
            failed_trial_callback=None,
            heartbeat_stale_trial_callback=retry_callback(),
        )
        dead = next(trial for trial in abandoned if trial.user_attrs["worker"] == 0)
        ours = optuna.load_study(
            study_name="shared", storage=storage, sampler=optuna.samplers.RandomSampler()
        )
        deadline = time.monotonic() + 20
        while study.trials[dead.number].state == TrialState.RUNNING:
            assert time.monotonic() < deadline
            optuna.storages.fail_stale_trials(ours)
            time.sleep(0.1)
        alive = study.trials[1 - dead.number]
        assert alive.state == TrialState.RUNNING
        failed, *_, queued = study.trials[dead.number : dead.number + 1] + study.trials[2:]
        assert failed.state == TrialState.FAIL
        assert failed.params == dead.params
        assert queued.state == TrialState.WAITING
        assert queued.system_attrs["failed_trial"] == dead.number
        assert queued.params == dead.params
        ours.optimize(objective, n_trials=1)
        retried = study.trials[queued.number]
        check_complete(retried)
        assert retried.params == dead.params
        optuna.storages.fail_stale_trials(ours)
        assert len(study.trials) == 3
    finally:
        end(children)


def test_a_stale_trial_is_retried_once_by_many_workers(url: str, client: Client, study: Any):
    program = """
from optuna.storages import fail_stale_trials
name = "RetryHeartbeatStaleTrialCallback"
if not hasattr(optuna.storages, name):
    name = "RetryFailedTrialCallback"
retry = getattr(optuna.storages, name)()
study = load(heartbeat_interval=1, grace_period=1, heartbeat_stale_trial_callback=retry)
wait_for_all()
for _ in range(30):
    fail_stale_trials(study)
    time.sleep(0.1)
"""
    storage = RDBStorage(client, heartbeat_interval=1, grace_period=1)
    for _ in range(5):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        storage.record_heartbeat(trial._trial_id)
    study.ask()  # without a heartbeat it never gets stale
    run_at_once(url, program, 4)
    states = Counter(trial.state for trial in study.trials)
    assert states == {TrialState.FAIL: 5, TrialState.RUNNING: 1, TrialState.WAITING: 5}
    retried = [t.system_attrs.get("failed_trial") for t in study.trials[6:]]
    assert sorted(retried) == [0, 1, 2, 3, 4]


# -- servers -----------------------------------------------------------------------------------


def test_a_study_survives_restarts_of_its_server(private_postgres: PrivateServer):
    url = private_postgres.url("postgres")
    with closing(Client(url)) as client:
        schema.setup(client.database)
        create_study(RDBStorage(client))
    # "full", since an immediate stop is a crash, which may take the last moments otherwise.
    program = KILLED.replace("load()", 'load(durability="full")')
    program = program.replace("for i in range(10**9):", "while not ending:")
    program = (
        """
import threading
ending = []
threading.Thread(target=lambda: ending.append(sys.stdin.readline()), daemon=True).start()
"""
        + program
    )
    child = start(url, program)
    guard = threading.Timer(TIMEOUT, child.kill)
    guard.start()
    try:
        lines = [child.stdout.readline()]
        for mode in ("fast", "immediate", "fast"):
            lines += [child.stdout.readline() for _ in range(20)]
            private_postgres.restart(mode)
        lines += [child.stdout.readline() for _ in range(20)]
        out, error = child.communicate("end\n", timeout=TIMEOUT)
    finally:
        guard.cancel()
        end([child])
    assert "Traceback" not in error  # It says when it tries to connect again
    assert child.returncode == 0
    lines += out.splitlines(keepends=True)
    said = {line[0]: line[1:] for line in map(json.loads, lines)}
    trials = read_trials(url)
    done = {trial.number for trial in trials if trial.state == TrialState.COMPLETE}
    assert done >= said.keys()
    for at, (_, values, params, user_attrs) in said.items():
        trial = trials[at]
        check_complete(trial)
        assert (trial.values, trial.params, trial.user_attrs) == (values, params, user_attrs)
    # A commit whose answer was lost may have been repeated.
    assert len(trials) - len(said) <= 3
    check_sql(url, trials)


# -- deleted, forked, pickled ------------------------------------------------------------------


def test_a_study_that_another_process_deleted_is_gone(url: str, client: Client, study: Any):
    study.optimize(objective, n_trials=2)
    running = study.ask()
    storage = RDBStorage(client)
    study_id, trial_id = study._study_id, running._trial_id
    assert len(storage.get_all_trials(study_id)) == 3
    program = """
wait_for_all()
optuna.delete_study(study_name="shared", storage=RDBStorage(url))
"""
    run_at_once(url, program, 1)
    calls: list[Callable[[], Any]] = [
        lambda: storage.get_all_trials(study_id),
        lambda: storage.get_all_trials(study_id, deepcopy=False, states=[TrialState.COMPLETE]),
        lambda: storage.get_trial(trial_id),
        lambda: storage.get_best_trial(study_id),
        lambda: storage.get_n_trials(study_id),
        lambda: storage.get_study_directions(study_id),
        lambda: storage.get_study_name_from_id(study_id),
        lambda: storage.get_study_id_from_name("shared"),
        lambda: storage.get_study_user_attrs(study_id),
        lambda: storage.get_trial_params(trial_id),
        lambda: storage.get_trial_system_attrs(trial_id),
        lambda: storage.get_trial_number_from_id(trial_id),
        lambda: storage.get_trial_id_from_study_id_trial_number(study_id, 0),
        lambda: storage.set_study_user_attr(study_id, "a", 1),
        lambda: storage.set_trial_user_attr(trial_id, "a", 1),
        lambda: storage.set_trial_intermediate_value(trial_id, 0, 1.0),
        lambda: storage.set_trial_state_values(trial_id, TrialState.COMPLETE, [1.0]),
        lambda: storage.create_new_trial(study_id),
        lambda: storage.delete_study(study_id),
        lambda: running.report(1.0, 1),
        lambda: study.tell(running, 1.0),
        lambda: study.ask(),
        lambda: study.trials,
    ]
    for call in calls:
        with pytest.raises(KeyError):
            call()
    assert create_study(storage)._study_id != study_id


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_storage_may_be_forked_while_it_is_used(url: str, client: Client, study: Any):
    study.optimize(objective, n_trials=3)
    running = study.ask()
    running.suggest_float("x", -10, 10)
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)

    def work() -> None:
        try:
            study.optimize(objective, n_trials=10)
            running.set_user_attr("child", os.getpid())
            writer.send(len(study.trials))
        except BaseException as error:
            writer.send(repr(error))

    child = context.Process(target=work)
    child.start()
    try:
        study.optimize(objective, n_trials=10)
        child.join(TIMEOUT)
        assert child.exitcode == 0
        assert reader.poll(0)
        seen = reader.recv()
        assert type(seen) is int, seen
        assert seen >= 14
    finally:
        child.kill()
        child.join()
        child.close()
    study.tell(running, 0.5)
    trials = read_trials(url)
    assert len(trials) == 24
    assert "child" in trials[3].user_attrs
    for trial in trials[:3] + trials[4:]:
        check_complete(trial)
    assert len(study.trials) == 24


def test_a_pickled_storage_works_in_another_process(url: str, client: Client, study: Any):
    study.optimize(objective, n_trials=2)
    running = study.ask()
    running.suggest_float("x", -10, 10)
    program = """
import pickle
study, running = pickle.loads(bytes.fromhex(sys.stdin.readline()))
assert len(study.trials) == 3
running.report(0.5, 1)
study.tell(running, 7.0)
study.optimize(objective, n_trials=3)
print(study._storage.get_n_trials(study._study_id))
"""
    child = start(url, program)
    try:
        out, error = child.communicate(pickle.dumps((study, running)).hex() + "\n", TIMEOUT)
    finally:
        end([child])
    assert (out, error, child.returncode) == ("6\n", "", 0)
    assert study.trials[2].values == [7.0]
    assert study.trials[2].intermediate_values == {1: 0.5}
    assert len(study.trials) == 6


# -- gRPC --------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("url", ["sqlite", "postgres"], indirect=True)
def test_a_storage_works_behind_a_proxy(url: str, client: Client, study: Any):
    pytest.importorskip("grpc")
    program = """
from optuna.storages import run_grpc_proxy_server
run_grpc_proxy_server(RDBStorage(url), host="127.0.0.1", port=number)
"""
    port = free_port()
    server = start(url, program, port)
    try:
        proxy = optuna.storages.GrpcStorageProxy(host="127.0.0.1", port=port)
        proxy.wait_server_ready(timeout=TIMEOUT)
        there = optuna.load_study(
            study_name="shared", storage=proxy, sampler=optuna.samplers.RandomSampler()
        )
        there.enqueue_trial({"x": 1.5, "n": 2, "kind": None})
        there.optimize(objective, n_trials=8)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            there.optimize(objective, n_trials=12, n_jobs=3)
        study.optimize(objective, n_trials=2)
        assert len(there.trials) == 22
        assert there.best_value == study.best_value
        with pytest.raises(KeyError):
            optuna.load_study(study_name="no such study", storage=proxy)
        proxy.remove_session()
        proxy.close()
    finally:
        end([server])
    trials = read_trials(url)
    assert len(trials) == 22
    assert trials[0].params == {"x": 1.5, "n": 2, "kind": None}
    for trial in trials:
        check_complete(trial)
    check_sql(url, trials)


# -- what trials cost --------------------------------------------------------------------------


class Counting:
    """Counts the statements that are run."""

    def __init__(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements: list[str] = []
        if client.dialect == "sqlite":
            client.connection.set_trace_callback(self.statements.append)
            return
        run = Session.run
        counting = self

        def counted(self: Any, sql: str, *args: Any, **kwargs: Any) -> Any:
            counting.statements.append(sql)
            return run(self, sql, *args, **kwargs)

        monkeypatch.setattr(Session, "run", counted)

    def count(self, call: Callable[[], Any]) -> int:
        del self.statements[:]
        call()
        return len(self.statements)


def test_abandoned_trials_do_not_slow_new_ones(
    client: Client, study: Any, monkeypatch: pytest.MonkeyPatch
):
    counting = Counting(client, monkeypatch)
    converted: list[Any] = []
    create = FrozenTrial.__init__

    def counted(self: Any, *args: Any, **kwargs: Any) -> None:
        converted.append(None)
        create(self, *args, **kwargs)

    monkeypatch.setattr(FrozenTrial, "__init__", counted)

    def optimize() -> None:
        study.optimize(objective, n_trials=5)

    def costs() -> tuple[int, int]:
        """How many statements were run, and how many trials were made of rows."""
        optimize()
        del converted[:]
        return counting.count(optimize), len(converted)

    statements, trials = costs()
    assert 0 < statements <= 5 * 80
    for _ in range(500):
        study.ask()
    more_statements, more_trials = costs()
    assert more_statements <= statements
    assert more_trials <= trials


def test_reading_again_what_has_not_changed_costs_little(
    client: Client, study: Any, monkeypatch: pytest.MonkeyPatch
):
    study.optimize(objective, n_trials=5)
    study.ask()
    counting = Counting(client, monkeypatch)
    storage, study_id = study._storage, study._study_id
    storage.get_all_trials(study_id, deepcopy=False)
    assert counting.count(lambda: storage.get_all_trials(study_id, deepcopy=False)) <= 3
