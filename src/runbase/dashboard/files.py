"""Files of studies and trials: which there are, and where their bytes are.

Optuna keeps what it knows of a file as an attribute ``artifacts:{id}`` of the study or trial, and
the bytes under the id in an artifact store.
"""

from __future__ import annotations

import json
import mimetypes
import os
import re
import shutil
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from ..db import Database
from ..errors import NotFoundError
from ..query import Query

if TYPE_CHECKING:
    from .board import Board

PREFIX = "artifacts:"
LEGACY = "dashboard:artifacts:{trial_id}:"  # among the attributes of the study
ID = re.compile(r"[0-9a-zA-Z-]{1,64}")
OCTETS = "application/octet-stream"

_OF_STUDY = """
SELECT a.key, a.value
  FROM experiment_attrs AS a
 WHERE a.owner_id = :id AND a.scope = 'system' AND a.key LIKE '%artifacts:%'"""
OF_STUDY = Query(_OF_STUDY, mysql=_OF_STUDY.replace("a.key", "a.`key`"))
_OF_TRIAL = """
SELECT a.key, a.value
  FROM runs AS r JOIN run_attrs AS a ON a.owner_id = r.id
 WHERE r.experiment_id = :id AND r.id = :trial_id AND a.scope = 'system'
   AND a.key LIKE 'artifacts:%'"""
OF_TRIAL = Query(_OF_TRIAL, mysql=_OF_TRIAL.replace("a.key", "a.`key`"))
_OF_TRIALS = """
SELECT a.key, a.value
  FROM runs AS r JOIN run_attrs AS a ON a.owner_id = r.id
 WHERE r.experiment_id = :id AND a.scope = 'system' AND a.key LIKE 'artifacts:%'"""
OF_TRIALS = Query(_OF_TRIALS, mysql=_OF_TRIALS.replace("a.key", "a.`key`"))


class File(NamedTuple):
    """What is known of a file."""

    artifact_id: str
    filename: str
    mimetype: str
    encoding: str | None


class Directory:
    """Files in a directory, as ``optuna.artifacts.FileSystemArtifactStore`` keeps them."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """The bytes of a file.

        Raises:
            NotFoundError: there is none with this id.
        """
        try:
            return self.where(artifact_id).open("rb")
        except (FileNotFoundError, IsADirectoryError) as error:
            raise _missing(artifact_id) from error

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Store a file; it is there as a whole or not at all."""
        target = self.where(artifact_id)
        part = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")
        try:
            with part.open("wb") as file:
                shutil.copyfileobj(content_body, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def remove(self, artifact_id: str) -> None:
        """Delete a file.

        Raises:
            NotFoundError: there is none with this id.
        """
        try:
            self.where(artifact_id).unlink()
        except FileNotFoundError as error:
            raise _missing(artifact_id) from error

    def where(self, artifact_id: str) -> Path:
        """The path of a file, which never leaves the directory.

        Raises:
            NotFoundError: no file has such an id.
        """
        if not ID.fullmatch(artifact_id):
            raise _missing(artifact_id)
        return self.path / artifact_id


def listed(attrs: Mapping[str, Any], prefix: str = PREFIX) -> list[File]:
    """The files that attributes tell of.

    Args:
        attrs: system attributes of a study or trial.
        prefix: of the keys; earlier versions had another for files of trials.
    """
    found = []
    for key, value in attrs.items():
        if key.startswith(prefix) and (file := _file(value)) is not None:
            found.append(file)
    return found


def _file(value: Any) -> File | None:
    known = json.loads(value) if isinstance(value, str) else value
    if not isinstance(known, dict) or not ID.fullmatch(str(known.get("artifact_id"))):
        return None  # deleted, or none that anything could be stored under
    name = str(known.get("filename") or known["artifact_id"])
    kind = known.get("mimetype") or mimetypes.guess_type(name)[0] or OCTETS
    return File(str(known["artifact_id"]), name, str(kind), known.get("encoding"))


def of_study(db: Database, study_id: int) -> list[File]:
    """The files of a study itself."""
    return listed(_attrs(db.rows(OF_STUDY, id=study_id)))


def of_trial(db: Database, study_id: int, trial_id: int) -> list[File]:
    """The files of a trial, if it is one of the study."""
    found = listed(_attrs(db.rows(OF_TRIAL, id=study_id, trial_id=trial_id)))
    study = _attrs(db.rows(OF_STUDY, id=study_id))
    return found + listed(study, LEGACY.format(trial_id=trial_id))


def ids_of_all(db: Database, study_id: int) -> list[str]:
    """The ids of all files of a study and its trials."""
    study = _attrs(db.rows(OF_STUDY, id=study_id))
    own = [*listed(study), *listed(study, "dashboard:artifacts:")]
    return [f.artifact_id for f in [*own, *listed(_attrs(db.rows(OF_TRIALS, id=study_id)))]]


def _attrs(rows: list[Any]) -> dict[str, Any]:
    return {key: json.loads(value) for key, value in rows}


def find(files: list[File], artifact_id: str) -> File:
    """The file with this id.

    Raises:
        NotFoundError: there is none.
    """
    for file in files:
        if file.artifact_id == artifact_id:
            return file
    raise _missing(artifact_id)


def size(board: Board, artifact_id: str) -> int | None:
    """The bytes of a file, where it costs nothing to know."""
    if not isinstance(board.artifacts, Directory):
        return None
    with suppress(OSError, NotFoundError):
        return board.artifacts.where(artifact_id).stat().st_size
    return None


def remove(board: Board, artifact_id: str) -> None:
    """Delete the bytes of a file, if they are still there."""
    with suppress(NotFoundError):
        try:
            store(board).remove(artifact_id)
        except Exception as error:
            if type(error).__name__ != "ArtifactNotFound":
                raise


def store(board: Board) -> Any:
    """The artifact store.

    Raises:
        NotFoundError: the dashboard has none.
    """
    if board.artifacts is None:
        raise NotFoundError(
            "this dashboard has no artifact store: start it with --artifact-dir DIRECTORY"
        )
    return board.artifacts


def _missing(artifact_id: str) -> NotFoundError:
    return NotFoundError(f"there is no artifact {artifact_id[:80]!r}")
