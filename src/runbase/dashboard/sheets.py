"""Rows of tables in files, a part at a time, without reading more of the file than that takes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO, NamedTuple, cast

from ..errors import InvalidValueError, RunbaseError, require

#: What is shown at most: rows of one part, columns, characters of a cell.
ROWS, COLUMNS, CELL = 1000, 200, 500
#: Rows after which nothing is looked at, and bytes of a file that has to be copied first.
LAST, LARGEST = 1_000_000, 2**28
LINE = 2**20  # characters; a longer one is no row for people
BUDGET = 2**25  # bytes of the rows of one part
BATCH = 100  # rows of Parquet that are read at once

_KINDS = {
    "csv": re.compile(r"text/csv|.*\.csv(\.gz)?$"),
    "tsv": re.compile(r"text/tab-separated-values|.*\.tsv(\.gz)?$"),
    "lines": re.compile(r"application/(x-)?(jsonl|jsonlines|ndjson)|.*\.(jsonl|ndjson)(\.gz)?$"),
    "parquet": re.compile(r"application/(vnd\.apache\.|x-)?parquet|.*\.parquet$"),
}


#: What reading a damaged or malicious file ends in.
UNREADABLE = (
    *(ValueError, csv.Error, OSError, EOFError, zlib.error),
    *(ArithmeticError, LookupError, NotImplementedError, RecursionError),
)


class Sheet(NamedTuple):
    """Some rows of a table."""

    columns: list[str]
    rows: list[list[Any]]
    #: Of the whole table; None where that is not known yet.
    total: int | None
    #: Whether columns were left out.
    is_cut: bool


def kind_of(filename: str, mimetype: str, encoding: str | None = None) -> str | None:
    """Which kind of table a file is; None if it is none that can be read."""
    if encoding not in (None, "gzip"):
        return None
    name = filename.lower()
    for kind, known in _KINDS.items():
        if known.fullmatch(mimetype) or known.fullmatch(name):
            return kind
    return None


def read(
    file: BinaryIO, kind: str, offset: int, limit: int, *, is_compressed: bool = False
) -> Sheet:
    """Rows of a table.

    Args:
        file: its bytes.
        kind: what `kind_of` says.
        offset: how many rows to leave out.
        limit: how many rows at most.
        is_compressed: whether it is compressed by gzip.

    Raises:
        InvalidValueError: it cannot be read as such a table, or there are not so many rows.
        MissingExtraError: it is of Parquet, and pyarrow is not installed.
    """
    if not (0 <= offset < LAST and 0 < limit <= ROWS):
        raise InvalidValueError(
            f"up to {ROWS:,} rows at a time, of the first {LAST:,}, can be looked at"
        )
    if is_compressed:
        file = cast("BinaryIO", gzip.GzipFile(fileobj=file))
    try:
        if kind == "parquet":
            return _parquet(file, offset, limit)
        return _text_table(file, kind, offset, limit)
    except RunbaseError:
        raise
    except UNREADABLE as error:
        raise InvalidValueError(f"the file cannot be read as a table: {error}") from error


def _text_table(file: BinaryIO, kind: str, offset: int, limit: int) -> Sheet:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    try:
        if kind == "lines":
            return _json_lines(_lines(text), offset, limit)
        return _delimited(_records(_lines(text), "\t" if kind == "tsv" else ","), offset, limit)
    finally:
        text.detach()  # the file is its owner's to close


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LINE):
        if len(line) == LINE and not line.endswith("\n"):
            raise InvalidValueError("the file has lines that are too long for a table")
        yield line


def _records(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Records, which may have lines in quotes, but not a whole file of them."""
    size = 0

    def counted() -> Iterator[str]:
        nonlocal size
        for line in lines:
            size += len(line)
            if size > LINE:
                raise InvalidValueError("the file has records that are too long for a table")
            yield line

    for record in csv.reader(counted(), delimiter=delimiter):
        size = 0
        yield record


def _delimited(records: Iterator[list[str]], offset: int, limit: int) -> Sheet:
    columns = next(records, [])
    rows, total = _part((record for record in records if record), offset, limit, _cells)
    return Sheet([str(cell) for cell in _cells(columns)], rows, total, len(columns) > COLUMNS)


def _json_lines(lines: Iterator[str], offset: int, limit: int) -> Sheet:
    columns: dict[str, None] = {}  # and one more, which tells that there are more

    def cells(line: str) -> list[Any]:
        record = _record(json.loads(line))
        for key in record:
            if len(columns) <= COLUMNS and key not in columns:
                columns[key] = None
                budget.spend([key])
        return _cells([record.get(key) for key in columns])

    budget = Budget()
    rows, total = _part((line for line in lines if line.strip()), offset, limit, cells, budget)
    names = [str(name) for name in _cells(columns)]
    rows = [row + [None] * (len(names) - len(row)) for row in rows]
    return Sheet(names, rows, total, len(columns) > COLUMNS)


def _record(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"value": value}


class Budget:
    """How many bytes the rows of one part may still have."""

    def __init__(self) -> None:
        self.left = BUDGET

    def spend(self, row: Iterable[Any]) -> None:
        """Take the cells of a row off.

        Raises:
            InvalidValueError: so much is not read.
        """
        self.left -= sum(map(sys.getsizeof, row))
        if self.left < 0:
            raise InvalidValueError(
                "these rows are too large to be looked at: ask for fewer at a time, or download "
                "the file"
            )


def _part(
    rows: Iterable[Any],
    offset: int,
    limit: int,
    cells: Callable[[Any], list[Any]],
    budget: Budget | None = None,
) -> tuple[list[list[Any]], int | None]:
    """The cells of the rows, and how many rows there are in all if this is the end."""
    budget = budget or Budget()
    found: list[list[Any]] = []
    seen = 0
    for row in rows:
        if seen == offset + limit:
            return found, None
        if seen >= offset:
            found.append(cells(row))
            budget.spend(found[-1])
        seen += 1
    return found, seen


def _cells(values: Iterable[Any]) -> list[Any]:
    return [_cell(value) for value in islice(values, COLUMNS)]


def _parquet(file: BinaryIO, offset: int, limit: int) -> Sheet:
    parquet: Any = require("pyarrow.parquet", "parquet")
    with tempfile.TemporaryFile() as copy:
        table = parquet.ParquetFile(file if file.seekable() else _copied(file, copy))
        total = table.metadata.num_rows
        names = table.schema_arrow.names
        rows: list[list[Any]] = []
        budget = Budget()
        start = 0
        for group in range(table.num_row_groups):
            end = start + table.metadata.row_group(group).num_rows
            if start < offset + limit and end > offset:
                for row in _of_group(
                    table, group, names[:COLUMNS], offset - start, limit - len(rows)
                ):
                    budget.spend(row)
                    rows.append(row)
            start = end
        return Sheet(names[:COLUMNS], rows, total, len(names) > COLUMNS)


def _of_group(
    table: Any, group: int, columns: list[str], offset: int, limit: int
) -> Iterator[list[Any]]:
    """Rows of one group of rows, which may be large."""
    first = max(offset, 0)
    for batch in table.iter_batches(BATCH, row_groups=[group], columns=columns):
        part = batch.slice(min(first, len(batch)), limit)
        first = max(first - len(batch), 0)
        limit -= len(part)
        for at in range(len(part)):
            yield _cells(column[at].as_py() for column in part.columns)
        if not limit:
            return


def _copied(file: BinaryIO, copy: Any) -> Any:
    """All of a file that is read from afar, where it can be read in any order."""
    while chunk := file.read(2**20):
        copy.write(chunk)
        if copy.tell() > LARGEST:
            raise InvalidValueError("the file is too large to be looked at here: download it")
    copy.seek(0)
    return copy


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= 2**53 else str(value)  # as exact as in the page
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    text = value if isinstance(value, str) else _text(value)
    text = text[: CELL + 1].encode(errors="replace").decode()  # halves of characters
    return text if len(text) <= CELL else f"{text[:CELL]}…"


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
