"""``runbase delete``: delete runs, or an experiment with all its runs."""

from __future__ import annotations

import argparse
import sys

from ..client import Client
from ..errors import ConfigError
from ..store import experiments, runs, tables
from .common import Subparsers, add_command, reader, split_names, text
from .selection import add_kind


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "delete",
        run,
        "delete runs or an experiment",
        "Delete runs, or an experiment with all its runs, their metrics and links. What would go\n"
        "is shown first, and you are asked; in scripts say --yes.",
        "runbase delete 17 18 runs.db\nrunbase delete --experiment digits runs.db\n"
        "runbase delete 17 --yes",
    )
    parser.add_argument("names", nargs="*", metavar="RUN|DATABASE", help="ids of runs, a database")
    parser.add_argument("-e", "--experiment", help="an experiment, by its name")
    add_kind(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    """Run the command; 1 if the person said no."""
    database, names = split_names(args.names)
    ids = list(dict.fromkeys(map(_id, names)))
    if bool(ids) == bool(args.experiment):
        raise ConfigError("say what to delete: ids of runs, or --experiment NAME")
    client = reader(args, database)
    experiment = (
        experiments.find(client.db, args.experiment, args.kind) if args.experiment else None
    )
    print(_what(client, ids, experiment))
    if not args.yes and not confirmed():
        print("Nothing was deleted.")
        return 1
    with client:
        for id in ids:
            runs.delete(client.db, id)
        if experiment is not None:
            experiments.delete(client.db, experiment)
    print("Deleted.")
    client.close()
    return 0


def _id(text: str) -> int:
    if text.isdecimal():
        return int(text)
    raise ConfigError(f"{text!r} is neither the id of a run nor a database")


def _what(client: Client, ids: list[int], experiment: int | None) -> str:
    if experiment is not None:
        count, values = tables.counts(client.db, experiment)
        name = experiments.get_name(client.db, experiment)
        return f"Experiment {name!r} with {count:,} runs and {values:,} values of metrics"
    lines = []
    for id in ids:
        row = tables.one(client.db, id)
        if row is None:
            raise runs.missing(id)
        values = sum(m.n for m in row.metrics.values())
        lines.append(
            f"Run {id} of {text(row.experiment)} ({row.status}) with {values:,} values of metrics"
        )
    return "\n".join(lines)


def confirmed() -> bool:
    """Whether the person at the terminal agrees.

    Raises:
        ConfigError: there is no person.
    """
    if not sys.stdin.isatty():
        raise ConfigError("nothing was deleted: there is nobody to ask, so say --yes")
    print("Delete for ever? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
