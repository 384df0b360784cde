"""What backends of artifacts raise."""

from ...errors import NotFoundError


class ArtifactNotFound(NotFoundError):
    """There is no artifact of this id."""
