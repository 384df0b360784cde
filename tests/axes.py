"""Ax experiments as rows, made of documents by hand: Ax itself is not needed to show them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from runbase import Client
from runbase.store.ax import experiments, points, project, trials
from runbase.store.ax.goals import goals_of
from runbase.store.ax.observations import Observation, sem_names

VERSION = "1.3.1"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
Rows = Sequence[Observation]


def number(name: str, low: float, high: float, log: bool = False) -> dict[str, Any]:
    """A parameter from a range; a whole one, if its ends are."""
    kind = "INT" if isinstance(low, int) else "FLOAT"
    return {
        "__type": "RangeParameter",
        "name": name,
        "parameter_type": {"__type": "ParameterType", "name": kind},
        "lower": low,
        "upper": high,
        "log_scale": log,
    }


def choice(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """A parameter of choices."""
    return {"__type": "ChoiceParameter", "name": name, "values": list(values)}


PARAMETERS = (
    number("lr", 1e-5, 1e-1, log=True),
    number("layers", 1, 6),
    choice("opt", ["sgd", "adam", "lion"]),
)


def observed(
    arm: str, sem: float = math.nan, step: float | None = None, **means: float
) -> list[Observation]:
    """What an arm observed of some metrics."""
    return [Observation(arm, name, name, mean, sem, step) for name, mean in means.items()]


class Axes:
    """One experiment of Ax's, and what its adapter would write."""

    def __init__(
        self,
        client: Client,
        name: str = "an Ax experiment",
        *,
        objective: str = "-loss",
        metrics: Sequence[str] = ("loss",),
        parameters: Sequence[Mapping[str, Any]] = PARAMETERS,
        constraints: Sequence[Mapping[str, Any]] = (),
        status_quo: str | None = None,
    ) -> None:
        self.db = client.db
        self.name, self.docs, self.known = name, dict[int, Any](), dict[int, trials.Known]()
        self.head = {
            "__type": "Experiment",
            "name": name,
            "search_space": {"__type": "SearchSpace", "parameters": list(parameters)},
            "optimization_config": {
                "objective": {"__type": "Objective", "expression": objective},
                "outcome_constraints": list(constraints),
            },
            "tracking_metrics": [{"__type": "MapMetric", "name": metric} for metric in metrics],
            "status_quo": status_quo and {"__type": "Arm", "name": status_quo, "parameters": {}},
        }
        points.make_room(self.db, {*metrics, *sem_names(metrics).values()})
        with self.db.transaction():
            self.id = experiments.insert(self.db, self._head())

    def _head(self) -> experiments.Head:
        goals = goals_of(self.head)
        return experiments.Head(
            self.name, "made by hand", START, [o.direction for o in goals.objectives],
            [o.name for o in goals.objectives], experiments.texts(self.head), VERSION,
        )  # fmt: skip

    def choose_from(self, *parameters: Mapping[str, Any]) -> None:
        """Change the search space."""
        self.head["search_space"] = {"__type": "SearchSpace", "parameters": list(parameters)}
        with self.db.transaction():
            version = experiments.count(self.db, self.id, datetime.now(UTC))
            assert version is not None
            experiments.update(self.db, self.id, self._head(), version)

    def add(
        self,
        arms: Mapping[str, Mapping[str, Any]],
        rows: Rows = (),
        status: str = "COMPLETED",
        node: str = "Sobol",
        is_batch: bool = False,
    ) -> int:
        """Add a trial with these arms by name, or a batch of them, and return its number."""
        index = len(self.docs)
        self.docs[index] = self._doc(index, arms, status, node, is_batch)
        self.add_all([index], {index: rows})
        return index

    def add_all(self, indices: Sequence[int], rows: Mapping[int, Rows]) -> None:
        """Insert trials whose documents are there."""
        new = [self._trial(index, rows.get(index, ())) for index in indices]
        with self.db.transaction():
            now = datetime.now(UTC)
            version = experiments.count(self.db, self.id, now, trials.numbers_of(new))
            assert version is not None
            for index, known in zip(
                indices, trials.insert(self.db, self.id, new, version, VERSION), strict=True
            ):
                self.known[index] = known

    def tell(self, index: int, rows: Rows, status: str = "COMPLETED") -> None:
        """Write what a trial observed, all of it, and its status."""
        doc = self.docs[index]
        doc["status"]["name"] = status
        doc["time_completed"] = _time(_begin(index) + timedelta(seconds=40))
        trial = self._trial(index, rows)
        with self.db.transaction():
            version = experiments.count(self.db, self.id, datetime.now(UTC))
            assert version is not None
            known = trials.update(self.db, self.id, trial, self.known[index], version, VERSION)
        assert known is not None
        self.known[index] = known

    def _trial(self, index: int, rows: Rows) -> trials.Trial:
        doc = self.docs[index]
        return project.trial(doc, experiments.texts(doc), rows, goals_of(self.head))

    def _doc(
        self, index: int, arms: Mapping[str, Any], status: str, node: str, is_batch: bool
    ) -> dict[str, Any]:
        run = {
            "__type": "GeneratorRun",
            "arms": [{"__type": "Arm", "name": k, "parameters": dict(v)} for k, v in arms.items()],
            "weights": [1.0] * len(arms),
            "generator_key": "BoTorch" if node == "MBM" else node,
            "generation_node_name": node,
        }
        begin = _begin(index)
        is_open = status in ("CANDIDATE", "STAGED", "RUNNING")
        doc = {
            "__type": "BatchTrial" if is_batch else "Trial",
            "index": index,
            "status": {"__type": "TrialStatus", "name": status},
            "time_created": _time(begin),
            "time_run_started": None if status == "CANDIDATE" else _time(begin),
            "time_completed": None if is_open else _time(begin + timedelta(seconds=40)),
        }
        return doc | ({"generator_runs": [run]} if is_batch else {"generator_run": run})


def _begin(index: int) -> datetime:
    return START + timedelta(minutes=index)


def _time(time: datetime) -> dict[str, str]:
    """Ax writes local time, without a zone."""
    local = time.astimezone().replace(tzinfo=None)
    return {"__type": "datetime", "value": local.strftime("%Y-%m-%d %H:%M:%S.%f")}


def at_most(metric: str, bound: float) -> dict[str, Any]:
    """A constraint on an outcome."""
    return {
        "metric": {"name": metric},
        "op": {"__type": "ComparisonOp", "name": "LEQ"},
        "bound": bound,
        "relative": False,
    }


def tuned(client: Client, count: int = 40, name: str = "tuned by Ax") -> Axes:
    """One objective with errors, a constraint, three nodes, all statuses, and curves."""
    axes = Axes(
        client, name, metrics=("loss", "size"), constraints=[at_most("size", 5.0)],
        status_quo="status_quo",
    )  # fmt: skip
    for i in range(count):
        status = {7: "EARLY_STOPPED", 11: "FAILED", 13: "ABANDONED"}.get(i, "COMPLETED")
        status = {count - 2: "RUNNING", count - 1: "CANDIDATE"}.get(i, status)
        arm = "status_quo" if i == 3 else f"{i}_0"
        lr, layers, opt = 10 ** (-1 - (i * 7 % 40) / 10), 1 + i % 6, ["sgd", "adam", "lion"][i % 3]
        loss = 1.2 + (math.log10(lr) + 3) ** 2 / 4 + layers / 10 - i / 60 + (i * 13 % 7) / 20
        rows: list[Observation] = []
        if status in ("COMPLETED", "EARLY_STOPPED"):
            sem = math.nan if i % 10 == 9 else 0.03 + (i * 5 % 11) / 100
            steps = 6 if status == "COMPLETED" else 3
            for step in range(steps):
                rows += observed(arm, sem, step, loss=loss + (5 - step) / 8)
            rows += observed(arm, math.nan, steps - 1, size=float(layers))
        node = "CenterOfSearchSpace" if i == 0 else "Sobol" if i < count // 3 else "MBM"
        axes.add({arm: {"lr": lr, "layers": layers, "opt": opt}}, rows, status, node)
    return axes


def batches(client: Client, count: int = 5, arms: int = 6, name: str = "batches of Ax") -> Axes:
    """Batch trials with arms, each with the status quo among them."""
    axes = Axes(client, name, status_quo="control")
    for index in range(count):
        tried: dict[str, Any] = {"control": {"lr": 0.03, "layers": 2, "opt": "sgd"}}
        for k in range(arms):
            lr, opt = 10 ** (-1 - ((index * arms + k) * 7 % 40) / 10), ["sgd", "adam"][k % 2]
            tried[f"{index}_{k}"] = {"lr": lr, "layers": 1 + k, "opt": opt}
        rows = [
            row
            for k, (arm, params) in enumerate(tried.items())
            for row in observed(
                arm,
                0.05 + k / 200,
                loss=1.0 + (math.log10(params["lr"]) + 3) ** 2 / 4 - index / 20 + k / 50,
            )
        ]
        is_open = index == count - 1
        axes.add(
            tried, [] if is_open else rows, "RUNNING" if is_open else "COMPLETED",
            "Sobol" if index < 2 else "MBM", is_batch=True,
        )  # fmt: skip
    return axes


def two_objectives(client: Client, count: int = 30, name: str = "two objectives of Ax") -> Axes:
    """Two objectives, of which neither is best for both."""
    axes = Axes(client, name, objective="accuracy, -latency", metrics=("accuracy", "latency"))
    for i in range(count):
        x = (i * 7 % count) / count
        params = {"lr": 10 ** (-5 + 4 * x), "layers": 1 + i % 6, "opt": ["sgd", "adam"][i % 2]}
        accuracy, latency = 0.6 + 0.35 * math.sqrt(x) - (i % 5) / 50, 10 + 90 * x**2 + i % 4
        rows = observed(f"{i}_0", 0.01, accuracy=accuracy) + observed(
            f"{i}_0", 2.0, latency=latency
        )
        axes.add({f"{i}_0": params}, rows, node="Sobol" if i < 10 else "MBM")
    return axes
