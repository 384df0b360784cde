"""Files of studies and trials: stored as Optuna does, and never run in the dashboard's origin."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from optuna.artifacts import FileSystemArtifactStore, get_all_artifact_meta, upload_artifact

from runbase.dashboard import files
from runbase.dashboard.api import artifacts, experiments
from runbase.dashboard.api.artifacts import Upload
from runbase.dashboard.board import Board
from runbase.dashboard.files import Directory
from runbase.dashboard.server.endpoint import Download
from runbase.errors import ConflictError, InvalidValueError, NotFoundError
from tests.boards import KINDS, Case, case

PNG = b"\x89PNG\r\n\x1a\n rest"


@pytest.fixture(params=KINDS)
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    with case(request.param, tmp_path, request) as found:
        yield found


@pytest.fixture
def one(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    with case("sqlite", tmp_path, request) as found:
        yield found


def data_url(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def content_of(download: Download) -> bytes:
    with download.open() as reader:
        return reader.read()


@pytest.mark.item("H09")
def test_a_file_of_a_study_is_optunas_too(at: Case) -> None:
    new = artifacts.upload_to_study(at.board, at.id, Upload(data_url(PNG), "chart.png"))
    (meta,) = get_all_artifact_meta(at.study)
    assert (meta.artifact_id, meta.filename, meta.mimetype) == (
        new.artifact_id, "chart.png", "image/png",
    )  # fmt: skip
    assert new.artifacts[0].url == f"artifacts/{at.id}/{new.artifact_id}"
    read = artifacts.read_of_study(at.board, at.id, new.artifact_id)
    assert (content_of(read), read.media_type) == (PNG, "image/png")


@pytest.mark.item("H09")
def test_a_file_of_a_running_trial_is_stored_and_deleted(at: Case) -> None:
    id = at.trial_id(3)
    new = artifacts.upload_to_trial(at.board, at.id, id, Upload(data_url(PNG), "a.png"))
    assert new.artifacts[0].url == f"artifacts/{at.id}/{id}/{new.artifact_id}"
    assert content_of(artifacts.read_of_trial(at.board, at.id, id, new.artifact_id)) == PNG
    artifacts.delete_of_trial(at.board, at.id, id, new.artifact_id)
    key = f"artifacts:{new.artifact_id}"  # Optuna Dashboard's mark of a deleted file
    assert at.storage.get_trial_system_attrs(id)[key] == "null"
    with pytest.raises(NotFoundError):
        artifacts.read_of_trial(at.board, at.id, id, new.artifact_id)
    with pytest.raises(NotFoundError):
        files.store(at.board).open_reader(new.artifact_id)


def test_files_of_a_finished_trial_stay(at: Case, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    store = FileSystemArtifactStore(str(tmp_path))
    trial = at.study.ask()
    id = upload_artifact(artifact_store=store, file_path=str(path), study_or_trial=trial)
    at.study.tell(trial, 1.0)
    at.board.written()
    assert content_of(artifacts.read_of_trial(at.board, at.id, trial._trial_id, id)) == (
        b"a,b\n1,2\n"
    )
    with pytest.raises(ConflictError, match="finished"):
        artifacts.delete_of_trial(at.board, at.id, trial._trial_id, id)
    with pytest.raises(ConflictError, match="finished"):
        artifacts.upload_to_trial(
            at.board, at.id, trial._trial_id, Upload(data_url(PNG), "late.png")
        )
    assert len(get_all_artifact_meta(at.storage.get_trial(trial._trial_id), storage=at.storage))


def test_a_file_is_only_read_where_it_belongs(at: Case) -> None:
    other = at.storage.get_study_id_from_name("another")
    new = artifacts.upload_to_study(at.board, at.id, Upload(data_url(PNG), "a.png"))
    with pytest.raises(NotFoundError):
        artifacts.read_of_study(at.board, other, new.artifact_id)
    with pytest.raises(NotFoundError):
        artifacts.read_of_trial(at.board, at.id, at.trial_id(3), new.artifact_id)
    with pytest.raises(NotFoundError):
        artifacts.delete_of_study(at.board, other, new.artifact_id)
    assert content_of(artifacts.read_of_study(at.board, at.id, new.artifact_id)) == PNG


def test_files_are_deleted_with_their_study_if_asked_so(at: Case, tmp_path: Path) -> None:
    kept = artifacts.upload_to_study(
        at.board, at.storage.get_study_id_from_name("another"), Upload(data_url(PNG), "a.png")
    )
    gone = [
        artifacts.upload_to_study(at.board, at.id, Upload(data_url(PNG), "a.png")),
        artifacts.upload_to_trial(at.board, at.id, at.trial_id(3), Upload(data_url(PNG), "a.png")),
    ]
    experiments.delete_experiment(at.board, at.id, artifacts=True)
    assert (tmp_path / kept.artifact_id).exists()
    assert not any((tmp_path / each.artifact_id).exists() for each in gone)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("page.html", "text/html"), ("drawing.svg", "image/svg+xml"), ("page.xhtml", None)],
)
def test_what_could_run_is_in_a_sandbox(one: Case, name: str, kind: str | None) -> None:
    upload = Upload(data_url(b"<script>alert(1)</script>", kind or "text/html"), name)
    new = artifacts.upload_to_study(one.board, one.id, upload)
    headers = artifacts.read_of_study(one.board, one.id, new.artifact_id).headers
    assert headers["Content-Security-Policy"].startswith("sandbox;")
    assert "allow-scripts" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("kind", ["application/javascript", "text/xml", "application/pdf"])
def test_what_is_not_known_to_be_harmless_is_saved_and_not_opened(one: Case, kind: str) -> None:
    upload = Upload(data_url(b"alert(1)", kind), "file.unknown")
    new = artifacts.upload_to_study(one.board, one.id, upload)
    read = artifacts.read_of_study(one.board, one.id, new.artifact_id)
    assert read.media_type == "application/octet-stream"
    assert read.headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\boot.ini", "a\r\nSet-Cookie: x=1.txt", "", "näme 🌇.txt"]
)
def test_names_of_files_leave_neither_the_folder_nor_the_header(one: Case, name: str) -> None:
    new = artifacts.upload_to_study(one.board, one.id, Upload(data_url(PNG), name))
    stored = new.artifacts[0].filename
    assert "/" not in stored
    assert "\\" not in stored
    assert stored
    header = artifacts.read_of_study(one.board, one.id, new.artifact_id).headers
    assert header["Content-Disposition"].isascii()
    assert header["Content-Disposition"].isprintable()


@pytest.mark.parametrize("id", ["../secret", "a/b", "", "a" * 65, "..", "a\0b"])
def test_an_id_that_leaves_the_directory_is_not_found(tmp_path: Path, id: str) -> None:
    (tmp_path / "secret").write_text("s")
    store = Directory(tmp_path / "store")
    for act in (store.open_reader, store.remove):
        with pytest.raises(NotFoundError):
            act(id)
    with pytest.raises(NotFoundError):
        store.write(id, io.BytesIO(b"x"))


def test_an_attribute_with_such_an_id_is_no_file(one: Case) -> None:
    meta = {"artifact_id": "../x", "filename": "x", "mimetype": "text/plain", "encoding": None}
    one.storage.set_study_system_attr(one.id, "artifacts:../x", json.dumps(meta))
    assert files.of_study(one.board.db, one.id) == []


@pytest.mark.parametrize("text", ["", "hello", "data:image/png,abc", "data:;base64,a"])
def test_what_is_no_data_url_is_refused(one: Case, text: str, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    with pytest.raises(InvalidValueError, match="data URL"):
        artifacts.upload_to_study(one.board, one.id, Upload(text, "a.png"))
    assert set(tmp_path.iterdir()) == before


def test_without_a_store_it_is_said_how_to_get_one(one: Case) -> None:
    board = Board(one.board.client)
    with pytest.raises(NotFoundError, match="--artifact-dir"):
        artifacts.upload_to_study(board, one.id, Upload(data_url(PNG), "a.png"))


def test_a_study_or_trial_that_is_not_there_gets_no_file(one: Case, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    with pytest.raises(NotFoundError):
        artifacts.upload_to_study(one.board, 10**6, Upload(data_url(PNG), "a.png"))
    with pytest.raises(NotFoundError):
        artifacts.upload_to_trial(one.board, one.id, 10**6, Upload(data_url(PNG), "a.png"))
    assert set(tmp_path.iterdir()) == before
