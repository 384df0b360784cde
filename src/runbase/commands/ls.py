"""``runbase ls``: the experiments of a database."""

from __future__ import annotations

import argparse

from ..store import experiments
from .common import Subparsers, add_command, add_database, print_json, print_table, reader

HEADERS = ("id", "name", "kind", "runs", "running", "failed", "updated", "tags", "comment")


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "ls",
        run,
        "list the experiments",
        "List the experiments of a database: how many runs each has, how many of them run or\n"
        "failed, and when something last happened.",
        "runbase ls runs.db\nrunbase ls runs.db --tag baseline\nrunbase ls --json | jq '.[].name'",
    )
    add_database(parser)
    parser.add_argument("--kind", help="only this kind: tracking, optuna, ax")
    parser.add_argument("--tag", help="only experiments with this tag")
    parser.add_argument(
        "--sort",
        choices=("id", "name", "updated", "runs"),
        default="id",
        help="order of the table (default: id)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    client = reader(args)
    found = [
        e
        for e in experiments.list_all(client.db)
        if args.kind in (None, e.kind) and (args.tag is None or args.tag in (e.tags or {}))
    ]
    keys = {
        "id": lambda e: e.id,
        "name": lambda e: e.name,
        "runs": lambda e: -e.runs,
        "updated": lambda e: -(e.time_updated or e.time_created).timestamp(),
    }
    found.sort(key=keys[args.sort])
    if args.json:
        print_json([e._asdict() for e in found])
    else:
        print_table(
            HEADERS,
            [
                (
                    e.id,
                    e.name,
                    e.kind,
                    e.runs,
                    e.running,
                    e.failed,
                    e.time_updated,
                    e.tags,
                    e.comment,
                )
                for e in found
            ],
        )
    client.close()
