"""``runbase show``: everything about one run."""

from __future__ import annotations

import argparse
import math
from typing import Any

from .. import artifacts
from ..db import Database
from ..errors import ConfigError
from ..store import columns, links, runs, tables
from ..store.tables import RunRow, Summary
from .artifacts import as_dict as as_dict_of_artifact
from .artifacts import print_artifacts
from .common import (
    Subparsers,
    add_command,
    add_database,
    duration,
    exact,
    print_json,
    print_table,
    reader,
    text,
)
from .runs import as_dict

BARS = "▁▂▃▄▅▆▇█"
WIDTH = 12  # characters of a sparkline
MOST = 200  # metrics that get one


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "show",
        run,
        "everything about one run",
        "Show a run: its status and times, arguments, attributes, tags, links to and from others,\n"
        "and for each metric its curve, its last, least and greatest values with their steps, and\n"
        "its mean; and the files that were stored.",
        "runbase show 17 runs.db\nrunbase show 17 runs.db --env\nrunbase show 17 --json",
    )
    parser.add_argument("id", metavar="RUN", help="id of the run")
    add_database(parser)
    parser.add_argument("--env", action="store_true", help="show the environment variables too")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    id = _id(args)
    client = reader(args)
    row = tables.one(client.db, id)
    if row is None:
        raise runs.missing(id)
    env, extras = tables.documents(client.db, id)
    attrs = tables.attrs(client.db, id)
    linked = links.of(client.db, "runs", id)
    files = artifacts.of(client, id)
    if args.json:
        print_json(
            as_dict(row)
            | {"env": env, "extras": extras, "attrs": attrs}
            | {"links": [link._asdict() for link in linked]}
            | {"artifacts": [as_dict_of_artifact(a) for a in files]}
        )
    else:
        _print_facts(row, linked)
        documents = {"Arguments": row.args, "User attributes": attrs, "Extras": extras}
        for title, document in documents.items():
            _print_document(title, document)
        if args.env:
            _print_document("Environment", env)
        _print_arms(client.db, row)
        _print_metrics(client.db, row)
        if files:
            print("\nArtifacts")
            print_artifacts(files)
        if env and not args.env:
            print(f"\n{len(env)} environment variables: show them with --env")
    client.close()


def _id(args: argparse.Namespace) -> int:
    """The id of the run; the database, which other commands have first, may be before it.

    Raises:
        ConfigError: there is none.
    """
    if (args.where or "").isdecimal() and not args.id.isdecimal():
        args.id, args.where = args.where, args.id
    if not args.id.isdecimal():
        raise ConfigError(f"{args.id!r} is not the id of a run, as in: runbase show 17 runs.db")
    return int(args.id)


def _print_facts(row: RunRow, linked: list[links.Link]) -> None:
    place = f"number {row.number} of"
    if row.parent_number is not None:
        place = f"arm {text(row.name)} of trial {row.parent_number} of"
    print(f"Run {row.id}: {place} {text(row.experiment)}")
    facts: list[tuple[str, Any]] = [
        ("name", row.name),
        ("status", row.status),
        ("created", row.time_created),
        ("started", row.time_started),
        ("updated", row.time_updated),
        ("finished", row.time_finished),
        ("took", duration(row.seconds)),
        ("value", row.values),
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
        if value is not None and value != "" and value != {}:
            first, *more = str(value).splitlines() if name == "comment" else [value]
            print(f"  {name:9} {text(first)}")
            for line in more:
                print(f"  {'':9} {text(line)}".rstrip())


def _print_document(title: str, document: dict[str, Any] | None) -> None:
    if document:
        print(f"\n{title}")
        names = [text(name) for name in document]
        width = max(map(len, names))
        for name, value in zip(names, document.values(), strict=True):
            print(f"  {name:{width}}  {exact(value)}")


def _print_arms(db: Database, row: RunRow) -> None:
    if found := tables.arms(db, row.id):
        print("\nArms")
        print_table(("id", "name", "status", "value"), found)


def _print_metrics(db: Database, row: RunRow) -> None:
    if not row.metrics:
        return
    known = columns.refresh(db)
    names = sorted(row.metrics)
    courses = tables.sketch(db, row.id, [known[name] for name in names[:MOST]], WIDTH)
    cells = [_cells(name, row.metrics[name], courses.get(name, [])) for name in names]
    print("\nMetrics")
    print_table(
        ("metric", "curve", "values", "last", "at", "min", "at", "max", "at", "mean"), cells
    )


def _cells(name: str, m: Summary, course: list[float]) -> tuple[Any, ...]:
    last = math.nan if m.last is None and m.n_nan else m.last
    mean = m.sum / (m.n - m.n_nan) if m.sum is not None and m.n > m.n_nan else None
    extremes = (m.min, m.min_step, m.max, m.max_step)
    return (name, sparkline(course), m.n, last, m.last_step, *extremes, mean)


def sparkline(values: list[float]) -> str:
    """The course of numbers as a few characters; what is no finite number is left out."""
    numbers = [v for v in values if math.isfinite(v)]
    if not numbers:
        return ""
    low, high = min(numbers), max(numbers)
    span = (high / 2 - low / 2) or 1.0  # halves, since the whole may be more than any float
    return "".join(BARS[int((v / 2 - low / 2) / span * (len(BARS) - 1))] for v in numbers)
