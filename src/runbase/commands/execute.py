"""``runbase execute``: run SQL from files or standard input."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path

from ..client import Client, Cursor
from ..db import ALONE as RUNS_ALONE
from ..errors import ConfigError
from ..migrate import statements
from .common import Subparsers, add_command, exact, print_json, print_table, reader, split_names


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
        "runbase create | runbase execute --user postgres --database postgres",
    )
    parser.add_argument(
        "names", nargs="*", metavar="DATABASE|FILE", help="a database, and files with SQL"
    )
    parser.add_argument("--json", action="store_true", help="print results as JSON")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    database, files = split_names(args.names)
    with closing(reader(args, database)) as client:
        script = "\n;\n".join(map(_read, files)) if files else _standard_input()
        client.skip_check()  # statements need not be about Runbase's tables
        found = list(statements(script, client.engine.dialect))
        if any(map(RUNS_ALONE.match, found)):
            results = _one_by_one(client, found)
        else:
            with client:
                results = [client.execute(statement) for statement in found]
        for result in results:
            _print(result, args.json)


def _one_by_one(client: Client, found: list[str]) -> list[Cursor]:
    results = []
    for number, statement in enumerate(found):
        try:
            results.append(client.execute(statement))
        except Exception:
            if number:
                print(f"runbase: {number} of {len(found)} statements were run", file=sys.stderr)
            raise
    return results


def _standard_input() -> str:
    if sys.stdin.isatty():
        print("Type SQL, then Ctrl-D on a line of its own.", file=sys.stderr)
    return sys.stdin.read()


def _print(result: Cursor, as_json: bool) -> None:
    if not result.description:
        return
    headers = [column[0] for column in result.description]
    if as_json:
        print_json([dict(zip(headers, row, strict=True)) for row in result])
    else:
        print_table(headers, [[exact(cell) for cell in row] for row in result])


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        hint = f": SQL is read from files, or as in: echo '{path}' | runbase execute"
        raise ConfigError(
            f"the file {path} cannot be read" + (hint if " " in path else f": {error}")
        ) from error
