"""Long texts in attributes of a study: pieces under numbered keys, as Optuna Dashboard has them.

A study's attribute can be written but not deleted, so what a shorter text leaves over is emptied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

#: Characters of a piece: with its JSON around it, it fits into 2048, the room that attributes had.
SIZE = 2045


def split(prefix: str, text: str, old: Mapping[str, Any]) -> dict[str, str]:
    """The attributes to write, in this order, so that ``join`` reads the text.

    Args:
        prefix: what comes before the number in a key.
        text: the text.
        old: the attributes that the study has.
    """
    starts = range(0, len(text), SIZE)
    pieces = {f"{prefix}{n}": text[start : start + SIZE] for n, start in enumerate(starts)}
    surplus = (key for key in keys(prefix, old) if key not in pieces and old[key])
    return pieces | dict.fromkeys(surplus, "")


def join(prefix: str, attrs: Mapping[str, Any]) -> str:
    """The text whose pieces are among the attributes; an empty one if there are none."""
    return "".join(attrs[key] for key in keys(prefix, attrs))


def keys(prefix: str, attrs: Mapping[str, Any]) -> Iterator[str]:
    """The keys of the pieces that are there, in their order."""
    for number in count():
        if (key := f"{prefix}{number}") not in attrs:
            return
        yield key
