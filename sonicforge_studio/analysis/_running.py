"""Running sums, by which the sum of any stretch is a difference."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def running_sums(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    """Of ``(n, columns)`` the sums of the first 0, 1, … n rows, ``(n + 1, columns)``."""
    total = np.zeros((rows.shape[0] + 1, rows.shape[1]))
    np.cumsum(rows, axis=0, out=total[1:])
    return total
