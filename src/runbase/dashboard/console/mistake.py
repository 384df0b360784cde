"""What is wrong with a query, for the person who wrote it."""

from __future__ import annotations

import re
from typing import Any

from ...errors import InvalidValueError


class QueryError(InvalidValueError):
    """A query cannot be run, or was ended.

    Args:
        reason: a sentence.
        position: where the mistake is: how many characters are before it; None if that is unknown.
    """

    def __init__(self, reason: str, position: int | None = None) -> None:
        super().__init__(reason)
        self.position = position

    @property
    def answer(self) -> dict[str, Any]:
        """What an answer has beside the reason."""
        return {"position": self.position}


def place_of(word: str, query: str) -> int | None:
    """Where a word is, if it is there only once."""
    places = [match.start() for match in re.finditer(re.escape(word), query, re.I)] if word else []
    return places[0] if len(places) == 1 else None
