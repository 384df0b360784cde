"""Setting up: the base schema, migrations and users' scripts, each once."""

from __future__ import annotations

import logging
import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from runbase import Client, Experiment, migrate
from runbase.db import Database
from runbase.errors import ConfigError, SchemaError
from runbase.migrate import Applied, Script, statements
from runbase.query import Dialect
from runbase.store import schema

OWN = ["base.sql", "0001_views.sql", "0002_ax.sql", "0003_saved_views.sql"]


def columns(client: Client, table: str = "metrics") -> list[str]:
    return list(client.engine.columns(client.database.run, table))


def tables(client: Client) -> dict[str, dict[str, str]]:
    """The columns of every table and view, and their types."""
    sql = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')",
        "postgresql": "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = current_schema()",
        "mysql": "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
    }[client.dialect]
    names = [name for (name,) in client.database.run(sql).fetchall()]
    return {name: client.engine.columns(client.database.run, name) for name in names}


def indexes(client: Client) -> set[Any]:
    sql = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index'",
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes"
        " WHERE schemaname = current_schema()",
        "mysql": "SELECT table_name, index_name, column_name FROM information_schema.statistics"
        " WHERE table_schema = DATABASE()",
    }[client.dialect]
    return {tuple(row) for row in client.database.run(sql).fetchall()}


@pytest.fixture
def fresh(url: str) -> Any:
    """A client of an empty database."""
    with closing(Client(url)) as client:
        yield client


# -- setting up -----------------------------------------------------------------------------


@pytest.mark.item("S014", "S091", "A102")
def test_setup_makes_the_tables_and_records_its_scripts(fresh: Client):
    assert schema.setup(fresh.database) == [Applied(name, "NEW") for name in OWN]
    assert schema.setup(fresh.database) == [Applied(name, "OK") for name in OWN]
    rows = fresh.execute("SELECT name, checksum FROM applied_migrations").fetchall()
    assert dict(rows).keys() == set(OWN)
    assert all(re.fullmatch("[0-9a-f]{64}", checksum) for _, checksum in rows)
    assert columns(fresh) == ["run_id", "step", "progress"]


@pytest.mark.item("S010", "S012", "S014")
def test_the_documented_columns_are_there(client: Client):
    documented = {
        "applied_migrations": "name",
        "experiments": "id name comment tags extras time_created",
        "experiment_links": "from_id kind to_id",
        "runs": "id experiment_id status time_created time_started time_updated"
        " comment tags args env extras",
        "run_links": "from_id kind to_id",
        "metrics": "run_id step progress",
    }
    for table, names in documented.items():
        assert set(names.split()) <= set(columns(client, table)), table


@pytest.mark.item("S035", "S091")
def test_setup_makes_the_schema_of_postgresql(postgres_url: str):
    import psycopg

    with closing(Client(postgres_url, schema='my "own"')) as client:
        with pytest.raises(SchemaError):
            client.execute("SELECT 1")
        schema.setup(client.database)
        Experiment(client, name="e").get_run().add_metrics({"m": 1.0})
    with psycopg.connect(postgres_url) as connection:
        sql = "SELECT table_schema FROM information_schema.tables WHERE table_name = 'metrics'"
        assert connection.execute(sql).fetchall() == [('my "own"',)]


@pytest.mark.item("S035")
def test_two_schemas_of_one_database_are_apart(postgres_url: str):
    for name in ("a", "b"):
        with closing(Client(postgres_url, schema=name)) as client:
            schema.setup(client.database)
            Experiment(client, name=name).get_run().add_metrics({f"m_{name}": 1.0})
            assert client.execute("SELECT name FROM experiments").fetchall() == [(name,)]
            assert columns(client)[3:] == [f"m_{name}"]


def test_setups_at_the_same_time_set_up_once(url: str):
    barrier = threading.Barrier(4)

    def work(_: int) -> list[str]:
        with closing(Client(url)) as client:
            barrier.wait()
            applied = schema.setup(client.database, [("mine.sql", "CREATE TABLE mine (id INT)")])
            return [state for _, state in applied]

    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(work, range(4)))
    scripts = len(OWN) + 1
    assert sorted(map(tuple, states)) == [("NEW",) * scripts] + [("OK",) * scripts] * 3


def test_who_comes_while_mysql_is_set_up_waits_for_the_end(
    mysql_url: str, monkeypatch: pytest.MonkeyPatch
):
    apply, begun, may_go_on = migrate._apply, threading.Event(), threading.Event()

    def slowly(db: Database, name: str, text: str, known: dict[str, str]) -> Applied:
        if name == OWN[2]:  # those before it are there for all to see
            begun.set()
            assert may_go_on.wait(20)
        return apply(db, name, text, known)

    def opened() -> bool:
        with closing(Client(mysql_url)) as client:
            return migrate.check(client.database)

    monkeypatch.setattr(migrate, "_apply", slowly)
    with ThreadPoolExecutor(2) as pool, closing(Client(mysql_url)) as first:
        setup = pool.submit(schema.setup, first.database)
        assert begun.wait(20)
        other = pool.submit(opened)
        wait([other], timeout=0.5)
        assert not other.done()
        may_go_on.set()
        assert other.result(20)
        assert len(setup.result(20)) == len(OWN)


# -- versions -------------------------------------------------------------------------------


def test_an_old_database_with_the_migrations_is_a_new_database(
    url: str,
):
    """One that had only ``base.sql``, and one where everything came at once."""
    with closing(Client(url)) as client:
        base = migrate.own_scripts(client.database)[0]
        with client.database.transaction():
            migrate._apply(client.database, *base, {})
        with pytest.raises(SchemaError, match=r"older Runbase \(it lacks 0001_views.sql"):
            client.execute("SELECT 1")
        schema.setup(client.database)
        old = tables(client), indexes(client)
        drop_everything(client)
        schema.setup(client.database)
        assert (tables(client), indexes(client)) == old


def drop_everything(client: Client) -> None:
    db = client.database
    if client.dialect == "postgresql":
        db.run("DROP SCHEMA public CASCADE")
        db.run("CREATE SCHEMA public")
    elif client.dialect == "mysql":
        name = client.config["dbname"]
        db.run(f"DROP DATABASE {name}")
        db.run(f"CREATE DATABASE {name}")
        db.run(f"USE {name}")
    else:
        client.close()
        path = Path(client.config["dbpath"])
        for ending in ("", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)


@pytest.mark.parametrize("newer", ["0002_more.sql", "9999_x.sql"])
def test_a_database_of_a_newer_program_is_refused(client: Client, newer: str):
    client.execute("INSERT INTO applied_migrations (name, checksum) VALUES (?, 'x')", [newer])
    with closing(Client(client.config)) as other:
        for use in (
            lambda: other.execute("SELECT 1"),
            lambda: Experiment(other, name="e"),
            lambda: other.__enter__(),
            lambda: schema.setup(other.database),
        ):
            with pytest.raises(SchemaError, match=f"newer Runbase .*{newer}.*pip install"):
                use()
    assert client.execute("SELECT COUNT(*) FROM experiments").fetchone() == (0,)


def test_a_file_with_tables_of_others_is_not_touched(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "their.db")) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    with closing(Client(tmp_path / "their.db")) as client:
        with pytest.raises(SchemaError, match="no Runbase tables yet"):
            client.execute("SELECT 1")
        assert list(tables(client)) == ["theirs"]


# -- users' scripts -------------------------------------------------------------------------

METRICS = """
BEGIN;
ALTER TABLE metrics
    ADD COLUMN train_start TIMESTAMP WITH TIME ZONE, -- when it started; or so
    ADD COLUMN train_loss FLOAT,
    ADD COLUMN price DECIMAL(10, 2);
ALTER TABLE metrics ADD COLUMN val_top1 FLOAT; /* ; */
INSERT INTO experiments (name) VALUES ('a;b''c, ADD');
END;
"""
ADDED = ["train_start", "train_loss", "price", "val_top1"]


@pytest.mark.item("S017", "S091", "A102")
@pytest.mark.parametrize("as_file", [True, False])
def test_a_users_script_runs_once(client: Client, tmp_path: Path, as_file: bool):
    path = tmp_path / "v001.sql"
    path.write_text(METRICS)
    script: Script = path if as_file else ("v001.sql", METRICS)
    assert schema.setup(client.database, [script])[-1] == Applied("v001.sql", "NEW")
    assert columns(client)[3:] == ADDED
    assert schema.setup(client.database, [script])[-1] == Applied("v001.sql", "OK")
    assert client.execute("SELECT name FROM experiments").fetchall() == [("a;b'c, ADD",)]


@pytest.mark.item("S017", "S091")
def test_metrics_are_logged_into_the_columns_of_a_script(client: Client):
    schema.setup(client.database, [("v001.sql", METRICS)])
    run = Experiment(client, name="e").get_run().add_metrics({"train_loss": 0.5, "new": 1.0})
    assert columns(client)[3:] == [*ADDED, "new"]
    assert client.execute("SELECT train_loss FROM metrics").fetchone() == (0.5,)
    assert [p.value for p in run.get_metric("train_loss")] == [0.5]


@pytest.mark.item("S091", "A102")
def test_a_script_is_known_by_its_file_name_alone(client: Client, tmp_path: Path):
    (tmp_path / "other").mkdir()
    first, second = tmp_path / "v001.sql", tmp_path / "other" / "v001.sql"
    first.write_text("CREATE TABLE one (id INT)")
    second.write_text("CREATE TABLE one (id INT)")
    assert schema.setup(client.database, [str(first)])[-1].state == "NEW"
    assert schema.setup(client.database, [second])[-1].state == "OK"
    text = second.read_text()
    assert schema.setup(client.database, [("elsewhere/v001.sql", text)])[-1].state == "OK"
    with pytest.raises(ConfigError, match=r"two scripts are called v001.sql"):
        schema.setup(client.database, [first, second])


@pytest.mark.item("S091")
def test_a_script_that_was_changed_is_warned_about_and_not_run_again(
    client: Client, caplog: pytest.LogCaptureFixture
):
    schema.setup(client.database, [("mine.sql", "CREATE TABLE one (id INT)")])
    with caplog.at_level(logging.WARNING, "runbase"):
        applied = schema.setup(client.database, [("mine.sql", "CREATE TABLE two (id INT)")])
    assert applied[-1] == Applied("mine.sql", "CHANGED")
    assert "mine.sql was changed after it was applied" in caplog.text
    assert "two" not in tables(client)


@pytest.mark.item("S091", "A102")
def test_scripts_run_in_the_given_order_after_the_base_schema(fresh: Client):
    scripts = [("z.sql", "CREATE TABLE z (id INT)"), ("a.sql", "INSERT INTO z VALUES (1)")]
    applied = schema.setup(fresh.database, scripts)
    assert [name for name, _ in applied] == [*OWN, "z.sql", "a.sql"]
    assert fresh.execute("SELECT id FROM z").fetchall() == [(1,)]


@pytest.mark.item("S091")
@pytest.mark.parametrize("name", ["base.sql", "some/base.sql", "0001_views.sql", "0002_mine.sql"])
def test_the_names_of_own_scripts_are_reserved(client: Client, name: str):
    with pytest.raises(ConfigError, match="one of Runbase's own scripts: rename yours"):
        schema.setup(client.database, [(name, "CREATE TABLE mine (id INT)")])
    assert "mine" not in tables(client)


@pytest.mark.item("S091")
def test_a_failing_script_leaves_nothing(fresh: Client):
    bad = """
    BEGIN;
    CREATE TABLE first_ (id INT);
    INSERT INTO first_ VALUES (1);
    COMMIT;
    INSERT INTO nowhere VALUES (1);
    """
    with pytest.raises(Exception, match="nowhere"):
        schema.setup(fresh.database, [("good.sql", "CREATE TABLE good (id INT)"), ("bad.sql", bad)])
    left = tables(fresh)
    if fresh.engine.transactional_ddl:
        assert left == {}
        return
    # MySQL cannot undo tables; what was not finished is not recorded, and is run again.
    names = fresh.database.run("SELECT name FROM applied_migrations").fetchall()
    assert ("bad.sql",) not in names
    fresh.database.run("DROP TABLE first_")
    good = bad.replace("INSERT INTO nowhere VALUES (1);", "")
    scripts = [("good.sql", "CREATE TABLE good (id INT)"), ("bad.sql", good)]
    assert schema.setup(fresh.database, scripts)[-1] == Applied("bad.sql", "NEW")


def test_a_script_that_cannot_be_read_is_a_precise_error(client: Client, tmp_path: Path):
    with pytest.raises(ConfigError, match=r"nothing.sql cannot be read"):
        schema.setup(client.database, [tmp_path / "nothing.sql"])
    (tmp_path / "latin.sql").write_bytes(b"-- caf\xe9")
    with pytest.raises(ConfigError, match=r"latin.sql cannot be read"):
        schema.setup(client.database, [tmp_path / "latin.sql"])


def test_a_script_may_contain_odd_text(client: Client):
    script = r"""
    CREATE TABLE odd (id INT, text VARCHAR(200));
    INSERT INTO odd VALUES (1, '100% ; -- /* TIMESTAMPTZ :a ? %s');
    -- it's a comment; with an apostrophe
    INSERT INTO odd VALUES (2, 'it''s; ''TIMESTAMP WITH TIME ZONE''') /* it's */ ;
    ALTER TABLE odd ADD COLUMN a VARCHAR(20) DEFAULT 'x, ADD y',
        ADD COLUMN b VARCHAR(9) DEFAULT '--';
    ;;
    """
    schema.setup(client.database, [("odd.sql", script)])
    rows = client.execute("SELECT * FROM odd ORDER BY id").fetchall()
    assert [tuple(row) for row in rows] == [
        (1, "100% ; -- /* TIMESTAMPTZ :a ? %s", "x, ADD y", "--"),
        (2, "it's; 'TIMESTAMP WITH TIME ZONE'", "x, ADD y", "--"),
    ]


@pytest.mark.parametrize("begin", ["BEGIN", "begin transaction", "BEGIN IMMEDIATE", "-- x\nBEGIN"])
@pytest.mark.parametrize("end", ["END", "COMMIT", "commit transaction"])
def test_a_script_may_have_its_own_transaction(tmp_path: Path, begin: str, end: str):
    with closing(Client(tmp_path / "runs.db")) as client:
        script = f"{begin};\nCREATE TABLE mine (id INT);\n{end};"
        assert schema.setup(client.database, [("mine.sql", script)])[-1].state == "NEW"


def test_a_trigger_of_sqlite_is_one_statement(tmp_path: Path):
    script = """
    CREATE TABLE log (id INTEGER, at TEXT);
    CREATE TRIGGER logged AFTER INSERT ON runs
    BEGIN
        INSERT INTO log VALUES (new.id, 'begin; END');
        INSERT INTO log VALUES (new.id, 'b'); -- END
    END;
    INSERT INTO log VALUES (0, 'x');
    """
    with closing(Client(tmp_path / "runs.db")) as client:
        schema.setup(client.database, [("trigger.sql", script)])
        Experiment(client, name="e").get_run()
        assert client.execute("SELECT COUNT(*) FROM log").fetchone() == (3,)


def test_a_function_of_postgresql_is_one_statement(postgres_url: str):
    script = """
    CREATE FUNCTION twice(a INT) RETURNS INT AS $body$
    BEGIN
        RETURN 2 * a; -- it's; done
    END;
    $body$ LANGUAGE plpgsql;
    """
    with closing(Client(postgres_url)) as client:
        schema.setup(client.database, [("function.sql", script)])
        assert client.execute("SELECT twice(%s)", [4]).fetchone() == (8,)


DIALECTS: list[Dialect] = ["sqlite", "postgresql", "mysql"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_script_without_statements_has_none(dialect: Dialect):
    assert list(statements(" \n;; -- x\n; /* ; */ BEGIN; END;", dialect)) == []


@pytest.mark.item("S017")
@pytest.mark.parametrize(
    "table", ["metrics", '"metrics"', "main.metrics", "[metrics]", "`metrics`"]
)
def test_sqlite_gets_one_column_in_a_statement(table: str):
    script = f"alter table {table}\n add column a FLOAT, Add b NUMERIC(3, 2), ADD c TEXT"
    assert [s.split()[-2:] for s in statements(script, "sqlite")] == [
        ["a", "FLOAT"],
        ["NUMERIC(3,", "2)"],
        ["c", "TEXT"],
    ]


def test_other_statements_are_passed_on_as_they_are(db: Database):
    script = "UPDATE runs SET comment = 'ADD, ADD' WHERE 1 = 0"
    assert list(statements(script, db.dialect)) == [script]


@pytest.mark.item("S016")
def test_the_base_schema_can_be_read_as_sql(db: Database):
    name, text = migrate.own_scripts(db)[0]
    assert name == "base.sql"
    assert (Path(db.engine.data_dir()) / "base.sql").read_text(encoding="utf-8") == text
    assert re.match("-- Runbase on (SQLite|PostgreSQL|MySQL)", text)
