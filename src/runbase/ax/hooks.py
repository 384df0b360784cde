"""Ax's clients save themselves: the hooks that they call after each change.

Ax calls a hook for each thing that it thinks of saving. Here they only note it; when the public
method that changed something ends, all is written in one transaction, so that a trial is never
stored without the generator run that it came from. Before it begins, what other programs have
saved is read: so each method works on what is true, as if all clients took turns.
"""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from ax.core.analysis_card import AnalysisCardBase
from ax.core.base_trial import BaseTrial
from ax.core.experiment import Experiment
from ax.core.generator_run import GeneratorRun
from ax.core.runner import Runner
from ax.generation_strategy.generation_strategy import GenerationStrategy

from ..errors import ConflictError, DatabaseError, logger
from ..store.ax import experiments, strategies
from . import loading
from .codec import Codec
from .errors import StrategyDeletedError
from .saving import save
from .sql import save_analysis_card
from .store import Store

T = TypeVar("T")

ATTEMPTS = 20  # of a method that others came before


class Changes:
    """What is to be saved when a method ends."""

    def __init__(self) -> None:
        self.head = False
        self.trials: dict[int, BaseTrial] = {}
        self.strategy: GenerationStrategy | None = None


class Stored:
    """Saves an Ax client's experiment and strategy in a `Store`.

    Overrides the hooks of Ax's ``WithDBSettingsBase``.
    """

    _store: Store | None = None
    _changes: Changes | None = None
    #: Changes that could not be saved.
    _unsaved: Changes | None = None
    #: Ax's option ``suppress_storage_errors``, which not all of its classes have.
    _suppress_all_errors: bool = False

    # ---- what the classes that have it tell

    def _stored_experiment(self) -> Experiment | None:
        raise NotImplementedError

    def _stored_strategy(self) -> GenerationStrategy | None:
        raise NotImplementedError

    def _replace(self, experiment: Experiment, strategy: GenerationStrategy | None) -> None:
        raise NotImplementedError

    @property
    def _codec(self) -> Codec:
        return Codec() if self._store is None else self._store.codec

    # ---- transactions

    @contextmanager
    def _together(self) -> Iterator[None]:
        """A block whose changes are saved together at its end; nested ones are part of it."""
        if self._store is None or self._changes is not None:
            yield
            return
        self._changes = self._leftover()
        try:
            yield
        except ConflictError:
            raise
        except BaseException:
            try:
                self._flush()  # what was done before the error is done
            except ConflictError:
                if self._is_known():  # else it is the name that is taken
                    self._reload()  # it is not done, and not in memory either
            raise
        else:
            self._flush()
        finally:
            self._changes = None

    def _leftover(self) -> Changes:
        """What could not be saved before; a trial that others changed since is another object."""
        changes, experiment = self._unsaved or Changes(), self._stored_experiment()
        trials = {} if experiment is None else experiment._trials
        changes.trials = {i: t for i, t in changes.trials.items() if trials.get(i) is t}
        return changes

    def _flush(self) -> None:
        changes, experiment = self._changes, self._stored_experiment()
        if changes is None or experiment is None or self._store is None:
            return
        unsaved = self._store.experiments.get(experiment) is None
        strategy = changes.strategy
        if unsaved and strategy is None and (own := self._stored_strategy()) is not None:
            strategy = own if own._experiment is experiment else None
        if strategy is not None and strategy._experiment is None:
            strategy.experiment = experiment
        if changes.head or changes.trials or strategy is not None or unsaved:
            # To ask for a trial may change the status of the experiment.
            head = changes.head or unsaved or strategy is not None
            self._unsaved = None
            with self._excused("what changed is saved with the next change"):
                try:
                    save(self._store, experiment, changes.trials.values(), strategy, head=head)
                except DatabaseError:
                    self._unsaved = changes
                    raise

    @contextmanager
    def _excused(self, consequence: str) -> Iterator[None]:
        """A block in which errors of the database are logged only, if Ax's option asks for that."""
        try:
            yield
        except DatabaseError as error:
            if not self._suppress_all_errors:
                raise
            logger().warning("%s; storage errors are suppressed: %s", error, consequence)

    def refresh(self) -> bool:
        """Read what other programs saved of this experiment since; whether there was something.

        Methods that change something do so by themselves.
        """
        experiment, store = self._stored_experiment(), self._store
        if experiment is None or store is None:
            return False
        known = store.experiments.get(experiment)
        if known is None or experiments.version(store.db, known.id) == known.seen:
            return False
        strategy = self._stored_strategy()
        try:
            loading.refresh(store, experiment)
            if strategy is None or self._is_behind(store, strategy):
                self._load_strategy(store, experiment)
        except ConflictError:
            self._reload()
        return True

    def _is_known(self) -> bool:
        """Whether the experiment was saved or loaded before."""
        experiment, store = self._stored_experiment(), self._store
        return (
            experiment is not None
            and store is not None
            and store.experiments.get(experiment) is not None
        )

    def _is_behind(self, store: Store, strategy: GenerationStrategy) -> bool:
        known = store.strategies.get(strategy)
        if known is None:
            return False
        found = strategies.find(store.db, known.id)
        # Its generator runs are those of trials, which may be new objects.
        return found is None or found.version != known.version or self._has_stale_runs(strategy)

    def _has_stale_runs(self, strategy: GenerationStrategy) -> bool:
        experiment = self._stored_experiment()
        if experiment is None:
            return False
        here = {id(run) for trial in experiment.trials.values() for run in trial.generator_runs}
        return any(id(run) not in here for run in strategy._generator_runs)

    def _load_strategy(self, store: Store, experiment: Experiment) -> None:
        known = store.experiments.get(experiment)
        found = strategies.last_of(store.db, known.id) if known is not None else None
        if found is not None:
            strategy = loading.load_strategy(store, found, experiment, is_reduced=False)
            self._replace(experiment, strategy)

    def _reload(self) -> None:
        """Read everything again."""
        store, before = self._store, self._stored_experiment()
        assert store is not None
        assert before is not None
        experiment, strategy = loading.load_both(store, before.name)
        self._unsaved = None
        self._replace(experiment, strategy or self._stored_strategy())

    # ---- Ax's hooks

    @property
    def db_settings_set(self) -> bool:
        """Whether there is something to save to."""
        return self._store is not None

    def _save_experiment_to_db_if_possible(self, experiment: Experiment) -> bool:
        return self._note(head=True)

    def _save_or_update_trials_in_db_if_possible(
        self,
        experiment: Experiment,
        trials: Sequence[BaseTrial],
        reduce_state_generator_runs: bool = False,
    ) -> bool:
        return self._note(trials=trials)

    def _save_or_update_trial_in_db_if_possible(
        self, experiment: Experiment, trial: BaseTrial
    ) -> bool:
        return self._note(trials=[trial])

    def _save_generation_strategy_to_db_if_possible(
        self, generation_strategy: GenerationStrategy | None = None
    ) -> bool:
        strategy = generation_strategy or self._stored_strategy()
        return strategy is not None and self._note(strategy=strategy)

    def _update_generation_strategy_in_db_if_possible(
        self,
        generation_strategy: GenerationStrategy,
        new_generator_runs: list[GeneratorRun],
        reduce_state_generator_runs: bool = False,
    ) -> bool:
        return self._note(strategy=generation_strategy)

    def _save_or_update_trials_and_generation_strategy_if_possible(
        self,
        experiment: Experiment,
        trials: list[BaseTrial],
        generation_strategy: GenerationStrategy,
        new_generator_runs: list[GeneratorRun],
        reduce_state_generator_runs: bool = False,
    ) -> None:
        self._note(trials=trials, strategy=generation_strategy, head=True)

    def _update_runner_on_experiment_in_db_if_possible(
        self, experiment: Experiment, runner: Runner
    ) -> bool:
        return self._note(head=True)

    def _update_experiment_properties_in_db(
        self, experiment_with_updated_properties: Experiment
    ) -> bool:
        return self._note(head=True)

    def _save_analysis_card_to_db_if_possible(
        self, experiment: Experiment, analysis_card: AnalysisCardBase
    ) -> bool:
        if self._store is None:
            return False
        with self._excused("the analysis card is not saved"):
            save_analysis_card(analysis_card, experiment, self._store)
            return True
        return False

    # ---- what Ax looks up in its own store

    def _get_experiment_and_generation_strategy_db_id(
        self, experiment_name: str
    ) -> tuple[int | None, int | None]:
        found = experiments.find(self._store.db, experiment_name) if self._store else None
        if found is None or self._store is None:
            return None, None
        strategy = strategies.last_of(self._store.db, found.id)
        return found.id, None if strategy is None else strategy.id

    def _load_experiment_and_generation_strategy(
        self,
        experiment_name: str,
        reduced_state: bool = False,
        skip_runners_and_metrics: bool = False,
        load_auxiliary_experiments: bool = True,
    ) -> tuple[Experiment | None, GenerationStrategy | None]:
        if self._store is None:
            raise ValueError("Cannot load from DB in absence of DB settings: give storage=")
        return loading.load_both(
            self._store, experiment_name, is_reduced=reduced_state,
            is_skipped=skip_runners_and_metrics, with_auxiliary=load_auxiliary_experiments,
        )  # fmt: skip

    def _note(
        self,
        head: bool = False,
        trials: Sequence[BaseTrial] = (),
        strategy: GenerationStrategy | None = None,
    ) -> bool:
        if self._store is None:
            return False
        with self._together():
            changes = self._changes
            assert changes is not None
            changes.head |= head
            changes.trials |= {trial.index: trial for trial in trials}
            changes.strategy = strategy or changes.strategy
        return True


def turn(method: Callable[..., T]) -> Callable[..., T]:
    """A method that works on what is stored, and whose changes are saved together.

    Where another program came before it, it is done again on what that one left.
    """

    @functools.wraps(method)
    def taken(self: Any, *args: Any, **kwargs: Any) -> T:
        if self._store is None or self._changes is not None:
            return method(self, *args, **kwargs)
        for attempt in range(1, ATTEMPTS):
            with self._excused("what other programs changed is read the next time"):
                self.refresh()
            try:
                with self._together():
                    return method(self, *args, **kwargs)
            except StrategyDeletedError:
                self._reload()
                raise
            except ConflictError:
                if not self._is_known():  # it is the name that is taken
                    raise
            time.sleep(random.uniform(0, 0.05 * attempt))
            self._reload()
        with self._together():
            return method(self, *args, **kwargs)

    return taken


def turns(cls: type[Stored], names: Iterable[str]) -> None:
    """Make each of these methods of a class a `turn`, as far as this version of Ax has it."""
    for name in names:
        if (method := getattr(cls, name, None)) is not None:
            setattr(cls, name, turn(method))
