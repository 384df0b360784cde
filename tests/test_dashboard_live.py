"""Changes that other processes make are noticed within a second, on every engine."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from runbase import Client, Experiment, Run
from runbase.dashboard.board import Board
from runbase.dashboard.live import Watcher
from runbase.dashboard.server.answers import Answers
from runbase.store import experiments
from tests.servers import PrivateServer
from tests.web import dashboard

#: Databases that a new server has.
DATABASES = {"postgres": "postgres", "mysql": "mysql"}
WITHIN = 1.0  # seconds
PATIENCE = 20.0

#: Reads lines "log" and "trial" and writes to the database, each in a process of its own.
WRITER = """
import sys, time
from runbase import Client, Experiment, Run
client = Client(sys.argv[1])
run = Experiment(client, name="an experiment").get_run().start()
other = Experiment(client, name="another")
print("ready", flush=True)
for step, line in enumerate(sys.stdin):
    if line.strip() == "log":
        run.add_metrics({"loss": 1.0 / (step + 1)}, step=step)
    else:
        other.get_run()
    print(time.time(), flush=True)
"""


@contextmanager
def writer(url: str) -> Iterator[Callable[[str], float]]:
    """Another process, which writes when told to and answers with the time of its commit."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    def write(what: str) -> float:
        print(what, file=process.stdin, flush=True)
        return float(process.stdout.readline())  # type: ignore[union-attr]

    try:
        yield write
    finally:
        process.stdin.close()
        process.wait(PATIENCE)
        process.stdout.close()


class Ear:
    """Hears when the tick grows."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.times: list[float] = []
        self._heard = threading.Condition()

    def __call__(self) -> None:
        with self._heard:
            self.times.append(time.time())
            self._heard.notify_all()

    def hears_after(self, moment: float) -> float:
        """Seconds from a moment until something was heard."""
        with self._heard:
            assert self._heard.wait_for(
                lambda: any(heard >= moment for heard in self.times), PATIENCE
            )
            return next(heard for heard in self.times if heard >= moment) - moment


@pytest.fixture
def watcher(client: Client) -> Iterator[Watcher]:
    watcher = Watcher(client)
    yield watcher
    watcher.close()


@pytest.mark.item("P12")
@pytest.mark.parametrize("what", ["log", "trial"])
def test_what_another_process_writes_is_heard_within_a_second(
    url: str, watcher: Watcher, what: str
):
    ear = Ear(watcher)
    with writer(url) as write, watcher.listening(ear):
        ear.hears_after(0.0)
        for _ in range(3):
            before = time.time()
            took = write(what) - before
            assert ear.hears_after(before) - took < WITHIN


def test_a_look_sees_what_was_committed_before(url: str, watcher: Watcher):
    with writer(url) as write:
        for what in ("log", "trial", "log", "trial"):
            tick = watcher.look()
            write(what)
            assert watcher.look() > tick


def test_only_what_changed_since_is_told(client: Client, watcher: Watcher):
    first, second = (Experiment(client, name=name) for name in ("a", "b"))
    begin = watcher.look()
    assert watcher.since(0).experiments.keys() == {first.id, second.id}
    assert watcher.since(begin).experiments == {}
    second.get_run()
    tick = watcher.look()
    assert watcher.since(begin).experiments.keys() == {second.id}
    experiments.delete(client.db, first.id)
    watcher.look()
    assert watcher.since(tick).deleted == [first.id]
    assert first.id not in watcher.since(0).experiments


@pytest.mark.parametrize(
    "edit",
    [
        lambda run: run.add_tags("new"),
        lambda run: run.remove_tags("old"),
        lambda run: run.set_comment("better"),
        lambda run: run.add_extras({"seen": True}),
    ],
    ids=["tag", "no tag", "comment", "extra"],
)
def test_what_a_script_says_of_an_old_run_is_told(
    client: Client, watcher: Watcher, edit: Callable[[Run], object]
):
    experiment = Experiment(client, name="a")
    old, new = (experiment.get_run().start().add_tags("old") for _ in range(2))
    for run in old, new:
        run.stop()
    tick = watcher.look()
    edit(old)
    watcher.look()
    assert watcher.since(tick).experiments.keys() == {experiment.id}


def test_the_tick_stays_as_long_as_nothing_happens(tmp_path: Path):
    with closing(Client(str(tmp_path / "runs.db"))) as client:
        watcher = Watcher(client)
        Experiment(client, name="e")
        tick = watcher.look()
        assert [watcher.look() for _ in range(5)] == [tick] * 5
        watcher.close()


def test_ticks_fit_the_numbers_of_javascript(watcher: Watcher):
    assert 0 < watcher.look() < 2**53


def test_after_a_restart_of_the_server_a_page_is_told_everything_it_may_have_missed(client: Client):
    old = Watcher(client)
    tick = old.look()
    old.close()
    experiment = Experiment(client, name="e")
    new = Watcher(client)
    assert new.look() > tick
    assert experiment.id in new.since(tick).experiments
    new.close()


def test_pages_that_are_served_by_two_processes_in_turn_miss_nothing(client: Client):
    one, two = Watcher(client), Watcher(client)
    experiment = Experiment(client, name="e")
    tick, version = 0, -1
    for watcher in (one, two) * 5:
        experiment.get_run()
        watcher.look()
        found = watcher.since(tick)
        assert found.experiments[experiment.id] != version
        tick, version = found.tick, found.experiments[experiment.id]
    one.close()
    two.close()


def test_a_database_in_memory_is_watched_too():
    with closing(Client("sqlite://")) as client:
        watcher = Watcher(client)
        tick = watcher.look()
        Experiment(client, name="e")
        assert watcher.look() > tick
        assert watcher.look() == watcher.look()
        watcher.close()


def test_nobody_looks_when_nobody_listens(watcher: Watcher):
    with watcher.listening(lambda: None):
        thread = watcher._thread
        assert thread is not None
    thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.mark.parametrize("name", ["postgres", "mysql"])
def test_a_watcher_survives_a_restart_of_the_server(
    name: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
):
    fixture = {"postgres": "private_postgres", "mysql": "private_mariadb"}[name]
    server: PrivateServer = request.getfixturevalue(fixture)
    from runbase.store import schema

    with closing(Client(server.url(DATABASES[name]))) as admin:
        admin.skip_check()
        admin.database.session.run("CREATE DATABASE watched")
    with closing(Client(server.url("watched"))) as client:
        schema.setup(client.database)
        watcher = Watcher(client)
        ear = Ear(watcher)
        with watcher.listening(ear):
            ear.hears_after(0.0)
            server.stop()
            deadline = time.monotonic() + PATIENCE
            while "trying again" not in caplog.text and time.monotonic() < deadline:
                time.sleep(0.01)
            assert "trying again" in caplog.text
            server.start()
            before = time.time()
            Experiment(client, name="after the restart")
            ear.hears_after(before)
        watcher.close()


# -- answers that are kept ------------------------------------------------------------------------


def test_an_answer_is_worked_out_once_as_long_as_nobody_writes(url: str, client: Client):
    board = Board(client)
    answers, count = Answers(board), 0

    def work() -> bytes:
        nonlocal count
        count += 1
        return b"%d" % count

    def ask() -> bytes:
        return answers.of(("k",), work, tells_time=False).result().content

    board.watcher.look()
    deadline = time.monotonic() + PATIENCE
    while not board.watcher.is_settled() and time.monotonic() < deadline:
        time.sleep(0.01)
    if client.dialect == "sqlite":
        assert [ask(), ask(), ask()] == [b"1"] * 3
    with writer(url) as write:
        for what in ("log", "trial", "log"):
            before = ask()
            write(what)
            assert ask() != before
    answers.close()
    board.close()


def test_who_asks_during_the_work_waits_for_one_that_begins_later(tmp_path: Path):
    with closing(Client(str(tmp_path / "runs.db"))) as client:
        board = Board(client)
        answers, go, begun = Answers(board), threading.Event(), threading.Semaphore(0)
        count = 0

        def work() -> bytes:
            nonlocal count
            count += 1
            mine = count
            Experiment(client, name=f"{mine}")  # somebody writes all the time
            begun.release()
            assert go.wait(PATIENCE)
            return b"%d" % mine

        first = answers.of(("k",), work, tells_time=False)
        assert begun.acquire(timeout=PATIENCE)
        others = [answers.of(("k",), work, tells_time=False) for _ in range(50)]
        go.set()
        assert first.result(PATIENCE).content == b"1"
        assert {other.result(PATIENCE).content for other in others} == {b"2"}
        assert count == 2
        answers.close()
        board.close()


def test_an_error_is_for_everybody_who_waits_and_is_not_kept(tmp_path: Path):
    with closing(Client(str(tmp_path / "runs.db"))) as client:
        board = Board(client)
        answers = Answers(board)

        def fail() -> bytes:
            raise LookupError("nothing")

        with pytest.raises(LookupError):
            answers.of(("k",), fail, tells_time=False).result(PATIENCE)
        assert answers.of(("k",), lambda: b"x", tells_time=False).result(PATIENCE).content == b"x"
        answers.close()
        board.close()


# -- events over the network ----------------------------------------------------------------------


def events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The data of each event."""
    for line in lines:
        if line.startswith("data: "):
            yield json.loads(line[6:])


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = str(tmp_path / "runs.db")
    with closing(Client(path)) as client:
        Experiment(client, name="an experiment").get_run()
    return path


def test_a_page_hears_of_a_write_within_a_second(file: str):
    with (
        dashboard(file) as process,
        writer(f"sqlite:///{file}") as write,
        httpx.Client(base_url=process.url(), timeout=PATIENCE) as http,
        http.stream("GET", "/api/events") as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        found = events(stream.iter_lines())
        seen = next(found)
        assert seen["experiments"].keys() == {"1", "2"}
        for what in ("trial", "log", "trial"):
            committed = write(what)
            event = next(found)
            assert time.time() - committed < WITHIN
            assert event["tick"] > seen["tick"]
            if what == "trial":
                assert event["experiments"].keys() == {"2"}
            seen = event
        polled = http.get("/api/changes", params={"since": seen["tick"]}).json()
        assert polled == {"tick": seen["tick"], "experiments": {}, "deleted": []}


def test_a_page_that_comes_back_is_told_what_it_missed(file: str):
    with (
        dashboard(file) as process,
        writer(f"sqlite:///{file}") as write,
        httpx.Client(base_url=process.url(), timeout=PATIENCE) as http,
    ):
        with http.stream("GET", "/api/events") as stream:
            last = str(next(events(stream.iter_lines()))["tick"])
        write("trial")
        with http.stream("GET", "/api/events", headers={"last-event-id": last}) as stream:
            assert next(events(stream.iter_lines()))["experiments"].keys() == {"2"}


@pytest.mark.parametrize("since", ["x", "-1", "1.5", "9" * 30, "²"])
def test_a_stream_since_nonsense_is_refused(file: str, since: str):
    from tests.web import reason, web_of

    with closing(Client(file)) as client, web_of(client) as web:
        answer = web.get("/api/events", params={"since": since})
        assert answer.status_code == 400
        assert "tick" in reason(answer)


def test_a_server_that_cannot_stream_says_what_to_ask_instead(file: str):
    from tests.web import reason, web_of

    with closing(Client(file)) as client, web_of(client, streams=False) as web:
        answer = web.get("/api/events")
        assert answer.status_code == 404
        assert "/api/changes" in reason(answer)
        assert web.get("/api/meta").json()["live"] == "poll"
