"""Configuration: URLs, files, environment variables, and which of them wins."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbase import Client
from runbase.config import (
    CONFIG_NAME,
    DEFAULT_CONFIG,
    FALLBACK_NAME,
    find_config_file,
    get_env_config,
    load_config,
    parse_url,
    resolve,
)
from runbase.errors import ConfigError, ConnectionFailedError
from runbase.store import schema

if TYPE_CHECKING:
    from psycopg import Connection
    from pymysql.connections import Connection as MySQLConnection

USER = getpass.getuser()


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder and home, and no variable that matters."""
    for name in list(os.environ):
        if name.startswith(("RUNBASE_", "SQLTRACK_")) and "TEST" not in name:
            monkeypatch.delenv(name)
    for name in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    (home / "work").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home / "work")
    return home


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# -- defaults and priorities ----------------------------------------------------------------


@pytest.mark.item("S031", "A105")
def test_the_default_is_a_file_in_this_folder():
    assert load_config() == {"engine": "sqlite", "dbpath": "runbase.db"} == DEFAULT_CONFIG


@pytest.mark.item("S031")
def test_a_server_without_names_is_the_users_own():
    assert load_config(engine="postgres") == {
        **{"engine": "postgres", "dbpath": "runbase.db"},
        **{"user": USER, "dbname": USER},
    }


@pytest.mark.item("S031")
@pytest.mark.parametrize("engine", ["postgres", "mysql"])
def test_the_database_is_called_like_the_user(engine: str):
    config = load_config(engine=engine, user="alice")
    assert (config["user"], config["dbname"]) == ("alice", "alice")


@pytest.mark.item("S030", "A105")
def test_each_source_overrides_the_ones_before_it(monkeypatch: pytest.MonkeyPatch):
    assert load_config()["dbpath"] == "runbase.db"
    write(Path("runbase.conf"), "dbpath = file.db\nuser = file\nhost = file\nport = 1\n")
    assert load_config()["dbpath"] == "file.db"
    monkeypatch.setenv("RUNBASE_DSN_DBPATH", "env.db")
    monkeypatch.setenv("RUNBASE_DSN_USER", "env")
    monkeypatch.setenv("RUNBASE_DSN_HOST", "env")
    config = load_config(user="kwargs")
    assert [config[k] for k in ("dbpath", "port", "host", "user")] == [
        "env.db",
        "1",
        "env",
        "kwargs",
    ]
    assert load_config(dbpath="kwargs.db")["dbpath"] == "kwargs.db"


@pytest.mark.item("S030")
def test_beside_a_dict_nothing_else_is_read_but_keywords_and_defaults(
    monkeypatch: pytest.MonkeyPatch,
):
    write(Path("runbase.conf"), "dbpath = file.db\nhost = file\n")
    monkeypatch.setenv("RUNBASE_DSN_DBPATH", "env.db")
    monkeypatch.setenv("RUNBASE_URL", "postgresql://db.example/x")
    assert resolve({}) == DEFAULT_CONFIG
    given = {"dbpath": "a.db"}
    assert resolve(given, durability="full") == {
        **{"engine": "sqlite", "dbpath": "a.db"},
        "durability": "full",
    }
    assert resolve(given, dbpath="b.db")["dbpath"] == "b.db"
    assert given == {"dbpath": "a.db"}


@pytest.mark.item("S020", "S030")
@pytest.mark.parametrize("keyword", ["host", "user", "dbname", "database", "schema"])
def test_keywords_of_a_server_mean_postgresql(keyword: str):
    assert resolve(None, **{keyword: "x"})["engine"] == "postgres"
    assert resolve({keyword: "x"})["engine"] == "postgres"
    assert resolve({keyword: "x", "engine": "mysql"})["engine"] == "mysql"
    assert resolve({keyword: "x", "dbpath": "a.db"})["engine"] == "sqlite"


@pytest.mark.parametrize("engine", ["oracle", "", "Postgres "])
def test_an_unknown_engine_is_refused(engine: str):
    with pytest.raises(ConfigError, match="choose sqlite, postgres or mysql"):
        resolve({"engine": engine})


# -- files ----------------------------------------------------------------------------------

PLACES: list[Callable[[Path], Path]] = [
    lambda home: home / "work" / "NAME.conf",
    lambda home: home / "xdg" / "NAME" / "NAME.conf",
    lambda home: home / "appdata" / "NAME" / "NAME.conf",
    lambda home: home / ".config" / "NAME" / "NAME.conf",
    lambda home: home / "NAME.conf",
]


def places(home: Path, name: str) -> list[Path]:
    return [Path(str(place(home)).replace("NAME", name)) for place in PLACES]


@pytest.fixture
def all_places(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Config files in all places, the ones that win first."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(nowhere / "xdg"))
    monkeypatch.setenv("APPDATA", str(nowhere / "appdata"))
    return [write(path) for name in ("runbase", "sqltrack") for path in places(nowhere, name)]


@pytest.mark.item("S032", "A103")
def test_the_first_file_that_exists_is_used(all_places: list[Path]):
    for path in all_places:
        found = find_config_file()
        assert found is not None
        assert found.absolute() == path
        path.unlink()
    assert find_config_file() is None


@pytest.mark.item("S032", "A103")
def test_a_path_wins_over_the_environment_and_that_over_the_places(
    all_places: list[Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SQLTRACK_CONFIG_PATH", "old")
    assert find_config_file() == Path("old")
    monkeypatch.setenv("RUNBASE_CONFIG_PATH", "env")
    assert find_config_file() == Path("env")
    assert find_config_file("given") == find_config_file(path=Path("given")) == Path("given")


@pytest.mark.item("S032", "A103")
def test_a_file_of_another_name_is_looked_for_alone(all_places: list[Path]):
    assert find_config_file(config_name="other.conf") is None
    write(Path("other.conf"))
    assert find_config_file(config_name="other.conf") == Path("other.conf")
    assert find_config_file(None, FALLBACK_NAME) == Path(FALLBACK_NAME)
    assert find_config_file(None, CONFIG_NAME) == Path(CONFIG_NAME)


@pytest.mark.item("S033", "A105")
@pytest.mark.parametrize("variable", ["RUNBASE_CONFIG_PATH", "SQLTRACK_CONFIG_PATH"])
def test_an_explicit_file_that_is_missing_is_an_error(
    monkeypatch: pytest.MonkeyPatch, variable: str
):
    with pytest.raises(ValueError, match=r"no config file missing.conf") as caught:
        load_config("missing.conf")
    assert isinstance(caught.value, ConfigError)
    monkeypatch.setenv(variable, "missing.conf")
    with pytest.raises(ConfigError, match=r"no config file missing.conf"):
        load_config()
    with pytest.raises(ConfigError, match=r"no config file missing.conf"):
        Client()


@pytest.mark.item("S034")
@pytest.mark.parametrize("header", ["", "[DEFAULT]\n", "\n  [DEFAULT]\n"])
def test_the_header_of_a_file_may_be_left_out(header: str):
    write(Path("runbase.conf"), header.replace("  ", "") + "engine = postgres\nuser: alice\n")
    config = load_config()
    assert (config["engine"], config["user"], config["dbname"]) == ("postgres", "alice", "alice")


@pytest.mark.item("S034")
@pytest.mark.parametrize(
    "password", ["50%", "%(x)s", "it's", 'a"b', "back\\slash", "a=b:c", "caf\u00e9", "a;b"]
)
def test_a_password_in_a_file_is_read_as_it_is(password: str):
    write(Path("runbase.conf"), f"host = db.example\npassword = {password}\n")
    assert load_config()["password"] == password


@pytest.mark.item("S034")
def test_database_is_another_word_for_dbname():
    write(Path("runbase.conf"), "engine = postgres\nuser = alice\ndatabase = runs\n")
    config = load_config()
    assert config["dbname"] == "runs"
    assert "database" not in config


@pytest.mark.item("S034")
@pytest.mark.parametrize(
    "content", [b"no equals sign", b"[other\na=1", b"caf\xe9 = 1", b"a=1\na=2"]
)
def test_a_file_that_cannot_be_read_is_a_precise_error(content: bytes):
    Path("runbase.conf").write_bytes(content)
    with pytest.raises(ConfigError, match=r"config file runbase.conf cannot be read"):
        load_config()


def test_a_file_may_hold_a_url():
    write(Path("runbase.conf"), "url = mysql://alice:50%25@db.example/runs\n")
    config = load_config()
    assert (config["engine"], config["password"], config["dbname"]) == ("mysql", "50%", "runs")


# -- environment ----------------------------------------------------------------------------


@pytest.mark.item("S030", "S033", "A104")
def test_variables_become_parameters_in_lower_case(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RUNBASE_DSN_ENGINE", "postgres")
    monkeypatch.setenv("RUNBASE_DSN_SSLMODE", "require")
    monkeypatch.setenv("RUNBASE_OTHER", "x")
    assert get_env_config() == {"engine": "postgres", "sslmode": "require"}


@pytest.mark.item("S030", "A104")
def test_variables_of_sqltrack_count_where_runbase_has_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SQLTRACK_DSN_USER", "old")
    monkeypatch.setenv("SQLTRACK_DSN_HOST", "old")
    monkeypatch.setenv("RUNBASE_DSN_USER", "new")
    assert get_env_config() == {"user": "new", "host": "old"}


@pytest.mark.item("S020", "S030")
def test_a_project_of_sqltrack_goes_on_with_postgresql(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
):
    write(Path("sqltrack.conf"), "user = alice\n")
    config = load_config()
    assert (config["engine"], config["dbname"]) == ("postgres", "alice")
    write(Path("sqltrack.conf"), "engine = sqlite\ndbpath = old.db\n")
    assert (load_config()["engine"], load_config()["dbpath"]) == ("sqlite", "old.db")
    Path("sqltrack.conf").unlink()
    monkeypatch.setenv("SQLTRACK_DSN_ENGINE", "sqlite")
    assert load_config()["engine"] == "sqlite"


def test_a_url_may_be_in_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RUNBASE_URL", "sqlite:///env.db")
    assert load_config()["dbpath"] == "env.db"
    assert load_config(dbpath="kwargs.db")["dbpath"] == "kwargs.db"
    monkeypatch.setenv("RUNBASE_DSN_URL", "mysql://db.example/runs")
    assert load_config()["engine"] == "mysql"


# -- URLs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///runs.db", "runs.db"),
        ("sqlite:////data/runs.db", "/data/runs.db"),
        ("sqlite:///a%20b/100%25.db", "a b/100%.db"),
        ("sqlite:///C:/runs.db", "C:/runs.db"),
        ("sqlite+pysqlite:///runs.db", "runs.db"),
        ("sqlite://", ":memory:"),
        ("sqlite:///", ":memory:"),
        ("sqlite:///:memory:", ":memory:"),
        ("SQLITE:///runs.db", "runs.db"),
    ],
)
def test_a_url_of_sqlite_is_a_path(url: str, path: str):
    assert parse_url(url) == {"engine": "sqlite", "dbpath": path}


@pytest.mark.parametrize(
    ("scheme", "engine"),
    [
        *(("postgresql", "postgres"), ("postgres", "postgres"), ("postgresql+psycopg", "postgres")),
        *(("postgresql+psycopg2", "postgres"), ("postgresql+asyncpg", "postgres")),
        *(("mysql", "mysql"), ("mariadb", "mysql"), ("mysql+pymysql", "mysql")),
        *(("mysql+mysqldb", "mysql"), ("mariadb+mariadbconnector", "mysql")),
    ],
)
def test_a_url_of_a_server_with_any_driver(scheme: str, engine: str):
    assert parse_url(f"{scheme}://alice:secret@db.example:1234/runs?schema=mine&a=1%202") == {
        **{"engine": engine, "user": "alice", "password": "secret", "host": "db.example"},
        **{"port": 1234, "dbname": "runs", "schema": "mine", "a": "1 2"},
    }
    assert parse_url(f"{scheme}://") == {"engine": engine}
    assert parse_url(f"{scheme}://[::1]/x") == {"engine": engine, "host": "::1", "dbname": "x"}


@given(
    *(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1) for _ in range(3))
)
@settings(max_examples=60, deadline=None)
def test_any_user_password_and_database_can_be_in_a_url(user: str, password: str, name: str):
    url = f"postgresql://{quote(user, '')}:{quote(password, '')}@h/{quote(name, '')}"
    assert parse_url(url) == {
        **{"engine": "postgres", "user": user, "password": password},
        **{"host": "h", "dbname": name},
    }


@pytest.mark.parametrize("url", ["oracle://alice:secret@h/x", "https://alice:secret@h/x"])
def test_a_url_of_another_database_is_refused_without_its_password(url: str):
    with pytest.raises(ConfigError, match="use sqlite:///FILE, postgresql://") as caught:
        Client(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("port", ["x", "99999"])
def test_a_url_with_an_odd_port_is_refused_without_its_password(port: str):
    with pytest.raises(ConfigError, match="in the URL postgresql://alice@h") as caught:
        Client(f"postgresql://alice:secret@h:{port}/x")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("path", ["runs.db", "a/runs.sqlite", "runs.sqlite3", "RUNS.DB"])
def test_the_path_of_a_database_is_no_config_file(path: str):
    assert resolve(path) == resolve(Path(path)) == {"engine": "sqlite", "dbpath": path}


# -- passwords that connect -----------------------------------------------------------------

PASSWORDS = ["50%", "%(x)s%s", "it's", 'a"b', "back\\slash", "a@b:c/d?e#f", "a b=c", "caf\u00e9"]


@pytest.fixture
def roles(postgres_admin: Connection[Any], postgres_url: str) -> Any:
    """Makes a role with a password that may use the database of `postgres_url`."""
    from psycopg import sql

    made: list[str] = []

    def make(password: str) -> str:
        name = f"role_{os.getpid()}_{len(made)}"
        made.append(name)
        text = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        postgres_admin.execute(text.format(sql.Identifier(name), sql.Literal(password)))
        return name

    yield make
    for name in made:
        postgres_admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


@pytest.mark.item("S034")
@pytest.mark.parametrize("password", PASSWORDS)
def test_any_password_connects_to_postgresql(
    postgres_url: str, roles: Callable[[str], str], password: str
):
    server = parse_url(postgres_url)
    login = {"user": roles(password), "password": password}
    write(
        Path("runbase.conf"),
        f"engine = postgres\nhost = {server['host']}\nport = {server['port']}\n"
        f"database = {server['dbname']}\nuser = {login['user']}\npassword = {password}\n",
    )
    url = (
        f"postgresql://{login['user']}:{quote(password, '')}"
        f"@{server['host']}:{server['port']}/{server['dbname']}"
    )
    for client in (Client(), Client({**server, **login}), Client(url)):
        with closing(client):
            cursor = client.engine.connect().cursor()
            assert cursor.execute("SELECT current_user").fetchone() == (login["user"],)
            cursor.connection.close()


@pytest.mark.parametrize("password", PASSWORDS)
def test_any_password_connects_to_mysql(
    mysql_url: str, mariadb_admin: MySQLConnection[Any], password: str
):
    server = parse_url(mysql_url)
    name = f"user_{os.getpid()}"
    with mariadb_admin.cursor() as admin:
        admin.execute(f"CREATE USER {name}@'%%' IDENTIFIED BY %s", [password])
        admin.execute(f"GRANT ALL ON {server['dbname']}.* TO {name}@'%'")
        try:
            with closing(Client({**server, "user": name, "password": password})) as client:
                schema.setup(client.database)
                assert client.execute("SELECT 1").fetchone() == (1,)
        finally:
            admin.execute(f"DROP USER {name}@'%'")


@pytest.mark.parametrize("scheme", ["postgres", "mysql"])
def test_a_wrong_password_is_one_clear_sentence(
    request: pytest.FixtureRequest, roles: Callable[[str], str], scheme: str
):
    server = parse_url(request.getfixturevalue(f"{scheme}_url"))
    user = roles("right") if scheme == "postgres" else server["user"]
    client = Client({**server, "user": user, "password": "wr0ng"})
    with closing(client), pytest.raises(ConnectionFailedError) as caught:
        client.execute("SELECT 1")
    assert "check user and password" in str(caught.value)
    assert "wr0ng" not in str(caught.value)


@pytest.mark.item("S020", "S035")
def test_every_keyword_of_libpq_is_passed_on(postgres_url: str):
    with closing(Client(postgres_url, application_name="mine", schema="own")) as client:
        schema.setup(client.database)
        sql = "SELECT current_setting('application_name'), current_schema()"
        assert client.execute(sql).fetchone() == ("mine", "own")
    with (
        closing(Client(postgres_url, hots="x")) as client,
        pytest.raises(ConfigError, match="'Parameter Key Words'"),
    ):
        client.execute("SELECT 1")
