"""``runbase execute``: run SQL from files or standard input."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from ..client import Cursor
from ..errors import ConfigError
from ..migrate import statements
from .common import Subparsers, add_command, is_database, make_client, print_json, print_table

#: Statements that no database runs in a transaction, as 'runbase create' prints them.
_OUTSIDE = re.compile(r"\s*(CREATE|DROP)\s+DATABASE|\s*VACUUM", re.IGNORECASE)


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "execute",
        run,
        "run SQL from files or standard input",
        "Run SQL statements from files, or from standard input, and print what they find. All\n"
        "statements are one transaction: an error undoes everything. Scripts with CREATE\n"
        "DATABASE, which cannot be part of one, are run statement by statement.",
        'echo "SELECT * FROM experiments" | runbase execute runs.db\n'
        "runbase execute runs.db query.sql --json\n"
        "runbase create | runbase execute --user postgres",
    )
    parser.add_argument(
        "names", nargs="*", metavar="DATABASE|FILE", help="a database, and files with SQL"
    )
    parser.add_argument("--json", action="store_true", help="print results as JSON")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    databases = [name for name in args.names if is_database(name)]
    files = [name for name in args.names if not is_database(name)]
    script = "\n;\n".join(map(_read, files)) if files else sys.stdin.read()
    client = make_client(args, databases[0] if databases else None)
    found = list(statements(script, client.engine.dialect))
    if any(_OUTSIDE.match(statement) for statement in found):
        client.skip_check()  # the database may only be made here
        results = [client.execute(statement) for statement in found]
    else:
        with client:
            results = [client.execute(statement) for statement in found]
    for result in results:
        _print(result, args.json)
    client.close()


def _print(result: Cursor, as_json: bool) -> None:
    if not result.description:
        return
    headers = [column[0] for column in result.description]
    if as_json:
        print_json([dict(zip(headers, row, strict=True)) for row in result])
    else:
        print_table(headers, result)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the file {path} cannot be read: {error}") from error
