"""Ax's JSON store: experiments in files, and any object as JSON.

The JSON is Ax's own, and stock Ax reads it. What Ax loses or cannot load comes back from here: see
`repairs`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ax.core.base_trial import BaseTrial
from ax.core.data import Data
from ax.core.experiment import Experiment
from ax.generation_strategy.generation_strategy import GenerationStrategy

from ..errors import ConfigError, InvalidValueError, RunbaseError
from ..sources.replacing import replacing
from ..store.ax import project
from ..store.ax.experiments import texts
from . import repairs
from .codec import Codec
from .data import rows_from_json
from .versions import INSTALLED

_codec = Codec()


def object_to_json(obj: Any) -> Any:
    """An Ax object as JSON-serialisable dicts, lists, text, numbers, booleans and None.

    Raises:
        NotStorableError: it has an object of a class that nobody registered.
    """
    return _codec.encode(obj)


def object_from_json(object_json: Any) -> Any:
    """The object of `object_to_json`, or of Ax's; ``object_json`` stays as it is.

    Raises:
        UnregisteredClassError: it has an object of a class that nobody registered.
    """
    return _codec.decode(object_json)


def decode_strategy(
    generation_strategy_json: Mapping[str, Any],
    experiment: Experiment | None = None,
    codec: Codec = _codec,
) -> GenerationStrategy:
    """A strategy, with the experiment in its JSON or another one."""
    value = dict(generation_strategy_json)
    if experiment is None:
        strategy: GenerationStrategy = codec.decode({"__type": "GenerationStrategy", **value})
        return strategy
    runs = codec.decode(value.pop("generator_runs", []))
    value.pop("experiment", None)
    return codec.strategy_of(copy.deepcopy(value), experiment, runs)


def decode_client(
    snapshot: Mapping[str, Any], codec: Codec = _codec
) -> tuple[Experiment, GenerationStrategy | None]:
    """The experiment and the strategy of a client's snapshot, with generator runs in common."""
    experiment: Experiment = codec.decode(snapshot["experiment"])
    doc = snapshot.get("generation_strategy")
    if doc is None:
        return experiment, None
    strategy = decode_strategy(doc, experiment, codec)
    if experiment is None:
        return experiment, strategy
    of_trials = {
        texts(run): experiment.trials[int(index)].generator_runs[position]
        for index, trial in snapshot["experiment"]["trials"].items()
        for position, run in enumerate(project.generator_runs(trial))
    }
    generated = zip(doc.get("generator_runs", []), strategy._generator_runs, strict=True)
    strategy._generator_runs = [of_trials.get(texts(written), run) for written, run in generated]
    return experiment, strategy


def decode_trials(experiment: Experiment, trials_json: Mapping[str, Any]) -> dict[int, BaseTrial]:
    """Trials by index, which are on the experiment afterwards."""
    return {
        int(index): _codec.add_trial(
            experiment, int(index), repairs.with_plain_dicts(copy.deepcopy(trial))
        )
        for index, trial in trials_json.items()
    }


def decode_data(data_by_trial_json: Mapping[str, Any]) -> Data:
    """The data of Ax's ``data_by_trial``."""
    return Data(data_rows=rows_from_json(data_by_trial_json))


def save_experiment(experiment: Experiment, filepath: str | Path) -> None:
    """Write an experiment to a file ending with .json, which is replaced when all is written.

    Raises:
        InvalidValueError: it is no experiment, the ending is another one, or something cannot be
            stored.
        ConfigError: the file cannot be written.
    """
    if not isinstance(experiment, Experiment):
        raise InvalidValueError("Can only save instances of Experiment")
    _check(filepath)
    text = json.dumps(object_to_json(experiment))
    with replacing(filepath) as part:
        part.write_text(text, encoding="utf-8")


def load_experiment(filepath: str | Path) -> Experiment:
    """The experiment in a file of `save_experiment`, or of Ax's.

    Raises:
        ConfigError: there is no such file, or it is no JSON of an experiment.
        UnregisteredClassError: it has an object of a class that nobody registered.
    """
    _check(filepath)
    try:
        value = json.loads(Path(filepath).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{filepath} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ConfigError(f"{filepath} is no JSON: {error}") from error
    if isinstance(value, Mapping) and "experiment" in value:  # of Ax's clients
        value = value["experiment"]
    try:
        experiment = object_from_json(value)
    except RunbaseError:
        raise
    except Exception as error:
        raise ConfigError(
            f"{filepath} has no Ax experiment that Ax {INSTALLED} can read: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(experiment, Experiment):
        raise ConfigError(f"{filepath} has no Ax experiment, but {type(experiment).__name__}")
    return experiment


def _check(filepath: str | Path) -> None:
    if not str(filepath).endswith(".json"):
        raise InvalidValueError(f"Filepath must end in .json: {filepath}")
