"""The trials of experiments as columns of numbers, kept up to date by what changed."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import NotFoundError
from .. import signs
from . import ax, base, read
from .table import Labelled, Table

if TYPE_CHECKING:
    from ...client import Client

__all__ = ["Labelled", "Table", "Tables"]

#: So many trials are kept, of the experiments that were asked for last.
MOST = 2_000_000


class Tables:
    """The tables of all experiments that pages asked for, in memory, for all who ask.

    Readers never wait for a change: they keep the table that they have. Of several who ask at the
    same time one reads, and the others get what it read.

    Args:
        client: where the experiments are.
        recount: seconds after which trials that came or went by plain SQL are looked for.
    """

    def __init__(self, client: Client, recount: float = 2.0) -> None:
        self.client, self.recount = client, recount
        self._kept: dict[int, _Keeper] = {}
        self._lock = threading.Lock()

    def of(self, experiment_id: int) -> Table:
        """The table of an experiment as it is now.

        Raises:
            NotFoundError: there is no such experiment.
        """
        with self._lock:
            keeper = self._kept.pop(experiment_id, None) or _Keeper(self, experiment_id)
            self._kept[experiment_id] = keeper  # the last one is the one asked for last
        try:
            table = keeper.now()
        except NotFoundError:
            self._kept.pop(experiment_id, None)
            raise
        self._forget()
        return table

    def _forget(self) -> None:
        with self._lock:
            total = 0
            for id, keeper in reversed(list(self._kept.items())):
                total += keeper.size
                if total > MOST and total > keeper.size:
                    del self._kept[id]


class _Read(NamedTuple):
    """A table, with what tells whether it is still as the database has it."""

    table: Table
    sign: Any
    counted: float


class _Keeper:
    """Keeps the table of one experiment."""

    def __init__(self, tables: Tables, id: int) -> None:
        self.tables, self.id = tables, id
        self.lock = threading.RLock()
        #: Of what a table reads later, for which nobody else should wait.
        self.reading = threading.RLock()
        self.last: _Read | None = None

    @property
    def size(self) -> int:
        return 0 if self.last is None else len(self.last.table)

    def now(self) -> Table:
        """The table, read again where it has changed."""
        db = self.tables.client.db
        with self.lock:
            head = read.head(db, self.id)
            if head is None:
                raise NotFoundError(f"there is no experiment {self.id}")
            self.last = self._next(head)
            return self.last.table

    def _next(self, head: read.Head) -> _Read:
        last, now = self.last, time.monotonic()
        db = self.tables.client.db
        if head.kind not in read.VERSIONED:
            sign = signs.of_runs(db, self.id)
            if last is not None and last.sign == (sign, head):
                return last
            return _Read(self._whole(head), (sign, head), now)
        if last is None or last.table.directions != head.directions:
            return _Read(self._whole(head), None, now)
        table, counted = last.table, last.counted
        if head.version != table.version:
            table = self._patched(table, head)
            if head.kind == read.AX:
                counted = -self.tables.recount  # an arm may have left its trial
        if now - counted >= self.tables.recount:
            counted = now
            if read.count(db, self.id, head.kind) != len(table):
                table = self._whole(head)
        return _Read(table, None, counted)

    def _whole(self, head: read.Head) -> Table:
        db = self.tables.client.db
        if head.kind not in read.VERSIONED:
            # Without versions of the database each table has one of its own.
            last = -1 if self.last is None else self.last.table.version
            head = head._replace(version=max(head.version, last + 1))
        found = read.trials(db, self.id, head.kind)
        rows = base.of_rows(found, len(head.directions), head.kind == read.AX)
        table = Table(db, self.id, head, rows, self.reading)
        base.constrain(rows, read.constraints(db, self.id), table.places)
        return table

    def _patched(self, old: Table, head: read.Head) -> Table:
        db = self.tables.client.db
        changes = read.changes(db, self.id, head.kind, old.version)
        is_ax = head.kind == read.AX
        patch = (
            base.patched(old.base, changes.trials, is_ax) if changes.trials else (old.base, None)
        )
        if patch is None:
            return self._whole(head)
        rows, at = patch
        new = Table(db, self.id, head, rows, self.reading)
        # Ranges of parameters and objectives are in the document.
        is_same = not is_ax or ax.version(db, self.id) <= old.version
        if at is None:
            new.read_attrs = old.read_attrs
            if is_same:
                new.read_params, new.read_errors = old.read_params, old.read_errors
            return new
        base.constrain(rows, changes.constraints, new.places)
        _patch_attrs(old, new, at, changes)
        if old.read_errors is not None and is_same:
            errors = old.read_errors
            new.read_errors = errors.patched(db, self.id, new.places, at, old.version)
        if old.read_params is not None and is_same:
            new.read_params = params = old.read_params.copy(len(new))
            params.clear(at)
            params.add_kinds(changes.kinds)
            args = [(row[0], read.document(row[-1])) for row in changes.trials]
            params.put(args, new.places)
        return new


def _patch_attrs(old: Table, new: Table, at: Any, changes: read.Changes) -> None:
    """Attributes: counted when a trial finishes, read again where a finished one was changed."""
    unfinished = {old.statuses.index("PLANNED"), old.statuses.index("RUNNING")}
    changed = [i for i in at.tolist() if i < len(old)]
    if any(int(old.status[i]) not in unfinished for i in changed):
        return
    new.read_attrs = old.read_attrs.copy(len(new))
    finished = {int(new.ids[i]) for i in at.tolist() if int(new.status[i]) not in unfinished}
    new.read_attrs.patch(changes.attrs, new.places, finished)
