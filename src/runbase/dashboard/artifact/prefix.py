"""Artifacts of several users in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from .protocol import ArtifactBackend


class AppendPrefix:
    """A backend in which all ids have a prefix.

    Args:
        backend: where the artifacts are.
        prefix: what comes before each id, such as ``"mine-"``.
    """

    def __init__(self, backend: ArtifactBackend, prefix: str) -> None:
        self._backend, self._prefix = backend, prefix

    def open(self, artifact_id: str) -> BinaryIO:
        """The bytes of an artifact.

        Raises:
            ArtifactNotFound: there is no artifact of this id.
        """
        return self._backend.open(self._prefix + artifact_id)

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Keep the bytes of an artifact."""
        self._backend.write(self._prefix + artifact_id, content_body)

    def remove(self, artifact_id: str) -> None:
        """Forget an artifact.

        Raises:
            ArtifactNotFound: there is no artifact of this id.
        """
        self._backend.remove(self._prefix + artifact_id)
