"""Tables as Parquet files, made in pieces; imported only where pyarrow is installed.

Columns are made of their bytes. From a list pyarrow makes one as well, but imports pandas before
it looks at the list: 45 MB, and 0.4 s once.
"""

from __future__ import annotations

import io
import math
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow
from pyarrow.parquet import ParquetWriter

NUMBERS, TEXTS = pyarrow.float64(), pyarrow.string()
TIMES, TAGS = pyarrow.timestamp("us", tz="UTC"), pyarrow.list_(TEXTS)
#: By the kind of column, see `search.Column`; all else are texts.
TYPES = {"number": NUMBERS, "duration": NUMBERS, "time": TIMES, "tags": TAGS}
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def write(
    kinds: Mapping[str, str],
    pieces: Iterator[Mapping[str, Sequence[Any]]],
    text: Callable[[Any], str],
) -> Generator[bytes, None, None]:
    """The bytes of a file.

    Args:
        kinds: of the columns, by name.
        pieces: values of all columns.
        text: how a value that is none is written as a text.
    """
    types = {key: TYPES.get(kind, TEXTS) for key, kind in kinds.items()}
    texts = [key for key, type in types.items() if type == TEXTS]
    sink = _Sink()
    # Numbers are hardly ever alike: to look for those that are would take most of the time.
    with ParquetWriter(sink, pyarrow.schema(types.items()), use_dictionary=texts) as writer:
        for cells in pieces:
            columns = [_column(cells[key], type, text) for key, type in types.items()]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=writer.schema))
            yield sink.take()
    yield sink.take()


def _column(values: Sequence[Any], type: Any, text: Callable[[Any], str]) -> Any:
    if type == NUMBERS:
        return _numbers(values)
    if type == TIMES:
        found = [0 if value is None else _microseconds(value) for value in values]
        return _array(TIMES, values, [array("q", found)])
    if type == TAGS:
        lists = [value or () for value in values]
        items = _texts([tag for tags in lists for tag in tags])
        return _array(TAGS, values, [_places(lists)], [items])
    if not set(map(_type, values)) <= {str, _type(None)}:
        values = [None if value is None else text(value) for value in values]
    return _texts(values)


_type = type


def _numbers(values: Sequence[Any]) -> Any:
    """Nested arguments of the same name have columns of their own: here they are missing."""
    try:
        return _array(NUMBERS, values, [array("d", values)])
    except (TypeError, OverflowError):
        found = [_number(value) for value in values]
        return _array(NUMBERS, found, [array("d", [value or 0 for value in found])])


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _microseconds(time: datetime) -> int:
    """One without a zone is one of UTC."""
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def _texts(values: Sequence[str | None]) -> Any:
    found = [(value or "").encode() for value in values]
    return _array(TEXTS, values, [_places(found), b"".join(found)])


def _places(found: Iterable[Sequence[Any]]) -> array[int]:
    """Where each begins, and where the last one ends."""
    return array("i", accumulate(map(len, found), initial=0))


def _array(
    type: Any, values: Sequence[Any], parts: Iterable[Any], items: list[Any] | None = None
) -> Any:
    """A column of these parts; None among the values is one that is missing."""
    valid = None
    if None in values:
        present = np.array([value is not None for value in values])
        valid = pyarrow.py_buffer(np.packbits(present, bitorder="little"))
    buffers = [valid, *map(pyarrow.py_buffer, parts)]
    return pyarrow.Array.from_buffers(type, len(values), buffers, children=items)


class _Sink(io.RawIOBase):
    """A file that is read as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        self._at += len(self._written[-1])
        return len(self._written[-1])

    def tell(self) -> int:
        return self._at

    def take(self) -> bytes:
        """What was written since the last time."""
        found, self._written = b"".join(self._written), []
        return found
