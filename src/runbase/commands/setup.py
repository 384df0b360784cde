"""``runbase setup``: make the tables, bring them up to date, run your own scripts."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from ..client import Client
from ..migrate import Applied, Script
from ..store import schema
from .common import Subparsers, add_command, make_client, split_names


def setup(client: Client, scripts: Iterable[Script] = (), *, quiet: bool = False) -> list[Applied]:
    """Make Runbase's tables or bring them up to date, then run your scripts in their order.

    A script is the path of an SQL file or a tuple of a name and SQL text, known by its file name
    alone, and run once: with its entry in ``applied_migrations`` it is one transaction. For each
    a line such as ``(NEW) v001.sql`` is printed, unless ``quiet``.

    Returns:
        What became of each script: "NEW" (just run), "OK" (run before) or "CHANGED" since then.

    Raises:
        ConfigError: a script cannot be read, or has a name that is taken; nothing was changed.
        SchemaError: the database was made by a newer Runbase.
    """
    applied = schema.setup(client.database, scripts)
    if not quiet:
        for name, state in applied:
            print(f"({state}) {name}")
    return applied


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "setup",
        run,
        "make the tables or bring them up to date",
        "Make Runbase's tables, or bring those of an older version up to date, and run your own\n"
        "SQL scripts, for example to add columns to metrics. Each script runs once, known by its\n"
        "file name; running setup again is harmless.",
        "runbase setup runs.db\nrunbase setup --url postgresql://alice@db.example/alice\n"
        "runbase setup runs.db v001.sql v002.sql",
    )
    parser.add_argument(
        "names", nargs="*", metavar="DATABASE|SCRIPT", help="a database, and SQL scripts to run"
    )


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    database, scripts = split_names(args.names)
    client = make_client(args, database)
    setup(client, scripts)
    print(f"Database: {client.engine.describe()}")
    client.close()
