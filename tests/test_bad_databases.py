"""Databases that cannot be used: the exact error, and one clear sentence that says what to do.

What a program sees as an exception, the command line prints as one line.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from runbase import Client, Experiment, Run, errors
from runbase.engines import sqlite
from runbase.errors import (
    ConfigError,
    ConnectionFailedError,
    CorruptDatabaseError,
    DatabaseError,
    DiskFullError,
    MissingExtraError,
    NotFoundError,
    ReadOnlyError,
    RunbaseError,
    SchemaError,
)
from runbase.store import schema

if TYPE_CHECKING:
    from tests.servers import PrivateServer

TIMEOUT = 60
CLOSED_PORT = 1  # which nobody but root could use, and nobody does


def work(url: str | Path) -> None:
    """Log something."""
    with closing(Client(url)) as client:
        Experiment(client, name="e").get_run().add_metrics({"loss": 1.0})


def raised(kind: type[Exception], function: Callable[[], object]) -> str:
    """The text of the error, which has exactly this class."""
    with pytest.raises(kind) as caught:
        function()
    assert type(caught.value) is kind
    return str(caught.value)


def says(url: str | Path, kind: type[Exception], advice: str) -> None:
    """A program gets the error, and the command line prints the same as one line."""
    text = raised(kind, lambda: work(url))
    assert re.search(advice, text), text
    assert "\n" not in text
    assert "Traceback" not in text
    done = subprocess.run(
        [sys.executable, "-m", "runbase", "setup", "--url", str(url)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(f"runbase: [^\n]*({advice})[^\n]*\n", done.stderr), done.stderr


# -- the configuration --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("oracle://scott:tiger@db/x", "unknown database 'oracle' .* use sqlite:///FILE"),
        ("postgresql://u@db:many/x", "Port could not be .*'many'"),
        ("postgresql://u@db/x?colour=blue", "colour.*see 'Parameter Key Words'"),
        ("mysql://u@127.0.0.1/x?colour=blue", "colour.*see pymysql.connect"),
    ],
)
def test_a_wrong_url_is_a_wrong_configuration(url: str, advice: str):
    says(url, ConfigError, advice)


@pytest.mark.parametrize(
    ("module", "url", "command"),
    [
        ("psycopg", "postgresql://u@127.0.0.1/x", "pip install 'runbase[postgres]'"),
        ("pymysql", "mysql://u@127.0.0.1/x", "pip install 'runbase[mysql]'"),
    ],
)
def test_a_missing_driver_is_named_with_the_command_that_installs_it(
    module: str, url: str, command: str
):
    program = f"""
        import sys

        class Missing:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] == {module!r}:
                    raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

        sys.meta_path.insert(0, Missing())
        from runbase.commands import main
        sys.exit(main(["ls", "--url", {url!r}]))
    """
    done = python(program)
    assert done.returncode == 1
    assert done.stderr == f"runbase: {module} is not installed: {command}\n"
    assert issubclass(MissingExtraError, ImportError)


def python(program: str, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", dedent(program), *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)


# -- servers ------------------------------------------------------------------------------------


@pytest.fixture(params=["postgres", "mysql"])
def server(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database on a server."""
    return str(request.getfixturevalue(f"{request.param}_url"))


def test_a_server_that_does_not_run_is_an_unreachable_one(server: str):
    url = re.sub(r":\d+/", f":{CLOSED_PORT}/", server)
    says(url, ConnectionFailedError, "[Cc]onnection refused.*is the server running, and do host")


@pytest.mark.parametrize("login", ["runbase:secret", "nobody:secret"])
def test_a_wrong_password_or_user_is_said_without_the_password(server: str, login: str):
    url = server.replace("runbase:runbase", login)
    says(url, ConnectionFailedError, "check user and password")
    assert "secret" not in raised(ConnectionFailedError, lambda: work(url))


def test_a_database_that_does_not_exist_is_to_be_created(server: str):
    url = server.rpartition("/")[0] + "/nowhere"
    says(url, ConnectionFailedError, "nowhere.*create it .*or correct")


def test_a_database_without_tables_is_to_be_set_up(server: str):
    assert "run 'runbase setup'" in raised(SchemaError, lambda: work(server))


@pytest.fixture
def weak(server: str, request: pytest.FixtureRequest) -> Iterator[tuple[str, Callable[..., None]]]:
    """The URL of a user without rights to a database that is set up, and a superuser's hand."""
    with closing(Client(server)) as client:
        schema.setup(client.database)
    name, database = f"weak_{os.getpid()}", server.rpartition("/")[2]
    if server.startswith("postgresql"):
        execute = request.getfixturevalue("postgres_admin").execute
        execute(f"CREATE ROLE {name} LOGIN PASSWORD 'weak'")
        execute(f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")
        drop = f"REVOKE ALL ON DATABASE {database} FROM {name}; DROP ROLE {name}"
    else:
        cursor = request.getfixturevalue("mariadb_admin").cursor()
        execute, drop = cursor.execute, f"DROP USER {name}@'%'"
        execute(f"CREATE USER {name}@'%' IDENTIFIED BY 'weak'")
    yield server.replace("runbase:runbase", f"{name}:weak"), execute
    execute(drop)


def test_a_user_without_rights_is_told_to_ask_for_them(weak: tuple[str, Callable[..., None]]):
    url, execute = weak
    name, database = url.partition("//")[2].partition(":")[0], url.rpartition("/")[2]
    says(url, ConnectionFailedError, "denied.*ask for access")
    if url.startswith("postgresql"):
        execute(f"GRANT CONNECT ON DATABASE {database} TO {name}")
        execute(f"ALTER ROLE {name} CONNECTION LIMIT 0")
        says(url, ConnectionFailedError, "too many connections.*end other programs")
        execute(f"ALTER ROLE {name} CONNECTION LIMIT -1")
    else:
        execute(f"GRANT SELECT ON {database}.* TO {name}@'%'")
    assert re.search("denied.*GRANT", raised(ReadOnlyError, lambda: work(url)))


def test_a_server_that_is_read_only_refuses_to_write(server: str):
    with closing(Client(server)) as client:
        schema.setup(client.database)
    text = raised(ReadOnlyError, lambda: work(f"{server}?mode=ro"))
    assert re.search("refuses the write.*leave out mode=ro", text)


def test_a_full_table_of_mysql_needs_space(mysql_url: str):
    with closing(Client(mysql_url)) as client:
        client.skip_check()
        client.execute("SET SESSION max_heap_table_size = 16384")
        client.execute("CREATE TABLE small (x VARCHAR(1000)) ENGINE = MEMORY")

        def fill() -> None:
            for _ in range(1000):
                client.execute("INSERT INTO small VALUES (REPEAT('x', 1000))")

        assert "free some space" in raised(DiskFullError, fill)


def test_a_damaged_table_of_postgresql_is_to_be_restored(private_postgres: PrivateServer):
    with closing(Client(private_postgres.url("postgres"))) as client:
        schema.setup(client.database)
        run = Experiment(client, name="e").get_run()
        run.add_metrics({"loss": 1.0})
        path = client.execute("SELECT pg_relation_filepath('metrics')").fetchone()[0]
        data = Path(private_postgres.stop().data)
        (data / path).write_bytes(b"\xff" * 8192)
        private_postgres.start()
        text = raised(CorruptDatabaseError, lambda: run.add_metrics({"loss": 1.0}, step=1))
        assert re.search("is damaged: invalid page.*restore a backup", text)


# -- files --------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with 2000 points in its file."""
    path = tmp_path / "runs.db"
    with closing(Client(path)) as client:
        run = Experiment(client, name="e").get_run()
        with client:
            for step in range(2000):
                run.add_metrics({"loss": 1.0, "acc": 2.0}, step=step)
        client.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.mark.parametrize("content", [b"hello", b"no database at all\n" * 1000])
def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, content: bytes):
    path = tmp_path / "notes.db"
    path.write_bytes(content)
    says(url_of(path), CorruptDatabaseError, "no SQLite database.*restore a backup, or try sqlite3")
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("damage", ["pages", "cut", "head"])
def test_a_damaged_file_is_to_be_restored(path: Path, damage: str):
    content = bytearray(path.read_bytes())
    if damage == "pages":
        content[8192:] = b"\xff" * (len(content) - 8192)
    elif damage == "cut":
        del content[len(content) // 2 :]
    else:
        content[16:100] = b"\xff" * 84
    path.write_bytes(content)
    says(url_of(path), CorruptDatabaseError, "is damaged.*restore a backup, or try sqlite3")


def test_a_folder_is_not_a_file(tmp_path: Path):
    (tmp_path / "folder.db").mkdir()
    says(url_of(tmp_path / "folder.db"), ConnectionFailedError, "is a folder: name a file in it")
    assert list((tmp_path / "folder.db").iterdir()) == []


def test_a_missing_folder_is_to_be_created(tmp_path: Path):
    says(url_of(tmp_path / "no" / "x.db"), ConnectionFailedError, "no folder .*/no .*create it")
    assert list(tmp_path.iterdir()) == []


def test_a_newer_schema_needs_a_newer_program(path: Path):
    with closing(Client(path)) as client:
        client.execute("INSERT INTO applied_migrations (name, checksum) VALUES ('9999_x.sql', '')")
    says(url_of(path), SchemaError, "newer Runbase .*9999_x.sql.*pip install --upgrade runbase")


def test_errors_that_only_sound_like_a_fault_pass_as_they_are(path: Path):
    """Such as malformed JSON, which does not make the file malformed."""
    with closing(Client(path)) as client:
        for sql in ("SELECT json_extract('{', '$.a')", "SELECT readonly FROM runs"):
            with pytest.raises(sqlite3.OperationalError, match=r"malformed JSON|no such column"):
                client.execute(sql)


READERS = """
    import json, os, sys, warnings
    import runbase, sqlite3
    from runbase import errors
    from runbase.commands import main
    import runbase.commands.runs, encodings.idna

    os.chdir(sys.argv[1])
    user = json.loads(sys.argv[2])
    if user:  # who may do what root may
        os.setgid(user)
        os.setuid(user)

    def attempt(url, write):
        client = runbase.Client("sqlite:///" + url)
        try:
            if write:
                runbase.Experiment(client, name="new")
            return client.execute("SELECT COUNT(*) FROM metrics").fetchone()[0]
        except errors.RunbaseError as error:
            return [type(error).__name__, str(error)]

    print(json.dumps([attempt(*a) for a in json.loads(sys.argv[3])]))
"""


def read_only(folder: Path, *attempts: tuple[str, bool]) -> list[Any]:
    """What comes of attempts to read (and write) as somebody who is not root."""
    user = 65534 if os.geteuid() == 0 else 0
    if user:  # pytest's own folders are closed to others
        for parent in [folder, *folder.parents]:
            with suppress(OSError):
                if not parent.stat().st_mode & 1:
                    parent.chmod(parent.stat().st_mode | 0o011)
    done = python(READERS, str(folder), json.dumps(user), json.dumps(attempts))
    assert done.stderr == ""
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("closed", ["file", "folder"])
def test_a_read_only_database_can_be_read_and_says_how(path: Path, closed: str):
    path.chmod(0o444 if closed == "file" else 0o666)
    path.parent.chmod(0o555)
    try:
        written, read, other = read_only(
            path.parent, ("runs.db", True), ("runs.db?mode=ro", False), ("new.db", True)
        )
    finally:
        path.parent.chmod(0o755)
    assert written[0] == "ReadOnlyError"
    assert "check the permissions of the file and its folder, or add ?mode=ro" in written[1]
    assert read == 2000
    assert other[0] == "ConnectionFailedError"
    assert "check the permissions" in other[1]
    assert list(path.parent.iterdir()) == [path]


def test_a_database_that_was_opened_for_reading_is_not_written(path: Path):
    text = raised(ReadOnlyError, lambda: work(f"{url_of(path)}?mode=ro"))
    assert text == f"{path} cannot be written: leave out mode=ro"


# -- a full disk --------------------------------------------------------------------------------


class Disk:
    """A disk with room for 2 MB, which can be filled and freed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.filling = folder / "filling"

    def fill(self) -> None:
        with self.filling.open("wb", buffering=0) as file, suppress(OSError):
            for size in (4096, 1):
                with suppress(OSError):
                    while file.write(b"x" * size):
                        pass

    def free(self) -> None:
        self.filling.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, timeout=TIMEOUT)
    except FileNotFoundError:
        pytest.skip("there is no mount: the next tests do without")
    if done.returncode:
        pytest.skip("only root may mount a disk: the next tests do without")
    yield Disk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=TIMEOUT)


def counts(client: Client) -> tuple[int, ...]:
    row = client.execute(
        "SELECT (SELECT COUNT(*) FROM metrics), (SELECT COUNT(loss) FROM metrics),"
        " COALESCE((SELECT MAX(n) FROM run_metrics), 0), (SELECT COUNT(*) FROM metric_names)"
    ).fetchone()
    return tuple(row)


def test_a_full_disk_takes_nothing_and_logging_goes_on_later(disk: Disk):
    with closing(Client(disk.folder / "runs.db")) as client:
        run = Experiment(client, name="e").get_run()
        run.add_metrics({"loss": 1.0}, step=0)
        disk.fill()
        done = 1
        with pytest.raises(DiskFullError, match=r"cannot grow .*: free"):  # noqa: PT012
            for step in range(1, 10_000):
                run.add_metrics({"loss": 1.0}, step=step)
                done += 1
        works: list[Callable[[], object]] = [
            lambda: run.add_metrics({"new": 1.0}, step=10_000),
            lambda: run.set_comment("x" * 100_000),
            lambda: run.stop(),
        ]
        for each in works:
            raised(DiskFullError, each)
        assert counts(client) == (done, done, done, 1)
        says(url_of(disk.folder / "more.db"), DiskFullError, "free some space on its disk")
        disk.free()
        run.add_metrics({"loss": 1.0, "new": 1.0}, step=10_001)
        run.stop()
        assert counts(client) == (done + 1, done + 1, done + 1, 2)
        assert client.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    work(disk.folder / "more.db")


def test_what_is_buffered_waits_until_a_disk_has_room(disk: Disk):
    with closing(Client(disk.folder / "runs.db", flush_interval=0.005)) as client:
        run = Experiment(client, name="e").get_run()
        run.add_metrics({"loss": 1.0}, step=0)
        client.flush()
        disk.fill()
        done, told, give_up = 1, 0, time.monotonic() + TIMEOUT
        while not told and time.monotonic() < give_up:
            try:
                run.add_metrics({"loss": 1.0}, step=done)
                done += 1
            except DiskFullError:
                told += 1
            time.sleep(0.001)
        assert told
        raised(DiskFullError, client.flush)
        disk.free()
        run.add_metrics({"loss": 1.0}, step=done)
        client.flush()
        assert counts(client) == (done + 1, done + 1, done + 1, 1)


def test_a_database_of_limited_size_takes_nothing_and_goes_on_later(path: Path):
    with closing(Client(path)) as client:
        run = Run(client, run_id=1)
        pages = client.execute("PRAGMA page_count").fetchone()[0]
        client.connection.execute(f"PRAGMA max_page_count = {pages}")
        text = raised(DiskFullError, lambda: run.set_extras({"text": "x" * 100_000}))
        assert "free some space on its disk" in text
        assert client.execute("SELECT extras FROM runs").fetchone()[0] is None
        client.connection.execute("PRAGMA max_page_count = 1000000")
        run.set_extras({"text": "x" * 100_000})
        assert len(client.execute("SELECT extras FROM runs").fetchone()[0]["text"]) == 100_000


def test_a_file_that_may_not_grow_takes_nothing_and_goes_on_later(path: Path):
    program = """
        import resource, signal, sys
        import runbase

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        client = runbase.Client(sys.argv[1])
        run = runbase.Run(client, run_id=1)
        run.add_metrics({"loss": 1.0}, step=2000)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, -1))
        done = 2001
        try:
            while done < 10_000:
                run.add_metrics({"loss": 1.0}, step=done)
                done += 1
        except runbase.errors.DiskFullError as error:
            assert "free some space on its disk" in str(error)
        else:
            sys.exit("never full")
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
        run.add_metrics({"loss": 1.0}, step=done)
        print(done + 1)
    """
    done = python(program, str(path))
    assert done.stderr == ""
    count = int(done.stdout)
    with closing(Client(path)) as client:
        assert counts(client) == (count, count, count, 2)


# -- a locked file ------------------------------------------------------------------------------


@pytest.fixture
def lock(path: Path) -> Iterator[Callable[[], None]]:
    """Another process holds a write transaction; what is returned ends it."""
    program = """
        import sqlite3, sys

        connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        print("locked", flush=True)
        sys.stdin.readline()
    """
    command = [sys.executable, "-c", dedent(program), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == b"locked\n"
        yield child.stdin.close
        child.kill()


def test_a_locked_file_is_waited_for(path: Path, lock: Callable[[], None]):
    with closing(Client(path)) as client:
        run = Run(client, run_id=1)
        opener = threading.Timer(0.3, lock)
        opener.start()
        began = time.monotonic()
        run.add_metrics({"loss": 1.0}, step=2000)
        assert time.monotonic() - began >= 0.2
        opener.join()
        assert counts(client)[0] == 2001


def test_a_file_that_stays_locked_is_an_error_that_says_so(
    path: Path, lock: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.2)
    with closing(Client(path)) as client:
        run = Run(client, run_id=1)
        works: list[Callable[[], object]] = [
            lambda: run.add_metrics({"loss": 1.0}, step=2000),
            lambda: run.add_metrics({"new": 1.0}, step=2000),
            lambda: run.set_status("FAILED"),
        ]
        for each in works:
            began = time.monotonic()
            text = raised(ConnectionFailedError, each)
            assert "locked by another process for 0.2 s: find the program" in text
            assert time.monotonic() - began < 2
        assert counts(client) == (2000, 2000, 2000, 2)  # reading never waits
        lock()
        run.add_metrics({"new": 1.0}, step=2000)
        assert counts(client)[3] == 3


# -- ids and file systems -----------------------------------------------------------------------


def test_unknown_ids_say_where_to_look(client: Client, run: Run):
    works: list[Callable[[], object]] = [
        lambda: Run(client, run_id=999),
        lambda: Run(client, experiment_id=999),
        lambda: Experiment(client, experiment_id=999).get_run(),
        lambda: Run(client, experiment_id=999, run_id=998),
    ]
    for each in works:
        assert re.search(r"there is no (run|experiment) 99\d", raised(NotFoundError, each))
    text = raised(NotFoundError, lambda: run.add_link("resumes", 999))
    assert text == f"cannot link run {run.id} to run 999: one of them does not exist"
    client.execute("DELETE FROM runs WHERE id = ?", (run.id,))
    for each in (
        lambda: run.add_metrics({"loss": 1.0}),
        lambda: run.start(terminated=None),
        lambda: run.set_tags("a"),
        lambda: run.stop(),
    ):
        text = raised(NotFoundError, each)
        assert f"there is no run {run.id}: 'runbase runs' lists them" in text
    assert client.execute("SELECT COUNT(*) FROM metrics").fetchone()[0] == 0


def test_a_network_file_system_is_warned_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"disk / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\n")
    real = sqlite.file_system
    monkeypatch.setattr(sqlite, "file_system", lambda path: real(path, str(mounts)))
    with pytest.warns(UserWarning, match=r"network file system \(nfs4\).* use PostgreSQL, or a"):
        work(tmp_path / "runs.db")


def test_every_error_is_runbases_own():
    kinds = [v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, Exception)]
    assert all(issubclass(kind, RunbaseError) for kind in kinds)
    for kind in (ConnectionFailedError, CorruptDatabaseError, DiskFullError, ReadOnlyError):
        assert issubclass(kind, DatabaseError)
