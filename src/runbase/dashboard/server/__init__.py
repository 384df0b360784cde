"""The server: `run_server`, and applications for servers of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .application import asgi, wsgi
    from .run import run_server

__all__ = ["asgi", "run_server", "wsgi"]


def __getattr__(name: str) -> Any:
    # The modules of the API import from here, too, and need no server.
    if name == "run_server":
        from .run import run_server

        return run_server
    if name in __all__:
        from . import application

        return getattr(application, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
