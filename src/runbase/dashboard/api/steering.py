"""What people do to trials: answer, tell, queue, annotate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from ...errors import InvalidValueError
from .. import queued, steer
from ..board import Board
from .types import Number

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial


class Told(Struct):
    """The end of a trial."""

    state: Literal["Complete", "Fail", "Pruned"]
    values: list[Number] | None = None


def tell(board: Board, trial_id: int, body: Told) -> None:
    """Finish a running or waiting trial.

    A pruned trial without a value gets its last intermediate value, as Optuna does.

    Raises:
        NotFoundError: there is no such trial.
        ConflictError: it has finished already.
        InvalidValueError: the values do not fit the objectives, or the trial is one of Ax's.
    """
    steer.check_trial_not_ax(board, trial_id)
    with steer.writing(board) as storage:
        from optuna.trial import TrialState

        trial = steer.trial(storage, trial_id)
        values = _values(storage, steer.study_of(board, trial_id), trial, body)
        state = {
            "Complete": TrialState.COMPLETE,
            "Fail": TrialState.FAIL,
            "Pruned": TrialState.PRUNED,
        }
        storage.set_trial_state_values(trial_id, state[body.state], values)


def _values(
    storage: BaseStorage, study_id: int, trial: FrozenTrial, body: Told
) -> list[float] | None:
    if body.state == "Fail":
        return None
    count = len(storage.get_study_directions(study_id))
    values = [float(value) for value in body.values or ()]
    if body.state == "Pruned" and not values and count == 1:
        last = trial.intermediate_values.get(trial.last_step or 0)
        return None if last is None or math.isnan(last) else [last]
    if body.state == "Pruned" and not values:
        return None
    if len(values) != count:
        raise InvalidValueError(f"{count} values are needed, one for each objective")
    if any(map(math.isnan, values)):
        raise InvalidValueError("a value must be a number: NaN is none")
    return values


class UserAttrs(Struct):
    """User attributes to set."""

    user_attrs: dict[str, Any]


def set_user_attrs(board: Board, trial_id: int, body: UserAttrs) -> None:
    """Set user attributes of an unfinished trial.

    Raises:
        NotFoundError: there is no such trial.
        ConflictError: it has finished already.
        InvalidValueError: the trial is one of Ax's.
    """
    steer.check_trial_not_ax(board, trial_id)
    with steer.writing(board) as storage:
        steer.trial(storage, trial_id)
        for key, value in body.user_attrs.items():
            storage.set_trial_user_attr(trial_id, key, value)


class Queued(Struct):
    """A trial to try: values of some or all parameters."""

    params: dict[str, Any]
    user_attrs: dict[str, Any] = {}
    skip_if_exists: bool = False


class Enqueued(Struct):
    """The number of the queued trial; null if one with these parameters was there already."""

    number: int | None


def enqueue(board: Board, id: int, body: Queued) -> Enqueued:
    """Queue a trial with these parameters; workers take it next.

    Raises:
        NotFoundError: there is no such study.
        InvalidValueError: a value is outside of its parameter's bounds or choices, or the study is
            one of Ax's.
    """
    steer.check_not_ax(board, id)
    params = queued.checked(body.params, queued.distributions(board.db, id))
    return Enqueued(queued.put(board, id, params, body.user_attrs, body.skip_if_exists))
