"""Connections and transactions: the only code that talks DB-API.

- Each thread has a connection of its own, opened when it is first needed; so has each process
  after a fork.
- Nested transactions are savepoints. The outermost one commits, or rolls back on an exception.
- A connection that a server dropped is noticed by the BEGIN of the next transaction and replaced
  before anything is lost; functions marked `repeatable` are run again when it broke later.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Concatenate, Literal, NamedTuple, ParamSpec, Self, TypeVar

from .engines import Engine
from .engines.engine import PLAIN
from .errors import ConfigError, ConnectionFailedError, ConnectionLostError
from .query import Dialect, Query

log = logging.getLogger("runbase")

Durability = Literal["full", "normal"]
P = ParamSpec("P")
T = TypeVar("T")

RECONNECT_TIMEOUT = 60.0  # seconds that a running program waits for a server to come back
REPETITIONS = 10  # of a transaction that lost a deadlock
_START = r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*"
_READS = re.compile(_START + r"(SELECT|VALUES|EXPLAIN|PRAGMA|SHOW|WITH)\b", re.I | re.S)
_WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE|REPLACE|MERGE)\b", re.I)
#: Statements that databases refuse to run in a transaction.
_ALONE = re.compile(
    _START + r"(VACUUM|ATTACH|DETACH|(CREATE|DROP)\s+DATABASE|CREATE\s+INDEX\s+CONCURRENTLY)\b",
    re.I | re.S,
)


def is_read(sql: str) -> bool:
    """Whether a statement certainly only reads."""
    found = _READS.match(sql)
    return found is not None and not (found[1].upper() == "WITH" and _WRITES.search(sql))


class Result(NamedTuple):
    """A result as a whole."""

    description: Any
    rows: list[Any]
    rowcount: int
    lastrowid: int | None


class Session:
    """One thread's connection and the transaction that it is in."""

    __slots__ = ("__weakref__", "begun", "connection", "database", "durable", "engine", "levels")

    def __init__(self, database: Database) -> None:
        self.database, self.engine = database, database.engine
        self.connection: Any = None
        self.durable = True
        self.begun = False
        self.levels: list[str | None] = []  # savepoint of each open block, None before BEGIN

    def __del__(self) -> None:
        if self.connection is not None and self.database.pid == os.getpid():
            self.close()

    @property
    def in_block(self) -> bool:
        """Whether a transaction block is open, begun or not."""
        return bool(self.levels)

    def open(self) -> Any:
        """The connection, made if there is none."""
        if self.connection is None:
            self.connection = self.database.connect()
            self.durable = True
        return self.connection

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        connection, self.connection = self.connection, None
        self.begun = False
        self.levels.clear()
        if connection is not None:
            try:
                connection.close()
            except Exception:  # a broken connection may fail to close; it is gone all the same
                log.debug("closing a connection failed", exc_info=True)

    def run(self, sql: str, parameters: Any = None, *, many: bool = False) -> Any:
        """Run one statement in the driver's own style and return the cursor."""
        connection = self.connection if self.connection is not None else self.open()
        cursor = connection.cursor()
        try:
            if many:
                cursor.executemany(sql, parameters)
            elif parameters is None:
                cursor.execute(sql)
            else:
                cursor.execute(sql, parameters)
        except Exception as error:
            self.failed(error)
            raise
        return cursor

    def fetch(self, sql: str, parameters: Any = None) -> Result:
        """Run one statement, which the driver need not prepare, and fetch its result."""
        cursor = self.open().cursor()
        try:
            self.engine.run_once(cursor, sql, parameters)
            rows = list(cursor.fetchall()) if cursor.description else []
        except Exception as error:
            self.failed(error)
            raise
        count = len(rows) if cursor.description else cursor.rowcount
        result = Result(cursor.description, rows, count, getattr(cursor, "lastrowid", None))
        cursor.close()
        return result

    def failed(self, error: Exception) -> None:
        """Raise what a driver's error means, if that is one of Runbase's own errors."""
        if self.connection is not None and self.engine.is_lost(self.connection, error):
            in_block = self.begun or self.in_block
            self.drop()
            lost = "the connection was lost" + (
                " in the middle of a transaction, which was rolled back: repeat it" if in_block
                else ": try again"
            )  # fmt: skip
            raise ConnectionLostError(f"{lost} ({self.engine.describe()})") from error
        if (known := self.engine.error(error)) is not None:
            raise known from error

    def drop(self) -> None:
        """Forget a broken connection, keeping the open blocks: they end by their exception."""
        connection, self.connection = self.connection, None
        self.begun = False
        try:
            self.engine.abandon(connection)
        except Exception:
            log.debug("dropping a connection failed", exc_info=True)

    def set_durable(self, durable: bool) -> None:
        """Whether the next commits are synced to disk; free when nothing changes."""
        if self.database.durability is not None:
            durable = self.database.durability == "full"
        if durable != self.durable:
            self.engine.set_durable(self.open(), durable)
            self.durable = durable

    def begin(self, durable: bool = True) -> None:
        """Begin the transaction of the open blocks, on a new connection if the old one broke."""
        try:
            self.set_durable(durable)
            self.run(self.engine.begin)
        except Exception as error:
            if isinstance(error, ConnectionLostError):
                self.open()
            elif self.connection is not None and self.engine.is_lost(self.connection, error):
                self.drop()
                self.open()
            else:
                raise
            self.set_durable(durable)
            self.run(self.engine.begin)
        self.begun = True

    def enter(self, durable: bool | None) -> None:
        """Open a block; with ``durable`` None it begins with its first statement that needs it."""
        if self.begun:
            name = f"runbase_{len(self.levels)}"
            self.run(f"SAVEPOINT {name}")
            self.levels.append(name)
        else:
            if durable is not None:
                self.begin(durable)
            self.levels.append(None)

    def leave(self, failed: bool) -> None:
        """Close the innermost block: keep or undo what was done in it."""
        if not self.levels:
            return  # abandoned by a signal handler
        if failed:
            self.database.memo.clear()
        savepoint = self.levels.pop()
        if self.connection is None or not self.begun:
            return  # nothing was begun, or the connection broke and the server rolled back
        if savepoint:
            if failed:
                self.run(f"ROLLBACK TO SAVEPOINT {savepoint}")
            self.run(f"RELEASE SAVEPOINT {savepoint}")
        elif failed:
            self.end("ROLLBACK")
        elif not self.levels:
            self.end("COMMIT")

    def end(self, how: str) -> None:
        """Commit or roll back the whole transaction; open blocks start anew."""
        if not self.begun:
            return
        self.levels = [None] * len(self.levels)
        if how == "ROLLBACK":
            self.database.memo.clear()
        try:
            self.run(how)
        except Exception as error:
            if how == "ROLLBACK" and not isinstance(error, ConnectionLostError):
                self.drop()  # whatever state it is in, a new connection is clean
            if how == "COMMIT" and self.connection is not None:
                self._rollback_after_failed_commit()
            if how == "COMMIT":
                raise
        finally:
            self.begun = False

    def _rollback_after_failed_commit(self) -> None:
        try:
            self.run("ROLLBACK")
        except Exception:
            log.debug("rollback after a failed commit failed", exc_info=True)


class Transaction:
    """A block in which everything happens, or nothing."""

    __slots__ = ("durable", "session")

    def __init__(self, session: Session, durable: bool | None) -> None:
        self.session, self.durable = session, durable

    def __enter__(self) -> Self:
        if (lock := self.session.database.shared) is not None:
            lock.acquire()
        try:
            self.session.enter(self.durable)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        try:
            self.session.leave(failed=kind is not None)
        finally:
            if (lock := self.session.database.shared) is not None:
                lock.release()


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
                log.warning("%s; trying again", error)
            time.sleep(pause)
            pause = min(2 * pause, 2.0)

    def transaction(self, *, durable: bool = True) -> Transaction:
        """A block that writes; not ``durable`` means safe from a killed process, not a power cut.

        Inside another block it is a savepoint.
        """
        return Transaction(self.session, durable)

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
        if not reads and not _ALONE.match(sql):
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

    def abandon(self) -> None:
        """Drop this thread's connection, even in the middle of a statement (signal handlers).

        From now on a server that is away is waited for only briefly.
        """
        self.patience = 5.0
        session = self.session
        if self.engine.is_memory:
            session.end("ROLLBACK")  # the data live in this connection
            session.levels.clear()
            return
        if session.connection is not None:
            session.drop()
        session.levels.clear()

    def _after_fork(self) -> None:
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
                lost = isinstance(error, ConnectionLostError) and attempt < 2
                if db.session.in_block or not (lost or db.engine.is_busy(error)):
                    raise
                time.sleep(0.002 * 2**attempt * (0.5 + os.urandom(1)[0] / 255))
        return function(db, *args, **kwargs)

    return wrapper
