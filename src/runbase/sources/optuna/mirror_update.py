"""Brings a mirror up to date: finds out what changed in the original, and writes only that.

Finished trials never change. So it is enough to look at the unfinished ones, at those above the
highest known id, at the studies and their attributes; and at the first and the last known trial
of each study, which tell whether it is still the same study.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ...db import Database
from .mirror_rows import UNFINISHED, Rows, Source, Study
from .mirror_writer import Writer, only, signatures, value_of

#: Trials that are read in one transaction of the original.
CHUNK = 2000
#: Called with how many trials are done, and how many are to be brought over.
Progress = Callable[[int, int], None]

STUDIES = "SELECT id, name, directions, version FROM experiments WHERE kind = 'optuna'"
ATTRS = "SELECT owner_id, scope, key, value FROM experiment_attrs"
ENDS = """
SELECT r.id, r.experiment_id, r.number, r.status, CAST(r.time_started AS TEXT),
       CAST(r.time_finished AS TEXT), r.value, CAST(r.objective_values AS TEXT)
  FROM experiments AS e
  JOIN runs AS r ON r.id IN (
       (SELECT id FROM runs WHERE experiment_id = e.id ORDER BY number LIMIT 1),
       (SELECT id FROM runs WHERE experiment_id = e.id ORDER BY number DESC LIMIT 1))"""
COUNTS = "SELECT experiment_id, COUNT(*) FROM runs GROUP BY experiment_id"
UNFINISHED_TRIALS = "SELECT run_id, signature FROM mirrored_trials"


class End(NamedTuple):
    """A trial as `ENDS` gives it."""

    id: int
    study_id: int
    number: int
    status: str
    started: str | None
    finished: str | None
    value: float | None
    values: str | None


class Known(NamedTuple):
    """What a mirror has."""

    studies: dict[int, Study]
    versions: dict[int, int]
    ends: dict[int, End]  # the first and the last trial of each study
    unfinished: dict[int, bytes]  # signatures by trial id


class Change(NamedTuple):
    """What became of the studies since, and how their unfinished trials are now."""

    studies: list[Study]
    gone: set[int]  # ids of studies, also of those that are others now
    unfinished: Rows


def update(
    db: Database,
    source: Source,
    progress: Progress | None = None,
    *,
    anew: bool = False,
    counted: bool = False,
) -> bool:
    """Bring over what changed, in the open transaction.

    Args:
        db: the mirror.
        source: the original.
        progress: called with the number of trials that are done and of those to be brought over.
        anew: begin with an empty mirror.
        counted: count all trials, to find out if some were deleted while nobody looked.

    Returns:
        Whether something had changed.

    Raises:
        sqlite3.IntegrityError: what was known contradicts what is there.
    """
    if anew:
        Writer(db).delete_all()
    known = _known(db)
    change = _look(source, known, dict(db.run(COUNTS).fetchall()) if counted else None)
    writer = Writer(db)
    if change.gone:
        writer.delete_studies(change.gone)
        known = _known(db)
    changed = _changed_trials(known, change)
    after = {s.id: known.studies[s.id].last if s.id in known.studies else -1
             for s in change.studies}  # fmt: skip
    grown = {s.id for s in change.studies if s.last > after[s.id]}
    touched = {trial.study_id for trial in changed.trials} | grown
    is_written = [_write_study(writer, study, known, touched) for study in change.studies]
    if changed.trials:
        writer.set_trials(changed)
    if grown:
        _add(writer, source, {id: after[id] for id in grown}, progress)
        writer.count_trials(grown)
        writer.date_studies(grown - known.studies.keys())
    return bool(change.gone) or any(is_written)


def _known(db: Database) -> Known:
    ends = {row[0]: End(*row) for row in db.run(ENDS).fetchall()}
    last: dict[int, int] = {}
    for trial in ends.values():
        last[trial.study_id] = max(trial.id, last.get(trial.study_id, -1))
    attrs: dict[int, dict[tuple[str, str], str]] = {}
    for id, scope, key, text in db.run(ATTRS).fetchall():
        attrs.setdefault(id, {})[scope, key] = text
    studies, versions = {}, {}
    for id, name, directions, version in db.run(STUDIES).fetchall():
        studies[id] = Study(id, name, directions, attrs.get(id, {}), last.get(id, -1))
        versions[id] = version
    return Known(studies, versions, ends, dict(db.run(UNFINISHED_TRIALS).fetchall()))


def _look(source: Source, known: Known, counts: dict[int, int] | None) -> Change:
    with source.moment():
        studies = source.studies()
        trials = source.trials(list(known.ends))
        unfinished = source.read(list(known.unfinished))
        found = counts and source.counts(max(known.ends))
    ends = {trial.id: End(*trial[:6], *value_of(trial)) for trial in trials}
    names = {study.id: study.name for study in studies}
    gone = {id for id, study in known.studies.items() if names.get(id) != study.name}
    gone |= {t.study_id for t in known.ends.values() if not _is_still(t, ends.get(t.id))}
    if counts and found is not None:
        gone |= {id for id, count in counts.items() if found.get(id) != count}
    return Change(studies, gone, unfinished)


def _is_still(known: End, trial: End | None) -> bool:
    """Whether ``trial`` may be what became of ``known``."""
    if trial is None or known[:3] != trial[:3]:
        return False
    if known.status not in UNFINISHED:
        return known == trial
    return known.status == "PLANNED" or known.started == trial.started


def _changed_trials(known: Known, change: Change) -> Rows:
    """The known trials that are not as they were."""
    now = signatures(change.unfinished)
    changed = {
        trial.id
        for trial in change.unfinished.trials
        if trial.id in known.unfinished and now.get(trial.id) != known.unfinished[trial.id]
    }
    return only(change.unfinished, changed)


def _write_study(writer: Writer, study: Study, known: Known, touched: set[int]) -> bool:
    """Add a study, or count a change of it; whether there was one."""
    old = known.studies.get(study.id)
    if old is None:
        writer.add_study(study)
        return True
    is_other = old.directions != study.directions
    with_attrs = old.attrs != study.attrs
    if not (is_other or with_attrs or study.id in touched):
        return False
    writer.set_study(study, known.versions[study.id] + 1, with_attrs=with_attrs)
    return True


def _add(writer: Writer, source: Source, after: dict[int, int], progress: Progress | None) -> None:
    with source.moment():
        ids = source.new(after)
    for done, chunk in _chunks(ids):
        if progress is not None:
            progress(done, len(ids))
        with source.moment():
            rows = source.read(chunk)
        writer.add_trials(rows)
    if progress is not None:
        progress(len(ids), len(ids))


def _chunks(ids: Sequence[int]) -> Iterable[tuple[int, Sequence[int]]]:
    return ((start, ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK))
