"""Peak picking: the local maxima that are high, far apart and prominent enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_OPEN, _KEPT, _DROPPED = range(3)


def pick_peaks(values: Float64, *, height: float = -np.inf, distance: float = 1.0, prominence: float = 0.0) -> Int64:
    """Where a series has its peaks; of a flat top the middle, rounded down.

    Parameters
    ----------
    values
        Shape ``(n,)``, float64, without NaN, any unit.
    height
        What a peak must reach at least, in the unit of ``values``.
    distance
        How many frames must lie between two peaks at least; of two that are nearer the higher one stays, of equals the
        later.
    prominence
        How far it must fall on both sides of a peak, in the unit of ``values``, before it rises above it or ends. It is
        judged by all values, after height and distance.

    Returns
    -------
    Shape ``(peaks,)``, in rising order. Neither end of the series is a peak.

    Raises
    ------
    ValueError
        Where ``values`` has not one dimension.

    Notes
    -----
    Exact: the positions are those of ``scipy.signal.find_peaks``, save that SciPy leaves open which of equal peaks
    stays. Each frame is walked over once, save where peaks share their surroundings.
    """
    if values.ndim != 1:
        raise ValueError(f"one row of values is wanted, not an array of shape {values.shape}")
    series = np.ascontiguousarray(values, np.float64)
    if series.size < 3:
        return np.empty(0, np.int64)
    positions = np.empty(series.size // 2 + 1, np.int64)
    marks = np.zeros(-(-series.size // 8) * 8, np.uint8)
    _mark_tops(series, height, marks)
    count = _local_maxima(series, marks, positions)
    if distance > 1.0:
        count = _keep_apart(series, int(np.ceil(distance)), positions, count)
    if prominence > 0.0:
        count = _keep_prominent(series, prominence, positions, count)
    return positions[:count].copy()


@kernel
def _mark_tops(values: Float64, height: float, marks: NDArray[np.uint8]) -> None:
    """1 where a value is high enough, the one before lower and the next not higher."""
    before, here, following = values[:-2], values[1:-1], values[2:]
    for i in range(here.size):
        marks[i] = (before[i] < here[i]) & (following[i] <= here[i]) & (here[i] >= height)


@kernel
def _local_maxima(values: Float64, marks: NDArray[np.uint8], positions: Int64) -> int:
    eights = marks.view(np.uint64)
    last = values.size - 1
    count = 0
    for eight in range(eights.size):
        if eights[eight] == 0:
            continue
        for mark in range(8 * eight, 8 * eight + 8):
            if not marks[mark]:
                continue
            start = end = mark + 1
            while end < last and values[end + 1] == values[start]:
                end += 1
            if end < last and values[end + 1] < values[start]:
                positions[count] = (start + end) // 2
                count += 1
    return count


@kernel
def _highest_near(
    values: Float64, distance: int, positions: Int64, count: int, state: NDArray[np.int8], at: int
) -> int:
    """The highest peak nearer than ``distance`` that is still open, ``at`` itself among them; of equals the later."""
    best = at
    other = at - 1
    while other >= 0 and positions[at] - positions[other] < distance:
        if state[other] == _OPEN and values[positions[other]] > values[positions[best]]:
            best = other
        other -= 1
    other = at + 1
    while other < count and positions[other] - positions[at] < distance:
        if state[other] == _OPEN and values[positions[other]] >= values[positions[best]]:
            best = other
        other += 1
    return best


@kernel
def _keep_apart(values: Float64, distance: int, positions: Int64, count: int) -> int:
    """Highest first, without sorting: from each open peak uphill to one that nothing near tops, which stays and drops
    its neighbours; then back down the same way."""
    state = np.zeros(count, np.int8)
    path = np.empty(count, np.int64)
    for begin in range(count):
        if state[begin] != _OPEN:
            continue
        path[0] = begin
        depth = 1
        while depth > 0:
            at = path[depth - 1]
            if state[at] != _OPEN:
                depth -= 1
                continue
            best = _highest_near(values, distance, positions, count, state, at)
            if best != at:
                path[depth] = best
                depth += 1
                continue
            state[at] = _KEPT
            other = at - 1
            while other >= 0 and positions[at] - positions[other] < distance:
                state[other] = _DROPPED
                other -= 1
            other = at + 1
            while other < count and positions[other] - positions[at] < distance:
                state[other] = _DROPPED
                other += 1
            depth -= 1
    kept = 0
    for at in range(count):
        if state[at] == _KEPT:
            positions[kept] = positions[at]
            kept += 1
    return kept


@kernel
def _keep_prominent(values: Float64, prominence: float, positions: Int64, count: int) -> int:
    """It need not be known how prominent a peak is: once it has fallen far enough, the walk ends."""
    kept = 0
    for peak in range(count):
        at = positions[peak]
        here = values[at]
        i = at - 1
        while i >= 0 and values[i] <= here and here - values[i] < prominence:
            i -= 1
        if i < 0 or values[i] > here:
            continue
        i = at + 1
        while i < values.size and values[i] <= here and here - values[i] < prominence:
            i += 1
        if i == values.size or values[i] > here:
            continue
        positions[kept] = at
        kept += 1
    return kept
