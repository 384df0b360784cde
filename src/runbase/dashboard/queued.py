"""Queues trials that people ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..db import Database
from ..errors import InvalidValueError
from ..query import Query
from .board import Board
from .steer import writing

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage

FIXED = "fixed_params"  # the attribute by which Optuna knows the parameters of a queued trial
RECENT = 1000  # trials whose parameters count; earlier ones may have had others

DISTRIBUTIONS = Query("""
SELECT DISTINCT p.name, d.json
  FROM experiments AS e
  JOIN runs AS r ON r.experiment_id = e.id AND r.number >= e.next_number - :recent
  JOIN run_params AS p ON p.run_id = r.id
  JOIN distributions AS d ON d.id = p.distribution_id
 WHERE e.id = :study_id
""")


def distributions(db: Database, study_id: int) -> dict[str, list[BaseDistribution]]:
    """What each parameter was lately chosen from, in trials of a study."""
    from optuna.distributions import json_to_distribution

    found: dict[str, list[BaseDistribution]] = {}
    for name, json in db.rows(DISTRIBUTIONS, study_id=study_id, recent=RECENT):
        found.setdefault(name, []).append(json_to_distribution(json))
    return found


def checked(
    params: Mapping[str, Any], known: Mapping[str, list[BaseDistribution]]
) -> dict[str, Any]:
    """The parameters as the study has them; a study without trials takes any.

    Raises:
        InvalidValueError: one is not the study's, out of bounds, or no choice.
    """
    unknown = sorted(params.keys() - known.keys())
    if known and unknown:
        raise InvalidValueError(
            f"the study has no parameter {unknown[0]!r}; it has {', '.join(sorted(known))}"
        )
    return {name: _checked(name, value, known.get(name, [])) for name, value in params.items()}


def _checked(name: str, value: Any, known: list[BaseDistribution]) -> Any:
    for distribution in known:
        try:
            internal = distribution.to_internal_repr(value)
        except (TypeError, ValueError):
            continue
        if distribution._contains(internal):
            return distribution.to_external_repr(internal)
    if known:
        raise InvalidValueError(f"{name} cannot be {value!r}: it comes from {known[-1]}")
    return value


def put(
    board: Board,
    study_id: int,
    params: dict[str, Any],
    user_attrs: Mapping[str, Any],
    skip_if_exists: bool,
) -> int | None:
    """Queue a trial and return its number; None if it is to be skipped, and was tried already.

    Raises:
        NotFoundError: there is no such study.
    """
    from optuna.trial import TrialState, create_trial

    with writing(board) as storage:
        if skip_if_exists and _was_tried(storage, study_id, params):
            return None
        template = create_trial(
            state=TrialState.WAITING,
            system_attrs={FIXED: params},
            user_attrs=dict(user_attrs),
        )
        return storage.get_trial_number_from_id(storage.create_new_trial(study_id, template))


def _was_tried(storage: BaseStorage, study_id: int, params: dict[str, Any]) -> bool:
    trials = storage.get_all_trials(study_id, deepcopy=False)
    return any(params in (t.params, t.system_attrs.get(FIXED)) for t in trials)
