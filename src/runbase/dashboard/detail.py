"""Reading one trial with everything that belongs to it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ..db import Database, repeatable
from ..errors import NotFoundError
from ..query import Query
from .reading import Attrs

RUN = Query("""
SELECT id, status, name, comment, value, objective_values, args, tags, env,
       time_created, time_started, time_finished, heartbeat
  FROM runs WHERE experiment_id = :id AND number = :number
""")
PARAMS = Query("""
SELECT p.name, d.json
  FROM run_params AS p JOIN distributions AS d ON d.id = p.distribution_id
 WHERE p.run_id = :run_id ORDER BY p.seq
""")
# An arm of a batch trial of Ax has those of the trial, too; its own come last, and count.
_ATTRS = """
SELECT scope, key, value
  FROM run_attrs
 WHERE owner_id = :run_id
    OR owner_id = (SELECT parent_id FROM runs WHERE id = :run_id AND number < 0)
 ORDER BY owner_id
"""
ATTRS = Query(_ATTRS, mysql=_ATTRS.replace("key", "`key`"))
METRICS = Query("""
SELECT n.name, m.n, m.last, m.min, m.max, m.last_step
  FROM run_metrics AS m JOIN metric_names AS n ON n.id = m.metric_id
 WHERE m.run_id = :run_id ORDER BY n.id
""")


class Run(NamedTuple):
    """A row of ``runs``."""

    id: int
    status: str
    name: str | None
    comment: str | None
    value: float | None
    values: list[Any] | None
    args: dict[str, Any] | None
    tags: dict[str, Any] | None
    env: dict[str, Any] | None
    time_created: datetime
    time_started: datetime | None
    time_finished: datetime | None
    heartbeat: datetime | None


class Metric(NamedTuple):
    """What a metric of the run came to."""

    name: str
    n: int
    last: float | None
    min: float | None
    max: float | None
    last_step: int | None


class Detail(NamedTuple):
    """A trial with what other tables have of it."""

    run: Run
    #: JSON of the distributions of its parameters, in the order of suggestion.
    distributions: dict[str, str]
    attrs: Attrs
    metrics: list[Metric]


@repeatable
def read(db: Database, id: int, number: int) -> Detail:
    """The trial of an experiment that has a number.

    Raises:
        NotFoundError: there is no such trial.
    """
    row = db.row(RUN, id=id, number=number)
    if row is None:
        raise NotFoundError(f"there is no trial {number} in experiment {id}")
    run, attrs = Run(*row), Attrs({}, {})
    for scope, key, value in db.rows(ATTRS, run_id=run.id):
        (attrs.user if scope == "user" else attrs.system)[key] = json.loads(value)
    metrics = [Metric(*each) for each in db.rows(METRICS, run_id=run.id)]
    return Detail(run, dict(db.rows(PARAMS, run_id=run.id)), attrs, metrics)


def constraints(attrs: Mapping[str, Any]) -> list[float]:
    """The constraints of a trial, from its system attributes."""
    named = [value for key, value in attrs.items() if key.startswith("constraints:")]
    return [float(x) for x in [*(attrs.get("constraints") or ()), *named]]


def distribution(text: str) -> tuple[str, dict[str, Any]]:
    """The class of a distribution and its attributes, from its JSON."""
    kind = json.loads(text)
    return kind["name"], kind["attributes"]


def distribution_text(kind: str, facts: Mapping[str, Any]) -> str:
    """A distribution as people read it: ``1e-05 to 0.1, log``."""
    if kind == "CategoricalDistribution":
        return f"one of {', '.join(map(str, facts['choices']))}"
    step: Any = facts.get("step")
    has_step = step is not None and not (kind == "IntDistribution" and step == 1)
    return (
        f"{_short(facts['low'])} to {_short(facts['high'])}"
        + (f" in steps of {_short(step)}" if has_step else "")
        + (", log" if facts.get("log") else "")
    )


def _short(x: float) -> str:
    return f"{x:g}" if isinstance(x, float) and math.isfinite(x) else str(x)
