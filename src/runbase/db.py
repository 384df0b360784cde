"""Connections and transactions: the only code that talks DB-API.

- Each thread has a connection of its own, opened when it is first needed; so has each process
  after a fork.
- Nested transactions are savepoints. The outermost one commits, or rolls back on an exception.
- A connection that a server dropped is noticed by the BEGIN of the next transaction and replaced
  before anything is lost; functions marked `repeatable` are run again when it broke later.
"""

from __future__ import annotations

import functools
import os
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from .engines import Engine
from .engines.engine import PLAIN
from .errors import (
    ConfigError,
    ConnectionFailedError,
    ConnectionLostError,
    RunbaseError,
    logger,
)
from .query import Dialect, Query
from .session import Quick, Result, Session, Transaction

Durability = Literal["full", "normal"]
P = ParamSpec("P")
T = TypeVar("T")

RECONNECT_TIMEOUT = 60.0  # seconds that a running program waits for a server to come back
REPETITIONS = 10  # of a transaction that lost a deadlock
_START = r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*"
_READS = re.compile(_START + r"(SELECT|VALUES|EXPLAIN|PRAGMA|SHOW|WITH)\b", re.I | re.S)
_WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE|REPLACE|MERGE)\b", re.I)
#: Statements that databases refuse to run in a transaction.
ALONE = re.compile(
    _START + r"(VACUUM|ATTACH|DETACH|(CREATE|DROP)\s+DATABASE|CREATE\s+INDEX\s+CONCURRENTLY)\b",
    re.I | re.S,
)


def is_read(sql: str) -> bool:
    """Whether a statement certainly only reads."""
    found = _READS.match(sql)
    return found is not None and not (found[1].upper() == "WITH" and _WRITES.search(sql))


class Database:
    """An engine and its connections, one for each thread.

    Raises:
        ConfigError: ``durability`` is none of None (by meaning, see docs/architecture.md),
            "full" and "normal".
    """

    def __init__(self, engine: Engine, durability: Durability | None = None) -> None:
        if durability not in (None, "full", "normal"):
            raise ConfigError(f"unknown durability {durability!r}: choose full or normal")
        self.engine = engine
        self.durability = durability
        self.pid = os.getpid()
        self.was_connected = False
        self.patience = RECONNECT_TIMEOUT
        #: What the layers above remember about this database, such as its metric columns; a
        #: rollback, which may undo that, makes them forget it.
        self.memo: dict[str, Any] = {}
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        self._local = threading.local()
        self._lock = threading.Lock()
        self._inherited: list[Any] = []
        #: A database in memory has one connection, which the threads use in turn.
        self.shared = threading.RLock() if engine.is_memory else None
        self._shared_session = Session(self) if engine.is_memory else None
        _databases.add(self)

    @property
    def dialect(self) -> Dialect:
        """The language of the database: "sqlite", "postgresql" or "mysql"."""
        return self.engine.dialect

    @property
    def session(self) -> Session:
        """This thread's session."""
        if self._shared_session is not None:
            return self._shared_session
        try:
            return self._local.session  # type: ignore[no-any-return]
        except AttributeError:
            session = self._local.session = Session(self)
            with self._lock:
                self._sessions.add(session)
            return session

    def connect(self) -> Any:
        """A new connection; a program that had one before waits for a server to come back."""
        if not self.was_connected:
            connection = self.engine.connect()
            self.was_connected = True
            return connection
        give_up, pause = time.monotonic() + self.patience, 0.05
        while True:
            try:
                return self.engine.connect()
            except ConnectionFailedError as error:
                if time.monotonic() > give_up or self.dialect == "sqlite":
                    raise
                logger().warning("%s; trying again", error)
            time.sleep(pause)
            pause = min(2 * pause, 2.0)

    def transaction(self, *, durable: bool = True) -> Transaction:
        """A block that writes; not ``durable`` means safe from a killed process, not a power cut.

        Inside another block it is a savepoint.
        """
        return Transaction(self.session, durable)

    def quick(self, *, durable: bool) -> Quick:
        """The same on SQLite with less around it."""
        return Quick(self.session, durable)

    def block(self) -> Transaction:
        """A user's block: it begins with the first statement that needs a transaction."""
        return Transaction(self.session, None)

    def execute(self, query: Query, **parameters: Any) -> Any:
        """Run ``query`` and return its cursor."""
        text = query.text[self.engine.dialect]
        if not query.names:
            return self.run(text)
        adapt = self.engine.adapt
        return self.run(
            text, {k: v if type(v) in PLAIN else adapt(v) for k, v in parameters.items()}
        )

    def row(self, query: Query, **parameters: Any) -> Any:
        """The first row of the result, or None."""
        return self.execute(query, **parameters).fetchone()

    def rows(self, query: Query, **parameters: Any) -> list[Any]:
        """All rows of the result."""
        return list(self.execute(query, **parameters).fetchall())

    def large(self, query: Query, **parameters: Any) -> list[Any]:
        """The same, faster, of columns of the types that Runbase's own tables have."""
        text, adapt = query.text[self.engine.dialect], self.engine.adapt
        values = {k: v if type(v) in PLAIN else adapt(v) for k, v in parameters.items()}
        run = functools.partial(self.session.run, text, values or None, is_large=True)
        return list(self._guarded(text, run).fetchall())

    def insert(self, query: Query, **parameters: Any) -> int:
        """Run an INSERT, which has RETURNING id except on MySQL, and return that id."""
        cursor = self.execute(query, **parameters)
        return int(cursor.lastrowid if self.dialect == "mysql" else cursor.fetchone()[0])

    def execute_many(self, query: Query, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run ``query`` once for each of ``rows``."""
        adapt = self.engine.adapt
        adapted = [{k: v if type(v) in PLAIN else adapt(v) for k, v in row.items()} for row in rows]
        if adapted:
            self.session.run(query.text[self.engine.dialect], adapted, many=True)

    def run(self, sql: str, parameters: Any = None) -> Any:
        """Run a statement in the driver's own style and return its cursor; see `fetch`."""
        return self._guarded(sql, lambda: self.session.run(sql, parameters))

    def fetch(self, sql: str, parameters: Any = None) -> Result:
        """Run a statement in the open transaction, if there is one, and fetch its result.

        Outside of a transaction a read is repeated once when the connection was lost, and a
        write is a durable transaction of its own.
        """
        return self._guarded(sql, lambda: self.session.fetch(sql, parameters))

    def _guarded(self, sql: str, work: Callable[[], T]) -> T:
        if self.shared is None:
            return self._in_transaction(sql, work)
        with self.shared:
            return self._in_transaction(sql, work)

    def _in_transaction(self, sql: str, work: Callable[[], T]) -> T:
        session, reads = self.session, is_read(sql)
        if session.in_block:
            if not session.begun and not (reads and self.engine.begins_on_write):
                session.begin()
            return work()
        if not reads and not ALONE.match(sql):
            with self.transaction():
                return work()
        try:
            return work()
        except ConnectionLostError:
            if not reads:
                raise
            return work()

    def close(self) -> None:
        """Close the connections of all threads; they are opened again when needed."""
        with self._lock:
            for session in [*self._sessions, self._shared_session]:
                if session is not None:
                    session.close()

    @contextmanager
    def interrupted(self) -> Iterator[None]:
        """A block in which a signal handler can work, whatever this thread was doing.

        That is rolled back, and ends by a `ConnectionLostError` should the program go on. From
        now on a server that is away is waited for only briefly.
        """
        self.patience = 5.0
        if self._shared_session is not None:
            yield  # the data live in its connection, which is in the middle of nothing
            return
        busy = self.session
        busy.interrupt()
        self._local.session = Session(self)
        try:
            yield
        finally:
            self._local.session = busy

    def _after_fork(self) -> None:
        # What another thread was just changing is in no certain state.
        self.memo = {}
        # The parent goes on using the inherited connections: keep them, untouched, for ever.
        self._inherited += [s.connection for s in self._sessions]
        for session in list(self._sessions):
            session.connection = None
        self.pid = os.getpid()
        self._sessions = weakref.WeakSet()
        self._local = threading.local()
        self._lock = threading.Lock()


_databases: weakref.WeakSet[Database] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for database in list(_databases):
        database._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def repeatable(
    function: Callable[Concatenate[Database, P], T],
) -> Callable[Concatenate[Database, P], T]:
    """Mark a store function that may run again from its start, since it is one transaction.

    It is run again when the connection broke and when it lost a deadlock, unless it was called
    in a transaction of the user, who then sees the error.
    """

    @functools.wraps(function)
    def wrapper(db: Database, /, *args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(REPETITIONS):
            try:
                return function(db, *args, **kwargs)
            except Exception as error:
                lost = isinstance(error, ConnectionLostError)
                # A signal handler took the connection away from a cursor that was being read.
                lost |= db.session.connection is None and not isinstance(error, RunbaseError)
                busy = db.engine.is_busy(error)
                if db.session.in_block or not (busy or (lost and attempt < 2)):
                    raise
                time.sleep(0.002 * 2**attempt * (0.5 + os.urandom(1)[0] / 255))
        return function(db, *args, **kwargs)

    return wrapper
