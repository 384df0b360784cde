"""Where the study of a study or trial is, whatever Optuna object stands for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import InvalidValueError
from ..store import versions

if TYPE_CHECKING:
    from optuna.storages import BaseStorage


class Place(NamedTuple):
    """A study in its storage, or one of its trials."""

    storage: BaseStorage
    study_id: int
    #: None is the study itself.
    trial_id: int | None

    def attrs(self) -> dict[str, Any]:
        """The system attributes of the study, among them its notes on trials."""
        return self.storage.get_study_system_attrs(self.study_id)

    def write(self, attrs: dict[str, Any]) -> None:
        """Write system attributes of the study, in their order."""
        for key, value in attrs.items():
            self.storage.set_study_system_attr(self.study_id, key, value)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """A block in which all is written or nothing, and which waits for others of the study.

        Only a storage of Runbase's can do so: elsewhere each write is for itself.
        """
        from ..optuna import RDBStorage

        if not isinstance(self.storage, RDBStorage):
            yield
            return
        with self.storage.client as client:
            versions.count(client.db, self.study_id)  # locks the study's row
            yield


def place_of(study_or_trial: Any) -> Place:
    """Where a study is, or a trial that knows its study.

    Raises:
        InvalidValueError: it is neither.
    """
    study = getattr(study_or_trial, "study", study_or_trial)
    study = getattr(study, "_study", study)  # a preferential study has one inside
    trial_id = getattr(study_or_trial, "_trial_id", None)
    try:
        return Place(study._storage, study._study_id, trial_id)
    except AttributeError:
        raise InvalidValueError(
            f"a Study or a Trial is needed, not {type(study_or_trial).__name__}"
            + (": optuna.Trial(study, trial._trial_id) makes one" if trial_id is not None else "")
        ) from None


def study_of(study: Any) -> Place:
    """Where a study is.

    Raises:
        InvalidValueError: it is no study.
    """
    place = place_of(study)
    if place.trial_id is not None:
        raise InvalidValueError("a Study is needed, not a Trial: give trial.study")
    return place
