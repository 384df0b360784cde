"""What to do when the process is asked to end (SIGTERM), as Slurm, Kubernetes and `kill` do.

Registered functions run once, newest first; then the signal goes on to the handler that was
there before, or ends the process as it would have without Runbase (exit status 143 in a shell).
Child processes that were forked with the handler do not run the functions: those belong to the
process that registered them.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Hashable
from types import FrameType
from typing import Any

log = logging.getLogger("runbase")

_functions: dict[Hashable, tuple[int, Callable[[], object]]] = {}
_previous: Any = None
_installed_in: int | None = None


def register(key: Hashable, func: Callable[[], object]) -> None:
    """Call ``func()`` on SIGTERM; a function registered under the same ``key`` is replaced.

    Signals reach Python's main thread alone: the handler is installed when this is first called
    there.
    """
    _functions[key] = (os.getpid(), func)
    _install()


def deregister(key: Hashable) -> None:
    """Forget the function registered under ``key``, if any."""
    _functions.pop(key, None)
    if not _functions:
        _uninstall()


def _install() -> None:
    global _previous, _installed_in
    if _installed_in == os.getpid() and signal.getsignal(signal.SIGTERM) is _handle:
        return
    if threading.current_thread() is not threading.main_thread():
        return
    current = signal.getsignal(signal.SIGTERM)
    if current is not _handle:  # it may be inherited from the parent process
        _previous = current
    signal.signal(signal.SIGTERM, _handle)
    _installed_in = os.getpid()


def _uninstall() -> None:
    global _installed_in
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and signal.getsignal(signal.SIGTERM) is _handle:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if _previous is None else _previous)
        _installed_in = None


def _handle(number: int, frame: FrameType | None) -> None:
    for key, (pid, func) in reversed(list(_functions.items())):
        if pid != os.getpid():
            continue
        try:
            func()
        except Exception:
            log.exception("a function registered for SIGTERM failed")
        _functions.pop(key, None)
    if not _functions:
        _uninstall()  # the program may go on
    if callable(_previous):
        _previous(number, frame)
    elif _previous != signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
