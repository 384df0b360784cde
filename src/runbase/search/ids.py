"""Which runs a filter lets through, in any order."""

from __future__ import annotations

from ..db import Database, repeatable
from ..filter import parse
from ..filter.syntax import Filter
from ..store.tables import Among
from .condition import Condition
from .operands import Resolver
from .statement import Statement

EVERYTHING = 2**62  # with a limit, databases compute what is sorted by once for each run


@repeatable
def ids(
    db: Database,
    experiment_id: int | None,
    filter: str = "",
    sort: str = "id",
    descending: bool = True,
) -> list[int]:
    """The ids of the runs of an experiment (or of all) that a filter lets through, in order.

    Runs that have nothing in the column ``sort`` come last in either direction, and newer ones
    first where it is the same.

    Raises:
        InvalidValueError: the filter has a mistake (the message says where), or there is no such
            column.
    """
    statement = Statement(db, experiment_id, only_tries=True)
    names = Resolver(statement)
    by = names.column(sort)
    where = Condition(statement, names).where(parse(filter))
    how = "DESC" if descending else "ASC"
    if sort == "id":
        rows = statement.rows("r.id", where, f"ORDER BY r.id {how}")
    elif by.number is None or by.label is None or by.is_numeric:
        only = by.time or by.number or statement.words.text(f"({by.label})")
        order = f"CASE WHEN value IS NULL THEN 1 ELSE 0 END, value {how}, id DESC"
        around = f"SELECT id FROM ({{}}) AS found ORDER BY {order}"
        rows = statement.rows(f"r.id AS id, {only} AS value", where, f"LIMIT {EVERYTHING}", around)
    else:
        columns, order = statement.words.sort(by.number, by.label, how)
        around = f"SELECT id FROM ({{}}) AS found ORDER BY {order}, id DESC"
        rows = statement.rows(f"r.id AS id, {columns}", where, f"LIMIT {EVERYTHING}", around)
    return [int(row[0]) for row in rows]


@repeatable
def newest(db: Database, experiment_id: int | None, count: int) -> tuple[int, list[int]]:
    """How many runs there are, and the ids of so many of the newest, the newest first.

    The same as the beginning of `ids`, of which the rest takes many times as long.
    """
    statement = Statement(db, experiment_id, only_tries=True)
    ids = statement.rows("r.id", "1 = 1", f"ORDER BY r.id DESC LIMIT {count:d}")
    statement = Statement(db, experiment_id, only_tries=True)
    [(total,)] = statement.rows("COUNT(*)", "1 = 1")
    return int(total), [int(row[0]) for row in ids]


@repeatable
def matching(db: Database, experiment_id: int | None, filter: Filter) -> list[int]:
    """The ids of the runs that a filter lets through, in any order; see `ids`."""
    statement = Statement(db, experiment_id)
    where = Condition(statement, Resolver(statement)).where(filter)
    return [int(row[0]) for row in statement.rows("r.id", where)]


@repeatable
def subquery(db: Database, experiment_id: int | None, filter: str) -> Among:
    """The SQL that gives the ids of the runs that a filter lets through; see `ids`."""
    statement = Statement(db, experiment_id)
    where = Condition(statement, Resolver(statement)).where(parse(filter))
    return Among(statement.select("r.id", where), statement.parameters)
