"""SIGTERM: runs get their status, the buffer is written, and the signal goes on."""

from __future__ import annotations

import os
import random
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from runbase import Client, Experiment, Run, sigterm

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")

TIMEOUT = 60
HEAD = """
import os, signal, sys, threading, time, warnings
import runbase
from runbase import sigterm
warnings.simplefilter("ignore", DeprecationWarning)  # of forks
client = runbase.Client(sys.argv[1], **eval(sys.argv[3]))
run = runbase.Run(client, run_id=int(sys.argv[2]))
def wait():
    print("ready", flush=True)
    while True:  # a signal just before a sleep does not end that sleep
        time.sleep(0.05)
"""
LOOP = """
with run.track():
    for step in range(10**9):
        run.add_metrics({"loss": 1.0, "acc": 2.0}, step=step)
        if step == 3:
            print("ready", flush=True)
"""


class Child:
    """A program that works on a run, and says when it is ready to be ended."""

    def __init__(self, url: str, run: Run, program: str, **settings: Any):
        command = [sys.executable, "-c", HEAD + program, url, str(run.id), repr(settings)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )
        self.guard = threading.Timer(TIMEOUT, self._kill)
        self.guard.daemon = True
        self.guard.start()

    def _kill(self) -> None:
        """Kill it with its children, which would keep the pipes open."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def ready(self) -> Child:
        """Wait for its first line."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()  # which `guard` ends
        if line != "ready\n":
            pytest.fail(f"{line}{self.process.communicate(timeout=TIMEOUT)[1]}")
        return self

    def end(self, *, signal: int | None = signal.SIGTERM) -> tuple[int, str, str]:
        """Send SIGTERM and return its exit code and what else it wrote."""
        if signal is not None:
            self.process.send_signal(signal)
        try:
            out, error = self.process.communicate(timeout=TIMEOUT)
        finally:
            self.guard.cancel()
            self._kill()
        return self.process.returncode, out, error


DIED = (-signal.SIGTERM, "", "")


def status(run: Run) -> str:
    query = "SELECT status FROM runs WHERE id = ?"
    return str(run.client.execute(query, (run.id,)).fetchone()[0])


def steps(run: Run) -> list[int]:
    query = "SELECT step FROM metrics WHERE run_id = ? ORDER BY step"
    return [row[0] for row in run.client.execute(query, (run.id,)).fetchall()]


# -- the status --------------------------------------------------------------------------------


@pytest.mark.item("S070", "S071")
def test_the_status_says_that_runs_were_terminated(url: str, run: Run):
    program = """
others = [runbase.Run(client, run.experiment_id) for _ in range(5)]
run.start()
others[0].start(terminated="TIMEOUT")
others[1].start(terminated=None)
others[2].start().start(terminated="SECOND")
others[3].start().stop()
with others[4].track(terminated="TRACKED"):
    wait()
"""
    assert Child(url, run, program).ready().end() == DIED
    rows = run.client.execute("SELECT status, time_finished FROM runs ORDER BY id").fetchall()
    expected = ["CANCELLED", "TIMEOUT", "RUNNING", "SECOND", "COMPLETED", "TRACKED"]
    assert [row[0] for row in rows] == expected
    assert [row[0] for row in rows if row[1] is None] == ["RUNNING"]


@pytest.mark.item("S070")
def test_a_shell_sees_exit_status_143(url: str, run: Run):
    program = "run.start()\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)"
    child = [sys.executable, "-c", HEAD + program, url, str(run.id), "{}"]
    command = ["sh", "-c", f"{shlex.join(child)}; echo $?"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.stdout == "143\n"
    assert status(run) == "CANCELLED"


@pytest.mark.item("S071")
@pytest.mark.parametrize("settings", [{}, {"flush_interval": 0.01}])
def test_a_signal_at_any_moment_of_logging_is_handled(url: str, run: Run, settings: dict[str, Any]):
    others = [run, *(Run(run.client, run.experiment_id) for _ in range(2))]
    for each in others:
        child = Child(url, each, LOOP, **settings).ready()
        time.sleep(random.random() * 0.1)
        assert child.end() == DIED
        assert status(each) == "CANCELLED"
        done = steps(each)
        assert done == list(range(len(done)))
        counted = run.client.execute("SELECT n FROM run_metrics WHERE run_id = ?", (each.id,))
        assert {row[0] for row in counted} == {len(done)}


@pytest.mark.item("S071")
def test_the_work_of_an_open_block_is_undone_and_the_status_set(url: str, run: Run):
    program = """
run.start()
run.add_metrics({"loss": 1.0}, step=1)
with client:
    run.add_metrics({"loss": 1.0}, step=2)
    with client:
        run.set_comment("never")
        run.set_status("NEVER")
        wait()
"""
    assert Child(url, run, program).ready().end() == DIED
    assert status(run) == "CANCELLED"
    assert steps(run) == [1]
    assert run.client.execute("SELECT comment FROM runs").fetchone()[0] is None


@pytest.mark.item("S071")
def test_a_statement_that_takes_long_is_given_up(url: str, run: Run):
    if url.startswith("sqlite"):
        pytest.skip("SQLite's statements run in this process, which handles signals after them")
    slow = "SELECT pg_sleep(60)" if url.startswith("postgres") else "SELECT SLEEP(60)"
    program = f"""
with run.track(), client:
    run.set_status("NEVER")
    print("ready", flush=True)
    client.execute("{slow}")
"""
    child = Child(url, run, program).ready()
    time.sleep(0.1)
    began = time.monotonic()
    assert child.end() == DIED
    assert time.monotonic() - began < 20
    assert status(run) == "CANCELLED"


@pytest.mark.item("S071")
def test_the_buffer_is_written(url: str, run: Run):
    program = """
run.start()
for step in range(1000):
    run.add_metrics({"loss": 1.0}, step=step)
wait()
"""
    assert Child(url, run, program, flush_interval=3600).ready().end() == DIED
    assert steps(run) == list(range(1000))
    assert status(run) == "CANCELLED"


@pytest.mark.item("S071")
def test_a_run_started_in_another_thread_is_logged(url: str, run: Run):
    program = """
def work():
    with run.track():
        run.add_metrics({"loss": 1.0}, step=1)
thread = threading.Thread(target=work)
thread.start()
thread.join()
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
wait()
"""
    assert Child(url, run, program).ready().end() == DIED
    assert (status(run), steps(run)) == ("COMPLETED", [1])


@pytest.mark.item("S071")
def test_a_run_of_another_thread_gets_its_status_once_the_handler_is_there(url: str, run: Run):
    program = """
def work():
    with run.track():
        time.sleep(60)
other = runbase.Run(client, run.experiment_id)
threading.Thread(target=work, daemon=True).start()
other.start()
while not sigterm._functions.keys() >= {run._key, other._key}:
    time.sleep(0.001)
wait()
"""
    assert Child(url, run, program).ready().end() == DIED
    found = run.client.execute("SELECT status FROM runs ORDER BY id").fetchall()
    assert [row[0] for row in found] == ["CANCELLED", "CANCELLED"]


@pytest.mark.item("S071")
@pytest.mark.parametrize("settings", [{}, {"flush_interval": 0.005}])
def test_the_signal_comes_while_other_threads_log(url: str, run: Run, settings: dict[str, Any]):
    program = """
def work(run):
    for step in range(10**9):
        run.add_metrics({"loss": 1.0}, step=step)
        if step == 3:
            begun.release()
begun = threading.Semaphore(0)
run.start()
others = [runbase.Run(client, run.experiment_id).start() for _ in range(2)]
for other in others:
    threading.Thread(target=work, args=(other,), daemon=True).start()
for _ in others:
    begun.acquire()
wait()
"""
    assert Child(url, run, program, **settings).ready().end() == DIED
    found = run.client.execute("SELECT status FROM runs").fetchall()
    assert [row[0] for row in found] == ["CANCELLED"] * 3
    rows = run.client.execute(
        "SELECT r.n, COUNT(*), MAX(m.step) + 1 FROM run_metrics r"
        " JOIN metrics m ON m.run_id = r.run_id GROUP BY r.run_id, r.n"
    ).fetchall()
    assert len(rows) == 2
    assert all(n == count == last for n, count, last in rows)


# -- earlier handlers --------------------------------------------------------------------------


@pytest.mark.item("S070", "S071")
@pytest.mark.parametrize("settings", [{}, {"flush_interval": 3600}])
def test_an_earlier_handler_is_called_afterwards_and_may_exit(
    url: str, run: Run, settings: dict[str, Any]
):
    program = """
def earlier(number, frame):
    status = client.execute("SELECT status FROM runs").fetchone()[0]
    print(number, status, run.get_metric("loss")[0].value)
    sys.exit(7)
signal.signal(signal.SIGTERM, earlier)
with run.track():
    run.add_metrics({"loss": 1.0}, step=1)
    wait()
"""
    child = Child(url, run, program, **settings).ready()
    assert child.end() == (7, "15 CANCELLED 1.0\n", "")
    assert status(run) == "CANCELLED"


@pytest.mark.item("S070")
def test_a_program_whose_earlier_handler_returns_goes_on(url: str, run: Run):
    program = """
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
with run.track():
    print("ready", flush=True)
    while not asked:
        time.sleep(0.01)
    run.add_metrics({"loss": 1.0}, step=1)
print("went on")
"""
    assert Child(url, run, program).ready().end() == (0, "went on\n", "")
    assert (status(run), steps(run)) == ("CANCELLED", [1])


@pytest.mark.item("S071")
def test_a_block_that_was_interrupted_is_undone_as_a_whole(url: str, run: Run):
    program = """
signal.signal(signal.SIGTERM, lambda *_: None)
run.start()
try:
    with client:
        run.add_metrics({"loss": 1.0}, step=1)
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            run.add_metrics({"loss": 1.0}, step=2)
        except runbase.errors.ConnectionLostError:
            print("told")
        with client:
            pass
except runbase.errors.ConnectionLostError as error:
    assert "repeat it" in str(error)
    print("told again")
with client:
    run.add_metrics({"loss": 1.0}, step=3)
"""
    done = Child(url, run, program).end(signal=None)
    assert done == (0, "told\ntold again\n", "")
    assert (status(run), steps(run)) == ("CANCELLED", [3])


@pytest.mark.item("S070")
def test_a_process_that_ignores_the_signal_still_does(url: str, run: Run):
    program = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with run.track():
    print("ready", flush=True)
    sys.stdin.readline()
assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
"""
    command = [sys.executable, "-c", HEAD + program, url, str(run.id), "{}"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        process.communicate("\n", timeout=TIMEOUT)
    assert process.returncode == 0
    assert status(run) == "COMPLETED"


# -- forks -------------------------------------------------------------------------------------


@pytest.mark.item("S071")
def test_a_forked_child_leaves_the_status_alone(url: str, run: Run):
    program = """
with run.track():
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(1)
    os.kill(child, signal.SIGTERM)
    assert os.waitpid(child, 0)[1] == signal.SIGTERM
    print(client.execute("SELECT status FROM runs").fetchone()[0])
"""
    assert Child(url, run, program).end(signal=None) == (0, "RUNNING\n", "")
    assert status(run) == "COMPLETED"


@pytest.mark.item("S071")
def test_a_signal_to_a_child_that_has_just_begun_is_not_lost(tmp_path: Path):
    """Python loses it in a process with a handler, and a pool waits for such a child for ever."""
    with closing(Client(tmp_path / "runs.db")) as client:
        run = Experiment(client, name="forks").get_run()
        program = """
with run.track():
    for _ in range(20):
        child = os.fork()
        if child == 0:
            time.sleep(0.5)
            os._exit(1)
        os.kill(child, signal.SIGTERM)
        assert os.waitpid(child, 0)[1] == signal.SIGTERM
assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())
"""
        assert Child(f"sqlite:///{tmp_path}/runs.db", run, program).end(signal=None) == (0, "", "")
        assert status(run) == "COMPLETED"


@pytest.mark.item("A145")
def test_a_forked_child_gets_the_earlier_handler_back(tmp_path: Path):
    with closing(Client(tmp_path / "runs.db")) as client:
        run = Experiment(client, name="forks").get_run()
        program = """
run.start()
child = os.fork()
if child == 0:
    first = signal.getsignal(signal.SIGTERM)
    sigterm.register("own", print)
    sigterm.deregister("own")
    os._exit({first, signal.getsignal(signal.SIGTERM)} != {signal.SIG_DFL})
assert os.waitpid(child, 0)[1] == 0
"""
        assert Child(f"sqlite:///{tmp_path}/runs.db", run, program).end(signal=None) == (0, "", "")


@pytest.mark.item("S071")
def test_a_pool_may_be_terminated(url: str, run: Run):
    program = """
import multiprocessing
with run.track():
    with multiprocessing.get_context("fork").Pool(2) as pool:  # which terminate()s it
        assert pool.map(abs, [-1, -2]) == [1, 2]
    pool.join()
    run.add_metrics({"loss": 1.0}, step=1)
    print(client.execute("SELECT status FROM runs").fetchone()[0])
    wait()
"""
    child = Child(url, run, program)
    assert child.process.stdout is not None
    assert child.process.stdout.readline() == "RUNNING\n"
    assert child.ready().end() == DIED
    assert (status(run), steps(run)) == ("CANCELLED", [1])


@pytest.mark.item("S071")
def test_a_forked_child_may_have_a_run_of_its_own(url: str, run: Run):
    program = """
with run.track():
    child = os.fork()
    if child == 0:
        with runbase.Run(client, run.experiment_id).track():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
    assert os.waitpid(child, 0)[1] == signal.SIGTERM
"""
    assert Child(url, run, program).end(signal=None) == (0, "", "")
    found = run.client.execute("SELECT status FROM runs ORDER BY id").fetchall()
    assert [row[0] for row in found] == ["COMPLETED", "CANCELLED"]


# -- the functions -----------------------------------------------------------------------------


@pytest.fixture
def calls() -> Iterator[list[str]]:
    """What was called, where SIGTERM itself does nothing but add "end"."""
    called: list[str] = []

    def end(number: int, frame: object) -> None:
        called.append("end")

    before = signal.signal(signal.SIGTERM, end)
    yield called
    for key in list(sigterm._functions):
        sigterm.deregister(key)
    assert signal.signal(signal.SIGTERM, before) is end


@pytest.mark.item("S070", "A144", "A145")
def test_functions_run_once_newest_first_and_then_the_earlier_handler(calls: list[str]):
    for name in ("a", "b", "c"):
        sigterm.register(name, lambda name=name: calls.append(name))  # type: ignore[misc]
    sigterm.deregister("b")
    signal.raise_signal(signal.SIGTERM)
    assert calls == ["c", "a", "end"]
    signal.raise_signal(signal.SIGTERM)
    assert calls == ["c", "a", "end", "end"]


@pytest.mark.item("A144")
def test_a_key_has_one_function(calls: list[str]):
    sigterm.register("a", lambda: calls.append("first"))
    sigterm.register("a", lambda: calls.append("second"))
    signal.raise_signal(signal.SIGTERM)
    assert calls == ["second", "end"]


@pytest.mark.item("A145")
def test_the_earlier_handler_is_back_after_the_last_deregister(calls: list[str]):
    before = signal.getsignal(signal.SIGTERM)
    sigterm.register("a", lambda: calls.append("a"))
    sigterm.register("b", lambda: calls.append("b"))
    assert signal.getsignal(signal.SIGTERM) is not before
    sigterm.deregister("a")
    sigterm.deregister("never registered")
    assert signal.getsignal(signal.SIGTERM) is not before
    sigterm.deregister("b")
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.item("A145")
def test_a_handler_set_later_is_not_taken_away(calls: list[str]):
    before = signal.getsignal(signal.SIGTERM)
    sigterm.register("a", lambda: calls.append("a"))

    def later(number: int, frame: object) -> None:
        calls.append("later")

    signal.signal(signal.SIGTERM, later)
    sigterm.deregister("a")
    assert signal.getsignal(signal.SIGTERM) is later
    signal.signal(signal.SIGTERM, before)


@pytest.mark.item("S071", "A144")
def test_functions_may_deregister_themselves_and_others(calls: list[str]):
    sigterm.register("a", lambda: calls.append("a"))

    def deregister() -> None:
        sigterm.deregister("b")
        sigterm.deregister("a")

    sigterm.register("b", deregister)
    signal.raise_signal(signal.SIGTERM)
    assert calls == ["end"]


@pytest.mark.item("A144")
def test_a_function_that_fails_does_not_keep_the_others_from_running(
    calls: list[str], caplog: pytest.LogCaptureFixture
):
    sigterm.register("a", lambda: calls.append("a"))
    sigterm.register("b", lambda: 1 / 0)
    signal.raise_signal(signal.SIGTERM)
    assert calls == ["a", "end"]
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.item("A144")
def test_functions_of_other_threads_wait_for_the_main_thread(calls: list[str]):
    def register() -> None:
        sigterm.register("a", lambda: calls.append("a"))

    thread = threading.Thread(target=register)
    thread.start()
    thread.join()
    signal.raise_signal(signal.SIGTERM)
    assert calls == ["end"]
    sigterm.register("b", lambda: calls.append("b"))
    signal.raise_signal(signal.SIGTERM)
    assert calls == ["end", "b", "a", "end"]


@pytest.mark.item("A145")
def test_another_thread_may_deregister(client: Client, run: Run, calls: list[str]):
    run.start()
    thread = threading.Thread(target=run.stop)
    thread.start()
    thread.join()
    signal.raise_signal(signal.SIGTERM)
    assert calls == ["end"]
    assert status(run) == "COMPLETED"
