"""``runbase import ax`` and ``runbase export ax``: files of Ax's."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, NotFoundError
from .common import Subparsers, add_command, make_client, print_table, reader
from .progress import progress

if TYPE_CHECKING:
    from ..client import Client

HEADERS = ("experiment", "trials", "observations", "strategy")


def add_import(kinds: Subparsers) -> None:
    """Add ``import ax``."""
    parser = add_command(
        kinds,
        "ax",
        import_ax,
        "experiments of Ax",
        "Bring in an experiment from a JSON file that Ax wrote: a snapshot of a client\n"
        "(save_to_json_file), with its generation strategy, or an experiment alone\n"
        "(save_experiment), of any version of Ax. This needs neither Ax nor torch. Experiments\n"
        "in the SQLite database of Ax's SQL store, of an older Ax too, come in through Ax, which\n"
        "needs runbase[ax] and SQLAlchemy. The file is never changed.",
        "runbase import ax ax_client_snapshot.json --url sqlite:///runs.db\n"
        "runbase import ax experiment.json --as 'cnn of May'\n"
        "runbase import ax experiment.json --overwrite\n"
        "runbase import ax ax_old.db --experiment cnn",
    )
    parser.add_argument("file", metavar="FILE", help="a JSON file or an SQLite file of Ax's")
    parser.add_argument("--as", dest="rename", metavar="NAME", help="name of the experiment here")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an experiment that has the name"
    )
    parser.add_argument(
        "--experiment",
        action="append",
        metavar="NAME",
        help="only this experiment of a database (can be given again)",
    )


def add_export(kinds: Subparsers) -> argparse.ArgumentParser:
    """Add ``export ax``."""
    parser = add_command(
        kinds,
        "ax",
        export_ax,
        "experiments of Ax",
        "Write an Ax experiment to a JSON file that Ax loads: with a generation strategy a\n"
        "snapshot for load_from_json_file of Ax's Client, without one an experiment for\n"
        "load_experiment of Ax's JSON store. This needs neither Ax nor torch.",
        "runbase export ax snapshot.json --url sqlite:///runs.db\n"
        "runbase export ax cnn.json --experiment cnn --url postgresql://alice@db.example/alice",
    )
    parser.add_argument("target", metavar="TARGET", help="the JSON file to write")
    parser.add_argument(
        "--experiment", metavar="NAME", help="which one (default: the only one that there is)"
    )
    return parser


def import_ax(args: argparse.Namespace) -> None:
    """Run ``import ax``."""
    from ..sources.ax import import_database, import_snapshot, is_sqlite

    file = Path(args.file)
    with closing(make_client(args)) as client, progress("Importing") as report:
        if is_sqlite(file):
            imported = import_database(
                client, file, args.experiment, args.rename,
                overwrite=args.overwrite, progress=report,
            )  # fmt: skip
        elif args.experiment:
            raise ConfigError(
                f"--experiment is for databases: {file} has one experiment; --as NAME renames it"
            )
        else:
            imported = [
                import_snapshot(
                    client, file, args.rename, overwrite=args.overwrite, progress=report
                )
            ]
    _print(imported)
    print(f"Database: {client.engine.describe()}")


def export_ax(args: argparse.Namespace) -> None:
    """Run ``export ax``."""
    from ..sources.ax import export_snapshot

    with closing(reader(args)) as client:
        name = args.experiment if args.experiment is not None else _only(client)
        exported = export_snapshot(client, name, args.target)
    _print([exported])


def _only(client: Client) -> str:
    from ..store.ax import experiments

    names = experiments.names(client.db)
    if not names:
        raise NotFoundError("there are no Ax experiments: 'runbase ls' lists what there is")
    if len(names) > 1:
        raise ConfigError(
            f"there are {len(names)} Ax experiments: choose one with --experiment NAME; "
            "'runbase ls' lists them"
        )
    return names[0]


def _print(rows: Iterable[Any]) -> None:
    print_table(HEADERS, rows)
