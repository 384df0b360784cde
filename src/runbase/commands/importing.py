"""``runbase import``, and the part of it and of ``runbase export`` that is about Optuna."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from ..errors import require
from . import ax
from .common import Subparsers, add_command, make_client, print_table, reader
from .progress import progress

if TYPE_CHECKING:
    from ..sources.optuna import Copied


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "import",
        help="bring in studies and experiments from elsewhere",
        description="Bring in what other systems stored.",
        epilog="examples:\n  runbase import optuna optuna.db --url sqlite:///runs.db\n"
        "  runbase import ax ax_client_snapshot.json --url sqlite:///runs.db\n"
        "  runbase import optuna --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = parser.add_subparsers(metavar="KIND", dest="kind", required=True)
    optuna = add_command(
        kinds,
        "optuna",
        import_optuna,
        "studies of Optuna",
        "Copy studies out of a storage of Optuna's, with all of their trials: a database URL, an\n"
        "SQLite file, a journal file or a Redis URL. Nothing is changed there. Run it again to\n"
        "bring in what is new since; a copy that was interrupted is completed.",
        "runbase import optuna optuna.db --url sqlite:///runs.db\n"
        "runbase import optuna postgresql://alice@db.example/optuna --study digits\n"
        "runbase import optuna journal.log --study digits --as 'digits of May'",
    )
    optuna.add_argument("source", metavar="SOURCE", help="a URL, an SQLite file or a journal file")
    _add_studies(optuna)
    ax.add_import(kinds)


def add_export(kinds: Subparsers) -> argparse.ArgumentParser:
    """Add ``export optuna``."""
    parser = add_command(
        kinds,
        "optuna",
        export_optuna,
        "studies of Optuna",
        "Copy studies to a storage of Optuna's own, with all of their trials: a database URL, an\n"
        "SQLite file (.sqlite, .db) or a journal file (.journal, .log), which is made if it is\n"
        "new. Run it again to add what is new since.",
        "runbase export optuna optuna.db --url sqlite:///runs.db\n"
        "runbase export optuna study.journal --study digits --as 'digits of May'",
    )
    parser.add_argument("target", metavar="TARGET", help="a URL, an SQLite file or a journal file")
    _add_studies(parser)
    return parser


def _add_studies(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--study", action="append", metavar="NAME", help="only this study (can be given again)"
    )
    parser.add_argument("--as", dest="rename", metavar="NAME", help="name of the copy of a study")


def import_optuna(args: argparse.Namespace) -> None:
    """Run ``import optuna``."""
    require("optuna", "optuna")
    from ..migrate import applied
    from ..optuna import RDBStorage
    from ..sources.optuna import copy_studies, find_studies, open_source
    from ..store import schema

    with (
        _quiet(),
        open_source(args.source) as source,
        closing(make_client(args)) as client,
        progress("Importing") as report,
    ):
        find_studies(source, args.study)  # or a new database would be made for nothing
        if not applied(client.database):
            schema.setup(client.database)  # beside the tables of Optuna's own storage as well
        target = RDBStorage(client)
        copied = copy_studies(source, target, args.study, report, rename=args.rename)
    _print(copied)
    print(f"Database: {client.engine.describe()}")


def export_optuna(args: argparse.Namespace) -> None:
    """Run ``export optuna``."""
    require("optuna", "optuna")
    from ..optuna import RDBStorage
    from ..sources.optuna import copy_studies, find_studies, open_target

    with _quiet(), closing(reader(args)) as client:
        source = RDBStorage(client)
        find_studies(source, args.study)  # or a new target would be made for nothing
        with open_target(args.target) as target, progress("Exporting") as report:
            copied = copy_studies(source, target, args.study, report, rename=args.rename)
    _print(copied)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's line about each new study."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _print(copied: list[Copied]) -> None:
    if not copied:
        print("There are no studies.")
        return
    print_table(["study", "new", "updated", "unchanged"], copied)
