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
from types import TracebackType
from typing import Any, Concatenate, Literal, NamedTuple, ParamSpec, Self, TypeVar

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


class Result(NamedTuple):
    """A result as a whole."""

    description: Any
    rows: list[Any]
    rowcount: int
    lastrowid: int | None


class Session:
    """One thread's connection and the transaction that it is in."""

    __slots__ = (
        *("__weakref__", "begun", "broken", "connection", "database", "durable", "engine"),
        *("interrupted", "levels", "memo"),
    )

    def __init__(self, database: Database) -> None:
        self.database, self.engine = database, database.engine
        self.connection: Any = None
        self.durable = True
        self.begun = False
        self.levels: list[str | None] = []  # savepoint of each open block, None before BEGIN
        self.broken = False  # the transaction of the open blocks is gone, they can only end
        self.interrupted: Any = None  # the connection that a signal handler took away
        self.memo: dict[Any, Any] = {}  # what the layers above know of this connection

    def __del__(self) -> None:
        if self.database.pid == os.getpid():
            self.close()

    @property
    def in_block(self) -> bool:
        """Whether a transaction block is open, begun or not."""
        return bool(self.levels)

    def open(self) -> Any:
        """The connection, made if there is none."""
        if self.connection is None:
            if self.broken:
                raise self._lost()
            self._close_interrupted()
            self.memo.clear()
            self.connection = self.database.connect()
            self.durable = True
        return self.connection

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        connection, self.connection = self.connection, None
        if self.begun:
            self.database.memo.clear()
        self.begun = self.broken = False
        self.levels.clear()
        self._close_interrupted()
        if connection is not None:
            _close(connection)

    def _close_interrupted(self) -> None:
        connection, self.interrupted = self.interrupted, None
        if connection is not None:
            _close(connection)

    def run(self, sql: str, parameters: Any = None, *, many: bool = False) -> Any:
        """Run one statement in the driver's own style and return the cursor."""
        connection = self.connection if self.connection is not None else self.open()
        try:
            cursor = connection.cursor()
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
        connection = self.open()
        try:
            cursor = connection.cursor()
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
        # Without a connection, a signal handler took it away in the middle of this statement.
        if self.connection is None or self.engine.is_lost(self.connection, error):
            lost = self._lost()
            if (connection := self._drop()) is not None:
                _close(connection)
            raise lost from error
        if (known := self.engine.error(error)) is not None:
            raise known from error

    def _lost(self) -> ConnectionLostError:
        what = "the connection was lost" + (
            " in the middle of a transaction, which was rolled back: repeat it"
            if self.begun or self.in_block else ": try again"
        )  # fmt: skip
        return ConnectionLostError(f"{what} ({self.engine.describe()})")

    def _drop(self) -> Any:
        """Give up the connection; if its transaction had begun, the open blocks can only end."""
        connection, self.connection = self.connection, None
        self.broken = self.broken or (self.begun and self.in_block)
        self.begun = False
        return connection

    def interrupt(self) -> None:
        """Roll back in a signal handler, maybe in the middle of a statement of this thread."""
        if (connection := self._drop()) is not None:
            self.interrupted = connection  # closed later: the driver may be using it right now
            try:
                self.engine.abandon(connection)
            except Exception:
                logger().debug("abandoning a connection failed", exc_info=True)

    def set_durable(self, durable: bool) -> None:
        """Whether the next commits are synced to disk; free when nothing changes."""
        if self.database.durability is not None:
            durable = self.database.durability == "full"
        if durable != self.durable:
            connection = self.open()
            try:
                self.engine.set_durable(connection, durable)
            except Exception as error:
                self.failed(error)
                raise
            self.durable = durable

    def begin(self, durable: bool = True) -> None:
        """Begin the transaction of the open blocks, on a new connection if the old one broke."""
        again = False
        while not self.begun:
            try:
                self.set_durable(durable)
                self.run(self.engine.begin)
            except ConnectionLostError:
                if again:
                    raise
                again = True
            # A signal handler may have taken the connection away.
            self.begun = self.connection is not None

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
            return  # closed in the block
        if failed:
            self.database.memo.clear()
        if self.broken:
            lost = self._lost()
            self.levels.pop()
            self.broken = self.in_block
            if not failed:
                raise lost
            return
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
        if self.broken:
            self.database.memo.clear()
            if how == "COMMIT":
                raise self._lost()
            self.broken = False
        if not self.begun:
            return
        self.levels = [None] * len(self.levels)
        if how == "ROLLBACK":
            self.database.memo.clear()
        try:
            self.run(how)
        except Exception:
            if how == "ROLLBACK":
                if self.connection is not None:
                    _close(self._drop())  # whatever state it is in, a new connection is clean
                self.broken = False
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
            logger().debug("rollback after a failed commit failed", exc_info=True)


def _close(connection: Any) -> None:
    try:
        connection.close()
    except Exception:  # a broken connection may fail to close; it is gone all the same
        logger().debug("closing a connection failed", exc_info=True)


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


class Quick:
    """`Transaction` without its bookkeeping, for what a training loop waits for, on SQLite.

    Gives the ``execute`` of a cursor, for statements in SQLite's own style.
    """

    __slots__ = ("block", "connection", "durable", "session")

    def __init__(self, session: Session, durable: bool) -> None:
        self.session, self.durable = session, durable
        self.block: Transaction | None = None

    def __enter__(self) -> Callable[..., Any]:
        session = self.session
        if session.levels or session.database.shared is not None:
            self.block = Transaction(session, self.durable)
            self.block.__enter__()
            return session.open().cursor().execute  # type: ignore[no-any-return]
        session.set_durable(self.durable)
        self.connection = session.connection if session.connection is not None else session.open()
        execute: Callable[..., Any] = self.connection.cursor().execute
        try:
            execute("BEGIN IMMEDIATE")
        except Exception as error:
            session.failed(error)
            raise
        return execute

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self.block is not None:
            self.block.__exit__(kind, error, tb)
        elif kind is None:
            try:
                self.connection.execute("COMMIT")
            except BaseException as failure:
                self._undo(failure)
                raise
        else:
            self._undo(error)

    def _undo(self, error: BaseException | None) -> None:
        session = self.session
        if session.connection is self.connection and self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
            session.database.memo.clear()
        if isinstance(error, Exception) and not isinstance(error, RunbaseError):
            session.failed(error)


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
