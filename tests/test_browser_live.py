"""What other processes write appears on open pages by itself; lost connections come back."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from runbase import Client
from runbase.optuna import RDBStorage
from tests import browser
from tests.people import until
from tests.shapes import card, chart

WITHIN = 3.0  # seconds; it takes a fraction of one on a machine that has nothing else to do

#: Does what each line says in a process of its own, and answers with the time after the commit.
WRITER = """
import sys, time, warnings
warnings.simplefilter("ignore")
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from runbase import Client, Experiment
from runbase.optuna import RDBStorage
from runbase.dashboard import save_note

kind, url = sys.argv[1:]
if kind == "journal":
    storage = JournalStorage(JournalFileBackend(url))
elif kind == "stock":
    storage = optuna.storages.RDBStorage(url)
else:
    storage = RDBStorage(url)
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study(storage=storage, study_name="live")
run = None
if kind == "runbase":
    run = Experiment(storage.client, name="runs").get_run().start()
print(study._study_id, run and run.experiment_id, flush=True)
trial = None
for step, line in enumerate(sys.stdin):
    what, _, text = line.strip().partition(" ")
    if what == "trial":
        study.add_trial(optuna.create_trial(
            value=float(text), params={"x": 0.5},
            distributions={"x": optuna.distributions.FloatDistribution(0, 1)}))
    elif what == "ask":
        trial = study.ask()
    elif what == "report":
        trial.report(float(text), step)
    elif what == "note":
        save_note(study, text)
    elif what == "metric":
        run.add_metrics({"loss": float(text)}, step=step)
    elif what == "study":
        optuna.create_study(storage=storage, study_name=text)
    print(time.time(), flush=True)
"""
#: When the page first has a text, by its own clock, which is that of the machine.
SEE = """text => {
    window.seen = undefined
    const names = () => [...document.querySelectorAll('[aria-label]')]
        .map(element => element.getAttribute('aria-label')).join()
    const observer = new MutationObserver(() => {
        if (!(document.body.innerText + names()).includes(text)) return
        window.seen = Date.now() / 1000
        observer.disconnect()
    })
    const changes = { subtree: true, childList: true, characterData: true, attributes: true }
    observer.observe(document.body, changes)
}"""


class Writer:
    """Another process, which writes to a study and a run when told to."""

    def __init__(self, kind: str, url: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, kind, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.study, self.runs = self._answer().split()

    def __call__(self, what: str) -> float:
        """Have it done; the time when it was committed."""
        print(what, file=self.process.stdin, flush=True)
        return float(self._answer())

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


@contextmanager
def writer(kind: str, url: str) -> Iterator[Writer]:
    writer = Writer(kind, url)
    try:
        yield writer
    finally:
        writer.close()


@contextmanager
def dashboard(page: Page, url: str, *arguments: str) -> Iterator[str]:
    """A dashboard that ends after the page has left it."""
    with browser.dashboard(url, *arguments) as base:
        yield f"{base}/dashboard"
        page.goto("about:blank")


def goto(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_role("button", name="Live: changes appear by themselves")).to_be_visible()


def seconds_until_seen(page: Page, text: str, write: Callable[[], float]) -> float:
    """How long after it was committed something is on the page."""
    page.evaluate(SEE, text)
    committed = write()
    until(lambda: page.evaluate("window.seen"))
    return float(page.evaluate("window.seen")) - committed


@pytest.mark.item("P12")
@pytest.mark.parametrize("server", ["sqlite", "postgres"])
def test_what_another_process_writes_is_seen_at_once(
    page: Page,
    server: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, Any], None],
):
    url = f"sqlite:///{tmp_path}/runs.db"
    if server == "postgres":
        url = request.getfixturevalue("postgres_url")
    with writer("runbase", url) as write, dashboard(page, url) as base:
        page.set_viewport_size({"width": 1440, "height": 3500})
        took: dict[str, float] = {}

        def see(name: str, text: str, what: str) -> None:
            took[name] = seconds_until_seen(page, text, lambda: write(what))

        goto(page, f"{base}/studies/{write.study}")
        expect(card(page, "History")).to_contain_text("No trial has a value yet.")
        see("trial", "the best so far is 0.625", "trial 0.625")
        see("better trial", "of 2 trials; the best so far is 0.125", "trial 0.125")
        see("running", "Running now (1)", "ask")
        see("report", "Intermediate value by step of 1 trial", "report 0.5")
        goto(page, f"{base}/studies/{write.study}/note")
        see("note", "written elsewhere", "note written elsewhere")
        goto(page, f"{base}/studies/{write.runs}")
        expect(card(page, "Timeline").get_by_label("When 1 trial ran")).to_be_visible()
        see("metric", "loss by step of 1 trial", "metric 0.25")
        goto(page, base)
        see("home: a study", "found elsewhere", "study found elsewhere")
        see("home: a value", "0.0625", "trial 0.0625")
    for name, seconds in took.items():
        record_property(f"{server}: {name}", round(seconds, 3))
    print(server, {name: round(seconds, 3) for name, seconds in took.items()})
    assert max(took.values()) < WITHIN, took


@pytest.mark.item("P12", "G02")
@pytest.mark.parametrize("kind", ["stock", "journal"])
def test_optunas_own_storages_are_followed_too(page: Page, kind: str, tmp_path: Path):
    url = f"{tmp_path}/study.journal" if kind == "journal" else f"sqlite:///{tmp_path}/stock.db"
    with writer(kind, url) as write, dashboard(page, url) as base:
        goto(page, f"{base}/studies/{write.study}")
        expect(card(page, "History")).to_contain_text("No trial has a value yet.")
        took = [seconds_until_seen(page, "best so far is 0.625", lambda: write("trial 0.625"))]
        goto(page, base)
        took.append(seconds_until_seen(page, "found", lambda: write("study found elsewhere")))
        print(kind, [round(seconds, 3) for seconds in took])
        assert max(took) < WITHIN


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[tuple[RDBStorage, str]]:
    """A storage that the test writes to itself, and its URL."""
    url = f"sqlite:///{tmp_path}/runs.db"
    storage = RDBStorage(Client(url))
    yield storage, url
    storage.close()


@pytest.mark.item("P12")
def test_a_lost_connection_is_told_and_made_again(page: Page, shown: tuple[RDBStorage, str]):
    storage, url = shown
    import optuna

    study = optuna.create_study(storage=storage, study_name="interrupted")
    page.console.expected.append("net::ERR_")  # type: ignore[attr-defined]
    with browser.dashboard(url) as base:
        port = base.rpartition(":")[2]
        goto(page, f"{base}/dashboard/studies/{study._study_id}")
        page.evaluate("window.isTheSamePage = true")
    banner = page.get_by_role("alert").filter(has_text="Connection lost")
    expect(banner).to_be_visible()
    study.add_trial(optuna.create_trial(value=0.625))
    with dashboard_at(page, url, port):
        expect(banner).to_have_count(0)
        expect(chart(page, "History")).to_have_accessible_name(re.compile("best so far is 0.625"))
        study.add_trial(optuna.create_trial(value=0.125))
        expect(chart(page, "History")).to_have_accessible_name(re.compile("best so far is 0.125"))
        assert page.evaluate("window.isTheSamePage")


@contextmanager
def dashboard_at(page: Page, url: str, port: str) -> Iterator[None]:
    """A dashboard at the port where another one was."""
    command = [sys.executable, "-m", "runbase", "dashboard", url, "--no-open", "--port", port]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield
        page.goto("about:blank")
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.item("P12")
def test_who_switches_live_updates_off_sees_what_was_there(
    page: Page, shown: tuple[RDBStorage, str]
):
    storage, url = shown
    import optuna

    study = optuna.create_study(storage=storage, study_name="quiet")
    asked: list[str] = []
    with dashboard(page, url) as base:
        goto(page, f"{base}/studies/{study._study_id}")
        page.get_by_role("button", name="Settings").click()
        page.get_by_label("Live updates: changes appear by themselves").uncheck()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Live updates are off")).to_be_visible()
        page.reload()
        expect(page.get_by_role("button", name="Live updates are off")).to_be_visible()
        expect(card(page, "History")).to_contain_text("No trial has a value yet.")
        page.wait_for_load_state("networkidle")
        page.on("request", lambda request: asked.append(request.url))
        other = page.context.new_page()
        other.add_init_script("localStorage.setItem('runbase.live', 'on')")
        goto(other, f"{base}/studies/{study._study_id}")
        study.add_trial(optuna.create_trial(value=0.625))
        # As soon as the other page has it, this one would have it, too.
        expect(chart(other, "History")).to_be_visible()
        other.close()
        expect(card(page, "History")).to_contain_text("No trial has a value yet.")
        assert asked == []
        page.get_by_role("button", name="Live updates are off").click()
        page.get_by_label("Live updates: changes appear by themselves").check()
        page.keyboard.press("Escape")
        expect(chart(page, "History")).to_have_accessible_name(re.compile("best so far is 0.625"))


def test_a_page_polls_where_streams_do_not_get_through(page: Page, shown: tuple[RDBStorage, str]):
    storage, url = shown
    import optuna

    study = optuna.create_study(storage=storage, study_name="polled")
    with dashboard(page, url, "--server", "wsgiref") as base:
        goto(page, f"{base}/studies/{study._study_id}")
        expect(card(page, "History")).to_contain_text("No trial has a value yet.")
        study.add_trial(optuna.create_trial(value=0.625))
        expect(chart(page, "History")).to_have_accessible_name(re.compile("best so far is 0.625"))
        paths: list[str] = []
        page.on("request", lambda request: paths.append(request.url))
        until(lambda: page.evaluate("1") and any("/api/changes" in path for path in paths))
        assert not any("/api/events" in path for path in paths)
