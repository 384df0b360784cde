"""What several endpoints answer with.

Times are milliseconds since 1970 in UTC. Numbers that JSON has not are the texts "nan", "inf" and
"-inf". An experiment is a tracking experiment, an Optuna study or an Ax experiment; a trial is any
run of one. Of a batch trial of Ax each arm is one: its ``number`` is below 0, ``trial`` is the
number of the batch, ``name`` what Ax calls it.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

Number = float | Literal["nan", "inf", "-inf"]
Direction = Literal["minimize", "maximize", "not_set"]
Sample = Literal["spread", "latest", "best"]


class Counts(Struct):
    """Trials by status, in the words of Runbase."""

    total: int = 0
    PLANNED: int = 0
    RUNNING: int = 0
    COMPLETED: int = 0
    PRUNED: int = 0
    FAILED: int = 0
    CANCELLED: int = 0
    #: Those with any other status.
    other: int = 0


class ExperimentRow(Struct):
    """One line of the home page."""

    id: int
    kind: str
    name: str
    directions: list[Direction]
    tags: list[str]
    counts: Counts
    #: The best value, where there is one objective.
    best: Number | None
    #: The number of the trial that has it.
    best_trial: int | None
    objective_names: list[str]
    time_created: float
    #: When a trial was last created, changed or finished, or showed a sign of life.
    last_activity: float | None
    #: The best value so far along the trials, at most 40 points.
    trend: list[Number]
    #: Running trials without a sign of life for long.
    stale: int
    is_preferential: bool
    comment: str | None = None
    version: int = 0


class Choice(Struct):
    """One choice of a categorical parameter: its text as people read it, and its JSON type."""

    label: str
    type: str


class Parameter(Struct):
    """A parameter of the trials of an experiment."""

    name: str
    kind: Literal["float", "int", "categorical", "other"]
    #: Bounds over all trials; for categorical ones 0 and the number of choices minus 1.
    low: float | None
    high: float | None
    log: bool
    step: float | None
    choices: list[Choice]
    #: How many trials have it.
    count: int
    #: Whether every finished trial has it.
    in_all: bool


class Attribute(Struct):
    """A user attribute that trials have."""

    key: str
    #: Whether all of its values are numbers, so that it can be an axis.
    numeric: bool
    count: int


class Attr(Struct):
    """An attribute of a study or a trial; the value is any JSON."""

    key: str
    value: Any


class Artifact(Struct):
    """A stored file; its bytes are at ``url``, relative to the base path."""

    artifact_id: str
    filename: str
    mimetype: str
    encoding: str | None
    url: str
    size: int | None = None


class Note(Struct):
    """A note in Markdown; a writer sends version + 1."""

    version: int
    body: str


class Widget(Struct):
    """One part of a form for people; which fields have a meaning depends on the type."""

    type: Literal["choice", "slider", "text", "user_attr"]
    description: str | None = None
    user_attr_key: str | None = None
    choices: list[str] = field(default_factory=list)
    values: list[float | str] = field(default_factory=list)
    min: float | None = None
    max: float | None = None
    step: float | None = None
    labels: list[WidgetLabel] = field(default_factory=list)
    optional: bool = False
    key: str | None = None


class WidgetLabel(Struct):
    """A text at a place of a slider."""

    value: float
    label: str


class Form(Struct):
    """What people are asked about a running trial: its objective values or user attributes."""

    output_type: Literal["objective", "user_attr"]
    widgets: list[Widget]


class TrialRef(Struct):
    """A trial in a few words."""

    number: int
    id: int
    status: str
    values: list[Number]
    params: dict[str, Any]
    feasible: bool
    time_started: float | None
    time_finished: float | None
    #: The trial that it is, or is an arm of.
    trial: int
    name: str | None
    #: Standard errors of the values; empty where none is known.
    sems: list[Number | None] = []


class RunHead(Struct):
    """What names a run."""

    id: int
    experiment_id: int
    experiment: str
    kind: str
    number: int
    name: str | None
    status: str


class Column(Struct):
    """Values of one column, one per trial; null where a trial has none.

    Of categorical columns the values are places in ``labels``.
    """

    values: list[Number | None]
    labels: list[str] | None = None
