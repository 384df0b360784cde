"""Ax's older ``AxClient``, which saves itself in a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from ax.core.experiment import Experiment
from ax.generation_strategy.generation_strategy import GenerationStrategy
from ax.service.ax_client import AxClient as StockAxClient
from ax.storage.json_store import registry as core

from ..client import Client as RunbaseClient
from .codec import Codec
from .files import decode_client
from .hooks import Stored, turns
from .loading import load_both
from .registry import Registries
from .store import Store, store_of

#: Public methods that read or change the experiment; each is one turn.
METHODS = (
    "create_experiment", "set_search_space", "add_parameters", "disable_parameters",
    "update_parameters", "set_optimization_config", "get_next_trial", "get_next_trials",
    "update_running_trial_with_intermediate_data", "complete_trial", "log_trial_failure",
    "attach_trial", "stop_trial_early", "should_stop_trials_early", "get_trials_data_frame",
    "get_best_parameters", "get_best_trial", "get_pareto_optimal_parameters", "fit_model",
    "get_trial_parameters", "get_model_predictions",
    "get_model_predictions_for_parameterizations", "get_contour_plot", "get_feature_importances",
    "get_max_concurrency", "get_max_parallelism", "get_current_trial_generation_limit",
    "estimate_early_stopping_savings", "save_to_json_file", "to_json_snapshot",
)  # fmt: skip


class AxClient(Stored, StockAxClient):
    """Ax's ``AxClient`` that saves after each change; see `runbase.ax.Client`.

    What Ax's own never stores (an abandoned trial, a status quo that is set later) is stored too.

    Args:
        *args: as for Ax's ``AxClient``.
        storage: a URL, a path, a `runbase.Client` or a `Store`; see `runbase.ax.Client`.
        **kwargs: as for Ax's ``AxClient``, but for ``db_settings``, which is refused.

    Raises:
        ConfigError: the URL is wrong, or there are ``db_settings``.
    """

    def __init__(
        self,
        *args: Any,
        storage: Store | RunbaseClient | str | Path | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        place = self._db_settings or storage
        self._store = None if place is None else store_of(place)

    @classmethod
    def load_from_database(
        cls,
        experiment_name: str,
        storage: Store | RunbaseClient | str | Path | None = None,
        **kwargs: Any,
    ) -> Self:
        """A client that goes on with the experiment of this name; see `Client.load`."""
        client = cls(**kwargs)
        store = store_of(storage)
        client._replace(*load_both(store, experiment_name))
        client._store = store
        return client

    @classmethod
    def from_json_snapshot(
        cls,
        serialized: dict[str, Any],
        decoder_registry: Any = None,
        class_decoder_registry: Any = None,
        storage: Store | RunbaseClient | str | Path | None = None,
        **kwargs: Any,
    ) -> Self:
        """A client with the experiment and the strategy of a snapshot, which stays as it is.

        So does ``load_from_json_file`` for the snapshot in a file. With ``storage`` they are
        stored at once, as a new experiment, and the client goes on storing.

        Args:
            serialized: what ``to_json_snapshot`` gave.
            decoder_registry: what to look up instead of Ax's own and what is registered.
            class_decoder_registry: the same for classes.
            storage: as for the constructor.
            **kwargs: as for the constructor.

        Raises:
            ExperimentConflictError: the storage has an experiment of this name.
            UnregisteredClassError: it has metrics or runners of a class that is not registered.
        """
        is_sequential = serialized.get("_enforce_sequential_optimization", True)
        settings = {"enforce_sequential_optimization": is_sequential, **kwargs}
        client = cls(storage=storage, **settings)
        codec = client._codec
        if decoder_registry is not None or class_decoder_registry is not None:
            decoders = decoder_registry or core.CORE_DECODER_REGISTRY
            classes = class_decoder_registry or core.CORE_CLASS_DECODER_REGISTRY
            codec = Codec(given=Registries({}, decoders, {}, classes))
        experiment, strategy = decode_client(serialized, codec)
        client._replace(experiment, strategy)
        if experiment is not None:
            client._note(head=True, strategy=strategy)
        return client

    def to_json_snapshot(
        self, encoder_registry: Any = None, class_encoder_registry: Any = None
    ) -> dict[str, Any]:
        """What `from_json_snapshot` takes, and Ax's, too; with nothing lost.

        Raises:
            NotStorableError: it has an object of a class that nobody registered.
        """
        codec = self._codec
        if encoder_registry is not None or class_encoder_registry is not None:
            encoders = encoder_registry or core.CORE_ENCODER_REGISTRY
            classes = class_encoder_registry or core.CORE_CLASS_ENCODER_REGISTRY
            codec = Codec(given=Registries(encoders, {}, classes, {}))
        return {
            "_type": StockAxClient.__name__,
            "experiment": codec.encode(self._experiment),
            "generation_strategy": codec.encode(self._generation_strategy),
            "_enforce_sequential_optimization": self._enforce_sequential_optimization,
        }

    def log_trial_failure(self, trial_index: int, metadata: dict[str, str] | None = None) -> None:
        """Mark a trial as failed, and save that; Ax itself saves the whole experiment."""
        super().log_trial_failure(trial_index, metadata)
        self._note(trials=[self.get_trial(trial_index)])

    def abandon_trial(self, trial_index: int, reason: str | None = None) -> None:
        """Abandon a trial, and save that."""
        super().abandon_trial(trial_index, reason)
        self._note(trials=[self.get_trial(trial_index)])

    def set_status_quo(self, params: Any) -> None:
        """Set the status quo, and save it."""
        super().set_status_quo(params)
        self._note(head=True)

    def add_tracking_metrics(self, metric_names: list[str], *args: Any, **kwargs: Any) -> None:
        """Add metrics, and save that; those that are stored already may be named again."""
        new = [name for name in metric_names if name not in self.experiment.metrics]
        super().add_tracking_metrics(new, *args, **kwargs)
        self._note(head=True)

    def remove_tracking_metric(self, metric_name: str) -> None:
        """Remove a metric, and save that."""
        super().remove_tracking_metric(metric_name)
        self._note(head=True)

    def _stored_experiment(self) -> Experiment | None:
        return self._experiment

    def _stored_strategy(self) -> GenerationStrategy | None:
        return self._generation_strategy

    def _replace(self, experiment: Experiment, strategy: GenerationStrategy | None) -> None:
        self._experiment, self._generation_strategy = experiment, strategy


OWN = ("abandon_trial", "set_status_quo", "add_tracking_metrics", "remove_tracking_metric")
turns(AxClient, (*METHODS, *OWN))
