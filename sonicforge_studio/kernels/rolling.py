"""The rolling mean: a series smoothed over a window around each of its values."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel

Float64 = NDArray[np.float64]

T = TypeVar("T", np.float32, np.float64)

_RUN = 4096
"""After so many steps a running sum is taken anew, so that its rounding does not add up."""


def rolling_mean(values: NDArray[T], frames: int) -> NDArray[T]:
    """The mean over a window around each value; at the ends over those that are there.

    Parameters
    ----------
    values
        Shape ``(n,)``, float32 or float64, finite, any unit.
    frames
        The window's length; an even one is made odd by one more, so that it lies evenly around its value.

    Returns
    -------
    Shape ``(n,)``, the type and unit of ``values``; summed in float64.

    Raises
    ------
    ValueError
        Where ``values`` has not one dimension.

    Notes
    -----
    A sum runs on by what enters and what leaves, and starts anew every few thousand values. Against
    ``pandas.Series.rolling(frames, center=True, min_periods=1).mean()`` the greatest difference is some 1e-13 of the
    largest value, for float32 its last digit.
    """
    if values.ndim != 1:
        raise ValueError(f"one row of values is wanted, not an array of shape {values.shape}")
    contiguous = np.ascontiguousarray(values)
    mean = np.empty_like(contiguous)
    if contiguous.size:
        _rolling_mean(contiguous, min(max(0, frames // 2), contiguous.size), mean)
    return mean


@kernel
def _ragged_mean(values: NDArray[T], reach: int, start: int, end: int, mean: NDArray[T]) -> None:
    """For the values whose window may reach over an end."""
    total, first, last = 0.0, max(0, start - reach), max(0, start - reach)
    for i in range(start, end):
        while last < min(values.size, i + reach + 1):
            total += np.float64(values[last])
            last += 1
        while first < i - reach:
            total -= np.float64(values[first])
            first += 1
        mean[i] = total / (last - first)


@kernel
def _sum_around(values: NDArray[T], reach: int, centre: int) -> float:
    total = 0.0
    for i in range(centre - reach, centre + reach + 1):
        total += np.float64(values[i])
    return total


@kernel
def _rolling_mean(values: NDArray[T], reach: int, mean: NDArray[T]) -> None:
    begin, end = reach, values.size - reach
    if end <= begin:
        _ragged_mean(values, reach, 0, values.size, mean)
        return
    _ragged_mean(values, reach, 0, begin, mean)
    _ragged_mean(values, reach, end, values.size, mean)
    scale = 1.0 / (2 * reach + 1)
    # An addition waits for the one before it: four runs side by side keep the processor busy meanwhile.
    groups = -(-(end - begin) // (4 * max(_RUN, reach)))
    run = (end - begin) // (4 * groups)
    for group in range(groups):
        start = begin + 4 * run * group
        _four_runs(values[start - reach : start + 4 * run + reach], reach, scale, run, mean[start : start + 4 * run])
    _one_run(values, reach, scale, begin + 4 * run * groups, end, mean)


@kernel
def _one_run(values: NDArray[T], reach: int, scale: float, start: int, end: int, mean: NDArray[T]) -> None:
    total = 0.0
    for i in range(start, end):
        if i == start:
            total = _sum_around(values, reach, start)
        else:
            total += np.float64(values[i + reach]) - np.float64(values[i - reach - 1])
        mean[i] = total * scale


@kernel
def _four_runs(values: NDArray[T], reach: int, scale: float, run: int, mean: NDArray[T]) -> None:
    """``run`` means each, one stretch after the other; ``values`` begins ``reach`` before the first of them."""
    if run == 0:
        return
    width = 2 * reach + 1
    sum0 = _sum_around(values, reach, reach)
    sum1 = _sum_around(values, reach, reach + run)
    sum2 = _sum_around(values, reach, reach + 2 * run)
    sum3 = _sum_around(values, reach, reach + 3 * run)
    mean[0], mean[run], mean[2 * run], mean[3 * run] = sum0 * scale, sum1 * scale, sum2 * scale, sum3 * scale
    leaves0, leaves1, leaves2, leaves3 = values, values[run:], values[2 * run :], values[3 * run :]
    enters0, enters1, enters2, enters3 = (
        leaves0[width:],
        leaves1[width:],
        leaves2[width:],
        leaves3[width:],
    )
    mean0, mean1, mean2, mean3 = mean[1:], mean[run + 1 :], mean[2 * run + 1 :], mean[3 * run + 1 :]
    for i in range(run - 1):
        sum0 += np.float64(enters0[i]) - np.float64(leaves0[i])
        sum1 += np.float64(enters1[i]) - np.float64(leaves1[i])
        sum2 += np.float64(enters2[i]) - np.float64(leaves2[i])
        sum3 += np.float64(enters3[i]) - np.float64(leaves3[i])
        mean0[i] = sum0 * scale
        mean1[i] = sum1 * scale
        mean2[i] = sum2 * scale
        mean3[i] = sum3 * scale
