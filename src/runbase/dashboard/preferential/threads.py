"""Matrices of some hundred rows are worked on by one thread.

BLAS would take all cores for each product, and wait for them for longer than it computes: on two
busy cores an ask took seven times as long.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from ...errors import require


def one_thread() -> AbstractContextManager[Any]:
    """A block in which BLAS has one thread, unless another thread of the process says otherwise.

    Raises:
        MissingExtraError: threadpoolctl is not installed.
    """
    limit: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limit


@cache
def _controller() -> Any:
    import scipy.linalg  # noqa: F401  # brings a BLAS of its own, which is to be found

    return require("threadpoolctl", "preferential").ThreadpoolController()
