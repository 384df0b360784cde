"""Short ways to read a little: one row, one value, or one column."""

from __future__ import annotations

from typing import Any

from .client import Client, Cursor
from .query import Parameters


def first_row(client: Client | Cursor, query: Any, parameters: Parameters = ()) -> Any:
    """The first row of the result, or None if there is no row.

    ``query`` and ``parameters`` are those of `runbase.Client.execute`; so are the errors.
    """
    return client.execute(query, parameters).fetchone()


def first_value(client: Client | Cursor, query: Any, parameters: Parameters = ()) -> Any:
    """The first value of the first row, or None if there is no row; see `first_row`."""
    row = first_row(client, query, parameters)
    return None if row is None else row[0]


def first_values(client: Client | Cursor, query: Any, parameters: Parameters = ()) -> list[Any]:
    """The first value of each row, in the order of the result; see `first_row`."""
    return [row[0] for row in client.execute(query, parameters).fetchall()]
