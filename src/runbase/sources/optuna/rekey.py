"""Attributes of a study that know ids of its trials, for a copy of which the ids are others.

Optuna Dashboard keeps notes on trials, and earlier versions the artifacts of trials, among the
attributes of their study; notes link to artifacts by the ids of study and trial.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .chunks import join, keys, split
from .trials import session_of, unwrapped

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

#: A key that belongs to a trial: what comes before its id, the id, and the rest.
_KEY = re.compile(
    r"(dashboard:|dashboard:artifacts:|preference:skip_trial:)(\d+)(:.+|$)", re.DOTALL
)
#: Optuna's artifacts have a UUID, which tells a link from other paths with such a folder.
_LINK = re.compile(r"/artifacts/(\d+)/(?:(\d+)/)?(?=[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_NOTE = re.compile(r"(dashboard:(?:\d+:)?note_str:)0")


def keys_by_trial(attrs: Mapping[str, Any]) -> dict[int, list[str]]:
    """The keys that belong to a trial, by its id.

    Args:
        attrs: the system attributes of the study.
    """
    found: dict[int, list[str]] = {}
    for key in attrs:
        if match := _KEY.fullmatch(key):
            found.setdefault(int(match[2]), []).append(key)
    return found


def knows_ids(attrs: Mapping[str, Any]) -> bool:
    """Whether a copy of the study needs `rekeyed` attributes."""
    return bool(keys_by_trial(attrs)) or any(_LINK.search(text) for text in _notes(attrs).values())


def rekeyed(
    attrs: Mapping[str, Any],
    known: Mapping[str, Any],
    studies: tuple[int, int],
    trials: Mapping[int, int],
) -> dict[str, Any]:
    """The system attributes to write so that the copy of a study has those of the study.

    What belongs to a trial without a copy is left out.

    Args:
        attrs: those of the study.
        known: those that its copy has already.
        studies: the ids of the study and of its copy.
        trials: the ids of the copies of its trials, by the ids of the trials.
    """
    new: dict[str, Any] = {}
    others = dict(attrs)
    for prefix, text in _notes(attrs).items():
        pieces = {key: others.pop(key) for key in keys(prefix, attrs)}
        if (target := _rekeyed(prefix, trials)) is not None:
            new |= {target + key.removeprefix(prefix): "" for key in pieces}
            new |= split(target, _relinked(text, studies, trials), known)
    for key, value in others.items():
        if (target := _rekeyed(key, trials)) is not None:
            new[target] = value
    return new


def trial_ids(storage: BaseStorage, study_id: int) -> list[int]:
    """The ids of a study's trials, in their order."""
    from optuna.storages import RDBStorage

    storage = unwrapped(storage)
    if not isinstance(storage, RDBStorage):
        return [trial._trial_id for trial in storage.get_all_trials(study_id, deepcopy=False)]
    from optuna.storages._rdb.models import TrialModel

    with session_of(storage) as session:
        query = session.query(TrialModel.trial_id).filter(TrialModel.study_id == study_id)
        return [id for (id,) in query.order_by(TrialModel.trial_id)]


def _notes(attrs: Mapping[str, Any]) -> dict[str, str]:
    """The texts of all notes, by the prefix of their keys."""
    prefixes = [match[1] for key in attrs if (match := _NOTE.fullmatch(key))]
    return {prefix: join(prefix, attrs) for prefix in prefixes}


def _rekeyed(key: str, trials: Mapping[int, int]) -> str | None:
    match = _KEY.fullmatch(key)
    if match is None:
        return key
    id = trials.get(int(match[2]))
    return None if id is None else f"{match[1]}{id}{match[3]}"


def _relinked(text: str, studies: tuple[int, int], trials: Mapping[int, int]) -> str:
    """A note whose links to artifacts of its study lead to those of the copy."""

    def link(match: re.Match[str]) -> str:
        study, trial = match.groups()
        if int(study) != studies[0]:
            return match[0]
        if trial is None:
            return f"/artifacts/{studies[1]}/"
        id = trials.get(int(trial))
        return match[0] if id is None else f"/artifacts/{studies[1]}/{id}/"

    return _LINK.sub(link, text)
