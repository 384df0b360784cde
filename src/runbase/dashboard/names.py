"""The names of a study's objectives."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna import Study


def set_objective_names(study: Study, names: list[str]) -> None:
    """Name the objectives of a study: the earlier name of ``study.set_metric_names(names)``.

    Raises:
        ValueError: there are more or fewer names than objectives.
    """
    warnings.warn(
        "`set_objective_names()` function is deprecated. "
        "Please use `study.set_metric_names()` instead.",
        FutureWarning,
        stacklevel=2,
    )
    study.set_metric_names(names)


def read_objective_names(attrs: Mapping[str, Any]) -> list[str] | None:
    """The names of the objectives, also those stored before Optuna had them; None without.

    Args:
        attrs: the system attributes of the study.
    """
    names: list[str] | None = attrs.get(
        "study:metric_names", attrs.get("dashboard:objective_names")
    )
    return names
