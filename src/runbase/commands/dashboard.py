"""``runbase dashboard``: serve the pages of a database."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ..errors import ConfigError, require
from .common import Subparsers, make_client

EXAMPLES = """\
examples:
  runbase dashboard runs.db
  runbase dashboard postgresql://alice@db.example/alice --read-only
  runbase dashboard optuna.db --artifact-dir artifacts
  runbase dashboard journal.log --port 0
  RUNBASE_DASHBOARD_TOKEN=secret runbase dashboard runs.db --host 0.0.0.0
"""
CLASSES = ("RDBStorage", "JournalRedisStorage", "JournalFileStorage")
#: Options with which a database is found that is not given as STORAGE.
DATABASE = ("config_path", "user", "host", "port", "database", "schema")


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "dashboard",
        help="serve the pages of a database",
        description="Serve live pages of a database: its experiments, studies and trials. STORAGE\n"
        "is a URL, an SQLite file or a journal file, with tables of Runbase or of Optuna;\n"
        "without it, the database is that of the config file or the environment.",
        epilog=f"{EXAMPLES}\n"
        "Every option can be set in the environment (--read-only: RUNBASE_DASHBOARD_READ_ONLY=1)\n"
        "and in the table [runbase_dashboard] of the TOML file of --from-config (read_only =\n"
        "true), where [optuna_dashboard] and [artifact_store.*] are read, too. The command line\n"
        "counts before the file, and the file before the environment.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )
    parser.set_defaults(run=run)
    parser.add_argument("storage", nargs="?", metavar="STORAGE", help="what to show")
    _add_network(parser.add_argument_group("network"))
    _add_safety(parser.add_argument_group("safety"))
    _add_data(parser.add_argument_group("data"))
    parser.add_argument("--from-config", metavar="TOML", help="read settings from this file")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing")
    parser.add_argument("-v", "--version", dest="is_version", action="store_true",
                        help="print the version and exit")  # fmt: skip
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _add_network(group: Any) -> None:
    group.add_argument("--host", dest="listen", help="address to listen on (default: 127.0.0.1)")
    group.add_argument("--port", dest="listen_port", type=int, metavar="PORT",
                       help="port to listen on (default: 8080; 0: one that is free)")  # fmt: skip
    group.add_argument("--base-path", metavar="PATH", help="path below which a proxy serves this")
    group.add_argument("--no-open", action="store_true", help="do not open a browser")
    group.add_argument(
        "--server", choices=("auto", "uvicorn", "gunicorn", "wsgiref"),
        help="what serves (default: auto, which is uvicorn; with the others, pages poll)",
    )  # fmt: skip


def _add_safety(group: Any) -> None:
    group.add_argument("--read-only", action="store_true", help="refuse every write")
    group.add_argument(
        "--token",
        help="what everybody must show; better set RUNBASE_DASHBOARD_TOKEN, which other users of "
        "this machine do not see",
    )
    group.add_argument("--allowed-host", action="append", dest="allowed_hosts", metavar="NAME",
                       help="another name by which browsers reach this; can be given again"
                       )  # fmt: skip
    group.add_argument("--no-sql", action="store_true", help="let nobody run queries in SQL")
    group.add_argument(
        "--sql-url",
        metavar="URL",
        help="where queries in SQL go: to the database by an account that may only read "
        "(default: where pages read, if that is safe)",
    )
    group.add_argument(
        "--sql-timeout",
        metavar="SECONDS",
        type=float,
        help="how long a query in SQL may take (default: 10)",
    )
    group.add_argument("--allow-unsafe", action="store_true",
                       help="has no effect: notes are never shown unsafely")  # fmt: skip


def _add_data(group: Any) -> None:
    group.add_argument("--artifact-dir", metavar="DIR", help="folder with the files of studies")
    group.add_argument("--storage-class", choices=CLASSES,
                       help="what STORAGE is, where that is not found out by itself")  # fmt: skip
    group.add_argument("--url", help="the same as STORAGE")
    group.add_argument("-c", "--config-path", help="config file that says which database")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    if getattr(args, "is_version", False):
        from .. import __version__

        print(f"runbase {__version__}")
        return
    for module in ("msgspec", "starlette", "uvicorn"):
        require(module, "dashboard")
    from ..dashboard.server.options import load_options
    from ..dashboard.server.run import run_server
    from ..dashboard.server.stores import store_of_table

    options = load_options(_given(args), getattr(args, "from_config", None))
    if options.allow_unsafe:
        _say("--allow-unsafe has no effect: notes are always shown safely")
    if options.has_llm:
        _say("[llm] in the config file has no effect: language models are not used")
    run_server(
        _storage(args, options.storage),
        options.host,
        options.port,
        options.artifact_dir or store_of_table(options.artifact_store),
        token=options.token,
        read_only=options.read_only,
        base_path=options.base_path,
        allowed_hosts=options.allowed_hosts,
        max_body=options.max_body,
        storage_class=options.storage_class,
        server=options.server,
        quiet=options.quiet,
        open_browser=not options.no_open,
        sql=not options.no_sql,
        sql_url=options.sql_url,
        sql_timeout=options.sql_timeout,
    )  # fmt: skip


def _given(args: argparse.Namespace) -> dict[str, Any]:
    """The settings of the command line by the names that they have elsewhere."""
    names = {"listen": "host", "listen_port": "port"} | {
        name: name
        for name in (
            *("storage", "storage_class", "server", "artifact_dir", "quiet", "allow_unsafe"),
            *("token", "read_only", "base_path", "allowed_hosts", "no_open"),
            *("no_sql", "sql_url", "sql_timeout"),
        )
    }
    given = {new: getattr(args, old) for old, new in names.items() if hasattr(args, old)}
    if url := getattr(args, "url", None):
        if "storage" in given:
            raise ConfigError(f"one database at a time: {given['storage']} or --url")
        given["storage"] = url
    return given


def _storage(args: argparse.Namespace, given: str | None) -> Any:
    """What was given, or the database that the other commands would use."""
    if given is not None and not any(hasattr(args, name) for name in DATABASE):
        return given
    if given is not None:
        raise ConfigError(f"one database at a time: {given}, or the options for another")
    client = make_client(argparse.Namespace(**vars(args) | {"url": None}))
    engine = client.engine
    is_file = engine.name == "sqlite" and not engine.is_memory
    return str(client.config["dbpath"]) if is_file else client


def _say(text: str) -> None:
    print(f"runbase: {text}", file=sys.stderr)
