"""What went wrong, as an answer: a status and ``{"reason": "a sentence"}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ...errors import (
    ConflictError,
    DatabaseError,
    InvalidValueError,
    MissingExtraError,
    NotFoundError,
    ReadOnlyError,
    RunbaseError,
    logger,
)

UNEXPECTED = "internal error, see the server's log"
#: The first that fits counts, so what is special comes before what it is a kind of.
STATUSES: list[tuple[type[RunbaseError], int]] = [
    (NotFoundError, 404),
    (ConflictError, 409),
    (InvalidValueError, 400),
    (MissingExtraError, 501),
    (ReadOnlyError, 403),
    (DatabaseError, 503),
]
#: The same for errors of Optuna, by name: it may not be installed.
OPTUNAS = {
    "KeyError": 404,
    "ArtifactNotFound": 404,
    "DuplicatedStudyError": 409,
    "UpdateFinishedTrialError": 409,
    "ValueError": 400,
    "TypeError": 400,
    "StorageInternalError": 503,
}
DRIVERS = ("sqlite3", "psycopg", "pymysql", "sqlalchemy", "redis")
SENTENCES = {
    404: "there is nothing at this address",
    405: "this address does not take this method",
}


def problem_of(request: Request | None, error: Exception) -> Response:
    """The answer to a request that ``error`` ended; what nobody expects is logged.

    An attribute ``answer`` of the error, a dict, is merged into the body.
    """
    status, reason = status_of(error)
    headers = error.headers if isinstance(error, HTTPException) else None
    if status == 500:
        what = "a request" if request is None else f"{request.method} {request.scope['path']}"
        logger().error("%s failed", what, exc_info=error)
    return problem(status, reason, headers, getattr(error, "answer", None))


def problem(
    status: int,
    reason: str,
    headers: Mapping[str, str] | None = None,
    answer: Mapping[str, Any] | None = None,
) -> Response:
    """An answer that says what is wrong."""
    content = msgspec.json.encode({"reason": reason, **(answer or {})})
    return Response(content, status, headers, media_type="application/json")


def status_of(error: Exception) -> tuple[int, str]:
    """The status and the sentence of an error."""
    if isinstance(error, HTTPException):
        return error.status_code, SENTENCES.get(error.status_code, error.detail)
    for kind, status in STATUSES:
        if isinstance(error, kind):
            return status, _text(error)
    if (known := _optunas(error)) is not None:
        return known, _text(error)
    if type(error).__module__.startswith(DRIVERS) and "OperationalError" in _kinds(error):
        return 503, f"the database cannot be used: {_text(error)}"
    return 500, _text(error) if isinstance(error, RunbaseError) else UNEXPECTED


def _optunas(error: BaseException) -> int | None:
    """The status of an error that Optuna or a storage raised, not a mistake of ours."""
    if not _raised_in(error).startswith(("optuna.", "runbase.optuna.")):
        return None
    return next((OPTUNAS[kind] for kind in _kinds(error) if kind in OPTUNAS), None)


def _raised_in(error: BaseException) -> str:
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return "" if traceback is None else str(traceback.tb_frame.f_globals.get("__name__", ""))


def _kinds(error: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__]


def _text(error: BaseException) -> str:
    """The error's text on one line; that of a KeyError is in quotes otherwise."""
    text = error.args[0] if isinstance(error, KeyError) and error.args else error
    return " ".join(str(text).split()) or type(error).__name__
