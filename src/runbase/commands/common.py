"""What the commands share: which database, and how results are printed."""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..client import Client
from ..config import DATABASE_SUFFIXES, is_url
from ..engines.json import dumps
from ..errors import ConfigError, ConnectionFailedError

PARAMETERS = ("url", "user", "host", "port", "database", "schema", "config_path")
Subparsers = Any
LEAST = 8  # characters that text on a terminal is shortened to, at most
GAP = 3  # characters between two columns on a terminal
_NUMBER = re.compile(r"[-+]?(\d[\d.,]*(e[-+]?\d+)?|inf|nan)|(\d+[dhms. ]*)+")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


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
    options.add_argument("--debug", action="store_true", help="show the traceback of an error")
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


def choose_by_first_word(
    parser: argparse.ArgumentParser, others: Mapping[str, argparse.ArgumentParser]
) -> None:
    """Let the first word choose another parser, if it is one of these.

    A subcommand of argparse would be required, or take the database for its name.
    """
    parse = parser.parse_known_args

    def parse_known_args(args: Any = None, namespace: Any = None) -> Any:
        if args and args[0] in others:
            return others[args[0]].parse_known_args(args[1:], namespace)
        return parse(args, namespace)

    parser.parse_known_args = parse_known_args  # type: ignore[method-assign]


def add_database(parser: argparse.ArgumentParser) -> None:
    """The optional DATABASE argument."""
    parser.add_argument(
        "where", nargs="?", metavar="DATABASE", help="an SQLite file or a URL, instead of --url"
    )


def is_database(text: str) -> bool:
    """Whether an argument names a database: a URL, or a file with such an ending."""
    return is_url(text) or Path(text).suffix.lower() in DATABASE_SUFFIXES


def split_names(names: Iterable[str]) -> tuple[str | None, list[str]]:
    """The database among arguments that may come in any order, if there is one, and the others.

    Raises:
        ConfigError: there are several databases.
    """
    kinds: dict[bool, list[str]] = {True: [], False: []}
    for name in names:
        kinds[is_database(name)].append(name)
    if len(kinds[True]) > 1:
        raise ConfigError(f"one database at a time, not {' and '.join(kinds[True])}")
    return next(iter(kinds[True]), None), kinds[False]


def make_client(args: argparse.Namespace, where: str | None = None, **options: Any) -> Client:
    """The client that the options ask for; nothing is connected yet."""
    given = {k: getattr(args, k) for k in PARAMETERS if getattr(args, k, None) is not None}
    config: Any = given.pop("config_path", None)
    if "database" in given:
        given["dbname"] = given.pop("database")  # or that of the config file would win
    where = where or getattr(args, "where", None)
    if where is not None:
        if config or "url" in given:
            raise ConfigError(f"one database at a time: {where}, --url or --config-path")
        config = where if is_url(where) else {"engine": "sqlite", "dbpath": where}
    return Client(config, **given, **options)


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
    from rich.cells import cell_len, set_cell_size

    cells = [[text(cell) for cell in row] for row in [headers, *rows]]
    columns = list(zip(*cells, strict=True))
    numeric = [_is_numeric(column[1:]) for column in columns]
    if sys.stdout.isatty():
        _print_rich(columns, numeric)
        return
    widths = [max(map(cell_len, column)) for column in columns]
    for row in cells:
        parts = [
            " " * (w - cell_len(c)) + c if n else set_cell_size(c, w)
            for c, w, n in zip(row, widths, numeric, strict=True)
        ]
        print("  ".join(parts).rstrip())


def _print_rich(columns: list[tuple[str, ...]], numeric: list[bool]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    widths = fit(columns, numeric, console.width)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    for (header, *_), width, is_numeric in zip(columns, widths, numeric, strict=False):
        justify: Any = "right" if is_numeric else "left"
        table.add_column(Text(header), justify=justify, width=width, no_wrap=True)
    for row in zip(*(column[1:] for column in columns[: len(widths)]), strict=True):
        table.add_row(*(Text(cell, overflow="ellipsis") for cell in row))
    console.print(table)
    if hidden := [column[0] for column in columns[len(widths) :]]:
        console.print(Text(f"No room for {', '.join(dict.fromkeys(hidden))}: see --json", "dim"))


def fit(columns: Sequence[Sequence[str]], numeric: Sequence[bool], room: int) -> list[int]:
    """The widths of as many columns as the room is for.

    Text gets shorter first, the longest first; numbers and times are whole or not there at all.
    """
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in columns]
    least = [
        width if is_numeric or any(map(_TIME.match, column)) else min(width, LEAST)
        for column, width, is_numeric in zip(columns, widths, numeric, strict=True)
    ]
    while len(least) > 1 and sum(least) + GAP * (len(least) - 1) > room:
        least.pop()
    del widths[len(least) :]
    while sum(widths) + GAP * (len(widths) - 1) > room and widths != least:
        longest = max(range(len(widths)), key=lambda i: widths[i] - least[i])
        widths[longest] -= 1
    return widths


def _is_numeric(column: Iterable[str]) -> bool:
    found = [c for c in column if c]
    return bool(found) and all(map(_NUMBER.fullmatch, found))


def text(value: Any) -> str:
    """A cell of a table: short, on one line, and nothing that could steer a terminal."""
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
            value = " ".join(_words(value))
        case list():
            value = f"[{', '.join(f'{v:.4g}' if isinstance(v, float) else repr(v) for v in value)}]"
    return _CONTROL.sub("\ufffd", " ".join(str(value).split()))


def _words(document: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """The items of a document, named as in filters: opt.name=adam, "two words"."""
    for key, value in document.items():
        name = before + (f'"{key}"' if " " in key else key)
        if isinstance(value, dict) and value:
            yield from _words(value, f"{name}.")
        else:
            yield name if value is True else f"{name}={text(value)}"


def exact(value: Any) -> str:
    """A cell that holds numbers as they are, not rounded as in tables of runs."""
    return repr(value) if isinstance(value, float | list) else text(value)


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
