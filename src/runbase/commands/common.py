"""What the commands share: which database, and how results are printed."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..client import Client
from ..config import DATABASE_SUFFIXES, is_url
from ..engines.json import dumps
from ..errors import ConnectionFailedError

PARAMETERS = ("url", "user", "host", "port", "database", "schema", "config_path")
Subparsers = Any


def database_options() -> argparse.ArgumentParser:
    """Options that say which database; they may stand before and after the command."""
    options = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = options.add_argument_group("database")
    group.add_argument("--url", help="such as sqlite:///runs.db or postgresql://alice@db/alice")
    group.add_argument("-u", "--user", help="user of a server")
    group.add_argument("-a", "--host", help="host of a server")
    group.add_argument("-p", "--port", help="port of a server")
    group.add_argument("-d", "--database", "--dbname", help="database on a server")
    group.add_argument("-s", "--schema", help="schema of a PostgreSQL database")
    group.add_argument("-c", "--config-path", help="config file (default: see configuration)")
    return options


def add_command(
    commands: Subparsers, name: str, run: Any, summary: str, description: str, examples: str
) -> argparse.ArgumentParser:
    """A command's parser, with its description and examples in the help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog="examples:\n" + "\n".join(f"  {e}" for e in examples.strip().splitlines()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[database_options()],
    )
    parser.set_defaults(run=run)
    return parser


def add_database(parser: argparse.ArgumentParser) -> None:
    """The optional DATABASE argument."""
    parser.add_argument(
        "where", nargs="?", metavar="DATABASE", help="an SQLite file or a URL, instead of --url"
    )


def is_database(text: str) -> bool:
    """Whether an argument names a database: a URL, or a file with such an ending."""
    return is_url(text) or Path(text).suffix.lower() in DATABASE_SUFFIXES


def make_client(args: argparse.Namespace, where: str | None = None, **options: Any) -> Client:
    """The client that the options ask for; nothing is connected yet."""
    given = {k: getattr(args, k) for k in PARAMETERS if getattr(args, k, None) is not None}
    config = given.pop("config_path", None)
    where = where or getattr(args, "where", None)
    if where is None:
        return Client(config, **given, **options)
    return Client(where if is_url(where) else f"sqlite:///{where}", **given, **options)


def reader(args: argparse.Namespace, where: str | None = None) -> Client:
    """A client of a database that exists: looking at a file never makes one.

    Raises:
        ConnectionFailedError: there is no such file.
    """
    client = make_client(args, where)
    path = client.config.get("dbpath", "")
    if client.engine.name == "sqlite" and not client.engine.is_memory and not Path(path).exists():
        raise ConnectionFailedError(
            f"there is no database {path}: check the path, or make it with 'runbase setup {path}'"
        )
    return client


def print_json(value: Any) -> None:
    """Print ``value`` as JSON; NaN and infinities are null, times ISO 8601."""
    print(json.dumps(json.loads(dumps(finite(value))), indent=2, ensure_ascii=False))


def finite(value: Any) -> Any:
    """``value`` with None for the numbers that JSON has not."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {k: finite(v) for k, v in value.items()}
    return [finite(v) for v in value] if isinstance(value, list | tuple) else value


def print_table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print an aligned table: for people on a terminal, plain and never cut elsewhere."""
    cells = [[text(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _print_rich(headers, cells)
        return
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    right = [_is_numeric(column) for column in zip(*cells, strict=True)] or [False] * len(headers)
    for row in [list(headers), *cells]:
        parts = [
            c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)
        ]
        print("  ".join(parts).rstrip())


def _print_rich(headers: Sequence[str], cells: list[list[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    columns = list(zip(*cells, strict=True)) or [()] * len(headers)
    for header, column in zip(headers, columns, strict=True):
        numeric = _is_numeric(column)
        table.add_column(
            header, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold"
        )
    for row in cells:
        table.add_row(*map(Text, row))
    Console().print(table)


def _is_numeric(column: Iterable[str]) -> bool:
    found = [c for c in column if c]
    return bool(found) and all(c[0] in "-+.0123456789" and c.count("-") < 2 for c in found)


def text(value: Any) -> str:
    """A cell of a table: short, on one line."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}"
        case datetime():
            return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        case dict():
            return pairs(value)
    return " ".join(str(value).split())


def pairs(document: Mapping[str, Any]) -> str:
    """A JSON document on one line: ``lr=0.1 model=mlp``; tags are just their names."""
    return " ".join(k if v is True else f"{k}={v}" for k, v in document.items())


def duration(seconds: float | None) -> str:
    """Seconds as a person says them: 0.8s, 12s, 3m 05s, 2h 07m, 3d 04h."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    for unit, big, small in ((60, "", "s"), (3600, "m", "s"), (86400, "h", "m")):
        if whole < unit:
            rest = unit // 60
            return (
                f"{whole}s"
                if not big
                else f"{whole // rest}{big} {whole % rest * 60 // rest:02}{small}"
            )
    return f"{whole // 86400}d {whole % 86400 // 3600:02}h"
