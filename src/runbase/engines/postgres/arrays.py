"""Arrays of numbers in PostgreSQL's binary form: psycopg writes them as text, item by item."""

from __future__ import annotations

import struct
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from psycopg.adapt import Dumper
from psycopg.pq import Format

if TYPE_CHECKING:
    from psycopg import Connection

# Dimensions, whether there are NULLs, the type of the items; size and lower bound of the one
# dimension (array_send in PostgreSQL's source).
_HEAD = struct.Struct(">5i")


class Int8Array(tuple[int, ...]):
    """A parameter of the type bigint[]."""


class Float8Array(tuple[float, ...]):
    """A parameter of the type double precision[]."""


class _ArrayDumper(Dumper):
    format = Format.BINARY
    item: int
    letter: str

    def dump(self, obj: Any) -> bytes:
        items = chain.from_iterable(zip(repeat(8), obj, strict=False))
        body = struct.pack(f">{f'i{self.letter}' * len(obj)}", *items)
        return _HEAD.pack(1, 0, self.item, len(obj), 1) + body


class Int8ArrayDumper(_ArrayDumper):
    """Eight bytes for each integer."""

    oid = 1016
    item = 20
    letter = "q"


class Float8ArrayDumper(_ArrayDumper):
    """Eight bytes for each float."""

    oid = 1022
    item = 701
    letter = "d"


def register(connection: Connection[Any]) -> None:
    """Let a connection take these arrays."""
    connection.adapters.register_dumper(Int8Array, Int8ArrayDumper)
    connection.adapters.register_dumper(Float8Array, Float8ArrayDumper)
