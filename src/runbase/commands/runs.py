"""``runbase runs``: a table of runs with the best and last values of their metrics."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

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
from .selection import add_selection, is_lower_better, select, sql

DEFAULT_METRICS = 3  # that are shown where none are asked for


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "runs",
        run,
        "a table of runs with best and last metrics",
        "A table of runs, newest first, with the best and the last value of some metrics. The\n"
        "best is the least where the name says so (loss, error, mse, time, ...), otherwise the\n"
        "greatest; --min and --max say it for others. Values come from run_metrics, so the table\n"
        "is quick however many metrics were logged.",
        "runbase runs runs.db --experiment digits --sort best:val_accuracy\n"
        "runbase runs runs.db --arg model=mlp --arg lr=0.01 --metric val_loss\n"
        "runbase runs --status RUNNING --since 2d --json",
    )
    add_database(parser)
    add_selection(parser, limit=50)
    parser.add_argument(
        "-m", "--metric", action="append", default=[], help="show this metric (repeatable)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, with all metrics")
    parser.add_argument("--sql", action="store_true", help="print the SQL behind the table")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    client = reader(args)
    if args.sql:
        print(sql(args, client.engine.dialect))
        return
    found = list(select(client.db, args))
    if args.json:
        print_json([as_dict(row) for row in found])
    elif not found:
        print("There are no such runs.")
    else:
        print_table(*_table(found, args))
    client.close()


def _table(found: list[RunRow], args: argparse.Namespace) -> tuple[list[str], list[list[Any]]]:
    metrics = args.metric or _metrics(found, args)
    headers = ["id", "experiment", "#", "status", "updated", "took", "args"]
    for name in metrics:
        headers += [f"{'min' if is_lower_better(name, args) else 'max'} {name}", "at", "last"]
    with_tags = any(row.tags for row in found)
    rows = [_row(row, metrics, args) + ([row.tags] if with_tags else []) for row in found]
    return headers + (["tags"] if with_tags else []), rows


def _metrics(found: list[RunRow], args: argparse.Namespace) -> list[str]:
    """The metric that the table is sorted by, and those that most of its runs have."""
    sorted_by = args.sort.partition(":")[2]
    counts = Counter(name for row in found for name, m in row.metrics.items() if m.max is not None)
    names = [sorted_by] if sorted_by else []
    names += [name for name, _ in counts.most_common() if name not in names]
    return names[:DEFAULT_METRICS]


def _row(row: RunRow, metrics: list[str], args: argparse.Namespace) -> list[Any]:
    cells: list[Any] = [
        row.id,
        row.experiment,
        row.number,
        row.status,
        row.time_updated or row.time_created,
        duration(row.seconds),
        row.args,
    ]
    for name in metrics:
        m = row.metrics.get(name)
        if m is None:
            cells += [None, None, None]
        elif is_lower_better(name, args):
            cells += [m.min, m.min_step, m.last]
        else:
            cells += [m.max, m.max_step, m.last]
    return cells


def as_dict(row: RunRow) -> dict[str, Any]:
    """A run as JSON has it: all columns, its duration, and the summaries by metric."""
    metrics = {name: summary._asdict() for name, summary in row.metrics.items()}
    return {**row._asdict(), "seconds": row.seconds, "metrics": metrics}
