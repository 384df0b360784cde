"""Another try when a backend fails, each after a longer pause."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from ...errors import logger
from .exceptions import ArtifactNotFound

if TYPE_CHECKING:
    from .protocol import ArtifactBackend

T = TypeVar("T")


class Backoff:
    """A backend that tries again; the earlier form of ``optuna.artifacts.Backoff``.

    Args:
        backend: what may fail.
        max_retries: how often to try in all.
        multiplier: how many times longer each pause is than the one before.
        min_delay: seconds of the first pause.
        max_delay: seconds of the longest pause.
    """

    def __init__(
        self,
        backend: ArtifactBackend,
        max_retries: int = 10,
        multiplier: float = 2,
        min_delay: float = 0.1,
        max_delay: float = 30,
    ) -> None:
        self._backend = backend
        self._pauses = [
            min(min_delay * multiplier**number, max_delay) for number in range(max_retries - 1)
        ]

    def open(self, artifact_id: str) -> BinaryIO:
        """The bytes of an artifact.

        Raises:
            ArtifactNotFound: there is no artifact of this id.
        """
        return self._try(lambda: self._backend.open(artifact_id))

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Keep the bytes of an artifact, all that the file has from its beginning."""

        def write() -> None:
            content_body.seek(0)
            self._backend.write(artifact_id, content_body)

        self._try(write)

    def remove(self, artifact_id: str) -> None:
        """Forget an artifact.

        Raises:
            ArtifactNotFound: there is no artifact of this id.
        """
        self._try(lambda: self._backend.remove(artifact_id))

    def _try(self, act: Callable[[], T]) -> T:
        for pause in self._pauses:
            try:
                return act()
            except ArtifactNotFound:
                raise
            except Exception as error:
                logger().warning("an artifact backend failed, next try in %s s: %s", pause, error)
                time.sleep(pause)
        return act()
