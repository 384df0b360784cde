"""What to do when the process is asked to end (SIGTERM), as Slurm, Kubernetes and `kill` do.

Registered functions run once, newest first; then the signal goes on to the handler that was
there before, or ends the process as it would have without Runbase (exit status 143 in a shell).
A child process that is forked starts without the functions, which belong to the process that
registered them, and with the earlier handler.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Hashable
from types import FrameType
from typing import Any

from .errors import logger

_functions: dict[Hashable, Callable[[], object]] = {}
_previous: Any = None


def register(key: Hashable, func: Callable[[], object]) -> None:
    """Call ``func()`` on SIGTERM; a function registered under the same ``key`` is replaced.

    Signals reach Python's main thread alone: the handler is installed when this is first called
    there, unless the process ignores SIGTERM, as it then goes on doing.
    """
    _functions[key] = func
    _install()


def deregister(key: Hashable) -> None:
    """Forget the function registered under ``key``, if any."""
    _functions.pop(key, None)
    _uninstall()


def _install() -> None:
    global _previous
    if threading.current_thread() is not threading.main_thread():
        return
    current = signal.getsignal(signal.SIGTERM)
    if current not in (_handle, signal.SIG_IGN):
        _previous = current
        signal.signal(signal.SIGTERM, _handle)


def _uninstall() -> None:
    """Put back the earlier handler after the last function, unless someone set another."""
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and not _functions and signal.getsignal(signal.SIGTERM) is _handle:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if _previous is None else _previous)


def _handle(number: int, frame: FrameType | None) -> None:
    for key, func in reversed(list(_functions.items())):
        if key not in _functions:
            continue  # deregistered by one of the others
        try:
            func()
        except Exception:
            logger().exception("a function registered for SIGTERM failed")
        _functions.pop(key, None)
    _uninstall()  # the program may go on
    if callable(_previous):
        _previous(number, frame)
    else:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


# Python forgets a signal that reaches a child before the fork is complete, and runs a handler only
# when a blocking call ends: a pool that terminates its workers would wait for them for ever. So
# the signal is held back during the fork, and the child gets the earlier handler back.
_masks = threading.local()


def _before_fork() -> None:
    _masks.before = None
    if signal.getsignal(signal.SIGTERM) is _handle:
        _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _after_fork() -> None:
    if _masks.before is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


def _after_fork_in_child() -> None:
    _functions.clear()
    _uninstall()
    _after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_child=_after_fork_in_child, after_in_parent=_after_fork
    )
