"""Artifacts of studies and trials: where the dashboard serves them, and names of earlier versions.

`upload_artifact` and the modules in here are what there was before Optuna had artifact stores:
they work, and say what to use instead.
"""

from .paths import get_artifact_path
from .upload import upload_artifact

__all__ = ["get_artifact_path", "upload_artifact"]
