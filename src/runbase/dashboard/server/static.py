"""The pages: one HTML file for all of them, and the assets that it loads."""

from __future__ import annotations

import functools
import mimetypes
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from .access import LOGIN, log_in
from .guard import Guard

STATIC = Path(__file__).parent.parent / "static"
ASSETS = "assets/"  # whose names change with their content
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
BASE = '<base href="/dashboard/"'
#: Encodings of the files that the build compressed, the smallest first.
ENCODINGS = {"br": ".br", "gzip": ".gz"}
#: What Python leaves to the tables of the machine, which may say otherwise or nothing.
MEDIA_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".map": "application/json",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Runbase</title>
<p>The pages of the dashboard are not built: run <code>make web</code> in the checkout, or install
Runbase from a wheel.</p></html>
"""
ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
<rect width="16" height="16" rx="3" fill="#0b62a8"/>
<path d="M3 5.5l3.5 5 2.5-2 4 3" fill="none" stroke="white" stroke-width="1.8"/></svg>
"""


def pages(guard: Guard, folder: Path = STATIC) -> list[Route]:
    """The routes of everything that is not the API."""

    async def home(request: Request) -> Response:
        return RedirectResponse(f"{guard.base_path}/dashboard/", 302)

    async def page(request: Request) -> Response:
        return _page(request, guard.base_path, folder, request.path_params.get("path", ""))

    async def login(request: Request) -> Response:
        return await log_in(guard.token, guard.base_path, request)

    return [
        Route("/", home),
        Route("/dashboard", home),
        Route("/dashboard/{path:path}", page),
        Route("/favicon.ico", _icon),
        Route(LOGIN, login, methods=["POST"]),
    ]


def _page(request: Request, base_path: str, folder: Path, path: str) -> Response:
    """A file of the build, or for every other path the page that shows it."""
    file = _file(folder, path)
    if file is not None:
        caching = FOREVER if path.startswith(ASSETS) else ASK_AGAIN
        return _send(file, request.headers.get("accept-encoding", ""), caching)
    if path.startswith(ASSETS) or Path(path).suffix in MEDIA_TYPES:
        raise HTTPException(404)
    index = folder / "index.html"
    if not index.is_file():
        return HTMLResponse(NOT_BUILT, 503)
    text = _index(index, index.stat().st_mtime_ns, base_path)
    return HTMLResponse(text, headers={"Cache-Control": ASK_AGAIN})


def _file(folder: Path, path: str) -> Path | None:
    """The file at a path below the folder, if it is there and not the page itself."""
    if path in ("", "index.html") or "\0" in path:
        return None
    file = (folder / path).resolve()
    return file if file.is_relative_to(folder.resolve()) and file.is_file() else None


def _send(file: Path, accepted: str, caching: str) -> Response:
    headers = {"Cache-Control": caching, "Vary": "Accept-Encoding"}
    media_type = MEDIA_TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
    for encoding, suffix in ENCODINGS.items():
        smaller = file.with_name(file.name + suffix)
        if accepts(accepted, encoding) and smaller.is_file():
            headers["Content-Encoding"] = encoding
            file = smaller
            break
    # Files of the build are small: a response that reads them in pieces takes much longer, above
    # all the first time.
    return Response(file.read_bytes(), headers=headers, media_type=media_type)


def accepts(header: str, encoding: str) -> bool:
    """Whether an Accept-Encoding header takes an encoding."""
    for item in header.lower().split(","):
        name, _, quality = item.partition(";")
        if name.strip() == encoding:
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


@functools.lru_cache(maxsize=8)
def _index(file: Path, changed: int, base_path: str) -> str:
    # All addresses in the pages are relative to this one.
    text = file.read_text(encoding="utf-8")
    return text.replace(BASE, f'<base href="{base_path}/dashboard/"', 1)


async def _icon(request: Request) -> Response:
    return Response(ICON, headers={"Cache-Control": "max-age=86400"}, media_type="image/svg+xml")
