"""Which trials of a study, in memory, a filter lets through; the language is `runbase.filter`."""

from __future__ import annotations

from ...filter import parse
from ..columns.table import Bools, Table
from .evaluate import evaluate

__all__ = ["mask"]


def mask(table: Table, text: str) -> Bools:
    """Which trials of a table a filter lets through; all, if the text is empty.

    Raises:
        InvalidValueError: the text has a mistake; the message says where, and what was expected.
    """
    return evaluate(table, parse(text))
