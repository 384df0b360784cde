"""The client: statements in every style, transactions, threads, processes."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import runbase
from runbase import Client, Experiment, Run
from runbase.engines.json import jsonb
from runbase.errors import ConfigError, ConnectionFailedError, SchemaError
from runbase.store import schema
from runbase.util import SQL

ADD = "INSERT INTO experiments (name) VALUES (?)"
NAMES = "SELECT name FROM experiments ORDER BY id"


class UserError(Exception):
    pass


def names(client: Client) -> list[str]:
    return [name for (name,) in client.execute(NAMES)]


def seen_by_others(client: Client) -> list[str]:
    """The names that another client sees: those that are committed."""
    with closing(Client(client.config)) as other:
        return names(other)


# -- statements -----------------------------------------------------------------------------


@pytest.mark.item("S021", "A01", "A04")
@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SELECT 'b', %s, 'a'", ["x"]),
        ("SELECT 'b', %s, 'a'", ("x",)),
        ("SELECT 'b', ?, 'a'", ["x"]),
        ("SELECT 'b', %(v)s, 'a'", {"v": "x"}),
        ("SELECT 'b', :v, 'a'", {"v": "x", "unused": 1}),
        ("SELECT 'b', 'x', 'a'", ()),
        ("SELECT 'b', 'x', 'a'", None),
        ("SELECT 'b', 'x', 'a'", {}),
        (SQL("SELECT 'b', {}, 'a'").format("x"), ()),
    ],
)
def test_parameters_are_written_in_any_style(client: Client, sql: Any, parameters: Any):
    assert client.execute(sql, parameters).fetchall() == [("b", "x", "a")]


@pytest.mark.item("S021")
@pytest.mark.parametrize(
    ("sql", "parameters", "expected"),
    [
        ("SELECT '100%%', '?', ':v', %s -- ? %%s", [1], ("100%", "?", ":v", 1)),
        ("SELECT '100%', '%s', ':v', ? /* ? */", [1], ("100%", "%s", ":v", 1)),
        ("SELECT '100%', '%(v)s', '?', ':v', :v", {"v": 1}, ("100%", "%(v)s", "?", ":v", 1)),
        ("SELECT '100%%', '?', ':v', %(v)s", {"v": 1}, ("100%", "?", ":v", 1)),
        ("SELECT '100%', '100%%', '?'", (), ("100%", "100%%", "?")),
        ("SELECT 'it''s ?', ?", [1], ("it's ?", 1)),
        ("SELECT 7 % 4, ?", [1], (3, 1)),
        ("SELECT 7 %% 4, %s", [1], (3, 1)),
    ],
)
def test_quoted_text_and_percent_signs_are_no_parameters(
    client: Client, sql: str, parameters: Any, expected: tuple[Any, ...]
):
    assert client.execute(sql, parameters).fetchone() == expected


@pytest.mark.item("S021")
@pytest.mark.parametrize(
    ("where", "parameters"),
    [
        ("id IN (?)", [[1, 3]]),
        ("id IN (%s) AND id > %s", [(1, 3), 0]),
        ("id IN (:ids)", {"ids": {1, 3}}),
        ("id in ( %(ids)s ) AND id > %(least)s", {"ids": [1, 3], "least": 0}),
    ],
)
def test_a_list_in_parentheses_becomes_its_items(client: Client, where: str, parameters: Any):
    client.executemany(ADD, [["a"], ["b"], ["c"]])
    sql = f"SELECT name FROM experiments WHERE {where} ORDER BY id"
    assert client.execute(sql, parameters).fetchall() == [("a",), ("c",)]


def test_an_empty_list_matches_nothing(client: Client):
    client.execute(ADD, ["a"])
    assert client.execute("SELECT 1 FROM experiments WHERE id IN (?)", [[]]).fetchall() == []


def test_lists_are_parameters_of_postgresql_as_they_are(postgres_url: str):
    with closing(Client(postgres_url)) as client:
        schema.setup(client.database)
        client.executemany(ADD, [["a"], ["b"], ["c"]])
        sql = "SELECT name FROM experiments WHERE id = ANY(%(ids)s) ORDER BY id"
        assert client.execute(sql, {"ids": [1, 3]}).fetchall() == [("a",), ("c",)]
        tagged = "SELECT tags ? 'marked' FROM experiments WHERE id = %s"
        assert client.execute(tagged, [1]).fetchone() == (None,)


NOON = datetime(2024, 5, 17, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.item("S021")
def test_values_of_python_go_in_and_come_out(client: Client):
    columns = "time_started, comment, args, value, version"
    experiment = Experiment(client, name="e")
    client.execute(
        f"INSERT INTO runs (experiment_id, number, {columns}) VALUES (?, 7, ?, ?, ?, ?, ?)",
        [experiment.id, NOON, Path("a/b"), jsonb({"a": [1]}), np.float64(0.5), np.int64(3)],
    )
    row = client.execute(f"SELECT {columns} FROM runs").fetchone()
    assert row == (NOON, "a/b", {"a": [1]}, 0.5, 3)


def test_a_date_and_an_interval_are_parameters(client: Client):
    day = client.execute("SELECT ?", [date(2024, 2, 29)]).fetchone()[0]
    assert day in (date(2024, 2, 29), "2024-02-29")
    seconds = client.execute("SELECT ?", [timedelta(seconds=90)]).fetchone()[0]
    assert seconds in (timedelta(seconds=90), 90)


@pytest.mark.item("S021", "A04")
def test_a_result_can_be_read_in_all_the_ways_of_a_cursor(client: Client):
    client.executemany(ADD, [[name] for name in "abcde"])
    cursor = client.execute(NAMES)
    assert cursor.fetchone() == ("a",)
    assert cursor.fetchmany() == [("b",)]
    assert cursor.fetchmany(2) == [("c",), ("d",)]
    assert list(cursor) == [("e",)]
    assert cursor.fetchone() is None
    assert cursor.fetchmany(2) == cursor.fetchall() == list(cursor) == []
    assert [column[0] for column in cursor.description or ()] == ["name"]
    assert cursor.rowcount == 5
    cursor.close()


@pytest.mark.item("S021")
def test_a_result_stays_when_the_connection_is_closed(client: Client):
    client.execute(ADD, ["a"])
    cursor = client.execute(NAMES)
    client.close()
    assert cursor.fetchall() == [("a",)]


def test_a_statement_without_a_result_has_no_description(client: Client):
    cursor = client.execute(ADD, ["a"])
    assert (cursor.description, cursor.rowcount, cursor.fetchall()) == (None, 1, [])
    cursor = client.execute("UPDATE experiments SET comment = 'x'")
    assert cursor.rowcount == 1


@pytest.mark.item("S021", "A05")
def test_executemany_runs_a_statement_for_each(client: Client):
    cursor = client.executemany(ADD, (row for row in [("a",), ("b",)]))
    assert cursor.rowcount == 2
    client.executemany("INSERT INTO experiments (name) VALUES (%(n)s)", [{"n": "c"}])
    assert names(client) == ["a", "b", "c"]


def test_executemany_is_all_or_nothing(client: Client):
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        client.executemany(ADD, [["a"], ["b"], ["a"]])
    assert names(client) == []
    assert client.executemany(ADD, []).rowcount == 0


@pytest.mark.item("S021", "A06")
def test_executescript_runs_all_statements(client: Client):
    cursor = client.executescript(
        """
        -- a comment; with a semicolon
        INSERT INTO experiments (name) VALUES ('a;b');
        /* another; one */
        INSERT INTO experiments (name) VALUES ('it''s 100%');
        SELECT name FROM experiments ORDER BY id;
        """
    )
    assert cursor.fetchall() == [("a;b",), ("it's 100%",)]


def test_executescript_is_all_or_nothing(client: Client):
    with pytest.raises(Exception, match="nowhere"):
        client.executescript(
            "INSERT INTO experiments (name) VALUES ('a'); INSERT INTO nowhere VALUES (1);"
        )
    assert names(client) == []


def test_an_error_of_the_database_is_the_drivers_own(client: Client):
    module = {"sqlite": "sqlite3", "postgresql": "psycopg", "mysql": "pymysql"}[client.dialect]
    with pytest.raises(Exception, match=r"(?i)syntax") as caught:
        client.execute("SELEKT 1")
    assert type(caught.value).__module__.partition(".")[0] == module
    assert client.execute("SELECT 1").fetchone() == (1,)


# -- transactions ---------------------------------------------------------------------------


@pytest.mark.item("S022", "A08")
def test_a_block_is_one_transaction(client: Client):
    with client:
        client.execute(ADD, ["a"])
        client.execute(ADD, ["b"])
        assert names(client) == ["a", "b"]
        assert seen_by_others(client) == []
    assert seen_by_others(client) == ["a", "b"]


@pytest.mark.item("S022", "A08")
def test_with_client_as_conn_gives_what_makes_cursors(client: Client):
    with client as conn, conn.cursor() as cursor:
        cursor.execute(ADD, ["a"])
        assert cursor.connection is client
        assert cursor.execute(NAMES).fetchall() == [("a",)]
        assert seen_by_others(client) == []
    assert seen_by_others(client) == ["a"]


@pytest.mark.item("S022", "A03")
def test_a_cursor_is_a_block(client: Client):
    with client.cursor() as cursor:
        cursor.execute(ADD, ["a"])
        cursor.executemany(ADD, [["b"], ["c"]])
        assert seen_by_others(client) == []
    assert seen_by_others(client) == ["a", "b", "c"]
    with suppress(UserError), client.cursor() as cursor:
        cursor.execute(ADD, ["d"])
        raise UserError
    assert names(client) == ["a", "b", "c"]


@pytest.mark.item("S022", "S025")
def test_nested_blocks_use_one_connection_and_commit_at_the_outermost_end(client: Client):
    with client:
        connection = client.connection
        with client, client.cursor() as cursor:
            cursor.execute(ADD, ["a"])
            assert client.connection is connection
            Experiment(client, name="b").set_comment("c")
        assert seen_by_others(client) == []
    assert seen_by_others(client) == ["a", "b"]


@pytest.mark.item("S025")
def test_statements_outside_of_blocks_use_one_connection(client: Client):
    connection = client.connection
    client.execute(ADD, ["a"])
    with client:
        client.execute(ADD, ["b"])
    assert client.connection is connection


@pytest.mark.item("S023")
@pytest.mark.parametrize("error", [UserError, KeyboardInterrupt, SystemExit])
def test_an_exception_undoes_everything(client: Client, error: type[BaseException]):
    with suppress(error), client:
        client.execute(ADD, ["a"])
        with client:
            client.execute(ADD, ["b"])
        raise error
    assert names(client) == []
    client.execute(ADD, ["c"])
    assert seen_by_others(client) == ["c"]


@pytest.mark.item("S023")
def test_an_error_swallowed_in_a_nested_block_undoes_that_block_alone(client: Client):
    with client:
        client.execute(ADD, ["a"])
        with suppress(UserError), client:
            client.execute(ADD, ["b"])
            with client:
                client.execute(ADD, ["c"])
            raise UserError
        with suppress(Exception), client:
            client.execute(ADD, ["d"])
            client.execute(ADD, ["a"])  # a second one
        client.execute(ADD, ["e"])
    assert seen_by_others(client) == ["a", "e"]


@pytest.mark.item("S023")
def test_a_block_within_a_block_that_only_read_is_undone_alone(client: Client):
    with client:
        assert names(client) == []
        with suppress(UserError), client:
            client.execute(ADD, ["a"])
            raise UserError
        assert names(client) == []
        with client:
            client.execute(ADD, ["b"])
        with suppress(UserError), client:
            client.execute(ADD, ["c"])
            raise UserError
    assert seen_by_others(client) == ["b"]


@pytest.mark.item("S023", "A02")
def test_commit_keeps_what_was_done_so_far(client: Client):
    with suppress(UserError), client:
        client.execute(ADD, ["a"])
        client.commit()
        assert seen_by_others(client) == ["a"]
        client.execute(ADD, ["b"])
        raise UserError
    assert seen_by_others(client) == ["a"]


@pytest.mark.item("S023", "A07")
def test_rollback_undoes_what_was_done_so_far(client: Client):
    with client:
        client.execute(ADD, ["a"])
        client.rollback()
        assert names(client) == []
        client.execute(ADD, ["b"])
    assert seen_by_others(client) == ["b"]


@pytest.mark.item("S023", "A02", "A07")
@pytest.mark.parametrize("end", [Client.commit, Client.rollback])
def test_commit_and_rollback_work_in_nested_blocks(client: Client, end: Callable[[Client], None]):
    with client:
        client.execute(ADD, ["a"])
        with client:
            client.execute(ADD, ["b"])
            end(client)
            client.execute(ADD, ["c"])
        with suppress(UserError), client:
            client.execute(ADD, ["d"])
            raise UserError
        client.execute(ADD, ["e"])
    kept = ["a", "b"] if end is Client.commit else []
    assert seen_by_others(client) == [*kept, "c", "e"]


@pytest.mark.item("S023", "A02", "A07")
@pytest.mark.parametrize("end", [Client.commit, Client.rollback])
def test_outside_of_blocks_there_is_nothing_to_end(client: Client, end: Callable[[Client], None]):
    with pytest.raises(RuntimeError, match="not connected"):
        end(client)
    with client:
        end(client)
        end(client)
    with pytest.raises(RuntimeError, match="not connected"):
        end(client)


@pytest.mark.item("S023")
def test_methods_of_runs_are_part_of_the_block(client: Client, experiment: Experiment):
    with suppress(UserError), client:
        run = experiment.get_run().add_tags("x").set_args({"a": 1})
        run.start().add_metrics({"m": 1.0}).stop()
        raise UserError
    assert client.execute("SELECT COUNT(*) FROM runs").fetchone() == (0,)
    assert client.execute("SELECT COUNT(*) FROM metrics").fetchone() == (0,)


@pytest.mark.item("S022")
def test_an_empty_block_does_nothing(client: Client):
    with client, client, client:
        pass
    assert names(client) == []


@pytest.mark.item("S022")
def test_a_reading_block_does_not_keep_writers_waiting(client: Client):
    with client:
        assert names(client) == []
        with closing(Client(client.config)) as other:
            other.execute(ADD, ["a"])
        client.execute(ADD, ["b"])
    assert sorted(names(client)) == ["a", "b"]


# -- threads and processes ------------------------------------------------------------------


@pytest.mark.item("S024")
def test_each_thread_has_a_connection_of_its_own(client: Client):
    barrier = threading.Barrier(4)

    def connection(_: int) -> Any:
        barrier.wait()
        return client.connection

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(connection, range(4)))
    assert len({id(c) for c in [*found, client.connection]}) == 5


@pytest.mark.item("S024")
def test_threads_write_at_the_same_time(client: Client, experiment: Experiment):
    barrier = threading.Barrier(4)

    def work(number: int) -> None:
        barrier.wait()
        run = experiment.get_run().add_tags("t").start()
        for step in range(10):
            run.add_metrics({"m": float(number), f"own{number}": 1.0}, step=step)
        run.stop()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    rows = client.execute("SELECT number, status FROM runs ORDER BY number").fetchall()
    assert rows == [(i, "COMPLETED") for i in range(4)]
    assert client.execute("SELECT COUNT(m) FROM metrics").fetchone() == (40,)
    assert client.execute("SELECT SUM(n) FROM run_metrics").fetchone()[0] == 80


@pytest.mark.item("S024")
def test_a_block_of_one_thread_is_not_that_of_another(client: Client):
    def elsewhere() -> list[str]:
        found = names(client)
        with pytest.raises(RuntimeError, match="not connected"):
            client.commit()
        return found

    with ThreadPoolExecutor(1) as pool, client:
        client.execute(ADD, ["a"])
        assert pool.submit(elsewhere).result() == []
    assert names(client) == ["a"]


@pytest.mark.item("S024")
def test_the_connection_of_a_thread_is_closed_when_it_ends(client: Client):
    database = client.db
    thread = threading.Thread(target=lambda: client.execute("SELECT 1"))
    thread.start()
    thread.join()
    assert [s for s in database._sessions if s is not database.session] == []


@pytest.mark.item("S024")
def test_a_new_experiment_is_made_once_by_threads_that_ask_for_it_at_once(client: Client):
    barrier = threading.Barrier(6)

    def create(_: int) -> int:
        barrier.wait()
        return Experiment(client, name="the same").id

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(create, range(6)))) == 1


FORK = """
import os, sys
from runbase import Client, Experiment, Run

client = Client(sys.argv[1])
run = Experiment(client, name="forked").get_run().start()
run.add_metrics({"m": 0.0})
mine = client.connection
children = []
for number in range(1, 4):
    if (pid := os.fork()) == 0:
        assert client.connection is not mine
        run.add_metrics({"m": float(number)}, step=number)
        with client:
            run.add_tags(f"child{number}")
        sys.exit(0)
    children.append(pid)
run.add_metrics({"m": 9.0}, step=9)
assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0, 0, 0]
assert client.connection is mine
run.add_metrics({"m": 10.0}, step=10)
run.stop()
print([p.value for p in run.get_metric("m")])
"""


@pytest.mark.item("S024")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_client_survives_a_fork(client: Client, url: str):
    done = subprocess.run(
        [sys.executable, "-c", FORK, url], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("[0.0, 1.0, 2.0, 3.0, 9.0, 10.0]\n", "")
    status, tags = client.execute("SELECT status, tags FROM runs").fetchone()
    assert status == "COMPLETED"
    assert tags == {f"child{i}": True for i in (1, 2, 3)}


FORK_IN_BLOCK = """
import os, sys
from runbase import Client, Experiment

client = Client(sys.argv[1])
with client:
    Experiment(client, name="parent")
    if (pid := os.fork()) == 0:
        seen = client.execute("SELECT name FROM experiments").fetchall()
        os._exit(len(seen))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    Experiment(client, name="still here")
"""


@pytest.mark.item("S024")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_fork_within_a_block_leaves_the_block_to_the_parent(client: Client, url: str):
    done = subprocess.run(
        [sys.executable, "-c", FORK_IN_BLOCK, url], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert names(client) == ["parent", "still here"]


@pytest.mark.item("S024")
def test_a_client_can_be_pickled(url: str, client: Client, experiment: Experiment):
    client = Client(url, durability="normal", flush_interval=0.5)
    with closing(client), closing(pickle.loads(pickle.dumps(client))) as copy:
        assert copy.config == client.config
        assert copy.database.durability == "normal"
        assert copy.buffer is not None
        assert copy.buffer.interval == 0.5
        assert names(copy) == ["an experiment"]


@pytest.mark.item("S024")
def test_runs_can_be_sent_to_other_processes(run: Run):
    copy: Run = pickle.loads(pickle.dumps(run))
    with closing(copy.client):
        copy.add_metrics({"m": 1.0})
    assert [p.value for p in run.get_metric("m")] == [1.0]


# -- opening and closing --------------------------------------------------------------------


@pytest.mark.item("S020", "A01")
def test_nothing_is_connected_before_it_is_needed(tmp_path: Path):
    Client(f"sqlite:///{tmp_path}/runs.db")
    Client("postgresql://nobody@127.0.0.1:1/nowhere")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.item("S020", "A01")
@pytest.mark.parametrize(
    "configure",
    [
        lambda path: Client({"engine": "sqlite", "dbpath": str(path)}),
        lambda path: Client({"engine": "sqlite"}, dbpath=str(path)),
        lambda path: Client(engine="sqlite", dbpath=str(path)),
        lambda path: Client(dbpath=path),
        lambda path: Client(path),
        lambda path: Client(str(path)),
        lambda path: Client(f"sqlite:///{path}"),
        lambda path: Client(url=f"sqlite:///{path}"),
    ],
)
def test_a_client_takes_a_path_a_url_a_dict_or_keywords(
    tmp_path: Path, configure: Callable[[Path], Client]
):
    with closing(configure(tmp_path / "runs.db")) as client:
        assert client.dialect == "sqlite"
        Experiment(client, name="e")
    assert (tmp_path / "runs.db").exists()


@pytest.mark.item("S020")
def test_the_default_is_a_file_of_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("RUNBASE_", "SQLTRACK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    with closing(Client()) as client:
        Experiment(client, name="e")
    assert (tmp_path / "runbase.db").exists()


@pytest.mark.item("S020")
def test_a_config_file_may_be_given_by_its_path(tmp_path: Path):
    path = tmp_path / "my.conf"
    path.write_text(f"engine = sqlite\ndbpath = {tmp_path}/elsewhere.db\n")
    for given in (path, str(path)):
        with closing(Client(given)) as client:
            assert client.config["dbpath"] == f"{tmp_path}/elsewhere.db"


def test_a_closed_client_can_be_used_again(client: Client):
    client.execute(ADD, ["a"])
    client.close()
    client.close()
    assert names(client) == ["a"]


def test_closing_closes_the_connections_of_all_threads(client: Client):
    go, done = threading.Event(), threading.Event()

    def work() -> None:
        client.execute("SELECT 1")
        done.set()
        go.wait(60)

    thread = threading.Thread(target=work)
    thread.start()
    done.wait(60)
    client.close()
    assert [s.connection for s in client.database._sessions] == [None] * len(
        client.database._sessions
    )
    go.set()
    thread.join()


def test_a_database_in_memory_is_shared_by_threads():
    with closing(Client("sqlite://")) as client, ThreadPoolExecutor(4) as pool:
        experiment = Experiment(client, name="e")

        def work(number: int) -> None:
            run = experiment.get_run()
            for step in range(5):
                run.add_metrics({"m": 1.0}, step=step)
            with suppress(UserError), client:
                run.set_comment("x")
                raise UserError

        list(pool.map(work, range(8)))
        assert client.execute("SELECT COUNT(*), COUNT(comment) FROM runs").fetchone() == (8, 0)
        assert client.execute("SELECT COUNT(*) FROM metrics").fetchone() == (40,)


def test_a_new_file_is_set_up_by_itself_and_a_server_is_not(url: str):
    with closing(Client(url)) as client:
        if client.dialect == "sqlite":
            assert names(client) == []
            return
        with pytest.raises(SchemaError, match=r"no Runbase tables yet: run 'runbase setup'"):
            client.execute("SELECT 1")


@pytest.mark.parametrize("setting", [{"durability": "half"}, {"flush_interval": "often"}])
@pytest.mark.parametrize("value", [-1, "nan", float("inf")])
def test_wrong_settings_are_refused(setting: dict[str, Any], value: Any):
    with pytest.raises(ConfigError):
        Client("sqlite://", **setting)
    with pytest.raises(ConfigError, match="flush_interval is a number of seconds"):
        Client("sqlite://", flush_interval=value)


@pytest.mark.parametrize("durability", [None, "full", "normal"])
def test_every_durability_works(client: Client, run: Run, durability: str | None):
    with closing(Client(client.config, durability=durability)) as other:
        theirs = Run(other, run_id=run.id).start()
        for step in range(3):
            theirs.add_metrics({"m": 1.0}, step=step)
        theirs.stop()
    assert len(run.get_metric("m")) == 3


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_an_unreachable_server_is_one_clear_sentence(scheme: str):
    client = Client(f"{scheme}://alice:secret@127.0.0.1:1/db")
    with pytest.raises(ConnectionFailedError, match="is the server running") as caught:
        client.execute("SELECT 1")
    assert "secret" not in str(caught.value)


def test_the_text_of_a_client_has_no_password():
    client = Client("postgresql://alice:secret@db.example:5433/runs?schema=mine")
    assert repr(client) == "Client('postgresql://alice@db.example:5433/runs?schema=mine')"


def test_the_client_of_the_package_is_this_one():
    assert runbase.Client is Client
    assert Client.__module__ == "runbase"
