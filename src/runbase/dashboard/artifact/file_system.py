"""Artifacts as files in a folder."""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path
from typing import BinaryIO

from .exceptions import ArtifactNotFound


class FileSystemBackend:
    """The earlier form of ``optuna.artifacts.FileSystemArtifactStore``.

    Args:
        base_path: the folder, which no id can leave.
    """

    def __init__(self, base_path: str) -> None:
        warnings.warn(
            "FileSystemBackend is deprecated. Please use FileSystemArtifactStore instead.",
            DeprecationWarning,
            stacklevel=2,
        )
        self._base = Path(os.path.abspath(base_path))

    def open(self, artifact_id: str) -> BinaryIO:
        """The bytes of an artifact.

        Raises:
            ArtifactNotFound: there is no artifact of this id.
        """
        try:
            return self._path(artifact_id).open("rb")
        except FileNotFoundError as error:
            raise _missing(artifact_id) from error

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Keep the bytes of an artifact.

        Raises:
            ArtifactNotFound: no artifact can have this id.
        """
        with self._path(artifact_id).open("wb") as file:
            shutil.copyfileobj(content_body, file)

    def remove(self, artifact_id: str) -> None:
        """Forget an artifact.

        Raises:
            ArtifactNotFound: there is no artifact of this id.
        """
        try:
            self._path(artifact_id).unlink()
        except FileNotFoundError as error:
            raise _missing(artifact_id) from error

    def _path(self, artifact_id: str) -> Path:
        path = Path(os.path.abspath(self._base / artifact_id))
        if self._base not in path.parents:
            raise _missing(artifact_id)
        return path


def _missing(artifact_id: str) -> ArtifactNotFound:
    return ArtifactNotFound(f"there is no artifact {artifact_id!r}")
