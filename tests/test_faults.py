"""What may go wrong does: killed processes, many writers, servers that restart."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest

from runbase import Client, Experiment, Run
from runbase.errors import ConnectionLostError
from runbase.store import columns, schema

if TYPE_CHECKING:
    from tests.servers import PrivateServer

TIMEOUT = 90
HEAD = """
import sys, time
import runbase
from runbase.store import schema
url, run_id, number, settings = sys.argv[1:]
number = int(number)
client = runbase.Client(url, **eval(settings))
def wait_for_all():
    print("ready", flush=True)
    sys.stdin.readline()
"""


def start(url: str, program: str, run_id: int = 0, number: int = 0, **settings: Any) -> Any:
    command = [sys.executable, "-c", HEAD + program, url, str(run_id), str(number), repr(settings)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def run_at_once(url: str, program: str, count: int, run_ids: list[int] | None = None) -> list[str]:
    """Run the program several times, let all go on from `wait_for_all` together."""
    children = [start(url, program, run_ids[i] if run_ids else 0, i) for i in range(count)]
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
        for child in children:
            child.kill()
            child.wait()
    assert [error for _, error in results] == [""] * count
    assert [child.returncode for child in children] == [0] * count
    return [out for out, _ in results]


def make_runs(client: Client, count: int) -> list[int]:
    experiment = Experiment(client, name="faults")
    return [experiment.get_run().id for _ in range(count)]


def steps(client: Client, run_id: int) -> list[int]:
    query = "SELECT step FROM metrics WHERE run_id = ? ORDER BY step"
    return [row[0] for row in client.execute(query, (run_id,)).fetchall()]


def check_summaries(client: Client, names: list[str]) -> None:
    """All rows of run_metrics say what the rows of metrics say."""
    for name in names:
        rows = client.execute(
            f"SELECT run_id, COUNT({name}), SUM({name}), MIN({name}), MAX({name}),"
            f" MIN(CASE WHEN {name} IS NOT NULL THEN step END),"
            f" MAX(CASE WHEN {name} IS NOT NULL THEN step END) FROM metrics"
            f" GROUP BY run_id HAVING COUNT({name}) > 0 ORDER BY run_id"
        ).fetchall()
        kept = client.execute(
            "SELECT run_id, n, sum, min, max, first_step, last_step FROM run_metrics"
            " JOIN metric_names ON id = metric_id WHERE name = ? AND n > 0 ORDER BY run_id",
            (name,),
        ).fetchall()
        assert [tuple(row) for row in kept] == [tuple(row) for row in rows]


# -- kill -9 -----------------------------------------------------------------------------------

KILLED = """
run = runbase.Run(client, run_id=int(run_id))
for step in range(10**9):
    run.add_metrics({"loss": float(step), "acc": 1.0}, step=step)
    print(step, flush=True)
"""


def kill_while_it_prints(child: Any, seconds: float) -> list[str]:
    """Let it run a while, kill it, and return the complete lines that it wrote."""
    lines = [child.stdout.readline()]
    killer = threading.Timer(seconds, child.kill)
    killer.start()
    lines += child.stdout
    killer.join()
    error = child.stderr.read()
    child.communicate(timeout=TIMEOUT)
    assert child.returncode == -9, error
    return [line.strip() for line in lines if line.endswith("\n")]


def test_what_was_acknowledged_survives_a_killed_process(url: str, client: Client):
    for run_id in make_runs(client, 3):
        lines = kill_while_it_prints(start(url, KILLED, run_id), 0.1 + random.random() * 0.3)
        done, kept = [int(line) for line in lines], steps(client, run_id)
        assert done == list(range(len(done)))
        assert kept in (done, [*done, len(done)])
    with closing(Client(url)) as other:
        check_summaries(other, ["loss", "acc"])
        if other.dialect == "sqlite":
            assert other.execute("PRAGMA integrity_check").fetchall()[0][0] == "ok"
        Run(other, run_id=run_id).add_metrics({"loss": -1.0, "acc": 0.0}, step=10**6)
        check_summaries(other, ["loss", "acc"])


def test_a_killed_process_loses_at_most_the_interval(url: str, client: Client):
    program = """
run = runbase.Run(client, run_id=int(run_id))
for step in range(10**9):
    run.add_metrics({"loss": float(step)}, step=step)
    print(step, time.monotonic(), flush=True)
    time.sleep(0.001)
"""
    for run_id in make_runs(client, 1):
        child = start(url, program, run_id, flush_interval=0.1)
        lines = kill_while_it_prints(child, 0.6 + random.random() * 0.2)
        taken = {int(step): float(at) for step, at in (line.split() for line in lines)}
        old = [step for step, at in taken.items() if at < max(taken.values()) - 0.1 - 0.3]
        kept = steps(client, run_id)
        assert len(old) > 10
        assert kept == list(range(len(kept)))
        assert len(kept) >= len(old)
    check_summaries(client, ["loss"])


# -- many writers ------------------------------------------------------------------------------

WRITER = """
run = runbase.Run(client, run_id=int(run_id))
wait_for_all()
with run.track():
    for step in range(200):
        run.add_metrics({"loss": float(step * number), "acc": 0.5 * step}, step=step)
client.close()
"""


@pytest.mark.item("S024")
def test_processes_that_log_at_once_lose_nothing(url: str, client: Client):
    count = 4 if client.dialect == "mysql" else 8
    run_ids = make_runs(client, count)
    assert run_at_once(url, WRITER, count, run_ids) == [""] * count
    for number, run_id in enumerate(run_ids):
        run = Run(client, run_id=run_id)
        assert run.get_metric("loss") == [(s, 0.0, float(s * number)) for s in range(200)]
        assert run.get_metric("acc") == [(s, 0.0, 0.5 * s) for s in range(200)]
    check_summaries(client, ["loss", "acc"])
    done = client.execute("SELECT COUNT(*) FROM runs WHERE status = 'COMPLETED'").fetchone()
    assert done[0] == count


def test_processes_may_log_to_one_run(url: str, client: Client):
    program = """
run = runbase.Run(client, run_id=int(run_id))
wait_for_all()
for step in range(50):
    run.add_metrics({"loss": float(step)}, step=step * 4 + number)
    run.add_metrics({f"own_{number}": 1.0}, step=step)
client.close()
"""
    (run_id,) = make_runs(client, 1)
    run_at_once(url, program, 4, [run_id] * 4)
    assert [p.step for p in Run(client, run_id=run_id).get_metric("loss")] == list(range(200))
    rows = client.execute(
        "SELECT name, n FROM run_metrics JOIN metric_names ON id = metric_id ORDER BY name"
    ).fetchall()
    assert [tuple(row) for row in rows] == [("loss", 200), *((f"own_{i}", 50) for i in range(4))]


def test_processes_may_set_up_the_database_at_once(url: str):
    program = """
wait_for_all()
schema.setup(client.database)
print(runbase.Experiment(client, name="the same").id)
client.close()
"""
    assert len(set(run_at_once(url, program, 8))) == 1
    with closing(Client(url)) as client:
        rows = client.execute("SELECT name FROM experiments").fetchall()
        assert [row[0] for row in rows] == ["the same"]


def test_processes_may_bring_new_metrics_at_once(url: str, client: Client):
    program = """
run = runbase.Run(client, run_id=int(run_id))
wait_for_all()
for step in range(6):
    run.add_metrics({f"same_{step}": 1.0, f"own_{number}_{step}": 2.0}, step=step)
client.close()
"""
    run_ids = make_runs(client, 8)
    run_at_once(url, program, 8, run_ids)
    for number, run_id in enumerate(run_ids):
        run = Run(client, run_id=run_id)
        for step in range(6):
            assert run.get_metric(f"same_{step}") == [(step, 0.0, 1.0)]
            assert run.get_metric(f"own_{number}_{step}") == [(step, 0.0, 2.0)]
    names = client.execute("SELECT COUNT(*), COUNT(DISTINCT name) FROM metric_names").fetchone()
    assert tuple(names) == (54, 54)
    (n,) = client.execute("SELECT SUM(n) FROM run_metrics").fetchone()
    assert n == 8 * 12


# -- servers that restart ----------------------------------------------------------------------


class Logger:
    """A thread that logs steps until it is told to end."""

    def __init__(self, run: Run) -> None:
        self.run, self.done = run, 0
        self.error: BaseException | None = None
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self) -> None:
        try:
            while not self.ending.is_set():
                self.run.add_metrics({"loss": float(self.done)}, step=self.done)
                self.done += 1
                time.sleep(0.001)
            self.run.client.flush()
        except BaseException as error:
            self.error = error

    def wait_for(self, more: int) -> None:
        goal, give_up = self.done + more, time.monotonic() + TIMEOUT
        while self.done < goal and self.thread.is_alive() and time.monotonic() < give_up:
            time.sleep(0.005)

    def end(self) -> None:
        self.ending.set()
        self.thread.join(TIMEOUT)
        if self.error is not None:
            raise self.error
        assert not self.thread.is_alive()


@pytest.mark.parametrize(
    "settings",
    [{"durability": "full"}, {"durability": "full", "flush_interval": 0.02}],
    ids=["sync", "buffered"],
)
def test_a_run_survives_restarts_of_its_server(
    private_postgres: PrivateServer, settings: dict[str, Any]
):
    # "full", since an immediate stop is a crash, which may take the last moments otherwise.
    client = Client(private_postgres.url("postgres"), **settings)
    schema.setup(client.database)
    run = Experiment(client, name="restarts").get_run()
    run.start(terminated=None)
    logger = Logger(run)
    for mode in ("fast", "immediate", "fast", "immediate"):
        logger.wait_for(50)
        private_postgres.restart(mode)
    logger.wait_for(50)
    logger.end()
    run.stop()
    assert logger.done >= 200
    assert steps(client, run.id) == list(range(logger.done))
    check_summaries(client, ["loss"])
    client.close()


@pytest.fixture(params=["postgres", "mysql"])
def server_client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of a database on a server."""
    with closing(Client(request.getfixturevalue(f"{request.param}_url"))) as client:
        schema.setup(client.database)
        yield client


@pytest.fixture
def end_connection(
    server_client: Client, request: pytest.FixtureRequest
) -> Iterator[Callable[[], None]]:
    """Ends the client's connection from the server's side."""

    def end_postgres() -> None:
        pid = server_client.connection.info.backend_pid
        admin.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))

    def end_mysql() -> None:
        thread = server_client.connection.thread_id()
        admin.execute(f"KILL {thread}")
        listed = f"SELECT 1 FROM information_schema.processlist WHERE id = {thread}"
        while admin.execute(listed):  # which counts rows
            time.sleep(0.001)

    if server_client.dialect == "postgresql":
        admin = request.getfixturevalue("postgres_admin")
        yield end_postgres
    else:
        with request.getfixturevalue("mariadb_admin").cursor() as admin:
            yield end_mysql


@pytest.mark.item("S025")
def test_a_connection_that_ended_between_statements_is_replaced(
    server_client: Client, end_connection: Callable[[], None]
):
    run = Experiment(server_client, name="ended").get_run()
    works: list[Callable[[int], object]] = [
        lambda i: run.add_metrics({"loss": 1.0}, step=i),
        lambda i: run.add_metrics({f"new_{i}": 1.0}, step=i),
        lambda i: run.set_tags(f"t{i}"),
        lambda i: run.start(terminated=None),
        lambda i: run.get_metric("loss"),
        lambda i: server_client.execute("SELECT 1"),
        lambda i: server_client.execute("UPDATE runs SET comment = ?", (str(i),)),
        lambda i: Experiment(server_client, name=f"new {i}"),
        lambda i: Experiment(server_client, name="ended").get_run(),
        lambda i: run.stop(),
    ]
    run.add_metrics({"loss": 1.0}, step=1000)
    for i, work in enumerate(works):
        end_connection()
        work(i)
    end_connection()
    with server_client:
        run.add_metrics({"loss": 1.0}, step=1001)
    assert steps(server_client, run.id) == [0, 1, 1000, 1001]


def test_a_connection_that_ended_in_a_block_is_reported(
    server_client: Client, end_connection: Callable[[], None]
):
    run = Experiment(server_client, name="ended").get_run()
    for work in (
        lambda: run.add_metrics({"loss": 1.0}, step=2),
        lambda: run.add_metrics({"new": 1.0}, step=2),
        lambda: run.set_comment("never"),
        lambda: server_client.execute("SELECT 1"),
        lambda: None,  # the commit
    ):
        with pytest.raises(ConnectionLostError, match="repeat it"):  # noqa: PT012, SIM117
            with server_client:
                run.add_metrics({"loss": 1.0}, step=1)
                end_connection()
                work()
        assert steps(server_client, run.id) == []
    with server_client:
        run.add_metrics({"loss": 1.0}, step=3)
    run.add_metrics({"loss": 1.0}, step=4)
    assert steps(server_client, run.id) == [3, 4]
    check_summaries(server_client, ["loss"])


def test_a_block_whose_error_was_caught_inside_is_undone_as_a_whole(
    server_client: Client, end_connection: Callable[[], None]
):
    run = Experiment(server_client, name="ended").get_run()
    with pytest.raises(ConnectionLostError, match="repeat it"), server_client:  # noqa: PT012
        run.add_metrics({"loss": 1.0}, step=1)
        end_connection()
        with suppress(ConnectionLostError), server_client:
            run.add_metrics({"loss": 1.0}, step=2)
        with pytest.raises(ConnectionLostError, match="repeat it"):
            run.add_metrics({"loss": 1.0}, step=3)
        with pytest.raises(ConnectionLostError, match="repeat it"):
            server_client.commit()
    assert steps(server_client, run.id) == []
    with server_client:
        run.add_metrics({"loss": 1.0}, step=4)
        end_connection()
        with suppress(ConnectionLostError):
            run.add_metrics({"loss": 1.0}, step=5)
        server_client.rollback()  # says that the caller knows
        run.add_metrics({"loss": 1.0}, step=6)
    assert steps(server_client, run.id) == [6]
    check_summaries(server_client, ["loss"])


def test_a_reader_that_sleeps_in_a_transaction_does_not_stop_a_new_metric(postgres_url: str):
    with closing(Client(postgres_url)) as client, closing(Client(postgres_url)) as reader:
        schema.setup(client.database)
        run = Experiment(client, name="readers").get_run()
        run.add_metrics({"loss": 1.0}, step=0)
        with reader:
            reader.execute("SELECT * FROM metrics")
            began = time.monotonic()
            run.add_metrics({"loss": 2.0, "new": 2.5}, step=1)
            assert 0.1 <= time.monotonic() - began < 1.0  # 0.1 to 0.3 s unless others are busy
            run.add_metrics({"loss": 3.0, "new": 3.5}, step=2)
            column = "SELECT column_name FROM metric_names WHERE name = 'new'"
            assert client.execute(column).fetchone()[0] is None
        assert run.get_metric("new") == [(1, 0.0, 2.5), (2, 0.0, 3.5)]
        columns.catalogue(client.database).retry_at["new"] = 0.0  # that is, RETRY later
        run.add_metrics({"loss": 4.0, "new": 4.5}, step=3)
        assert client.execute(column).fetchone()[0] == "new"
        assert run.get_metric("new") == [(1, 0.0, 2.5), (2, 0.0, 3.5), (3, 0.0, 4.5)]
        query = (
            "SELECT n, min, max FROM run_metrics JOIN metric_names ON id = metric_id"
            " WHERE name = 'new'"
        )
        assert tuple(client.execute(query).fetchone()) == (3, 2.5, 4.5)
