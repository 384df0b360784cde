"""``runbase export``: runs or metrics as CSV, JSON or Parquet."""

from __future__ import annotations

import argparse
import csv
import itertools
import math
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from ..db import Database
from ..engines.json import dumps
from ..errors import ConfigError, require
from ..sources.replacing import replacing
from ..store import columns, curves, tables
from ..store.columns import POINT
from ..store.curves import Point
from ..store.tables import RunRow
from . import ax, importing
from .common import (
    Subparsers,
    add_command,
    add_database,
    choose_by_first_word,
    finite,
    reader,
)
from .selection import add_selection, chosen, select

Record = dict[str, Any]
DOCUMENTS = ("args", "metrics", "objective_values")
FORMATS = ("csv", "json", "parquet")
SUMMARY = ("n", "last", "last_step", "min", "min_step", "max", "max_step")
CHUNK = 10_000  # records that are written to Parquet at a time


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "export",
        run,
        "write runs or metrics as CSV, JSON or Parquet",
        "Write the table of runs, with a column for each argument (args.lr) and for the summary\n"
        "of each metric (loss.last, loss.min, ...), or with --metrics every value of every\n"
        "metric. The format is that of the file's ending. Parquet needs runbase[parquet].\n"
        "'runbase export optuna TARGET' writes studies to a storage of Optuna's,\n"
        "'runbase export ax TARGET.json' an experiment to a file that Ax loads.",
        "runbase export runs.db --output runs.csv\n"
        "runbase export runs.db --experiment digits --metrics -o digits.parquet\n"
        "runbase export runs.db --experiment digits --metrics --wide -o curves.csv\n"
        "runbase export runs.db --format json | jq length\n"
        "runbase export optuna --help\n"
        "runbase export ax --help",
    )
    _add_others(parser)
    add_database(parser)
    parser.add_argument("-o", "--output", help="file to write (default: standard output)")
    parser.add_argument("--format", choices=FORMATS, help="default: the ending of --output, or csv")
    parser.add_argument(
        "--metrics", action="store_true", help="values of metrics: run_id, name, step, ..."
    )
    parser.add_argument(
        "--wide", action="store_true", help="with --metrics: one row a point, one column a metric"
    )
    add_selection(parser, limit=None)


def _add_others(parser: argparse.ArgumentParser) -> None:
    kinds = argparse.ArgumentParser(prog=parser.prog).add_subparsers()
    others = {"optuna": importing.add_export(kinds), "ax": ax.add_export(kinds)}
    choose_by_first_word(parser, others)


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    ending = Path(args.output or "").suffix.lstrip(".").lower()
    form = args.format or ending or "csv"
    if form not in FORMATS:
        raise ConfigError(f"unknown format {form!r}: end the file with .csv, .json or .parquet")
    if form == "parquet" and args.output is None:
        raise ConfigError("Parquet is written to a file: give --output FILE.parquet")
    if args.wide and not args.metrics:
        raise ConfigError("--wide is a form of --metrics: give both")
    if form == "parquet":
        require("pyarrow", "parquet")
    with closing(reader(args)) as client:
        runs = _with_progress(client.db, args)
        if args.metrics:
            records = _metric_records(client.db, runs, args.wide)
        else:
            records = map(_run_record, runs)
        output = None if args.output is None else replacing(args.output)
        with output or nullcontext() as path:
            WRITERS[form](records, path)


def _with_progress(db: Database, args: argparse.Namespace) -> Iterable[RunRow]:
    runs = select(db, args)
    if not sys.stderr.isatty():
        return runs
    from rich.console import Console
    from rich.progress import track

    total = min(tables.count(db, chosen(db, args)), args.limit or tables.LAST)
    return track(runs, "Exporting", total, console=Console(stderr=True), transient=True)


def _run_record(row: RunRow) -> Record:
    record: Record = {k: v for k, v in row._asdict().items() if k not in DOCUMENTS}
    record |= {f"value.{i}": value for i, value in enumerate(row.objective_values or ())}
    record["tags"] = " ".join(row.tags or {})
    record["seconds"] = row.seconds
    record |= {f"args.{name}": value for name, value in (row.args or {}).items()}
    for name, summary in row.metrics.items():
        record |= {f"{name}.{field}": getattr(summary, field) for field in SUMMARY}
    return record


def _metric_records(db: Database, runs: Iterable[RunRow], wide: bool) -> Iterator[Record]:
    known = columns.refresh(db)
    for row in runs:
        curve = {name: curves.read(db, row.id, known[name]) for name in row.metrics}
        yield from _points(row.id, curve) if wide else _values(row.id, curve)


def _values(run_id: int, curve: Mapping[str, Iterable[Point]]) -> Iterator[Record]:
    """Numbers and everything else in columns of their own, so that each has one type."""
    for name, points in curve.items():
        for step, progress, value in points:
            is_number = isinstance(value, float)
            yield {
                "run_id": run_id,
                "name": name,
                "step": step,
                "progress": progress,
                "value": value if is_number else None,
                "text": None if is_number and math.isfinite(value) else str(_cell(value)),
            }


def _points(run_id: int, curve: Mapping[str, Iterable[Point]]) -> Iterator[Record]:
    found: dict[tuple[int, float], Record] = {}
    for name, points in curve.items():
        # A metric may be called like one of the first three columns.
        column = f"metrics.{name}" if name in POINT else name
        for step, progress, value in points:
            found.setdefault((step, progress), {})[column] = value
    for (step, progress), values in sorted(found.items(), key=lambda item: item[0]):
        yield {"run_id": run_id, "step": step, "progress": progress} | values


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else dumps(value)


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        yield file


class Spool:
    """Records kept in a file, because their columns are known after the last one only."""

    def __init__(self, records: Iterable[Record]) -> None:
        #: The types of the values in each column.
        self.columns: dict[str, set[type]] = {}
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - see close
        for record in records:
            for name, value in record.items():
                self.columns.setdefault(name, set()).add(type(value))
            pickle.dump(record, self.file, pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[Record]:
        end = self.file.tell()
        self.file.seek(0)
        while self.file.tell() < end:
            yield pickle.load(self.file)

    def close(self) -> None:
        """Remove the file."""
        self.file.close()


def _write_csv(records: Iterable[Record], path: Path | None) -> None:
    with closing(Spool(records)) as spool, _opened(path) as file:
        writer = csv.DictWriter(file, spool.columns, lineterminator="\n")
        writer.writeheader()
        for record in spool:
            writer.writerow({name: _cell(value) for name, value in record.items()})


def _write_json(records: Iterable[Record], path: Path | None) -> None:
    with _opened(path) as file:
        between = "["
        for record in records:
            file.write(between + dumps(finite(record)))
            between = ",\n "
        file.write("]\n" if between != "[" else "[]\n")


def _write_parquet(records: Iterable[Record], path: Path | None) -> None:
    import pyarrow
    import pyarrow.parquet

    with closing(Spool(records)) as spool:
        types = {name: _arrow_type(kinds) for name, kinds in spool.columns.items()}
        schema = pyarrow.schema(list(types.items()))
        with pyarrow.parquet.ParquetWriter(path, schema) as writer:
            rows = iter(spool)
            while chunk := list(itertools.islice(rows, CHUNK)):
                series = [_array([row.get(name) for row in chunk], t) for name, t in types.items()]
                writer.write_table(pyarrow.table(series, schema=schema))


def _arrow_type(kinds: set[type]) -> Any:
    """The type for values of these types; text where they have nothing in common."""
    import pyarrow

    known: list[tuple[set[type], Any]] = [
        ({bool}, pyarrow.bool_()),
        ({int}, pyarrow.int64()),
        ({int, float}, pyarrow.float64()),
        ({datetime}, pyarrow.timestamp("us", "UTC")),
    ]
    found = kinds - {type(None)}
    return next((t for fit, t in known if found and found <= fit), pyarrow.string())


def _array(values: list[Any], arrow: Any) -> Any:
    import pyarrow

    if arrow == pyarrow.string():
        values = [v if v is None else str(_cell(v)) for v in values]
    elif arrow == pyarrow.float64():
        values = [v if v is None else float(v) for v in values]
    return pyarrow.array(values, arrow)


WRITERS: dict[str, Callable[[Iterable[Record], Path | None], None]] = {
    "csv": _write_csv,
    "json": _write_json,
    "parquet": _write_parquet,
}
