"""Ax's ``Orchestrator``, which saves what it runs in a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from ax.core.experiment import Experiment
from ax.exceptions.core import UnsupportedError
from ax.generation_strategy.generation_strategy import GenerationStrategy
from ax.orchestration.orchestrator import Orchestrator as StockOrchestrator
from ax.orchestration.orchestrator import OrchestratorOptions

from ..client import Client as RunbaseClient
from ..errors import ConfigError
from .hooks import Stored
from .loading import load_both
from .store import Store, store_of


class Orchestrator(Stored, StockOrchestrator):
    """Ax's ``Orchestrator`` that saves trials and strategy as it goes on.

    Args:
        experiment: as for Ax's.
        generation_strategy: as for Ax's; the stored one, where the experiment has one.
        options: as for Ax's.
        storage: a URL, a path, a `runbase.Client` or a `Store`; see `runbase.ax.Client`.
        **kwargs: as for Ax's, but for ``db_settings``, which is refused.

    Raises:
        ConfigError: there are ``db_settings``.
        UnsupportedError: the experiment is stored with another strategy.
        ExperimentConflictError: another experiment has its name.
    """

    def __init__(
        self,
        experiment: Experiment,
        generation_strategy: GenerationStrategy,
        options: OrchestratorOptions,
        storage: Store | RunbaseClient | str | Path | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(experiment, generation_strategy, options, **kwargs)
        if (place := self._db_settings or storage) is not None:
            self._store = store_of(place)
            with self._excused("what changed is saved with the next change"):
                self._save_all()

    @classmethod
    def from_stored_experiment(
        cls,
        experiment_name: str,
        options: OrchestratorOptions,
        storage: Store | RunbaseClient | str | Path | None = None,
        generation_strategy: GenerationStrategy | None = None,
        reduced_state: bool = True,
        **kwargs: Any,
    ) -> Self:
        """An orchestrator that goes on with the experiment of this name.

        Args:
            experiment_name: the name.
            options: as for Ax's.
            storage: where it is; None for the default store.
            generation_strategy: the strategy, if the experiment is stored without one.
            reduced_state: leave out the large parts of generator runs.
            **kwargs: as for the constructor.

        Raises:
            ExperimentNotFoundError: there is none.
            ConfigError: there is no strategy.
            UnsupportedError: it is stored with another strategy.
        """
        store = store_of(kwargs.pop("db_settings", None) or storage)
        experiment, strategy = load_both(store, experiment_name, is_reduced=reduced_state)
        if strategy is None and generation_strategy is None:
            raise ConfigError(
                f"Experiment {experiment_name} has no strategy: give generation_strategy="
            )
        if strategy is not None and generation_strategy not in (None, strategy):
            raise UnsupportedError(
                f"Experiment {experiment_name} is stored with the generation strategy "
                f"{strategy.name}: leave generation_strategy out to use that one"
            )
        wanted = strategy or generation_strategy
        assert wanted is not None
        return cls(experiment, wanted, options, storage=store, **kwargs)

    def _save_all(self) -> None:
        strategy = self.generation_strategy
        store = self._store
        assert store is not None
        if strategy._experiment is None:
            strategy.experiment = self.experiment
        _, id = self._get_experiment_and_generation_strategy_db_id(self.experiment.name)
        if id is not None and strategy._db_id != id:
            raise UnsupportedError(
                f"Experiment {self.experiment.name} is stored with another generation strategy: "
                "use Orchestrator.from_stored_experiment to go on with that one"
            )
        self._note(head=True, trials=list(self.experiment.trials.values()), strategy=strategy)

    def _stored_experiment(self) -> Experiment | None:
        return self.experiment

    def _stored_strategy(self) -> GenerationStrategy | None:
        return self.generation_strategy

    def _replace(self, experiment: Experiment, strategy: GenerationStrategy | None) -> None:
        self.experiment = experiment
        if strategy is not None:
            self.generation_strategy = strategy
