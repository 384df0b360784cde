"""Measure the store for Ax beside Ax's own SQL store, each in the same run, and print tables.

To be run by a Python that has Ax, SQLAlchemy and tabulate (``make ax``). Everything happens in a
folder that is removed at the end.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from contextlib import AbstractContextManager, ExitStack
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import environment, postgres
from bench.ax_sections import PEERS, SECTIONS, Lab, call
from bench.optuna_storage import _names, sections, summary
from bench.optuna_tables import aligned
from bench.publish import publish
from tests.servers import MariaDBServer


class SafeMariaDBServer(MariaDBServer):
    """With its usual settings: every commit is synced."""

    service = """
        {mariadbd} --no-defaults --datadir={directory}/data --tmpdir={directory}
        --socket={directory}/socket --pid-file={directory}/pid --init-file={directory}/login
        --bind-address=127.0.0.1 --port={port} --skip-name-resolve --skip-ssl
        --character-set-server=utf8mb4
    """


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a rough look, up to 100 trials")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds; 3, or 1 if quick")
    parser.add_argument(
        "--sections", type=_names(list(SECTIONS)), metavar="NAME,...", default=list(SECTIONS),
        help=", ".join(SECTIONS),
    )  # fmt: skip
    parser.add_argument(
        "--peers", type=_names(PEERS), metavar="NAME,...", default=PEERS, help=", ".join(PEERS)
    )
    parser.add_argument("--path", type=Path, metavar="FOLDER", help="a folder on the disk to use")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the tables into a section of this file"
    )
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    return options


def measure(options: argparse.Namespace) -> str:
    """The machine and the tables."""
    tempfile.tempdir = str(options.path.resolve()) if options.path else None
    with ExitStack() as stack:
        folder = environment.scratch()
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        servers, notes = {}, []
        for name, server in {"postgres": postgres.running, "mysql": mariadb}.items():
            if (peer := f"runbase-{name}") not in options.peers:
                continue
            if (url := stack.enter_context(server(folder))) is not None:
                servers[peer] = url
            else:
                notes.append(f"Without {peer}: its server is not installed here.")
        peers = [p for p in options.peers if p in servers or not p.startswith("runbase-")]
        versions = call("versions", folder)
        machine = environment.hardware(folder)
        lab = Lab(folder, servers, peers, options.rounds, options.quick)
        found = sections(lab, options.sections, SECTIONS)
    also = ", ".join(f"{package} {version}" for package, version in versions.items())
    is_quick = "a quick run, only a rough look, " if options.quick else ""
    head = f"{date.today()}, {is_quick}rounds: {options.rounds}: {machine}, {also}."
    tables = [f"### {title}\n\n{aligned(lines)}" for title, lines in found.items()]
    return "\n\n".join([head, *notes, *tables, summary(found)])


def mariadb(folder: Path) -> AbstractContextManager[str | None]:
    """The URL of a server, up to the name of a database; None if there is no MariaDB."""
    return postgres.serving(SafeMariaDBServer(folder / "mysql"))


def main() -> None:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    text = measure(options)
    print(text)
    if options.output:
        publish(options.output, "ax", text)


if __name__ == "__main__":
    main()
