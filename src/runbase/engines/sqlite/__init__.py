"""SQLite: a file that the user owns, safe with many processes on one machine."""

from __future__ import annotations

import os
import time
import warnings
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import (
    ConnectionFailedError,
    CorruptDatabaseError,
    DatabaseError,
    DiskFullError,
    InvalidValueError,
    ReadOnlyError,
    RunbaseError,
    SchemaError,
)
from ..engine import Engine, utc
from ..json import Jsonb, dumps

if TYPE_CHECKING:
    import sqlite3

BUSY_TIMEOUT = 60.0  # seconds that a writer waits for the others
#: Pages in the WAL at which it is written back. The pages of a run that logs change at each
#: step: the longer the WAL, the more of these changes are written back as one.
CHECKPOINT_PAGES = 8000
NETWORK_FILE_SYSTEMS = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "lustre", "gpfs", "beegfs", "ceph",
    "fuse.sshfs", "fuse.glusterfs", "panfs",
}  # fmt: skip


class SQLiteEngine(Engine):
    """One file at ``dbpath``. ``mode=ro`` in the configuration opens it for reading only."""

    name = "sqlite"
    dialect = "sqlite"
    begin = "BEGIN IMMEDIATE"
    begins_on_write = True
    max_metric_columns = 200
    max_identifier = 500

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.path = str(config.get("dbpath") or "runbase.db")
        self.is_memory = self.path == ":memory:"
        self.read_only = config.get("mode") == "ro"
        self.busy_timeout = BUSY_TIMEOUT
        self._second = (0, "")  # the last one that `now` was asked in

    def describe(self) -> str:
        """The URL of the file."""
        return f"sqlite:///{self.path}"

    def connect(self) -> sqlite3.Connection:
        """A connection with WAL, foreign keys and a long busy timeout."""
        import sqlite3

        _register_converters()
        try:
            connection = sqlite3.connect(
                self.uri(),
                uri=True,
                timeout=self.busy_timeout,
                isolation_level=None,  # transactions are begun and ended by Runbase alone
                detect_types=sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES,
                check_same_thread=False,  # so that close() may come from another thread
                cached_statements=512,
            )
        except sqlite3.OperationalError as error:
            raise self._cannot_open(error) from error
        try:
            self._configure(connection)
        except sqlite3.Error as error:
            connection.close()
            raise self.error(error) or self._cannot_open(error) from error
        return connection

    def uri(self) -> str:
        """The file as SQLite is given it."""
        if self.is_memory:
            return ":memory:"
        escaped = self.path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        uri = f"file:{escaped}"
        if not self.read_only:
            return uri
        # Without write access to the folder SQLite cannot share a WAL database with writers.
        folder = os.path.dirname(os.path.abspath(self.path))
        return uri + ("?mode=ro" if os.access(folder, os.W_OK) else "?mode=ro&immutable=1")

    def _configure(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        if self.is_memory or self.read_only:
            return
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            self._enter_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {2 * CHECKPOINT_PAGES * 4096}")

    def _enter_wal(self, connection: sqlite3.Connection) -> None:
        import sqlite3

        if not os.access(self.path, os.W_OK):
            return  # a file that others own is still good for reading
        self._warn_on_network()
        give_up = time.monotonic() + self.busy_timeout
        while True:  # SQLite does not use its busy timeout for this one step
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if not self.is_busy(error) or time.monotonic() > give_up:
                    raise
                time.sleep(0.005)

    def _warn_on_network(self) -> None:
        kind = file_system(Path(self.path).absolute())
        if kind in NETWORK_FILE_SYSTEMS:
            warnings.warn(
                f"{self.path} is on a network file system ({kind}), where SQLite can lose data "
                "when several machines write: use PostgreSQL, or a local disk",
                stacklevel=2,
            )

    def _cannot_open(self, error: Exception) -> RunbaseError:
        folder = Path(self.path).absolute().parent
        if self.read_only and not Path(self.path).exists():
            return ConnectionFailedError(f"there is no database {self.path}: check the path")
        if not folder.is_dir():
            return ConnectionFailedError(f"there is no folder {folder} for {self.path}: create it")
        if Path(self.path).is_dir():
            return ConnectionFailedError(f"{self.path} is a folder: name a file in it")
        return ConnectionFailedError(
            f"{self.path} cannot be opened ({error}): check the permissions of the file and of "
            f"the folder {folder}"
        )

    def map_type(self, client: Any, typ: type) -> str:
        """The declared type; numbers are always DOUBLE, so that a first 0 cannot narrow them."""
        for python, sql in _TYPES.items():
            if issubclass(typ, python):
                return sql
        raise InvalidValueError(f"values of type {typ.__name__} cannot be metrics")

    def has_table(self, execute: Any, name: str) -> bool:
        """Whether the file has this table or view."""
        found = execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        return found is not None

    def is_empty(self, execute: Any) -> bool:
        """Whether the file has no tables at all."""
        return not self.read_only and execute("SELECT 1 FROM sqlite_master").fetchone() is None

    def columns(self, execute: Any, table: str) -> dict[str, str]:
        """Declared types by column name."""
        return {row[1]: row[2] for row in execute(f"PRAGMA table_info({table})").fetchall()}

    def error(self, error: BaseException) -> RunbaseError | None:
        """The error of Runbase for the faults that a person can mend."""
        text, path = str(error), self.path
        match _name(error).split("_"):
            case ["SQLITE", "CORRUPT" | "NOTADB", *_]:
                return CorruptDatabaseError(
                    f"{path} is damaged or no SQLite database ({text}): restore a backup, or try "
                    f"sqlite3 {path} .recover"
                )
            case ["SQLITE", "READONLY", "DBMOVED"]:
                return ReadOnlyError(
                    f"{path} was moved or deleted while it was in use: bring it back, and start "
                    "the program again"
                )
            case ["SQLITE", "READONLY", *_]:
                advice = (
                    "leave out mode=ro" if self.read_only
                    else "check the permissions of the file and its folder, or add ?mode=ro to its "
                    "URL to read it only"
                )  # fmt: skip
                return ReadOnlyError(f"{path} cannot be written: {advice}")
            case ["SQLITE", "FULL"] | ["SQLITE", "IOERR", "WRITE" | "SHMSIZE" | "TRUNCATE"]:
                return DiskFullError(f"{path} cannot grow ({text}): free some space on its disk")
            case ["SQLITE", "IOERR", *_]:
                return DatabaseError(
                    f"{path} cannot be read or written ({_name(error)}): check its disk"
                )
        if text.startswith("no such table: ") and text[15:] in _OUR_TABLES:
            return SchemaError(
                f"{self.describe()} has no Runbase tables yet: run 'runbase setup', or call "
                "runbase.commands.setup(client)"
            )
        if self.is_busy(error):
            return ConnectionFailedError(
                f"{path} was locked by another process for {self.busy_timeout:g} s: find the "
                "program that holds a transaction open and end it"
            )
        return None

    def is_lost(self, connection: Any, error: BaseException) -> bool:
        """Whether a signal handler, or `close` in another thread, came in between."""
        return str(error) == "Cannot operate on a closed database."

    def is_busy(self, error: BaseException) -> bool:
        """Whether another connection held the lock."""
        return _name(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))

    def is_duplicate(self, error: BaseException) -> bool:
        """Whether a unique key refused the row."""
        return "UNIQUE constraint failed" in str(error)

    def is_orphan(self, error: BaseException) -> bool:
        """Whether a foreign key refused the row."""
        return "FOREIGN KEY constraint failed" in str(error)

    def is_missing_column(self, error: BaseException) -> bool:
        """Whether a column is gone since its name was read."""
        return "no column named" in str(error) or "no such column" in str(error)

    def set_durable(self, connection: Any, durable: bool) -> None:
        """Sync the WAL at each commit, or only at checkpoints."""
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")

    def foreign_changes(self, connection: Any) -> int | None:
        """Changed by every commit of another connection; read from memory, in 3 us."""
        return int(connection.execute("PRAGMA data_version").fetchone()[0])

    def own_changes(self, connection: Any) -> int:
        """How many rows this connection has changed."""
        return int(connection.total_changes)

    def abandon(self, connection: Any) -> None:
        """Roll back first: while a cursor is left, a closed connection keeps its lock."""
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.close()

    def now(self) -> str:
        """As `time_text`, in a fifth of its time."""
        seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        known, text = self._second
        if known != seconds:
            text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
            self._second = seconds, text
        return f"{text}.{nanoseconds // 1000:06d}+00:00"

    def adapt(self, value: Any) -> Any:
        """Times become ISO text in UTC that sorts, intervals seconds, documents JSON."""
        if type(value) is Jsonb:
            return dumps(value.obj)
        if isinstance(value, datetime):
            return time_text(value)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, timedelta):
            return value.total_seconds()
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        return super().adapt(value)


_TYPES: dict[type, str] = {
    bool: "DOUBLE",
    int: "DOUBLE",
    float: "DOUBLE",
    str: "TEXT",
    bytes: "BLOB",
    datetime: "TIMESTAMP WITH TIME ZONE",
    date: "DATE",
    timedelta: "INTERVAL",
    Jsonb: "JSONB",
}
_OUR_TABLES = {
    "experiments", "experiment_links", "runs", "run_links", "metrics", "metric_names",
    "run_metrics", "metrics_more", "metric_specials", "applied_migrations",
}  # fmt: skip


def _name(error: BaseException) -> str:
    """SQLite's own name of an error, such as SQLITE_FULL."""
    return getattr(error, "sqlite_errorname", "")


def time_text(dt: datetime) -> str:
    """``dt`` as the text that SQLite stores: always UTC, always 32 characters."""
    return utc(dt).isoformat(" ", "microseconds")


def _time(value: bytes) -> datetime:
    """A stored time; text without a zone, which users may have written, stays without one."""
    dt = datetime.fromisoformat(value.decode())
    return dt if dt.tzinfo is UTC or dt.tzinfo is None else dt.astimezone(UTC)


def _register_converters() -> None:
    """Results come back as the objects that the other engines' drivers give.

    These converters are the process's; "timestamp" replaces Python's own (deprecated) one and
    reads everything that it reads.
    """
    import json
    import sqlite3

    decode = json.JSONDecoder().decode  # json.loads would guess the encoding
    sqlite3.register_converter("JSONB", lambda value: decode(value.decode()))
    sqlite3.register_converter("TIMESTAMPTZ", _time)
    sqlite3.register_converter("TIMESTAMP", _time)
    sqlite3.register_converter("DATE", lambda value: date.fromisoformat(value.decode()))
    sqlite3.register_converter("INTERVAL", lambda value: timedelta(seconds=float(value)))


def file_system(path: Path, mounts: str = "/proc/mounts") -> str | None:
    """The type of the file system that ``path`` is on, where the system tells."""
    try:
        lines = Path(mounts).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    best = ("", None)
    for line in lines:
        _, point, kind, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if path.is_relative_to(point) and len(point) > len(best[0]):
            best = (point, kind)  # type: ignore[assignment]
    return best[1]
