"""Statements put together from pieces, with names and values quoted for the database at hand.

::

    query = SQL("SELECT {} FROM runs WHERE status = {status}").format(
        SQL(", ").join(map(Identifier, ["id", "comment"])), status="FAILED"
    )
    client.execute(query)

The classes are those of ``psycopg.sql`` and work without psycopg; objects of ``psycopg.sql`` may
be pieces too. Quoting depends on the ``context`` of `Composable.as_string`: a client, a database,
or a driver's connection or cursor; without one the text is for PostgreSQL. Values are better
passed as parameters where the statement has a place for them.
"""

from __future__ import annotations

import math
import os
import string
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from .engines.engine import utc
from .engines.json import Jsonb
from .engines.sqlite import time_text
from .errors import InvalidValueError
from .query import Dialect

_DRIVERS: dict[str, Dialect] = {"sqlite3": "sqlite", "psycopg": "postgresql", "pymysql": "mysql"}
#: NaN, Infinity and -Infinity.
_SPECIALS: dict[Dialect, tuple[str, str, str]] = {
    "postgresql": ("'NaN'", "'Infinity'", "'-Infinity'"),
    "sqlite": ("NULL", "9e999", " -9e999"),
}


def coalesce(*values: Any) -> Any:
    """The first value that is not None, or None."""
    return next((value for value in values if value is not None), None)


class Composable(ABC):
    """A piece of a statement; pieces are joined by ``+`` and repeated by ``*``."""

    def __init__(self, obj: Any) -> None:
        self._obj = obj

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._obj!r})"

    @abstractmethod
    def as_string(self, context: Any = None) -> str:
        """The text of this piece, for the database that ``context`` belongs to.

        Raises:
            InvalidValueError: the database has no way to write one of the values.
        """

    def as_bytes(self, context: Any = None) -> bytes:
        """The text as UTF-8; see `as_string`."""
        return self.as_string(context).encode()

    def __add__(self, other: Any) -> Composed:
        if not _is_composable(other):
            return NotImplemented
        return Composed([*_pieces(self), *_pieces(other)])

    def __mul__(self, n: int) -> Composed:
        return Composed([self] * n)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


class Composed(Composable):
    """Several pieces in a row, which can be iterated; what is no piece becomes a `Literal`."""

    _obj: list[Any]

    def __init__(self, seq: Iterable[Any]) -> None:
        super().__init__([obj if _is_composable(obj) else Literal(obj) for obj in seq])

    def as_string(self, context: Any = None) -> str:
        """The texts of the pieces, one after the other."""
        # psycopg's own pieces know its connections only.
        theirs = context if _driver(context) == "psycopg" else None
        return "".join(
            piece.as_string(context if isinstance(piece, Composable) else theirs)
            for piece in self._obj
        )

    def __iter__(self) -> Iterator[Any]:
        return iter(self._obj)

    def join(self, joiner: SQL | str) -> Composed:
        """The same pieces with ``joiner`` between them."""
        return (joiner if isinstance(joiner, SQL) else SQL(joiner)).join(self)


class SQL(Composable):
    """Text of a statement, taken as it is: never build it from names or values of others."""

    _obj: str

    def __init__(self, obj: str) -> None:
        if not isinstance(obj, str):
            raise TypeError(f"SQL is made from text, not {obj!r}")
        super().__init__(obj)

    def as_string(self, context: Any = None) -> str:
        """The text."""
        return self._obj

    def format(self, *args: Any, **kwargs: Any) -> Composed:
        """The text with its placeholders replaced by pieces; other values become literals.

        Placeholders are ``{}``, or ``{0}``, ``{1}``, ..., and ``{name}``; ``{{`` and ``}}`` are
        braces.

        Raises:
            ValueError: a placeholder has a format or a conversion, or ``{}`` and ``{0}`` meet.
            IndexError, KeyError: there is no value for a placeholder.
        """
        pieces: list[Any] = []
        automatic: list[bool] = []
        for text, name, spec, conversion in string.Formatter().parse(self._obj):
            if text:
                pieces.append(SQL(text))
            if name is None:
                continue
            if spec or conversion:
                raise ValueError(f"SQL takes no formats or conversions: {{{name}}} has one")
            if name and not name.isdigit():
                pieces.append(kwargs[name])
                continue
            automatic.append(not name)
            if len(set(automatic)) > 1:
                raise ValueError("{} and numbered placeholders cannot be mixed")
            pieces.append(args[int(name or len(automatic) - 1)])
        return Composed(pieces)

    def join(self, seq: Iterable[Any]) -> Composed:
        """The pieces of ``seq`` with this text between them; other values become literals."""
        pieces = [piece for item in seq for piece in (self, item)]
        return Composed(pieces[1:])


class Identifier(Composable):
    """A name of a table or column, or a dotted one: ``Identifier("schema", "table")``."""

    _obj: tuple[str, ...]

    def __init__(self, *strings: str) -> None:
        if not strings or not all(isinstance(s, str) for s in strings):
            raise TypeError(f"an identifier is made from one or more names, not {strings!r}")
        super().__init__(strings)

    def __repr__(self) -> str:
        return f"Identifier({', '.join(map(repr, self._obj))})"

    def as_string(self, context: Any = None) -> str:
        """The name in double quotes, for MySQL in backticks."""
        mark = "`" if _dialect(context) == "mysql" else '"'
        return ".".join(_quoted(name, mark) for name in self._obj)


class Placeholder(Composable):
    """The place of a parameter: ``%s``, or ``%(name)s``; `Client.execute` takes both."""

    _obj: str

    def __init__(self, name: str = "") -> None:
        if not isinstance(name, str):
            raise TypeError(f"a placeholder's name is text, not {name!r}")
        if ")" in name:
            raise ValueError(f"a placeholder's name has no parenthesis: {name!r}")
        super().__init__(name)

    def as_string(self, context: Any = None) -> str:
        """The placeholder in psycopg's style."""
        return f"%({self._obj})s" if self._obj else "%s"


class Literal(Composable):
    """A value, written as the database writes it."""

    def as_string(self, context: Any = None) -> str:
        """The value's text; times and intervals are what the same parameter would store."""
        return _literal(self._obj, _dialect(context))


def _is_composable(obj: Any) -> bool:
    return callable(getattr(obj, "as_string", None))


def _pieces(obj: Any) -> Iterable[Any]:
    return obj if isinstance(obj, Composed) else [obj]


def _driver(context: Any) -> str | None:
    """The driver that a connection or cursor, or its class's parent, comes from."""
    modules = (kind.__module__.partition(".")[0].lower() for kind in type(context).__mro__)
    return next((module for module in modules if module in _DRIVERS), None)


def _dialect(context: Any) -> Dialect:
    if driver := _driver(context):
        return _DRIVERS[driver]
    # A cursor of ours has its client as connection.
    owner = context if hasattr(context, "dialect") else getattr(context, "connection", None)
    dialect: Dialect = getattr(owner, "dialect", "postgresql")
    return dialect


def _quoted(text: str, mark: str = "'") -> str:
    if "\0" in text:
        raise InvalidValueError(f"SQL cannot hold the NUL character in {text!r}")
    return mark + text.replace(mark, mark * 2) + mark


def _literal(value: Any, dialect: Dialect) -> str:
    text, kind = _spelled(value, dialect)
    return f"{text}::{kind}" if kind and dialect == "postgresql" else text


def _spelled(value: Any, dialect: Dialect) -> tuple[str, str]:
    """The text of a value and the type that it needs beside it on PostgreSQL, if any."""
    match value:
        case None:
            return "NULL", ""
        case bool():
            return ("true" if value else "false"), ""
        case int():
            return _signed(str(int(value))), ""
        case float() | Decimal():
            return _number(value, dialect)
        case str():
            return _text(value, dialect), ""
        case bytes() | bytearray() | memoryview():
            digits = bytes(value).hex()
            text = _text(f"\\x{digits}", dialect) if dialect == "postgresql" else f"X'{digits}'"
            return text, "bytea"
        case Jsonb():
            return _text(str(value), dialect), "jsonb"
        case list() | tuple():
            return _array(value, dialect), ""
        case datetime():
            return _datetime(value, dialect)
        case date():
            return f"'{value}'", "date"
        case time():
            return f"'{value}'", "timetz" if value.tzinfo else "time"
        case timedelta() if dialect == "postgresql":
            rest = timedelta(seconds=value.seconds, microseconds=value.microseconds)
            return f"'{value.days} days +{rest}'", "interval"
        case timedelta():
            return _number(value.total_seconds(), dialect)
        case UUID():
            return f"'{value}'", "uuid"
        case os.PathLike():
            return _spelled(os.fspath(value), dialect)
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return _spelled(value.tolist(), dialect)
    raise InvalidValueError(
        f"{type(value).__name__} has no SQL text: pass it as a parameter (documents through "
        "runbase.engines.json.jsonb)"
    )


def _signed(text: str) -> str:
    # Right behind another minus sign, as in "1 -{}", a second one would begin a comment.
    return f" {text}" if text.startswith("-") else text


def _number(value: float | Decimal, dialect: Dialect) -> tuple[str, str]:
    exact = isinstance(value, Decimal)
    if not math.isfinite(value):
        return _special(value, dialect), "numeric" if exact else "float8"
    text = str(value) if exact else repr(float(value))
    if dialect == "mysql" and not exact and "e" not in text:
        text += "e0"  # or MySQL would take it for a DECIMAL
    return _signed(text), ""


def _special(value: float | Decimal, dialect: Dialect) -> str:
    if dialect not in _SPECIALS:
        raise InvalidValueError(f"{dialect} has no number {value}")
    nan, infinity, minus_infinity = _SPECIALS[dialect]
    return nan if math.isnan(value) else infinity if value > 0 else minus_infinity


def _text(text: str, dialect: Dialect) -> str:
    quoted = _quoted(text)
    if dialect == "sqlite" or "\\" not in text:
        return quoted
    # MySQL reads backslashes as escapes; PostgreSQL does so after E, whatever its settings are.
    return (" E" if dialect == "postgresql" else "") + quoted.replace("\\", "\\\\")


def _array(values: Sequence[Any], dialect: Dialect) -> str:
    if dialect != "postgresql":
        raise InvalidValueError(
            f"{dialect} has no arrays: write IN ({{}}) with SQL(', ').join(values), or pass the "
            "list as a parameter"
        )
    # An empty ARRAY[] has no type; this text takes the type that its place needs.
    return f"ARRAY[{', '.join(_literal(v, dialect) for v in values)}]" if values else "'{}'"


def _datetime(value: datetime, dialect: Dialect) -> tuple[str, str]:
    if dialect == "sqlite":
        return f"'{time_text(value)}'", ""
    if dialect == "mysql":
        return f"'{utc(value).replace(tzinfo=None)}'", ""
    return f"'{value}'", "timestamptz" if value.tzinfo else "timestamp"
