"""Ax objects as JSON and back, through Ax's own codec and the `repairs` to it.

Ax's JSON is the asset: whatever Ax once wrote, Ax can read. So nothing here knows how a
parameter or a generator run looks; only experiments are taken apart, since they are stored in
parts.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ax.core.arm import Arm
from ax.core.auxiliary import AuxiliaryExperiment, AuxiliaryExperimentPurpose
from ax.core.base_trial import BaseTrial
from ax.core.batch_trial import BatchTrial
from ax.core.data import Data, DataRow
from ax.core.experiment import Experiment
from ax.core.generator_run import GeneratorRun
from ax.core.metric import Metric
from ax.core.runner import Runner
from ax.exceptions.storage import JSONDecodeError, JSONEncodeError
from ax.generation_strategy.generation_strategy import GenerationStrategy
from ax.storage.json_store import decoder, encoder

from ..store.ax import project
from . import encoders, registry, repairs
from .data import rows_from_json
from .errors import NotStorableError, UnregisteredClassError
from .registry import Registries

Json = Any
#: Gives the auxiliary experiment with a name, or None.
Lookup = Callable[[str], "Experiment | None"]
#: Whether an experiment with this name is stored, so that its name is enough.
IsStored = Callable[[str], bool]
TRIAL_PARTS = ("trials", "data_by_trial")


class Codec:
    """Encodes and decodes with Ax's registries and those classes that are registered.

    Args:
        metrics: classes of metrics to know besides the registered ones.
        runners: the same of runners.
        given: registries to begin with, instead of Ax's.
    """

    def __init__(
        self,
        metrics: Iterable[type[Metric]] = (),
        runners: Iterable[type[Runner]] = (),
        given: Registries | None = None,
    ) -> None:
        self._own = (tuple(metrics), tuple(runners), given)
        self._sign: Any = None
        self._known: tuple[dict[str, Any], dict[str, Any]] = ({}, {})

    # ---- any object

    def encode(self, obj: Any) -> Json:
        """An object as JSON that stock Ax reads as well.

        Raises:
            NotStorableError: Ax has no encoder for the class of something in it.
        """
        try:
            return encoder.object_to_json(obj, **self._encoding())
        except (JSONEncodeError, ValueError) as error:
            raise _not_storable(error) from error

    def decode(self, json: Json) -> Any:
        """The object of `encode`, or of Ax's JSON store; ``json`` stays as it is.

        Raises:
            UnregisteredClassError: it has an object of a class that nobody registered.
        """
        objects: list[Any] = []
        prepared = self._without_experiments(json, objects)
        return self._decode(repairs.with_plain_dicts(prepared), objects)

    def _without_experiments(self, value: Json, objects: list[Any]) -> Json:
        """JSON with a reference instead of each experiment, which is decoded by `experiment`."""
        if isinstance(value, list | tuple):
            return [self._without_experiments(item, objects) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("__type") in EXPERIMENTS:
            objects.append(self.whole_experiment(value))
            return {"__type": REFERENCE, "number": len(objects) - 1}
        return {key: self._without_experiments(item, objects) for key, item in value.items()}

    def _decode(self, json: Json, objects: Sequence[Any] = ()) -> Any:
        """Decode JSON that may be changed."""
        known = self._decoding()
        if objects:
            decoders = {**known["decoder_registry"], REFERENCE: lambda number: objects[number]}
            known = known | {"decoder_registry": decoders}
        try:
            return decoder.object_from_json(json, **known)
        except JSONDecodeError as error:
            raise self._unregistered(error) from error

    def _unregistered(self, error: Exception) -> Exception:
        found = str(error).partition("has a type ")[2].partition(" ")[0]
        if not found:
            return error
        return UnregisteredClassError(
            f"there is no class called {found} among those that are registered: if it is a metric "
            f"call runbase.ax.register_metric({found}), if it is a runner "
            f"runbase.ax.register_runner({found}) before loading"
        )

    # ---- experiments, in parts

    def head(self, experiment: Experiment, is_stored: IsStored = lambda name: False) -> Json:
        """An experiment without its trials and data; auxiliary ones that are stored by name."""
        try:
            found = encoder.object_to_json(encoders.hollow(experiment), **self._encoding())
        except (JSONEncodeError, ValueError) as error:
            raise _not_storable(error) from error
        for part in TRIAL_PARTS:
            found.pop(part, None)
        if auxiliary := self._auxiliary(experiment, is_stored):
            repairs.extras_in(found)["auxiliary"] = auxiliary
        return found

    def experiment(
        self,
        head: Json,
        trials: Mapping[int, Json],
        rows: Iterable[DataRow],
        lookup: Lookup = lambda name: None,
    ) -> Experiment:
        """The experiment of `head`, of the documents of its trials by index, and of its data.

        The JSON is used up: it is another one afterwards.
        """
        extras = repairs.take_extras(head)
        status_quo = head.pop("status_quo", None)
        empty: dict[str, Any] = {"status_quo": None, "trials": {}, "data_by_trial": {}}
        experiment: Experiment = self._decode({**head, **empty})
        if status_quo is not None:
            arm: Arm = self._decode(status_quo)
            decoder._cast_arm_parameters(arm, experiment.search_space)
            experiment._status_quo = arm
            experiment._register_arm(arm)
        shared: dict[str, Any] = {}
        for index, doc in trials.items():
            self.add_trial(experiment, index, doc, shared)
        experiment.data = Data(data_rows=rows)
        repairs.restore(experiment, extras)
        self._add_auxiliary(experiment, extras.get("auxiliary", {}), lookup)
        return experiment

    def add_trial(
        self,
        experiment: Experiment,
        index: int,
        doc: Json,
        shared: dict[str, Any] | None = None,
    ) -> BaseTrial:
        """Add a trial to an experiment, or put it in the place of the one with its index.

        Ax itself takes for granted that trials are numbered without gaps, and looks at all of
        them for each; here the experiment seems to end right before the new one.

        Args:
            experiment: the experiment.
            index: that of the trial.
            doc: the trial's JSON, which is used up.
            shared: what its generator runs have in common with those of trials before, to which
                this adds.
        """
        shared = {} if shared is None else shared
        self._share(doc, shared)
        known = self._decoding()
        decoders = {**known["decoder_registry"], REFERENCE: lambda number: shared[number]}
        known = known | {"decoder_registry": decoders}
        weight = doc.get("status_quo_weight_override")
        others = experiment._trials
        experiment._trials = {index - 1: None} if index else {}
        for indices in experiment._trial_indices_by_status.values():
            indices.discard(index)
        try:
            with repairs.without_status_quo(experiment):
                [trial] = decoder.trials_from_json(experiment, {str(index): doc}, **known).values()
        except JSONDecodeError as error:
            raise self._unregistered(error) from error
        finally:
            experiment._trials = others
        others[index] = trial
        if isinstance(trial, BatchTrial):
            repairs.finish_batch(trial, weight)
        for arm in trial.arms:
            decoder._cast_arm_parameters(arm, experiment.search_space)
            experiment._register_arm(arm)
        if trial.ttl_seconds is not None:
            experiment._trials_have_ttl = True
        return trial

    def _share(self, doc: Json, shared: dict[str, Any]) -> None:
        """Decode the search spaces and goals of generator runs once for all that are the same.

        Each run has its own in Ax's JSON, and they take most of the time.
        """
        for run in project.generator_runs(doc):
            for part in COMMON:
                if run.get(part) is not None:
                    text = json.dumps(run[part])
                    if text not in shared:
                        shared[text] = self._decode(run[part])
                    run[part] = {"__type": REFERENCE, "number": text}

    def whole_experiment(self, value: Mapping[str, Any]) -> Experiment:
        """The experiment of Ax's JSON in one piece, which stays as it is."""
        head = copy.deepcopy(dict(value))
        trials = {int(index): doc for index, doc in (head.pop("trials", None) or {}).items()}
        data = head.pop("data_by_trial", None) or {}
        prepared = {i: repairs.with_plain_dicts(doc) for i, doc in trials.items()}
        return self.experiment(repairs.with_plain_dicts(head), prepared, rows_from_json(data))

    def _auxiliary(
        self, experiment: Experiment, is_stored: IsStored = lambda name: False
    ) -> dict[str, Any]:
        return {
            purpose.name: [
                [other.experiment.name, other.is_active]
                if other.experiment.has_name and is_stored(other.experiment.name)
                else [self.encode(other.experiment), other.is_active]
                for other in others
            ]
            for purpose, others in experiment.auxiliary_experiments_by_purpose_for_storage.items()
        }

    def _add_auxiliary(
        self, experiment: Experiment, found: Mapping[str, Any], lookup: Lookup
    ) -> None:
        all_by_purpose = {}
        for name, others in found.items():
            there = [
                AuxiliaryExperiment(other, is_active)
                for one, is_active in others
                if (other := lookup(one) if isinstance(one, str) else self.whole_experiment(one))
            ]
            if there or not others:
                all_by_purpose[AuxiliaryExperimentPurpose[name]] = there
        if all_by_purpose:
            experiment._initial_auxiliary_experiments_by_purpose = all_by_purpose
            experiment.auxiliary_experiments_by_purpose = {
                purpose: [other for other in others if other.is_active]
                for purpose, others in all_by_purpose.items()
            }

    # ---- generation strategies, without what they generated

    def strategy(self, strategy: GenerationStrategy) -> Json:
        """A strategy without its experiment and its generator runs."""
        hollow = copy.copy(strategy)
        hollow._experiment, hollow._generator_runs, hollow._db_id = None, [], None
        found = self.encode(hollow)
        # Ax writes whether this process has fitted a model, which would change at each loading.
        found["had_initialized_model"] = bool(strategy._generator_runs)
        return found

    def strategy_of(
        self, json: Json, experiment: Experiment | None, runs: list[GeneratorRun]
    ) -> GenerationStrategy:
        """The strategy of `strategy`, with its experiment and what it generated."""
        json.pop("__type", None)
        prepared = {**json, "experiment": None, "generator_runs": []}
        try:
            found: GenerationStrategy = decoder.generation_strategy_from_json(
                prepared, experiment=experiment, **self._decoding()
            )
        except JSONDecodeError as error:
            raise self._unregistered(error) from error
        found._generator_runs = runs
        return found

    # ---- registries

    def _encoding(self) -> dict[str, Any]:
        return self._registries()[0]

    def _decoding(self) -> dict[str, Any]:
        return self._registries()[1]

    def _registries(self) -> tuple[dict[str, Any], dict[str, Any]]:
        sign = registry.registered()
        if sign != self._sign:
            known = registry.registries(*self._own)
            self._known = (
                {
                    "encoder_registry": encoders.repaired(known, self._auxiliary),
                    "class_encoder_registry": known.class_encoders,
                },
                {
                    "decoder_registry": {**known.decoders, repairs.DICT: repairs.dict_from_items},
                    "class_decoder_registry": known.class_decoders,
                },
            )
            self._sign = sign
        return self._known


EXPERIMENTS = ("Experiment", "MultiTypeExperiment")
#: The type of what is decoded already.
REFERENCE = "runbase.reference"
COMMON = ("search_space", "optimization_config")


def _not_storable(error: Exception) -> NotStorableError:
    text = str(error)
    name = text.partition("of type <class '")[2].partition("'")[0].rpartition(".")[2]
    if not name:
        return NotStorableError(f"this cannot be written as JSON: {text:.300}")
    return NotStorableError(
        f"an object of the class {name} cannot be written as JSON: register the class first, with "
        f"runbase.ax.register_metric({name}) or runbase.ax.register_runner({name})"
    )


def dumps(value: Json) -> str:
    """JSON as it is stored.

    Raises:
        NotStorableError: a dictionary has keys that JSON cannot have.
    """
    try:
        return json.dumps(value, separators=(",", ":"))
    except TypeError as error:
        raise NotStorableError(f"this cannot be written as JSON: {error}") from error
