"""A bar that shows how far a copy is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Called with how much is done, and how much there is in all.
Report = Callable[[int, int], None]


@contextmanager
def progress(what: str) -> Iterator[Report | None]:
    """A bar for a block that calls what it is given; None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
