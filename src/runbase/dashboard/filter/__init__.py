"""The language of the filter box: ``value < 0.3 and params.lr < 1e-3 or state = running``.

A filter compares names with values and joins the comparisons by ``and``, ``or``, ``not`` and
parentheses; case matters in names only.

=============================  ==================================================================
``=  !=  <  <=  >  >=``        with a number, a text or a time; ``value = none``: there is none
``in (..)``, ``not in (..)``   one of several values
``contains "text"``            a part of the text, upper or lower case
``is missing``                 there is none; also ``is not missing``
``feasible``, ``best``         a trial without violated constraints; on the front
``running``, ``pruned``, ...   short for ``status = running``
=============================  ==================================================================

Names are ``number``, ``id``, ``status``, ``value`` and ``values.1``, ``duration`` (seconds),
``started`` and ``finished``, ``params.NAME``, ``attrs.NAME``, and the plain name of a parameter or
attribute; also the ``name`` of a run or an arm, and ``trial``, the number of an arm's trial. Quotes
allow any name: ``params."weight decay"``. A comparison with something that a trial has not is
false.
"""

from __future__ import annotations

from ..columns.table import Bools, Table
from .evaluate import evaluate
from .parse import parse

__all__ = ["mask"]


def mask(table: Table, text: str) -> Bools:
    """Which trials of a table a filter lets through; all, if the text is empty.

    Raises:
        InvalidValueError: the text has a mistake; the message says where, and what was expected.
    """
    return evaluate(table, parse(text))
