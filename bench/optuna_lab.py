"""Runs the tasks by turns, each in a process and at a place of its own."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from bench import environment
from bench.optuna_tables import Found

FILES = ["stock-sqlite", "stock-wal", "journal", "rustuna", "rustuna-journal"]
OWN = ["runbase", "runbase-full"]
SERVER = ["stock-postgres", "runbase-postgres"]
PEERS = [*FILES, "memory", *OWN, *SERVER]
QUICK = ["stock-sqlite", "journal", "memory", "runbase", *SERVER]
#: A study that is read: a log in WAL mode changes nothing, so it stands for stock SQLite, too.
READERS = [*FILES, "memory", "runbase", *SERVER]
READERS.remove("stock-wal")
#: These need several times as long as the others, and do less.
SLOW = {"stock-sqlite", "stock-wal", "rustuna", *SERVER}

Options = dict[str, Any]


@dataclass
class Lab:
    """Where to measure, whom, and how long."""

    folder: Path
    ram: Path | None
    server: str | None
    peers: list[str]
    rounds: int
    quick: bool
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    studies: dict[str, str] = field(default_factory=dict)
    sizes: Found = field(default_factory=dict)

    def pick(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def among(self, names: list[str]) -> list[str]:
        return [name for name in names if name in self.peers]

    def reports(self) -> tuple[int, ...]:
        """The R of workloads that take a while."""
        return (0,) if self.quick else (0, 20)

    def trials(self, full: int, quick: int) -> Callable[[str], Options]:
        """The number of trials, for slow contenders; four times as many for the others."""
        number = self.pick(full, quick)
        return lambda name: {"count": number * (1 if name in SLOW else 4)}

    def run(
        self,
        task: str,
        names: list[str],
        each: Callable[[str], Options] = lambda name: {},
        rounds: int | None = None,
        disk: Path | None = None,
        **options: Any,
    ) -> Found:
        """The figures of each round; who fails once takes no further part."""
        found: Found = {name: [] for name in names}
        failed: set[str] = set()
        for turn in range(rounds or self.rounds):
            for name in names[:: -1 if turn % 2 else 1]:
                if name not in failed and not self._run_one(
                    found, name, task, disk or self.folder, {**options, **each(name)}
                ):
                    failed.add(name)
                    found[name] = []
        return found

    def _run_one(self, found: Found, name: str, task: str, disk: Path, options: Options) -> bool:
        with new_folder(disk) as folder:
            options = {"where": self.place(name, folder), **options}
            try:
                figures = environment.call("optuna_tasks", task, folder, name=name, **options)
            except RuntimeError as error:
                print(f"{task}: {_shortened(error)}", file=sys.stderr)
                return False
        found[name].append(figures)
        return True

    def place(self, name: str, folder: Path) -> str:
        """Where a contender may start anew."""
        if name in SERVER:
            return f"{self.server}bench{next(self.numbers)}"
        return str(folder)

    def read(self, task: str, names: list[str], study: Options, **options: Any) -> Found:
        """The figures of ``task`` on studies that are filled once; memory has to fill its own."""
        self._fill([name for name in names if name != "memory"], study)
        filled = [name for name in names if name == "memory" or self.sizes[name]]
        places = {name: {"where": self.studies.get(name, "")} for name in filled}
        found = self.run(task, filled, places.__getitem__, **options)
        return {name: found.get(name, []) for name in names}

    def _fill(self, names: list[str], study: Options) -> None:
        for name in names:
            if name in self.sizes:
                continue
            folder = self.folder / f"filled-{name}"
            where = self.place(name, folder)
            self.sizes |= self.run("filled", [name], rounds=1, where=where, **study)
            self.studies[name] = where


@contextmanager
def new_folder(disk: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=disk))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _shortened(error: RuntimeError) -> str:
    lines = str(error).splitlines()
    return f"{lines[0]} {lines[-1]}"
