"""What is to be saved: objects encoded, checked, and compared with what is stored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

from ax.core.base_trial import BaseTrial
from ax.core.data import DataRow
from ax.core.experiment import Experiment
from ax.core.generator_run import GeneratorRun
from ax.generation_strategy.generation_strategy import GenerationStrategy

from ..errors import InvalidValueError
from ..store.ax import experiments, project, trials
from ..store.ax.goals import Goals, goals_of
from . import reduced
from .codec import dumps
from .data import by_trial, observation
from .errors import ExperimentConflictError, TrialConflictError
from .known import KnownExperiment, KnownStrategy
from .versions import INSTALLED

if TYPE_CHECKING:
    from .store import Store


class TrialDraft(NamedTuple):
    """A trial that is to be written."""

    trial: BaseTrial
    row: trials.Trial
    data: list[DataRow]


class StrategyDraft(NamedTuple):
    """A strategy that is to be written, with its generator runs that are new by ordinal."""

    strategy: GenerationStrategy
    known: KnownStrategy | None
    doc: str
    generated: dict[int, GeneratorRun]
    #: Index of the trial and position in it, or a document of its own.
    runs: dict[int, tuple[int, int] | str]


class Draft(NamedTuple):
    """What is to be written of an experiment."""

    experiment: Experiment
    known: KnownExperiment | None
    #: The head, if it is new or has changed.
    head: experiments.Head | None
    goals: Goals
    trials: Sequence[TrialDraft]
    strategy: StrategyDraft | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return self.head is None and not self.trials and self.strategy is None


def draft(
    store: Store,
    experiment: Experiment,
    changed: Iterable[BaseTrial],
    strategy: GenerationStrategy | None,
    *,
    head: bool,
    overwrite: bool,
) -> Draft:
    """What is to be written of an experiment: its head, some trials, its strategy.

    Raises:
        ExperimentConflictError: the name is that of another experiment.
        InvalidValueError: the experiment has no name, or something in it cannot be stored.
    """
    known = store.experiments.get(experiment)
    if known is None or overwrite:
        known = _known(store, experiment, overwrite)
    text, goals = _head(store, experiment, known) if head or known is None else ("", known.goals)
    is_new = bool(text) and (known is None or text != known.doc)
    # The values of the objectives are those of the goals.
    again = experiment.trials.values() if known is None or goals != known.goals else ()
    drafts = _trials(store, experiment, known, {t.index: t for t in [*again, *changed]}, goals)
    draft_of_strategy = None if strategy is None else _strategy(store, strategy)
    if draft_of_strategy is not None:
        drafts += _owners(store, experiment, known, draft_of_strategy, drafts, goals)
    row = _head_row(experiment, text, goals) if is_new else None
    return Draft(experiment, known, row, goals, drafts, draft_of_strategy)


def _known(store: Store, experiment: Experiment, overwrite: bool) -> KnownExperiment | None:
    """What is stored of an experiment, or None where it is new here, or takes another's place."""
    if not isinstance(experiment, Experiment):
        raise InvalidValueError("Can only save instances of Experiment")
    if not experiment.has_name:
        raise InvalidValueError("Experiment name must be set prior to saving.")
    found = experiments.find(store.db, experiment.name)
    if found is None:
        return None
    if _is_that(found, experiment):
        return store.experiments.get(experiment) or store.known_of(found, experiment)
    if overwrite:
        return None
    raise ExperimentConflictError(
        f"An experiment already exists with the name {experiment.name}. To continue it, load it; "
        "to replace it, save with overwrite=True"
    )


def _is_that(found: experiments.Found, experiment: Experiment) -> bool:
    """Whether an experiment is the one that is stored, and not one of another database."""
    if experiment.db_id != found.id:
        return False
    try:
        created = project.time(json.loads(found.doc)["time_created"])
    except (ValueError, KeyError, TypeError):  # damaged: it can only be overwritten
        return False
    return bool(created == experiment.time_created.astimezone(UTC))


def _head(store: Store, experiment: Experiment, known: KnownExperiment | None) -> tuple[str, Goals]:
    if known is not None and experiment.name != json.loads(known.doc)["name"]:
        raise InvalidValueError(
            f"Changing the name of an experiment is not allowed: it is stored as "
            f"{json.loads(known.doc)['name']!r}"
        )
    doc = store.codec.head(experiment, store.is_stored)
    if known is not None and known.is_skipped:
        reduced.restore_head(doc, json.loads(known.doc))
    if known is not None and known.is_alone:
        reduced.restore_auxiliary(doc, json.loads(known.doc))
    return dumps(doc), goals_of(doc)


def _head_row(experiment: Experiment, text: str, goals: Goals) -> experiments.Head:
    return experiments.Head(
        experiment.name, experiment.description, experiment.time_created.astimezone(UTC),
        [objective.direction for objective in goals.objectives],
        [objective.name for objective in goals.objectives], text, INSTALLED,
    )  # fmt: skip


def _trials(
    store: Store,
    experiment: Experiment,
    known: KnownExperiment | None,
    changed: dict[int, BaseTrial],
    goals: Goals,
) -> list[TrialDraft]:
    if not changed:
        return []
    data = _data(experiment, changed)
    found = []
    for index, trial in sorted(changed.items()):
        before = None if known is None else known.trials.get(index)
        if before is not None and trial._db_id != before.run_id:
            raise TrialConflictError(
                f"trial {index} of {experiment.name!r} is another one than the trial {index} that "
                "is stored; nothing was written: load the experiment and add a trial to that"
            )
        rows = data.get(index, [])
        doc = store.codec.encode(trial)
        if before is not None and reduced.is_missing(doc):
            reduced.restore_runs(doc, json.loads(before.doc))
        if before is not None and known is not None and known.is_skipped:
            reduced.restore_trial(doc, json.loads(before.doc))
        for run, json_of_run in zip(
            trial.generator_runs, project.generator_runs(doc), strict=False
        ):
            if (whole := store.reduced_runs.get(run)) is not None:
                reduced.restore_run(json_of_run, json.loads(whole))
        text = dumps(doc)
        is_same = before is not None and before.doc == text and _same(before.rows, rows)
        if not is_same or (known is not None and goals != known.goals):
            row = project.trial(doc, text, [observation(row) for row in rows], goals)
            found.append(TrialDraft(trial, row, rows))
    return found


def _data(experiment: Experiment, changed: dict[int, BaseTrial]) -> dict[int, list[DataRow]]:
    if len(changed) > 1:
        return by_trial(experiment.data)
    [index] = changed
    return {index: [row for row in experiment.data._data_rows if row.trial_index == index]}


def _same(before: Sequence[DataRow], rows: Sequence[DataRow]) -> bool:
    if len(before) != len(rows):
        return False
    return all(
        one is two or repr(observation(one)) == repr(observation(two))
        for one, two in zip(before, rows, strict=True)
    )


def _strategy(store: Store, strategy: GenerationStrategy) -> StrategyDraft | None:
    """The draft of a strategy; its new generator runs are not looked for among trials yet."""
    known = store.strategies.get(strategy)
    text = dumps(store.codec.strategy(strategy))
    runs = strategy._generator_runs
    count, start = (known.count, known.next) if known is not None else (0, 0)
    pending = {ordinal: runs[i] for ordinal, i in known.pending.items()} if known else {}
    wanted = pending | {start + i: run for i, run in enumerate(runs[count:])}
    if known is not None and not wanted and text == known.doc:
        return None
    return StrategyDraft(strategy, known, text, wanted, dict.fromkeys(wanted, ""))


def _owners(
    store: Store,
    experiment: Experiment,
    known: KnownExperiment | None,
    draft: StrategyDraft,
    drafts: Sequence[TrialDraft],
    goals: Goals,
) -> list[TrialDraft]:
    """Find the trials of a strategy's new generator runs; those that are to be written as well.

    A reference must not be written before the trial that it is to.
    """
    wanted = {id(run): ordinal for ordinal, run in draft.generated.items()}
    _find(wanted, (each.trial for each in drafts), draft)
    if wanted:  # most often the newest trials
        _find(wanted, reversed(list(experiment.trials.values())), draft)
    stored = known.trials if known is not None else {}
    here = {each.trial.index for each in drafts}
    owners = {place[0] for place in draft.runs.values() if isinstance(place, tuple)}
    missing = {i: experiment.trials[i] for i in owners - here - stored.keys()}
    for ordinal in wanted.values():
        draft.runs[ordinal] = _text_of_run(store, draft, ordinal)
    return _trials(store, experiment, known, missing, goals)


def _find(wanted: dict[int, int], found: Iterable[BaseTrial], draft: StrategyDraft) -> None:
    for trial in found:
        if not wanted:
            return
        for position, run in enumerate(trial.generator_runs):
            ordinal = wanted.pop(id(run), None)
            if ordinal is not None:
                draft.runs[ordinal] = (trial.index, position)


def _text_of_run(store: Store, draft: StrategyDraft, ordinal: int) -> str:
    run = draft.generated[ordinal]
    doc = store.codec.encode(run)
    if (whole := store.reduced_runs.get(run)) is not None:
        reduced.restore_run(doc, json.loads(whole))
    return dumps(doc)
