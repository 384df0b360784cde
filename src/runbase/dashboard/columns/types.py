"""Arrays and columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Labelled(NamedTuple):
    """A column: numbers with NaN where a trial has none; of categorical ones places in labels."""

    values: Floats
    labels: list[str] | None = None
