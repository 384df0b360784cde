"""The studies of a storage."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from optuna.exceptions import DuplicatedStudyError
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.study._frozen import FrozenStudy

from ..client import Client
from ..errors import ConflictError, NotFoundError
from ..store import studies
from ..store.studies import Scope
from .cache import Cache, cache_of, missing_study
from .convert import direction_names, to_directions

if TYPE_CHECKING:
    from ..db import Database


class StudyMethods(BaseStorage):
    """What a storage does with studies."""

    client: Client

    @property
    def _db(self) -> Database:
        return self.client.db

    @property
    def _cache(self) -> Cache:
        return cache_of(self.client.db)

    def create_new_study(
        self,
        directions: Sequence[StudyDirection] | str | None = None,
        study_name: str | None = None,
    ) -> int:
        """Insert a study and return its id; without a name it gets one.

        As in earlier versions of Optuna a name may come first, and the directions later.

        Raises:
            DuplicatedStudyError: there is a study of this name.
            ValueError: the name is none that every engine takes.
        """
        if isinstance(directions, str):
            directions, study_name = None, directions
        if study_name is None:
            study_name = f"no-name-{uuid.uuid4()}"
        names = direction_names(directions or [StudyDirection.NOT_SET])
        try:
            return studies.create(self._db, study_name, names)
        except ConflictError as error:
            raise DuplicatedStudyError(
                f"Another study with name '{study_name}' already exists. Please specify a "
                "different name, or reuse the existing one by setting `load_if_exists` (for "
                "Python API) or `--skip-if-exists` flag (for CLI)."
            ) from error

    def delete_study(self, study_id: int) -> None:
        """Delete a study with its trials and all that was logged to them."""
        try:
            studies.delete(self._db, study_id)
        except NotFoundError as error:
            raise missing_study(study_id) from error
        finally:
            self._cache.forget(study_id)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set an attribute, which is JSON, of a study."""
        self._set_study_attr(study_id, "user", key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set an attribute of Optuna's own."""
        self._set_study_attr(study_id, "system", key, value)

    def _set_study_attr(self, study_id: int, scope: Scope, key: str, value: Any) -> None:
        with self._errors_of_study(study_id):
            studies.set_attr(self._db, study_id, scope, key, json.dumps(value))

    def get_study_id_from_name(self, study_name: str) -> int:
        """The id of the study with this name."""
        found = studies.find(self._db, study_name)
        if found is None:
            raise KeyError(f"No study with name {study_name!r} exists.")
        return found

    def get_study_name_from_id(self, study_id: int) -> str:
        """The name of a study."""
        return self._study_row(study_id)[0]

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """Whether each objective is minimised or maximised."""
        return to_directions(self._study_row(study_id)[1])

    def _study_row(self, study_id: int) -> tuple[str, list[str], int]:
        found = studies.read(self._db, study_id)
        if found is None:
            self._cache.forget(study_id)
            raise missing_study(study_id)
        return found

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """The attributes of a study."""
        return self._study_attrs(study_id, "user")

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """Optuna's own attributes of a study."""
        return self._study_attrs(study_id, "system")

    def _study_attrs(self, study_id: int, scope: Scope) -> dict[str, Any]:
        with self._errors_of_study(study_id):
            texts = studies.attrs(self._db, study_id, scope)
        return {key: json.loads(text) for key, text in texts.items()}

    @contextlib.contextmanager
    def _errors_of_study(self, study_id: int) -> Iterator[None]:
        try:
            yield
        except NotFoundError as error:
            raise missing_study(study_id) from error

    def get_all_studies(self) -> list[FrozenStudy]:
        """All studies by id."""
        attrs = {
            place: {key: json.loads(text) for key, text in texts.items()}
            for place, texts in studies.all_attrs(self._db).items()
        }
        return [
            FrozenStudy(
                study_name=name,
                direction=None,
                directions=to_directions(directions),
                user_attrs=attrs.get((id, "user"), {}),
                system_attrs=attrs.get((id, "system"), {}),
                study_id=id,
            )
            for id, name, directions in studies.list_all(self._db)
        ]
