"""What the runs of an experiment have: the names of their arguments and attributes.

All runs are read once; afterwards new ones, and those that had not ended then: the newest at each
look, and the others in turn. What somebody adds to a run that has ended is found when a filter, an
order or groups ask for it, and shown in the catalogue from then on; a text in place of a number is
compared and grouped right from the first, but is last in an order until a filter asks for it.
"""

from __future__ import annotations

import json
import os
import threading
import weakref
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from ..db import Database, repeatable
from ..store import columns
from .statement import Statement

CHUNK = 10_000  # runs that are read at a time
SAMPLE = 500  # of the newest runs are read again, or for what they have beside arguments
OTHERS = 2000  # of the older runs that have not ended are read again at each look
MARGIN = 1000  # ids below the last one, where runs may be committed later
Path = tuple[str, ...]
_OPEN = ("PLANNED", "RUNNING")
_NUMBERS = {int, float}


class Names:
    """The names in JSON documents, nested ones with dots, and what their values are."""

    def __init__(self) -> None:
        #: Where a name is: mostly one place, but "a.b" may be in "a" or a name of its own.
        self.paths: dict[str, dict[Path, None]] = {}
        self.types: dict[str, set[type]] = {}
        self._seen: dict[Path, set[tuple[str, type]]] = {}
        self._nested: dict[Path, list[str]] = {}

    def add(self, document: Any, path: Path = ()) -> None:
        """Add the names of a document; all that the usual one costs are its types."""
        if type(document) is not dict:
            return
        seen = self._seen.setdefault(path, set())
        if not seen.issuperset(zip(document, map(type, document.values()), strict=True)):
            self._add(document, path, seen)
        for key in self._nested.get(path, ()):
            self.add(document.get(key), (*path, key))

    def _add(self, document: dict[str, Any], path: Path, seen: set[tuple[str, type]]) -> None:
        for key, value in document.items():
            kind = type(value)
            if (key, kind) in seen:
                continue
            seen.add((key, kind))
            if kind is dict:
                self._nested.setdefault(path, []).append(key)
            else:
                name = ".".join((*path, key))
                self.paths.setdefault(name, {})[(*path, key)] = None
                self.types.setdefault(name, set()).add(kind)

    def kind(self, name: str) -> str:
        """Of the values of a name: "number", "text" or "document"."""
        types = self.types[name] - {type(None)}
        if types and types <= _NUMBERS:
            return "number"
        return "document" if types == {list} else "text"


class Known:
    """What is known of the runs of an experiment, or of all."""

    def __init__(self, experiment_id: int | None) -> None:
        self.experiment_id = experiment_id
        self.args, self.env, self.extras = Names(), Names(), Names()
        #: User attributes, and whether all their values are numbers.
        self.attrs: dict[str, bool] = {}
        #: Ids of metrics, those that most of the newest runs have first.
        self.metrics: dict[int, None] = {}
        self._lock = threading.RLock()
        self._last = 0
        #: Ids that were seen within the margin.
        self._recent: set[int] = set()
        self._open: set[int] = set()
        self._turn = 0
        #: Runs of which only the arguments and attributes were read; None for all.
        self._rest: set[int] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there are no runs."""
        return self._last == 0

    def refresh(self, db: Database) -> None:
        """Read the arguments and attributes of what is new."""
        with self._lock:
            is_first, read, decode = not self._last, set(), decoder()
            since = self._last and max(self._last - MARGIN, 1)
            for rows in _pages(db, self.experiment_id, since, self._recent, self._again()):
                for id, status, _, args in rows:
                    if args is not None:
                        self.args.add(decode(args))
                    (self._open.add if status in _OPEN else self._open.discard)(id)
                    read.add(id)
            if read:
                self._last = max(self._last, *read)
                seen = self._recent | read
                self._recent = {id for id in seen if id >= self._last - MARGIN}
                self._read_attrs(db, None if is_first else sorted(read))
                if self._rest is not None:
                    self._rest |= read

    def _again(self) -> list[int]:
        """Runs that had not ended: the newest, and the next ones of the others."""
        found = sorted(self._open)
        newest, others = found[-SAMPLE:], found[:-SAMPLE]
        start = bisect_right(others, self._turn)
        turn = others[start : start + OTHERS]
        self._turn = turn[-1] if start + OTHERS < len(others) else 0
        return turn + newest

    def read_args(self, db: Database, where: Callable[[Statement], str]) -> None:
        """Read the arguments of runs of which nobody told that they changed."""
        with self._lock:
            decode = decoder()
            for *_, args in _args(db, self.experiment_id, where, then=f"LIMIT {CHUNK}"):
                self.args.add(decode(args))

    def _read_attrs(self, db: Database, ids: Sequence[int] | None) -> None:
        for key, is_number in _attrs(db, self.experiment_id, ids):
            self.attrs[key] = is_number and self.attrs.get(key, True)

    def read_rest(self, db: Database, only: Sequence[int] | None = None) -> None:
        """Read the metrics, and the environment and extras, of the newest runs or of new ones."""
        with self._lock:
            if only is not None:
                self._rest = set(only)
            if self._rest != set():
                ids = sorted(self._rest)[-SAMPLE:] if self._rest else None
                self.metrics |= dict.fromkeys(_metrics(db, self.experiment_id, ids, self.metrics))
                for column, names in (("r.env", self.env), ("r.extras", self.extras)):
                    for document in _documents(db, self.experiment_id, column, ids):
                        names.add(document)
                self._rest = set()


def known(db: Database, experiment_id: int | None) -> Known:
    """What this process knows of the runs of an experiment (or of all), with what is new."""
    # Not in the memo, which is lost whenever a transaction is undone: names stay true enough.
    of_database = _known.setdefault(db, {})
    found = of_database.setdefault(experiment_id, Known(experiment_id))
    found.refresh(db)
    return found


_known: weakref.WeakKeyDictionary[Database, dict[int | None, Known]] = weakref.WeakKeyDictionary()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_known.clear)  # another thread may have held a lock


def known_of(db: Database, experiment_id: int | None, ids: Sequence[int]) -> Known:
    """What some runs have."""
    found, decode = Known(experiment_id), decoder()
    for *_, args in _args(db, None, lambda s: s.words.among("r.id", ids, s.bind)):
        if args is not None:
            found.args.add(decode(args))
    for key, is_number in _attrs(db, experiment_id, ids):
        found.attrs[key] = is_number
    found.read_rest(db, ids)
    return found


@repeatable
def _documents(
    db: Database, experiment_id: int | None, column: str, ids: Sequence[int] | None
) -> list[Any]:
    """Documents of some runs, or of the newest."""
    statement = Statement(db, experiment_id if ids is None else None)
    where = f"{column} IS NOT NULL"
    if ids is not None:
        where += f" AND {statement.words.among('r.id', ids, statement.bind)}"
    order = "r.id" if experiment_id is None else "r.number"
    then = f"ORDER BY {order} DESC LIMIT {SAMPLE}"
    rows = statement.rows(statement.words.raw(column), where, then)
    return [decoder()(text) for (text,) in rows]


@repeatable
def _metrics(
    db: Database, experiment_id: int | None, ids: Sequence[int] | None, seen: Iterable[int]
) -> list[int]:
    """Ids of the metrics of some runs, or of all."""
    if ids is None:
        newest = Statement(db, experiment_id)
        order = "r.id" if experiment_id is None else "r.number"
        rows = newest.rows("r.id", "1 = 1", f"ORDER BY {order} DESC LIMIT {SAMPLE}")
        ids = [id for (id,) in rows]
        found = _metrics(db, experiment_id, ids, seen)
        return found + _others(db, experiment_id, found)
    statement = Statement(db, None)
    statement.every_metric()
    among = statement.words.among("r.id", ids, statement.bind)
    then = "GROUP BY m.metric_id ORDER BY COUNT(*) DESC, m.metric_id"
    return [id for (id,) in statement.rows("m.metric_id", among, then)]


def _others(db: Database, experiment_id: int | None, found: Sequence[int]) -> list[int]:
    """Metrics that only older runs have: one pass over their summaries, if there can be any."""
    others = {metric.id for metric in columns.refresh(db).values()}.difference(found)
    if not others:
        return []
    statement = Statement(db, experiment_id)
    statement.every_metric()
    where = f"m.metric_id IN ({', '.join(map(str, sorted(others)))})"
    return [id for (id,) in statement.rows("DISTINCT m.metric_id", where, "ORDER BY 1")]


def _pages(
    db: Database, experiment_id: int | None, since: int, seen: Iterable[int], changed: Sequence[int]
) -> Iterator[list[Any]]:
    """Id, status, place and arguments of all runs, or of unseen ones ``since`` an id and some."""
    if since:
        yield _args(db, experiment_id, partial(_unseen, since=since, seen=sorted(seen)))
        if changed:
            yield _args(db, None, lambda s: s.words.among("r.id", changed, s.bind))
        return
    # The runs of an experiment lie in the order of their numbers in its index.
    place, after = "r.id" if experiment_id is None else "r.number", -(2**62)
    while True:
        where = partial(_after, place=place, last=after)
        rows = _args(db, experiment_id, where, place, f"ORDER BY {place} LIMIT {CHUNK}")
        yield rows
        if len(rows) < CHUNK:
            return
        after = rows[-1][2]


def _after(statement: Statement, place: str, last: int) -> str:
    return f"{place} > {statement.bind(last)}"


def _unseen(statement: Statement, since: int, seen: Sequence[int]) -> str:
    among = statement.words.among("r.id", seen, statement.bind)
    return f"r.id >= {statement.bind(since)} AND NOT ({among})"


@repeatable
def _args(
    db: Database, experiment_id: int | None, where: Callable[[Statement], str],
    place: str = "r.id", then: str = "",
) -> list[Any]:  # fmt: skip
    statement = Statement(db, experiment_id)
    select = f"r.id, r.status, {place}, {statement.words.raw('r.args')}"
    return statement.rows(select, where(statement), then)


@repeatable
def _attrs(
    db: Database, experiment_id: int | None, ids: Sequence[int] | None
) -> list[tuple[str, bool]]:
    """Keys of attributes of some runs, or of all, and whether all values are numbers."""
    statement = Statement(db, experiment_id if ids is None else None)
    where = "1 = 1" if ids is None else statement.words.among("r.id", ids, statement.bind)
    key, value = statement.every_attribute()
    first = statement.words.text(f"SUBSTR({value}, 1, 1)")
    rows = statement.rows(f"{key}, MIN({first}), MAX({first})", where, f"GROUP BY {key}")
    return [(row[0], all(_is_numeric(first) for first in row[1:])) for row in rows]


def _is_numeric(first: str | bytes) -> bool:
    """Whether JSON that begins like this is a number."""
    return (first if isinstance(first, str) else first.decode()) in "-0123456789NI"


def decoder() -> Callable[[str], Any]:
    """The fastest decoder of JSON at hand."""
    try:
        import msgspec
    except ImportError:
        return json.JSONDecoder().decode
    return msgspec.json.Decoder().decode
