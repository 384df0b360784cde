"""``runbase show``: everything about one run."""

from __future__ import annotations

import argparse
from typing import Any

from ..db import Database
from ..store import columns, curves, links, runs, tables
from ..store.tables import RunRow
from .common import (
    Subparsers,
    add_command,
    add_database,
    duration,
    print_json,
    print_table,
    reader,
    text,
)
from .runs import as_dict
from .selection import is_lower_better

BARS = "▁▂▃▄▅▆▇█"
WIDTH = 24  # characters of a sparkline


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "show",
        run,
        "everything about one run",
        "Show a run: its status and times, arguments, tags, links to and from other runs, and\n"
        "for each metric its curve, its last and best value, and the steps of these.",
        "runbase show 17 runs.db\nrunbase show 17 runs.db --env\nrunbase show 17 --json",
    )
    parser.add_argument("id", type=int, metavar="RUN", help="id of the run")
    add_database(parser)
    parser.add_argument("--env", action="store_true", help="show the environment variables too")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    client = reader(args)
    row = tables.one(client.db, args.id)
    if row is None:
        raise runs.missing(args.id)
    env, extras = tables.documents(client.db, args.id)
    linked = links.of(client.db, "runs", args.id)
    if args.json:
        more = {"env": env, "extras": extras, "links": [link._asdict() for link in linked]}
        print_json(as_dict(row) | more)
    else:
        _print_facts(row, linked)
        for title, document in (("Arguments", row.args), ("Extras", extras)):
            _print_document(title, document)
        if args.env:
            _print_document("Environment", env)
        _print_metrics(client.db, row)
        if env and not args.env:
            print(f"\n{len(env)} environment variables: show them with --env")
    client.close()


def _print_facts(row: RunRow, linked: list[links.Link]) -> None:
    print(f"Run {row.id}: number {row.number} of {row.experiment}")
    facts: list[tuple[str, Any]] = [
        ("name", row.name),
        ("status", row.status),
        ("created", row.time_created),
        ("started", row.time_started),
        ("updated", row.time_updated),
        ("finished", row.time_finished),
        ("took", duration(row.seconds)),
        ("tags", row.tags),
        ("comment", row.comment),
    ]
    facts += [
        ("link", f"{link.kind} run {link.to_id}")
        if link.from_id == row.id
        else ("link", f"run {link.from_id} {link.kind} this")
        for link in linked
    ]
    for name, value in facts:
        if value:
            print(f"  {name:9} {text(value)}")


def _print_document(title: str, document: dict[str, Any] | None) -> None:
    if document:
        print(f"\n{title}")
        width = max(map(len, document))
        for name, value in document.items():
            print(f"  {name:{width}}  {text(value)}")


def _print_metrics(db: Database, row: RunRow) -> None:
    if not row.metrics:
        return
    known = columns.refresh(db)
    print("\nMetrics")
    cells = []
    for name, m in sorted(row.metrics.items()):
        best = (m.min, m.min_step) if is_lower_better(name) else (m.max, m.max_step)
        numbers = [p.value for p in curves.read(db, row.id, known[name])]
        cells.append((name, sparkline(numbers), m.n, *best, m.last, m.last_step))
    print_table(("metric", "curve", "values", "best", "at step", "last", "at step"), cells)


def sparkline(values: list[Any]) -> str:
    """The course of numbers as a few characters; what is no finite number is left out."""
    numbers = [v for v in values if isinstance(v, float) and v - v == 0.0]
    if not numbers:
        return ""
    low, high = min(numbers), max(numbers)
    count = min(WIDTH, len(numbers))
    picked = [numbers[i * (len(numbers) - 1) // max(count - 1, 1)] for i in range(count)]
    span = (high - low) or 1.0
    return "".join(BARS[int((v - low) / span * (len(BARS) - 1))] for v in picked)
