"""Rows of ``artifacts``: what is known of the files of runs; their bytes are elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from ..db import Database
from ..errors import NotFoundError
from ..query import Query, translate
from . import runs, versions

PAGE = 1000  # rows that are read at a time


class Row(NamedTuple):
    """A row; see the documentation of the tables."""

    id: int
    experiment_id: int | None
    run_id: int | None
    filename: str
    mimetype: str | None
    encoding: str | None
    size: int | None
    sha256: str | None
    uri: str
    time_created: datetime


_COLUMNS = """
SELECT id, experiment_id, run_id, filename, mimetype, encoding, size, sha256, uri, time_created
  FROM artifacts"""
_INSERT = """
INSERT INTO artifacts (experiment_id, run_id, filename, mimetype, encoding, size, sha256, uri)
VALUES (:experiment_id, :run_id, :filename, :mimetype, :encoding, :size, :sha256, :uri)"""
INSERT = Query(f"{_INSERT} RETURNING id", mysql=_INSERT)
ONE = Query(f"{_COLUMNS} WHERE id = :id")
OF_RUN = Query(f"{_COLUMNS} WHERE run_id = :run_id ORDER BY filename, id DESC")
PAGE_OF_ALL = Query(f"{_COLUMNS} WHERE id > :after ORDER BY id LIMIT :limit")
PAGE_OF_EXPERIMENT = Query(f"""{_COLUMNS}
 WHERE experiment_id = :experiment_id AND id > :after ORDER BY id LIMIT :limit""")
DELETE = Query("DELETE FROM artifacts WHERE id = :id")
_KNOWN = "SELECT uri FROM artifacts WHERE run_id IN (:runs)"


def add(
    db: Database,
    run_id: int,
    filename: str,
    mimetype: str,
    encoding: str | None,
    size: int,
    sha256: str,
    uri: str,
) -> Row:
    """Insert a row, whose bytes have to be in their place already; synced to the disk.

    Raises:
        NotFoundError: no run has this id, or it was deleted meanwhile.
    """
    # Not repeatable: a transaction that broke may have been committed.
    with db.transaction():
        experiment_id = runs.experiment_of(db, run_id)
        versions.count(db, experiment_id)  # so that pages show it
        id = db.insert(
            INSERT,
            experiment_id=experiment_id,
            run_id=run_id,
            filename=filename,
            mimetype=mimetype,
            encoding=encoding,
            size=size,
            sha256=sha256,
            uri=uri,
        )
        return get(db, id)


def get(db: Database, id: int) -> Row:
    """The row with this id.

    Raises:
        NotFoundError: there is none.
    """
    if row := db.row(ONE, id=id):
        return Row(*row)
    raise NotFoundError(f"there is no artifact {id}: 'runbase artifacts' lists them")


def of_run(db: Database, run_id: int) -> list[Row]:
    """The rows of a run by filename, of each filename the newest first."""
    return [Row(*row) for row in db.rows(OF_RUN, run_id=run_id)]


def of_all(db: Database, experiment_id: int | None = None) -> Iterator[Row]:
    """The rows of an experiment and its runs, or of all, in the order of their ids."""
    query = PAGE_OF_ALL if experiment_id is None else PAGE_OF_EXPERIMENT
    which = {} if experiment_id is None else {"experiment_id": experiment_id}
    after = 0
    while found := db.rows(query, after=after, limit=PAGE, **which):
        yield from (Row(*row) for row in found)
        after = found[-1][0]


def uris(db: Database, run_ids: Sequence[int]) -> set[str]:
    """Where the bytes of the artifacts of these runs are."""
    if not run_ids:
        return set()
    sql, ids = translate(_KNOWN, {"runs": list(run_ids)}, db.dialect)
    return {row[0] for row in db.fetch(sql, ids).rows}


def remove(db: Database, row: Row) -> None:
    """Delete a row; the bytes stay.

    Raises:
        NotFoundError: it is gone already.
    """
    with db.transaction():
        if row.experiment_id is not None:
            versions.count(db, row.experiment_id)
        if not db.execute(DELETE, id=row.id).rowcount:
            raise NotFoundError(f"artifact {row.id} is gone already")
