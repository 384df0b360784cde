"""``runbase runs``: a table of runs with the best and last values of their metrics."""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Any

from ..db import Database
from ..search import cells, name_of
from ..store.tables import RunRow
from .common import (
    Subparsers,
    add_command,
    add_database,
    duration,
    print_json,
    print_table,
    reader,
)
from .selection import add_selection, check_metrics, is_lower_better, learn_direction, select, sql

DEFAULT_METRICS = 3  # that are shown where none are asked for
Cell = Callable[[RunRow], Any]
Columns = list[tuple[str, Cell]]  # headers and cells
More = dict[str, dict[int, Any]]  # cells that are read after the runs, by column and run
FIELDS: dict[str, Cell] = {
    "id": lambda row: row.id,
    "experiment": lambda row: row.experiment,
    "#": lambda row: row.number if row.parent_number is None else row.parent_number,
    "name": lambda row: row.name,
    "status": lambda row: row.status,
    "created": lambda row: row.time_created,
    "started": lambda row: row.time_started,
    "updated": lambda row: row.time_updated or row.time_created,
    "finished": lambda row: row.time_finished,
    "value": lambda row: row.values,
    "took": lambda row: duration(row.seconds),
    "duration": lambda row: duration(row.seconds),
    "args": lambda row: row.args,
    "tags": lambda row: row.tags,
    "comment": lambda row: row.comment,
}


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "runs",
        run,
        "a table of runs with best and last metrics",
        "A table of runs, newest first, with the best and the last value of some metrics. The\n"
        "best is the least where the name says so (loss, error, mse, time, ...), otherwise the\n"
        "greatest; --min and --max say it for others, and a study for what its trials report. The\n"
        "values come from run_metrics, so the table is quick however many metrics were logged.",
        "runbase runs runs.db --experiment digits --sort best:val_accuracy\n"
        "runbase runs runs.db --arg model=mlp --arg lr=0.01 --metric val_loss\n"
        "runbase runs runs.db --experiment study --sort value --status COMPLETED\n"
        "runbase runs runs.db --filter 'val_accuracy > 0.9 and args.model = mlp'\n"
        "runbase runs runs.db --columns id,args.lr,best:val_loss --status COMPLETED\n"
        "runbase runs --status RUNNING --since 2d --json",
    )
    add_database(parser)
    add_selection(parser, limit=50)
    parser.add_argument(
        "-m", "--metric", action="append", default=[], help="show this metric (repeatable)"
    )
    parser.add_argument(
        "--columns",
        metavar="NAME,...",
        help=f"show these columns: {', '.join(FIELDS)}, args.NAME (nested: args.opt.lr), "
        "env.NAME, extras.NAME, attrs.NAME, and of a metric best:NAME, at:NAME (its step), "
        "last:NAME, min:NAME, max:NAME, mean:NAME, n:NAME (how many values)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, with all metrics")
    parser.add_argument("--sql", action="store_true", help="print the SQL behind the table")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    with closing(reader(args)) as client:
        db = client.db
        check_metrics(db, args.metric)
        learn_direction(db, args)
        if args.sql:
            print(sql(db, args))
            return
        more: More = {}
        columns = _columns(db, args, more)
        limit = args.limit
        args.limit += 1  # or nobody knows whether these are all
        found = list(select(db, args))
        ids = [row.id for row in found]
        for key, values in cells(db, ids, list(more)).items():
            more[key].update(zip(ids, values, strict=True))
    if len(found) > limit:
        print(f"Only the first {limit} runs: --limit shows more", file=sys.stderr)
        del found[limit:]
    if args.json:
        print_json([as_dict(row) for row in found])
    elif not found:
        print("There are no such runs.")
    else:
        columns = columns or _default_columns(found, args)
        headers = [header for header, _ in columns]
        print_table(headers, [[cell(row) for _, cell in columns] for row in found])


def _columns(db: Database, args: argparse.Namespace, more: More) -> Columns:
    """The columns that are asked for; what is not in the rows comes from ``more``.

    Raises:
        InvalidValueError: there is no such column.
        NotFoundError: there is no such metric.
    """
    columns: Columns = []
    for name in filter(None, (args.columns or "").split(",")):
        kind, _, metric = name.partition(":")
        if name in FIELDS:
            columns.append((name, FIELDS[name]))
        elif kind in ("best", "last", "at") and metric:
            check_metrics(db, [metric])
            header, cell = _of_metric(metric, args)[kind]
            columns.append((header if kind == "best" else f"{header} {metric}", cell))
        else:
            if name_of(name).scope == "metric":
                check_metrics(db, [metric])
            columns.append((name, _read_later(more.setdefault(name, {}))))
    return columns


def _read_later(values: dict[int, Any]) -> Cell:
    return lambda row: values.get(row.id)


def _default_columns(found: list[RunRow], args: argparse.Namespace) -> Columns:
    """Those that matter most come first: a terminal may have no room for all."""
    first = ["id", "experiment", *(["name"] if any(row.name for row in found) else []), "status"]
    if any(FIELDS["value"](row) is not None for row in found):
        first.append("value")
    columns = [(name, FIELDS[name]) for name in first]
    for metric in args.metric or _metrics(found, args):
        columns += _of_metric(metric, args).values()
    last = ["args", "took", "updated"] + (["tags"] if any(row.tags for row in found) else [])
    return columns + [(name, FIELDS[name]) for name in last]


def _metrics(found: list[RunRow], args: argparse.Namespace) -> list[str]:
    """The metric that the table is sorted by, and those with the most values in it."""
    sorted_by = args.sort.partition(":")[2]
    counts: Counter[str] = Counter()
    for row in found:
        counts.update({name: m.n for name, m in row.metrics.items() if m.max is not None})
    names = [sorted_by] if sorted_by else []
    names += [name for name, _ in counts.most_common() if name not in names]
    # The standard error of a mean, as Ax has it, says nothing by itself.
    names = [
        n for n in names if n == sorted_by or n.removesuffix("_sem") == n or n[:-4] not in counts
    ]
    return names[:DEFAULT_METRICS]


def _of_metric(name: str, args: argparse.Namespace) -> dict[str, tuple[str, Cell]]:
    """The best value of a metric, its step, and the last value: headers and cells."""
    best = "min" if is_lower_better(name, args) else "max"

    def cell(field: str) -> Cell:
        return lambda row: getattr(row.metrics.get(name), field, None)

    def last(row: RunRow) -> Any:
        m = row.metrics.get(name)
        return math.nan if m and m.last is None and m.n_nan else m and m.last

    return {
        "best": (f"{best} {name}", cell(best)),
        "at": ("at", cell(f"{best}_step")),
        "last": ("last", last),
    }


def as_dict(row: RunRow) -> dict[str, Any]:
    """A run as JSON has it: all columns, its duration, and the summaries by metric."""
    metrics = {name: summary._asdict() for name, summary in row.metrics.items()}
    return {**row._asdict(), "seconds": row.seconds, "metrics": metrics}
