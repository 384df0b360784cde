"""Runs by a filter: which there are, their columns, and groups of them.

The filter language is that of `runbase.filter`; the keys of columns are names in it. A filter
becomes one SQL condition that means the same in every database, with all that people wrote as
parameters.
"""

from .catalogue import Catalogue, Column, catalogue
from .cells import cells
from .columns import RUN_KEYS, in_filter, name_of, quoted
from .groups import Group, groups
from .ids import ids, matching, newest, subquery
from .metrics import is_lower_better

__all__ = [
    "RUN_KEYS",
    "Catalogue",
    "Column",
    "Group",
    "catalogue",
    "cells",
    "groups",
    "ids",
    "in_filter",
    "is_lower_better",
    "matching",
    "name_of",
    "newest",
    "quoted",
    "subquery",
]
