"""Processes that work on one experiment.

They are forked from one that has imported Ax and done nothing else, since importing it takes
seconds.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from typing import Any

from ax.core.experiment import Experiment

from runbase.ax import Client, Store, save_or_update_trial
from runbase.ax.loading import load_both
from tests.ax.clients import NAME, ask, begin, tell

TIMEOUT = 90
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


class Failed(AssertionError):
    """A process ended with an error; the text is its traceback."""


class Worker:
    """A process that runs a task with a store of its own.

    The task gets the store, the pipe and the arguments; what it returns is the last thing that
    comes through the pipe.
    """

    def __init__(self, task: Callable[..., Any], url: str, *args: Any) -> None:
        self.pipe, other = FORKS.Pipe()
        self.process = FORKS.Process(target=_run, args=(task, url, other, *args), daemon=True)
        self.process.start()
        other.close()

    def receive(self) -> Any:
        """What the process says next."""
        if not self.pipe.poll(TIMEOUT):
            raise Failed("the process says nothing")
        found = self.pipe.recv()
        if isinstance(found, Failed):
            raise found
        return found

    def go(self) -> None:
        """Let the process go on from where it waits."""
        self.pipe.send("go")

    def end(self) -> None:
        """Kill the process, wherever it is."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _run(task: Callable[..., Any], url: str, pipe: Connection, *args: Any) -> None:
    gc.disable()  # it would copy all of the memory that the processes share
    try:
        with closing(Store(url)) as store:
            pipe.send(task(store, pipe, *args))
    except BaseException:
        pipe.send(Failed(traceback.format_exc()))
    os._exit(0)  # what torch does at the end of a process takes a while


def wait(pipe: Connection) -> None:
    """Say that all is ready, and wait for the others."""
    pipe.send("ready")
    pipe.recv()


@contextmanager
def workers(task: Callable[..., Any], url: str, *args: Sequence[Any]) -> Iterator[list[Worker]]:
    """A process for each of these arguments; they end with the block."""
    started = [Worker(task, url, *each) for each in args]
    try:
        yield started
    finally:
        for worker in started:
            worker.end()


def at_once(task: Callable[..., Any], url: str, *args: Sequence[Any]) -> list[Any]:
    """What processes return that go on together from where they wait."""
    with workers(task, url, *args) as started:
        for worker in started:
            assert worker.receive() == "ready"
        for worker in started:
            worker.go()
        return [worker.receive() for worker in started]


def outcome(call: Callable[[], Any]) -> str:
    """The name of the error that a call ends with, or nothing."""
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


# -- tasks -----------------------------------------------------------------------------------------


def ask_and_tell(store: Store, pipe: Connection, count: int) -> list[tuple[int, Any]]:
    """Complete some trials; returns their indices and parameters."""
    client = Client.load(NAME, store)
    wait(pipe)
    done = []
    for _ in range(count):
        index, parameters = ask(client)
        client.attach_data(index, {"loss": 100.0}, progression=0)
        tell(client, index, parameters)
        done.append((index, parameters))
    return done


def complete(store: Store, pipe: Connection, index: int, loss: float) -> str:
    """Complete a trial that others complete as well."""
    client = Client.load(NAME, store)
    wait(pipe)
    return outcome(lambda: client.complete_trial(index, {"loss": loss, "size": loss}))


def create(store: Store, pipe: Connection) -> str:
    """Create an experiment that others create as well."""
    store.names()
    wait(pipe)
    return outcome(lambda: begin(store))


def abandon(store: Store, pipe: Connection, index: int, reason: str) -> list[str]:
    """Change a trial by the developer API; after a conflict again, on what is stored then."""

    def save(experiment: Experiment) -> str:
        trial = experiment.trials[index]
        trial.mark_abandoned(reason=reason, unsafe=True)
        return outcome(lambda: save_or_update_trial(experiment, trial, store))

    experiment, _ = load_both(store, NAME)
    wait(pipe)
    first = save(experiment)
    return [first, save(load_both(store, NAME)[0]) if first else ""]


def add(store: Store, pipe: Connection) -> str:
    """Add a trial by the developer API."""
    experiment, strategy = load_both(store, NAME)
    assert strategy is not None
    wait(pipe)
    trial = experiment.new_trial(strategy.gen_single_trial(experiment))
    return outcome(lambda: save_or_update_trial(experiment, trial, store))
