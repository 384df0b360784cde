"""Saving: what changed of an experiment, its trials and its strategy, in one transaction.

Everything is encoded, checked and compared first (`drafts`); then one short transaction writes what
is new. It counts a new version of the experiment, which locks the experiment's row, and it writes
over nothing that another program has changed since this one read it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from ax.core.base_trial import BaseTrial
from ax.core.experiment import Experiment
from ax.generation_strategy.generation_strategy import GenerationStrategy

from ..db import Database, repeatable
from ..errors import ConflictError
from ..store.ax import experiments, observations, points, project, strategies, trials
from ..store.ax.goals import Goals, goals_of
from ..store.ax.read import Loaded, read
from .data import observation
from .drafts import Draft, StrategyDraft, TrialDraft, draft
from .errors import ExperimentConflictError, StrategyDeletedError, TrialConflictError
from .known import KnownExperiment, KnownStrategy, KnownTrial
from .versions import INSTALLED

if TYPE_CHECKING:
    from .store import Store


class Written(NamedTuple):
    """What the transaction gave."""

    id: int
    version: int
    trials: dict[int, trials.Known]
    strategy_id: int | None


def save(
    store: Store,
    experiment: Experiment,
    changed: Iterable[BaseTrial],
    strategy: GenerationStrategy | None = None,
    *,
    head: bool = True,
    overwrite: bool = False,
) -> None:
    """Save an experiment's head, those of its trials that ``changed``, and a strategy.

    Raises:
        TrialConflictError: another program changed a trial, or took its index.
        ExperimentConflictError: it changed the experiment's head or its strategy, or the name is
            that of another experiment.
        InvalidValueError: the experiment has no name, or something in it cannot be stored.
    """
    wanted = draft(store, experiment, changed, strategy, head=head, overwrite=overwrite)
    if not wanted.is_empty:
        _write(store, wanted, overwrite and wanted.known is None)


def _write(store: Store, draft: Draft, overwrite: bool) -> None:
    db = store.db
    arms = [cells for each in draft.trials for cells in each.row.points.values()]
    points.make_room(db, {name for cells in arms for cell in cells.values() for name in cell})
    attempts: list[None] = []
    try:
        written = _transaction(db, draft, overwrite, attempts)
    except ConflictError:  # maybe with itself, if it is repeated after a commit's answer was lost
        stored = _stored(db, draft) if len(attempts) > 1 else None
        if stored is None:
            raise
        written = stored
    _remember(store, draft, written)


@repeatable
def _transaction(db: Database, draft: Draft, overwrite: bool, attempts: list[None]) -> Written:
    attempts.append(None)
    with db.transaction():
        id, version = _write_head(db, draft, overwrite)
        known = _write_trials(db, draft, id, version)
        strategy_id = None
        if draft.strategy is not None:
            strategy_id = _write_strategy(db, draft, id, version, known)
        return Written(id, version, known, strategy_id)


def _write_head(db: Database, draft: Draft, overwrite: bool) -> tuple[int, int]:
    head, known = draft.head, draft.known
    next_number = trials.numbers_of(each.row for each in draft.trials)
    if known is None:
        assert head is not None
        return _insert_head(db, head, next_number, overwrite), 1
    now = datetime.now(UTC)
    version = experiments.count(db, known.id, now, next_number, known.head)
    if version is None:
        _check_head(db, draft, known)
        version = experiments.count(db, known.id, now, next_number)
        assert version is not None
    if draft.goals != known.goals and version != known.seen + 1:
        raise _head_changed(draft)  # trials of others would keep the values of other goals
    if head is not None:
        experiments.update(db, known.id, head, version)
    return known.id, version


def _check_head(db: Database, draft: Draft, known: KnownExperiment) -> None:
    """Whether a head that another program changed does not matter for what is written."""
    found = experiments.read(db, known.id)
    if found is None:
        raise ExperimentConflictError(
            f"the experiment {draft.experiment.name!r} was deleted by another program: save it "
            "with runbase.ax.save_experiment(experiment, overwrite=True) to have it again"
        )
    is_written = draft.head is not None and found.doc != draft.head.doc
    if is_written or goals_of(json.loads(found.doc)) != known.goals:
        raise _head_changed(draft)


def _head_changed(draft: Draft) -> ExperimentConflictError:
    return ExperimentConflictError(
        f"the experiment {draft.experiment.name!r} was changed by another program since it was "
        "read here; nothing was written: load it again and repeat the change"
    )


def _insert_head(db: Database, head: experiments.Head, next_number: int, overwrite: bool) -> int:
    if overwrite:
        db.execute(experiments.DELETE, name=head.name)
    try:
        return experiments.insert(db, head, next_number)
    except Exception as error:
        if not db.engine.is_duplicate(error):
            raise
    raise ExperimentConflictError(
        f"An experiment already exists with the name {head.name}. To continue it, load it; to "
        "replace it, save with overwrite=True"
    )


def _write_trials(db: Database, draft: Draft, id: int, version: int) -> dict[int, trials.Known]:
    stored = draft.known.trials if draft.known is not None else {}
    new = [each for each in draft.trials if each.row.number not in stored]
    written: dict[int, trials.Known] = {}
    if new:
        try:
            found = trials.insert(db, id, [each.row for each in new], version, INSTALLED)
        except Exception as error:
            if not db.engine.is_duplicate(error):
                raise
            raise _taken(draft, new) from error
        written |= {each.row.number: one for each, one in zip(new, found, strict=True)}
    for each in draft.trials:
        number = each.row.number
        if draft.known is None or number not in stored:
            continue
        before = _before(stored[number], draft.known.goals)
        done = trials.update(db, id, each.row, before, version, INSTALLED)
        if done is None:
            raise TrialConflictError(
                f"trial {number} of {draft.experiment.name!r} was changed by another program since "
                "it was read here; nothing was written: load the experiment again (or, with a "
                "Client, call refresh()) and repeat the change"
            )
        written[number] = done
    return written


def _taken(draft: Draft, new: Sequence[TrialDraft]) -> TrialConflictError:
    numbers = " or ".join(str(each.row.number) for each in new)
    return TrialConflictError(
        f"trial {numbers} of {draft.experiment.name!r} was added by another program meanwhile; "
        "nothing was written: load the experiment again (or, with a Client, call refresh()) and "
        "ask for another trial"
    )


def _before(known: KnownTrial, goals: Goals) -> trials.Known:
    rows = [observation(row) for row in known.rows]
    row = project.trial(json.loads(known.doc), known.doc, rows, goals)
    return trials.Known(known.run_id, known.version, known.arms, row)


def _stored(db: Database, draft: Draft) -> Written | None:
    """What is stored, if all of it is the same: written before the connection broke."""
    found = experiments.find(db, draft.experiment.name)
    if found is None or (draft.head is not None and found.doc != draft.head.doc):
        return None
    stored = {each.stored.number: each for each in read(db, found.id)[1]}
    same: dict[int, trials.Known] = {}
    for _, row, _ in draft.trials:
        each = stored.get(row.number)
        if each is None or not _is_same(each, row):
            return None
        one = each.stored
        same[row.number] = trials.Known(one.run_id, one.version, one.arms, row)
    version = max((one.version for one in same.values()), default=found.head)
    strategy = None if draft.strategy is None else _stored_strategy(db, draft.strategy, found.id)
    if draft.strategy is not None and strategy is None:
        return None
    return Written(found.id, version, same, strategy)


def _is_same(stored: Loaded, row: trials.Trial) -> bool:
    one = stored.stored
    if (one.doc, one.layout) != (row.doc, row.layout):
        return False
    names = observations.names(json.loads(row.layout))
    before, after = (
        {
            (arm, place, name): repr(value)
            for arm, cells in found.items()
            for place, cell in cells.items()
            for name, value in cell.items()
            if name in names
        }
        for found in (stored.points, row.points)
    )
    return before == after


def _stored_strategy(db: Database, draft: StrategyDraft, id: int) -> int | None:
    found = strategies.last_of(db, id)
    if found is None or found.doc != draft.doc:
        return None
    places = {
        each.ordinal: each.doc if each.trial is None else (each.trial, each.position)
        for each in strategies.generated(db, found.id)
    }
    is_same = all(places.get(ordinal) == place for ordinal, place in draft.runs.items())
    return found.id if is_same else None


def _write_strategy(
    db: Database, draft: Draft, id: int, version: int, written: dict[int, trials.Known]
) -> int:
    wanted, known = draft.strategy, draft.known
    assert wanted is not None
    stored = known.trials if known is not None else {}
    row = strategies.Strategy(
        wanted.strategy.name, wanted.strategy.current_node_name, wanted.doc, INSTALLED
    )
    generated = [
        strategies.Generated(
            ordinal, (written.get(place[0]) or stored[place[0]]).run_id, place[1], None
        )
        if isinstance(place, tuple)
        else strategies.Generated(ordinal, None, None, place)
        for ordinal, place in sorted(wanted.runs.items())
    ]
    if wanted.known is None:
        before = strategies.last_of(db, id) if known is not None and not generated else None
        since = known.seen if known is not None else 0
        if before is not None and before.version > since and before.doc == wanted.doc:
            return before.id  # this is repeated, after a commit whose answer was lost
        strategy_id = strategies.insert(db, id, row, version)
        strategies.add(db, strategy_id, generated)
        return strategy_id
    seen = wanted.known.version
    if wanted.doc == wanted.known.doc:
        is_there = strategies.touch(db, wanted.known.id, version, seen)
    else:
        is_there = strategies.update(db, wanted.known.id, id, row, version, seen)
    if not is_there and strategies.find(db, wanted.known.id) is None:
        raise StrategyDeletedError(
            f"the generation strategy of {draft.experiment.name!r} was deleted by another program; "
            "nothing was written: give the experiment another strategy, or load it again"
        )
    if not is_there:
        raise _strategy_used(draft)
    strategies.put(db, wanted.known.id, [g for g in generated if g.ordinal < wanted.known.next])
    try:
        new = [g for g in generated if g.ordinal >= wanted.known.next]
        strategies.add(db, wanted.known.id, new)
    except Exception as error:
        if not db.engine.is_duplicate(error):
            raise
        raise _strategy_used(draft) from error
    return wanted.known.id


def _strategy_used(draft: Draft) -> ExperimentConflictError:
    return ExperimentConflictError(
        f"the strategy of {draft.experiment.name!r} was used by another program since it was read "
        "here; nothing was written: load the experiment again (or, with a Client, call "
        "refresh()) and ask for another trial"
    )


def _remember(store: Store, draft: Draft, written: Written) -> None:
    known = draft.known
    if known is None:
        assert draft.head is not None
        known = KnownExperiment(written.id, written.version, 1, draft.head.doc, draft.goals)
        store.experiments.put(draft.experiment, known)
    elif draft.head is not None:
        known.head, known.doc, known.goals = written.version, draft.head.doc, draft.goals
    # What others wrote in between is still to be seen.
    known.seen = written.version if known.seen == written.version - 1 else known.seen
    draft.experiment._db_id = written.id
    for each in draft.trials:
        one = written.trials[each.row.number]
        known.trials[each.row.number] = KnownTrial(
            one.run_id,
            one.version,
            dict(one.arms),
            each.row.doc,
            each.data,
        )
        each.trial._db_id = one.run_id
    if draft.strategy is not None and written.strategy_id is not None:
        _remember_strategy(store, draft.strategy, written)


def _remember_strategy(store: Store, draft: StrategyDraft, written: Written) -> None:
    assert written.strategy_id is not None
    runs = draft.strategy._generator_runs
    places = {id(run): index for index, run in enumerate(runs)}
    pending = {
        ordinal: places[id(draft.generated[ordinal])]
        for ordinal, place in draft.runs.items()
        if isinstance(place, str)
    }
    start = max([*draft.generated, draft.known.next - 1 if draft.known is not None else -1]) + 1
    known = KnownStrategy(
        written.strategy_id, draft.doc, written.version, len(runs), start, pending
    )
    store.strategies.put(draft.strategy, known)
    draft.strategy._db_id = written.strategy_id
