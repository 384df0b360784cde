"""Artifacts in a bucket of S3."""

from __future__ import annotations

import warnings
from typing import Any, BinaryIO

from .exceptions import ArtifactNotFound


class Boto3Backend:
    """The earlier form of ``optuna.artifacts.Boto3ArtifactStore``.

    Args:
        bucket_name: the bucket.
        client: the S3 client; by default a new one.
        avoid_buf_copy: hand a file over as it is, which S3's client may close.
    """

    def __init__(
        self, bucket_name: str, client: Any = None, *, avoid_buf_copy: bool = False
    ) -> None:
        warnings.warn(
            "Boto3Backend is deprecated. Please use Boto3ArtifactStore instead.",
            DeprecationWarning,
            stacklevel=2,
        )
        from optuna.artifacts import Boto3ArtifactStore

        self._store = Boto3ArtifactStore(bucket_name, client, avoid_buf_copy=avoid_buf_copy)

    def open(self, artifact_id: str) -> BinaryIO:
        """The bytes of an artifact.

        Raises:
            ArtifactNotFound: there is no artifact of this id.
        """
        from optuna.artifacts import exceptions

        try:
            return self._store.open_reader(artifact_id)
        except exceptions.ArtifactNotFound as error:
            raise ArtifactNotFound(f"there is no artifact {artifact_id!r}") from error

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Keep the bytes of an artifact."""
        self._store.write(artifact_id, content_body)

    def remove(self, artifact_id: str) -> None:
        """Forget an artifact; S3 does not say whether there was one."""
        self._store.remove(artifact_id)
