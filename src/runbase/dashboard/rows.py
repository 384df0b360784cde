"""Rows of the table of trials, and one trial whole."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import detail, feedback, forms, heads, reading, summaries
from .api.trials import MetricSummary, Trial, TrialParam, TrialRow
from .api.types import Attr
from .board import Board
from .columns.base import millis
from .columns.read import AX
from .columns.table import Bools, Table
from .filter import mask
from .paging import Places
from .preferential import attrs as stored

#: System attributes of a trial that its page shows in its own way.
_OWN = ("constraints", "artifacts:", "fixed_params")


def chosen(table: Table, filter: str, numbers: list[int] | None) -> Bools:
    """Which trials are asked for.

    Raises:
        InvalidValueError: the filter is wrong.
    """
    found = mask(table, filter) if filter.strip() else np.ones(len(table), np.bool_)
    if numbers is None:
        return found
    # The number of a batch trial is that of all its arms.
    here: Bools = found & (np.isin(table.numbers, numbers) | np.isin(table.trials, numbers))
    return here


def ordered(table: Table, sort: str, descending: bool) -> Places:
    """Places of all trials by a column; those without a value last, equal ones by number.

    Raises:
        InvalidValueError: there is no such column.
    """

    def make() -> Places:
        # Arms are where their trials are, and are called after them.
        is_place = sort == "number" or (sort == "name" and table.kind == AX)
        values, labels = table.column("trial" if is_place else sort)
        if labels is not None and (sort == "name" or sort.startswith("attr:")):
            ranks = np.argsort(np.argsort(np.array(labels, object), kind="stable"))
            places = np.nan_to_num(values).astype(np.intp)
            values = np.where(np.isnan(values), np.nan, ranks[places])
        return np.argsort(-values if descending else values, kind="stable")

    return table.cached(("order", sort, descending), make)


def rows(board: Board, table: Table, at: Places) -> list[TrialRow]:
    """The rows of trials at some places."""
    ids = table.ids[at].tolist()
    known = reading.rows(board.db, ids)
    attrs = reading.attrs_of(board.db, ids)
    notes = reading.beginnings_of_notes(board.db, table.experiment_id, ids)
    study = reading.system_attrs(board.db, table.experiment_id, "dashboard:artifacts:")
    best = set(summaries.best(table).tolist())
    asked = feedback.or_none(table)
    skipped = stored.skipped(asked) if asked else ()
    found = []
    for i, id in zip(at.tolist(), ids, strict=True):
        if id not in known:
            continue  # deleted since
        row, of = known[id], attrs.get(id, reading.Attrs({}, {}))
        start, finish = table.start[i], table.finish[i]
        found.append(
            TrialRow(
                id, int(table.numbers[i]), row.status,
                list(summaries.objective_values(row.value, row.values, len(table.directions))),
                row.args, of.user, bool(table.feasible[i]), i in best,
                summaries.time_or_none(start), summaries.time_or_none(finish),
                duration(row.status, start, finish), row.name,
                bool(notes.get(id)),
                heads.artifacts_of_trial(board, of.system, study, table.experiment_id, id),
                int(table.trials[i]), summaries.errors(table, i), id in skipped,
            )
        )  # fmt: skip
    return found


def duration(status: str, start: float, finish: float) -> float | None:
    """Seconds; of a running trial until now."""
    end = summaries.now() if status == "RUNNING" and np.isnan(finish) else finish
    return summaries.time_or_none((end - start) / 1000)


def trial(board: Board, table: Table, number: int) -> Trial:
    """Everything about the trial with this number.

    Raises:
        NotFoundError: there is no such trial.
    """
    id = table.experiment_id
    found = detail.read(board.db, id, number)
    run, attrs = found.run, found.attrs
    study = reading.attrs(board.db, id).system
    start, finish = millis(run.time_started), millis(run.time_finished)
    at = next(iter(np.flatnonzero(table.ids == run.id).tolist()), -1)
    last = len(table) - 1
    constraints = detail.constraints(attrs.system)
    others = {key: value for key, value in attrs.system.items() if not key.startswith(_OWN)}
    fixed = attrs.system.get("fixed_params") if run.status == "PLANNED" else None
    return Trial(
        id=run.id,
        experiment_id=id,
        number=number,
        status=run.status,
        name=run.name,
        comment=run.comment,
        values=summaries.objective_values(run.value, run.values, len(table.directions)),
        params=_params(found, table),
        fixed_params=[Attr(key, value) for key, value in (fixed or {}).items()],
        constraints=[summaries.as_json(x) for x in constraints],
        feasible=all(x <= 0 for x in constraints),
        is_best=at in summaries.best(table).tolist(),
        is_stale=run.status == "RUNNING" and number in summaries.running(table, board.db).stale,
        user_attrs=heads.as_list(attrs.user),
        system_attrs=heads.as_list(others),
        tags=list(run.tags or ()),
        env=run.env,
        metrics=_metrics(found, table),
        note=heads.note(reading.system_attrs(board.db, id, f"dashboard:{run.id}:note"), run.id),
        artifacts=heads.artifacts_of_trial(board, attrs.system, study, id, run.id),
        wants_answer=_wants_answer(study, run.status, attrs.user),
        skipped=bool(study.get(f"{stored.SKIPPED}{run.id}")),
        time_created=millis(run.time_created),
        time_started=summaries.time_or_none(start),
        time_finished=summaries.time_or_none(finish),
        duration=duration(run.status, start, finish),
        heartbeat=summaries.time_or_none(millis(run.heartbeat)),
        previous=int(table.numbers[at - 1]) if at > 0 else None,
        next=int(table.numbers[at + 1]) if 0 <= at < last else None,
        trial=int(table.trials[at]) if at >= 0 else number,
        sems=summaries.errors(table, at) if at >= 0 else [],
    )


def _params(found: detail.Detail, table: Table) -> list[TrialParam]:
    args = found.run.args or {}
    kinds = {n: detail.distribution(text) for n, text in found.distributions.items()}
    kinds |= {name: kind for name, kind in table.ax.kinds.items() if name in args}
    names = [*kinds, *(name for name in args if name not in kinds)]
    texts = {name: detail.distribution_text(*kind) for name, kind in kinds.items()}
    return [TrialParam(name, args.get(name), texts.get(name, "")) for name in names]


def _metrics(found: detail.Detail, table: Table) -> list[MetricSummary]:
    """The metrics of a trial; the standard error of a mean belongs to it."""
    metrics = {metric.name: metric for metric in found.metrics}
    errors = {
        m: metrics.pop(e) for m, e in table.ax.errors.items() if m in metrics and e in metrics
    }
    return [_metric(metric, errors.get(metric.name)) for metric in metrics.values()]


def _metric(metric: detail.Metric, error: detail.Metric | None) -> MetricSummary:
    is_same = error is not None and error.last_step == metric.last_step
    numbers = (metric.last, metric.min, metric.max, error.last if error and is_same else None)
    last, low, high, sem = (None if x is None else summaries.as_json(x) for x in numbers)
    return MetricSummary(metric.name, metric.n, last, low, high, metric.last_step, sem)


def _wants_answer(study: dict[str, Any], status: str, user_attrs: dict[str, Any]) -> bool:
    """Whether a running trial has not got all answers of the form."""
    form = forms.read_form(study)
    if form is None or status != "RUNNING":
        return False
    keys = [widget.get("user_attr_key") for widget in form.widgets]
    return form.output_type == "objective" or any(key not in user_attrs for key in keys)
