"""The token: shown as a header by programs, and once by people, who get a cookie for it."""

from __future__ import annotations

import hmac
import html
from urllib.parse import parse_qs, parse_qsl, quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from .problems import problem

LOGIN = "/login"
MAX_LOGIN = 4096  # bytes of the form
YEAR = 365 * 86400  # seconds
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Runbase</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; display: grid; place-items: center;
  min-height: 90vh; margin: 0 1rem }}
form {{ display: grid; gap: .75rem; width: min(22rem, 100%) }}
input, button {{ font: inherit; padding: .5rem }}
</style></head><body>
<form method="post" action="{action}">
<h1>Runbase</h1>
<label for="token">{sentence}</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<input name="next" type="hidden" value="{next}">
<button>Open the dashboard</button>
</form></body></html>
"""


def check_token(token: str, base_path: str, request: Request) -> Response | None:
    """None for who may come in; otherwise the form, or where to go with a cookie."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, shown = header.partition(" ")
        # Headers are bytes, which arrive as if they were Latin-1.
        is_right = hmac.compare_digest(shown.strip().encode("latin-1"), token.encode())
        is_right = is_right and scheme.lower() == "bearer"
        return None if is_right else _refusal("the token is not right")
    name, value = _cookie(token)
    if "token" not in request.query_params:
        if _is_same(request.cookies.get(name, ""), value) or request.scope["path"] == LOGIN:
            return None
        return _ask(base_path, request, "This dashboard asks for its token.")
    if not _is_same(request.query_params["token"], token):
        return _ask(base_path, request, "This token is not right.")
    return _let_in(token, base_path, _without_token(request), request)


async def log_in(token: str | None, base_path: str, request: Request) -> Response:
    """Take the form: the cookie for the token, or the form again."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > MAX_LOGIN:
        return problem(413, "this is no token")
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    shown, after = (form.get(key, [""])[0] for key in ("token", "next"))
    if token is not None and not _is_same(shown, token):
        return _form(base_path, after, "This token is not right.")
    return _let_in(token or "", base_path, after, request)


def _is_same(shown: str, known: str) -> bool:
    return hmac.compare_digest(shown.encode("utf-8", "replace"), known.encode())


def _cookie(token: str) -> tuple[str, str]:
    """Name and value. The name differs by token, since ports of a host share their cookies."""
    name, value = (
        hmac.new(token.encode(), use, "sha256").hexdigest() for use in (b"name", b"session")
    )
    return f"runbase_{name[:8]}", value


def _let_in(token: str, base_path: str, after: str, request: Request) -> Response:
    # One slash only: a second one would lead to another host.
    answer = RedirectResponse(base_path + "/" + after.lstrip("/\\"), 303)
    name, value = _cookie(token)
    answer.set_cookie(
        name,
        value,
        max_age=YEAR,
        path=base_path or "/",
        secure=request.scope["scheme"] == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


def _without_token(request: Request) -> str:
    pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    query = urlencode([(key, value) for key, value in pairs if key != "token"])
    return quote(request.scope["path"]) + (f"?{query}" if query else "")


def _ask(base_path: str, request: Request, sentence: str) -> Response:
    is_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if is_page and not request.scope["path"].startswith("/api/"):
        return _form(base_path, _without_token(request), sentence)
    return _refusal("this dashboard asks for its token: send Authorization: Bearer TOKEN")


def _form(base_path: str, after: str, sentence: str) -> Response:
    page = PAGE.format(
        action=html.escape(base_path + LOGIN), next=html.escape(after), sentence=sentence
    )
    return HTMLResponse(page, 401)


def _refusal(reason: str) -> Response:
    return problem(401, reason, {"WWW-Authenticate": "Bearer"})
