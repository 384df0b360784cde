"""Engines on SQLAlchemy's connections: the same database, whoever made the connection."""

from __future__ import annotations

import math
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy.pool import NullPool, QueuePool, SingletonThreadPool, StaticPool

from runbase.client import Client
from runbase.db import Database
from runbase.engines import MySQLEngine, PostgresEngine, SQLiteEngine
from runbase.engines.json import Jsonb
from runbase.errors import (
    ConfigError,
    ConnectionFailedError,
    ConnectionLostError,
    MissingExtraError,
    SchemaError,
)
from runbase.optuna.engines import create_engine
from runbase.query import Query
from runbase.store import columns, curves, documents, experiments, metrics, runs, schema

DRIVERS = ["sqlite", "memory", "psycopg", "psycopg2", "pymysql"]
SERVERS = DRIVERS[2:]
DETECT = sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(driver: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A URL for SQLAlchemy that names the driver."""
    if driver == "sqlite":
        return f"sqlite:///{tmp_path}/runs.db"
    if driver == "memory":
        return "sqlite://"
    name = "mysql" if driver == "pymysql" else "postgres"
    _, _, rest = str(request.getfixturevalue(f"{name}_url")).partition("://")
    return f"{'mysql' if driver == 'pymysql' else 'postgresql'}+{driver}://{rest}"


@contextmanager
def database(url: Any, kwargs: Mapping[str, Any], *, ready: bool = True) -> Iterator[Database]:
    db = Database(create_engine(url, kwargs))
    try:
        if ready:
            schema.setup(db)
        yield db
    finally:
        db.close()
        db.engine.dispose()


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    with database(url, {"pool_size": 3}) as db:
        yield db


@pytest.fixture
def run_id(db: Database) -> int:
    return runs.create(db, experiments.get_or_create(db, "an experiment"))


def pool(db: Database) -> Any:
    return db.engine.alchemy.pool  # type: ignore[attr-defined]


def curve(db: Database, run_id: int, name: str) -> list[Any]:
    return [point.value for point in curves.read(db, run_id, columns.refresh(db)[name])]


def kill(db: Database) -> None:
    """End the connection of this thread from the outside."""
    driver = db.session.open().driver
    with database(os.environ["KILLER"], {"pool_size": 1}, ready=False) as other:
        if db.dialect == "mysql":
            other.run(f"KILL {driver.thread_id()}")
        else:
            pid = driver.info.backend_pid
            other.run("SELECT pg_terminate_backend(%s)", (pid,)).fetchall()
            gone = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"
            while other.run(gone, (pid,)).fetchall():
                pass


@pytest.fixture(autouse=True)
def _killer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "url" in request.fixturenames:
        monkeypatch.setenv("KILLER", request.getfixturevalue("url"))


# -- the same data --------------------------------------------------------------------------------


def test_what_is_stored_comes_back(db: Database, run_id: int):
    started = datetime(2024, 5, 6, 7, 8, 9, 123456, UTC)
    runs.start(db, run_id, started, None)
    db.execute(Query("UPDATE runs SET args = :args"), args=Jsonb({"a": [1, None, "\u00e9"]}))
    ((args, time),) = db.run("SELECT args, time_started FROM runs").fetchall()
    assert args == {"a": [1, None, "\u00e9"]}
    assert (time, time.utcoffset()) == (started, timedelta(0))


def test_every_number_can_be_a_metric(db: Database, run_id: int):
    values = [0.1, math.inf, -math.inf, math.nan, 1e308, -3.0]
    for step, value in enumerate(values):
        metrics.add(db, run_id, {"loss": value, "100%": step}, step=step)
    assert list(map(repr, curve(db, run_id, "loss"))) == list(map(repr, values))
    assert curve(db, run_id, "100%") == list(range(6))


def test_every_type_can_be_a_metric(db: Database, run_id: int):
    values = {
        **{"number": 1.0, "text": "it's 100%", "bytes": b"\0\xff'", "json": Jsonb({"x": [1]})},
        **{
            "number": 1.0,
            "time": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
            "interval": timedelta(seconds=1.5),
        },
    }
    metrics.add(db, run_id, values)
    found = {name: curve(db, run_id, name) for name in values}
    assert found == {name: [value] for name, value in values.items()} | {"json": [{"x": [1]}]}


def test_many_points_are_written_at_once(db: Database, run_id: int):
    numbers = [float(step) for step in range(450)]
    points = [metrics.check(run_id, {"a": x, "b": -x}, int(x), 0.0) for x in numbers]
    metrics.write(db, points)
    metrics.write(db, [*points[:3], metrics.check(run_id, {"a": 7.0, "b": 8.0}, 450, 0.0)])
    assert curve(db, run_id, "a") == [*numbers, 7.0]
    assert curve(db, run_id, "b") == [-x for x in numbers] + [8.0]


def test_a_transaction_is_undone_whole(db: Database, run_id: int):
    with suppress(KeyError), db.transaction():
        experiments.get_or_create(db, "new")
        with suppress(ValueError), db.transaction():
            experiments.get_or_create(db, "newer")
            raise ValueError
        assert [e.name for e in experiments.list_all(db)] == ["an experiment", "new"]
        raise KeyError
    assert [e.name for e in experiments.list_all(db)] == ["an experiment"]


def test_a_duplicate_an_orphan_and_a_missing_column_are_known(db: Database, run_id: int):
    for statement, is_it in [
        ("INSERT INTO experiments (id, name) SELECT id, name FROM experiments", "is_duplicate"),
        ("INSERT INTO runs (experiment_id, number) VALUES (99, 1)", "is_orphan"),
        ("SELECT no_such FROM runs", "is_missing_column"),
    ]:
        with pytest.raises(Exception, match=r".") as caught:
            db.run(statement)
        assert getattr(db.engine, is_it)(caught.value)


def test_a_client_works_on_the_engine(url: str):
    engine = create_engine(url, {"pool_size": 2})
    with closing(Client.of_engine(engine)) as client:
        schema.setup(client.database)
        client.execute("INSERT INTO experiments (name) VALUES (?)", ["x"])
        assert client.execute("SELECT name FROM experiments").fetchall() == [("x",)]
        assert client.execute("SELECT * FROM runs").fetchall() == []
    engine.dispose()


def test_tables_that_are_missing_are_an_error_that_says_so(url: str):
    with (
        database(url, {"pool_size": 1}, ready=False) as db,
        pytest.raises(SchemaError, match="no Runbase tables yet"),
    ):
        db.run("SELECT * FROM runs")


# -- the same rules -------------------------------------------------------------------------------


def test_sqlite_is_set_up_as_by_runbase(tmp_path: Path):
    kwargs = {"connect_args": {"timeout": 7}}
    with database(f"sqlite:///{tmp_path}/runs.db", kwargs) as db:
        pragmas = ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        values = [db.run(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
        assert values == ["wal", 1, 2, 7000]
        assert db.engine.describe() == f"sqlite:///{tmp_path}/runs.db"


def test_a_long_timeout_is_the_default(tmp_path: Path):
    with database(f"sqlite:///{tmp_path}/runs.db", {"pool_size": 1}) as db:
        assert db.run("PRAGMA busy_timeout").fetchone() == (60_000,)


@pytest.mark.parametrize("driver", SERVERS, indirect=True)
def test_servers_are_set_up_as_by_runbase(db: Database):
    if db.dialect == "mysql":
        assert db.run("SELECT @@time_zone, @@tx_isolation, @@autocommit").fetchone() == (
            *("+00:00", "READ-COMMITTED", 1),
        )
        assert "STRICT_ALL_TABLES" in db.run("SELECT @@sql_mode").fetchone()[0]
    else:
        assert db.run("SHOW timezone").fetchone() == ("UTC",)
        assert db.run("SHOW application_name").fetchone() == ("runbase",)


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"], indirect=True)
def test_a_schema_is_used(url: str):
    with database(f"{url}?schema=mine", {"pool_size": 1}) as db:
        assert db.run("SELECT current_schema()").fetchone() == ("mine",)
        assert db.engine.describe().endswith("?schema=mine")


@pytest.mark.parametrize("driver", ["sqlite", *SERVERS], indirect=True)
def test_a_database_can_be_opened_for_reading_only(url: str):
    with database(url, {"pool_size": 1}) as db:
        experiments.get_or_create(db, "x")
    with database(f"{url}?mode=ro", {"pool_size": 1}, ready=False) as db:
        assert [e.name for e in experiments.list_all(db)] == ["x"]
        with pytest.raises(Exception, match="mode=ro"):
            experiments.get_or_create(db, "y")


@pytest.mark.parametrize("driver", ["sqlite", *SERVERS], indirect=True)
def test_a_connection_comes_back_to_the_pool_without_its_transaction(db: Database):
    db.session.begin(durable=False)
    db.session.run("INSERT INTO experiments (name) VALUES ('x')")
    before = db.session.connection.driver
    db.close()
    assert (pool(db).checkedin(), pool(db).checkedout()) == (1, 0)
    assert experiments.list_all(db) == []
    assert db.session.connection.driver is before
    if db.dialect == "postgresql":
        assert db.run("SHOW synchronous_commit").fetchone() == ("on",)


def test_a_closed_connection_cannot_be_used(db: Database):
    connection = db.session.open()
    connection.close()
    with pytest.raises(ConnectionLostError):
        connection.cursor()
    assert experiments.list_all(db) == []  # on a new one


# -- connections that break -----------------------------------------------------------------------


@pytest.mark.parametrize("driver", SERVERS, indirect=True)
def test_a_killed_connection_is_replaced(db: Database, run_id: int):
    kill(db)
    metrics.add(db, run_id, {"loss": 1.0})
    assert curve(db, run_id, "loss") == [1.0]
    assert pool(db).checkedout() == 1


@pytest.mark.parametrize("driver", SERVERS, indirect=True)
def test_a_connection_killed_in_a_transaction_loses_it(db: Database, run_id: int):
    def work() -> None:
        with db.transaction():
            experiments.get_or_create(db, "new")
            kill(db)
            experiments.get_or_create(db, "newer")

    with pytest.raises(ConnectionLostError, match="in the middle"):
        work()
    assert [e.name for e in experiments.list_all(db)] == ["an experiment"]
    assert (pool(db).checkedin(), pool(db).checkedout()) == (0, 1)


@pytest.mark.parametrize("driver", SERVERS, indirect=True)
@pytest.mark.parametrize("ping", [False, True])
def test_a_connection_killed_in_the_pool_is_replaced(url: str, ping: bool):
    with database(url, {"pool_size": 1, "pool_pre_ping": ping}) as db:
        kill(db)
        connection = db.session.connection
        connection._proxy.close()  # into the pool unnoticed
        connection._proxy = db.session.connection = None
        assert experiments.list_all(db) == []


@pytest.mark.parametrize("driver", ["sqlite", *SERVERS], indirect=True)
def test_a_signal_handler_can_work_in_the_middle_of_a_transaction(db: Database, run_id: int):
    def work() -> None:
        with db.transaction():
            experiments.get_or_create(db, "new")
            with db.interrupted():
                runs.set_status(db, run_id, "FAILED")

    with pytest.raises(ConnectionLostError):
        work()
    assert db.run("SELECT status FROM runs").fetchone() == ("FAILED",)
    assert [e.name for e in experiments.list_all(db)] == ["an experiment"]


FORK = """
import os, sys
from runbase.db import Database
from runbase.optuna.engines import create_engine
from runbase.store import experiments, schema

db = Database(create_engine(sys.argv[1], {"pool_size": 2}))
schema.setup(db)
with db.transaction():
    experiments.get_or_create(db, "parent")
    if (child := os.fork()) == 0:
        db.engine.after_fork()  # as often as you like
        del db
        sys.exit(0)  # runs what runs at exit, unlike os._exit
    assert os.waitpid(child, 0)[1] == 0
if os.fork() == 0:
    experiments.get_or_create(db, "child")
    os._exit(0)
assert os.wait()[1] == 0
print([e.name for e in experiments.list_all(db)])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.parametrize("driver", ["sqlite", *SERVERS], indirect=True)
def test_a_fork_leaves_the_connections_to_the_parent(url: str):
    done = subprocess.run(
        [sys.executable, "-c", FORK, url], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("['parent', 'child']\n", "")


# -- arguments of SQLAlchemy ----------------------------------------------------------------------


@pytest.mark.parametrize("driver", ["sqlite", *SERVERS], indirect=True)
def test_arguments_of_the_pool_reach_sqlalchemy(url: str):
    kwargs = {"pool_size": 7, "max_overflow": 2, "pool_recycle": 99, "echo": False}
    with database(url, kwargs) as db:
        assert type(pool(db)) is QueuePool
        assert (pool(db).size(), pool(db)._max_overflow, pool(db)._recycle) == (7, 2, 99)
        assert pool(db)._pre_ping is (db.dialect == "mysql")
    assert kwargs == {"pool_size": 7, "max_overflow": 2, "pool_recycle": 99, "echo": False}


def test_another_pool_can_be_chosen(url: str, driver: str):
    with database(url, {"poolclass": StaticPool if driver == "memory" else NullPool}) as db:
        assert type(pool(db)) is (StaticPool if driver == "memory" else NullPool)
        assert experiments.get_or_create(db, "x") == 1


@pytest.mark.parametrize("driver", ["sqlite", *SERVERS], indirect=True)
def test_one_connection_for_all_threads_is_refused(url: str):
    with pytest.raises(ConfigError, match="StaticPool"):
        create_engine(url, {"poolclass": StaticPool})


@pytest.mark.parametrize("driver", ["sqlite", *SERVERS], indirect=True)
def test_more_threads_than_connections_is_an_error_that_says_so(url: str):
    with database(url, {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.01}) as db:
        caught: list[Exception] = []

        def work() -> None:
            try:
                experiments.list_all(db)
            except ConnectionFailedError as error:
                caught.append(error)

        db.patience = 0.0
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert "raise pool_size or max_overflow" in str(caught[0])


def test_optunas_own_example_works():
    kwargs = {"pool_size": 20, "connect_args": {"timeout": 10}}
    with database("sqlite:///:memory:", kwargs) as db:
        assert db.engine.is_memory
        assert type(pool(db)) is SingletonThreadPool
        thread = threading.Thread(target=experiments.get_or_create, args=(db, "x"))
        thread.start()
        thread.join()
        assert [e.name for e in experiments.list_all(db)] == ["x"]


@pytest.mark.parametrize("rest", ["file:{}?uri=true", "file:{}?mode=rwc&uri=true"])
def test_sqlite_takes_a_uri(tmp_path: Path, rest: str):
    path = f"{tmp_path}/runs.db"
    with database("sqlite:///" + rest.format(path), {"pool_size": 1}) as db:
        assert db.run("PRAGMA journal_mode").fetchone() == ("wal",)
        assert (db.engine.is_memory, db.engine.describe()) == (False, f"sqlite:///{path}")
    assert Path(path).exists()


def test_a_uri_may_name_memory():
    with database("sqlite:///file::memory:?uri=true", {"pool_size": 1}) as db:
        assert db.engine.is_memory


@pytest.mark.parametrize("is_memory", [False, True])
def test_connections_may_be_of_the_users_making(tmp_path: Path, is_memory: bool):
    path = ":memory:" if is_memory else f"{tmp_path}/runs.db"

    def make() -> sqlite3.Connection:
        return sqlite3.connect(path, detect_types=DETECT, check_same_thread=False)

    with database("sqlite://", {"creator": make}) as db:
        assert db.engine.is_memory is is_memory
        assert db.engine.describe() == f"sqlite:///{path}"
        run_id = runs.create(db, experiments.get_or_create(db, "x"))
        documents.merge(db, "runs", "args", run_id, {"a": 1})
        assert db.run("SELECT args FROM runs").fetchall() == [({"a": 1},)]


def test_a_connection_that_reads_no_types_is_refused(tmp_path: Path):
    made: list[sqlite3.Connection] = []

    def make() -> sqlite3.Connection:
        made.append(sqlite3.connect(tmp_path / "runs.db"))
        return made[-1]

    engine = create_engine("sqlite://", {"creator": make})
    with pytest.raises(ConfigError, match="detect_types"):
        engine.connect()
    engine.dispose()


def test_servers_take_connections_of_the_users_making(postgres_url: str, mysql_url: str):
    import psycopg
    import psycopg2
    import pymysql
    from pymysql.constants import CLIENT

    my = sqlalchemy.make_url(mysql_url)
    account: dict[str, Any] = {"host": my.host, "port": my.port, "user": my.username}
    account |= {"password": my.password, "database": my.database}
    makers: dict[str, Callable[[], Any]] = {
        "postgresql+psycopg": lambda: psycopg.connect(postgres_url),
        "postgresql+psycopg2": lambda: psycopg2.connect(postgres_url),
        "mysql+pymysql": lambda: pymysql.connect(
            **account, charset="latin1", client_flag=CLIENT.FOUND_ROWS
        ),
    }
    for driver, make in makers.items():
        with database(f"{driver}://", {"creator": make}) as db:
            experiments.get_or_create(db, "\u4e2d")
            assert [e.name for e in experiments.list_all(db)] == ["\u4e2d"]
    with (
        database(
            "mysql+pymysql://", {"creator": lambda: pymysql.connect(**account)}, ready=False
        ) as db,
        pytest.raises(ConfigError, match="FOUND_ROWS"),
    ):
        db.session.open()


def test_the_version_of_optunas_tables_is_filled_in(tmp_path: Path):
    from optuna.storages._rdb.models import SCHEMA_VERSION

    for kwargs in ({}, {"pool_size": 1}):
        engine = create_engine(f"sqlite:///{tmp_path}/v{{SCHEMA_VERSION}}.db", kwargs)
        assert engine.describe() == f"sqlite:///{tmp_path}/v{SCHEMA_VERSION}.db"


# -- choosing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        *(("sqlite:///x.db", SQLiteEngine), ("sqlite://", SQLiteEngine)),
        *(("postgresql://h/d", PostgresEngine), ("postgresql+psycopg2://h/d", PostgresEngine)),
        *(("postgresql+asyncpg://h/d", PostgresEngine), ("mysql://u@h/d", MySQLEngine)),
        *(("mysql+mysqldb://u@h/d", MySQLEngine), ("mysql+pymysql://u@h/d", MySQLEngine)),
    ],
)
def test_without_arguments_the_engine_is_runbases_own(url: str, kind: type):
    engine = create_engine(url)
    assert type(engine) is kind
    assert engine.is_memory is (url == "sqlite://")
    assert type(create_engine(url, {})) is kind
    assert type(create_engine(sqlalchemy.make_url(url))) is kind


def test_a_url_of_sqlalchemy_is_taken(tmp_path: Path):
    url = sqlalchemy.URL.create("sqlite", database=f"{tmp_path}/runs.db")
    with database(url, {"pool_size": 1}) as db:
        assert db.engine.describe() == f"sqlite:///{tmp_path}/runs.db"


@pytest.mark.parametrize(
    "url",
    [
        *("mysql+mysqldb://u:secret@h/d", "sqlite+aiosqlite:///x.db"),
        *("postgresql+asyncpg://u:secret@h/d", "postgresql+nothing://u:secret@h/d"),
    ],
)
def test_other_drivers_are_refused(url: str):
    with pytest.raises(ConfigError, match=r"postgresql\+psycopg2 and mysql\+pymysql") as caught:
        create_engine(url, {"pool_size": 1})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["oracle://u:secret@h/d", "u:secret@h", "postgresql://u:secret@h:x"]
)
def test_urls_that_nobody_understands_are_refused(url: str):
    with pytest.raises(ConfigError) as caught:
        create_engine(url, {"pool_size": 1})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("missing", "url", "command"),
    [
        ("sqlalchemy", "sqlite:///x.db", r"pip install 'runbase\[optuna\]'"),
        ("psycopg", "postgresql+psycopg://h/d", r"pip install 'runbase\[postgres\]'"),
        ("psycopg2", "postgresql+psycopg2://h/d", "pip install psycopg2-binary"),
        ("pymysql", "mysql+pymysql://h/d", r"pip install 'runbase\[mysql\]'"),
    ],
)
def test_a_missing_package_comes_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, missing: str, url: str, command: str
):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=command):
        create_engine(url, {"pool_size": 1})


@pytest.mark.parametrize(
    "kwargs", [{"no_such": 1}, {"pool_size": "x"}, {"connect_args": 3}, {"isolation_level": "x"}]
)
def test_wrong_arguments_are_refused(url: str, kwargs: dict[str, Any]):
    with pytest.raises((ConfigError, ConnectionFailedError)) as caught:  # noqa: PT012
        engine = create_engine(url, kwargs)
        engine.connect()
    assert isinstance(caught.value, ConfigError)
    assert isinstance(caught.value, ValueError)
    assert "does not take these engine_kwargs" in str(caught.value)


def test_wrong_arguments_of_the_driver_are_refused(url: str):
    with (
        database(url, {"connect_args": {"no_such": 1}}, ready=False) as db,
        pytest.raises(ConfigError, match="no_such"),
    ):
        db.session.open()


@pytest.mark.parametrize("driver", SERVERS, indirect=True)
def test_a_server_that_refuses_is_named_without_password(url: str):
    wrong = sqlalchemy.make_url(url).set(password="secret", database="nowhere", port=1)
    with (
        database(wrong, {"pool_size": 1}, ready=False) as db,
        pytest.raises(ConnectionFailedError, match=r"cannot connect to .*is the server") as caught,
    ):
        db.session.open()
    assert "secret" not in str(caught.value)


def test_a_folder_that_is_missing_is_named(tmp_path: Path):
    with (
        database(f"sqlite:///{tmp_path}/no/x.db", {"pool_size": 1}, ready=False) as db,
        pytest.raises(ConnectionFailedError, match="there is no folder"),
    ):
        db.session.open()
