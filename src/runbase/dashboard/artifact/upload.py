"""Uploading as it was before Optuna could."""

from __future__ import annotations

import json
import mimetypes
import uuid
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InvalidValueError
from ..place import place_of

if TYPE_CHECKING:
    from optuna import Trial

    from .protocol import ArtifactBackend


def upload_artifact(
    backend: ArtifactBackend,
    trial: Trial,
    file_path: str,
    *,
    mimetype: str | None = None,
    encoding: str | None = None,
) -> str:
    """Upload a file to a trial: the earlier form of ``optuna.artifacts.upload_artifact``.

    Args:
        backend: where the file goes.
        trial: the trial that it belongs to.
        file_path: the file.
        mimetype: its type; by default what the name says.
        encoding: its encoding; by default what the name says.

    Returns:
        The id of the artifact.

    Raises:
        InvalidValueError: no trial.
        OSError: the file cannot be read.
    """
    warnings.warn(
        "upload_artifact() is deprecated. Please use optuna.artifacts.upload_artifact() instead.",
        DeprecationWarning,
        stacklevel=2,
    )
    storage, _, trial_id = place_of(trial)
    if trial_id is None:
        raise InvalidValueError("a Trial is needed: for a Study use optuna.artifacts")
    path = Path(file_path)
    id = str(uuid.uuid4())
    guessed_type, guessed_encoding = mimetypes.guess_type(path.name)
    meta = {
        "artifact_id": id,
        "mimetype": mimetype or guessed_type or "application/octet-stream",
        "encoding": encoding or guessed_encoding,
        "filename": path.name,
    }
    with path.open("rb") as content:
        backend.write(id, content)
    storage.set_trial_system_attr(trial_id, f"artifacts:{id}", json.dumps(meta))
    return id
