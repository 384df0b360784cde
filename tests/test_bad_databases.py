"""Databases that cannot be used: one clear sentence that says what to do, nothing half-written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import runbase
from runbase import errors


def message(client: runbase.Client, kind: type[errors.RunbaseError]) -> str:
    with pytest.raises(kind) as caught:
        runbase.Experiment(client, name="x")
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with one run."""
    path = tmp_path / "runs.db"
    client = runbase.Client(str(path))
    runbase.Experiment(client, name="x").get_run().add_metrics({"loss": 1.0}, step=1)
    client.close()
    return path


def test_a_file_that_is_no_database(tmp_path: Path):
    (tmp_path / "runs.db").write_text("This is a letter, not a database. " * 100)
    text = message(runbase.Client(str(tmp_path / "runs.db")), errors.CorruptDatabaseError)
    assert "backup" in text


def test_a_damaged_file(path: Path):
    content = bytearray(path.read_bytes())
    content[100:3000] = b"\xff" * 2900
    path.write_bytes(content)
    assert "backup" in message(runbase.Client(str(path)), errors.CorruptDatabaseError)


def test_a_folder_that_does_not_exist(tmp_path: Path):
    client = runbase.Client(str(tmp_path / "no" / "runs.db"))
    assert "create it" in message(client, errors.ConnectionFailedError)


def test_a_path_that_is_a_folder(tmp_path: Path):
    (tmp_path / "runs.db").mkdir()
    client = runbase.Client(str(tmp_path / "runs.db"))
    assert "is a folder" in message(client, errors.ConnectionFailedError)


def test_a_full_disk_writes_nothing_and_goes_on_when_there_is_room(path: Path):
    client = runbase.Client(str(path))
    run = runbase.Run(client, run_id=1)
    pages = client.execute("PRAGMA page_count").fetchone()[0]
    client.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(errors.DiskFullError, match="free some space"):
        run.set_extras({"text": "x" * 100_000})
    assert client.execute("SELECT extras FROM runs").fetchone() == (None,)
    client.connection.execute("PRAGMA max_page_count = 1000000")
    run.set_extras({"text": "x" * 100_000})
    assert len(client.execute("SELECT extras FROM runs").fetchone()[0]["text"]) == 100_000
    client.close()


def test_a_file_that_may_only_be_read(path: Path):
    client = runbase.Client(f"sqlite:///{path}?mode=ro")
    assert client.execute("SELECT COUNT(*) FROM metrics").fetchone() == (1,)
    with pytest.raises(errors.ReadOnlyError, match="leave out mode=ro"):
        runbase.Experiment(client, name="x").set_comment("new")
    client.close()


@pytest.mark.parametrize(("scheme", "module", "extra"), [
    ("postgresql", "psycopg", "postgres"), ("mysql", "pymysql", "mysql"),
])  # fmt: skip
def test_a_missing_driver(scheme: str, module: str, extra: str):
    program = f"""
import sys
sys.modules["{module}"] = None
from runbase.commands import main
sys.exit(main(["ls", "--url", "{scheme}://a@127.0.0.1/b"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert f"pip install 'runbase[{extra}]'" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_is_not_there(scheme: str):
    client = runbase.Client(f"{scheme}://alice:secret@127.0.0.1:1/runs")
    text = message(client, errors.ConnectionFailedError)
    assert "is the server running" in text
    assert "secret" not in text


@pytest.mark.parametrize("engine", ["postgres", "mysql"])
def test_a_wrong_password(engine: str, request: pytest.FixtureRequest):
    url = request.getfixturevalue(f"{engine}_url").replace("runbase:runbase@", "runbase:no@")
    text = message(runbase.Client(url), errors.ConnectionFailedError)
    assert "check user and password" in text


@pytest.mark.parametrize("engine", ["postgres", "mysql"])
def test_a_database_that_does_not_exist(engine: str, request: pytest.FixtureRequest):
    url = request.getfixturevalue(f"{engine}_url") + "_missing"
    assert "create it" in message(runbase.Client(url), errors.ConnectionFailedError).lower()


@pytest.mark.parametrize("engine", ["postgres", "mysql"])
def test_a_server_without_tables(engine: str, request: pytest.FixtureRequest):
    client = runbase.Client(request.getfixturevalue(f"{engine}_url"))
    assert "runbase setup" in message(client, errors.SchemaError)
    client.close()


def test_a_wrong_url():
    with pytest.raises(errors.ConfigError, match="sqlite:///FILE"):
        runbase.Client("oracle://alice@host/runs")
