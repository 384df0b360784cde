"""Reads databases that older versions of Optuna made, without changing them."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ...errors import SchemaError

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from sqlalchemy import Engine, MetaData, Table

#: Rows that are copied at a time.
CHUNK = 1000
#: Optuna's tables, in all of its versions; heartbeats are of no use in a copy.
TABLES = (
    "studies",
    "study_directions",
    "study_user_attributes",
    "study_system_attributes",
    "trials",
    "trial_user_attributes",
    "trial_system_attributes",
    "trial_params",
    "trial_values",
    "trial_intermediate_values",
    "version_info",
    "alembic_version",
)


def is_current(engine: Engine, tables: set[str]) -> bool:
    """Whether the tables have the form that the installed Optuna reads.

    Raises:
        SchemaError: a newer Optuna made them.
    """
    from alembic.migration import MigrationContext
    from sqlalchemy import text

    with engine.connect() as connection:
        version = MigrationContext.configure(connection).get_current_revision()
        # Without this row Optuna would write it.
        is_complete = connection.execute(text("SELECT 1 FROM version_info")).first() is not None
    head, known = _versions()
    if version is not None and version not in known:
        raise SchemaError(
            f"the tables have version {version}, which a newer Optuna made: update it with "
            "pip install -U optuna"
        )
    return version == head and is_complete and {*TABLES} <= tables


def _versions() -> tuple[str | None, set[str]]:
    from alembic.script import ScriptDirectory
    from optuna.storages import _rdb

    scripts = ScriptDirectory(str(Path(str(_rdb.__file__)).parent / "alembic"))
    return scripts.get_current_head(), {script.revision for script in scripts.walk_revisions()}


@contextmanager
def upgraded_copy(engine: Engine, tables: set[str]) -> Iterator[RDBStorage]:
    """A temporary copy of Optuna's tables, which Optuna itself brought up to date."""
    from optuna.storages import RDBStorage
    from sqlalchemy import create_engine

    with TemporaryDirectory(prefix="runbase-") as folder:
        url = f"sqlite:///{Path(folder, 'copy.db').as_posix()}"
        copy = create_engine(url)
        _copy_tables(engine, copy, _names(engine, tables))
        copy.dispose()
        # Tables of today's form, which Optuna would create, are in the way of its upgrade.
        storage = RDBStorage(url, skip_compatibility_check=True, skip_table_creation=True)
        try:
            with _quiet_logging(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about the old distributions that it replaces
                storage.upgrade()
            yield storage
        finally:
            storage.scoped_session.remove()
            storage.engine.dispose()


def _names(engine: Engine, tables: set[str]) -> list[str]:
    """The tables to copy, without those that a newer Optuna created before it gave up."""
    from sqlalchemy import inspect

    columns = {column["name"] for column in inspect(engine).get_columns("studies")}
    unused = {"study_directions", "trial_intermediate_values"} if "direction" in columns else set()
    return [name for name in TABLES if name in tables - unused]


@contextmanager
def _quiet_logging() -> Iterator[None]:
    """Keep the upgrade from configuring logging, as it does where no handler is set up."""
    handler = logging.NullHandler()
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def _copy_tables(source: Engine, copy: Engine, names: list[str]) -> None:
    from sqlalchemy import MetaData, Table, insert, select

    found, metadata = MetaData(), MetaData()
    for name in names:
        _plain(Table(name, found, autoload_with=source, resolve_fks=False), metadata)
    metadata.create_all(copy)
    with source.connect() as reader, copy.begin() as writer:
        if source.dialect.name != "sqlite":  # all tables as they are at one moment
            reader = reader.execution_options(isolation_level="REPEATABLE READ")
        reader = reader.execution_options(yield_per=CHUNK)
        for table in metadata.tables.values():
            for rows in reader.execute(select(table)).mappings().partitions():
                writer.execute(insert(table), [dict(row) for row in rows])


def _plain(table: Table, metadata: MetaData) -> None:
    """A table of the same columns in types of all engines, without further constraints."""
    from sqlalchemy import Column, Table

    columns = (
        Column(c.name, _plain_type(c.type), primary_key=c.primary_key) for c in table.columns
    )
    Table(table.name, metadata, *columns)


def _plain_type(type_: Any) -> Any:
    from sqlalchemy import DateTime, Float, Integer, Numeric, String

    for kind in (Integer, DateTime):
        if isinstance(type_, kind):
            return kind()
    return Float(53) if isinstance(type_, Float | Numeric) else String()
