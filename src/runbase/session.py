"""One thread's connection and the transaction that it is in; see `runbase.db`."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from .errors import ConnectionLostError, RunbaseError, logger

if TYPE_CHECKING:
    from .db import Database


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

    def run(
        self, sql: str, parameters: Any = None, *, many: bool = False, is_large: bool = False
    ) -> Any:
        """Run one statement in the driver's own style and return the cursor."""
        connection = self.connection if self.connection is not None else self.open()
        try:
            cursor = self.engine.large_cursor(connection) if is_large else connection.cursor()
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
