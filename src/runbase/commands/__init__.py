"""The ``runbase`` command: set up databases, and look at what is in them.

``setup`` and ``create`` here are the functions; each command has a module of its own.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ..errors import FilterError, RunbaseError
from .artifacts import add_parser as _add_artifacts
from .common import database_options
from .create import add_parser as _add_create
from .create import create
from .dashboard import add_parser as _add_dashboard
from .delete import add_parser as _add_delete
from .execute import add_parser as _add_execute
from .export import add_parser as _add_export
from .importing import add_parser as _add_import
from .ls import add_parser as _add_ls
from .runs import add_parser as _add_runs
from .setup import add_parser as _add_setup
from .setup import setup
from .show import add_parser as _add_show

__all__ = ["create", "main", "setup"]

_COMMANDS = (
    _add_setup,
    _add_create,
    _add_execute,
    _add_ls,
    _add_runs,
    _add_show,
    _add_artifacts,
    _add_dashboard,
    _add_export,
    _add_import,
    _add_delete,
)
_DRIVERS = ("sqlite3", "psycopg", "pymysql")


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    root = argparse.ArgumentParser(
        prog="runbase",
        description="Track experiments in tables that you own, and look at what is in them.",
        epilog="The database is the one of --url, of a DATABASE argument, of the config file or "
        "the environment, or else ./runbase.db. 'runbase COMMAND --help' tells more.",
        parents=[database_options()],
    )
    root.add_argument("--version", action="store_true", help="print the version and exit")
    commands = root.add_subparsers(metavar="COMMAND", dest="command")
    for add_parser in _COMMANDS:
        add_parser(commands)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, 1 after an error, 2 for wrong usage."""
    root = parser()
    args = root.parse_args(argv)
    if args.version:
        from importlib.metadata import version

        print(f"runbase {version('runbase')}")
        return 0
    if args.command is None:
        root.print_help()
        return 2
    try:
        status = int(args.run(args) or 0)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        if getattr(args, "debug", False) or not is_expected(error):
            raise
        print(f"runbase: {_one_line(error)}", file=sys.stderr)
        if isinstance(error, FilterError):
            print(_marked(args.filter, error.at), file=sys.stderr)
        return 1
    return status


def _marked(text: str, at: int) -> str:
    """A filter with a caret under the place of its mistake."""
    from rich.cells import cell_len

    shown = "".join(c if c.isprintable() else " " for c in text)
    return f"  {shown}\n  {' ' * cell_len(shown[:at])}^"


def is_expected(error: BaseException) -> bool:
    """Whether a person can mend the error: Runbase's own, or one that the database gave."""
    return isinstance(error, RunbaseError) or type(error).__module__.startswith(_DRIVERS)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
