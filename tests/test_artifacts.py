"""Artifacts of runs: what can be stored, and that nothing of it is lost."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from runbase import Client, Experiment, Run, artifacts
from runbase.artifacts import content, stores
from runbase.errors import ConfigError, InvalidValueError, MissingExtraError, NotFoundError
from runbase.store import artifacts as rows
from runbase.store import schema
from tests.conftest import mysql_database, postgres_database
from tests.test_servers import wait_until


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of artifacts of `client`, whose database may be on a server."""
    monkeypatch.setenv("RUNBASE_ARTIFACTS", str(tmp_path / "files"))
    return tmp_path / "files"


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Run]:
    """A run in an SQLite file, with the folder of artifacts beside it."""
    with closing(Client(f"sqlite:///{tmp_path}/runs.db")) as client:
        yield Experiment(client, name="digits").get_run()


def stored(place: Path) -> list[Path]:
    """What is there besides the marks of databases."""
    found = (path for path in place.rglob("*") if path.is_file())
    return sorted(path for path in found if not stores.MARK.fullmatch(path.name))


def test_a_file_comes_back_as_it_was(run: Run, place: Path, tmp_path: Path):
    path = tmp_path / "weights.bin"
    path.write_bytes(bytes(range(256)) * 1000)
    added = run.add_artifact(path)
    (found,) = run.artifacts()
    assert found == added
    assert found.read() == path.read_bytes()
    assert (found.name, found.mimetype, found.encoding) == (
        "weights.bin", "application/octet-stream", None,
    )  # fmt: skip
    assert found.size == 256_000
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (found.run_id, found.experiment_id) == (run.id, run.experiment_id)
    assert found.time_created.tzinfo is not None
    assert found.path == place / found.uri
    assert artifacts.verify(found) is None


def test_a_path_may_be_text(run: Run, place: Path, tmp_path: Path):
    path = tmp_path / "notes.md"
    path.write_text("# Notes")
    assert run.add_artifact(str(path)).read() == b"# Notes"


def test_a_name_may_have_folders(run: Run, place: Path, tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text("a")
    assert run.add_artifact(path, name="logs/first run/a ☃.txt").name == "logs/first run/a ☃.txt"
    assert run.get_artifact("logs/first run/a ☃.txt").text() == "a"


def test_the_same_name_again_is_a_new_version(run: Run, place: Path):
    for text in ("first", "second"):
        run.add_artifact(f"the {text}", name="notes.txt")
    (newest,) = run.artifacts()
    assert newest.text() == "the second"
    assert [each.text() for each in run.artifacts(versions=True)] == ["the second", "the first"]
    assert run.get_artifact("notes.txt") == newest


def test_removing_an_artifact_removes_its_bytes(run: Run, place: Path):
    for number in range(3):
        run.add_artifact(f"version {number}", name="notes.txt")
    kept = run.add_artifact("to keep", name="kept.txt")
    run.remove_artifact(run.artifacts(versions=True)[1])
    assert len(run.artifacts(versions=True)) == 3
    run.remove_artifact("notes.txt")
    assert run.artifacts(versions=True) == [kept]
    assert stored(place) == [kept.path]
    with pytest.raises(NotFoundError, match=r"no artifact 'notes.txt'; there are kept.txt"):
        run.remove_artifact("notes.txt")


def test_an_artifact_of_another_run_is_not_removed(experiment: Experiment, run: Run, place: Path):
    other = experiment.get_run().add_artifact("of another", name="notes.txt")
    with pytest.raises(NotFoundError):
        run.remove_artifact(other)
    assert other.text() == "of another"


def test_rows_go_with_their_run(client: Client, run: Run, place: Path):
    run.add_artifact("of the run", name="notes.txt")
    client.execute("DELETE FROM runs WHERE id = %s", (run.id,))
    assert list(artifacts.all_of(client)) == []
    with pytest.raises(NotFoundError, match="no run"):
        run.artifacts()
    with pytest.raises(NotFoundError, match="no run"):
        run.add_artifact("too late", name="notes.txt")
    assert len(stored(place)) == 1, "nothing was stored for the run that is gone"


def test_a_transaction_that_is_undone_takes_the_row_along(client: Client, run: Run, place: Path):
    kept = run.add_artifact("as it was", name="notes.txt")

    def fail() -> None:
        with client:
            run.add_artifact("undone", name="more.txt")
            run.remove_artifact(kept)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert run.artifacts() == [kept]
    assert kept.text() == "as it was"


# Objects


def test_objects_get_the_ending_of_their_kind(run: Run, place: Path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    added = [
        run.add_artifact(b"\0\1", name="raw"),
        run.add_artifact("some text", name="text"),
        run.add_artifact({"lr": 0.1}, name="config"),
        run.add_artifact([1, None], name="list"),
        run.add_artifact(frame, name="frame.csv"),
        run.add_artifact(frame, name="frame.jsonl"),
    ]
    assert [(each.name, each.mimetype) for each in added] == [
        ("raw.bin", "application/octet-stream"),
        ("text.txt", "text/plain"),
        ("config.json", "application/json"),
        ("list.json", "application/json"),
        ("frame.csv", "text/csv"),
        ("frame.jsonl", "application/jsonl"),
    ]
    assert json.loads(added[2].read()) == {"lr": 0.1}
    assert added[4].text() == "a,b\n1,x\n2,y\n"


def test_a_data_frame_is_parquet_where_pyarrow_is(local: Run, monkeypatch: pytest.MonkeyPatch):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"a": [1, 2]})
    added = local.add_artifact(frame, name="frame")
    assert (added.name, added.mimetype) == ("frame.parquet", "application/vnd.apache.parquet")
    pandas.testing.assert_frame_equal(pandas.read_parquet(io.BytesIO(added.read())), frame)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert local.add_artifact(frame, name="frame").name == "frame.csv"


def test_a_plotly_figure_is_its_json(local: Run):
    graphs = pytest.importorskip("plotly.graph_objects")
    added = local.add_artifact(graphs.Figure(graphs.Scatter(y=[1, 2])), name="curve")
    assert (added.name, added.mimetype) == ("curve.json", content.PLOTLY)
    assert set(json.loads(added.read())) == {"data", "layout"}
    page = local.add_artifact(graphs.Figure(), name="curve.html")
    assert page.mimetype == "text/html"
    assert b"<html>" in page.read()[:200]


def test_a_matplotlib_figure_is_a_picture(local: Run):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    figure.subplots().plot([1, 2])
    assert local.add_artifact(figure, name="curve").read()[:4] == b"\x89PNG"
    assert b"<svg" in local.add_artifact(figure, name="curve.svg").read()
    with pytest.raises(InvalidValueError, match=r"cannot be stored as \.xyz"):
        local.add_artifact(figure, name="curve.xyz")


def test_pictures_are_stored_losslessly(local: Run):
    image = pytest.importorskip("PIL.Image")
    import numpy as np

    pixels = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    for picture in (pixels, image.fromarray(pixels)):
        read = image.open(io.BytesIO(local.add_artifact(picture, name="picture").read()))
        assert np.array_equal(np.asarray(read), pixels)
    grey = local.add_artifact(np.eye(3), name="grey")  # from 0 to 1
    assert np.array_equal(np.asarray(image.open(io.BytesIO(grey.read()))), np.eye(3) * 255)
    assert local.add_artifact(image.fromarray(pixels), name="a.jpg").mimetype == "image/jpeg"


def test_an_array_that_is_no_picture_needs_its_own_ending(local: Run):
    import numpy as np

    array = np.arange(24.0).reshape(2, 3, 4, 1)
    with pytest.raises(InvalidValueError, match=r"name it \.npy"):
        local.add_artifact(array, name="activations")
    found = local.add_artifact(array, name="activations.npy")
    assert np.array_equal(np.load(io.BytesIO(found.read())), array)


def test_no_package_is_imported_for_what_is_not_its_own(tmp_path: Path):
    code = (
        f"import runbase, sys; c = runbase.Client({str(tmp_path / 'runs.db')!r});"
        "runbase.Experiment(c, name='e').get_run().add_artifact({'a': 1}, name='a');"
        "print({'pandas', 'numpy', 'PIL', 'plotly', 'matplotlib', 'boto3'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("artifact", "name", "message"),
    [
        (b"", None, "give the bytes a name"),
        ("some text", None, "give the str a name"),
        ("no-such-file.pt", None, "there is no file no-such-file.pt"),
        ("no-such-file.pt", "model.pt", "there is no file no-such-file.pt"),
        (Path("no-such-file"), "a.txt", "there is no file no-such-file"),
        (Path("."), "a.txt", "is a folder: add_artifacts"),
        (object(), "a.txt", "a builtins.object cannot be stored"),
        ({"a": object()}, "a.json", "this is no JSON"),
        (b"", "../a.txt", "relative"),
        (b"", "/etc/passwd", "relative"),
        (b"", "a//b", "relative"),
        (b"", "a/./b", "relative"),
        (b"", "a/ .. /b", "relative"),
        (b"", "C:\\a.txt", "relative"),
        (b"", "a\nb", "relative"),
        (b"", "a\0b", "relative"),
        (b"", "", "relative"),
        (b"", "x" * 1001, "up to 1000 characters"),
        (b"", "\ud800", "relative"),
        (b"", "plots/" + "x" * 201, "200 bytes between slashes"),
        (b"", "☃" * 67, "200 bytes between slashes"),
        (b"", "x" * 199, "200 bytes between slashes"),
    ],
)
def test_what_cannot_be_stored_is_refused_before_anything_is_written(
    local: Run, artifact: Any, name: str | None, message: str
):
    with pytest.raises(InvalidValueError, match=message):
        local.add_artifact(artifact, name=name)
    assert local.artifacts() == []
    assert not Path(f"{local.client.config['dbpath']}.artifacts").exists()


def test_the_type_may_be_given(local: Run):
    assert local.add_artifact(b"{}", name="a", mimetype="application/x-mine").mimetype == (
        "application/x-mine"
    )
    with pytest.raises(InvalidValueError, match="a type is like image/png"):
        local.add_artifact(b"", name="a", mimetype="text/html\r\nX: y")


def test_a_compressed_file_says_so(local: Run, tmp_path: Path):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"a\n1\n"))
    found = local.add_artifact(path)
    assert (found.mimetype, found.encoding) == ("text/csv", "gzip")
    assert found.read() == path.read_bytes()


# Folders


def test_a_folder_is_stored_with_the_paths_in_it(local: Run, tmp_path: Path):
    folder = tmp_path / "results"
    (folder / "plots" / "deep").mkdir(parents=True)
    (folder / "empty").mkdir()
    for name in ("b.txt", "plots/a.txt", "plots/deep/c.txt"):
        (folder / name).write_text(name)
    added = local.add_artifacts(folder, name="epoch 3")
    assert [each.name for each in added] == [
        "epoch 3/b.txt", "epoch 3/plots/a.txt", "epoch 3/plots/deep/c.txt",
    ]  # fmt: skip
    assert local.get_artifact("epoch 3/plots/a.txt").text() == "plots/a.txt"
    with pytest.raises(InvalidValueError, match="there is no folder"):
        local.add_artifacts(folder / "b.txt")


def test_a_folder_with_a_name_that_cannot_be_used_is_not_stored_at_all(local: Run, tmp_path: Path):
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    (folder / "z:.txt").write_text("z")
    with pytest.raises(InvalidValueError, match="relative"):
        local.add_artifacts(folder)
    assert local.artifacts() == []


# Saving


def test_an_artifact_is_saved_as_a_file_or_into_a_folder(local: Run, tmp_path: Path):
    found = local.add_artifact("the text", name="logs/notes.txt")
    assert found.save(tmp_path / "as.txt").read_text() == "the text"
    assert found.save(tmp_path) == tmp_path / "logs" / "notes.txt"
    assert (tmp_path / "logs" / "notes.txt").read_text() == "the text"


def test_a_long_name_is_saved(local: Run, tmp_path: Path):
    name = "/".join(["☃" * 66] * 4)
    assert local.add_artifact(b"x", name=f"{name}/a").save(tmp_path).read_bytes() == b"x"
    path = tmp_path / ("y" * 250)
    assert local.get_artifact(f"{name}/a.bin").save(path).read_bytes() == b"x"


def test_a_file_that_cannot_be_written_is_said(local: Run, tmp_path: Path):
    found = local.add_artifact("the text", name="notes.txt")
    (tmp_path / "file").write_text("no folder")
    for path in (tmp_path / ("x" * 300), tmp_path / "file" / "a.txt"):
        with pytest.raises(InvalidValueError, match="cannot be saved there"):
            found.save(path)
    local.client.execute("UPDATE artifacts SET filename = %s", ("x" * 300,))
    with pytest.raises(InvalidValueError, match="200 bytes"):
        artifacts.get(local.client, found.id).save(tmp_path)


def test_a_name_from_the_database_does_not_lead_out_of_the_folder(local: Run, tmp_path: Path):
    found = local.add_artifact("the text", name="notes.txt")
    local.client.execute("UPDATE artifacts SET filename = '../evil.txt'")
    with pytest.raises(InvalidValueError, match="relative"):
        artifacts.get(local.client, found.id).save(tmp_path)


@pytest.mark.parametrize(
    "uri",
    ["../runs.db", "/etc/passwd", "1/../../runs.db", "file:///etc/passwd", "s3://b/1/" + "0" * 32],
)
def test_a_uri_from_the_database_does_not_lead_out_of_the_folder(local: Run, uri: str):
    found = local.add_artifact("the text", name="notes.txt")
    local.client.execute("UPDATE artifacts SET uri = %s", (uri,))
    found = artifacts.get(local.client, found.id)
    with pytest.raises(NotFoundError, match="artifacts are in"):
        found.read()
    local.remove_artifact(found)
    assert Path(local.client.config["dbpath"]).exists()


# Where


def test_a_database_on_a_server_needs_a_place(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("RUNBASE_ARTIFACTS", raising=False)
    if run.client.dialect == "sqlite":
        assert run.add_artifact(b"", name="a").path is not None
        return
    with pytest.raises(ConfigError, match="set RUNBASE_ARTIFACTS"):
        run.add_artifact(b"", name="a")


def test_without_its_place_an_artifact_is_not_removed(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
):
    added = run.add_artifact(b"x", name="a")
    monkeypatch.setenv("RUNBASE_ARTIFACTS", "gs://bucket")
    with pytest.raises(ConfigError):
        run.remove_artifact(added)
    assert run.artifacts() == [added]


def test_the_place_is_configured_by_keyword_url_file_or_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def place(client: Client) -> str:
        return str(stores.store_of(client))

    database = tmp_path / "runs.db"
    url = f"sqlite:///{database}"
    assert place(Client(url)) == f"{database}.artifacts"
    monkeypatch.setenv("RUNBASE_ARTIFACTS", str(tmp_path / "environment"))
    assert place(Client(url)) == str(tmp_path / "environment")
    assert place(Client(url, artifacts=tmp_path / "keyword")) == str(tmp_path / "keyword")
    assert place(Client(f"{url}?artifacts={tmp_path}/url")) == str(tmp_path / "url")
    config = tmp_path / "mine.conf"
    config.write_text(f"dbpath = {database}\nartifacts = {tmp_path}/file\n")
    assert place(Client(config)) == str(tmp_path / "file")
    with pytest.raises(ConfigError, match="a folder or at s3://"):
        stores.store_of(Client(url, artifacts="gs://bucket"))


def test_a_database_in_memory_needs_a_place():
    with closing(Client("sqlite://")) as client, pytest.raises(ConfigError, match="in memory"):
        Experiment(client, name="e").get_run().add_artifact(b"", name="a")


# Nothing is lost


def test_bytes_are_in_place_and_synced_before_the_row_is(
    local: Run, monkeypatch: pytest.MonkeyPatch
):
    done: list[str] = []

    def told(what: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any) -> Any:
            done.append(what)
            return function(*args)

        return wrapper

    monkeypatch.setattr(os, "fsync", told("sync", os.fsync))
    monkeypatch.setattr(rows, "add", told("row", rows.add))
    local.add_artifact(b"bytes", name="a")
    assert done == [*["sync"] * (len(done) - 1), "row"]
    assert "sync" in done


WRITER = """
import sys, runbase
run = runbase.Run(runbase.Client(sys.argv[1]), run_id=int(sys.argv[2]))
number = 0
while True:
    number += 1
    run.add_artifact(bytes([number % 256]) * 3_000_000, name=f"{sys.argv[3]}-{number}")
    print(number, flush=True)
"""


def writer(run: Run, url: str, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, url, str(run.id), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_killed_process_leaves_no_row_without_its_bytes(url: str, run: Run, place: Path):
    for attempt in range(3):
        with writer(run, url, f"a{attempt}") as process:
            assert process.stdout is not None
            assert wait_until(lambda: any(place.glob("*/*.part")))
            process.send_signal(signal.SIGKILL)
            told = process.stdout.read().split()
        found = [each for each in run.artifacts() if each.name.startswith(f"a{attempt}-")]
        assert len(found) >= len(told)
        assert [artifacts.verify(each) for each in found] == [None] * len(found)


def test_two_processes_add_to_the_same_run(url: str, run: Run, place: Path):
    with writer(run, url, "a") as first, writer(run, url, "b") as second:
        for process in (first, second):
            assert process.stdout is not None
            assert [process.stdout.readline() for _ in range(3)][-1] == "3\n"
            process.send_signal(signal.SIGKILL)
    found = run.artifacts()
    assert {f"{who}-{n}.bin" for who in "ab" for n in (1, 2, 3)} <= {each.name for each in found}
    assert not any(map(artifacts.verify, found))


def test_threads_add_versions_of_the_same_name(local: Run):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: local.add_artifact({"n": n}, name="same.json"), range(20)))
    found = local.artifacts(versions=True)
    assert sorted(json.loads(each.read())["n"] for each in found) == list(range(20))
    assert local.artifacts() == [max(found, key=lambda each: each.id)]


def test_a_large_file_needs_little_memory(local: Run, tmp_path: Path):
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(200 * 2**20)
    tracemalloc.start()
    added = local.add_artifact(path)
    artifacts.verify(added)
    added.save(tmp_path / "copy.bin")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert added.size == 200 * 2**20
    assert peak < 20 * 2**20


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda path: path.write_bytes(b"other"), "5 bytes, but 8 were stored"),
        (lambda path: path.write_bytes(b"the texT"), "their SHA-256 differs"),
        (lambda path: path.unlink(), "the bytes are gone"),
        (lambda path: shutil.rmtree(path.parents[1]), "name their place in RUNBASE_ARTIFACTS"),
    ],
)
def test_damage_is_found(local: Run, damage: Any, problem: str):
    added = local.add_artifact("the text", name="notes.txt")
    assert artifacts.verify(added) is None
    damage(added.path)
    found = artifacts.verify(added)
    assert found is not None
    assert problem in found.what


# What is left over


def test_what_belongs_to_nothing_is_collected(client: Client, experiment: Experiment, place: Path):
    kept, gone = experiment.get_run(), experiment.get_run()
    kept.add_artifact("to keep", name="a.txt")
    gone.add_artifact("left over", name="a.txt")
    client.execute("DELETE FROM runs WHERE id = %s", (gone.id,))
    part = place / str(gone.id) / f"{'0' * 32}.txt.part"
    part.write_bytes(b"of a killed writer")
    (place / "readme.txt").write_text("somebody else's")
    assert artifacts.collect(client) == [], "a writer may still be at work"
    now = timedelta(0)
    assert len(artifacts.collect(client, now, delete=False)) == 2
    assert len(artifacts.collect(client, now)) == 2
    assert artifacts.collect(client, now) == []
    assert kept.get_artifact("a.txt").text() == "to keep"
    assert {path.name for path in stored(place)} == {
        "readme.txt", Path(kept.get_artifact("a.txt").uri).name,
    }  # fmt: skip


@pytest.fixture(params=["sqlite", "postgres", "mysql"])
def two(request: pytest.FixtureRequest, tmp_path: Path, place: Path) -> Iterator[list[Run]]:
    """Runs of two databases whose artifacts are in one folder."""
    with ExitStack() as stack:
        urls = [f"sqlite:///{tmp_path}/one.db", f"sqlite:///{tmp_path}/two.db"]
        if request.param == "postgres":
            server = [request.getfixturevalue(f"postgres_{part}") for part in ("server", "admin")]
            urls = [stack.enter_context(postgres_database(*server)) for _ in range(2)]
        if request.param == "mysql":
            server = [request.getfixturevalue(f"mariadb_{part}") for part in ("server", "admin")]
            urls = [stack.enter_context(mysql_database(*server)) for _ in range(2)]
        clients = [stack.enter_context(closing(Client(url))) for url in urls]
        for client in clients:
            schema.setup(client.database)
        yield [Experiment(client, name="e").get_run() for client in clients]


def make_old(place: Path) -> None:
    for path in stored(place):
        os.utime(path, (0, 0))


@pytest.mark.parametrize("has_own", [False, True])
def test_files_of_another_database_are_not_collected(two: list[Run], place: Path, has_own: bool):
    one, other = two
    added = [one.add_artifact("of the one", name="a.txt")]
    if has_own:
        added.append(other.add_artifact("of the other", name="a.txt"))
    make_old(place)
    added.append(one.add_artifact("new", name="b.txt"))
    with pytest.raises(InvalidValueError, match="files of another database"):
        artifacts.collect(other.client)
    with pytest.raises(InvalidValueError, match="files of another database"):
        artifacts.collect(other.client, timedelta(0), delete=False)
    assert [artifacts.verify(each) for each in added] == [None] * len(added)


def test_files_are_collected_once_the_other_database_has_left(two: list[Run], place: Path):
    for run in two:
        run.add_artifact("left over", name="a.txt")
    one, other = two
    one.client.execute("DELETE FROM artifacts")
    other.remove_artifact("a.txt")
    with pytest.raises(InvalidValueError, match="delete that mark") as error:
        artifacts.collect(one.client, timedelta(0))
    (mark,) = stores.MARK.findall(str(error.value))
    assert other.client.engine.describe() in (place / mark).read_text()
    (place / mark).unlink()
    assert len(artifacts.collect(one.client, timedelta(0))) == 1
    assert stored(place) == []


def test_without_its_mark_nothing_is_collected(two: list[Run], place: Path):
    two[0].add_artifact("of the one", name="a.txt")
    for path in place.glob("runbase-database-*"):
        path.unlink()
    with pytest.raises(InvalidValueError, match="no mark of this one"):
        artifacts.collect(two[1].client, timedelta(0))
    assert two[0].get_artifact("a.txt").text() == "of the one"


def test_a_copy_of_a_database_does_not_collect_what_the_first_adds(tmp_path: Path, place: Path):
    with closing(Client(f"sqlite:///{tmp_path}/one.db")) as client:
        run = Experiment(client, name="e").get_run()
        run.add_artifact("before", name="a.txt")
        client.execute("VACUUM INTO %s", (str(tmp_path / "copy.db"),))
        run.add_artifact("after", name="b.txt")
        with (
            closing(Client(f"sqlite:///{tmp_path}/copy.db")) as copy,
            pytest.raises(InvalidValueError, match="files of another database"),
        ):
            artifacts.collect(copy, timedelta(0))
        assert [each.text() for each in run.artifacts()] == ["before", "after"]


def test_a_database_that_was_moved_with_its_folder_is_still_its_own(tmp_path: Path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    with closing(Client(f"sqlite:///{old}/runs.db")) as client:
        Experiment(client, name="e").get_run().add_artifact("left over", name="a.txt")
        client.execute("DELETE FROM artifacts")
    old.rename(new)
    with closing(Client(f"sqlite:///{new}/runs.db")) as client:
        assert len(artifacts.collect(client, timedelta(0))) == 1
    beside = {"artifacts": f"{new}/runs.db.artifacts"}
    with closing(Client(f"sqlite:///{tmp_path}/another.db", **beside)) as another:
        Experiment(another, name="e").get_run().add_artifact("of another", name="a.txt")
    with (
        closing(Client(f"sqlite:///{new}/runs.db", **beside)) as client,
        pytest.raises(InvalidValueError, match="files of another database"),
    ):
        artifacts.collect(client, timedelta(0))


# A bucket


class FakeS3(BaseHTTPRequestHandler):
    """As much of S3 as it takes."""

    objects: dict[str, bytes]
    parts: dict[str, bytes]
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def answer(self, status: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def body(self) -> bytes:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "aws-chunked" not in self.headers.get("Content-Encoding", ""):
            return content
        found, rest = b"", content
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size.partition(b";")[0], 16)
            found, rest = found + rest[:length], rest[length + 2 :]
            if not length:
                break
        return found

    def do_PUT(self) -> None:
        path, _, query = self.path.partition("?")
        if "partNumber" in query:
            number = query.partition("partNumber=")[2].partition("&")[0]
            self.parts[f"{path} {int(number):05}"] = self.body()
        else:
            self.objects[path] = self.body()
        self.answer(200, ETag='"0"')

    def do_POST(self) -> None:
        path, _, query = self.path.partition("?")
        self.body()
        if query.startswith("uploads"):
            self.answer(200, b"<R><UploadId>1</UploadId></R>")
            return
        mine = sorted(each for each in self.parts if each.startswith(f"{path} "))
        self.objects[path] = b"".join(self.parts.pop(each) for each in mine)
        self.answer(200, b"<R><ETag>0</ETag></R>")

    def do_HEAD(self) -> None:
        found = self.objects.get(self.path)
        self.answer(404) if found is None else self.answer(200, Content_Length=str(len(found)))

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if "list-type=2" in query:
            each = (
                "<Contents><Key>{}</Key><Size>{}</Size><LastModified>{}</LastModified></Contents>"
            )
            time = "2020-01-01T00:00:00.000Z"
            found = [
                each.format(key.removeprefix("/bucket/"), len(content), time)
                for key, content in sorted(self.objects.items())
            ]
            self.answer(200, f"<R>{''.join(found)}</R>".encode(), Content_Type="application/xml")
        elif path in self.objects:
            first = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            self.answer(206, self.objects[path][first:])
        else:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def do_DELETE(self) -> None:
        self.objects.pop(self.path, None)
        self.answer(204)


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The configuration for a bucket on this machine, with its objects."""
    pytest.importorskip("boto3", reason="boto3 is not installed: pip install 'runbase[s3]'")
    secrets = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
    for name, value in (secrets | {"AWS_DEFAULT_REGION": "us-east-1", "NO_PROXY": "*"}).items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    handler = type("Handler", (FakeS3,), {"objects": {}, "parts": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield {
            "artifacts": "s3://bucket/team",
            "artifacts_endpoint": f"http://127.0.0.1:{server.server_port}",
            "objects": handler.objects,  # type: ignore[attr-defined]
        }
        server.shutdown()
        thread.join()


def test_a_bucket_keeps_artifacts(tmp_path: Path, bucket: dict[str, Any]):
    objects = bucket.pop("objects")
    with closing(Client(f"sqlite:///{tmp_path}/runs.db", **bucket)) as client:
        run = Experiment(client, name="e").get_run()
        large = os.urandom(20 * 2**20)
        small, big = run.add_artifact("the text", name="a.txt"), run.add_artifact(large, name="b")
        assert small.uri.startswith(f"s3://bucket/team/{run.id}/")
        assert small.path is None
        assert (small.text(), big.read()) == ("the text", large)
        assert [artifacts.verify(each) for each in (small, big)] == [None, None]
        assert len(objects) == 3, "two artifacts, and the mark of the database"
        client.execute("DELETE FROM artifacts WHERE id = %s", (big.id,))
        assert len(artifacts.collect(client)) == 1
        run.remove_artifact(small)
        (mark,) = objects
        objects[mark.replace("database-", "database-0")[:-5] + ".txt"] = b"of another"
        objects["/bucket/team/7/" + "0" * 32] = b"of another"
        with pytest.raises(InvalidValueError, match="files of another database"):
            artifacts.collect(client)
        with pytest.raises(NotFoundError, match="the bytes are gone"):
            small.read()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_bucket_is_connected_to_once_for_a_client_and_process(
    tmp_path: Path, bucket: dict[str, Any]
):
    bucket.pop("objects")
    with closing(Client(f"sqlite:///{tmp_path}/runs.db", **bucket)) as client:
        with ThreadPoolExecutor(4) as threads:
            found = set(threads.map(lambda _: stores.store_of(client), range(20)))
        assert len(found) == 1
        reader, writer = os.pipe()
        if not (child := os.fork()):
            try:
                os.write(writer, b"same" if stores.store_of(client) in found else b"new")
            finally:
                os._exit(0)
        os.close(writer)
        with open(reader, "rb") as told:
            assert told.read() == b"new", "connections are not for two processes"
        os.waitpid(child, 0)


def test_an_endpoint_that_is_none_is_said(tmp_path: Path, bucket: dict[str, Any]):
    bucket["artifacts_endpoint"] = "no address"
    bucket.pop("objects")
    with (
        closing(Client(f"sqlite:///{tmp_path}/runs.db", **bucket)) as client,
        pytest.raises(ConfigError, match="https://HOST:PORT"),
    ):
        Experiment(client, name="e").get_run().add_artifact(b"", name="a")


def test_an_object_in_a_bucket_is_read_from_any_place(tmp_path: Path, bucket: dict[str, Any]):
    bucket.pop("objects")
    with closing(Client(f"sqlite:///{tmp_path}/runs.db", **bucket)) as client:
        content = os.urandom(100_000)
        added = Experiment(client, name="e").get_run().add_artifact(content, name="a")
        with added.open() as file:
            assert file.seek(-10, io.SEEK_END) == 99_990
            assert file.read() == content[-10:]
            file.seek(50_000)
            assert file.read(7) == content[50_000:50_007]
            assert file.tell() == 50_007
        with io.TextIOWrapper(added.open(), encoding="latin1", newline="") as text:
            assert text.read() == content.decode("latin1")


def test_a_bucket_of_others_is_not_read(tmp_path: Path, bucket: dict[str, Any]):
    bucket.pop("objects")
    with closing(Client(f"sqlite:///{tmp_path}/runs.db", **bucket)) as client:
        found = Experiment(client, name="e").get_run().add_artifact("the text", name="a.txt")
        client.execute("UPDATE artifacts SET uri = 's3://secrets/key'")
        with pytest.raises(NotFoundError, match="artifacts are at s3://bucket/team/"):
            artifacts.get(client, found.id).read()


def test_without_boto3_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "boto3", None)
    with (
        closing(Client(f"sqlite:///{tmp_path}/runs.db", artifacts="s3://bucket")) as client,
        pytest.raises(MissingExtraError, match=r"pip install 'runbase\[s3\]'"),
    ):
        Experiment(client, name="e").get_run().add_artifact(b"", name="a")
