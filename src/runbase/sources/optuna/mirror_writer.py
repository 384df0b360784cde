"""Writes the studies and trials of a mirror, under the ids that they have in the original."""

from __future__ import annotations

import itertools
import math
from array import array
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from ...db import Database
from ...engines.json import dumps
from ...engines.sqlite import time_text
from ...store import columns, distributions, summaries
from ...store.reports import INTERMEDIATE
from .mirror_rows import UNFINISHED, Rows, Study, Trial

#: How unfinished trials were when they were last read.
SETUP = """
CREATE TABLE IF NOT EXISTS mirrored_trials (
    run_id    INTEGER PRIMARY KEY,
    signature BLOB NOT NULL
)"""
ADD_STUDY = """
INSERT INTO experiments (id, kind, name, directions, version) VALUES (?, 'optuna', ?, ?, ?)"""
SET_STUDY = "UPDATE experiments SET directions = ?, version = ?, time_updated = ? WHERE id = ?"
COUNT_STUDY = """
UPDATE experiments SET next_number = (SELECT COALESCE(MAX(number), -1) + 1 FROM runs
                                       WHERE experiment_id = experiments.id)
 WHERE id = ?"""
DATE_STUDY = """
UPDATE experiments
   SET time_created = COALESCE((SELECT MIN(time_started) FROM runs
                                 WHERE experiment_id = experiments.id), time_created)
 WHERE id = ?"""
CLEAR_ATTRS = "DELETE FROM experiment_attrs WHERE owner_id = ?"
ADD_ATTR = "INSERT INTO experiment_attrs (owner_id, scope, key, value) VALUES (?, ?, ?, ?)"
ADD_RUN = """
INSERT INTO runs (id, experiment_id, number, status, time_created, time_started, time_finished,
                  value, objective_values, args, time_updated, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
SET_RUN = """
UPDATE runs SET status = ?, time_started = ?, time_finished = ?, value = ?, objective_values = ?,
                args = ?, time_updated = ?, version = ?
 WHERE id = ?"""
#: Where the details of a trial are, by the column with its id.
DETAILS = {
    "run_params": "run_id",
    "run_attrs": "owner_id",
    "metrics": "run_id",
    "metric_specials": "run_id",
    "run_metrics": "run_id",
    "mirrored_trials": "run_id",
}
CLEAR_RUN = [f"DELETE FROM {table} WHERE {key} = ?" for table, key in DETAILS.items()]
DELETE_STUDY = [
    *(
        f"DELETE FROM {table} WHERE {key} IN (SELECT id FROM runs WHERE experiment_id = ?)"
        for table, key in DETAILS.items()
    ),
    "DELETE FROM runs WHERE experiment_id = ?",
    CLEAR_ATTRS,
    "DELETE FROM experiments WHERE id = ?",
]
TABLES = (*DETAILS, "runs", "experiment_attrs", "experiments")
ADD_PARAM = """
INSERT INTO run_params (run_id, seq, name, value, distribution_id) VALUES (?, ?, ?, ?, ?)"""
ADD_RUN_ATTR = "INSERT INTO run_attrs (owner_id, scope, key, value) VALUES (?, ?, ?, ?)"
ADD_REPORT = "INSERT INTO metrics (run_id, step, {column}) VALUES (?, ?, ?)"
ADD_NAN = """
INSERT INTO metric_specials (run_id, metric_id, step, value) VALUES (?, ?, ?, 'NaN')"""
ADD_SUMMARY = f"""
INSERT INTO run_metrics ({", ".join(summaries.FIELDS)})
VALUES ({", ".join("?" * len(summaries.FIELDS))})"""
ADD_SIGNATURE = "INSERT INTO mirrored_trials (run_id, signature) VALUES (?, ?)"


class Writer:
    """Writes in the open transaction; ``versions`` are those of the studies from now on."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now = time_text(datetime.now(UTC))
        self.versions: dict[int, int] = {}

    def _run(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self.db.session.run(sql, rows, many=True)

    def delete_all(self) -> None:
        """Delete everything, also what belongs to nothing."""
        for table in TABLES:
            self.db.run(f"DELETE FROM {table}")

    def delete_studies(self, ids: Iterable[int]) -> None:
        """Delete studies with everything that belongs to them."""
        rows = [(id,) for id in ids]
        for statement in DELETE_STUDY:
            self._run(statement, rows)

    def add_study(self, study: Study) -> None:
        """Add a study without trials.

        Its first version is the time: so a study that takes the id of another, as happens in
        SQLite and whenever a mirror is built anew, goes on above all versions that were seen.
        """
        version = self.versions[study.id] = int(datetime.now(UTC).timestamp() * 1000)
        self._run(ADD_STUDY, [(study.id, study.name, dumps(study.directions), version)])
        self._set_attrs(study)

    def set_study(self, study: Study, version: int, *, with_attrs: bool) -> None:
        """Give a study its next version, and attributes if they have changed."""
        self.versions[study.id] = version
        self._run(SET_STUDY, [(dumps(study.directions), version, self.now, study.id)])
        if with_attrs:
            self._run(CLEAR_ATTRS, [(study.id,)])
            self._set_attrs(study)

    def _set_attrs(self, study: Study) -> None:
        self._run(ADD_ATTR, ((study.id, *key, text) for key, text in study.attrs.items()))

    def count_trials(self, study_ids: Iterable[int]) -> None:
        """Set the number of the next trial of studies that got new ones."""
        self._run(COUNT_STUDY, ((id,) for id in study_ids))

    def date_studies(self, study_ids: Iterable[int]) -> None:
        """Say of new studies that they were created when their first trial began."""
        self._run(DATE_STUDY, ((id,) for id in study_ids))

    def add_trials(self, rows: Rows) -> None:
        """Add trials that the mirror has not."""
        self._run(ADD_RUN, self._new_runs(rows))
        self._add_details(rows)

    def set_trials(self, rows: Rows) -> None:
        """Overwrite trials that have changed."""
        for statement in CLEAR_RUN:
            self._run(statement, ((trial.id,) for trial in rows.trials))
        args = _args(rows)
        self._run(SET_RUN, (
            (t.status, t.started, t.finished, *value_of(t), args.get(t.id),
             self.now, self.versions[t.study_id], t.id)
            for t in rows.trials
        ))  # fmt: skip
        self._add_details(rows)

    def _new_runs(self, rows: Rows) -> Iterator[Sequence[Any]]:
        args = _args(rows)
        for trial in rows.trials:
            id, study_id, number, status, started, finished, _ = trial
            yield (
                *(id, study_id, number, status, started or self.now, started, finished),
                *value_of(trial),
                *(args.get(id), self.now, self.versions[study_id]),
            )

    def _add_details(self, rows: Rows) -> None:
        self._run(ADD_PARAM, list(self._params(rows)))
        self._run(ADD_RUN_ATTR, rows.attrs)
        self._add_reports(rows.reports)
        self._run(ADD_SIGNATURE, signatures(rows).items())

    def _params(self, rows: Rows) -> Iterator[Sequence[Any]]:
        ids = {text: distributions.id_of(self.db, text) for text in {p[3] for p in rows.params}}
        current = seq = -1
        for id, name, value, text, _ in rows.params:
            seq = seq + 1 if id == current else 0
            current = id
            yield id, seq, name, value, ids[text]

    def _add_reports(self, reports: Sequence[tuple[int, int, float]]) -> None:
        if not reports:
            return
        metric = columns.ensure(self.db, {INTERMEDIATE: "number"})[INTERMEDIATE]
        assert metric.column is not None  # nobody else adds metrics to a mirror
        self._run(ADD_REPORT.format(column=self.db.engine.quote(metric.column)), reports)
        nans = [(id, metric.id, step) for id, step, value in reports if math.isnan(value)]
        self._run(ADD_NAN, nans)
        self._run(ADD_SUMMARY, self._summaries(metric.id, reports))

    def _summaries(
        self, metric_id: int, reports: Sequence[tuple[int, int, float]]
    ) -> Iterator[summaries.Record]:
        for id, group in itertools.groupby(reports, itemgetter(0)):
            points = [(step, 0.0, value) for _, step, value in group]
            if record := summaries.of_points(self.db, id, metric_id, points):
                yield record


def _args(rows: Rows) -> dict[int, str]:
    """What people read of the parameters, as JSON."""
    found: dict[int, dict[str, Any]] = {}
    for id, name, _, _, external in rows.params:
        found.setdefault(id, {})[name] = external
    return {id: dumps(params) for id, params in found.items()}


def value_of(trial: Trial) -> tuple[float | None, str | None]:
    """One finite number as it is; several, and special ones, as a list in JSON."""
    values = trial.values
    if values is None:
        return None, None
    number = values[0] if len(values) == 1 else math.nan
    if math.isfinite(number):
        return number, None
    return None if math.isnan(number) else number, dumps(values)


def signatures(rows: Rows) -> dict[int, bytes]:
    """What tells one state of an unfinished trial from another, by the trial's id."""
    found = {
        trial.id: blake2b(repr(trial).encode(), digest_size=16)
        for trial in rows.trials
        if trial.status in UNFINISHED
    }
    # Many trials may have been abandoned, and are looked at each time: columns are packed fast.
    for id, names, numbers, kinds, _ in _columns(rows.params, found):
        found[id].update("\0".join(names + kinds).encode())
        found[id].update(array("d", numbers))
    for id, steps, values in _columns(rows.reports, found):
        found[id].update(array("q", steps))
        found[id].update(array("d", values))
    for id, *texts in _columns(sorted(rows.attrs), found):
        found[id].update("\0".join(itertools.chain(*texts)).encode())
    return {id: state.digest() for id, state in found.items()}


def _columns(rows: Sequence[Sequence[Any]], ids: Container[int]) -> Iterator[Sequence[Any]]:
    """The rows of each trial as columns, after its id."""
    for id, group in itertools.groupby(rows, itemgetter(0)):
        if id in ids:
            _, *found = zip(*group, strict=True)
            yield id, *found


def only(rows: Rows, ids: set[int]) -> Rows:
    """The rows of these trials."""
    return Rows(
        [trial for trial in rows.trials if trial.id in ids],
        [row for row in rows.params if row[0] in ids],
        [row for row in rows.attrs if row[0] in ids],
        [row for row in rows.reports if row[0] in ids],
    )
