"""The JSON columns of ``experiments`` and ``runs``: tags, args, env and extras."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from ..db import Database, repeatable
from ..engines.json import Jsonb
from ..errors import InvalidValueError, NotFoundError
from ..query import Query
from .versions import NEXT_OF_RUN

Table = Literal["experiments", "runs"]
Document = Literal["tags", "args", "env", "extras"]

DOCUMENTS: list[tuple[Table, Document]] = [
    ("experiments", "tags"),
    ("experiments", "extras"),
    ("runs", "tags"),
    ("runs", "args"),
    ("runs", "env"),
    ("runs", "extras"),
]
# SQLite has one writer at a time; the others lock the row from reading it to writing it.
READ = {
    (table, column): Query(
        f"SELECT {column} FROM {table} WHERE id = :id FOR UPDATE",
        sqlite=f"SELECT {column} FROM {table} WHERE id = :id",
    )
    for table, column in DOCUMENTS
}
_BESIDES = {"experiments": "", "runs": f", {NEXT_OF_RUN}"}
WRITE = {
    (table, column): Query(
        f"UPDATE {table} SET {column} = :document{_BESIDES[table]} WHERE id = :id"
    )
    for table, column in DOCUMENTS
}


@repeatable
def put(
    db: Database, table: Table, column: Document, id: int, document: Mapping[str, Any] | None
) -> None:
    """Replace the whole document; None stores NULL.

    Raises:
        NotFoundError: no row has this id.
    """
    with db.transaction(durable=False):
        _write(db, table, column, id, document)


@repeatable
def merge(db: Database, table: Table, column: Document, id: int, items: Mapping[str, Any]) -> None:
    """Add or overwrite top-level items, leaving the others as they are.

    Raises:
        NotFoundError: no row has this id.
    """
    with db.transaction(durable=False):
        found = _read(db, table, column, id)
        _write(db, table, column, id, {**(found or {}), **items})


@repeatable
def remove(db: Database, table: Table, column: Document, id: int, names: Iterable[str]) -> None:
    """Take out top-level items; names that are not there are ignored.

    Raises:
        NotFoundError: no row has this id.
    """
    gone = set(names)
    with db.transaction(durable=False):
        found = _read(db, table, column, id)
        if found and gone & found.keys():
            kept = {k: v for k, v in found.items() if k not in gone}
            _write(db, table, column, id, kept)


def tags(names: Iterable[object]) -> dict[str, bool]:
    """Tags as they are stored: ``{"tag": True}``.

    Raises:
        InvalidValueError: a tag is not text, or empty.
    """
    found = {}
    for name in names:
        if not isinstance(name, str):
            raise InvalidValueError(f"the tag {name!r} is {type(name).__name__}: tags are text")
        if not name:
            raise InvalidValueError("a tag needs at least one character")
        found[name] = True
    return found


def _read(db: Database, table: Table, column: Document, id: int) -> dict[str, Any] | None:
    if row := db.row(READ[table, column], id=id):
        return row[0]  # type: ignore[no-any-return]
    raise _missing(table, id)


def _write(
    db: Database, table: Table, column: Document, id: int, document: Mapping[str, Any] | None
) -> None:
    value = None if document is None else Jsonb(document)
    if not db.execute(WRITE[table, column], id=id, document=value).rowcount:
        raise _missing(table, id)


def _missing(table: str, id: int) -> NotFoundError:
    command = "runs" if table == "runs" else "ls"
    return NotFoundError(f"there is no {table[:-1]} {id}: 'runbase {command}' lists them")
