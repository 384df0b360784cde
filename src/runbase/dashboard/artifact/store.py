"""Backends of artifacts where one of Optuna's artifact stores is needed, which took their place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from .exceptions import ArtifactNotFound

if TYPE_CHECKING:
    from .protocol import ArtifactBackend


class BackendStore:
    """A backend as one of Optuna's artifact stores, whose errors are Optuna's."""

    def __init__(self, backend: ArtifactBackend) -> None:
        self._backend = backend

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """The bytes of an artifact."""
        with _as_optuna():
            return self._backend.open(artifact_id)

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Keep the bytes of an artifact."""
        self._backend.write(artifact_id, content_body)

    def remove(self, artifact_id: str) -> None:
        """Forget an artifact."""
        with _as_optuna():
            self._backend.remove(artifact_id)


@contextmanager
def _as_optuna() -> Iterator[None]:
    from optuna.artifacts import exceptions

    try:
        yield
    except ArtifactNotFound as error:
        raise exceptions.ArtifactNotFound(str(error)) from error
