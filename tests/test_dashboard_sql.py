"""Queries in SQL through the dashboard: they read, and can do nothing else on any engine."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbase import Client, Experiment
from runbase.dashboard.api import meta
from runbase.dashboard.console import Console, QueryError, Settings, scan
from runbase.dashboard.console.refusal import Refusal
from runbase.dashboard.server.guard import Guard
from runbase.dashboard.stop import Stop
from runbase.errors import ConfigError, ConnectionFailedError
from tests.boards import case
from tests.people import until
from tests.web import Web, dashboard, reason, web_of

DIALECTS = ("sqlite", "postgresql", "mysql")


@contextmanager
def account_of(client: Client) -> Iterator[str]:
    """The URL of an account that may write all of the database's tables, and nothing beyond."""
    config = client.config
    if client.dialect == "sqlite":
        yield client.engine.describe()
        return
    name, place = f"u{config['dbname']}", f"{config['host']}:{config['port']}/{config['dbname']}"
    if client.dialect == "postgresql":
        client.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
        client.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")
        client.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {name}")
        client.execute(f"GRANT ALL ON SCHEMA public TO {name}")
        yield f"postgresql://{name}:x@{place}"
        client.execute(f"DROP OWNED BY {name}")
        client.execute(f"DROP ROLE {name}")
    else:
        client.execute(f"CREATE USER '{name}'@'%' IDENTIFIED BY 'x'")
        client.execute(f"GRANT ALL ON {config['dbname']}.* TO '{name}'@'%'")
        yield f"mysql://{name}:x@{place}"
        client.execute(f"DROP USER '{name}'@'%'")


@pytest.fixture
def account(client: Client) -> Iterator[str]:
    with account_of(client) as url:
        yield url


@pytest.fixture
def web(client: Client, account: str) -> Iterator[Web]:
    experiment = Experiment(client, name="digits")
    for i in range(3):
        experiment.get_run().set_args({"lr": i / 10}).add_metrics({"loss": i / 2}, step=i)
    with web_of(client, queries=Settings(account, seconds=20)) as web:
        yield web


def ask(web: Web, query: str, **body: Any) -> httpx.Response:
    return web.ask("POST", "/api/sql", json={"query": query, **body})


def found(web: Web, query: str, **body: Any) -> dict[str, Any]:
    answer = ask(web, query, **body)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def rows(web: Web, query: str) -> list[list[Any]]:
    listed = found(web, query)["rows"]
    assert isinstance(listed, list)
    return listed


def content(client: Client) -> tuple[Any, ...]:
    """What a query that got out of bounds would change."""
    counts = tuple(
        client.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
        for table in ("runs", "experiments", "metrics")
    )
    names = client.execute("SELECT name, comment FROM experiments").fetchall()
    tables = {
        "sqlite": "SELECT name FROM sqlite_master ORDER BY name",
        "postgresql": "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " ORDER BY relname",
        "mysql": "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        " ORDER BY table_name",
    }[client.dialect]
    return counts, names, client.execute(tables).fetchall()


# -- what is found ----------------------------------------------------------------------------


def test_a_query_answers_with_columns_and_rows(web: Web):
    result = found(web, "SELECT id, status FROM runs ORDER BY id DESC")
    assert result["columns"] == [
        {"name": "id", "kind": "number"},
        {"name": "status", "kind": "text"},
    ]
    assert result["rows"] == [[3, "PLANNED"], [2, "PLANNED"], [1, "PLANNED"]]
    assert result["truncated"] is None
    assert result["seconds"] > 0


def test_views_and_joins_are_queried_as_well(web: Web):
    query = """
    WITH best AS (SELECT run_id, min FROM run_best WHERE name = 'loss')
    SELECT s.experiment, COUNT(*), MAX(b.min)
      FROM run_summary AS s JOIN best AS b ON b.run_id = s.id
     GROUP BY s.experiment -- the end
    """
    assert rows(web, query) == [["digits", 3, 1.0]]
    assert rows(web, "SELECT COUNT(*) FROM metrics_long") == [[3]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT 1 AS a, 2 AS a", [[1, 2]]),
        ("SELECT NULL, '', 'it''s ☃'", [[None, "", "it's ☃"]]),
        ("VALUES (1, 'a'), (2, 'b')", [[1, "a"], [2, "b"]]),
        ("(SELECT 1) UNION ALL (SELECT 2)", [[1], [2]]),
        ("SELECT 'a;b', ';' ;; ", [["a;b", ";"]]),
        ("/* a ; b */ SELECT 1 -- ; c", [[1]]),
        ("SELECT -1, 0.5, 1e300, 9007199254740992", [[-1, 0.5, 1e300, 2**53]]),
        ("SELECT 9007199254740993, -9223372036854775808", [["9007199254740993", str(-(2**63))]]),
        ("SELECT id FROM runs WHERE id < 0", []),
    ],
)
def test_values_arrive_as_they_are(web: Web, client: Client, query: str, expected: Any):
    if client.dialect == "sqlite" and query.startswith("("):
        pytest.skip("SQLite takes no parentheses around a SELECT")
    assert rows(web, query) == expected


VALUES: dict[str, list[tuple[str, str, Any]]] = {
    "sqlite": [
        ("9e999", "number", "inf"),
        ("-9e999", "number", "-inf"),
        ("x'00ff'", "text", "0x00ff"),
        ("time_created", "time", None),
        ("json_array(1, 'a')", "text", '[1,"a"]'),
        ("CAST(x'ff61' AS TEXT)", "text", "\ufffda"),
    ],
    "postgresql": [
        ("'NaN'::float8", "number", "nan"),
        ("'-Infinity'::float8", "number", "-inf"),
        ("12345678901234567890.5", "number", "12345678901234567890.5"),
        ("0.10", "number", 0.1),
        ("1::numeric / 3", "number", "0.33333333333333333333"),
        (r"'\x00ff'::bytea", "text", r"\x00ff"),
        ("'infinity'::timestamptz", "time", "infinity"),
        ("date '0044-03-15 BC'", "time", "0044-03-15 BC"),
        ("date '12345-01-01'", "time", "12345-01-01"),
        ("""'{"a": [1]}'::jsonb""", "text", '{"a": [1]}'),
        ("ARRAY[1, NULL]", "text", "{1,NULL}"),
        ("ROW(1, 'a')", "text", "(1,a)"),
        ("interval '1 day'", "text", "1 day"),
        ("true", "text", "true"),
        ("time_created", "time", None),
    ],
    "mysql": [
        ("12345678901234567890.5", "number", "12345678901234567890.5"),
        ("0.10", "number", 0.1),
        ("1.0000000000000000000001", "number", "1.0000000000000000000001"),
        ("x'00ff'", "text", "0x00ff"),
        ("CAST('0000-00-00' AS DATE)", "time", None),
        ("JSON_ARRAY(1, 'a')", "text", '[1, "a"]'),
        ("1 / 0", "number", None),
        ("true", "number", 1),
        ("TIME '25:00:00'", "text", "25:00:00"),
        ("time_created", "time", None),
    ],
}


def test_every_kind_of_value_has_a_form_in_json(web: Web, client: Client):
    for expression, kind, expected in VALUES[client.dialect]:
        result = found(web, f"SELECT {expression} AS a FROM runs LIMIT 1")
        if expected is not None:
            assert result["rows"] == [[expected]], expression
        if result["rows"] != [[None]]:
            assert result["columns"] == [{"name": "a", "kind": kind}], expression


def test_there_are_no_more_rows_than_wanted(web: Web):
    result = found(web, "SELECT a.id FROM runs AS a, runs AS b ORDER BY 1", limit=4)
    assert (result["rows"], result["truncated"]) == ([[1], [1], [1], [2]], "rows")
    result = found(web, "SELECT id FROM runs ORDER BY 1", limit=3)
    assert (result["rows"], result["truncated"]) == ([[1], [2], [3]], None)


@pytest.mark.parametrize("limit", [0, -1, 10_001, "many"])
def test_a_limit_out_of_bounds_is_refused(web: Web, limit: Any):
    assert ask(web, "SELECT 1", limit=limit).status_code == 400


def many(client: Client, count: int) -> str:
    """A table function of so many rows."""
    if client.dialect == "postgresql":
        return f"(SELECT generate_series(1, {count}) AS i) AS n"
    if client.dialect == "mysql":
        return f"seq_1_to_{count} AS n"
    return (
        f"(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
        " SELECT i FROM n) AS n"
    )


def repeated(client: Client, count: int) -> str:
    """An expression for a long text."""
    if client.dialect == "sqlite":
        return f"replace(hex(zeroblob({count // 2})), '0', 'x')"
    return f"repeat('x', {count})"


def test_a_long_value_is_cut(web: Web, client: Client):
    [[text]] = rows(web, f"SELECT {repeated(client, 900_000)}")
    assert text == "x" * 5000 + "…"


def test_a_large_result_is_cut(web: Web, client: Client):
    cell = repeated(client, 4000)
    result = found(web, f"SELECT {cell}, {cell} FROM {many(client, 10_000)}", limit=10_000)
    assert result["truncated"] == "bytes"
    assert 500 < len(result["rows"]) < 1100


def test_a_row_that_would_fill_the_memory_is_not_read(web: Web, client: Client):
    one = "randomblob(100000)" if client.dialect == "sqlite" else "repeat('x', 100000)"
    answer = ask(web, "SELECT " + ", ".join([one] * 150))
    if client.dialect == "postgresql":  # the server cuts each value
        assert answer.json()["rows"] == [["x" * 5000 + "…"] * 150]
    else:
        assert answer.status_code == 400
        assert "a row has more than" in reason(answer) or "a value or a sorted" in reason(answer)
        assert rows(web, "SELECT 1") == [[1]]


def test_a_result_may_have_many_columns(web: Web):
    assert rows(web, "SELECT " + ", ".join(["'abc'"] * 1200)) == [["abc"] * 1200]


def test_only_as_much_of_an_endless_result_is_read_as_is_shown(web: Web, client: Client):
    result = found(web, f"SELECT 1 FROM {many(client, 1_000_000_000)}", limit=10)
    assert (len(result["rows"]), result["truncated"]) == (10, "rows")


def test_what_there_is_to_query_is_listed(web: Web, client: Client):
    answer = web.get("/api/sql/schema").json()
    assert (answer["dialect"], answer["seconds"]) == (client.dialect, 20)
    tables = {table["name"]: table for table in answer["tables"]}
    assert [column["name"] for column in tables["metrics"]["columns"]] == [
        "run_id", "step", "progress", "loss",
    ]  # fmt: skip
    assert tables["run_summary"]["is_view"]
    assert not tables["runs"]["is_view"]
    assert tables["run_summary"]["rows"] is None
    assert {"type": "double", "name": "loss"} in [
        {"name": c["name"], "type": c["type"].split()[0].lower()}
        for c in tables["metrics"]["columns"]
    ]
    if client.dialect == "sqlite":
        assert tables["runs"]["rows"] == 3


# -- mistakes ---------------------------------------------------------------------------------

WRONG = [
    ("SELECT missing_one FROM runs", "missing_one"),
    ("SELECT * FROM no_table", "no_table"),
    ("SELECT *\n  FRM runs", "FRM"),
    ("SELECT 1 +", None),
    ("SELECT 'abc", None),
    ("SELECT (1", None),
    ("", None),
    (" ; ", None),
    ("-- nothing", None),
    ("SELECT \0", None),
    ("SELECT '\ud800'", None),
    ("hello", None),
    ("x" * 100_001, None),
]


@pytest.mark.parametrize(("query", "word"), WRONG, ids=range(len(WRONG)))
def test_a_mistake_is_explained_at_its_place(
    web: Web, client: Client, query: str, word: str | None
):
    body = json.dumps({"query": query}).encode()
    headers = {"content-type": "application/json"}
    answer = web.ask("POST", "/api/sql", content=body, headers=headers)
    assert answer.status_code == 400
    assert len(reason(answer)) > 5
    # Where MariaDB finds the next word that does not fit is behind a column that it took for one.
    if word is not None and (client.dialect, word) != ("mysql", "FRM"):
        assert answer.json()["position"] == query.index(word)


def test_a_place_is_counted_in_characters_not_in_bytes(web: Web):
    answer = ask(web, "SELECT '☃😀', missing_one FROM runs")
    assert answer.json()["position"] == 13


# -- breaking out -----------------------------------------------------------------------------

ANYWHERE = [
    "DELETE FROM runs",
    "UPDATE experiments SET comment = 'mine'",
    "INSERT INTO experiments (kind, name) VALUES ('tracking', 'mine')",
    "SELECT 1; DELETE FROM runs",
    "SELECT 1;; DELETE FROM runs; --",
    "SELECT ';' ; DELETE FROM runs",
    "COMMIT; DELETE FROM runs",
    "ROLLBACK; DELETE FROM runs",
    "END; DELETE FROM runs",
    "COMMIT",
    "BEGIN",
    "SAVEPOINT a",
    "CREATE TABLE mine (id INTEGER)",
    "CREATE TEMPORARY TABLE mine (id INTEGER)",
    "CREATE TABLE mine AS SELECT * FROM runs",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE INDEX mine ON runs (comment)",
    "DROP TABLE runs",
    "DROP VIEW run_best",
    "ALTER TABLE runs ADD COLUMN mine INTEGER",
    "TRUNCATE TABLE runs",
    "ANALYZE",
    "VACUUM",
    "WITH a AS (SELECT 1) DELETE FROM runs",
    "WITH a AS (DELETE FROM runs RETURNING id) SELECT * FROM a",
    "EXPLAIN ANALYZE DELETE FROM runs",
    "SELECT * FROM runs INTO mine",
    "SELECT * INTO mine FROM runs",
    "(DELETE FROM runs)",
    "SET a = 1",
    "/* SELECT */ DELETE FROM runs",
    "-- SELECT\nDELETE FROM runs",
]
BREAKOUTS: dict[str, list[str]] = {
    "sqlite": [
        "ATTACH '{folder}/mine' AS mine",
        "ATTACH ':memory:' AS mine",
        "DETACH main",
        "VACUUM INTO '{folder}/mine'",
        "PRAGMA query_only = OFF",
        "PRAGMA writable_schema = ON",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA user_version = 7",
        "PRAGMA user_version",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA temp_store_directory = '{folder}'",
        "PRAGMA hard_heap_limit = 1",
        "PRAGMA table_info(runs) = 1",
        "PRAGMA database_list",
        "SELECT * FROM pragma_database_list",
        "SELECT * FROM pragma_user_version",
        "SELECT load_extension('mine')",
        "SELECT writefile('{folder}/mine', 'a')",
        "SELECT readfile('/etc/passwd')",
        "SELECT edit('a')",
        "SELECT fts3_tokenizer('simple', x'0000000000000000')",
        "SELECT fts5(NULL)",
        "SELECT sqlite_log(1, 'a')",
        "SELECT json_patch('1', '2')",
        "CREATE VIRTUAL TABLE mine USING fts5(a)",
        "SELECT * FROM dbstat",
        "SELECT * FROM sqlite_stmt",
        "REINDEX",
        "REPLACE INTO experiments (id, kind, name) VALUES (1, 'tracking', 'mine')",
        "EXPLAIN DELETE FROM runs",
        "SELECT zeroblob(1000000000)",
        "SELECT randomblob(100000000)",
        "SELECT randomblob(1000001)",
        "SELECT printf('%.1000000000c', 'x')",
        "SELECT 'a' LIKE replace(hex(zeroblob(100)), '0', '%')",
        "SELECT replace(hex(zeroblob(1000000)), '0', hex(zeroblob(1000000)))",
    ],
    "postgresql": [
        "SET TRANSACTION READ WRITE",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        "SET default_transaction_read_only = off",
        "RESET ALL",
        "SELECT set_config('transaction_read_only', 'off', true)",
        "SELECT pg_catalog.set_config('statement_timeout', '0', false)",
        "SELECT \"set_config\"('statement_timeout', '0', false)",
        "SELECT pg_catalog . \"set_config\" ('statement_timeout', '0', false)",
        "SELECT set_config/**/('statement_timeout', '0', false)",
        "SELECT set_config\n--\n('statement_timeout', '0', false)",
        "SELECT Set_Config('statement_timeout', '0', false)",
        "SELECT U&\"set\\005fconfig\"('statement_timeout', '0', false)",
        "SELECT * FROM set_config('statement_timeout', '0', false)",
        "SELECT a.set_config FROM runs AS a",
        "/* /* */ ' */ SELECT pg_sleep(0) --'",
        "SELECT E'\\'' , pg_sleep(0) --'",
        "SELECT E'a'\n'\\' , pg_sleep(0) --'",
        "SELECT $a$ $a$, pg_sleep(0), $b$ $b$",
        "SELECT 1 --\rFROM pg_sleep(0)",
        "SELECT pg_sleep(0)",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_read_binary_file('/etc/passwd')",
        "SELECT * FROM pg_ls_dir('/')",
        "SELECT * FROM pg_stat_file('/etc/passwd')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT lo_export(1, '/tmp/mine')",
        "SELECT lo_creat(-1)",
        "SELECT lo_from_bytea(0, 'a')",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity",
        "SELECT pg_advisory_lock(hashtext('runbase'))",
        "SELECT pg_try_advisory_xact_lock(1)",
        "SELECT nextval('runs_id_seq')",
        "SELECT setval('runs_id_seq', 100)",
        "SELECT pg_notify('a', 'b')",
        "SELECT pg_export_snapshot()",
        "SELECT pg_reload_conf()",
        "SELECT pg_logical_emit_message(false, 'a', 'b')",
        "SELECT query_to_xml('SELECT pg_sleep(0)', true, true, '')",
        "SELECT * FROM ts_stat('SELECT pg_sleep(0)')",
        "SELECT dblink('', 'SELECT 1')",
        "COPY runs TO '/tmp/mine'",
        "COPY runs TO PROGRAM 'true'",
        "COPY (SELECT 1) TO STDOUT",
        "LISTEN a",
        "NOTIFY a",
        "LOCK TABLE runs",
        "DO $$ BEGIN PERFORM 1; END $$",
        "PREPARE a AS SELECT 1",
        "EXECUTE a",
        "DECLARE a CURSOR FOR SELECT 1",
        "DISCARD ALL",
        "SELECT * FROM runs FOR UPDATE",
        "SELECT * FROM runs FOR SHARE",
        "SELECT $1",
        "SELECT 0.pg_sleep(0)",
        "SELECT 0x1Fpg_sleep(0)",
        "SELECT 1) AS q(c0); DELETE FROM runs; --",
        "SELECT 1) AS q(c0), (SELECT 2",
        "SELECT",
    ],
    "mysql": [
        "SET SESSION TRANSACTION READ WRITE",
        "SET STATEMENT max_statement_time = 0 FOR SELECT 1",
        "START TRANSACTION READ WRITE",
        "SELECT 1 INTO OUTFILE '/tmp/mine'",
        "SELECT 1 INTO DUMPFILE '/tmp/mine'",
        "SELECT 1 INTO @a",
        "SELECT LOAD_FILE('/etc/passwd')",
        "LOAD DATA INFILE '/etc/passwd' INTO TABLE runs",
        "SELECT SLEEP(0)",
        "SELECT `SLEEP`(0)",
        "SELECT sleep /* */ (0)",
        "SELECT sleep -- \n (0)",
        "SELECT sleep #\n (0)",
        "SELECT 5--sleep(0)",
        "SELECT '\\'' , sleep(0) -- '",
        'SELECT "\\"" , sleep(0) -- "',
        "/*! SELECT SLEEP(0) */",
        "/*!50000 SELECT 1 */",
        "/*M! SELECT 1 */",
        "SELECT /*+ MAX_EXECUTION_TIME(0) */ 1",
        "SELECT /*! SLEEP(0), */ 1",
        "SELECT BENCHMARK(1, 1)",
        "SELECT GET_LOCK('a', 0)",
        "SELECT RELEASE_ALL_LOCKS()",
        "SELECT MASTER_POS_WAIT('a', 1, 1)",
        "SELECT NEXTVAL(a)",
        "SELECT NEXT VALUE FOR a",
        "SELECT mysql.sleep(0)",
        "SELECT sys_exec('true')",
        "SELECT * FROM runs FOR UPDATE",
        "SELECT * FROM runs FOR SHARE",
        "SELECT * FROM runs LOCK IN SHARE MODE",
        "SELECT * FROM runs WHERE id > 0.LOCK IN SHARE MODE",
        "SELECT * FROM runs WHERE id > 0.5LOCK IN SHARE MODE",
        "SELECT * FROM runs WHERE id > .5LOCK IN SHARE MODE",
        "SELECT * FROM runs WHERE id > 0e0LOCK IN SHARE MODE",
        "SELECT * FROM runs WHERE id > 0e+0LOCK IN SHARE MODE",
        "SELECT * FROM runs WHERE id > \\NLOCK IN SHARE MODE",
        "SELECT 0.INTO @a",
        "SELECT $$ ' $$, sleep(0), $$ ' $$",
        "LOCK TABLES runs WRITE",
        "FLUSH TABLES",
        "HANDLER runs OPEN",
        "CALL mine()",
        "DO 1",
        "PREPARE a FROM 'SELECT 1'",
        "EXECUTE IMMEDIATE 'SELECT 1'",
        "KILL 1",
        "USE mysql",
        "SHOW GRANTS",
        "SHOW PROCESSLIST",
        "SHOW VARIABLES",
        "ANALYZE TABLE runs",
        "OPTIMIZE TABLE runs",
        "REPLACE INTO experiments (id, kind, name) VALUES (1, 'tracking', 'mine')",
        "EXPLAIN DELETE FROM runs",
        "SELECT 1 PROCEDURE ANALYSE()",
        "DELIMITER //",
    ],
}


ATTEMPTS = [(dialect, query) for dialect in DIALECTS for query in ANYWHERE + BREAKOUTS[dialect]]


@pytest.mark.parametrize(("dialect", "query"), ATTEMPTS)
def test_nobody_breaks_out(shared: Any, tmp_path: Path, dialect: str, query: str):
    web, client = shared(dialect)
    before = content(client)
    answer = ask(web, query.replace("{folder}", str(tmp_path)))
    assert answer.status_code == 400, answer.text
    assert reason(answer)
    assert content(client) == before
    assert not (tmp_path / "mine").exists()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Any:
    """The application over one database of each engine, which the tests leave as it is."""
    from contextlib import ExitStack

    from runbase.store import schema
    from tests.conftest import mysql_database, postgres_database

    stack = ExitStack()
    opened: dict[str, tuple[Web, Client]] = {}

    def server(dialect: str) -> str:
        if dialect == "sqlite":
            return f"sqlite:///{tmp_path_factory.mktemp('sql')}/runs.db"
        get = request.getfixturevalue
        if dialect == "postgresql":
            made = postgres_database(get("postgres_server"), get("postgres_admin"))
        else:
            made = mysql_database(get("mariadb_server"), get("mariadb_admin"))
        return stack.enter_context(made)

    def open(dialect: str) -> tuple[Web, Client]:
        if dialect not in opened:
            client = stack.enter_context(closing(Client(server(dialect))))
            schema.setup(client.database)
            Experiment(client, name="digits").get_run().add_metrics({"loss": 0.5})
            url = stack.enter_context(account_of(client))
            web = stack.enter_context(web_of(client, queries=Settings(url, seconds=20)))
            opened[dialect] = web, client
        return opened[dialect]

    with stack:
        yield open


def test_an_account_that_reaches_more_than_tables_runs_no_queries(client: Client):
    if client.dialect == "sqlite":
        pytest.skip("SQLite has no accounts")
    with web_of(client) as web:  # the account of the tests may do everything
        for answer in (ask(web, "SELECT 1"), web.get("/api/sql/schema")):
            assert answer.status_code == 403
            assert "may do more than read tables" in reason(answer)
            assert "--sql-url" in reason(answer)
        about = web.get("/api/meta").json()
        assert about["sql"] is False
        assert about["sql_refusal"] == reason(answer)


# -- limits -----------------------------------------------------------------------------------


def endless(client: Client) -> str:
    """A query that runs for hours, and finds nothing on its way."""
    if client.dialect == "sqlite":
        return (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
        )
    if client.dialect == "mysql":
        return "SELECT COUNT(*) FROM seq_1_to_1000000000 AS a, seq_1_to_1000000000 AS b"
    return (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT COUNT(*) FROM n"
        " WHERE i > 1"
    )


def test_a_query_that_takes_too_long_is_ended(client: Client, account: str):
    with web_of(client, queries=Settings(account, seconds=0.4)) as web:
        answer = ask(web, endless(client))
        assert answer.status_code == 400
        assert "took longer than 0.4 s" in reason(answer)
        assert rows(web, "SELECT 1") == [[1]]


def test_a_query_that_nobody_waits_for_is_ended(client: Client, account: str):
    console = Console(client.engine, Settings(account, seconds=600))
    stop = Stop()
    timer = threading.Timer(0.3, stop, ("nobody waits",))
    timer.start()
    with pytest.raises(QueryError, match="nobody waits"):
        console.run(endless(client), 10, stop)
    timer.join()
    if client.dialect == "postgresql":
        others = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT left%RECURSIVE%'"
        until(lambda: client.execute(others).fetchone() is None)


def test_a_query_that_is_given_up_before_it_begins_does_not_run(client: Client, account: str):
    stop = Stop()
    stop("nobody waits")
    with pytest.raises(QueryError, match="nobody waits"):
        Console(client.engine, Settings(account, seconds=600)).run(endless(client), 10, stop)


def test_a_page_that_is_left_ends_its_query(tmp_path: Path):
    """A server runs four queries at a time: a fifth one runs when the others have ended."""
    with closing(Client(f"sqlite:///{tmp_path}/runs.db")) as client:
        Experiment(client, name="digits")
        body = json.dumps({"query": endless(client)})
    with dashboard(f"{tmp_path}/runs.db", "--no-open", "--sql-timeout", "3000") as process:
        parts = urlsplit(process.url())
        for _ in range(4):
            with socket.create_connection((parts.hostname, parts.port)) as left:
                head = f"POST /api/sql HTTP/1.1\r\nHost: {parts.netloc}\r\n"
                head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                left.sendall((head + body).encode())
        answer = httpx.post(
            f"{process.url()}/api/sql", json={"query": "SELECT 1"}, timeout=20, trust_env=False
        )
        assert answer.json()["rows"] == [[1]]


SLOW = [
    "SELECT instr(hex(zeroblob(490000)), hex(zeroblob(240000)) || '1')",
    "SELECT length(replace(hex(zeroblob(490000)), hex(zeroblob(240000)) || '1', 'b'))",
    "SELECT length(trim(hex(zeroblob(490000)), '1' || hex(zeroblob(490000))))",
]


@pytest.mark.parametrize("query", SLOW)
def test_no_function_of_sqlite_takes_the_square_of_its_arguments(tmp_path: Path, query: str):
    with closing(Client(f"sqlite:///{tmp_path}/runs.db")) as client:
        Experiment(client, name="digits")
        assert len(Console(client.engine, Settings()).run(query, 1, Stop()).rows) == 1


FUNCTIONS = [
    ("instr('abc', 'c')", 3),
    ("instr('abc', 'd')", 0),
    ("instr(x'0001', x'01')", 2),
    ("instr(NULL, 'a')", None),
    ("instr(123, 2)", 2),
    ("replace('abcabc', 'b', 'xx')", "axxcaxxc"),
    ("replace('abc', '', 'x')", "abc"),
    ("replace('abc', 'b', NULL)", None),
    ("trim('  a ')", "a"),
    ("ltrim('xxaxx', 'x')", "axx"),
    ("rtrim('xxaxx', 'xy')", "xxa"),
    ("trim('')", ""),
    ("printf('%05.1f|%s|%d', 2.5, 'a', 7)", "002.5|a|7"),
    ("printf('%s', NULL)", ""),
    ("printf('100 %%')", "100 %"),
    ("printf(NULL)", None),
]


@pytest.mark.parametrize(("call", "expected"), FUNCTIONS)
def test_functions_in_the_place_of_sqlites_own_do_the_same(
    tmp_path: Path, call: str, expected: Any
):
    with closing(Client(f"sqlite:///{tmp_path}/runs.db")) as client:
        Experiment(client, name="digits")
        [[value]] = Console(client.engine, Settings()).run(f"SELECT {call}", 1, Stop()).rows
        own = client.execute(f"SELECT {call}").fetchone()[0]
    assert value == own == expected


# -- nonsense ---------------------------------------------------------------------------------

TEXT = r"""
SELECT FROM WHERE WITH RECURSIVE AS VALUES UNION ALL EXPLAIN GROUP BY ORDER LIMIT CASE WHEN THEN END
JOIN ON IN NOT NULL LIKE DISTINCT OVER PARTITION runs metrics id loss run_best a b * , ( ) . ; = < >
+ - / % || ' " ` $ $$ $1 ? :a @a @@a # -- /* */ /*! E' U&" U&' x'0' N'a' 1 0 1e5 .5 0x1F 1e 'a' "b"
`c` [d] \ ☃ 😀 COUNT( MAX( pg_sleep SLEEP load_extension PRAGMA ATTACH INTO FOR UPDATE LOCK COMMIT
BEGIN DROP DELETE INSERT :: -> ->> ~ ! ^ & | { }
"""
WORDS = [*TEXT.split(), "\n", "\r", "\t", "\0", "\\"]


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    query=st.one_of(
        st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join),
        st.lists(st.sampled_from(WORDS), max_size=12).map("".join),
        st.text(max_size=30).map(lambda text: f"SELECT {text}"),
        st.text(max_size=30),
    )
)
def test_nonsense_is_refused_and_nothing_fails(shared: Any, dialect: str, query: str):
    web, _ = shared(dialect)
    body = json.dumps({"query": query}).encode()
    headers = {"content-type": "application/json"}
    answer = web.ask("POST", "/api/sql", content=body, headers=headers)
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        place = answer.json()["position"]
        assert place is None or 0 <= place <= len(query)


PIECES = [
    ("postgresql", "a$E'\\' b", ["a$e", "'\\'", "b"]),
    ("postgresql", "E'\\' b' c", ["E'\\' b'", "c"]),
    ("postgresql", "'a''b' \"c\"\"d\"", ["'a''b'", 'c"d']),
    ("postgresql", "$a$ $b$ $a$ $$'$$", ["$a$ $b$ $a$", "$$'$$"]),
    ("postgresql", "a--b\rc /* ' */ d", ["a", "c", "d"]),
    ("postgresql", "1.5e3 .5 x.Y", ["1.5e3", ".5", "x", ".", "y"]),
    ("mysql", "'a\\'b' \"c\\\"d\" `e``f`", ["'a\\'b'", '"c\\"d"', "e`f"]),
    ("mysql", "5--6 -- 7\n 8 # 9\n 10--", ["5", "-", "-", "6", "8", "10"]),
    ("mysql", "a1(b$c)", ["a1", "(", "b$c", ")"]),
    ("mysql", "1.5e-3 .5 1. 0x1F 0b01 2e5", ["1.5e-3", ".5", "1.", "0x1F", "0b01", "2e5"]),
    ("postgresql", "1.e+3 0XfF 0o17 7.", ["1.e+3", "0XfF", "0o17", "7."]),
]


@pytest.mark.parametrize(("dialect", "query", "texts"), PIECES)
def test_a_query_is_cut_as_the_server_cuts_it(dialect: Any, query: str, texts: list[str]):
    assert [piece.text for piece in scan.pieces(query, dialect)] == texts


NUMBERS = ["0.", "0.5", ".5", "5", "1e5", "1E+5", "1.e-5", "1e", "0x1F", "0X", "0b01", "0b2"]


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
@pytest.mark.parametrize("number", NUMBERS)
def test_a_word_that_touches_a_number_is_refused(dialect: Any, number: str):
    for word in ("lock", "_a", "é"):
        with pytest.raises(QueryError, match="a number ends with a space") as caught:
            scan.pieces(f"SELECT 1 , {number}{word}", dialect)
        assert caught.value.position == 11


GLUE = r"""
0 1 7 . .. e E + 0x 0X 0b 1F f a _ $ \N \ @ @@ : `c` 'a' "b" x'00' X'0' N'a' n'a' b'1' _utf8'a' ☃ 😀
, ( ) = < ! ~ % ^ | & { } ? id runs NULL
"""
ENDS = ["LOCK IN SHARE MODE", "INTO @a", "FOR SHARE", "FOR UPDATE", "PROCEDURE ANALYSE()"]


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    glue=st.lists(st.sampled_from([*GLUE.split(), " "]), max_size=6).map("".join),
    end=st.sampled_from(ENDS),
)
def test_a_forbidden_word_is_found_whatever_it_is_glued_to(shared: Any, glue: str, end: str):
    """Either the word is seen, or the server does not see it either and finds a mistake."""
    web, _ = shared("mysql")
    answer = ask(web, f"SELECT id FROM runs WHERE id > {glue}{end}")
    assert answer.status_code == 400, answer.text


# -- who may ask ------------------------------------------------------------------------------


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Client]:
    """A database of SQLite with an experiment."""
    with closing(Client(f"sqlite:///{tmp_path}/runs.db")) as client:
        Experiment(client, name="digits")
        yield client


def test_a_read_only_dashboard_runs_queries(runs: Client):
    with web_of(runs, Guard(host="127.0.0.1", read_only=True), read_only=True) as web:
        assert web.get("/api/meta").json()["sql"] is True
        assert rows(web, "SELECT name FROM experiments") == [["digits"]]


def test_queries_below_a_base_path_run_in_a_read_only_dashboard(runs: Client):
    guard = Guard(host="127.0.0.1", read_only=True, base_path="/team")
    with web_of(runs, guard, read_only=True) as web:
        answer = web.ask("POST", "/team/api/sql", json={"query": "SELECT 1"})
        assert answer.json()["rows"] == [[1]]
        other = web.ask("POST", "/team/api/sql/../views", json={"query": "SELECT 1"})
        assert other.status_code == 403


@pytest.mark.parametrize("read_only", [False, True])
def test_no_other_site_runs_queries(runs: Client, read_only: bool):
    with web_of(runs, Guard(host="127.0.0.1", read_only=read_only)) as web:
        for headers in (
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"origin": "http://example.org"},
        ):
            answer = web.ask("POST", "/api/sql", json={"query": "SELECT 1"}, headers=headers)
            assert answer.status_code == 403
        form = web.ask(
            "POST", "/api/sql", content=b'{"query": "SELECT 1"}',
            headers={"content-type": "text/plain"},
        )  # fmt: skip
        assert form.status_code == 415


def test_queries_ask_for_the_token(runs: Client):
    with web_of(runs, Guard(host="127.0.0.1", token="secret")) as web:
        assert ask(web, "SELECT 1").status_code == 401
        assert web.get("/api/sql/schema").status_code == 401
        headers = {"authorization": "Bearer secret"}
        answer = web.ask("POST", "/api/sql", json={"query": "SELECT 1"}, headers=headers)
        assert answer.json()["rows"] == [[1]]


def test_queries_can_be_switched_off(runs: Client):
    with web_of(runs, queries=Settings(is_off=True)) as web:
        assert web.get("/api/meta").json()["sql"] is False
        answer = ask(web, "SELECT 1")
        assert answer.status_code == 403
        assert "--no-sql" in reason(answer)


def test_queries_go_where_the_setting_says(runs: Client, tmp_path: Path):
    with closing(Client(f"sqlite:///{tmp_path}/other.db")) as other:
        Experiment(other, name="elsewhere")
    with web_of(runs, queries=Settings(f"sqlite:///{tmp_path}/other.db")) as web:
        assert rows(web, "SELECT name FROM experiments") == [["elsewhere"]]


def test_a_database_in_memory_is_not_queried():
    with closing(Client("sqlite://")) as client:
        Experiment(client, name="digits")
        with web_of(client) as web:
            assert "in memory" in web.get("/api/meta").json()["sql_refusal"]


def test_a_database_that_is_away_says_so(runs: Client):
    with web_of(runs, queries=Settings("postgresql://nobody@127.0.0.1:1/none")) as web:
        assert ask(web, "SELECT 1").status_code == 403
        about = web.get("/api/meta").json()
        assert about["sql"] is False
        assert "cannot connect" in about["sql_refusal"]


def test_no_page_waits_for_a_database_that_does_not_answer(runs: Client):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        with web_of(runs, queries=Settings(url)) as web:
            for _ in range(3):
                assert web.get("/api/meta").json()["sql_refusal"] is None  # nothing is known yet
            silent.settimeout(20)
            silent.accept()[0].close()
            until(lambda: web.get("/api/meta").json()["sql"] is False)


def test_many_who_want_to_know_ask_once():
    asked: list[None] = []
    may_answer = threading.Event()

    def ask_slowly() -> str:
        asked.append(None)
        may_answer.wait(20)
        return "no"

    refusal = Refusal(ask_slowly)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(refusal.found) for _ in range(4)]
        assert refusal.known() is None
        may_answer.set()
        assert {answer.result() for answer in answers} == {"no"}
    assert (refusal.known(), refusal.found(), len(asked)) == ("no", "no", 1)


def test_a_database_that_was_away_is_asked_again(monkeypatch: pytest.MonkeyPatch):
    answers = iter([ConnectionFailedError("away"), RuntimeError("a mistake"), None])

    def ask_it() -> None:
        if (answer := next(answers)) is not None:
            raise answer

    monkeypatch.setattr("runbase.dashboard.console.refusal.RETRY", -1.0)
    refusal = Refusal(ask_it)
    assert [refusal.found() for _ in range(4)] == ["away", "a mistake", None, None]


def test_a_damaged_database_says_so(runs: Client, tmp_path: Path):
    other = tmp_path / "damaged.db"
    other.write_bytes(b"this is no database at all" * 100)
    with web_of(runs, queries=Settings(f"sqlite:///{other}")) as web:
        assert ask(web, "SELECT * FROM runs").status_code in (403, 503)


def test_the_mirror_of_a_storage_is_queried(tmp_path: Path, request: pytest.FixtureRequest):
    with case("journal", tmp_path, request) as at:
        assert meta.get_meta(at.board).sql
        result = at.board.console.run("SELECT COUNT(*) FROM runs", 10, Stop())
        assert result.rows == [[6]]


def test_the_command_line_sets_how_queries_run(runs: Client, tmp_path: Path):
    with dashboard(f"{tmp_path}/runs.db", "--no-open", "--sql-timeout", "3") as process:
        about = httpx.get(f"{process.url()}/api/sql/schema", trust_env=False).json()
        assert about["seconds"] == 3
    with dashboard(f"{tmp_path}/runs.db", "--no-open", "--no-sql") as process:
        assert httpx.get(f"{process.url()}/api/meta", trust_env=False).json()["sql"] is False


@pytest.mark.parametrize("options", [{"sql_timeout": 0}, {"sql_timeout": float("nan")},
                                     {"sql_url": "nonsense://a"}])  # fmt: skip
def test_a_wrong_setting_is_refused(runs: Client, options: dict[str, Any]):
    from runbase.dashboard import asgi

    with pytest.raises(ConfigError):
        asgi(runs, **options)
