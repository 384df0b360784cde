"""Ax's own files: snapshots come in as rows and go out again, without Ax and torch. ::

    import_snapshot(runbase.Client("sqlite:///runs.db"), "ax_client_snapshot.json")
    export_snapshot(runbase.Client("sqlite:///runs.db"), "my experiment", "copy.json")

The old SQLite databases of Ax's SQL store, which today's Ax cannot open, come in through Ax.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...client import Client
from ...db import Database
from ...errors import ConfigError
from ..replacing import replacing
from .export import Joined
from .files import is_sqlite, read_file
from .rows import Progress, Rows, check_free, write

if TYPE_CHECKING:
    from .database import Found

__all__ = [
    "Copied",
    "export_snapshot",
    "import_database",
    "import_snapshot",
    "is_sqlite",
]


class Copied(NamedTuple):
    """An experiment that came in or went out."""

    #: The name that the copy has.
    name: str
    trials: int
    observations: int
    has_strategy: bool


def import_snapshot(
    target: Client | Database,
    file: str | os.PathLike[str],
    name: str | None = None,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Copied:
    """Bring in the experiment of a JSON file of Ax's, all of it or nothing.

    The file is a snapshot of a client (``Client`` or ``AxClient``), whose generation strategy
    comes in too, or an experiment alone, of any version of Ax. Classes of users' own need not be
    known, since nothing is made of the documents but rows.

    Args:
        target: where the experiment should be.
        file: the path of the file.
        name: the name that the experiment gets, by default the one in the file.
        overwrite: whether it takes the place of an experiment of this name.
        progress: called with the number of trials that are written and of all trials.

    Raises:
        NotFoundError: there is no such file.
        ConfigError: the file is none of Ax's, or the experiment in it has no name.
        CorruptDatabaseError: a part of the file is damaged; the message names it.
        ConflictError: there is an experiment of this name.
        InvalidValueError: a name in it cannot be stored.
    """
    path = Path(file)
    snapshot = read_file(path)
    rows = Rows(snapshot, path, name)
    write(_database(target), rows, overwrite, progress)
    observations = sum(map(len, snapshot.observations.values()))
    return Copied(rows.head.name, len(rows.trials), observations, rows.strategy is not None)


def import_database(
    target: Client,
    file: str | os.PathLike[str],
    names: Sequence[str] | None = None,
    rename: str | None = None,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    config: Any = None,
) -> list[Copied]:
    """Bring in experiments from an SQLite database of Ax's own SQL store, of any version of Ax.

    Ax itself reads them, from a temporary copy; the file is never changed. Classes of users' own
    are registered first, with `runbase.ax.register_metric` and `runbase.ax.register_runner`. Each
    experiment comes in with its newest generation strategy, both or neither.

    Args:
        target: where the experiments should be.
        file: the path of the database.
        names: which experiments; by default all.
        rename: the name that the experiment gets, where it is one.
        overwrite: whether they take the place of experiments with their names.
        progress: called with the number of experiments that are written and of all.
        config: Ax's ``SQAConfig``, if classes have numbers in the database that the user chose.

    Raises:
        MissingExtraError: Ax or SQLAlchemy is not installed.
        NotFoundError: there is no such file, or no such experiment in it.
        ConfigError: the database is none of Ax's, or ``rename`` is for several experiments.
        UnregisteredClassError: an experiment has an object of a class that nobody registered.
        ConflictError: there is an experiment of the same name.
        CorruptDatabaseError: the database is damaged.
    """
    from .database import opened

    path = Path(file)
    if not is_sqlite(path):
        raise ConfigError(f"{path} is no SQLite database")
    with opened(path, config) as database:
        wanted = database.names(names)
        if rename is not None and len(wanted) != 1:
            raise ConfigError(
                f"a new name is for one experiment, not for {len(wanted)}: choose one with "
                "--experiment NAME"
            )
        for name in wanted:  # before any of them is written
            check_free(target.db, rename or name, overwrite)
        found = [database.read(name) for name in wanted]
    copied = []
    for each in found:
        copied.append(_save(target, each, rename, overwrite))
        if progress is not None:
            progress(len(copied), len(wanted))
    return copied


def _save(target: Client, found: Found, rename: str | None, overwrite: bool) -> Copied:
    from ...ax import save_experiment, save_generation_strategy, session_scope

    experiment, strategy = found
    if rename is not None:
        experiment._name = rename
    with session_scope(target):
        save_experiment(experiment, store=target, overwrite=overwrite)
        if strategy is not None:
            save_generation_strategy(strategy, store=target)
    observations = len(experiment.data._data_rows)
    return Copied(experiment.name, len(experiment.trials), observations, strategy is not None)


def export_snapshot(source: Client | Database, name: str, file: str | os.PathLike[str]) -> Copied:
    """Write an experiment to a JSON file that Ax loads, of Ax's version 1.3 or newer.

    With a generation strategy, the last one, this is a snapshot for ``load_from_json_file`` of
    Ax's ``Client`` and ``AxClient``, otherwise an experiment for ``load_experiment`` of Ax's JSON
    store. Floats are read back as they are, NaN and infinities among them; only of those nearest
    to zero, below 1e-290, Ax misses the last digit. A file that is there is replaced when all is
    written.

    Raises:
        NotFoundError: there is no such experiment.
        CorruptDatabaseError: a document is damaged; the message names its row.
        ConfigError: the file cannot be written.
    """
    joined = Joined(_database(source), name)
    with replacing(file) as part, part.open("w", encoding="ascii") as opened:
        joined.write(opened)
    return Copied(name, len(joined.trials), joined.observations, joined.strategy is not None)


def _database(client: Client | Database) -> Database:
    return client.db if isinstance(client, Client) else client
