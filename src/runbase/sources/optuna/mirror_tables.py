"""Reads Optuna's own tables by SQL, without Optuna, for a mirror.

Each block of reads is one short transaction that only reads, so that the programs that write to
the storage never wait for long: a file without WAL cannot be written while it is being read.
"""

from __future__ import annotations

import json
import math
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import metadata
from operator import itemgetter
from typing import Any, TypeVar

from ...engines.sqlite import time_text
from ...errors import ConfigError, DatabaseError, NotFoundError, SchemaError
from ...query import Dialect
from .mirror_rows import STATUS, Rows, Study, Trial

T = TypeVar("T")

#: The form of the tables that is read here, and those before it.
CURRENT = "v3.2.0.a"
OLDER = {
    *("v0.9.0.a", "v1.2.0.a", "v1.3.0.a", "v2.4.0.a", "v2.6.0.a"),
    *("v3.0.0.a", "v3.0.0.b", "v3.0.0.c", "v3.0.0.d"),
}
BEGIN: dict[Dialect, list[str]] = {
    "sqlite": ["BEGIN"],
    "postgresql": ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"],
    "mysql": [
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ],
}
HAS: dict[Dialect, str] = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE name",
    "postgresql": "SELECT 1 FROM pg_class WHERE pg_table_is_visible(oid) AND relname",
    "mysql": "SELECT 1 FROM information_schema.tables"
    " WHERE table_schema = DATABASE() AND table_name",
}
STUDIES = """
SELECT s.study_id, s.study_name,
       (SELECT MAX(t.trial_id) FROM trials AS t WHERE t.study_id = s.study_id)
  FROM studies AS s ORDER BY s.study_id"""
DIRECTIONS = "SELECT study_id, direction FROM study_directions ORDER BY study_id, objective"
STUDY_ATTRS = """
SELECT u.study_id, 'user', u.key, u.value_json FROM study_user_attributes AS u
UNION ALL
SELECT s.study_id, 'system', s.key, s.value_json FROM study_system_attributes AS s"""
COUNTS = "SELECT study_id, COUNT(*) FROM trials WHERE trial_id <= {last} GROUP BY study_id"
NEW = "SELECT trial_id FROM trials WHERE "
TRIALS = """
SELECT trial_id, study_id, number, state, datetime_start, datetime_complete FROM trials
 WHERE trial_id {which} ORDER BY trial_id"""
VALUES = """
SELECT trial_id, value, value_type FROM trial_values
 WHERE trial_id {which} ORDER BY trial_id, objective"""
# Sorted here rather than by SQLite, which takes twice the time.
PARAMS = """
SELECT trial_id, param_id, param_name, param_value, distribution_json FROM trial_params
 WHERE trial_id {which}"""
ATTRS = """
SELECT u.trial_id, 'user', u.key, u.value_json FROM trial_user_attributes AS u
 WHERE u.trial_id {which}
UNION ALL
SELECT s.trial_id, 'system', s.key, s.value_json FROM trial_system_attributes AS s
 WHERE s.trial_id {which}"""
REPORTS = """
SELECT trial_id, step, intermediate_value, intermediate_value_type FROM trial_intermediate_values
 WHERE trial_id {which} ORDER BY trial_id, step"""
SPECIAL = {"NAN": math.nan, "INF_POS": math.inf, "INF_NEG": -math.inf}


class TableSource:
    """Optuna's tables through connections in autocommit mode.

    Args:
        connect: makes a connection, which is meant to read only.
        dialect: the database's language.
        shown: the database as a person would name it.
        path: the file of an SQLite database.
    """

    def __init__(
        self, connect: Callable[[], Any], dialect: Dialect, shown: str, path: str | None = None
    ) -> None:
        self.connect, self.dialect, self.shown, self.path = connect, dialect, shown, path
        self._connection: Any = None
        self._file: tuple[int, int] | None = None
        self._opened = 0
        self._to_text: Callable[[Any], str | None] = _from_utc
        self._externals: dict[str, Callable[[float], Any] | None] = {}

    def stamp(self) -> object | None:
        """For a file which one it is, and SQLite's own number of its changes."""
        if self.path is None:
            return None
        try:
            stat = os.stat(self.path)
        except FileNotFoundError:
            self.close()
            raise NotFoundError(f"there is no file {self.path}: give a path that exists") from None
        if self._file != (stat.st_dev, stat.st_ino):
            self.close()
            self._file = (stat.st_dev, stat.st_ino)
        version = self._twice(lambda: self._rows("PRAGMA data_version"))[0][0]
        return self._opened, *self._file, version

    @contextmanager
    def moment(self) -> Iterator[None]:
        """One transaction; a connection that broke before it is replaced."""
        self._twice(self._begin)
        try:
            yield
        except BaseException:
            self.close()
            raise
        self._run("COMMIT")

    def _twice(self, work: Callable[[], T]) -> T:
        """Do something, and again on a new connection if the old one broke."""
        was_open = self._connection is not None
        try:
            return work()
        except DatabaseError:
            self.close()
            if not was_open:
                raise
            return work()

    def _begin(self) -> None:
        for statement in BEGIN[self.dialect]:
            self._run(statement)

    def _run(self, sql: str) -> Any:
        if self._connection is None:
            self._open()
        try:
            cursor = self._connection.cursor()
            cursor.execute(sql)
        except Exception as error:
            raise DatabaseError(f"{self.shown} cannot be read: {error}") from error
        return cursor

    def _open(self) -> None:
        self._connection = self.connect()
        self._opened += 1
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def _check(self) -> None:
        """Refuse what cannot be read here."""
        require_current(self.revision(), self.shown)
        library = self._rows("SELECT library_version FROM version_info")
        self._to_text = _from_utc if has_utc(library[0][0] if library else "") else _from_local

    def revision(self) -> str | None:
        """The name of the tables' form.

        Raises:
            ConfigError: it is a Runbase database.
            SchemaError: there are no tables of Optuna's.
        """
        if self._has("applied_migrations") and self._has("runs"):
            raise ConfigError(
                f"{self.shown} is a Runbase database: its studies need no mirror, open it as it is"
            )
        if not all(map(self._has, ("version_info", "studies", "trials"))):
            raise SchemaError(
                f"there are no tables of Optuna's in {self.shown}: give the URL that "
                "optuna.create_study(storage=...) was given"
            )
        if not self._has("alembic_version"):
            return None
        found = self._rows("SELECT version_num FROM alembic_version")
        return str(found[0][0]) if found else None

    def _has(self, table: str) -> bool:
        return bool(self._rows(f"{HAS[self.dialect]} = '{table}'"))

    def _rows(self, sql: str) -> list[Any]:
        return list(self._run(sql).fetchall())

    def studies(self) -> list[Study]:
        """All studies by id."""
        directions: dict[int, list[str]] = defaultdict(list)
        attrs: dict[int, dict[tuple[str, str], str]] = defaultdict(dict)
        studies = self._rows(STUDIES)
        for id, direction in self._rows(DIRECTIONS):
            directions[id].append(direction.lower())
        for id, scope, key, text in self._rows(STUDY_ATTRS):
            attrs[id][scope, key] = text
        return [
            Study(id, name, directions[id], attrs[id], -1 if last is None else last)
            for id, name, last in studies
        ]

    def counts(self, last: int) -> dict[int, int]:
        """How many trials have ids up to ``last``, by the id of their study."""
        return dict(self._rows(COUNTS.format(last=last)))

    def trials(self, ids: Sequence[int]) -> list[Trial]:
        """Those of these trials that there are."""
        text, status = self._to_text, STATUS
        values: dict[int, list[float]] = {}
        for id, value, kind in self._of(VALUES, ids):
            values.setdefault(id, []).append(SPECIAL.get(kind, value))
        return [
            Trial(
                *(id, study_id, number, status.get(state, state), text(start), text(end)),
                values.get(id),
            )
            for id, study_id, number, state, start, end in self._of(TRIALS, ids)
        ]

    def new(self, after: Mapping[int, int]) -> list[int]:
        """Ids of trials above the given one, by the id of their study."""
        found: list[int] = []
        places = list(after.items())
        for start in range(0, len(places), 100):
            some = places[start : start + 100]
            which = (f"(study_id = {study} AND trial_id > {last})" for study, last in some)
            found += (row[0] for row in self._rows(NEW + " OR ".join(which)))
        return sorted(found)

    def read(self, ids: Sequence[int]) -> Rows:
        """Those of these trials that there are, with their details."""
        return Rows(
            self.trials(ids),
            self._params(ids),
            self._of(ATTRS, ids),
            [
                (id, step, number if kind == "FINITE" else SPECIAL[kind])
                for id, step, number, kind in self._of(REPORTS, ids)
            ],
        )

    def _params(self, ids: Sequence[int]) -> list[tuple[int, str, float, str, Any]]:
        rows = self._of(PARAMS, ids)
        rows.sort(key=itemgetter(0, 1))
        known = self._externals
        for text in {row[4] for row in rows}.difference(known):
            known[text] = to_external(text)
        return [
            (id, name, value, text, value if (convert := known[text]) is None else convert(value))
            for id, _, name, value, text in rows
        ]

    def _of(self, sql: str, ids: Sequence[int]) -> list[Any]:
        if not ids:
            return []
        first, last = min(ids), max(ids)
        if last - first < 2 * len(ids):  # a range is read faster than single rows
            wanted = set(ids)
            rows = self._rows(sql.format(which=f"BETWEEN {first} AND {last}"))
            is_all = last - first + 1 == len(wanted)
            return rows if is_all else [row for row in rows if row[0] in wanted]
        which = ", ".join(map(str, ids))
        return self._rows(sql.format(which=f"IN ({which})"))

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # it may be broken
                connection.close()


def require_current(revision: str | None, shown: str) -> None:
    """Refuse tables of another form.

    Raises:
        SchemaError: another version of Optuna made them.
    """
    if revision is None or revision in OLDER:
        raise SchemaError(
            f"an older Optuna made the tables in {shown}: run 'optuna storage upgrade --storage "
            "URL' (after a backup)"
        )
    if revision != CURRENT:
        raise SchemaError(
            f"a newer Optuna made the tables in {shown} ({revision}): update it with "
            "pip install -U optuna runbase"
        )


def has_utc(made_by: str) -> bool:
    """Whether times are in UTC: Optuna stores and reads them so since 5.0, before it was local."""
    try:
        version = metadata.version("optuna")
    except metadata.PackageNotFoundError:
        version = made_by
    return int(version.partition(".")[0] or 0) >= 5


def to_external(distribution: str) -> Callable[[float], Any] | None:
    """How to read internal values of a distribution; None where they are the values."""
    found = json.loads(distribution)
    if found["name"].startswith("Int"):
        return int
    if found["name"].startswith("Categorical"):
        choices = found["attributes"]["choices"]
        return lambda value: choices[int(value)]
    return None


def _from_utc(time: Any) -> str | None:
    if type(time) is str and len(time) == 26:
        return f"{time}+00:00"
    return None if time is None else time_text(_naive(time).replace(tzinfo=UTC))


def _from_local(time: Any) -> str | None:
    return None if time is None else time_text(_naive(time))


def _naive(time: Any) -> datetime:
    found: datetime = datetime.fromisoformat(time) if isinstance(time, str) else time
    return found.replace(tzinfo=None)
