"""The settings of a dashboard: of the command line, a config file and the environment."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from ...errors import ConfigError
from .guard import MAX_BODY

PREFIX = "RUNBASE_DASHBOARD_"
#: The name of the same in Optuna Dashboard.
OLD_MAX_BODY = "OPTUNA_DASHBOARD_MEMFILE_MAX"
LONGEST = 3600  # seconds of a query
TABLES = ("optuna_dashboard", "runbase_dashboard")
BASE_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
Server = Literal["auto", "uvicorn", "gunicorn", "wsgiref"]
StorageClass = Literal["RDBStorage", "JournalRedisStorage", "JournalFileStorage"]


class Options(Struct, forbid_unknown_fields=True):
    """Everything that can be set."""

    #: A URL, an SQLite file or a journal file; None for the configured database.
    storage: str | None = None
    storage_class: StorageClass | None = None
    host: str = "127.0.0.1"
    #: 0 for one that is free.
    port: int = 8080
    server: Server = "auto"
    artifact_dir: str | None = None
    quiet: bool = False
    allow_unsafe: bool = False
    token: str | None = None
    read_only: bool = False
    base_path: str = ""
    allowed_hosts: list[str] = []
    #: Bytes of a request, at most.
    max_body: int = MAX_BODY
    no_open: bool = False
    #: No queries in SQL; another URL for them; seconds that one may take.
    no_sql: bool = False
    sql_url: str | None = None
    sql_timeout: float = 10.0
    #: The tables ``[artifact_store.*]``.
    artifact_store: dict[str, dict[str, Any]] = {}
    #: Whether the config file has a table for language models, which are not used.
    has_llm: bool = False


def load_options(given: Mapping[str, Any], file: str | os.PathLike[str] | None = None) -> Options:
    """The settings of ``given``, then of the config file, then of the environment.

    Raises:
        ConfigError: the file cannot be read, or a setting is unknown or wrong.
    """
    found = _from_environment() | (_from_file(Path(file)) if file else {}) | dict(given)
    hosts = found.get("allowed_hosts")
    if isinstance(hosts, str):
        found["allowed_hosts"] = [host.strip() for host in hosts.split(",") if host.strip()]
    try:
        options = msgspec.convert(found, Options, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"a setting of the dashboard is wrong: {error}") from error
    return _checked(options)


def base_path_of(text: str) -> str:
    """A base path as it is used: ``/runs``, or nothing for the root.

    Raises:
        ConfigError: it has characters that need to be escaped.
    """
    path = "/" + text.strip("/") if text.strip("/") else ""
    if not BASE_PATH.fullmatch(path) or "/.." in path:
        raise ConfigError(f"a base path is like /runs or /team/runs, not {text!r}")
    return path


def token_of(given: str | None) -> str | None:
    """The token that was given, or else that of the environment."""
    return given or os.environ.get(f"{PREFIX}TOKEN") or None


def max_body_of(environment: Mapping[str, str]) -> int:
    """Bytes of a request at most, as the environment has it.

    Raises:
        ConfigError: it is no number.
    """
    text = environment.get(f"{PREFIX}MAX_BODY") or environment.get(OLD_MAX_BODY) or str(MAX_BODY)
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise ConfigError(f"{PREFIX}MAX_BODY is a number of bytes, not {text!r}")
    return int(text)


def allowed_hosts_of(given: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """The names that were given, or else those of the environment."""
    text = os.environ.get(f"{PREFIX}ALLOWED_HOSTS", "")
    return tuple(given) or tuple(host.strip() for host in text.split(",") if host.strip())


def check_seconds(seconds: float) -> float:
    """The seconds that a query may take.

    Raises:
        ConfigError: they are none.
    """
    if not 0 < seconds <= LONGEST:
        raise ConfigError(f"sql_timeout is a number of seconds up to {LONGEST}, not {seconds:g}")
    return seconds


def _checked(options: Options) -> Options:
    if not 0 <= options.port <= 65535:
        raise ConfigError(f"a port is a number from 0 to 65535, not {options.port}")
    if options.max_body <= 0:
        raise ConfigError(f"max_body is a number of bytes, not {options.max_body}")
    check_seconds(options.sql_timeout)
    options.base_path = base_path_of(options.base_path)
    options.token = options.token or None
    return options


def _from_environment() -> dict[str, Any]:
    names = {f"{PREFIX}{name.upper()}": name for name in Options.__struct_fields__}
    found: dict[str, Any] = {
        name: os.environ[key] for key, name in names.items() if os.environ.get(key)
    }
    for name in ("artifact_store", "has_llm"):
        found.pop(name, None)
    return found | {"max_body": max_body_of(os.environ)}


def _from_file(path: Path) -> dict[str, Any]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"the config file {path} cannot be read: {reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the config file {path} is no TOML: {error}") from error
    found: dict[str, Any] = {}
    for name in TABLES:
        table = tables.get(name, {})
        if not isinstance(table, dict):
            raise ConfigError(f"{name} in the config file {path} is not a table: write [{name}]")
        found |= table
    if stores := tables.get("artifact_store"):
        found["artifact_store"] = stores
    if tables.get("llm"):
        found["has_llm"] = True
    return found
