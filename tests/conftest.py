"""What all tests share: throw-away servers, and how to do without them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers import Keeper, NotInstalledError, PrivateServer, Running, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from psycopg import Connection
    from pymysql.connections import Connection as MySQLConnection

    from runbase import Client, Experiment, Run
    from runbase.db import Database

KEEPER = pytest.StashKey[Keeper]()
#: How the workers of xdist, which inherit it, find the servers.
DIRECTORY = "RUNBASE_TEST_SERVERS"

# Before numpy is loaded, here and in subprocesses: the workers use all processors already, and
# threads of BLAS that wait for each other make sums of small matrices four times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")

_numbers = count(1)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the servers before xdist starts its workers; nobody waits for them yet."""
    config = session.config
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        config.stash[KEEPER] = keeper = Keeper("postgres", "mysql")
        os.environ[DIRECTORY] = str(keeper.directory)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the servers."""
    if keeper := config.stash.get(KEEPER, None):
        keeper.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a test with a browser again if it fails; the report says ``rerun``.

    On a busy machine a page may be late by more than a test waits for it, one time in thousands.
    """
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=1))


def skip_missing(name: str, reason: str) -> None:
    """Skip the test, or fail it where ``RUNBASE_TEST_REQUIRE`` asks for what is missing."""
    if name in os.environ.get("RUNBASE_TEST_REQUIRE", "").split(","):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _running(directory: Path, name: str) -> Running:
    try:
        return wait_for(directory, name)
    except NotInstalledError as error:
        skip_missing(name, str(error))
        raise


@pytest.fixture(scope="session")
def postgres_server() -> Running:
    """The PostgreSQL that all tests share."""
    return _running(Path(os.environ[DIRECTORY]), "postgres")


@pytest.fixture(scope="session")
def mariadb_server() -> Running:
    """The MariaDB that all tests share."""
    return _running(Path(os.environ[DIRECTORY]), "mysql")


@pytest.fixture(scope="session")
def postgres_admin(postgres_server: Running) -> Iterator[Connection[Any]]:
    """A superuser's connection to the shared PostgreSQL."""
    import psycopg

    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def mariadb_admin(mariadb_server: Running) -> Iterator[MySQLConnection[Any]]:
    """A connection to the shared MariaDB that may do everything."""
    import pymysql

    # Without ssl_disabled PyMySQL reads all certificates of the system first, for 25 ms.
    with closing(
        pymysql.connect(
            host="127.0.0.1",
            port=mariadb_server.port,
            user="runbase",
            password="runbase",
            autocommit=True,
            ssl_disabled=True,
        )
    ) as connection:
        yield connection


@pytest.fixture
def postgres_url(postgres_server: Running, postgres_admin: Connection[Any]) -> Iterator[str]:
    """The URL of a new, empty PostgreSQL database."""
    with postgres_database(postgres_server, postgres_admin) as url:
        yield url


@pytest.fixture
def ready_postgres_url(
    postgres_server: Running, postgres_admin: Connection[Any], postgres_template: str
) -> Iterator[str]:
    """The URL of a new PostgreSQL database that is set up."""
    with postgres_database(postgres_server, postgres_admin, postgres_template) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Running, postgres_admin: Connection[Any]) -> Iterator[str]:
    """The name of a database that is set up, to be copied: that takes a third of a setup."""
    from runbase import Client
    from runbase.store import schema

    with postgres_database(postgres_server, postgres_admin) as url:
        with closing(Client(url)) as client:
            schema.setup(client.database)
        yield url.rpartition("/")[2]


@contextmanager
def postgres_database(
    server: Running, admin: Connection[Any], template: str = "template1"
) -> Iterator[str]:
    """A block with a new PostgreSQL database, empty unless a template is named; its URL."""
    name = _database_name()
    # Copying files takes half the time of writing the new database to the log first, which is
    # the default of the versions that have a choice.
    how = " STRATEGY FILE_COPY" if admin.info.server_version >= 150000 else ""
    admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}{how}".encode())
    yield server.url(name)
    # Sessions take a moment to end; while there is one, DROP DATABASE sleeps 100 ms at a time.
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    while admin.execute(end, (name,)).fetchall():
        time.sleep(0.001)
    admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


@pytest.fixture
def mysql_url(mariadb_server: Running, mariadb_admin: MySQLConnection[Any]) -> Iterator[str]:
    """The URL of a new, empty MariaDB database."""
    with mysql_database(mariadb_server, mariadb_admin) as url:
        yield url


@contextmanager
def mysql_database(server: Running, admin: MySQLConnection[Any]) -> Iterator[str]:
    """A block with a new, empty MariaDB database; its URL."""
    import pymysql

    name = _database_name()
    with admin.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        yield server.url(name)
        # A transaction that a test left open would make DROP DATABASE wait.
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", (name,))
        for (thread,) in cursor.fetchall():
            with suppress(pymysql.err.OperationalError):  # It ended by itself
                cursor.execute(f"KILL {thread}")
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")


@pytest.fixture
def private_postgres() -> Iterator[PrivateServer]:
    """A PostgreSQL of the test's own, to stop, restart or kill."""
    yield from _private_server("postgres")


@pytest.fixture
def private_mariadb() -> Iterator[PrivateServer]:
    """A MariaDB of the test's own, to stop, restart or kill."""
    yield from _private_server("mysql")


def _private_server(name: str) -> Iterator[PrivateServer]:
    with closing(Keeper(name)) as keeper:
        _running(keeper.directory, name)
        yield PrivateServer(keeper, name)


def _database_name() -> str:
    return f"test_{os.getpid()}_{next(_numbers)}"


@pytest.fixture(params=["sqlite", "postgres", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, on each engine; of that of `client` if a test has both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/runs.db"
    if request.param == "postgres" and "client" in request.fixturenames:
        return str(request.getfixturevalue("ready_postgres_url"))
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    """A client of a database that is set up, on each engine."""
    from runbase import Client
    from runbase.store import schema

    with closing(Client(url)) as client:
        schema.setup(client.database)
        yield client


@pytest.fixture
def db(client: Client) -> Database:
    """The database of `client`."""
    return client.db


@pytest.fixture
def experiment(client: Client) -> Experiment:
    """A new experiment."""
    from runbase import Experiment

    return Experiment(client, name="an experiment")


@pytest.fixture
def run(experiment: Experiment) -> Run:
    """A new run of `experiment`."""
    return experiment.get_run()


@pytest.fixture(scope="module")  # While it is there, `asyncio.run` does not work beside it.
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    from tests import browser

    path = browser.chromium()
    if path is None:
        skip_missing("chromium", "there is no Chromium on this machine: apt install chromium")
    if not browser.PAGES.is_file():
        skip_missing("web", "the pages of the dashboard are not built: make web")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=browser.ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page of 1440 x 900; an error in its console fails the test, unless it is expected.

    What a test expects goes to ``page.console.expected``.
    """
    from tests.browser import Console

    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    page = context.new_page()
    console = page.console = Console(page)  # type: ignore[attr-defined]
    yield page
    context.close()
    console.check()
