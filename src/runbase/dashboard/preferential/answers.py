"""Gives, removes and restores answers, in whichever storage a study is.

Each writes its record first, then what counts, then that the trials are complete: whoever is
killed in between leaves nothing that cannot be removed, and can give the same answer again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ...errors import InvalidValueError, NotFoundError
from ..place import Place
from . import attrs
from .attrs import Answer, Mode, Pair

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


def new(
    mode: Mode,
    candidates: Sequence[int],
    *,
    clicked: int | None = None,
    order: Sequence[int] = (),
    pairs: Sequence[Pair] = (),
    id: str | None = None,
) -> Answer:
    """An answer given now.

    Args:
        mode: how it was given.
        candidates: numbers of the trials that were compared.
        clicked: the worst or the best one.
        order: all of a ranking, the best first.
        pairs: what was reported.
        id: a UUID; by default a new one.

    Raises:
        InvalidValueError: the trials are fewer than two, or some are the same; ``clicked`` or
            ``order`` do not fit them, or the mode; or the id is none.
    """
    _check(mode, candidates, clicked, order)
    ties: list[Pair] = []
    match mode:
        case "ChooseWorst" if clicked is not None:
            pairs = [(other, clicked) for other in candidates if other != clicked]
        case "ChooseBest" if clicked is not None:
            pairs = [(clicked, other) for other in candidates if other != clicked]
        case "Rank":
            pairs = list(pairwise(order))
        case "Equal":
            first, *others = sorted(candidates)
            ties = [(first, other) for other in others]
    return Answer(
        _uuid(id), mode, datetime.now(), list(candidates), clicked, list(order),
        list(pairs), ties, False,
    )  # fmt: skip


def keep(place: Place, answer: Answer) -> None:
    """Let an answer count; one whose id is known stays as it was.

    Raises:
        NotFoundError: a trial is none of the study's.
        InvalidValueError: a trial waits to be run, failed or was pruned; or the study is not
            preferential.
    """
    with place.at_once():
        stored = _stored(place)
        known = attrs.find(stored, answer.id)
        answer = known or answer
        trials = [place.storage.get_trial(id) for id in ids(place, answer.candidates)]
        if known is None:
            _check_states(trials)
        if attrs.says(answer.mode) + answer.id not in stored:
            place.write(_record(answer) | _says(answer))
        _complete(place, trials)


def remove(place: Place, id: str) -> None:
    """Let an answer not count any more; its record stays, so that it can be restored.

    Raises:
        NotFoundError: there is no such answer.
        InvalidValueError: the study is not preferential.
    """
    with place.at_once():
        stored = _stored(place)
        answer = _found(stored, id)
        record = _record(answer) if attrs.record(stored, id) is None else {}
        place.write(record | {attrs.says(answer.mode) + id: []})


def restore(place: Place, id: str) -> None:
    """Let a removed answer count again.

    Raises:
        NotFoundError: there is no such answer.
        InvalidValueError: the study is not preferential.
    """
    place.write(_says(_found(_stored(place), id)))


def skip(place: Place, trial_id: int, is_skipped: bool = True) -> None:
    """Do not ask people about a trial, or ask them again.

    Optuna Dashboard takes a trial for skipped for good once it was.

    Raises:
        InvalidValueError: the study is not preferential.
    """
    _stored(place)
    place.write({attrs.SKIPPED + str(trial_id): is_skipped})


def _stored(place: Place) -> attrs.Attrs:
    found = place.attrs()
    attrs.check_preferential(found)
    return found


def _check(
    mode: Mode, candidates: Sequence[int], clicked: int | None, order: Sequence[int]
) -> None:
    if len(candidates) < 2:
        raise InvalidValueError("an answer compares two trials at least")
    if len(set(candidates)) < len(candidates):
        raise InvalidValueError("an answer compares different trials: a number is there twice")
    if mode in ("ChooseWorst", "ChooseBest"):
        if clicked not in candidates:
            raise InvalidValueError(f"`clicked` must be one of the candidates, not {clicked}")
    elif clicked is not None:
        raise InvalidValueError("`clicked` is the worst or the best one: leave it out here")
    if mode != "Rank":
        if order:
            raise InvalidValueError("`order` is of a ranking: leave it out here")
    elif sorted(order) != sorted(candidates):
        raise InvalidValueError("`order` must have each of the candidates once, the best first")


def _uuid(id: str | None) -> str:
    try:
        return str(uuid.uuid4() if id is None else uuid.UUID(id))
    except ValueError:
        raise InvalidValueError("the id of an answer must be a UUID") from None


def ids(place: Place, numbers: Iterable[int]) -> list[int]:
    """The ids of trials by their numbers.

    Raises:
        NotFoundError: the study has no such trial.
    """
    found = []
    for number in numbers:
        try:
            if not attrs.is_number(number):  # some storages would count from the end
                raise KeyError
            id = place.storage.get_trial_id_from_study_id_trial_number(place.study_id, number)
        except KeyError:
            raise NotFoundError(f"the study has no trial with number {number}") from None
        found.append(id)
    return found


def _check_states(trials: Iterable[FrozenTrial]) -> None:
    """Nobody can have looked at what was not made."""
    from optuna.trial import TrialState

    whys = {
        TrialState.WAITING: "waits to be run: it cannot be compared yet",
        TrialState.FAIL: "failed: it cannot be compared",
        TrialState.PRUNED: "was pruned: it cannot be compared",
    }
    for trial in trials:
        if why := whys.get(trial.state):
            raise InvalidValueError(f"trial {trial.number} {why}")


def _complete(place: Place, trials: Iterable[FrozenTrial]) -> None:
    """Trials that were compared are complete; their values mean nothing."""
    from optuna.trial import TrialState

    from ...optuna.errors import UpdateFinishedTrialError

    values = [0.0] * len(place.storage.get_study_directions(place.study_id))
    for trial in trials:
        if not trial.state.is_finished():
            try:
                place.storage.set_trial_state_values(trial._trial_id, TrialState.COMPLETE, values)
            except UpdateFinishedTrialError:
                pass  # somebody else just finished it


def _found(stored: attrs.Attrs, id: str) -> Answer:
    answer = attrs.find(stored, id)
    if answer is None:
        raise NotFoundError(f"there is no answer {id}")
    return answer


def _says(answer: Answer) -> dict[str, Any]:
    said = answer.ties if answer.mode == "Equal" else answer.pairs
    return {attrs.says(answer.mode) + answer.id: [list(pair) for pair in said]}


def _record(answer: Answer) -> dict[str, Any]:
    """What stays of an answer; as JSON in a text, as Optuna Dashboard has it."""
    facts: dict[str, Any] = {
        "mode": answer.mode,
        "id": answer.id,
        "timestamp": None if answer.time is None else answer.time.isoformat(),
        "candidates": answer.candidates,
        "clicked": answer.clicked,
        "preferences": answer.pairs,
    }
    if answer.mode == "Rank":
        facts["order"] = answer.order
    if answer.mode == "Equal":
        facts["ties"] = answer.ties
    return {attrs.HISTORY + answer.id: json.dumps(facts)}
