"""Which Ax wrote a document, and whether the one that is installed may read it."""

from __future__ import annotations

import re

from ax.version import version as INSTALLED

from .errors import NewerAxError

__all__ = ["INSTALLED", "check"]


def check(written_by: str, what: str) -> None:
    """Refuse a document of a newer Ax, which may mean what this one does not know.

    Args:
        written_by: the version of Ax that wrote it; empty where nobody knows.
        what: the document, for the message.

    Raises:
        NewerAxError: it is of a later minor version.
    """
    if _release(written_by) > _release(INSTALLED):
        raise NewerAxError(
            f"{what} was written by Ax {written_by}, and Ax {INSTALLED} is installed: "
            f"pip install 'ax-platform>={written_by}'"
        )


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
