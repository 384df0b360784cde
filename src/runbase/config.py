"""Where the database is: URLs, config files and environment variables.

Parameters come from these sources, each overriding the ones before it:

1. the defaults: SQLite in ``./runbase.db``;
2. a config file, see `find_config_file`;
3. environment variables, see `get_env_config`;
4. keywords given to `runbase.Client`.

SQLTrack's own files and variables are read where Runbase's are absent, so that a project moves
over by changing its imports; see docs/coming-from-sqltrack.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .errors import ConfigError

Config = dict[str, Any]

DEFAULT_CONFIG: Config = {"engine": "sqlite", "dbpath": "runbase.db"}
CONFIG_NAME = "runbase.conf"
FALLBACK_NAME = "sqltrack.conf"

#: Engines by their names and by the schemes of SQLAlchemy URLs.
ENGINES = {
    "sqlite": "sqlite",
    "postgres": "postgres",
    "postgresql": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
}
#: Keywords that only a server has: given without ``engine``, they mean PostgreSQL as in SQLTrack.
SERVER_KEYWORDS = {"host", "hostaddr", "port", "user", "dbname", "database", "service", "schema"}
#: Endings by which a plain path is an SQLite database instead of a config file.
DATABASE_SUFFIXES = {".db", ".sqlite", ".sqlite3"}


def is_url(text: object) -> bool:
    """Whether ``text`` is a database URL rather than a path."""
    return isinstance(text, str) and "://" in text


def parse_url(url: str) -> Config:
    """The parameters in a database URL, as SQLAlchemy and Optuna write them.

    ``sqlite:///runs.db`` is relative, ``sqlite:////data/runs.db`` absolute, ``sqlite://`` in
    memory; ``postgresql://``, ``mysql://`` and ``mariadb://`` take user, password, host, port,
    database and further parameters after ``?``. Driver suffixes such as ``+psycopg2`` are read
    and ignored: Runbase brings one driver for each engine.

    Raises:
        ConfigError: the scheme is unknown, or the port is not a number.
    """
    from urllib.parse import parse_qsl, unquote, urlsplit

    scheme, _, rest = url.partition("://")
    engine = ENGINES.get(scheme.partition("+")[0].lower())
    if engine is None:
        raise ConfigError(
            f"unknown database {scheme!r} in the URL {_without_password(url)}: use "
            "sqlite:///FILE, postgresql://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE"
        )
    if engine == "sqlite":
        path, _, query = rest.partition("?")
        return {"engine": engine, "dbpath": unquote(path[1:]) or ":memory:"} | dict(
            parse_qsl(query)
        )
    parts = urlsplit(f"//{rest}")
    try:
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"{error} in the URL {_without_password(url)}") from error
    found = {
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "host": unquote(parts.hostname or ""),
        "port": port,
        "dbname": unquote(parts.path[1:]),
    }
    return {"engine": engine} | {k: v for k, v in found.items() if v} | dict(parse_qsl(parts.query))


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    scheme, slashes, user = head.partition("://")
    return f"{scheme}{slashes}{user.partition(':')[0]}{at}{tail}" if at else url


def find_config_file(path: Path | str | None = None, config_name: str = CONFIG_NAME) -> Path | None:
    """The config file in use, or None.

    ``path`` wins, then ``RUNBASE_CONFIG_PATH`` (or ``SQLTRACK_CONFIG_PATH``); both are returned
    as they are, existing or not. Otherwise the first that exists of ``./runbase.conf``,
    ``$XDG_CONFIG_HOME/runbase/``, ``%APPDATA%/runbase/``, ``$HOME/.config/runbase/`` and
    ``$HOME/runbase.conf``, and then the same places for ``sqltrack.conf``.
    """
    explicit = path or _explicit_path()
    if explicit:
        return Path(explicit)
    names = [config_name, FALLBACK_NAME] if config_name == CONFIG_NAME else [config_name]
    return next((p for name in names for p in _places(name) if p.is_file()), None)


def _explicit_path() -> str | None:
    return os.environ.get("RUNBASE_CONFIG_PATH") or os.environ.get("SQLTRACK_CONFIG_PATH")


def _places(name: str) -> list[Path]:
    folder, env = name.partition(".")[0], os.environ
    places = [Path(name)]
    places += [Path(env[v], folder, name) for v in ("XDG_CONFIG_HOME", "APPDATA") if env.get(v)]
    if home := env.get("HOME"):
        places += [Path(home, ".config", folder, name), Path(home, name)]
    return places


def get_env_config() -> Config:
    """Parameters from ``RUNBASE_DSN_<PARAM>`` variables, with ``<PARAM>`` in lower case.

    ``RUNBASE_URL`` is short for ``RUNBASE_DSN_URL``. ``SQLTRACK_DSN_<PARAM>`` counts where
    the same variable of Runbase is not set.
    """
    found = _prefixed("SQLTRACK_DSN_") | _prefixed("RUNBASE_DSN_")
    if url := os.environ.get("RUNBASE_URL"):
        found.setdefault("url", url)
    return found


def _prefixed(prefix: str) -> Config:
    return {k[len(prefix) :].lower(): v for k, v in os.environ.items() if k.startswith(prefix)}


def load_config(
    path: Path | str | None = None, config_name: str = CONFIG_NAME, **kwargs: Any
) -> Config:
    """All parameters from the config file, the environment and ``kwargs``, on the defaults.

    Raises:
        ConfigError: a file named by ``path`` or the environment does not exist, or a file
            cannot be parsed.
    """
    file = find_config_file(path, config_name)
    if file is not None and not file.is_file():
        raise ConfigError(
            f"there is no config file {file}: create it, or correct the path that was given "
            "as argument or in RUNBASE_CONFIG_PATH"
        )
    old = (file is not None and file.name == FALLBACK_NAME) or bool(_prefixed("SQLTRACK_DSN_"))
    sources = [read_config_file(file) if file else {}, get_env_config(), kwargs]
    return complete(sources, default_engine="postgres" if old else "sqlite")


def read_config_file(path: Path) -> Config:
    """The ``key = value`` lines of a config file; the ``[DEFAULT]`` header may be left out.

    Raises:
        ConfigError: the file cannot be read or parsed.
    """
    import configparser

    parser = configparser.ConfigParser(interpolation=None)
    try:
        text = path.read_text(encoding="utf-8")
        has_header = text.lstrip().startswith("[")
        parser.read_string(text if has_header else f"[DEFAULT]\n{text}", source=str(path))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise ConfigError(f"the config file {path} cannot be read: {error}") from error
    return dict(parser.defaults())


def complete(sources: Sequence[Mapping[str, Any]], default_engine: str = "sqlite") -> Config:
    """One config from several sources, the last one winning, with the defaults filled in.

    Raises:
        ConfigError: the engine is unknown.
    """
    config: Config = {}
    for source in sources:
        parameters = dict(source)
        url = parameters.pop("url", None)
        config |= (parse_url(url) if url else {}) | parameters
    if "engine" not in config and not config.get("dbpath") and SERVER_KEYWORDS & config.keys():
        default_engine = "postgres"
    config = DEFAULT_CONFIG | {"engine": default_engine} | config
    if config["engine"] not in ENGINES:
        raise ConfigError(f"unknown engine {config['engine']!r}: choose sqlite, postgres or mysql")
    config["engine"] = ENGINES[config["engine"]]
    if "database" in config:
        config.setdefault("dbname", config["database"])
        del config["database"]
    if config["engine"] != "sqlite":
        config.setdefault("user", _username())
        config.setdefault("dbname", config["user"])
    return config


def resolve(config: Config | str | Path | None = None, **kwargs: Any) -> Config:
    """The parameters that `runbase.Client` was asked for.

    A URL or the path of an SQLite file stands for itself, and so does a dict: no other source
    is read, only ``kwargs`` are added. Any other path is a config file.

    Raises:
        ConfigError: a file, URL or engine is wrong.
    """
    if isinstance(config, Mapping):
        return complete([config, kwargs])
    if is_url(config):
        return complete([{"url": config}, kwargs])
    if config is not None and Path(config).suffix.lower() in DATABASE_SUFFIXES:
        return complete([{"engine": "sqlite", "dbpath": str(config)}, kwargs])
    return load_config(config, **kwargs)


def _username() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container whose user has no name
        return "postgres"
