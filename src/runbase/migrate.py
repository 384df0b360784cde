"""Numbered SQL scripts, each applied once: Runbase's own, and those of users.

``base.sql`` and ``migrations/NNNN_*.sql`` of an engine make its schema. A script and its entry in
``applied_migrations`` are one transaction, so that neither exists without the other (on MySQL,
whose tables are not transactional, an interrupted script is run again).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from .db import Database, repeatable
from .errors import ConfigError, SchemaError, logger
from .query import Dialect, Query, scanner

OWN = re.compile(r"base\.sql|\d{4}_\w+\.sql")
Script = str | Path | tuple[str, str]

APPLIED = Query("SELECT name, checksum FROM applied_migrations")
RECORD = Query("INSERT INTO applied_migrations (name, checksum) VALUES (:name, :checksum)")


class Applied(NamedTuple):
    """What became of one script: ``state`` is "NEW" (just run), "OK" or "CHANGED" since."""

    name: str
    state: str


def own_scripts(db: Database) -> list[tuple[str, str]]:
    """Names and texts of the engine's base schema and migrations, in order."""
    folder = Path(db.engine.data_dir())
    files = [folder / "base.sql", *sorted((folder / "migrations").glob("*.sql"))]
    return [(file.name, file.read_text(encoding="utf-8")) for file in files]


def load(scripts: Iterable[Script]) -> list[tuple[str, str]]:
    """Names and texts of a user's scripts.

    Raises:
        ConfigError: a file cannot be read, or two scripts (or one of Runbase's) share a name.
    """
    loaded: list[tuple[str, str]] = []
    for script in scripts:
        name, text = script if isinstance(script, tuple) else (Path(script).name, _read(script))
        name = Path(name).name
        if OWN.fullmatch(name):
            raise ConfigError(f"{name} is the name of one of Runbase's own scripts: rename yours")
        if name in dict(loaded):
            raise ConfigError(f"two scripts are called {name}: a script is known by its file name")
        loaded.append((name, text))
    return loaded


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the script {path} cannot be read: {error}") from error


def migrate(db: Database, scripts: Iterable[Script] = ()) -> list[Applied]:
    """Bring the schema up to date, then run the user's ``scripts`` in the given order.

    Returns:
        What became of each script, Runbase's own first.

    Raises:
        ConfigError: see `load`; nothing was changed.
        SchemaError: the database was made by a newer Runbase.
    """
    users = load(scripts)
    return _migrate(db, own_scripts(db) + users)


@repeatable
def _migrate(db: Database, scripts: list[tuple[str, str]]) -> list[Applied]:
    engine = db.engine
    with db.transaction(), engine.exclusive(db.run):
        if engine.schema:
            db.run(f"CREATE SCHEMA IF NOT EXISTS {engine.quote(engine.schema)}")
        known = applied(db)
        refuse_newer(db, known)
        return [_apply(db, name, text, known) for name, text in scripts]


def _apply(db: Database, name: str, text: str, known: dict[str, str]) -> Applied:
    import hashlib

    checksum = hashlib.sha256(text.encode()).hexdigest()
    if name in known:
        if known[name] == checksum:
            return Applied(name, "OK")
        logger().warning("%s was changed after it was applied; it is not run again", name)
        return Applied(name, "CHANGED")
    for statement in statements(text, db.dialect):
        db.run(statement)
    db.execute(RECORD, name=name, checksum=checksum)
    return Applied(name, "NEW")


def applied(db: Database) -> dict[str, str]:
    """Checksums by name of the scripts that were applied; empty before the first setup."""
    if not db.engine.has_table(db.run, "applied_migrations"):
        return {}
    return dict(db.rows(APPLIED))


def refuse_newer(db: Database, known: Iterable[str]) -> None:
    """Refuse a database with migrations that this program does not have.

    Raises:
        SchemaError: there are such migrations.
    """
    own = {name for name, _ in own_scripts(db)}
    if newer := sorted(n for n in known if OWN.fullmatch(n) and n not in own):
        raise SchemaError(
            f"{db.engine.describe()} was made by a newer Runbase (it has {newer[-1]}): "
            "pip install --upgrade runbase"
        )


def check(db: Database) -> bool:
    """Whether the tables are there; they then fit this program.

    Raises:
        SchemaError: the tables are older or newer than this program, or missing in a database
            that is not an empty SQLite file: on a server, setting up is left to a person.
    """
    known = applied(db)
    if not known:
        if db.engine.is_empty(db.run):
            return False
        raise SchemaError(
            f"{db.engine.describe()} has no Runbase tables yet: run 'runbase setup', or call "
            "runbase.commands.setup(client)"
        )
    refuse_newer(db, known)
    if missing := _missing(db, known):
        missing = _missing(db, _applied_in_the_end(db))
    if missing:
        raise SchemaError(
            f"{db.engine.describe()} was made by an older Runbase (it lacks {missing[0]}): run "
            "'runbase setup', or call runbase.commands.setup(client), to bring it up to date"
        )
    return True


def _missing(db: Database, known: Iterable[str]) -> list[str]:
    have = set(known)
    return [name for name, _ in own_scripts(db) if name not in have]


def _applied_in_the_end(db: Database) -> dict[str, str]:
    """`applied`, when nobody is at it: on MySQL others see each script before the next one ran."""
    if db.engine.transactional_ddl:
        return applied(db)
    with db.transaction(), db.engine.exclusive(db.run):
        return applied(db)


_CONTROL = re.compile(
    r"BEGIN(\s+(DEFERRED|IMMEDIATE|EXCLUSIVE))?(\s+(TRANSACTION|WORK))?"
    r"|(COMMIT|END)(\s+(TRANSACTION|WORK))?|START\s+TRANSACTION",
    re.I,
)
_TRIGGER = re.compile(r"CREATE\s+(TEMP\w*\s+)?TRIGGER\b.*\bBEGIN\b(?!.*\bEND\s*$)", re.I | re.S)
_ALTER = re.compile(r"(ALTER\s+TABLE\s+[^\s(]+\s+)(ADD\b.*)", re.I | re.S)
_NEXT_ADD = r"(?i:,\s*(?=ADD\b))"
_TIME = r"(?i:\bTIMESTAMP(?:TZ|\s+WITH\s+TIME\s+ZONE)\b)"


def statements(script: str, dialect: Dialect) -> Iterator[str]:
    """The statements of a script, without its own BEGIN and COMMIT, as the dialect takes them.

    SQLite adds one column in an ALTER TABLE; MySQL has no TIMESTAMP WITH TIME ZONE.
    """
    for statement in _split(script, dialect):
        bare = _without_comments(statement, dialect)
        if not bare or _CONTROL.fullmatch(bare):
            continue
        if dialect == "sqlite" and (alter := _ALTER.fullmatch(bare)):
            yield from (alter[1] + add for add in _pieces(alter[2], _NEXT_ADD, dialect))
        elif dialect == "mysql":
            yield "DATETIME(6)".join(_pieces(statement, _TIME, dialect))
        else:
            yield statement


def _pieces(text: str, separator: str, dialect: Dialect) -> Iterator[str]:
    """The parts of ``text`` between separators, apart from those in quotes and comments."""
    start = 0
    for found in scanner(f"(?P<separator>{separator})", dialect).finditer(text):
        if found["separator"]:
            yield text[start : found.start()]
            start = found.end()
    yield text[start:]


def _without_comments(statement: str, dialect: Dialect) -> str:
    def kept(found: re.Match[str]) -> str:
        return "" if found[0].startswith(("--", "/*", "#")) else found[0]

    return scanner(r"(?!)", dialect).sub(kept, statement).strip()


def _split(script: str, dialect: Dialect) -> Iterator[str]:
    """The statements; a trigger's own semicolons are part of it."""
    statement = ""
    for piece in _pieces(script, ";", dialect):
        statement += piece
        if _TRIGGER.search(_without_comments(statement, dialect)):
            statement += ";"
        else:
            yield statement
            statement = ""
    yield statement
