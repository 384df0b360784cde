"""What Ax's document of an experiment tells charts, and the standard errors of its objectives."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...db import Database, repeatable
from ...query import Query
from ...store.ax.goals import Objective, goals_of
from ...store.ax.observations import sem_names
from ...store.ax.project import plain
from .base import Places
from .types import Floats

#: The class of a distribution as Optuna calls it, and its attributes.
Kind = tuple[str, dict[str, Any]]

DOC = Query("SELECT doc, version FROM ax_experiments WHERE experiment_id = :id")
VERSION = Query("SELECT version FROM ax_experiments WHERE experiment_id = :id")
# An error belongs to a mean of the same step.
_ERRORS = """
SELECT e.run_id, e.last
  FROM runs AS r
  JOIN run_metrics AS e ON e.run_id = r.id
  JOIN metric_names AS en ON en.id = e.metric_id AND en.name = :error
  JOIN run_metrics AS m ON m.run_id = r.id AND m.last_step = e.last_step
  JOIN metric_names AS mn ON mn.id = m.metric_id AND mn.name = :metric
 WHERE r.experiment_id = :id"""
ERRORS = Query(_ERRORS)
CHANGED_ERRORS = Query(f"{_ERRORS} AND r.version > :seen AND r.version > 0")
METRICS = Query("""
SELECT n.name
  FROM (SELECT DISTINCT m.metric_id
          FROM runs AS r
          JOIN run_metrics AS m ON m.run_id = r.id AND m.n > 1
         WHERE r.experiment_id = :id) AS m
  JOIN metric_names AS n ON n.id = m.metric_id
 ORDER BY n.id
""")


class Head(NamedTuple):
    """What an experiment is about, as far as its document is understood."""

    #: What each parameter is chosen from.
    kinds: Mapping[str, Kind]
    objectives: Sequence[Objective]
    #: The names of standard errors by metric.
    errors: Mapping[str, str]
    #: The name of the arm that all others are compared with.
    status_quo: str | None

    @property
    def means(self) -> list[str | None]:
        """The metric that each objective is; None for a sum of several."""
        names = [list(objective.weights) for objective in self.objectives]
        return [each[0] if len(each) == 1 else None for each in names]


NOTHING = Head({}, [], {}, None)


@repeatable
def head(db: Database, id: int) -> Head:
    """The head of an experiment; an empty one where the document cannot be read."""
    row = db.row(DOC, id=id)
    try:
        return NOTHING if row is None else _head(json.loads(row[0]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return NOTHING


@repeatable
def version(db: Database, id: int) -> int:
    """The version of the experiment in which its document last changed."""
    row = db.row(VERSION, id=id)
    return 0 if row is None else int(row[0])


def _head(doc: Mapping[str, Any]) -> Head:
    objectives = goals_of(doc).objectives
    parameters = (doc.get("search_space") or {}).get("parameters") or ()
    kinds = {each["name"]: kind for each in parameters if (kind := _kind(each)) is not None}
    metrics = {each["name"] for each in doc.get("tracking_metrics") or ()}
    metrics.update(name for objective in objectives for name in objective.weights)
    return Head(kinds, objectives, sem_names(metrics), (doc.get("status_quo") or {}).get("name"))


def _kind(parameter: Mapping[str, Any]) -> Kind | None:
    """A parameter as one of Optuna's distributions, which all charts know."""
    match parameter.get("__type"):
        case "RangeParameter":
            is_int = parameter["parameter_type"]["name"] == "INT"
            facts = {
                "low": parameter["lower"],
                "high": parameter["upper"],
                "log": bool(parameter.get("log_scale")),
                "step": 1 if is_int else None,
            }
            return ("IntDistribution" if is_int else "FloatDistribution"), facts
        case "ChoiceParameter":
            return "CategoricalDistribution", {"choices": [plain(v) for v in parameter["values"]]}
        case "FixedParameter":
            return "CategoricalDistribution", {"choices": [plain(parameter["value"])]}
    return None


class Errors:
    """The standard errors of the means that trials were given for each objective.

    Only those of objectives that are a metric are known: of a sum there is none without knowing
    how its parts depend on each other.
    """

    def __init__(self, head: Head, size: int) -> None:
        self.head, self.names = head, head.means
        self.columns: list[Floats] = [np.full(size, np.nan) for _ in self.names]

    def read(self, db: Database, id: int, places: Places) -> None:
        """Read those of all trials."""
        for objective, metric in enumerate(self.names):
            if metric is not None:
                rows = errors(db, id, metric, self.head.errors[metric])
                self._put(objective, rows, places)

    def patched(self, db: Database, id: int, places: Places, at: Any, seen: int) -> Errors:
        """The same of more trials, with those at some places read again."""
        new = Errors(self.head, len(places.ids))
        for objective, metric in enumerate(self.names):
            new.columns[objective][: len(self.columns[objective])] = self.columns[objective]
            new.columns[objective][at] = np.nan
            if metric is not None:
                rows = errors(db, id, metric, self.head.errors[metric], seen)
                new._put(objective, rows, places)
        return new

    def _put(self, objective: int, rows: Iterable[Any], places: Places) -> None:
        found = [(run, error) for run, error in rows if error is not None]
        at, there = places.of(np.array([run for run, _ in found], np.int64))
        self.columns[objective][at] = np.array([error for _, error in found], np.float64)[there]


@repeatable
def errors(db: Database, id: int, metric: str, error: str, seen: int | None = None) -> list[Any]:
    """Runs and the standard errors of the last means of a metric, all or of what changed."""
    names = {"id": id, "metric": metric, "error": error}
    if seen is None:
        return db.rows(ERRORS, **names)
    return db.rows(CHANGED_ERRORS, **names, seen=seen)


@repeatable
def curves(db: Database, id: int, head: Head) -> list[str]:
    """The metrics that were observed along steps."""
    errors = set(head.errors.values())
    return [name for (name,) in db.rows(METRICS, id=id) if name not in errors]
