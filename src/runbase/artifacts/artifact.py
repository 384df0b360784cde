"""Adding, finding and reading the artifacts of runs."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from ..client import Client
from ..errors import ConfigError, InvalidValueError, NotFoundError
from ..store import artifacts as rows
from ..store import runs
from ..store.artifacts import Row
from . import content, marks
from .stores import CHUNK, PART, Reader, Store, new_key, store_of


class Artifact:
    """A file of a run: a row of ``artifacts``, and its bytes.

    ``open()``, ``read()``, ``text()`` and ``save()`` give the bytes as they were stored, and raise
    `NotFoundError` where they are gone.
    """

    def __init__(self, client: Client, row: Row) -> None:
        self.client = client
        self._row = row

    def __repr__(self) -> str:
        return f"Artifact(id={self.id}, run_id={self.run_id}, name={self.name!r}, size={self.size})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Artifact) and self._row == other._row

    def __hash__(self) -> int:
        return hash(self._row)

    @property
    def id(self) -> int:
        """The id of the row."""
        return self._row.id

    @property
    def run_id(self) -> int | None:
        """The run that it belongs to; None for a file of an experiment."""
        return self._row.run_id

    @property
    def experiment_id(self) -> int | None:
        """The experiment of the run."""
        return self._row.experiment_id

    @property
    def name(self) -> str:
        """The name, which may have folders in it: ``plots/curve.png``."""
        return self._row.filename

    filename = name

    @property
    def mimetype(self) -> str:
        """The type of the bytes, such as ``image/png``."""
        return self._row.mimetype or content.OCTETS

    @property
    def encoding(self) -> str | None:
        """How the bytes are compressed, as the name tells ("gzip"); None if they are not."""
        return self._row.encoding

    @property
    def size(self) -> int | None:
        """The number of bytes."""
        return self._row.size

    @property
    def sha256(self) -> str | None:
        """The SHA-256 of the bytes in 64 hexadecimal digits."""
        return self._row.sha256

    @property
    def uri(self) -> str:
        """Where the bytes are: a path below the folder of artifacts, or ``s3://bucket/key``."""
        return self._row.uri

    @property
    def time_created(self) -> datetime:
        """When it was stored, in UTC."""
        return self._row.time_created

    @property
    def path(self) -> Path | None:
        """The file with the bytes; None where they are not on this machine."""
        return store_of(self.client).where(self.uri)

    def open(self) -> BinaryIO:
        """The bytes, to be read as from a file and closed."""
        return store_of(self.client).open(self.uri)

    def read(self) -> bytes:
        """All bytes."""
        with self.open() as file:
            return file.read()

    def text(self) -> str:
        """All bytes as UTF-8 text."""
        return self.read().decode()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the bytes to a file, or under the artifact's name into a folder; the file's path.

        The file is there as a whole or not at all; one that is there already is replaced.

        Raises:
            InvalidValueError: no such file can be written.
        """
        target = Path(path)
        with self.open() as source:
            try:
                if target.is_dir():
                    target /= content.check_name(self.name)
                _save(source, target)
            except OSError as error:
                raise InvalidValueError(
                    f"{self.name!r:.200} cannot be saved there: {error}"
                ) from error
        return target


def _save(source: BinaryIO, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{uuid.uuid4().hex}{PART}")
    try:
        with part.open("xb") as file:
            shutil.copyfileobj(source, file, CHUNK)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


class Counted:
    """Counts and hashes what is read through it."""

    def __init__(self, source: Reader) -> None:
        self.source, self.size, self._hash = source, 0, hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """See `Reader.read`."""
        chunk = self.source.read(size)
        self.size += len(chunk)
        self._hash.update(chunk)
        return chunk

    @property
    def sha256(self) -> str:
        """Of what was read so far."""
        return self._hash.hexdigest()


def add(
    client: Client,
    run_id: int,
    artifact: Any,
    name: str | None = None,
    *,
    mimetype: str | None = None,
) -> Artifact:
    """Store a file or object of a run; see `runbase.Run.add_artifact`."""
    runs.experiment_of(client.db, run_id)
    store = store_of(client)
    with content.opened(artifact, name, mimetype) as found:
        return _add(client, store, run_id, found)


def add_bytes(client: Client, run_id: int, file: BinaryIO, name: str) -> Artifact:
    """Store what can be read from a file under exactly this name."""
    runs.experiment_of(client.db, run_id)
    found = content.Content(content.check_name(name), *content.type_of(name), file)
    return _add(client, store_of(client), run_id, found)


def _add(client: Client, store: Store, run_id: int, found: content.Content) -> Artifact:
    marks.leave(client, store)
    counted = Counted(found.reader)
    uri = store.put(new_key(run_id, found.name), counted, found.mimetype)
    # Should this fail, the bytes stay until `collect` finds them: the row may be there after all.
    row = rows.add(
        client.db, run_id, found.name, found.mimetype, found.encoding,
        counted.size, counted.sha256, uri,
    )  # fmt: skip
    return Artifact(client, row)


def add_folder(
    client: Client, run_id: int, folder: str | os.PathLike[str], name: str | None = None
) -> list[Artifact]:
    """Store each file in a folder; see `runbase.Run.add_artifacts`."""
    root = Path(folder)
    if not root.is_dir():
        raise InvalidValueError(f"there is no folder {root}")
    head = "" if name is None else f"{content.check_name(name.removesuffix('/'))}/"
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    names = [content.check_name(head + path.relative_to(root).as_posix()) for path in paths]
    return [add(client, run_id, *each) for each in zip(paths, names, strict=True)]


def get(client: Client, id: int) -> Artifact:
    """The artifact with this id.

    Raises:
        NotFoundError: there is none.
    """
    return Artifact(client, rows.get(client.db, id))


def of(client: Client, run_id: int, *, versions: bool = False) -> list[Artifact]:
    """The artifacts of a run; see `runbase.Run.artifacts`."""
    found = rows.of_run(client.db, run_id)
    if not found:
        runs.experiment_of(client.db, run_id)
    newest = {row.filename: row for row in reversed(found)}
    return [Artifact(client, row) for row in found if versions or newest[row.filename] is row]


def all_of(client: Client, experiment_id: int | None = None) -> Iterator[Artifact]:
    """The artifacts of an experiment, or of all, in the order in which they were added."""
    return (Artifact(client, row) for row in rows.of_all(client.db, experiment_id))


def find(client: Client, run_id: int, name: str) -> Artifact:
    """The newest artifact of a run with this name.

    Raises:
        NotFoundError: there is none.
    """
    found = of(client, run_id)
    for artifact in found:
        if artifact.name == name:
            return artifact
    raise NotFoundError(
        f"run {run_id} has no artifact {name!r}; "
        + (f"there are {', '.join(a.name for a in found[:20])}" if found else "there are none")
    )


def remove(client: Client, artifact: Artifact) -> None:
    """Delete an artifact: its row, then its bytes.

    Raises:
        ConfigError: it is not known where the bytes are.
        NotFoundError: it is gone already.
    """
    store_of(client)
    rows.remove(client.db, artifact._row)
    remove_bytes(client, [artifact])


def remove_bytes(client: Client, gone: Iterable[Artifact]) -> None:
    """Delete the bytes of artifacts whose rows were deleted; what fails is left to `collect`.

    In a block the rows may come back, so that nothing is deleted.
    """
    if not client.database.session.in_block:
        for artifact in gone:
            with suppress(NotFoundError, ConfigError):
                store_of(client).remove(artifact.uri)


def remove_from(client: Client, run_id: int, artifact: Artifact | str) -> None:
    """Delete an artifact of a run; see `runbase.Run.remove_artifact`."""
    name = find(client, run_id, artifact).name if isinstance(artifact, str) else None
    for each in of(client, run_id, versions=True):
        if each == artifact or each.name == name:
            remove(client, each)
            if name is None:
                return
    if name is None:
        raise NotFoundError(f"run {run_id} has no {artifact}")
