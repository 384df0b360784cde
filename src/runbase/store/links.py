"""Links from one experiment, or run, to another: "resumes", "repeats", "pretrained by", ..."""

from __future__ import annotations

import operator
from typing import Literal, NamedTuple

from ..db import Database, repeatable
from ..errors import InvalidValueError, NotFoundError
from ..query import Query
from .values import is_storable

Table = Literal["experiments", "runs"]


class Link(NamedTuple):
    """A directed link with a kind."""

    from_id: int
    kind: str
    to_id: int


LINKS: dict[Table, str] = {"experiments": "experiment_links", "runs": "run_links"}
ADD = {
    table: Query(
        f"INSERT INTO {links} (from_id, kind, to_id) VALUES (:from_id, :kind, :to_id)"
        " ON CONFLICT DO NOTHING",
        mysql=f"INSERT INTO {links} (from_id, kind, to_id) VALUES (:from_id, :kind, :to_id)"
        " ON DUPLICATE KEY UPDATE kind = kind",
    )
    for table, links in LINKS.items()
}
REMOVE = {
    table: Query(
        f"DELETE FROM {links} WHERE from_id = :from_id AND kind = :kind AND to_id = :to_id"
    )
    for table, links in LINKS.items()
}
OF = {
    table: Query(
        f"SELECT from_id, kind, to_id FROM {links} WHERE from_id = :id OR to_id = :id"
        " ORDER BY from_id, kind, to_id"
    )
    for table, links in LINKS.items()
}


@repeatable
def add(db: Database, table: Table, from_id: int, kind: str, to_id: int) -> None:
    """Add a link; one that exists already stays as it is.

    Raises:
        InvalidValueError: the kind is not text, or the other end is no id.
        NotFoundError: one of the two does not exist.
    """
    if not isinstance(kind, str) or not 0 < len(kind) <= 64 or not is_storable(kind):
        raise InvalidValueError(
            f"the kind of a link is text of up to 64 characters such as 'resumes', not {kind!r}"
        )
    try:
        to_id = operator.index(to_id)
    except TypeError as error:
        raise InvalidValueError(
            f"a link leads to an id, a number such as other.id, not to {to_id!r}"
        ) from error
    try:
        with db.transaction(durable=False):
            db.execute(ADD[table], from_id=from_id, kind=kind, to_id=to_id)
    except Exception as error:
        if db.engine.is_orphan(error):
            what = table[:-1]
            raise NotFoundError(
                f"cannot link {what} {from_id} to {what} {to_id}: one of them does not exist"
            ) from error
        raise


@repeatable
def remove(db: Database, table: Table, from_id: int, kind: str, to_id: int) -> None:
    """Remove a link, if there is one."""
    with db.transaction(durable=False):
        db.execute(REMOVE[table], from_id=from_id, kind=kind, to_id=to_id)


def of(db: Database, table: Table, id: int) -> list[Link]:
    """All links from and to an experiment or run."""
    return [Link(*row) for row in db.rows(OF[table], id=id)]
