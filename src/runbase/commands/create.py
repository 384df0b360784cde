"""``runbase create``: print the SQL that makes a user and a database on a server.

It never runs anything: read what it prints, change it, and give it to the server's owner, or
pipe it into ``psql`` (``runbase create | sudo -u postgres psql``), ``mariadb`` or
``runbase execute``.
"""

from __future__ import annotations

import argparse
import base64
import getpass
import hashlib
import hmac
import os
import stringprep
import unicodedata
from typing import Any

from ..config import Config
from ..engines import create_engine
from ..errors import ConfigError
from ..util import Literal
from .common import Subparsers, add_command, make_client

#: Words that PostgreSQL takes for names in double quotes only.
RESERVED = {
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric",
    "authorization", "binary", "both", "case", "cast", "check", "collate", "collation",
    "column", "concurrently", "constraint", "create", "cross", "current_catalog",
    "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
    "current_user", "default", "deferrable", "desc", "distinct", "do", "else", "end",
    "except", "false", "fetch", "for", "foreign", "freeze", "from", "full", "grant",
    "group", "having", "ilike", "in", "initially", "inner", "intersect", "into", "is",
    "isnull", "join", "lateral", "leading", "left", "like", "limit", "localtime",
    "localtimestamp", "natural", "none", "not", "notnull", "null", "offset", "on", "only",
    "or", "order", "outer", "overlaps", "placing", "primary", "public", "references",
    "returning", "right", "select", "session_user", "similar", "some", "symmetric",
    "system_user", "table", "tablesample", "then", "to", "trailing", "true", "union",
    "unique", "user", "using", "variadic", "verbose", "when", "where", "window", "with",
}  # fmt: skip


def create(
    config: Config,
    no_user: bool = False,
    no_db: bool = False,
    *,
    password: bool = False,
    plain_password: bool = False,
    **kwargs: Any,
) -> None:
    """Print the SQL that makes the user and the database of ``config``; nothing is run.

    With ``password`` the user gets a password, from ``~/.pgpass`` or asked for, which is printed
    encrypted (SCRAM-SHA-256) unless ``plain_password``. Further ``kwargs`` override ``config``.

    Raises:
        ConfigError: the engine is SQLite, which has neither users nor databases to make, or
            there is no password.
    """
    engine = create_engine({"engine": "postgres", **config, **kwargs})
    if engine.name == "sqlite":
        raise ConfigError("SQLite needs no user and no database: 'runbase setup FILE' is enough")
    user, dbname = str(engine.config["user"]), str(engine.config["dbname"])
    secret = _password(engine.config, user) if password or plain_password else None
    statements = _postgres if engine.name == "postgres" else _mysql
    for statement in statements(engine.quote, user, dbname, secret, plain_password, no_user, no_db):
        print(statement)


def _postgres(
    quote: Any, user: str, dbname: str, secret: str | None, plain: bool, no_user: bool, no_db: bool
) -> list[str]:
    found = []
    if not no_user:
        shown = None if secret is None else secret if plain else scram_sha_256(secret)
        ending = "" if shown is None else f" PASSWORD {Literal(shown).as_string()}"
        options = "NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT LOGIN"
        found.append(f"CREATE ROLE {_bare(quote, user)} {options}{ending};")
    if not no_db:
        found.append(f"CREATE DATABASE {_bare(quote, dbname)} OWNER {_bare(quote, user)};")
    return found


def _mysql(
    quote: Any, user: str, dbname: str, secret: str | None, plain: bool, no_user: bool, no_db: bool
) -> list[str]:
    account = f"{_in_mysql(user)}@'%'"
    found = []
    if not no_user:
        shown = "" if secret is None else f" IDENTIFIED BY {_in_mysql(secret)}"
        if secret is not None and not plain:
            shown = f" IDENTIFIED BY PASSWORD '{_mysql_hash(secret)}'"
        found.append(f"CREATE USER {account}{shown};")
    if not no_db:
        found.append(f"CREATE DATABASE {quote(dbname)} CHARACTER SET utf8mb4;")
        found.append(f"GRANT ALL ON {quote(dbname)}.* TO {account};")
    return found


def _bare(quote: Any, name: str) -> str:
    """A plain lower-case name needs no quotes, unless it is a word of SQL."""
    is_plain = name.isascii() and name.isidentifier() and name == name.lower()
    return name if is_plain and name not in RESERVED else str(quote(name))


class _MySQL:
    dialect = "mysql"


def _in_mysql(text: str) -> str:
    return Literal(text).as_string(_MySQL)


def scram_sha_256(password: str, salt: bytes | None = None, rounds: int = 4096) -> str:
    """The verifier that PostgreSQL stores instead of a password (RFC 5802, RFC 7677)."""
    salt = salt or os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", _prepared(password).encode(), salt, rounds)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored = base64.b64encode(hashlib.sha256(client_key).digest()).decode()
    server = base64.b64encode(hmac.digest(salted, b"Server Key", "sha256")).decode()
    return f"SCRAM-SHA-256${rounds}:{base64.b64encode(salt).decode()}${stored}:{server}"


def _prepared(password: str) -> str:
    """The password in the form that is hashed (SASLprep); one that has no such form as it is."""
    if password.isascii():
        return password
    mapped = (
        " " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c)
    )
    found = unicodedata.ucd_3_2_0.normalize("NFKC", "".join(mapped))
    refused = (
        *(stringprep.in_table_a1, stringprep.in_table_c12, stringprep.in_table_c21_c22),
        *(stringprep.in_table_c3, stringprep.in_table_c4, stringprep.in_table_c5),
        *(stringprep.in_table_c6, stringprep.in_table_c7, stringprep.in_table_c8),
        stringprep.in_table_c9,
    )
    is_refused = any(test(c) for c in found for test in refused)
    return password if is_refused or not found or not _is_one_way(found) else found


def _is_one_way(text: str) -> bool:
    """Whether text that runs from right to left does so from its start to its end."""
    if not any(map(stringprep.in_table_d1, text)):
        return True
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return ends and not any(map(stringprep.in_table_d2, text))


def _mysql_hash(password: str) -> str:
    """The hash of mysql_native_password, which MariaDB takes in place of a password."""
    first = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    return "*" + hashlib.sha1(first, usedforsecurity=False).hexdigest().upper()


def _password(config: Config, user: str) -> str:
    if found := config.get("password") or _from_pgpass(config, user):
        return str(found)
    try:
        first = getpass.getpass(f"Password for {user}: ")
        if not first or first != getpass.getpass("Again: "):
            raise ConfigError("the passwords are empty or differ: nothing was printed")
    except EOFError as error:
        raise ConfigError(
            f"there is nobody to ask for the password of {user}: put it into ~/.pgpass"
        ) from error
    return first


def _from_pgpass(config: Config, user: str) -> str | None:
    path = config.get("passfile") or os.environ.get("PGPASSFILE") or os.path.expanduser("~/.pgpass")
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    wanted = [
        str(config.get("host") or "localhost"),
        str(config.get("port") or 5432),
        str(config["dbname"]),
        user,
    ]
    for line in lines:
        fields = _fields(line)
        if len(fields) == 5 and all(f in ("*", w) for f, w in zip(fields, wanted, strict=False)):
            return fields[4]
    return None


def _fields(line: str) -> list[str]:
    """The fields of a line of .pgpass, in which a backslash escapes colons and itself."""
    if line.lstrip().startswith("#"):
        return []
    fields, escaped = [""], False
    for character in line:
        if character == ":" and not escaped:
            fields.append("")
        elif character != "\\" or escaped:
            fields[-1] += character
        escaped = character == "\\" and not escaped
    return fields


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "create",
        run,
        "print the SQL that makes a user and a database",
        "Print the SQL that makes a user and a database on a PostgreSQL (or, with a mysql:// URL,\n"
        "MySQL) server. Nothing is run: read it, change it, pipe it where it can be run.",
        "runbase create | sudo -u postgres psql\nrunbase create --user alice --password\n"
        "runbase create --url mysql://alice@db.example/alice | sudo mariadb",
    )
    parser.add_argument("--no-user", action="store_true", help="leave out the user")
    parser.add_argument("--no-db", action="store_true", help="leave out the database")
    parser.add_argument(
        "--password", action="store_true", help="set a password, from ~/.pgpass or asked for"
    )
    parser.add_argument(
        "--plain-password", action="store_true", help="set a password and print it unencrypted"
    )


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    config = make_client(args).config
    if config["engine"] == "sqlite" and not getattr(args, "url", None):
        # Nothing needs to be made for SQLite, so a server is meant.
        names = ("user", "host", "port", "database")
        given = {k: v for k in names if (v := getattr(args, k, None)) is not None}
        config = {"engine": "postgres", **given}
    create(
        config,
        args.no_user,
        args.no_db,
        password=args.password,
        plain_password=args.plain_password,
    )
