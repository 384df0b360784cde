"""``runbase dashboard`` and `run_server`: how they begin, what they open, and how they end."""

from __future__ import annotations

import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from runbase import Client, Experiment
from runbase.dashboard.server import asgi, run_server, wsgi
from runbase.dashboard.server.open import open_board
from runbase.dashboard.server.run import has_browser
from runbase.errors import ConfigError, ConnectionFailedError, RunbaseError, SchemaError
from tests.web import dashboard, running

PATIENCE = 20.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "runs.db"
    with closing(Client(str(path))) as client:
        Experiment(client, name="an experiment").get_run()
    return path


# -- what can be opened ---------------------------------------------------------------------------


def names(storage: object, **options: object) -> list[str]:
    """The experiments that a board shows."""
    board = open_board(storage, **options)  # type: ignore[arg-type]
    try:
        return [str(row[0]) for row in board.db.run("SELECT name FROM experiments").fetchall()]
    finally:
        board.close()


def test_a_database_of_runbase_is_opened_by_url_path_and_client(file: Path):
    with closing(Client(str(file))) as client:
        for storage in (file, str(file), f"sqlite:///{file}", client):
            assert names(storage) == ["an experiment"]


def test_databases_on_servers_are_opened_by_url(url: str, client: Client):
    Experiment(client, name="on a server")
    assert names(url) == ["on a server"]


@pytest.mark.item("L03", "G02")
def test_storages_of_optuna_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import optuna
    from optuna.storages import InMemoryStorage, JournalStorage, get_storage
    from optuna.storages.journal import JournalFileBackend

    from runbase.optuna import RDBStorage

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    stock, journal = tmp_path / "stock.db", tmp_path / "study.journal"
    storages = [
        get_storage(f"sqlite:///{stock}"),
        JournalStorage(JournalFileBackend(str(journal))),
        InMemoryStorage(),
        RDBStorage(f"sqlite:///{tmp_path}/ours.db"),
    ]
    for storage in storages:
        optuna.create_study(storage=storage, study_name="a study").ask()
        assert names(storage) == ["a study"]
    for text in (stock, f"sqlite:///{stock}", journal):
        assert names(text) == ["a study"]
    assert names(journal, storage_class="JournalFileStorage") == ["a study"]


def test_a_board_over_a_storage_of_runbase_writes_through_it(tmp_path: Path):
    from runbase.optuna import RDBStorage

    storage = RDBStorage(f"sqlite:///{tmp_path}/ours.db")
    board = open_board(storage)
    assert board.storage is storage
    board.close()
    storage.close()


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_a_missing_file_is_an_error_and_is_never_made(tmp_path: Path, form: str):
    path = tmp_path / "none.db"
    for open_it in (open_board, run_server, wsgi, asgi):
        with pytest.raises(ConnectionFailedError, match="there is no database"):
            open_it(form.format(path))
    assert not path.exists()


def test_a_database_without_tables_is_left_alone(tmp_path: Path):
    empty, other = tmp_path / "empty.db", tmp_path / "other.db"
    empty.touch()
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE t (x)")
    before = other.read_bytes()
    for path in (empty, other):
        with pytest.raises(SchemaError, match="neither"):
            open_board(path)
    assert empty.stat().st_size == 0
    assert other.read_bytes() == before


@pytest.mark.parametrize("storage", [1, None, object(), "sqlite://", "sqlite:///:memory:", ""])
def test_what_is_no_storage_is_refused_with_a_sentence(storage: object):
    with pytest.raises(ConfigError, match=r"\w+ \w+ \w+"):
        open_board(storage)  # type: ignore[arg-type]


def test_a_folder_and_a_text_file_are_refused_with_a_sentence(tmp_path: Path):
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    for path in (tmp_path, text):
        with pytest.raises(RunbaseError, match=r"\w+ \w+ \w+"):
            open_board(path)


# -- beginning and ending -------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_soon_and_well_also_with_open_streams(file: Path, how: signal.Signals):
    with (
        dashboard(str(file)) as process,
        httpx.Client(base_url=process.url(), timeout=PATIENCE) as http,
        http.stream("GET", "/api/events") as stream,
    ):
        assert next(stream.iter_lines()) == "retry: 1000"
        status, took = process.end(how)
    assert status == 0
    assert took < 5
    assert process.errors == []
    assert process.lines[1:] == ["Hit Ctrl-C to quit."]


@pytest.mark.item("H01")
def test_what_is_printed_is_true(file: Path):
    with dashboard(str(file)) as process:
        url = process.url()
        assert process.lines[0] == f"Listening on {url}/"
        assert url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{url}/api/meta").json()["storage"].endswith("runs.db")


def test_a_port_in_use_is_one_sentence(file: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with running("-m", "runbase", "dashboard", str(file), "--port", port) as process:
            assert process.wait() == 1
    assert process.lines == []
    [error] = process.errors
    assert "in use" in error
    assert "--port" in error


def test_a_missing_file_is_one_sentence(tmp_path: Path):
    with dashboard(str(tmp_path / "none.db")) as process:
        assert process.wait() == 1
    assert process.lines == []
    assert len(process.errors) == 1


def test_without_an_argument_the_configured_database_is_shown(file: Path):
    with dashboard(cwd=file.parent, env={"RUNBASE_URL": f"sqlite:///{file}"}) as process:
        assert httpx.get(f"{process.url()}/api/changes").json()["experiments"].keys() == {"1"}


@pytest.mark.item("L01")
def test_all_options_of_safety_take_effect(file: Path):
    options = ("--token", "secret", "--read-only", "--base-path", "/runs")
    with dashboard(str(file), *options, "--allowed-host", "board.example") as process:
        url = process.url()
        assert url.endswith("/runs")
        assert httpx.get(f"{url}/api/meta").status_code == 401
        bearer = {"authorization": "Bearer secret"}
        assert httpx.get(f"{url}/api/meta", headers=bearer).json()["read_only"] is True
        named = bearer | {"host": "board.example"}
        assert httpx.get(f"{url}/api/meta", headers=named).status_code == 200
        assert httpx.delete(f"{url}/api/experiments/1", headers=bearer).status_code == 403


@pytest.mark.item("L02")
def test_a_config_file_is_read(file: Path, tmp_path: Path):
    config = tmp_path / "dashboard.toml"
    config.write_text(
        f"[optuna_dashboard]\nstorage = '{file}'\nallow_unsafe = true\n"
        f"[artifact_store.filesystem]\nbase_path = '{tmp_path}'\n[llm.openai]\nmodel = 'x'\n"
    )
    with dashboard("--from-config", str(config)) as process:
        assert httpx.get(f"{process.url()}/api/meta").json()["artifact_is_available"] is True
        process.end()
    assert any("--allow-unsafe has no effect" in line for line in process.errors)
    assert any("[llm]" in line for line in process.errors)


def test_everybody_on_the_network_is_let_in_only_with_a_warning(file: Path):
    with dashboard(str(file), "--host", "0.0.0.0") as process:
        assert "--token" in process.line("Everybody who reaches")
    with dashboard(str(file), "--host", "0.0.0.0", "--token", "x") as process:
        process.url()
        process.end()
    assert process.errors == []


@pytest.mark.item("L01")
@pytest.mark.parametrize("server", ["gunicorn", "wsgiref"])
def test_other_servers_serve_the_same_and_pages_poll(file: Path, server: str):
    with dashboard(str(file), "--server", server) as process:
        assert httpx.get(f"{process.url()}/api/meta", timeout=PATIENCE).json()["live"] == "poll"
        assert process.end()[0] == 0


def test_a_dashboard_of_runbase_needs_no_optuna(file: Path):
    code = (
        "import sys; sys.modules['optuna'] = None\n"
        "from runbase.dashboard import run_server\n"
        f"run_server({str(file)!r}, port=0)"
    )
    with running("-c", code) as process:
        assert httpx.get(f"{process.url()}/api/changes").status_code == 200


THREAD = """
import sys, threading, time, urllib.request
from runbase.dashboard import run_server
thread = threading.Thread(target=run_server, args=(sys.argv[1],), kwargs={"port": 0}, daemon=True)
thread.start()
input()
"""


@pytest.mark.item("F01")
def test_a_server_runs_in_a_thread(file: Path):
    with running("-c", THREAD, str(file), stdin=-1) as process:
        assert httpx.get(f"{process.url()}/api/meta").status_code == 200
        assert process.process.stdin is not None
        process.process.stdin.close()


LOOP = """
import asyncio, sys
from runbase.dashboard import run_server
async def notebook():
    run_server(sys.argv[1], port=0)
asyncio.run(notebook())
"""


def test_a_server_runs_where_an_event_loop_runs_already(file: Path):
    with running("-c", LOOP, str(file)) as process:
        assert httpx.get(f"{process.url()}/api/meta").status_code == 200


def test_arguments_of_optuna_dashboard_that_do_nothing_say_so(file: Path):
    with pytest.warns(UserWarning, match="llm_provider is not used"):
        wsgi(str(file), llm_provider=object())
    with pytest.warns(UserWarning, match="jupyterlab_extension_context is not used"):
        wsgi(str(file), jupyterlab_extension_context=object())


def test_no_browser_is_opened_where_nobody_sees_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    import sys

    for name in ("SSH_CONNECTION", "SSH_TTY", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    assert not has_browser()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert has_browser()
    for name in ("SSH_CONNECTION", "SSH_TTY", "CI"):
        with monkeypatch.context() as changed:
            changed.setenv(name, "x")
            assert not has_browser()
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert has_browser() == (sys.platform in ("darwin", "win32"))


def test_the_help_teaches(capsys: pytest.CaptureFixture[str]):
    from runbase.commands import main

    with pytest.raises(SystemExit):
        main(["dashboard", "--help"])
    text = capsys.readouterr().out
    assert "runbase dashboard runs.db" in text
    assert "RUNBASE_DASHBOARD_TOKEN" in text


@pytest.mark.item("L01")
@pytest.mark.parametrize("flag", ["-v", "--version"])
def test_the_version_is_printed(flag: str, capsys: pytest.CaptureFixture[str]):
    from runbase.commands import main

    assert main(["dashboard", flag]) == 0
    assert capsys.readouterr().out.startswith("runbase ")
