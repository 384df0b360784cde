"""The functions of Ax's SQL store, over Runbase's tables.

Each takes ``store``: a `Store`, a `runbase.Client`, a URL or the path of an SQLite file; without
it the default store is used. Ax's ``config``, encoders and decoders have no counterpart: classes
of your own are registered by `register_metric` and `register_runner`, or given to a `Store`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ax.core.analysis_card import AnalysisCardBase
from ax.core.base_trial import BaseTrial
from ax.core.experiment import Experiment
from ax.core.generator_run import GeneratorRun
from ax.core.runner import Runner
from ax.generation_strategy.generation_strategy import GenerationStrategy

from ..errors import ConflictError, InvalidValueError
from ..store.ax import cards, experiments, strategies
from ..store.ax.read import parse
from . import loading, versions
from .codec import dumps
from .errors import (
    NotSavedError,
    ObjectNotFoundError,
    TrialNotSavedError,
)
from .known import KnownStrategy
from .saving import save
from .store import Store, store_of

SAVE_EXPERIMENT = "call save_experiment(experiment, store=...)"


def save_experiment(experiment: Experiment, store: Any = None, *, overwrite: bool = False) -> int:
    """Save an experiment with all of its trials and data; only what changed is written.

    Args:
        experiment: an Ax experiment with a name.
        store: where; see above.
        overwrite: take the place of another experiment of this name, which is deleted.

    Returns:
        The id of the experiment, which is its ``db_id`` from now on.

    Raises:
        ExperimentConflictError: another experiment has the name, or another program changed this
            one since it was loaded.
        TrialConflictError: another program changed one of the trials.
        InvalidValueError: there is no name, or something in it cannot be stored.
    """
    if not isinstance(experiment, Experiment):
        raise InvalidValueError("Can only save instances of Experiment")
    save(store_of(store), experiment, experiment.trials.values(), overwrite=overwrite)
    return int(experiment.db_id)


def load_experiment(
    experiment_name: str,
    store: Any = None,
    *,
    reduced_state: bool = False,
    skip_runners_and_metrics: bool = False,
    load_auxiliary_experiments: bool = True,
) -> Experiment:
    """The experiment with this name.

    Args:
        experiment_name: its name.
        store: where; see above.
        reduced_state: without the large parts of generator runs, which are not lost when it is
            saved again.
        skip_runners_and_metrics: without runners, and with plain metrics in the place of others;
            for experiments with classes that nobody registered.
        load_auxiliary_experiments: with the experiments that this one refers to.

    Raises:
        ExperimentNotFoundError: there is none.
        UnregisteredClassError: it has a class that is not registered.
        NewerAxError: it was written by a newer Ax.
        CorruptDatabaseError: a document is damaged.
    """
    return loading.load_experiment(
        store_of(store), experiment_name, is_reduced=reduced_state,
        is_skipped=skip_runners_and_metrics, with_auxiliary=load_auxiliary_experiments,
    )  # fmt: skip


def save_generation_strategy(generation_strategy: GenerationStrategy, store: Any = None) -> int:
    """Save a strategy, and those trials that it generated and that are not saved yet.

    Only what is new is written: the generator runs since the last time, and the nodes if they
    changed.

    Returns:
        The id of the strategy, which is its ``db_id`` from now on.

    Raises:
        NotSavedError: its experiment was not saved.
        ExperimentConflictError: another program used the strategy meanwhile.
    """
    place = store_of(store)
    experiment = generation_strategy._experiment
    if experiment is None:
        return _save_alone(place, generation_strategy)
    if place.experiments.get(experiment) is None and experiment.db_id is None:
        raise NotSavedError(
            f"Experiment {experiment._name} should be saved before generation strategy: "
            f"{SAVE_EXPERIMENT}"
        )
    save(place, experiment, (), generation_strategy, head=False)
    return int(generation_strategy._db_id)


def _save_alone(store: Store, strategy: GenerationStrategy) -> int:
    """Save a strategy that has no experiment yet, and so has generated nothing."""
    doc = dumps(store.codec.strategy(strategy))
    row = strategies.Strategy(strategy.name, strategy.current_node_name, doc, versions.INSTALLED)
    known = store.strategies.get(strategy)
    with store.db.transaction():
        if known is None:
            id = strategies.insert(store.db, None, row, 0)
        else:
            id = known.id
            strategies.update(store.db, id, None, row, 0)
    strategy._db_id = id
    store.strategies.put(strategy, KnownStrategy(id, doc, 0, 0))
    return id


def update_generation_strategy(
    generation_strategy: GenerationStrategy,
    generator_runs: Sequence[GeneratorRun] = (),
    store: Any = None,
    *,
    batch_size: int | None = None,
    reduce_state_generator_runs: bool = False,
) -> None:
    """Save what a strategy generated since it was saved.

    The other arguments are there for Ax's signature: what is new is known without them.

    Raises:
        NotSavedError: the strategy was never saved.
    """
    if generation_strategy._db_id is None:
        raise NotSavedError(
            "GenerationStrategy must be saved before being updated: "
            "call save_generation_strategy(generation_strategy, store=...)"
        )
    save_generation_strategy(generation_strategy, store)


def load_generation_strategy_by_experiment_name(
    experiment_name: str,
    store: Any = None,
    *,
    experiment: Experiment | None = None,
    reduced_state: bool = False,
    skip_runners_and_metrics: bool = False,
) -> GenerationStrategy:
    """The newest strategy of an experiment, with the experiment.

    Raises:
        ExperimentNotFoundError: there is no such experiment.
        ObjectNotFoundError: it has no strategy.
    """
    place = store_of(store)
    found = loading.find(place, experiment_name)
    strategy = strategies.last_of(place.db, found.id)
    if strategy is None:
        raise ObjectNotFoundError(
            f"Experiment {experiment_name} does not have a generation strategy attached to it."
        )
    if experiment is None:
        experiment = load_experiment(
            experiment_name, place, reduced_state=reduced_state,
            skip_runners_and_metrics=skip_runners_and_metrics,
        )  # fmt: skip
    return loading.load_strategy(place, strategy, experiment, is_reduced=reduced_state)


def load_generation_strategy_by_id(
    gs_id: int,
    store: Any = None,
    *,
    experiment: Experiment | None = None,
    reduced_state: bool = False,
    skip_runners_and_metrics: bool = False,
) -> GenerationStrategy:
    """The strategy with this id, with its experiment if it has one.

    Raises:
        ObjectNotFoundError: there is none.
    """
    place = store_of(store)
    found = strategies.find(place.db, gs_id)
    if found is None:
        raise ObjectNotFoundError(f"there is no generation strategy {gs_id}")
    if experiment is None and found.experiment_id is not None:
        name = experiments.name_of(place.db, found.experiment_id)
        assert name is not None
        experiment = load_experiment(
            name, place, reduced_state=reduced_state,
            skip_runners_and_metrics=skip_runners_and_metrics,
        )  # fmt: skip
    return loading.load_strategy(place, found, experiment, is_reduced=reduced_state)


def save_or_update_trial(experiment: Experiment, trial: BaseTrial, store: Any = None) -> None:
    """Save one trial with its data, in constant time; see `save_or_update_trials`."""
    save_or_update_trials(experiment, [trial], store)


def save_or_update_trials(
    experiment: Experiment,
    trials: Iterable[BaseTrial],
    store: Any = None,
    *,
    batch_size: int | None = None,
    reduce_state_generator_runs: bool = False,
) -> None:
    """Save trials with their data, all or none.

    ``batch_size`` and ``reduce_state_generator_runs`` are there for Ax's signature: one
    transaction holds all, and nothing is left out.

    Raises:
        NotSavedError: the experiment was not saved.
        TrialConflictError: another program changed one of them; nothing was written.
    """
    if experiment.db_id is None:
        raise NotSavedError(
            f"Must save experiment before saving/updating its trials: {SAVE_EXPERIMENT}"
        )
    save(store_of(store), experiment, trials, head=False)


def update_trial_status(trial_with_updated_status: BaseTrial, store: Any = None) -> None:
    """Save a trial whose status changed.

    Raises:
        TrialNotSavedError: the trial was never saved.
        TrialConflictError: another program changed it.
    """
    _update_trial(trial_with_updated_status, store)


def update_properties_on_trial(trial_with_updated_properties: BaseTrial, store: Any = None) -> None:
    """Save a trial whose properties changed; see `update_trial_status`."""
    _update_trial(trial_with_updated_properties, store)


def _update_trial(trial: BaseTrial, store: Any) -> None:
    if trial.db_id is None:
        raise TrialNotSavedError(
            "Trial must be saved before being updated: "
            "call save_or_update_trial(experiment, trial, store=...)"
        )
    save_or_update_trial(trial.experiment, trial, store)


def update_properties_on_experiment(
    experiment_with_updated_properties: Experiment, store: Any = None
) -> None:
    """Save the head of an experiment whose properties changed.

    Raises:
        NotSavedError: the experiment was never saved.
        ExperimentConflictError: another program changed it.
    """
    if experiment_with_updated_properties.db_id is None:
        raise NotSavedError(f"Experiment must be saved before being updated: {SAVE_EXPERIMENT}")
    save(store_of(store), experiment_with_updated_properties, ())


def update_experiment_status(experiment: Experiment, store: Any = None) -> None:
    """Save the head of an experiment whose status changed; as the one above."""
    update_properties_on_experiment(experiment, store)


def update_runner_on_experiment(experiment: Experiment, runner: Runner, store: Any = None) -> None:
    """Give an experiment another runner, and save its head; as the one above."""
    experiment.runner = runner
    update_properties_on_experiment(experiment, store)


def save_analysis_card(
    analysis_card: AnalysisCardBase, experiment: Experiment, store: Any = None
) -> int:
    """Save an analysis card (or a group of them) and return its id.

    Raises:
        NotSavedError: the experiment was never saved.
    """
    if experiment.db_id is None:
        raise NotSavedError(
            f"Experiment {experiment._name} should be saved before analysis cards: "
            f"{SAVE_EXPERIMENT}"
        )
    place = store_of(store)
    doc = dumps(place.codec.encode(analysis_card))
    return cards.insert(place.db, experiment.db_id, doc, versions.INSTALLED)


def load_analysis_cards_by_experiment_name(
    experiment_name: str, store: Any = None
) -> list[AnalysisCardBase]:
    """The analysis cards of an experiment, the oldest first.

    Raises:
        ExperimentNotFoundError: there is no such experiment.
    """
    place = store_of(store)
    found = loading.find(place, experiment_name)
    loaded = []
    for id, doc, ax_version in cards.read(place.db, found.id):
        what = f"ax_cards.doc of card {id}"
        versions.check(ax_version, what)
        with loading.naming(what):
            card = loading.expect(AnalysisCardBase, place.codec.decode(parse(doc, what)))
        card._db_id = id
        loaded.append(card)
    return loaded


def delete_experiment(exp_name: str, store: Any = None) -> None:
    """Delete an experiment with its trials, data, strategies and analysis cards.

    Raises:
        NotFoundError: there is no such experiment.
    """
    experiments.delete(store_of(store).db, exp_name)


def delete_generation_strategy(
    exp_name: str, store: Any = None, *, max_gs_to_delete: int = 1
) -> None:
    """Delete the strategies of an experiment; its trials stay.

    Raises:
        ExperimentNotFoundError: there is no such experiment.
        ConflictError: it has more than ``max_gs_to_delete``; none is deleted.
    """
    place = store_of(store)
    found = loading.find(place, exp_name)
    ids = strategies.ids(place.db, found.id)
    if len(ids) > max_gs_to_delete:
        raise ConflictError(
            f"Found {len(ids)} generation strategies for experiment {exp_name}: to delete "
            f"them all give max_gs_to_delete={len(ids)}"
        )
    strategies.delete(place.db, ids)
