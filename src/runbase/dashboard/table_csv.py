"""All trials of an experiment as a CSV file, with the columns of Optuna Dashboard."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from ..db import Database, repeatable
from ..errors import NotFoundError
from ..query import Query
from ..store import trial_rows
from .columns import ax
from .columns.read import AX, flat
from .columns.read import names as names_of
from .columns.read import trials as trials_of
from .server.endpoint import Raw
from .stock_space import Distribution, of
from .stock_trials import Row

STATES = {
    "PLANNED": "WAITING", "RUNNING": "RUNNING", "COMPLETED": "COMPLETE",
    "PRUNED": "PRUNED", "FAILED": "FAIL",
}  # fmt: skip
EXPERIMENT = Query("SELECT name, kind, directions FROM experiments WHERE id = :id")
ARGS = Query("SELECT id, args FROM runs WHERE experiment_id = :study_id AND args IS NOT NULL")
_NAMES = """
SELECT key, value FROM experiment_attrs
 WHERE owner_id = :id AND scope = 'system' AND key = 'study:metric_names'"""
NAMES = Query(_NAMES, mysql=_NAMES.replace("key", "`key`"))

Cells = dict[int, dict[str, Any]]


def answer(db: Database, id: int, chosen: Collection[int] | None) -> Raw:
    """The file as an answer.

    Args:
        db: where the experiment is.
        id: of the experiment.
        chosen: ids of the trials; None: all.

    Raises:
        NotFoundError: there is no such experiment.
    """
    name, text = read(db, id, chosen)
    file = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "", name).replace(" ", "-") or str(id)
    plain = file.encode("ascii", "replace").decode().replace("?", "_")
    disposition = f"attachment; filename=\"{plain}.csv\"; filename*=UTF-8''{quote(file)}.csv"
    return Raw(text.encode(), "text/csv; charset=utf-8", {"Content-Disposition": disposition})


@repeatable
def read(db: Database, id: int, chosen: Collection[int] | None) -> tuple[str, str]:
    """The experiment's name, and the file; see `answer`."""
    experiment = db.row(EXPERIMENT, id=id)
    if experiment is None:
        raise NotFoundError(f"there is no experiment {id}")
    name, kind, directions = experiment
    kept = None if chosen is None else set(chosen)
    rows = [Row(*row) for row in db.rows(trial_rows.TRIALS, study_id=id)]
    more = {}
    if kind == AX:
        rows, more = _tries(db, id), _of_ax(db, id)
    trials = [row for row in rows if kept is None or row.id in kept]
    params = _params(db, id, kept) if kind == "optuna" else _args(db, id, kept)
    objectives = _objectives(db, id, len(directions or []))
    return name, _text(trials, objectives, more, params, _user_attrs(db, id, kept))


def _tries(db: Database, id: int) -> list[Row]:
    """The trials of an Ax experiment, arms with the numbers of their trials."""
    found = sorted(trials_of(db, id, AX), key=lambda row: (row[8], -min(row[1], 0)))
    return [Row(*row[:8])._replace(number=row[8]) for row in found]


def _of_ax(db: Database, id: int) -> dict[str, dict[int, Any]]:
    """Names of arms and standard errors, by the heads of their columns."""
    head = ax.head(db, id)
    found: dict[str, dict[int, Any]] = {"Arm": dict(names_of(db, id))}
    for metric in head.means:
        if metric is not None:
            found[f"{metric} SEM"] = dict(ax.errors(db, id, metric, head.errors[metric]))
    return found


def _text(
    trials: list[Row], objectives: list[str], more: Mapping[str, Mapping[int, Any]],
    params: Cells, attrs: Cells,
) -> str:  # fmt: skip
    names, keys = _keys(params), _keys(attrs)
    file = io.StringIO()
    writer = csv.writer(file)
    header = ["Number", "State", *objectives, *more]
    header += [*(f"Param {n}" for n in names), *(f"UserAttribute {k}" for k in keys)]
    writer.writerow(map(harmless, header))
    none: dict[str, Any] = {}
    for row in trials:
        values = row.all_values or [None] * len(objectives)
        of_params, of_attrs = params.get(row.id, none), attrs.get(row.id, none)
        cells = [*values[: len(objectives)], *(column.get(row.id) for column in more.values())]
        cells += [*map(of_params.get, names), *map(of_attrs.get, keys)]
        writer.writerow([row.number, STATES.get(row.status, row.status), *map(harmless, cells)])
    return file.getvalue()


def harmless(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: a quote character makes it a text."""
    if isinstance(cell, str) and cell[:1] in _FORMULA and cell and not _is_number(cell):
        return f"'{cell}"
    return cell


_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _keys(cells: Cells) -> list[str]:
    return sorted({key for row in cells.values() for key in row})


def _objectives(db: Database, id: int, count: int) -> list[str]:
    found = db.row(NAMES, id=id)
    if found is not None:
        return list(json.loads(found[1]))
    return ["Value"] if count == 1 else [f"Objective {n}" for n in range(count)]


def _params(db: Database, id: int, kept: set[int] | None) -> Cells:
    found: Cells = defaultdict(dict)
    known: dict[int, Distribution] = {}
    for run_id, name, internal, distribution_id in db.rows(trial_rows.PARAMS[0], study_id=id):
        if kept is None or run_id in kept:
            kind = known.get(distribution_id)
            if kind is None:
                kind = known[distribution_id] = of(db, distribution_id)
            external = kind.external(internal)
            if kind.is_rounded:
                external = trial_rows.args(db, run_id).get(name, external)
            found[run_id][name] = external
    return found


def _args(db: Database, id: int, kept: set[int] | None) -> Cells:
    return {
        run_id: dict(flat(args))
        for run_id, args in db.rows(ARGS, study_id=id)
        if kept is None or run_id in kept
    }


def _user_attrs(db: Database, id: int, kept: set[int] | None) -> Cells:
    found: Cells = defaultdict(dict)
    for run_id, scope, key, value in db.rows(trial_rows.ATTRS[0], study_id=id):
        if scope == "user" and (kept is None or run_id in kept):
            found[run_id][key] = json.loads(value)
    return found
