"""Files of runs."""

from __future__ import annotations

import io

from msgspec import Struct

from ... import artifacts
from ...artifacts import stores
from ...errors import ConfigError, ConflictError, InvalidValueError, NotFoundError
from .. import files, heads, run_edits, sheets
from ..board import Board
from ..columns.base import millis
from ..run_facts import Row
from ..server.endpoint import Download
from .artifacts import SANDBOXED, Upload, decoded, download


class RunArtifact(Struct):
    """A file of the run; its bytes are at ``url``, relative to the base path."""

    artifact_id: str
    filename: str
    mimetype: str
    encoding: str | None
    url: str
    size: int | None = None
    sha256: str | None = None
    time_created: float | None = None
    #: How many older files have the same name.
    older: int = 0
    #: Whether its rows can be asked for.
    is_table: bool = False
    #: Whether it can be deleted here: those of Optuna's cannot.
    is_own: bool = True


class RunSheet(Struct):
    """Some rows of a table in a file; numbers beyond all floats are texts."""

    columns: list[str]
    rows: list[list[str | float | bool | None]]
    #: Rows of the whole table; null where that is not known yet.
    total: int | None
    #: Whether columns were left out.
    is_cut: bool = False


def add_artifact(board: Board, run: int, body: Upload) -> RunArtifact:
    """Store a file of a run.

    Raises:
        ConflictError: there is no place for files.
        InvalidValueError: it is no data URL, or its name cannot be used.
        NotFoundError: there is no such run.
    """
    run_edits.check_writable(board)
    _check_place(board)
    name, _, content = decoded(body)
    added = artifacts.add_bytes(board.client, run, io.BytesIO(content), name)
    return _artifact(added, 0)


def delete_artifact(board: Board, run: int, artifact: int) -> None:
    """Delete a file of a run.

    Raises:
        ConflictError: there is no place for files.
        NotFoundError: there is none.
    """
    run_edits.check_writable(board)
    artifacts.remove(board.client, _found(board, run, artifact))


def read_artifact(board: Board, run: int, artifact: int, v: str = "") -> Download:
    """The bytes of a file; HTML, SVG and whatever else could run is sandboxed.

    Args:
        board: what is served.
        run: the id of the run.
        artifact: the id of the file.
        v: how its SHA-256 begins; browsers keep the file if it does. Another database at the same
            address has other files with the same ids.

    Raises:
        ConflictError: there is no place for files.
        NotFoundError: there is none, or its bytes are gone.
    """
    found = _found(board, run, artifact)
    path = found.path
    file = download(
        found.open,
        None if path is None else str(path),
        found.name.rpartition("/")[2],
        found.mimetype,
        found.encoding,
    )
    headers = dict(file.headers)
    if not v or v != _version(found):
        headers["Cache-Control"] = "private, no-cache"
    if SANDBOXED.fullmatch(found.mimetype):
        # The run's page shows it in a frame, in which nothing runs.
        headers["X-Frame-Options"] = "SAMEORIGIN"
    return file._replace(headers=headers)


def get_rows(board: Board, run: int, artifact: int, offset: int = 0, limit: int = 100) -> RunSheet:
    """Rows of a CSV, TSV, JSON lines or Parquet file.

    Args:
        board: what is served.
        run: the id of the run.
        artifact: the id of the file.
        offset: how many rows to leave out, less than 1,000,000.
        limit: how many rows at most, 1 to 1,000.

    Raises:
        ConflictError: there is no place for files.
        NotFoundError: there is none, or its bytes are gone.
        InvalidValueError: it is no table, or the offset or limit is wrong.
    """
    found = _found(board, run, artifact)
    kind = sheets.kind_of(found.name, found.mimetype, found.encoding)
    if kind is None:
        raise InvalidValueError(f"{found.name} is no table: CSV, TSV, JSON lines and Parquet are")
    with found.open() as file:
        sheet = sheets.read(file, kind, offset, limit, is_compressed=found.encoding == "gzip")
    return RunSheet(*sheet)


def listed(board: Board, row: Row) -> list[RunArtifact]:
    """The newest of each name, and the files that Optuna knows of."""
    older: dict[str, int] = {}
    every = artifacts.of(board.client, row.id, versions=True)
    for each in every:
        older[each.name] = older.get(each.name, -1) + 1
    newest = {each.name: each for each in reversed(every)}
    found = [_artifact(each, older[each.name]) for each in every if newest[each.name] is each]
    if row.kind == "optuna" and board.artifacts is not None:
        known = files.of_trial(board.db, row.experiment_id, row.id)
        found += [
            RunArtifact(
                file.artifact_id, file.filename, file.mimetype, file.encoding, file.url, file.size,
                is_own=False,
            )
            for file in heads.described(board, known, row.experiment_id, row.id)
        ]  # fmt: skip
    return found


def _artifact(found: artifacts.Artifact, older: int) -> RunArtifact:
    version = _version(found)
    return RunArtifact(
        str(found.id), found.name, found.mimetype, found.encoding,
        f"run-artifacts/{found.run_id}/{found.id}" + (f"?v={version}" if version else ""),
        found.size, found.sha256, millis(found.time_created), older,
        sheets.kind_of(found.name, found.mimetype, found.encoding) is not None,
    )  # fmt: skip


def _version(found: artifacts.Artifact) -> str:
    return (found.sha256 or "")[:16]


def has_store(board: Board) -> bool:
    """Whether there is a place for files."""
    try:
        stores.store_of(board.client)
    except (ConfigError, ImportError):
        return False
    return True


def _check_place(board: Board) -> None:
    try:
        stores.store_of(board.client)
    except ConfigError as error:
        raise ConflictError(str(error)) from error


def _found(board: Board, run: int, artifact: int) -> artifacts.Artifact:
    found = artifacts.get(board.client, artifact)
    if found.run_id != run:
        raise NotFoundError(f"run {run} has no artifact {artifact}")
    _check_place(board)
    return found
