"""Engines for Optuna's storage: Runbase's own, or on connections of SQLAlchemy's pool.

The latter are for those who configure SQLAlchemy by ``engine_kwargs``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ... import engines
from ...config import resolve
from ...engines import Engine
from ...errors import ConfigError, require
from .drivers import PooledMySQL, PooledPsycopg, PooledPsycopg2, PooledSQLite
from .pooled import Pooled

if TYPE_CHECKING:
    from sqlalchemy import URL

SUPPORTED = "sqlite+pysqlite, postgresql+psycopg, postgresql+psycopg2 and mysql+pymysql"


def create_engine(url: str | URL, engine_kwargs: Mapping[str, Any] | None = None) -> Engine:
    """The engine for a URL as Optuna takes it, not connected yet.

    With ``engine_kwargs``, the arguments of ``sqlalchemy.create_engine``, its connections are
    those of SQLAlchemy's pool, set up by Runbase's rules. Without them they are Runbase's own,
    whatever driver the URL names.

    Raises:
        ConfigError: URL or arguments are wrong, or Runbase does not know the driver.
        MissingExtraError: SQLAlchemy or the driver is not installed.
    """
    text = _filled(url) if isinstance(url, str) else url.render_as_string(hide_password=False)
    if not engine_kwargs:
        return engines.create_engine(resolve(text))
    require("sqlalchemy", "optuna")
    parsed = _parsed(text)
    return _kind(parsed)(resolve(text), parsed, engine_kwargs)


def _filled(template: str) -> str:
    if "{SCHEMA_VERSION}" not in template:
        return template
    from optuna.storages._rdb.models import SCHEMA_VERSION

    return template.replace("{SCHEMA_VERSION}", str(SCHEMA_VERSION))


def _parsed(text: str) -> URL:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        # Not the error of SQLAlchemy, which may repeat the URL and its password.
        raise ConfigError(f"SQLAlchemy does not understand the URL: use {SUPPORTED}") from (
            None if "@" in text else error
        )
    # Where no driver is named SQLAlchemy would take one that Runbase does not work with.
    return url.set(drivername="mysql+pymysql") if url.drivername in ("mysql", "mariadb") else url


def _kind(url: URL) -> type[Pooled]:
    from sqlalchemy.exc import ArgumentError

    try:
        name = f"{url.get_backend_name()}+{url.get_driver_name()}"
    except (ArgumentError, ImportError):  # SQLAlchemy has never heard of it
        name = url.drivername
    kind = _KINDS.get(name.replace("mariadb", "mysql"))
    if kind is None:
        raise ConfigError(f"with engine_kwargs Runbase works on {SUPPORTED}, not on {name}")
    kind.check_driver()
    return kind


_KINDS: dict[str, type[Pooled]] = {
    "sqlite+pysqlite": PooledSQLite,
    "postgresql+psycopg": PooledPsycopg,
    "postgresql+psycopg2": PooledPsycopg2,
    "mysql+pymysql": PooledMySQL,
}
