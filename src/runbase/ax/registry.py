"""Classes of users' own: metrics and runners, by name.

Ax's documents name the classes of metrics and runners. Those of Ax are known; others are
registered here once, for all stores of the process, or given to a `Store`. Names, not numbers,
tell them apart, so nothing depends on the order of registration or on a hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from ax.core.metric import Metric
from ax.core.runner import Runner
from ax.storage.json_store import encoders
from ax.storage.json_store import registry as core

M = TypeVar("M", bound=type[Metric])
R = TypeVar("R", bound=type[Runner])

Encoder = Callable[[Any], dict[str, Any]]

_metrics: dict[str, type[Metric]] = {}
_runners: dict[str, type[Runner]] = {}


class Registries(NamedTuple):
    """What Ax's JSON store looks up: encoders and decoders of objects, and of classes."""

    encoders: dict[type[Any], Encoder]
    decoders: dict[str, Any]
    class_encoders: dict[type[Any], Encoder]
    class_decoders: dict[str, Any]


def register_metric(metric_cls: M, val: int | None = None) -> M:
    """Let metrics of a class be stored and loaded, in all stores; can be used as a decorator.

    Args:
        metric_cls: a subclass of Ax's ``Metric``; what ``serialize_init_args`` gives of a metric
            is what its constructor is called with.
        val: ignored; Ax's SQL store tells classes apart by numbers.

    Returns:
        The class.

    Raises:
        TypeError: it is no class of metrics.
    """
    _metrics[_name(metric_cls, Metric, "register_metric")] = metric_cls
    return metric_cls


def register_runner(runner_cls: R, val: int | None = None) -> R:
    """The same for runners."""
    _runners[_name(runner_cls, Runner, "register_runner")] = runner_cls
    return runner_cls


def _name(cls: Any, base: type[Any], function: str) -> str:
    if not (isinstance(cls, type) and issubclass(cls, base)):
        raise TypeError(f"{function} takes a subclass of {base.__name__}, not {cls!r}")
    return cls.__name__


def registries(
    metrics: Iterable[type[Metric]] = (),
    runners: Iterable[type[Runner]] = (),
    given: Registries | None = None,
) -> Registries:
    """All that is known: Ax's classes, the registered ones, and those that are given."""
    classes = {**_metrics, **{cls.__name__: cls for cls in metrics}}
    machines = {**_runners, **{cls.__name__: cls for cls in runners}}
    known = given or Registries(
        core.CORE_ENCODER_REGISTRY,
        core.CORE_DECODER_REGISTRY,
        core.CORE_CLASS_ENCODER_REGISTRY,
        core.CORE_CLASS_DECODER_REGISTRY,
    )
    own: Mapping[type[Any], Encoder] = {
        **dict.fromkeys(classes.values(), encoders.metric_to_dict),
        **dict.fromkeys(machines.values(), encoders.runner_to_dict),
    }
    return Registries(
        {**known.encoders, **own},
        {**known.decoders, **classes, **machines},
        dict(known.class_encoders),
        dict(known.class_decoders),
    )


def registered() -> tuple[tuple[type[Any], ...], tuple[type[Any], ...]]:
    """A sign that changes when a class is registered, also in the place of an older one."""
    return tuple(_metrics.values()), tuple(_runners.values())
