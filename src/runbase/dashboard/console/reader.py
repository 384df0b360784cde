"""What a console needs to know of an engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ...engines import Engine
from ..stop import Stop
from .mistake import QueryError
from .result import Column

ONLY_READS = "queries only read here: begin with SELECT, WITH, VALUES or EXPLAIN"


class Table(NamedTuple):
    """A table or view, with about so many rows (None where that is not known cheaply)."""

    name: str
    is_view: bool
    rows: int | None
    #: Names and types.
    columns: list[tuple[str, str]]


class Reader(ABC):
    """Runs queries that can do nothing but read, each in a connection of its own.

    Args:
        engine: the database; its settings are those of the program, the connections are not.
        seconds: how long a query may take.
    """

    def __init__(self, engine: Engine, seconds: float) -> None:
        self.engine, self.seconds = engine, seconds

    @abstractmethod
    def connect(self, stop: Stop) -> Any:
        """A connection in which nothing can be written.

        Raises:
            DatabaseError: the database cannot be reached.
        """

    def refusal(self, connection: Any) -> str | None:
        """Why the account of this connection is not safe for queries of others, if so."""
        return None

    @abstractmethod
    def start(
        self, connection: Any, query: str, limit: int
    ) -> tuple[list[Column], Iterator[Sequence[Any]]]:
        """Run a query: its columns, and its rows as they come.

        Raises:
            QueryError: it is refused. What the database thinks of it is an error of its driver.
        """

    @abstractmethod
    def end(self, connection: Any) -> None:
        """End the query that runs; called from another thread."""

    def close(self, connection: Any) -> None:
        """Close the connection, whatever it is doing."""
        connection.close()

    @abstractmethod
    def mistake(self, error: Exception, query: str) -> QueryError | None:
        """What an error of the driver tells the writer of the query; None if it is not theirs."""

    @abstractmethod
    def tables(self, connection: Any) -> Iterable[Table]:
        """Tables and views that can be read, by name."""
