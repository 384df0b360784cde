"""Where the settings of a dashboard come from, and which wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runbase.dashboard.files import Directory
from runbase.dashboard.server.options import Options, load_options
from runbase.dashboard.server.stores import store_of, store_of_table
from runbase.errors import ConfigError


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(("RUNBASE_DASHBOARD_", "OPTUNA_DASHBOARD_")):
            monkeypatch.delenv(name)


def toml(folder: Path, text: str) -> Path:
    path = folder / "dashboard.toml"
    path.write_text(text)
    return path


ALL = """
[optuna_dashboard]
storage = "sqlite:///a.db"
storage_class = "RDBStorage"
port = 9001
host = "0.0.0.0"
server = "gunicorn"
artifact_dir = "files"
quiet = true
allow_unsafe = true
"""
MORE = """
[runbase_dashboard]
token = "secret"
read_only = true
base_path = "/runs"
allowed_hosts = ["board.example"]
max_body = 1000
no_open = true
"""


def test_without_anything_a_dashboard_is_for_this_machine_alone():
    assert load_options({}) == Options()
    assert (Options().host, Options().port, Options().server) == ("127.0.0.1", 8080, "auto")


@pytest.mark.item("L02")
def test_every_key_of_optuna_dashboard_is_read(tmp_path: Path):
    assert load_options({}, toml(tmp_path, ALL)) == Options(
        storage="sqlite:///a.db", storage_class="RDBStorage", port=9001, host="0.0.0.0",
        server="gunicorn", artifact_dir="files", quiet=True, allow_unsafe=True,
    )  # fmt: skip


def test_the_table_of_runbase_has_more_keys_and_counts_before_the_other(tmp_path: Path):
    options = load_options({}, toml(tmp_path, ALL + MORE + "port = 9002"))
    assert options.port == 9002
    assert options.quiet is True
    assert (options.token, options.read_only, options.base_path) == ("secret", True, "/runs")
    assert (options.allowed_hosts, options.max_body) == (["board.example"], 1000)
    assert options.no_open is True


KEYS: list[tuple[str, str, Any, str, Any, Any, Any]] = [
    # key, in the environment, as, in the file, as, on the command line, default
    ("port", "1", 1, "2", 2, 3, 8080),
    ("host", "a", "a", '"b"', "b", "c", "127.0.0.1"),
    ("quiet", "true", True, "false", False, True, False),
    ("read_only", "1", True, "false", False, True, False),
    ("token", "a", "a", '"b"', "b", "c", None),
    ("server", "uvicorn", "uvicorn", '"wsgiref"', "wsgiref", "gunicorn", "auto"),
    ("allowed_hosts", "a, b", ["a", "b"], '["c"]', ["c"], ["d"], []),
    ("storage", "a.db", "a.db", '"b.db"', "b.db", "c.db", None),
    ("base_path", "/a", "/a", '"/b"', "/b", "/c", ""),
]


@pytest.mark.parametrize(("key", "env", "of_env", "file", "of_file", "given", "default"), KEYS)
def test_the_command_line_counts_before_the_file_and_that_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    key: str, env: str, of_env: Any, file: str, of_file: Any, given: Any, default: Any,
):  # fmt: skip
    assert getattr(load_options({}), key) == default
    monkeypatch.setenv(f"RUNBASE_DASHBOARD_{key.upper()}", env)
    assert getattr(load_options({}), key) == of_env
    path = toml(tmp_path, f"[runbase_dashboard]\n{key} = {file}")
    assert getattr(load_options({}, path), key) == of_file
    assert getattr(load_options({key: given}, path), key) == given


@pytest.mark.item("L04")
def test_the_size_of_requests_is_also_read_from_the_variable_of_optuna_dashboard(
    monkeypatch: pytest.MonkeyPatch,
):
    assert load_options({}).max_body == 128 * 2**20
    monkeypatch.setenv("OPTUNA_DASHBOARD_MEMFILE_MAX", "1000")
    assert load_options({}).max_body == 1000
    monkeypatch.setenv("RUNBASE_DASHBOARD_MAX_BODY", "2000")
    assert load_options({}).max_body == 2000


@pytest.mark.parametrize(
    "text",
    [
        "[runbase_dashboard]\ncolour = 1",
        "[runbase_dashboard]\nport = 'x'",
        "[runbase_dashboard]\nport = 65536",
        "[runbase_dashboard]\nport = -1",
        "[runbase_dashboard]\nserver = 'apache'",
        "[runbase_dashboard]\nstorage_class = 'Other'",
        "[runbase_dashboard]\nmax_body = 0",
        "[runbase_dashboard]\nbase_path = '/a b'",
        "[runbase_dashboard]\nbase_path = '/\"><script>'",
        "[runbase_dashboard]\nbase_path = '/a/../b'",
        "runbase_dashboard = 1",
        "[runbase_dashboard",
    ],
)
def test_a_wrong_setting_is_a_sentence(tmp_path: Path, text: str):
    with pytest.raises(ConfigError, match=r"\w+ \w+"):
        load_options({}, toml(tmp_path, text))


def test_a_wrong_variable_is_a_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RUNBASE_DASHBOARD_MAX_BODY", "many")
    with pytest.raises(ConfigError, match="a number of bytes"):
        load_options({})


def test_a_config_file_that_is_not_there_is_a_sentence(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_options({}, tmp_path / "none.toml")


@pytest.mark.parametrize("text", ["runs", "/runs", "/runs/", "runs/"])
def test_a_base_path_begins_with_a_slash_and_ends_without(text: str):
    assert load_options({"base_path": text}).base_path == "/runs"
    assert load_options({"base_path": "/"}).base_path == ""


def test_a_table_for_language_models_is_noticed(tmp_path: Path):
    assert load_options({}, toml(tmp_path, "[llm.openai]\nmodel = 'x'")).has_llm
    assert not load_options({}).has_llm


# -- artifact stores ------------------------------------------------------------------------------


def test_a_folder_can_be_the_artifact_store(tmp_path: Path):
    text = f"[artifact_store.filesystem]\nbase_path = '{tmp_path}'"
    store = store_of_table(load_options({}, toml(tmp_path, text)).artifact_store)
    assert isinstance(store, Directory)
    assert isinstance(store_of(tmp_path), Directory)
    assert isinstance(store_of(str(tmp_path)), Directory)


def test_a_store_of_optuna_is_made_with_the_arguments_of_its_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import optuna.artifacts

    class Store:
        def __init__(self, bucket_name: str) -> None:
            self.bucket_name = bucket_name

    monkeypatch.setattr(optuna.artifacts, "Boto3ArtifactStore", Store)
    store: Any = store_of_table({"boto3": {"bucket_name": "files"}})
    assert store.bucket_name == "files"


@pytest.mark.parametrize(
    "table",
    [
        {"ftp": {}},
        {"filesystem": {"base_path": "/nowhere/at/all"}},
        {"filesystem": {}},
        {"filesystem": {"colour": 1}},
        {"boto3": {"colour": 1}},
        {"boto3": {}, "gcs": {}},
    ],
)
def test_a_wrong_artifact_store_is_a_sentence(table: dict[str, dict[str, Any]]):
    with pytest.raises(ConfigError, match=r"\w+ \w+"):
        store_of_table(table)


def test_without_a_table_there_is_no_artifact_store():
    assert store_of_table({}) is None
    assert store_of(None) is None


def test_a_backend_works_as_artifact_store_with_a_warning(tmp_path: Path):
    from runbase.dashboard.artifact.file_system import FileSystemBackend

    with pytest.warns(DeprecationWarning, match="FileSystemArtifactStore"):
        backend = FileSystemBackend(str(tmp_path))
    (tmp_path / "x").write_bytes(b"bytes")
    with pytest.warns(FutureWarning, match="artifact_store"):
        store = store_of(None, backend)
    assert store is not None
    with store.open_reader("x") as file:
        assert file.read() == b"bytes"
    with pytest.raises(ConfigError, match="artifact_backend"):
        store_of(tmp_path, backend)
