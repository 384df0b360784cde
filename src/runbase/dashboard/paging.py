"""A part of a long list."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidValueError

MAX_ROWS = 1000

Places = NDArray[np.intp]


def page(at: Places, offset: int, limit: int) -> Places:
    """A part of the places.

    Raises:
        InvalidValueError: offset or limit are out of range.
    """
    if offset < 0 or not 1 <= limit <= MAX_ROWS:
        raise InvalidValueError(f"offset is from 0, limit from 1 to {MAX_ROWS}")
    return at[offset : offset + limit]
