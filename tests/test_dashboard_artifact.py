"""Paths of artifacts, and the names that artifacts had before Optuna had stores of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import optuna
import pytest
from optuna.artifacts import FileSystemArtifactStore
from optuna.artifacts.exceptions import ArtifactNotFound as OptunasNotFound

from runbase import errors
from runbase.dashboard.artifact import get_artifact_path, upload_artifact
from runbase.dashboard.artifact.backoff import Backoff
from runbase.dashboard.artifact.exceptions import ArtifactNotFound
from runbase.dashboard.artifact.file_system import FileSystemBackend
from runbase.dashboard.artifact.prefix import AppendPrefix
from runbase.dashboard.artifact.protocol import ArtifactBackend
from runbase.dashboard.artifact.store import BackendStore
from tests.dashboards import STORAGES, new_study, shown, theirs


@pytest.fixture(params=STORAGES)
def study(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[optuna.Study]:
    yield from new_study(request.param, tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file to upload."""
    path = tmp_path / "an image.png"
    path.write_bytes(b"not really")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where artifacts are."""
    path = tmp_path / "artifacts"
    path.mkdir()
    return path


@pytest.fixture
def backend(folder: Path) -> ArtifactBackend:
    """A backend in the folder."""
    return on_disk(folder)


# -- paths ----------------------------------------------------------------------------------------


@pytest.mark.item("F08")
def test_the_path_of_an_artifact(study: optuna.Study, file: Path, folder: Path):
    trial = study.ask()
    store = FileSystemArtifactStore(folder)
    for what in (study, trial):
        id = optuna.artifacts.upload_artifact(
            artifact_store=store, file_path=str(file), study_or_trial=what
        )
        path = get_artifact_path(what, id)
        assert path == theirs().artifact.get_artifact_path(what, id)
        assert path.startswith(f"/artifacts/{study._study_id}/")
        assert path.endswith(f"/{trial._trial_id}/{id}" if what is trial else f"/{id}")


def test_a_path_needs_a_study_or_trial(study: optuna.Study):
    study.add_trial(optuna.create_trial(value=1.0))
    with pytest.raises(errors.InvalidValueError, match="not FrozenTrial"):
        get_artifact_path(study.trials[0], "id")  # type: ignore[arg-type]


# -- upload_artifact ------------------------------------------------------------------------------


def upload(*args: Any, **options: Any) -> str:
    with pytest.warns(DeprecationWarning, match=r"use optuna\.artifacts\.upload_artifact\(\)"):
        return upload_artifact(*args, **options)


def test_an_uploaded_file_is_an_artifact_for_both_dashboards(
    study: optuna.Study, file: Path, folder: Path, backend: ArtifactBackend
):
    trial = study.ask()
    id = upload(backend, trial, str(file))
    assert (folder / id).read_bytes() == b"not really"
    meta = {
        "artifact_id": id,
        "filename": "an image.png",
        "mimetype": "image/png",
        "encoding": None,
    }
    assert shown(study)["trials"][0]["artifacts"] == [meta]
    [found] = optuna.artifacts.get_all_artifact_meta(trial)
    assert vars(found) == meta


@pytest.mark.item("F09", "K05")
def test_an_uploaded_file_is_stored_as_by_optuna_dashboard(
    study: optuna.Study, tmp_path: Path, backend: ArtifactBackend
):
    trial = study.ask()
    for name, options in (
        ("a.png", {}),
        ("a.tar.gz", {}),
        ("a.nobodyknows", {}),
        ("a", {"mimetype": "text/x-mine", "encoding": "br"}),
    ):
        (tmp_path / name).write_bytes(b"1")
        mine = upload(backend, trial, str(tmp_path / name), **options)
        with pytest.warns(DeprecationWarning, match="upload_artifact"):
            other = theirs().artifact.upload_artifact(
                backend, trial, str(tmp_path / name), **options
            )
        attrs = study.trials[0].system_attrs
        assert attrs[f"artifacts:{mine}"] == attrs[f"artifacts:{other}"].replace(other, mine)


def test_only_a_trial_takes_uploads_this_way(
    study: optuna.Study, file: Path, folder: Path, backend: ArtifactBackend
):
    with (
        pytest.warns(DeprecationWarning, match="upload_artifact"),
        pytest.raises(errors.InvalidValueError, match="a Trial is needed"),
    ):
        upload_artifact(backend, study, str(file))  # type: ignore[arg-type]
    assert list(folder.iterdir()) == []


def test_warnings_are_of_the_line_that_called(study: optuna.Study, file: Path, folder: Path):
    with pytest.warns(DeprecationWarning, match="deprecated") as caught:
        upload_artifact(FileSystemBackend(str(folder)), study.ask(), str(file))
    assert [warning.filename for warning in caught] == [__file__, __file__]


# -- backends -------------------------------------------------------------------------------------


def prefixed(folder: Path) -> ArtifactBackend:
    return AppendPrefix(on_disk(folder), "mine-")


def retrying(folder: Path) -> ArtifactBackend:
    return Backoff(on_disk(folder))


def on_disk(folder: Path) -> ArtifactBackend:
    with pytest.warns(DeprecationWarning, match="use FileSystemArtifactStore instead"):
        return FileSystemBackend(str(folder))


class Bucket:
    """As much of an S3 client as a backend needs, with files for objects."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        exceptions: Any = pytest.importorskip("botocore.exceptions")
        if not (self.folder / Key).exists():
            error: Any = {"Error": {"Code": "NoSuchKey"}}
            raise exceptions.ClientError(error, "GetObject")
        return {"Body": io.BytesIO((self.folder / Key).read_bytes())}

    def upload_fileobj(self, content: BinaryIO, bucket: str, key: str) -> None:
        (self.folder / key).write_bytes(content.read())
        content.close()

    def delete_object(self, *, Bucket: str, Key: str) -> None:
        (self.folder / Key).unlink()


def in_bucket(folder: Path) -> ArtifactBackend:
    pytest.importorskip("boto3")
    from runbase.dashboard.artifact.boto3 import Boto3Backend

    with pytest.warns(DeprecationWarning, match="use Boto3ArtifactStore instead"):
        return Boto3Backend("a-bucket", Bucket(folder))


BACKENDS = [on_disk, prefixed, retrying, in_bucket]


@pytest.mark.item("F09")
@pytest.mark.parametrize("make", BACKENDS)
def test_a_backend_keeps_what_is_written(make: Callable[[Path], ArtifactBackend], folder: Path):
    backend = make(folder)
    backend.write("an-id", io.BytesIO(b"bytes"))
    with backend.open("an-id") as content:
        assert content.read() == b"bytes"
    backend.write("an-id", io.BytesIO(b"other"))
    with backend.open("an-id") as content:
        assert content.read() == b"other"
    backend.remove("an-id")
    with pytest.raises(ArtifactNotFound):
        backend.open("an-id")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("make", BACKENDS[:3])
def test_what_a_backend_does_not_have_cannot_be_removed(
    make: Callable[[Path], ArtifactBackend], folder: Path
):
    with pytest.raises(ArtifactNotFound):
        make(folder).remove("an-id")


def test_an_id_cannot_leave_the_folder(folder: Path, file: Path):
    backend = on_disk(folder)
    for id in (f"../{file.name}", str(file), "..", ".", f"x/../../{file.name}"):
        for use in (backend.open, backend.remove, lambda id: backend.write(id, io.BytesIO())):
            with pytest.raises(ArtifactNotFound, match="there is no artifact"):
                use(id)
    assert file.read_bytes() == b"not really"


def test_a_prefix_is_before_the_id(folder: Path):
    prefixed(folder).write("an-id", io.BytesIO(b"bytes"))
    assert [path.name for path in folder.iterdir()] == ["mine-an-id"]


def test_a_backend_serves_as_a_store(folder: Path, file: Path, study: optuna.Study):
    store = BackendStore(prefixed(folder))
    id = optuna.artifacts.upload_artifact(
        artifact_store=store, file_path=str(file), study_or_trial=study
    )
    assert [path.name for path in folder.iterdir()] == [f"mine-{id}"]
    with store.open_reader(id) as content:
        assert content.read() == b"not really"
    store.remove(id)
    for use in (store.open_reader, store.remove):
        with pytest.raises(OptunasNotFound):
            use(id)


class Shaky:
    """A backend of which the first tries fail."""

    def __init__(self, backend: ArtifactBackend, failures: int) -> None:
        self.backend, self.failures, self.tries = backend, failures, 0

    def _try(self) -> None:
        self.tries += 1
        if self.tries <= self.failures:
            raise OSError("no network")

    def open(self, artifact_id: str) -> BinaryIO:
        self._try()
        return self.backend.open(artifact_id)

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        if self.tries < self.failures:
            content_body.read(3)
        self._try()
        self.backend.write(artifact_id, content_body)

    def remove(self, artifact_id: str) -> None:
        self._try()
        self.backend.remove(artifact_id)


def test_a_failure_is_tried_again(folder: Path, backend: ArtifactBackend):
    def retry(failures: int) -> Backoff:
        return Backoff(Shaky(backend, failures), max_retries=3, min_delay=1e-6, max_delay=1e-3)

    retry(2).write("an-id", io.BytesIO(b"bytes"))
    with retry(2).open("an-id") as content:
        assert content.read() == b"bytes"
    with pytest.raises(OSError, match="no network"):
        retry(3).open("an-id")
    retry(2).remove("an-id")
    shaky = Shaky(backend, 0)
    with pytest.raises(ArtifactNotFound):
        Backoff(shaky, max_retries=3).open("an-id")
    assert shaky.tries == 1
