"""Files of studies and trials."""

from __future__ import annotations

import binascii
import io
import json
import mimetypes
import re
import uuid
from collections.abc import Callable
from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO
from urllib.parse import quote

from msgspec import Struct

from ...errors import InvalidValueError, NotFoundError
from ...store import studies
from .. import files, heads, steer
from ..board import Board
from ..files import File
from ..server.endpoint import Download
from .types import Artifact

#: What a browser only shows, and never runs; everything else is saved, not opened.
SHOWN = re.compile(
    r"(image/(?!svg)[\w.+-]+|audio/[\w.+-]+|video/[\w.+-]+|text/(plain|csv|markdown)"
    r"|application/(json|x-ndjson|jsonl))"
)
#: Pages that a browser shows, but in which nothing runs and which belong to no origin.
SANDBOXED = re.compile(r"text/html|application/xhtml\+xml|image/svg\+xml")
SANDBOX = "sandbox; default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'"
#: How text may be compressed where a browser shows it; what is saved are the bytes as they are.
ENCODINGS = (None, "gzip", "br")
_DATA = re.compile(r"data:(?P<type>[^;,]*)(?P<more>(?:;[^;,]*)*?);base64,(?P<data>.*)", re.DOTALL)


class Upload(Struct):
    """A file as a data URL: ``data:image/png;base64,...``"""

    file: str
    filename: str


class Uploaded(Struct):
    """The new file, and all of the study or trial."""

    artifact_id: str
    artifacts: list[Artifact]


def upload_to_study(board: Board, id: int, body: Upload) -> Uploaded:
    """Store a file of a study.

    Raises:
        NotFoundError: there is no such study, or no artifact store.
        InvalidValueError: it is no data URL, or the experiment is one of Ax's.
    """
    steer.check_not_ax(board, id)
    if studies.read(board.db, id) is None:
        raise studies.missing(id)
    file = _store(board, body)
    with steer.writing(board) as storage:
        storage.set_study_system_attr(id, *_attribute(file))
    found = files.of_study(board.db, id)
    return Uploaded(file.artifact_id, heads.described(board, found, id))


def upload_to_trial(board: Board, id: int, trial_id: int, body: Upload) -> Uploaded:
    """Store a file of a trial that has not finished.

    Raises:
        NotFoundError: there is no such trial, or no artifact store.
        ConflictError: the trial has finished.
        InvalidValueError: it is no data URL, or the trial is one of Ax's.
    """
    steer.check_trial_not_ax(board, trial_id)
    _check_unfinished(board, id, trial_id)
    file = _store(board, body)
    with steer.writing(board) as storage:
        storage.set_trial_system_attr(trial_id, *_attribute(file))
    found = files.of_trial(board.db, id, trial_id)
    return Uploaded(file.artifact_id, heads.described(board, found, id, trial_id))


def delete_of_study(board: Board, id: int, artifact_id: str) -> None:
    """Delete a file of a study.

    Raises:
        NotFoundError: there is none with this id.
    """
    files.find(files.of_study(board.db, id), artifact_id)
    with steer.writing(board) as storage:
        storage.set_study_system_attr(id, f"{files.PREFIX}{artifact_id}", json.dumps(None))
    files.remove(board, artifact_id)


def delete_of_trial(board: Board, id: int, trial_id: int, artifact_id: str) -> None:
    """Delete a file of a trial that has not finished.

    Raises:
        NotFoundError: there is none with this id.
        ConflictError: the trial has finished.
    """
    files.find(files.of_trial(board.db, id, trial_id), artifact_id)
    _check_unfinished(board, id, trial_id)
    with steer.writing(board) as storage:
        legacy = f"{files.LEGACY.format(trial_id=trial_id)}{artifact_id}"
        if legacy in storage.get_study_system_attrs(id):
            storage.set_study_system_attr(id, legacy, json.dumps(None))
        else:
            key = f"{files.PREFIX}{artifact_id}"
            storage.set_trial_system_attr(trial_id, key, json.dumps(None))
    files.remove(board, artifact_id)


def read_of_study(board: Board, id: int, artifact_id: str) -> Download:
    """The bytes of a file of a study; HTML, SVG and whatever else could run is sandboxed.

    Raises:
        NotFoundError: there is none with this id.
    """
    return _read(board, files.find(files.of_study(board.db, id), artifact_id))


def read_of_trial(board: Board, id: int, trial_id: int, artifact_id: str) -> Download:
    """The bytes of a file of a trial; see `read_of_study`.

    Raises:
        NotFoundError: there is none with this id.
    """
    return _read(board, files.find(files.of_trial(board.db, id, trial_id), artifact_id))


def _check_unfinished(board: Board, study_id: int, trial_id: int) -> None:
    if steer.study_of(board, trial_id) != study_id:
        raise NotFoundError(f"study {study_id} has no trial {trial_id}")
    with steer.writing(board) as storage:
        steer.trial(storage, trial_id)


def _store(board: Board, upload: Upload) -> File:
    name, given, content = decoded(upload)
    guessed, encoding = mimetypes.guess_type(name)
    file = File(str(uuid.uuid4()), name, guessed or given or files.OCTETS, encoding)
    files.store(board).write(file.artifact_id, io.BytesIO(content))
    return file


def decoded(upload: Upload) -> tuple[str, str, bytes]:
    """The name without folders of the sender's, the type that it was sent as, and the bytes.

    Raises:
        InvalidValueError: it is no data URL.
    """
    match = _DATA.fullmatch(upload.file)
    if match is None:
        raise InvalidValueError("a file is sent as a data URL: data:image/png;base64,...")
    try:
        content = binascii.a2b_base64(match["data"], strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidValueError(f"the data URL of the file is damaged: {error}") from error
    name = PureWindowsPath(PurePosixPath(upload.filename).name).name or "file"
    return name, match["type"], content


def _attribute(file: File) -> tuple[str, str]:
    return f"{files.PREFIX}{file.artifact_id}", json.dumps(file._asdict())


def _read(board: Board, file: File) -> Download:
    store = files.store(board)

    def open_reader() -> BinaryIO:
        try:
            reader: BinaryIO = store.open_reader(file.artifact_id)
        except Exception as error:
            if type(error).__name__ in ("ArtifactNotFound", "NotFoundError"):
                raise NotFoundError(
                    f"the bytes of {file.filename!r} are not in the artifact store"
                ) from error
            raise
        return reader

    where = getattr(store, "where", None)
    path = str(where(file.artifact_id)) if where is not None else None
    return download(open_reader, path, file.filename, file.mimetype, file.encoding)


def download(
    open_reader: Callable[[], BinaryIO],
    path: str | None,
    filename: str,
    mimetype: str,
    encoding: str | None,
) -> Download:
    """A file that cannot do anything in the dashboard's origin, whatever is in it."""
    is_readable = encoding in ENCODINGS
    is_shown = is_readable and SHOWN.fullmatch(mimetype)
    is_page = is_readable and SANDBOXED.fullmatch(mimetype)
    how = "inline" if is_shown or is_page else "attachment"
    headers = {
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(filename, safe='')}",
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=31536000, immutable",
    }
    if encoding and how == "inline":
        headers["Content-Encoding"] = encoding
    return Download(open_reader, path, mimetype if is_shown or is_page else files.OCTETS, headers)
