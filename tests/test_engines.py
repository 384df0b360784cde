"""Engines: what each database is like, told in the same words."""

from __future__ import annotations

import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from runbase import Client, Run
from runbase.config import parse_url
from runbase.engines import (
    Engine,
    MySQLEngine,
    PostgresEngine,
    SQLiteEngine,
    create_engine,
)
from runbase.engines.json import Jsonb
from runbase.engines.mysql import driver
from runbase.engines.sqlite import file_system
from runbase.errors import (
    ConfigError,
    ConnectionFailedError,
    CorruptDatabaseError,
    InvalidValueError,
    MissingExtraError,
    ReadOnlyError,
)
from runbase.optuna.engines import create_engine as create_pooled_engine

ENGINES: list[type[Engine]] = [SQLiteEngine, PostgresEngine, MySQLEngine]


@pytest.mark.item("S100", "A106")
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("sqlite", SQLiteEngine), ("postgres", PostgresEngine), ("postgresql", PostgresEngine)),
        *(("mysql", MySQLEngine), ("mariadb", MySQLEngine)),
    ],
)
def test_the_configuration_names_the_engine(name: str, kind: type[Engine]):
    engine = create_engine({"engine": name})
    assert type(engine) is kind
    assert engine.schema is None


@pytest.mark.item("A106")
def test_an_unknown_engine_is_refused():
    with pytest.raises(ConfigError, match="unknown engine 'oracle'"):
        create_engine({"engine": "oracle"})


@pytest.mark.item("S100", "A109")
def test_an_engine_must_say_how_to_connect_and_what_types_are():
    with pytest.raises(TypeError, match="abstract"):
        Engine({})  # type: ignore[abstract]
    assert {"connect", "map_type"} <= Engine.__abstractmethods__
    assert Engine.schema is None


@pytest.mark.item("S016", "A107", "A108", "A109")
@pytest.mark.parametrize("kind", ENGINES)
def test_the_folder_of_an_engine_has_its_schema(kind: type[Engine]):
    folder = Path(kind({}).data_dir())
    assert "CREATE TABLE" in (folder / "base.sql").read_text(encoding="utf-8")
    assert sorted((folder / "migrations").glob("[0-9][0-9][0-9][0-9]_*.sql"))


@pytest.mark.item("S018", "A107", "A108", "A109")
@pytest.mark.parametrize("kind", ENGINES)
def test_a_type_of_python_has_a_type_of_sql(kind: type[Engine]):
    python = [int, float, bool, str, bytes, date, datetime, timedelta, Jsonb]
    number = "DOUBLE PRECISION" if kind is PostgresEngine else "DOUBLE"
    expected = {
        "sqlite": ["TEXT", "BLOB", "DATE", "TIMESTAMP WITH TIME ZONE", "INTERVAL", "JSONB"],
        "postgres": ["TEXT", "BYTEA", "DATE", "TIMESTAMP WITH TIME ZONE", "INTERVAL", "JSONB"],
        "mysql": ["LONGTEXT", "LONGBLOB", "DATE", "DATETIME(6)", "DOUBLE", "JSON"],
    }[kind.name]
    assert [kind({}).map_type(None, t) for t in python] == [number] * 3 + expected


@pytest.mark.item("S018", "A107", "A108")
@pytest.mark.parametrize("kind", ENGINES)
def test_subclasses_have_the_type_of_their_base(kind: type[Engine]):
    class Text(str):
        pass

    assert kind({}).map_type(None, Text) == kind({}).map_type(None, str)
    for typ in (dict, list, object, complex, Decimal):
        with pytest.raises(InvalidValueError, match=f"type {typ.__name__} cannot be metrics"):
            kind({}).map_type(None, typ)


@pytest.mark.item("S018")
@pytest.mark.parametrize("typ", [int, float, str, bytes, date, datetime, timedelta, Jsonb])
def test_every_type_can_be_that_of_a_column(client: Client, typ: type):
    declared = client.engine.map_type(client, typ)
    client.execute(f"ALTER TABLE metrics ADD COLUMN x {declared}")
    assert "x" in client.engine.columns(client.db.run, "metrics")


# -- connections ----------------------------------------------------------------------------


@pytest.mark.item("A107", "A108", "A109")
def test_a_connection_is_the_drivers_own_in_autocommit_mode(url: str, client: Client):
    engine = create_engine(parse_url(url))
    with closing(engine.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute("INSERT INTO experiments (name) VALUES ('x')")
        assert client.execute("SELECT name FROM experiments").fetchall() == [("x",)]


@pytest.mark.item("A107")
def test_postgresql_takes_a_cursor_factory(postgres_url: str):
    import psycopg

    engine = PostgresEngine(parse_url(postgres_url))
    assert PostgresEngine({"schema": "mine"}).schema == "mine"
    for factory in (None, psycopg.Cursor, psycopg.ClientCursor):
        with engine.connect(cursor_factory=factory) as connection:
            assert type(connection.cursor()) is (factory or psycopg.Cursor)


def connections(url: str) -> Iterator[Any]:
    """One of each engine for MySQL: Runbase's own, and the one with SQLAlchemy's pool."""
    for engine in (
        MySQLEngine(parse_url(url)),
        create_pooled_engine(url.replace("mysql://", "mysql+pymysql://"), {"pool_size": 1}),
    ):
        with closing(engine.connect()) as connection:
            yield connection
        engine.dispose()


def test_mysql_is_asked_for_tls_without_certificates_to_read(
    mysql_url: str, monkeypatch: pytest.MonkeyPatch
):
    def read(*_: Any) -> None:
        raise AssertionError("this takes longer than all else in a connection")

    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", read)
    for connection in connections(mysql_url):
        assert connection.ssl  # though this server has none
        assert connection.ctx.verify_mode == ssl.CERT_NONE


def test_certificates_of_mysql_are_verified_where_a_user_says_so(mysql_url: str):
    for name in ("ssl_verify_cert", "ssl_verify_identity"):
        with pytest.raises(ConnectionFailedError, match="SSL is required"):
            MySQLEngine(parse_url(f"{mysql_url}?{name}=true")).connect()
    connection: Any = driver.Connection(ssl_verify_cert=True, defer_connect=True)
    assert connection.ctx.verify_mode == ssl.CERT_REQUIRED


def test_sqlite_is_set_up_for_many_processes(tmp_path: Path):
    with closing(SQLiteEngine({"dbpath": str(tmp_path / "runs.db")}).connect()) as connection:
        pragmas = ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        values = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
        assert values[:3] == ["wal", 1, 2]
        assert values[3] >= 30_000


@pytest.mark.parametrize(
    "name", ["a b.db", "100%.db", "what?.db", "#1.db", "it's.db", "caf\u00e9.db"]
)
def test_a_file_may_have_any_name(tmp_path: Path, name: str):
    with closing(Client(tmp_path / name)) as client:
        client.execute("SELECT 1")
    assert (tmp_path / name).exists()


def test_servers_speak_utc(client: Client, run: Run):
    if client.dialect == "postgresql":
        assert client.execute("SHOW timezone").fetchone() == ("UTC",)
    if client.dialect == "mysql":
        assert client.execute("SELECT @@time_zone, @@tx_isolation").fetchone() == (
            *("+00:00", "READ-COMMITTED"),
        )
    [created] = client.execute("SELECT time_created FROM runs").fetchone()
    assert abs(datetime.now(UTC) - created) < timedelta(seconds=30)
    assert created.utcoffset() == timedelta()


def test_times_are_kept_to_the_microsecond_and_in_utc(client: Client, run: Run):
    time = datetime.fromisoformat("2024-05-17T23:59:59.999999+05:30")
    run.set_started(time)
    [found] = client.execute("SELECT time_started FROM runs").fetchone()
    assert found == time
    assert found.utcoffset() == timedelta()


# -- words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"engine": "sqlite", "dbpath": "a/runs.db"}, "sqlite:///a/runs.db"),
        (
            {"engine": "postgres", "user": "alice", "host": "h", "port": 5433, "dbname": "d"},
            "postgresql://alice@h:5433/d",
        ),
        (
            {"engine": "postgres", "user": "alice", "host": "h", "dbname": "d", "schema": "s"},
            "postgresql://alice@h/d?schema=s",
        ),
        ({"engine": "mysql", "user": "alice", "dbname": "d"}, "mysql://alice@localhost/d"),
    ],
)
def test_a_database_is_described_without_its_password(config: dict[str, Any], text: str):
    assert create_engine(config | {"password": "secret"}).describe() == text


ODD = ['a"b', "a`b", "it's", "100%", "x" * 600, "\N{ROCKET}" * 300, "caf\u00e9", "a b", "\\"]


@pytest.mark.parametrize("name", [*ODD, "\0", "", " ", "trailing ", "a\0b"], ids=ascii)
def test_any_text_has_an_identifier_near_to_it(client: Client, name: str):
    identifier = client.engine.identifier(name)
    client.db.run(f"CREATE TABLE t ({client.engine.quote(identifier)} INT)")
    assert list(client.engine.columns(client.db.run, "t")) == [identifier]
    if len(name.encode()) < 60 and "\0" not in name and name == name.rstrip() and name:
        assert identifier == name or "\N{ROCKET}" in name


# -- faults ---------------------------------------------------------------------------------


def refused(config: Any, error: type[Exception], text: str) -> None:
    with closing(Client(config)) as client, pytest.raises(error, match=text):
        client.execute("INSERT INTO experiments (name) VALUES ('x')")


def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path):
    path = tmp_path / "runs.db"
    path.write_text("this is not a database at all, but it is long enough\n" * 100)
    refused(path, CorruptDatabaseError, "damaged or no SQLite database")


def test_a_folder_that_is_missing_is_named(tmp_path: Path):
    refused(tmp_path / "no" / "runs.db", ConnectionFailedError, "there is no folder .*no for")
    (tmp_path / "folder.db").mkdir()
    refused(tmp_path / "folder.db", ConnectionFailedError, "is a folder: name a file in it")


def test_a_database_opened_for_reading_is_not_written(client: Client, run: Run):
    reading = {**client.config, "mode": "ro"}
    with closing(Client(reading)) as other:
        assert other.execute("SELECT COUNT(*) FROM runs").fetchone() == (1,)
    refused(reading, ReadOnlyError, "cannot be written|refuses the write")


def test_a_file_opened_for_reading_must_exist(tmp_path: Path):
    config = {"dbpath": str(tmp_path / "no.db"), "mode": "ro"}
    refused(config, ConnectionFailedError, "there is no database")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scheme", ["postgres", "mysql"])
def test_a_database_that_does_not_exist_is_one_clear_sentence(
    request: pytest.FixtureRequest, scheme: str
):
    config = parse_url(request.getfixturevalue(f"{scheme}_url")) | {"dbname": "nowhere"}
    refused(config, ConnectionFailedError, "create it|correct")


@pytest.mark.parametrize(
    ("scheme", "module", "command"),
    [
        ("postgresql", "psycopg", r"pip install 'runbase\[postgres\]'"),
        ("mysql", "pymysql", r"pip install 'runbase\[mysql\]'"),
    ],
)
def test_a_missing_driver_names_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, scheme: str, module: str, command: str
):
    class Missing:
        def find_spec(self, name: str, *_: Any) -> None:
            if name.partition(".")[0] == module:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    for name in list(sys.modules):
        if name.partition(".")[0] == module:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(MissingExtraError, match=command):
        Client(f"{scheme}://alice@h/x").execute("SELECT 1")


@pytest.mark.parametrize("scheme", ["postgres", "mysql"])
def test_a_port_that_is_no_number_is_a_wrong_configuration(scheme: str):
    with pytest.raises((ConfigError, ConnectionFailedError)) as caught:
        Client(engine=scheme, host="127.0.0.1", port="many", user="x").execute("SELECT 1")
    assert "many" in str(caught.value)


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
tmpfs /home/fast tmpfs rw 0 0
//server/share /mnt/my\\040share cifs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/runs.db", "ext4"),
        ("/home/alice/runs.db", "nfs4"),
        ("/home/fast/runs.db", "tmpfs"),
        ("/homework/runs.db", "ext4"),
        ("/mnt/my share/runs.db", "cifs"),
    ],
)
def test_the_file_system_of_a_path_is_the_nearest_mount(tmp_path: Path, path: str, kind: str):
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert file_system(Path(path), str(mounts)) == kind
    assert file_system(Path(path), str(tmp_path / "nothing")) is None


def test_a_network_file_system_is_warned_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("runbase.engines.sqlite.file_system", lambda path: "nfs4")
    with (
        closing(Client(tmp_path / "runs.db")) as client,
        pytest.warns(UserWarning, match=r"network file system \(nfs4\).*use PostgreSQL"),
    ):
        client.execute("SELECT 1")


def test_a_connection_that_is_left_open_is_no_warning_at_the_end(tmp_path: Path):
    code = (
        "import runbase; c = runbase.Client('runs.db');"
        "runbase.Experiment(c, name='e').get_run().add_metrics({'m': 1.0})"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", code],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
