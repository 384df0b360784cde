"""What stands between the network and the application: who may ask, from where, and how much."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .access import LOGIN, check_token
from .problems import problem, problem_of

MAX_BODY = 128 * 2**20
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
ANYWHERE = frozenset({"", "0.0.0.0", "::"})
READS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Where a POST reads, too: what it asks for may be too long for an address.
READING = frozenset({"/api/sql"})
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "script-src 'self'",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
#: Of every answer that does not have them already, such as artifacts with a sandbox.
HEADERS = [
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # Without a referrer at all, browsers would send the login form with the origin "null".
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]


@dataclass(frozen=True)
class Guard:
    """What the guard lets through.

    Args:
        host: the address that the server is bound to; "" for any or unknown.
        allowed_hosts: further names by which people reach it; ``.example.org`` stands for all
            below that domain, ``*`` for every name.
        token: what everybody must show; None lets everybody in.
        read_only: refuse every write.
        base_path: the path below which a proxy serves this, such as ``/runs``; "" for the root.
        max_body: bytes of a request, at most.
    """

    host: str = ""
    allowed_hosts: tuple[str, ...] = ()
    token: str | None = None
    read_only: bool = False
    base_path: str = ""
    max_body: int = MAX_BODY

    def is_own(self, name: str) -> bool:
        """Whether the server goes by this name.

        A page elsewhere can point a name of its own at this machine, but no address. So
        addresses are safe wherever the server listens on all of them.
        """
        if name in LOOPBACK or name == self.host.lower() or self.is_allowed(name):
            return True
        return self.host in ANYWHERE and (_is_address(name) or name in _names_of_machine())

    def is_allowed(self, name: str) -> bool:
        """Whether ``allowed_hosts`` has this name."""
        return any(
            allowed in ("*", name) or (allowed.startswith(".") and name.endswith(allowed))
            for allowed in map(str.lower, self.allowed_hosts)
        )


def middleware(guard: Guard) -> list[Middleware]:
    """The guard around an application."""
    return [Middleware(Gate, guard=guard)]


class Gate:
    """Refuses what the guard does not let through, and adds the headers that protect browsers."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self.app, self.guard = app, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        scope = {**scope, "path": _below(self.guard.base_path, scope["path"])}
        await self._serve(scope, _limited(receive, self.guard.max_body), _Protected(send))

    async def _serve(self, scope: Scope, receive: Receive, send: _Protected) -> None:
        request = Request(scope)
        try:
            app = self._refusal(request) or self.app
            await app(scope, receive, send)
        except Exception as error:
            answer = problem_of(request, error)
            if not send.has_begun:
                await answer(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        answers = (check(self.guard, request) for check in CHECKS)
        return next((answer for answer in answers if answer is not None), None)


def check_host(guard: Guard, request: Request) -> Response | None:
    """Refuse names that are not the server's, which may be another site's (DNS rebinding)."""
    name = _name(request.headers.get("host", ""))
    if guard.is_own(name):
        return None
    return problem(
        403,
        f"this dashboard does not answer to the name {name!r}: if it is yours, start it with "
        f"--allowed-host {name or 'NAME'}",
    )


def check_access(guard: Guard, request: Request) -> Response | None:
    """Let in who shows the token."""
    return None if guard.token is None else check_token(guard.token, guard.base_path, request)


def check_write(guard: Guard, request: Request) -> Response | None:
    """Refuse writes that another site made a browser send, and all if reading is all there is."""
    if request.method in READS:
        return None
    login, reading = request.scope["path"] == LOGIN, request.scope["path"] in READING
    if guard.read_only and not (login or reading):
        return problem(403, "this dashboard is read-only: start it without --read-only to write")
    if not (_is_from_here(guard, request) or _has_bearer(guard, request)):
        return problem(
            403, "this write comes from another site: use the pages of the dashboard, or a token"
        )
    if login or not _has_body(request) or _media_type(request) == "application/json":
        return None
    return problem(415, "the body of a request is JSON: send content-type: application/json")


def check_size(guard: Guard, request: Request) -> Response | None:
    """Refuse a body that says that it is too large, before it is read."""
    length = request.headers.get("content-length") or "0"  # Python's own server has it empty
    if length.isdecimal() and int(length) <= guard.max_body:
        return None
    raise _too_large(guard.max_body)


CHECKS: tuple[Callable[[Guard, Request], Response | None], ...] = (
    check_host,
    check_access,
    check_write,
    check_size,
)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(
        413,
        f"the request is larger than {limit:,} bytes: RUNBASE_DASHBOARD_MAX_BODY sets how many "
        "are taken",
    )


def _limited(receive: Receive, limit: int) -> Receive:
    """``receive`` that ends a body that gets too large, also one that did not say its size."""
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise _too_large(limit)
        return message

    return limited


class _Protected:
    """A ``send`` that adds the headers, and knows whether an answer has begun."""

    def __init__(self, send: Send) -> None:
        self.send, self.has_begun = send, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = list(message.get("headers", []))
            known = {name.lower() for name, _ in headers}
            headers += [header for header in HEADERS if header[0] not in known]
            message = {**message, "headers": headers}
        await self.send(message)


def _below(base_path: str, path: str) -> str:
    """The path without the base path, which some proxies take away and others leave.

    One slash more at the end of an address of the API means the same.
    """
    if base_path and (path == base_path or path.startswith(base_path + "/")):
        path = path[len(base_path) :] or "/"
    return path.rstrip("/") if path.startswith("/api/") else path


def _name(host: str) -> str:
    """The name in ``host:port``, in lower case; an IPv6 address without its brackets."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _names_of_machine() -> Iterable[str]:
    name = socket.gethostname().lower()
    return name, name.partition(".")[0], f"{name.partition('.')[0]}.local"


def _is_from_here(guard: Guard, request: Request) -> bool:
    """Whether no browser sent this from a page of another site.

    Browsers tell by Sec-Fetch-Site, on addresses that they don't trust only by Origin; programs
    that are no browsers send neither.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    netloc = origin.partition("://")[2].lower()
    return netloc == request.headers.get("host", "").lower() or (
        netloc != "" and "*" not in guard.allowed_hosts and guard.is_allowed(_name(netloc))
    )


def _has_bearer(guard: Guard, request: Request) -> bool:
    """Whether the request got in by a token that no browser adds by itself."""
    return guard.token is not None and "authorization" in request.headers


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "") not in ("", "0") or (
        "transfer-encoding" in request.headers
    )


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
