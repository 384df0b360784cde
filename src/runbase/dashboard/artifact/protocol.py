"""What a backend of artifacts can do."""

from typing import BinaryIO, Protocol


class ArtifactBackend(Protocol):
    """Keeps the bytes of artifacts."""

    def open(self, artifact_id: str) -> BinaryIO:
        """The bytes of an artifact.

        Raises:
            ArtifactNotFound: there is no artifact of this id.
        """
        ...

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Keep the bytes of an artifact."""

    def remove(self, artifact_id: str) -> None:
        """Forget an artifact.

        Raises:
            ArtifactNotFound: there is no artifact of this id.
        """
