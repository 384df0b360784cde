"""Where the dashboard serves artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..place import place_of

if TYPE_CHECKING:
    from optuna import Study, Trial


def get_artifact_path(study_or_trial: Study | Trial, artifact_id: str) -> str:
    """The path of an artifact's URL, for links and images in notes.

    Args:
        study_or_trial: what the artifact was uploaded to.
        artifact_id: what ``optuna.artifacts.upload_artifact`` returned.

    Raises:
        InvalidValueError: neither a study nor a trial.
    """
    _, study_id, trial_id = place_of(study_or_trial)
    trial = "" if trial_id is None else f"/{trial_id}"
    return f"/artifacts/{study_id}{trial}/{artifact_id}"
