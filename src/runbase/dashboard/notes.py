"""Notes in Markdown on studies and trials.

They are system attributes of the study, those on trials as well, so that a finished trial can
get one. A version counts up with each change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import InvalidValueError
from ..sources.optuna.chunks import join, split
from .place import place_of

if TYPE_CHECKING:
    from optuna import Study, Trial


class Note(NamedTuple):
    """A note; version 0 is one that was never written."""

    version: int
    body: str


def save_note(study_or_trial: Study | Trial, body: str) -> None:
    """Replace the note of a study or trial; the trial may have finished.

    Args:
        study_or_trial: what the note is on.
        body: the note, in Markdown.

    Raises:
        InvalidValueError: neither a study nor a trial, or the note is no text.
    """
    place = place_of(study_or_trial)
    if not isinstance(body, str):
        raise InvalidValueError(f"a note is text, not {type(body).__name__}")
    old = place.attrs()
    version = read_note(old, place.trial_id).version + 1
    place.write(note_attrs(body, version, old, place.trial_id))


def get_note(study_or_trial: Study | Trial) -> str:
    """The note of a study or trial, empty if there is none.

    Raises:
        InvalidValueError: neither a study nor a trial.
    """
    place = place_of(study_or_trial)
    return read_note(place.attrs(), place.trial_id).body


def read_note(attrs: Mapping[str, Any], trial_id: int | None = None) -> Note:
    """The note of the study, or of one of its trials.

    Args:
        attrs: the system attributes of the study.
        trial_id: the trial; None is the study.
    """
    prefix = _prefix(trial_id)
    version = attrs.get(f"{prefix}note_ver")
    return Note(0, "") if version is None else Note(version, join(f"{prefix}note_str:", attrs))


def note_attrs(
    body: str, version: int, old_attrs: Mapping[str, Any], trial_id: int | None = None
) -> dict[str, Any]:
    """The system attributes to write, in this order, so that a study or trial has a note.

    Args:
        body: the note.
        version: its version, one more than that of the note it replaces.
        old_attrs: the system attributes that the study has.
        trial_id: the trial; None is the study.
    """
    prefix = _prefix(trial_id)
    # Who waits for a new version finds all of its text there.
    return split(f"{prefix}note_str:", body, old_attrs) | {f"{prefix}note_ver": version}


def _prefix(trial_id: int | None) -> str:
    return "dashboard:" if trial_id is None else f"dashboard:{trial_id}:"
