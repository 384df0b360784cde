"""Ax's ``Client``, which saves itself in a database and goes on from there. ::

client = Client(storage="sqlite:///exp.db")
client.configure_experiment(name="cnn", parameters=[...])
client.configure_optimization(objective="-loss")
for index, parameters in client.get_next_trials(max_trials=1).items():
    client.complete_trial(index, {"loss": train(**parameters)})

client = Client.load("cnn", storage="sqlite:///exp.db")  # later, or after a crash
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

from ax.api.client import Client as AxClientOfToday
from ax.api.configs import StorageConfig
from ax.core.experiment import Experiment
from ax.generation_strategy.generation_strategy import GenerationStrategy
from ax.orchestration.orchestrator import OrchestratorOptions

from ..client import Client as RunbaseClient
from .files import decode_client
from .hooks import Stored, turns
from .loading import load_both
from .store import Store, store_of

#: Public methods that read or change the experiment; each is one turn.
METHODS = (
    "configure_experiment", "configure_optimization", "configure_generation_strategy",
    "configure_runner", "configure_metrics", "configure_tracking_metrics", "set_experiment",
    "set_optimization_config", "set_generation_strategy", "get_next_trials", "complete_trial",
    "attach_data", "attach_trial", "attach_baseline", "should_stop_trial_early",
    "mark_trial_failed", "mark_trial_abandoned", "mark_trial_early_stopped", "summarize",
    "compute_analyses", "get_best_parameterization", "get_pareto_frontier", "predict",
    "save_to_json_file",
)  # fmt: skip


class Client(Stored, AxClientOfToday):
    """Ax's ``Client`` (see Ax's documentation for its methods) that saves after each change.

    What a method changed is stored when it returns, in one transaction whose cost does not grow
    with the number of trials; of what was told to it nothing is lost when the process is killed.
    Several processes may work on one experiment: before each method it reads what the others did,
    and where one came in between, the method is done again on that.

    Args:
        storage: a URL (``sqlite:///exp.db``, ``postgresql://...``, ``mysql://...``), the path of
            an SQLite file, a `runbase.Client` or a `Store`; None for a client that is not stored
            (or, with ``Client.load``, for the default store).
        random_seed: as for Ax's ``Client``.
        storage_config: Ax's, which is refused.

    Raises:
        ConfigError: the URL is wrong, or there is a ``storage_config``.
        ExperimentConflictError: (``configure_experiment``) there is an experiment of this name.
    """

    def __init__(
        self,
        storage: Store | RunbaseClient | str | Path | None = None,
        random_seed: int | None = None,
        *,
        storage_config: StorageConfig | None = None,
    ) -> None:
        super().__init__(random_seed=random_seed)
        place = storage_config or storage
        self._store = None if place is None else store_of(place)

    @classmethod
    def load(
        cls,
        name: str,
        storage: Store | RunbaseClient | str | Path | None = None,
        random_seed: int | None = None,
    ) -> Self:
        """A client that goes on with the experiment of this name.

        Raises:
            ExperimentNotFoundError: there is none.
            UnregisteredClassError: it has metrics or runners of a class that is not registered.
            NewerAxError: a newer Ax wrote it.
        """
        client = cls(random_seed=random_seed)
        store = store_of(storage)
        client._replace(*load_both(store, name))
        client._store = store
        return client

    @classmethod
    def load_from_database(
        cls,
        experiment_name: str,
        storage: Store | RunbaseClient | str | Path | None = None,
        *,
        storage_config: StorageConfig | None = None,
    ) -> Self:
        """The same under Ax's name; Ax's ``storage_config`` is refused."""
        return cls.load(experiment_name, store_of(storage_config or storage))

    @classmethod
    def load_from_json_file(
        cls,
        filepath: str = "ax_client_snapshot.json",
        storage: Store | RunbaseClient | str | Path | None = None,
        *,
        storage_config: StorageConfig | None = None,
    ) -> Self:
        """A client with the experiment and the strategy of a file of ``save_to_json_file``.

        With ``storage`` they are stored at once, as a new experiment, and the client goes on
        storing. ``storage_config`` is Ax's, and refused.

        Raises:
            ConfigError: there is a ``storage_config``.
            ExperimentConflictError: the storage has an experiment of this name.
            UnregisteredClassError: it has metrics or runners of a class that is not registered.
        """
        place = storage_config or storage
        store = None if place is None else store_of(place)
        return cls._from_json_snapshot(json.loads(Path(filepath).read_text("utf-8")), store)

    @classmethod
    def _from_json_snapshot(cls, snapshot: dict[str, Any], storage: Any = None) -> Self:
        client = cls()
        if storage is not None:
            client._store = store_of(storage)
        experiment, strategy = decode_client(snapshot, client._codec)
        client._replace(experiment, strategy)
        if storage is not None:
            client._note(head=True, strategy=strategy)
        return client

    def _to_json_snapshot(self) -> dict[str, Any]:
        strategy = self._maybe_generation_strategy
        return {
            "_type": AxClientOfToday.__name__,
            "experiment": self._codec.encode(self._experiment),
            "generation_strategy": None if strategy is None else self._codec.encode(strategy),
        }

    def run_trials(
        self,
        max_trials: int,
        parallelism: int = 1,
        tolerated_trial_failure_rate: float = 0.5,
        initial_seconds_between_polls: int = 1,
    ) -> None:
        """Run trials in a loop, as Ax's ``Client`` does, and save each as it goes on."""
        if self._store is None:
            super().run_trials(
                max_trials, parallelism, tolerated_trial_failure_rate, initial_seconds_between_polls
            )
            return
        from .orchestrator import Orchestrator

        self.refresh()
        orchestrator = Orchestrator(
            experiment=self._experiment,
            generation_strategy=self._generation_strategy_or_choose(),
            options=OrchestratorOptions(
                max_pending_trials=parallelism,
                tolerated_trial_failure_rate=tolerated_trial_failure_rate,
                init_seconds_between_polls=initial_seconds_between_polls,
            ),
            storage=self._store,
        )
        orchestrator.run_n_trials(max_trials=max_trials)

    def _stored_experiment(self) -> Experiment | None:
        return self._maybe_experiment

    def _stored_strategy(self) -> GenerationStrategy | None:
        return self._maybe_generation_strategy

    def _replace(self, experiment: Experiment, strategy: GenerationStrategy | None) -> None:
        self._maybe_experiment, self._maybe_generation_strategy = experiment, strategy


turns(Client, METHODS)
