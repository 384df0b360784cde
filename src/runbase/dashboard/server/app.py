"""The ASGI application: the API, the pages, the events, and what guards them."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, BinaryIO, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from ... import __version__
from ...errors import DatabaseError
from ..api.endpoints import ENDPOINTS
from ..board import Board
from ..stop import Stop
from .answers import TIMES, WORTH_IT, Answer, Answers, encoded
from .endpoint import Download, Endpoint, Raw, Stream
from .events import Events
from .guard import Guard, middleware
from .openapi import document
from .problems import problem_of
from .slow import Slow
from .static import accepts, pages

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]
JSON = "application/json"
CHUNK = 2**18  # bytes of a file that are read at a time
#: What browsers ask for of films and sound.
RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
#: What is not worth keeping, or must not be.
NEVER_KEPT = {"meta.get_meta", "meta.get_changes"}


def create_app(board: Board, guard: Guard) -> Starlette:
    """The application that serves a board, behind a guard."""
    answers, slow = Answers(board), Slow(board.streams)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        answers.close()
        slow.close()

    routes = [
        *_routes({(e.path, e.method): _handler(board, answers, slow, e) for e in ENDPOINTS}),
        Route("/api/events", Events(board).answer, methods=["GET"]),
        Route("/api/openapi.json", partial(_openapi, answers), methods=["GET"]),
        *pages(guard),
    ]
    handlers: Any = {HTTPException: _problem}
    app = Starlette(
        routes=routes,
        middleware=middleware(guard),
        exception_handlers=handlers,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # it knows no base path
    return app


def _routes(handlers: dict[tuple[str, str], Handler]) -> Iterator[Route]:
    """One route for each path, so that what it does not take is refused with all that it does."""
    for path in dict.fromkeys(path for path, _ in handlers):
        of_path = {method: handler for (p, method), handler in handlers.items() if p == path}
        yield Route(path, partial(_dispatch, of_path), methods=[*of_path])


async def _dispatch(handlers: dict[str, Handler], request: Request) -> Response:
    return await handlers["GET" if request.method == "HEAD" else request.method](request)


async def _problem(request: Request, error: Exception) -> Response:
    return problem_of(request, error)


def _handler(board: Board, answers: Answers, slow: Slow, endpoint: Endpoint) -> Handler:
    is_kept = (
        endpoint.method == "GET"
        and endpoint.returns not in (Raw, Download, Stream)
        and endpoint.name not in NEVER_KEPT
    )

    async def handle(request: Request) -> Response:
        body = await request.body() if endpoint.body is not None else b""
        given = {**request.query_params, **{k: str(v) for k, v in request.path_params.items()}}
        work = partial(endpoint.call, board, given, body)
        try:
            if endpoint.stops:
                return await slow.run(request, partial(_read, request, endpoint, work))
            if is_kept:
                key = (endpoint.name, *(text for pair in sorted(given.items()) for text in pair))
                tells_time = endpoint.name in TIMES
                answer = await _result(
                    answers.of(key, lambda: _encode(work()), tells_time=tells_time)
                )
                return _json(request, answer, endpoint.status)
            if endpoint.returns is Stream:
                return await _stream(answers, await _result(answers.threads.submit(work)))
            return await _result(answers.threads.submit(_answer, board, request, endpoint, work))
        except Exception as error:
            return problem_of(request, error)

    return handle


async def _result(future: Future[T]) -> T:
    # Others may wait for the same: it goes on when this request is given up.
    return await asyncio.shield(asyncio.wrap_future(future))


def _answer(
    board: Board, request: Request, endpoint: Endpoint, work: Callable[[], Any]
) -> Response:
    found = work()
    if endpoint.method != "GET":
        with suppress(DatabaseError):  # it is written; that pages are told can wait
            board.written()
    if isinstance(found, Raw):
        return _raw(request, found)
    if isinstance(found, Download):
        return _download(request, found)
    if endpoint.status == 204:
        return Response(status_code=204)
    return _json(request, encoded(_encode(found)), endpoint.status)


def _read(
    request: Request, endpoint: Endpoint, work: Callable[[Stop], Any], stop: Stop
) -> Response:
    return _json(request, encoded(_encode(work(stop))), endpoint.status)


def _encode(found: Any) -> bytes:
    return found if isinstance(found, bytes) else msgspec.json.encode(found)


def _json(request: Request, answer: Answer, status: int = 200) -> Response:
    headers = {"ETag": answer.etag, "Vary": "Accept-Encoding"}
    if request.method in ("GET", "HEAD") and request.headers.get("if-none-match") == answer.etag:
        return Response(status_code=304, headers=headers)
    if answer.compressed is None or not accepts(request.headers.get("accept-encoding", ""), "gzip"):
        return Response(answer.content, status, headers, media_type=JSON)
    headers["Content-Encoding"] = "gzip"
    return Response(answer.compressed, status, headers, media_type=JSON)


def _raw(request: Request, raw: Raw) -> Response:
    headers, content = dict(raw.headers), raw.content
    is_text = raw.media_type.startswith("text/csv")
    if is_text and len(content) >= WORTH_IT:
        headers["Vary"] = "Accept-Encoding"
        compressed = encoded(content).compressed
        if compressed and accepts(request.headers.get("accept-encoding", ""), "gzip"):
            headers["Content-Encoding"] = "gzip"
            content = compressed
    return Response(content, raw.status, headers, media_type=raw.media_type)


def _download(request: Request, file: Download) -> Response:
    if file.path is not None and os.path.isfile(file.path):
        return FileResponse(file.path, headers=file.headers, media_type=file.media_type)
    reader = file.open()
    wanted = RANGE.fullmatch(request.headers.get("range", ""))
    if wanted is None or not reader.seekable():
        chunks = _chunks(reader, sys.maxsize)
        return StreamingResponse(chunks, headers=file.headers, media_type=file.media_type)
    return _part(reader, file, int(wanted[1]), int(wanted[2] or sys.maxsize))


def _part(reader: BinaryIO, file: Download, first: int, last: int) -> Response:
    """Some bytes of a file from afar: a film is looked at from its middle."""
    size = reader.seek(0, os.SEEK_END)
    last = min(last, size - 1)
    if first > last:
        reader.close()
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    reader.seek(first)
    headers = {
        **file.headers,
        "Content-Range": f"bytes {first}-{last}/{size}",
        "Content-Length": str(last - first + 1),
    }
    chunks = _chunks(reader, last - first + 1)
    return StreamingResponse(chunks, 206, headers, media_type=file.media_type)


async def _stream(answers: Answers, file: Stream) -> Response:
    """Send a file while it is made; what is wrong with the first piece is still an answer."""

    async def more(chunk: bytes | None) -> AsyncIterator[bytes]:
        try:
            while chunk is not None:
                yield chunk
                chunk = await _result(answers.threads.submit(next, file.chunks, None))
        finally:
            answers.threads.submit(file.chunks.close)  # whoever asked may have gone

    first = await _result(answers.threads.submit(next, file.chunks, None))
    return StreamingResponse(more(first), headers=file.headers, media_type=file.media_type)


def _chunks(reader: BinaryIO, left: int) -> Iterator[bytes]:
    with reader:
        while left > 0 and (chunk := reader.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


async def _openapi(answers: Answers, request: Request) -> Response:
    content = msgspec.json.encode(document(ENDPOINTS, __version__))
    return _json(request, encoded(content))
