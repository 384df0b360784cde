"""The throw-away servers of the tests: `tests.servers` and the fixtures on top of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pymysql
import pytest

from tests import servers
from tests.servers import NotInstalledError, PostgresServer, PrivateServer, Running, ServerError


def connect_mariadb(port: int, password: str = "runbase", database: str | None = None):
    return closing(
        pymysql.connect(
            host="127.0.0.1",
            port=port,
            user="runbase",
            password=password,
            database=database,
            ssl_disabled=True,
        )
    )


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("_", range(2))
def test_postgres_url_is_an_empty_database(postgres_url: str, _: int):
    with psycopg.connect(postgres_url) as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert connection.execute(tables).fetchone() == (0,)
        connection.execute("CREATE TABLE t (id integer)")


@pytest.mark.parametrize("_", range(2))
def test_mysql_url_is_an_empty_database(mysql_url: str, mariadb_server: Running, _: int):
    database = mysql_url.rpartition("/")[2]
    with (
        connect_mariadb(mariadb_server.port, database=database) as connection,
        connection.cursor() as cursor,
    ):
        assert cursor.execute("SHOW TABLES") == 0
        cursor.execute("CREATE TABLE t (id integer)")


def test_postgres_refuses_a_wrong_password(postgres_server: Running):
    url = postgres_server.url("postgres").replace(":runbase@", ":wrong@")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)


def test_mariadb_refuses_a_wrong_password(mariadb_server: Running):
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        connect_mariadb(mariadb_server.port, password="wrong")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_postgres_keeps_its_data_when_restarted(private_postgres: PrivateServer, mode: str):
    url = private_postgres.url("postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE t (id integer)")
        private_postgres.restart(mode)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_mariadb_keeps_its_data_when_restarted(private_mariadb: PrivateServer, mode: str):
    port = private_mariadb.keeper.wait("mysql").port
    with connect_mariadb(port) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE kept")
        private_mariadb.restart(mode)
        with pytest.raises(pymysql.err.OperationalError):
            cursor.execute("SELECT 1")
    with connect_mariadb(port, database="kept") as connection, connection.cursor() as cursor:
        assert cursor.execute("SHOW TABLES") == 0


def test_stopped_server_refuses_connections(private_postgres: PrivateServer):
    private_postgres.stop()
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(private_postgres.url("postgres"))
    private_postgres.start()
    psycopg.connect(private_postgres.url("postgres")).close()


def test_servers_end_with_their_owner(postgres_server: Running):
    owner = (
        "from tests.servers import Keeper; keeper = Keeper('postgres');"
        "print(keeper.directory, keeper.wait('postgres').pid, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", owner],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        directory, pid = process.stdout.readline().split()
        assert is_running(int(pid))
        process.kill()
    assert wait_until(lambda: not Path(directory).exists())
    assert not is_running(int(pid))


def test_missing_server_names_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(servers, "PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotInstalledError, match="apt install postgresql"):
        PostgresServer(tmp_path / "server").start()


def test_failing_server_shows_its_log(private_postgres: PrivateServer):
    data = Path(private_postgres.stop().data)
    (data / "PG_VERSION").write_text("1\n")
    with pytest.raises(ServerError, match="incompatible"):
        private_postgres.start()
