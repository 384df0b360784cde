"""Copies Optuna's studies between storages: import into Runbase, and export out of it. ::

with open_source("optuna.db") as source:
    copy_studies(source, runbase.optuna.RDBStorage("sqlite:///runs.db"))
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from ...errors import ConfigError, ConflictError, NotFoundError
from .compare import can_become, is_same, json_of
from .open import open_source, open_target
from .rekey import knows_ids, rekeyed, trial_ids
from .trials import CHUNK, count_trials, read_trials
from .writers import Writer, writer_of

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study._frozen import FrozenStudy
    from optuna.trial import FrozenTrial

__all__ = ["Copied", "copy_studies", "find_studies", "open_source", "open_target"]

#: Called with how many trials are done, and how many there are in all studies.
Progress = Callable[[int, int], None]


class Copied(NamedTuple):
    """What became of a study."""

    #: The name of the copy.
    name: str
    #: Trials that were added.
    new: int
    #: Trials that were unfinished and have changed since.
    updated: int
    #: Trials that were the same already, and were not written.
    unchanged: int


class _Plan(NamedTuple):
    study: FrozenStudy
    name: str
    #: The id of the study in the target, if it is there.
    found: int | None


def copy_studies(
    source: BaseStorage,
    target: BaseStorage,
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
    *,
    rename: str | None = None,
) -> list[Copied]:
    """Copy studies with everything in them; again, it adds what is new since.

    Trials follow each other as in the source, so their numbers are the same. A trial that is
    unfinished in the target is brought up to date, a finished one is never written. Attributes
    of a study that only the target has stay. Notes on trials, and links in notes to artifacts,
    follow the trials to their new ids. An interrupted copy is completed by the next.

    Optuna's own tables in MySQL have whole seconds, so times are equal to the second there.

    Args:
        source: where the studies are.
        target: where they should be too.
        names: which studies; by default all.
        progress: called with the number of trials that are done and of all trials.
        rename: the name of the copy, of one study.

    Raises:
        NotFoundError: the source has no study of this name.
        ConflictError: the target has another study of this name; nothing was written.
        ConfigError: ``rename`` is for one study at a time.
        InvalidValueError: the target cannot hold a trial.
    """
    plans = _plans(source, target, names, rename)
    sizes = [count_trials(source, plan.study._study_id) for plan in plans]
    for plan in plans:
        _check(source, target, plan)
    bar = _Bar(progress, sum(sizes))
    return [_copy(source, target, plan, bar) for plan in plans]


class _Bar:
    def __init__(self, report: Progress | None, total: int) -> None:
        self.report, self.total, self.done = report, total, 0

    def advance(self, trials: int) -> None:
        """So many more trials are done."""
        self.done += trials
        self.total = max(self.done, self.total)  # the source may have grown
        if self.report is not None:
            self.report(self.done, self.total)


def find_studies(source: BaseStorage, names: Sequence[str] | None) -> list[FrozenStudy]:
    """The studies with these names, or all.

    Raises:
        NotFoundError: the source has no study of this name.
    """
    studies = {study.study_name: study for study in source.get_all_studies()}
    wanted = list(studies) if names is None else list(dict.fromkeys(names))
    if missing := [name for name in wanted if name not in studies]:
        known = ", ".join(map(repr, itertools.islice(studies, 10))) or "none at all"
        raise NotFoundError(
            f"there is no study {missing[0]!r} in the source, which has {known}"
            f"{' and others' if len(studies) > 10 else ''}"
        )
    return [studies[name] for name in wanted]


def _plans(
    source: BaseStorage, target: BaseStorage, names: Sequence[str] | None, rename: str | None
) -> list[_Plan]:
    wanted = find_studies(source, names)
    if rename is not None and len(wanted) != 1:
        raise ConfigError(
            f"a new name is for one study, not for {len(wanted)}: choose one with --study NAME"
        )
    ids = {study.study_name: study._study_id for study in target.get_all_studies()}
    named = [(study, rename or study.study_name) for study in wanted]
    return [_Plan(study, name, ids.get(name)) for study, name in named]


def _check(source: BaseStorage, target: BaseStorage, plan: _Plan) -> None:
    """Refuse to mix two studies, before anything is written."""
    if plan.found is None:
        return
    directions = target.get_study_directions(plan.found)
    if directions != plan.study.directions:
        raise _conflict(plan, f"its directions are {_text(directions)}")
    old = read_trials(target, plan.found)
    new = read_trials(source, plan.study._study_id)
    with closing(old), closing(new):
        for known, trial in zip(old, new, strict=False):
            if not (is_same(known, trial) or can_become(known, trial)):
                raise _conflict(plan, f"its trial {known.number} is not the source's")


def _conflict(plan: _Plan, reason: str) -> ConflictError:
    return ConflictError(
        f"the target has another study {plan.name!r}: {reason}; copy this one under a new name "
        "with --as NEWNAME"
    )


def _text(directions: Iterable[object]) -> str:
    return ", ".join(str(getattr(d, "name", d)).lower() for d in directions)


def _copy(source: BaseStorage, target: BaseStorage, plan: _Plan, bar: _Bar) -> Copied:
    id = plan.found
    if id is None:
        id = target.create_new_study(plan.study.directions, plan.name)
    writer = writer_of(target)
    with closing(read_trials(source, plan.study._study_id)) as trials:
        updated, unchanged = 0, 0
        if plan.found is not None:
            updated, unchanged = _update(writer, read_trials(target, id), trials, bar)
        new = _add(writer, id, trials, bar)
    _copy_attrs(source, target, id, plan.study)
    return Copied(plan.name, new, updated, unchanged)


def _copy_attrs(source: BaseStorage, target: BaseStorage, id: int, study: FrozenStudy) -> None:
    """Bring the attributes of a study up to date, after its trials, whose ids are in some."""
    known = target.get_study_system_attrs(id)
    system_attrs = study.system_attrs
    if knows_ids(system_attrs):
        trials = trial_ids(source, study._study_id), trial_ids(target, id)
        copies = dict(zip(*trials, strict=False))  # the source may have grown
        system_attrs = rekeyed(system_attrs, known, (study._study_id, id), copies)
    for new, old, write in (
        (study.user_attrs, target.get_study_user_attrs(id), target.set_study_user_attr),
        (system_attrs, known, target.set_study_system_attr),
    ):
        for key, value in new.items():
            if key not in old or json_of(old[key]) != json_of(value):
                write(id, key, value)


def _update(
    writer: Writer, known: Iterator[FrozenTrial], trials: Iterator[FrozenTrial], bar: _Bar
) -> tuple[int, int]:
    """Go over the trials that the target has; those that only the source has are left over."""
    updated = unchanged = 0
    for old in known:
        new = next(trials, None)
        if new is None:
            break
        if is_same(old, new):
            unchanged += 1
        else:
            writer.replace(old._trial_id, new)
            updated += 1
        bar.advance(1)
    return updated, unchanged


def _add(writer: Writer, id: int, trials: Iterator[FrozenTrial], bar: _Bar) -> int:
    added = 0
    while chunk := list(itertools.islice(trials, CHUNK)):
        writer.add(id, chunk)
        added += len(chunk)
        bar.advance(len(chunk))
    return added
