"""``runbase artifacts``: list, get, add and check the files of runs."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from .. import artifacts
from ..artifacts import Artifact
from ..client import Client
from ..errors import ConfigError, InvalidValueError
from ..store import runs
from .common import (
    Subparsers,
    add_command,
    add_database,
    choose_by_first_word,
    print_json,
    print_table,
    reader,
    split_names,
)
from .delete import confirmed
from .selection import add_kind, find_experiment, period

HEADERS = ("id", "run", "name", "type", "size", "created")


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "artifacts",
        run,
        "list, get, add and check the files of runs",
        "List the artifacts of runs: files, figures, tables and whatever else\n"
        "Run.add_artifact stored. Of each name of a run the newest is listed. The first word may\n"
        "be another action: get, add, verify or gc.",
        "runbase artifacts runs.db\n"
        "runbase artifacts runs.db --run 17 --versions\n"
        "runbase artifacts --experiment digits --name '*.png' --json\n"
        "runbase artifacts get --help\n"
        "runbase artifacts add --help\n"
        "runbase artifacts verify --help\n"
        "runbase artifacts gc --help",
    )
    add_database(parser)
    _add_selection(parser)
    parser.add_argument("--versions", action="store_true", help="also older files of the same name")
    parser.add_argument("--json", action="store_true", help="print JSON")
    actions = argparse.ArgumentParser(prog=parser.prog).add_subparsers()
    makers = {"get": _add_get, "add": _add_add, "verify": _add_verify, "gc": _add_gc}
    choose_by_first_word(parser, {name: make(actions) for name, make in makers.items()})


def _add_selection(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which artifacts")
    group.add_argument("-r", "--run", dest="run_id", type=int, help="only those of this run")
    group.add_argument("-e", "--experiment", help="only those of this experiment (name or id)")
    add_kind(group)
    group.add_argument("--name", metavar="PATTERN", help="only names like this, such as '*.png'")


def _add_get(actions: Subparsers) -> argparse.ArgumentParser:
    parser = add_command(
        actions,
        "get",
        get,
        "save artifacts of a run",
        "Save artifacts of a run as files, with the folders in their names: those with the given\n"
        "names, or all. A file that is there already is replaced.",
        "runbase artifacts get 17 runs.db\n"
        "runbase artifacts get 17 model.pt plots/loss.png runs.db -o results\n"
        "runbase artifacts get 17 model.pt -o best.pt\n"
        "runbase artifacts get 17 log.txt -o - | tail",
    )
    parser.add_argument("run_id", type=int, metavar="RUN", help="id of the run")
    parser.add_argument("names", nargs="*", metavar="NAME|DATABASE", help="names, a database")
    parser.add_argument(
        "-o",
        "--output",
        default=".",
        help="folder to save in; for one name also a file, or - for standard output (default: .)",
    )
    return parser


def _add_add(actions: Subparsers) -> argparse.ArgumentParser:
    parser = add_command(
        actions,
        "add",
        add,
        "store files as artifacts of a run",
        "Store files, and all files in folders, as artifacts of a run. The database is the one\n"
        "of --url or the configuration.",
        "runbase artifacts add 17 model.pt --url sqlite:///runs.db\n"
        "runbase artifacts add 17 results/ --name results --url sqlite:///runs.db",
    )
    parser.add_argument("run_id", type=int, metavar="RUN", help="id of the run")
    parser.add_argument("paths", nargs="+", metavar="FILE", help="files and folders")
    parser.add_argument("--name", help="name of the file, or folder of the names of a folder's")
    return parser


def _add_verify(actions: Subparsers) -> argparse.ArgumentParser:
    parser = add_command(
        actions,
        "verify",
        verify,
        "check that the bytes are what was stored",
        "Read all artifacts, and compare them with the size and the SHA-256 that were stored.\n"
        "What is wrong is printed, and the exit status is 1.",
        "runbase artifacts verify runs.db\nrunbase artifacts verify runs.db --run 17",
    )
    add_database(parser)
    _add_selection(parser)
    parser.add_argument("--json", action="store_true", help="print what is wrong as JSON")
    return parser


def _add_gc(actions: Subparsers) -> argparse.ArgumentParser:
    parser = add_command(
        actions,
        "gc",
        gc,
        "delete files that no artifact has any more",
        "Delete the files of runs that were deleted, and what programs that were killed left\n"
        "behind. What would go is shown first, and you are asked; in scripts say --yes. Where\n"
        "another database has files in the same folder or bucket, nothing is deleted.",
        "runbase artifacts gc runs.db --dry-run\nrunbase artifacts gc runs.db --yes",
    )
    add_database(parser)
    parser.add_argument(
        "--older-than",
        default="1d",
        metavar="TIME",
        help="only those as old as this, which no program still writes: 12h, 2d (default: 1d)",
    )
    parser.add_argument("--dry-run", action="store_true", help="only show what would go")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    return parser


def run(args: argparse.Namespace) -> None:
    """List artifacts."""
    with closing(reader(args)) as client:
        found = list(_select(client, args))
        if not args.versions:
            newest = {(each.run_id, each.name): each for each in found}
            found = [each for each in found if newest[each.run_id, each.name] is each]
        if args.json:
            print_json([as_dict(each) for each in found])
        else:
            print_artifacts(found)


def get(args: argparse.Namespace) -> None:
    """Save artifacts."""
    database, names = split_names(args.names)
    output = Path(args.output)
    with closing(reader(args, database)) as client:
        if names:
            found = [artifacts.find(client, args.run_id, name) for name in names]
        else:
            found = artifacts.of(client, args.run_id)
        if args.output == "-":
            for each in found:
                with each.open() as file:
                    shutil.copyfileobj(file, sys.stdout.buffer)
            return
        if len(names) != 1 or args.output.endswith("/"):
            _make(output)
        for each in found:
            print(each.save(output))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"the folder cannot be made: {error}") from error


def add(args: argparse.Namespace) -> None:
    """Store artifacts."""
    paths = [Path(path) for path in args.paths]
    if args.name is not None and len(paths) > 1:
        raise ConfigError("--name is for one file or folder at a time")
    for path in paths:
        if not path.exists():
            raise InvalidValueError(f"there is no file or folder {path}")
    with closing(reader(args)) as client:
        for path in paths:
            if path.is_dir():
                added = artifacts.add_folder(client, args.run_id, path, args.name)
            else:
                added = [artifacts.add(client, args.run_id, path, args.name)]
            print_artifacts(added)


def verify(args: argparse.Namespace) -> int:
    """Check artifacts; 1 if something is wrong."""
    count, wrong = 0, []
    with closing(reader(args)) as client:
        for each in _select(client, args):
            count += 1
            if (problem := artifacts.verify(each)) is not None:
                wrong.append(problem)
    if args.json:
        print_json([{**as_dict(each), "problem": what} for each, what in wrong])
    else:
        if wrong:
            print_table(
                ("id", "run", "name", "problem"),
                [(each.id, each.run_id, each.name, what) for each, what in wrong],
            )
        print(f"{count - len(wrong):,} of {count:,} artifacts are what was stored.")
    return 1 if wrong else 0


def gc(args: argparse.Namespace) -> int:
    """Delete what is left over; 1 if the person said no."""
    age: timedelta = period(args.older_than)
    with closing(reader(args)) as client:
        found = artifacts.collect(client, age, delete=False)
        if found:
            rows = [(e.uri, f"{e.size:,}", e.time) for e in found]
            print_table(("file", "size", "written"), rows)
        print(f"{len(found):,} files with {sum(e.size for e in found):,} bytes belong to no run.")
        if args.dry_run or not found:
            return 0
        if not args.yes and not confirmed():
            print("Nothing was deleted.")
            return 1
        artifacts.collect(client, age)
        print("Deleted.")
    return 0


def _select(client: Client, args: argparse.Namespace) -> Iterator[Artifact]:
    if args.run_id is not None:
        runs.experiment_of(client.db, args.run_id)
        of_run = artifacts.of(client, args.run_id, versions=True)
        found = iter(sorted(of_run, key=lambda each: each.id))
    else:
        name = args.experiment
        experiment = None if name is None else find_experiment(client.db, name, args.kind)
        found = artifacts.all_of(client, experiment)
    return (each for each in found if fnmatchcase(each.name, args.name or "*"))


def _cells(each: Artifact) -> tuple[object, ...]:
    size = None if each.size is None else f"{each.size:,}"
    return (each.id, each.run_id, each.name, each.mimetype, size, each.time_created)


def print_artifacts(found: Iterable[Artifact]) -> None:
    """Print a table."""
    print_table(HEADERS, map(_cells, found))


def as_dict(each: Artifact) -> dict[str, object]:
    """What is known of an artifact, for JSON."""
    names = (
        *("id", "run_id", "name", "mimetype", "encoding", "size", "sha256", "uri"),
        "time_created",
    )
    return {name: getattr(each, name) for name in names}
