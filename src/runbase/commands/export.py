"""``runbase export``: runs or metrics as CSV, JSON or Parquet."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from ..client import Client
from ..engines.json import dumps
from ..errors import ConfigError, require
from ..store import columns, curves
from ..store.tables import RunRow
from .common import Subparsers, add_command, add_database, finite, reader
from .selection import add_selection, select

Record = dict[str, Any]
FORMATS = ("csv", "json", "parquet")
SUMMARY = ("n", "last", "last_step", "min", "min_step", "max", "max_step")


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "export",
        run,
        "write runs or metrics as CSV, JSON or Parquet",
        "Write the table of runs, with a column for each argument (args.lr) and for the summary\n"
        "of each metric (loss.last, loss.min, ...), or with --metrics every value of every\n"
        "metric. The format is that of the file's ending. Parquet needs runbase[parquet].",
        "runbase export runs.db --output runs.csv\n"
        "runbase export runs.db --experiment digits --metrics -o digits.parquet\n"
        "runbase export runs.db --format json | jq length",
    )
    add_database(parser)
    parser.add_argument("-o", "--output", help="file to write (default: standard output)")
    parser.add_argument("--format", choices=FORMATS, help="default: the ending of --output, or csv")
    parser.add_argument(
        "--metrics", action="store_true", help="values of metrics: run_id, name, step, ..."
    )
    add_selection(parser, limit=None)


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    ending = Path(args.output or "").suffix.lstrip(".").lower()
    form = args.format or ending or "csv"
    if form not in FORMATS:
        raise ConfigError(f"unknown format {form!r}: end the file with .csv, .json or .parquet")
    if form == "parquet" and args.output is None:
        raise ConfigError("Parquet is written to a file: give --output FILE.parquet")
    if form == "parquet":
        require("pyarrow", "parquet")
    client = reader(args)
    runs = _with_progress(list(select(client.db, args)))
    records = _metric_records(client, runs) if args.metrics else map(_run_record, runs)
    WRITERS[form](list(records), args.output)
    client.close()


def _with_progress(runs: list[RunRow]) -> Iterable[RunRow]:
    if not sys.stderr.isatty() or len(runs) < 100:
        return runs
    from rich.console import Console
    from rich.progress import track

    return track(runs, "Exporting", console=Console(stderr=True), transient=True)


def _run_record(row: RunRow) -> Record:
    record: Record = {k: v for k, v in row._asdict().items() if k not in ("args", "metrics")}
    record["tags"] = " ".join(row.tags or {})
    record["seconds"] = row.seconds
    record |= {f"args.{name}": value for name, value in (row.args or {}).items()}
    for name, summary in row.metrics.items():
        record |= {f"{name}.{field}": getattr(summary, field) for field in SUMMARY}
    return record


def _metric_records(client: Client, runs: Iterable[RunRow]) -> Iterator[Record]:
    known = columns.refresh(client.db)
    for row in runs:
        for name in row.metrics:
            for step, progress, value in curves.read(client.db, row.id, known[name]):
                place = {"run_id": row.id, "name": name, "step": step, "progress": progress}
                yield place | _typed(value)


def _typed(value: Any) -> Record:
    """Numbers and everything else in columns of their own, so that each has one type."""
    if isinstance(value, float):
        return {"value": value, "text": None}
    return {"value": None, "text": value if isinstance(value, str) else _cell(value)}


def _names(records: list[Record]) -> list[str]:
    return list(dict.fromkeys(name for record in records for name in record))


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else dumps(value)


@contextmanager
def _opened(path: str | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    try:
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error


def _write_csv(records: list[Record], path: str | None) -> None:
    with _opened(path) as file:
        writer = csv.DictWriter(file, _names(records), lineterminator="\n")
        writer.writeheader()
        for record in records:
            writer.writerow({name: _cell(value) for name, value in record.items()})


def _write_json(records: list[Record], path: str | None) -> None:
    with _opened(path) as file:
        lines = (json.dumps(json.loads(dumps(finite(record)))) for record in records)
        file.write("[" + ",\n ".join(lines) + "]\n")


def _write_parquet(records: list[Record], path: str | None) -> None:
    import pyarrow
    import pyarrow.parquet

    series = {name: [record.get(name) for record in records] for name in _names(records)}
    try:
        table = pyarrow.table({name: _array(values) for name, values in series.items()})
        pyarrow.parquet.write_table(table, path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error}") from error


def _array(values: list[Any]) -> Any:
    """A column; where its values are of several types, as text."""
    import pyarrow

    try:
        return pyarrow.array(values)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):
        return pyarrow.array([None if v is None else str(_cell(v)) for v in values])


WRITERS: dict[str, Callable[[list[Record], str | None], None]] = {
    "csv": _write_csv,
    "json": _write_json,
    "parquet": _write_parquet,
}
