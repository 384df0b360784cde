"""Runs as a CSV, JSON or Parquet file, made in pieces while it is sent."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from .. import search
from ..errors import InvalidValueError, require
from . import reading, run_table
from .server.endpoint import Stream
from .table_csv import harmless

if TYPE_CHECKING:
    from .board import Board
    from .orders import Order

CHUNK = 2000  # runs in a piece: what larger ones need leaves the processor's caches
Cells = Mapping[str, Sequence[Any]]
Chunks = Generator[bytes, None, None]


def stream(
    board: Board, order: Order, columns: list[str], runs: list[int] | None, format: str
) -> Stream:
    """The file of the chosen runs, in their order; see `api.runs.get_export`."""
    if not columns:
        raise InvalidValueError("a file needs columns: name some, such as columns=id,status")
    run_table.check(columns)
    columns = list(dict.fromkeys(columns))
    if format == "parquet":
        require("pyarrow", "parquet")
    search.cells(board.db, [], columns)  # or a key is wrong
    ids = run_table.only(board.orders.ids(board, order), runs)
    write, media_type = WRITERS[format]
    pieces = (
        search.cells(board.db, ids[at : at + CHUNK], columns)
        for at in range(0, max(len(ids), 1), CHUNK)
    )
    kinds = _kinds(board, order.experiment, columns) if format == "parquet" else {}
    return Stream(write(columns, _ahead(pieces), kinds), media_type, _headers(board, order, format))


def _ahead(pieces: Iterator[Cells]) -> Iterator[Cells]:
    """The same; while one is being written, the next one is read."""
    with ThreadPoolExecutor(1, "runbase-export") as reader:
        following = reader.submit(next, pieces, None)
        while (piece := following.result()) is not None:
            following = reader.submit(next, pieces, None)
            yield piece


def _kinds(board: Board, experiment: int | None, columns: list[str]) -> dict[str, str]:
    """What is known of all runs; of the environment and extras only the newest were looked at."""
    found = search.catalogue(board.db, experiment).columns
    known = {column.key: column.kind for column in found if column.group not in ("env", "extras")}
    return {key: known.get(key, "text") for key in columns}


def _headers(board: Board, order: Order, format: str) -> dict[str, str]:
    name = "runs"
    if order.experiment is not None:
        name = reading.experiment(board.db, order.experiment).name
    file = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "", name).replace(" ", "-") or "runs"
    plain = file.encode("ascii", "replace").decode().replace("?", "_")
    named = f"filename=\"{plain}.{format}\"; filename*=UTF-8''{quote(file)}.{format}"
    return {"Content-Disposition": f"attachment; {named}"}


def _csv(columns: list[str], pieces: Iterator[Cells], kinds: Mapping[str, str]) -> Chunks:
    """Text that a spreadsheet would take for a formula begins with a quote character."""
    yield (",".join(map(_quoted, columns)) + "\r\n").encode()
    encode = msgspec.json.Encoder().encode
    for cells in pieces:
        rows = zip(*(_for_csv(cells[key]) for key in columns), strict=True)
        # A list of JSON without its brackets: so numbers become text in C, a row at a time.
        yield b"".join([encode(row)[1:-1] + b"\r\n" for row in rows])


_NOTHING = msgspec.Raw(b"")


def _for_csv(values: Sequence[Any]) -> Iterable[Any]:
    """Cells that JSON's encoder writes as they are in the file."""
    if _are_finite(values):
        return values
    present = [value for value in values if value is not None]
    if _are_finite(present):
        return [_NOTHING if value is None else value for value in values]
    if set(map(type, present)) == {str}:
        known = {value: _raw(value) for value in set(values)}
        return map(known.__getitem__, values)
    return map(_raw, values)


def _are_finite(values: Sequence[Any]) -> bool:
    """Whether all are numbers that JSON has; of very large ones it does not look."""
    try:
        return math.isfinite(sum(values))
    except (TypeError, OverflowError):
        return False


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(_cell(value).encode())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return _quoted(" ".join(value))
    return _quoted(_text(value))


def _quoted(text: str) -> str:
    found = str(harmless(text))
    return '"' + found.replace('"', '""') + '"' if _SPECIAL.search(found) else found


_SPECIAL = re.compile(r'[",\r\n]|^\s|\s$')


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return msgspec.json.encode(value).decode()


def _json(columns: list[str], pieces: Iterator[Cells], kinds: Mapping[str, str]) -> Chunks:
    """A list of objects, one in each line; numbers that JSON has not are texts."""
    encode, record = msgspec.json.Encoder().encode_lines, _record(columns)
    before = b"[\n"
    for cells in pieces:
        if found := list(map(record, *(_for_json(cells[key]) for key in columns))):
            yield before + encode(found)[:-1].replace(b"\n", b",\n")
            before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def _record(columns: list[str]) -> Callable[..., Any]:
    """Makes an object of JSON of a row: a struct is made and written in half a dict's time."""
    fields = {f"_{i}": key for i, key in enumerate(columns)}
    try:
        return msgspec.defstruct("Record", fields, rename=fields)
    except ValueError:  # a key has quotes or a backslash
        return lambda *row: dict(zip(columns, row, strict=True))


def _for_json(values: Sequence[Any]) -> Sequence[Any]:
    if _are_finite(values) or float not in set(map(type, values)):
        return values
    return [
        run_table.as_json(value) if isinstance(value, float) and not math.isfinite(value) else value
        for value in values
    ]


def _parquet(columns: list[str], pieces: Iterator[Cells], kinds: Mapping[str, str]) -> Chunks:
    """Numbers (in double precision), times in UTC, lists of tags, and all else as texts."""
    from . import parquet

    return parquet.write(kinds, pieces, _text)


Writer = Callable[[list[str], Iterator[Cells], Mapping[str, str]], Chunks]
WRITERS: dict[str, tuple[Writer, str]] = {
    "csv": (_csv, "text/csv; charset=utf-8"),
    "json": (_json, "application/json"),
    "parquet": (_parquet, "application/vnd.apache.parquet"),
}
