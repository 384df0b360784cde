"""Where the bytes of artifacts are: a folder, or a bucket of S3."""

from __future__ import annotations

import io
import os
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from ..client import Client
from ..errors import ConfigError, NotFoundError

#: Beside an SQLite file ``runs.db`` the folder is ``runs.db.artifacts``.
SUFFIX = ".artifacts"
KEY = re.compile(r"\d{1,20}/[0-9a-f]{32}(\.[A-Za-z0-9]{1,10})?")
MARK = re.compile(r"runbase-database-[0-9a-f]{16}\.txt")
PART = ".part"
CHUNK = 2**20


class Stored(NamedTuple):
    """Bytes that a store has."""

    uri: str
    size: int
    time: datetime


class Reader(Protocol):
    """What can be read from."""

    def read(self, size: int = -1, /) -> bytes:
        """Some bytes; none at the end."""


class Store(Protocol):
    """Keeps bytes under keys such as ``17/0f3a....png``, with the id of the run before the slash.

    A uri is how a row of ``artifacts`` names the bytes. Each method raises `NotFoundError` for
    one that is not of this store, or whose bytes are gone.
    """

    def put(self, key: str, content: Reader, mimetype: str) -> str:
        """Store all bytes, safe on the disk when this returns, or nothing; the uri."""

    def open(self, uri: str) -> BinaryIO:
        """The bytes."""

    def remove(self, uri: str) -> None:
        """Delete the bytes."""

    def stored(self) -> Iterator[Stored]:
        """Everything that was stored here, and what is left of writers that were killed."""

    def where(self, uri: str) -> Path | None:
        """The file with the bytes, if it is one on this machine."""

    def mark(self, name: str, text: str) -> None:
        """Store a mark, unless it is there."""

    def marks(self) -> list[str]:
        """The names of the marks that are there."""


class Folder:
    """Files in a folder, which is made with the first; their uris are relative to it."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser().absolute()

    def __str__(self) -> str:
        return str(self.path)

    def put(self, key: str, content: Reader, mimetype: str) -> str:
        """See `Store.put`."""
        target = self.path / key
        _write(content, target, target.with_name(target.name + PART))
        return key

    def open(self, uri: str) -> BinaryIO:
        """See `Store.open`."""
        try:
            return self.where(uri).open("rb")
        except FileNotFoundError as error:
            raise self._missing(uri) from error

    def remove(self, uri: str) -> None:
        """See `Store.remove`."""
        path = self.where(uri)
        try:
            path.unlink()
        except FileNotFoundError as error:
            raise self._missing(uri) from error

    def _missing(self, uri: str) -> NotFoundError:
        if self.path.is_dir():
            return NotFoundError(f"the bytes are gone: there is no file {self.path / uri}")
        return NotFoundError(
            f"there is no folder {self.path}: if the files of this database are elsewhere, name "
            "their place in RUNBASE_ARTIFACTS or in the config file"
        )

    def stored(self) -> Iterator[Stored]:
        """See `Store.stored`."""
        for path in sorted(self.path.glob("*/*")):
            uri = f"{path.parent.name}/{path.name}"
            if not KEY.fullmatch(uri.removesuffix(PART)):
                continue  # somebody else's
            with suppress(FileNotFoundError):
                known = path.stat()
                yield Stored(uri, known.st_size, datetime.fromtimestamp(known.st_mtime, UTC))

    def where(self, uri: str) -> Path:
        """See `Store.where`; the path never leaves the folder."""
        if not KEY.fullmatch(uri.removesuffix(PART)):
            raise NotFoundError(f"artifacts are in {self.path}, but this one is at {uri[:200]!r}")
        return self.path / uri

    def mark(self, name: str, text: str) -> None:
        """See `Store.mark`."""
        target = self.path / name
        if not target.exists():
            _write(io.BytesIO(text.encode()), target, self.path / f"{uuid.uuid4().hex}{PART}")

    def marks(self) -> list[str]:
        """See `Store.marks`."""
        return [path.name for path in self.path.glob("*") if MARK.fullmatch(path.name)]


#: Buckets that clients use, with place and endpoint: connecting to one takes long.
_buckets: WeakKeyDictionary[Client, tuple[str, str | None, Store]] = WeakKeyDictionary()
_lock = threading.Lock()


def _forget() -> None:
    """Connections, and a lock that another thread may hold, are not for a fork."""
    global _lock
    _lock = threading.Lock()
    _buckets.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def store_of(client: Client) -> Store:
    """The store of a database: as configured, or the folder beside the SQLite file.

    Raises:
        ConfigError: the database is on a server or in memory, and nothing is configured.
        MissingExtraError: it is a bucket, and ``runbase[s3]`` is not installed.
    """
    config: dict[str, Any] = client.config
    place = place_of(client)
    if place and place.startswith("s3://"):
        endpoint = config.get("artifacts_endpoint") or os.environ.get("RUNBASE_ARTIFACTS_ENDPOINT")
        return _bucket(client, place, endpoint)
    if place:
        if "://" in place:
            raise ConfigError(f"artifacts are in a folder or at s3://BUCKET/PREFIX, not {place!r}")
        return Folder(place)
    if own := beside(client):
        return Folder(own)
    raise ConfigError(
        "artifacts of a database on a server or in memory need a place: set RUNBASE_ARTIFACTS, or "
        "'artifacts' in the config file, to a folder or s3://BUCKET/PREFIX"
    )


def _bucket(client: Client, place: str, endpoint: str | None) -> Store:
    from .s3 import Bucket

    with _lock:
        known = _buckets.get(client)
        if known is None or known[:2] != (place, endpoint):
            known = _buckets[client] = place, endpoint, Bucket(place, endpoint)
        return known[2]


def beside(client: Client) -> str | None:
    """The folder beside an SQLite file."""
    path = client.config.get("dbpath")
    is_file = client.dialect == "sqlite" and path and not client.engine.is_memory
    return f"{path}{SUFFIX}" if is_file else None


def place_of(client: Client) -> str | None:
    """The folder or bucket that is configured for a database, if one is."""
    place = client.config.get("artifacts") or os.environ.get("RUNBASE_ARTIFACTS")
    return str(place) if place else None


def new_key(run_id: int, filename: str) -> str:
    """A key that nothing is stored under, with the ending of the name."""
    ending = re.search(r"\.[A-Za-z0-9]{1,10}$", filename)
    return f"{run_id}/{uuid.uuid4().hex}{ending[0] if ending else ''}"


def _write(content: Reader, target: Path, part: Path) -> None:
    """Write a file that is there as a whole and synced, or not at all."""
    _make(target.parent)
    try:
        with part.open("xb") as file:
            while chunk := content.read(CHUNK):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    _sync(target.parent)


def _make(folder: Path) -> None:
    """Make a folder that is still there after a power cut."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        _sync(each.parent)


def _sync(folder: Path) -> None:
    if os.name != "posix":  # elsewhere folders cannot be synced
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
