"""Whether the bytes of artifacts are what was stored, and bytes that belong to nothing."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ..client import Client
from ..errors import NotFoundError
from ..store import artifacts as rows
from . import marks
from .artifact import Artifact, Counted
from .stores import CHUNK, Store, Stored, store_of

#: So old are bytes without a row, before they are taken for left over: their writer may still be
#: at work, or in the middle of a transaction.
GRACE = timedelta(days=1)


class Problem(NamedTuple):
    """An artifact whose bytes are not what was stored."""

    artifact: Artifact
    #: A sentence.
    what: str


def verify(artifact: Artifact) -> Problem | None:
    """Read all bytes of an artifact and compare them with its size and SHA-256."""
    try:
        with artifact.open() as file:
            counted = Counted(file)
            while counted.read(CHUNK):
                pass
    except NotFoundError as error:
        return Problem(artifact, str(error))
    if artifact.size is not None and counted.size != artifact.size:
        return Problem(artifact, f"{counted.size:,} bytes, but {artifact.size:,} were stored")
    if artifact.sha256 is not None and counted.sha256 != artifact.sha256:
        return Problem(artifact, "other bytes than were stored: their SHA-256 differs")
    return None


def collect(client: Client, older_than: timedelta = GRACE, *, delete: bool = True) -> list[Stored]:
    """Delete the bytes that no artifact has any more, and return what they were.

    Args:
        client: the database; its store must be of this database alone.
        older_than: how old they are at least, so that nothing is taken from a writer at work.
        delete: False only looks for them.

    Raises:
        InvalidValueError: another database has artifacts in the same place, or may have.
    """
    store = store_of(client)
    found = _left_over(client, store, datetime.now(UTC) - older_than)
    if found:
        marks.check(client, store)
    for each in found if delete else ():
        store.remove(each.uri)
    return found


def _left_over(client: Client, store: Store, before: datetime) -> list[Stored]:
    """Bytes without a row."""
    found = []
    stored = store.stored()
    while batch := list(itertools.islice(stored, rows.PAGE)):
        known = rows.uris(client.db, sorted({_run_of(each.uri) for each in batch}))
        found += [each for each in batch if each.uri not in known and each.time < before]
    return found


def _run_of(uri: str) -> int:
    return int(uri.rsplit("/", 2)[-2])
