"""Writes studies, and runs the tasks by turns."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import environment
from bench.lines import Bench, Figures, Task


@dataclass
class Lab:
    """Where to measure, and how long; studies are written once."""

    bench: Bench
    rounds: int
    studies: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    #: Files of other things by name, and what is known of them.
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    def study(self, name: str, count: int) -> dict[str, Any]:
        """The file of a study of so many trials, and its id."""
        if (name, count) not in self.studies:
            file = self.bench.folder / f"{name}-{count}.db"
            figures = self.call("dashboard_data", name, file=str(file), count=count)
            self.studies[name, count] = (str(file), figures["study"])
        file_, study = self.studies[name, count]
        return {"file": file_, "study": study}

    def copy(self, name: str, count: int) -> dict[str, Any]:
        """The same, to be written to."""
        study = self.study(name, count)
        folder = Path(tempfile.mkdtemp(dir=self.bench.folder))
        return study | {"file": shutil.copy(study["file"], f"{folder}/study.db")}

    def call(self, module: str, name: str, /, **options: Any) -> Figures:
        with self.bench.new_folder() as folder:
            return environment.call(module, name, folder, **options)

    def once(self, task: Task) -> Figures:
        module, name, options = task
        return self.call(module, name, **options)

    def alternate(self, tasks: dict[str, Task]) -> dict[str, Figures]:
        return self.bench.alternate(tasks, self.rounds)

    def chart(self, name: str, count: int, **options: Any) -> Task:
        return "dashboard_tasks", "chart", {"name": name, **self.study(name, count), **options}


def medians(rounds: list[Figures]) -> Figures:
    return {key: statistics.median(figures[key] for figures in rounds) for key in rounds[0]}
