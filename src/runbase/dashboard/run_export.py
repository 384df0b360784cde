"""Runs as a CSV, JSON or Parquet file, made in pieces while it is sent."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
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

CHUNK = 5000  # runs in a piece
Cells = Mapping[str, list[Any]]
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
    for cells in pieces:
        rows = zip(*(_for_csv(cells[key]) for key in columns), strict=True)
        yield "".join(f"{line}\r\n" for line in map(",".join, rows)).encode()


def _for_csv(values: list[Any]) -> Iterable[str]:
    """Cells as texts: a column of numbers at once, others each value once."""
    kinds = set(map(type, values))
    if kinds <= _NUMBERS:
        text = msgspec.json.encode(values)[1:-1].decode()
        if text.count("null") == values.count(None):  # or some are no numbers of JSON's
            return text.replace("null", "").split(",") if values else []
    if kinds <= {str, type(None)}:
        known = {value: _cell(value) for value in set(values)}
        return map(known.__getitem__, values)
    return map(_cell, values)


_NUMBERS = {float, int, type(None)}


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
    encode = msgspec.json.Encoder().encode
    before = b"[\n"
    for cells in pieces:
        rows = zip(*(map(_for_json, cells[key]) for key in columns), strict=True)
        lines = [encode(dict(zip(columns, row, strict=True))) for row in rows]
        if lines:
            yield before + b",\n".join(lines)
            before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def _for_json(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return run_table.as_json(value)
    return value


def _parquet(columns: list[str], pieces: Iterator[Cells], kinds: Mapping[str, str]) -> Chunks:
    """Numbers (in double precision), times in UTC, lists of tags, and all else as texts."""
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    types = {key: _type(pyarrow, kinds[key]) for key in columns}
    sink = _Sink()
    with ParquetWriter(sink, pyarrow.schema(types.items())) as writer:
        for cells in pieces:
            arrays = [pyarrow.array(_typed(cells[key], kinds[key]), types[key]) for key in columns]
            writer.write_table(pyarrow.table(arrays, schema=writer.schema))
            yield sink.take()
    yield sink.take()


def _type(pyarrow: Any, kind: str) -> Any:
    match kind:
        case "number" | "duration":
            return pyarrow.float64()
        case "time":
            return pyarrow.timestamp("us", tz="UTC")
        case "tags":
            return pyarrow.list_(pyarrow.string())
    return pyarrow.string()


def _typed(values: list[Any], kind: str) -> list[Any]:
    kinds = set(map(type, values))
    if kind in ("number", "duration"):
        return values if kinds <= _FLOATS else [_number(value) for value in values]
    if kind in ("tags", "time") or kinds <= _TEXTS:
        return values
    return [None if value is None else _text(value) for value in values]


def _number(value: Any) -> float | None:
    """Nested arguments of the same name have columns of their own."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
    except OverflowError:
        return math.inf if value > 0 else -math.inf


_TEXTS, _FLOATS = {str, type(None)}, {float, type(None)}


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


Writer = Callable[[list[str], Iterator[Cells], Mapping[str, str]], Chunks]
WRITERS: dict[str, tuple[Writer, str]] = {
    "csv": (_csv, "text/csv; charset=utf-8"),
    "json": (_json, "application/json"),
    "parquet": (_parquet, "application/vnd.apache.parquet"),
}
