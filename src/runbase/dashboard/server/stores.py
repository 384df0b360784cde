"""Where files of studies are: a folder, a bucket, or what a program gives."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ConfigError, require
from ..files import Directory

if TYPE_CHECKING:
    from optuna.artifacts._protocol import ArtifactStore

    from ..artifact.protocol import ArtifactBackend

STORES = {"boto3": "Boto3ArtifactStore", "gcs": "GCSArtifactStore"}


def folder_store(base_path: str | os.PathLike[str]) -> Directory:
    """Files in a folder; without Optuna, so that a dashboard which only shows them starts fast.

    Raises:
        ConfigError: there is no such folder.
    """
    folder = Path(base_path).expanduser()
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {folder} for artifacts: create it")
    return Directory(folder)


def store_of(
    store: ArtifactStore | str | os.PathLike[str] | None, backend: ArtifactBackend | None = None
) -> ArtifactStore | None:
    """The artifact store that a program means; a path is a folder.

    Raises:
        ConfigError: there is no such folder, or both were given.
    """
    if backend is not None:
        if store is not None:
            raise ConfigError("give artifact_store, and not artifact_backend beside it")
        from ..artifact.store import BackendStore

        warnings.warn(
            "artifact_backend is deprecated: give artifact_store, an artifact store of Optuna's",
            FutureWarning,
            stacklevel=3,
        )
        return BackendStore(backend)
    return folder_store(store) if isinstance(store, str | os.PathLike) else store


def store_of_table(table: Mapping[str, Mapping[str, Any]]) -> ArtifactStore | None:
    """The store of ``[artifact_store.boto3]``, ``.gcs`` or ``.filesystem`` in a config file.

    Raises:
        ConfigError: it is none of these, there are several, or their arguments are wrong.
        MissingExtraError: Optuna or the library of the bucket is not installed.
    """
    if not table:
        return None
    [(kind, arguments), *others] = table.items()
    if others or kind not in {*STORES, "filesystem"}:
        raise ConfigError(
            "the config file has one of [artifact_store.filesystem], [artifact_store.boto3] and "
            f"[artifact_store.gcs], not {' and '.join(table)}"
        )
    try:
        if kind == "filesystem":
            return folder_store(**arguments)
        store: ArtifactStore = getattr(require("optuna.artifacts", "optuna"), STORES[kind])(
            **arguments
        )
        return store
    except (TypeError, ImportError) as error:
        raise ConfigError(f"[artifact_store.{kind}] cannot be used: {error}") from error
