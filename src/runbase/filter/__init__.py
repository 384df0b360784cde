"""The language of filters: ``val_acc > 0.9 and args.model = resnet or tag:baseline``.

A filter compares names with values and joins the comparisons by ``and``, ``or``, ``not`` and
parentheses. docs/filters.md has all of it; `runbase.search` asks databases, and
`runbase.dashboard.filter` the trials that are in memory. Both mean the same.
"""

from .parse import parse

__all__ = ["parse"]
