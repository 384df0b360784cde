"""Copies of Ax's old SQLite databases with the tables and columns that today's Ax looks for.

Ax adds tables and columns from version to version, but never to a database that is there.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ...errors import ConfigError, CorruptDatabaseError, MissingExtraError, require

#: What SQLite keeps beside a database, as long as it is in use or after a crash.
COMPANIONS = ("", "-journal", "-wal")


@contextmanager
def upgraded_copy(file: Path) -> Iterator[Path]:
    """A temporary copy of a database of Ax's, which the installed Ax can read.

    Raises:
        ConfigError: the database has no tables of Ax's.
        CorruptDatabaseError: it is damaged.
        MissingExtraError: Ax or SQLAlchemy is not installed.
    """
    with TemporaryDirectory(prefix="runbase-") as folder:
        copy = Path(folder, "copy.db")
        _copy(file, copy)
        _check(copy, file)
        require("ax", "ax")
        _require_sqlalchemy()
        _upgrade(url_of(copy))
        yield copy


def _copy(file: Path, copy: Path) -> None:
    """Copy a database as it is at one moment, also while others write to it."""
    try:
        with (
            closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
    except sqlite3.DatabaseError:  # what a crash left can only be put right in a copy
        for ending in COMPANIONS:
            if (part := Path(f"{file}{ending}")).exists():
                shutil.copyfile(part, f"{copy}{ending}")


def url_of(path: Path) -> str:
    """SQLAlchemy's URL of an SQLite file."""
    return f"sqlite:///{path.as_posix()}"


def _check(copy: Path, file: Path) -> None:
    try:
        with closing(sqlite3.connect(copy)) as connection:
            found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = {name for (name,) in found}
    except sqlite3.DatabaseError as error:
        raise CorruptDatabaseError(f"{file} is damaged: {error}") from error
    if "experiment_v2" not in tables:
        raise ConfigError(f"{file} has no tables of Ax's SQL store: give the database that Ax used")


def _require_sqlalchemy() -> None:
    try:
        import sqlalchemy  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "SQLAlchemy is not installed, and Ax needs it to read its databases: "
            "pip install 'SQLAlchemy>=2'"
        ) from error


def _upgrade(url: str) -> None:
    """Add the tables and columns that the installed Ax looks for."""
    import ax.storage.sqa_store.sqa_classes  # noqa: F401 - so that `Base` knows the tables
    from ax.storage.sqa_store.db import Base
    from sqlalchemy import create_engine, inspect

    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            known = {column["name"] for column in inspect(connection).get_columns(table.name)}
            for column in table.columns:
                if column.name not in known:
                    kind = column.type.compile(engine.dialect)
                    connection.exec_driver_sql(
                        f'ALTER TABLE "{table.name}" ADD COLUMN "{column.name}" {kind}'
                    )
        connection.exec_driver_sql("UPDATE metric_v2 SET signature = name WHERE signature IS NULL")
    engine.dispose()
