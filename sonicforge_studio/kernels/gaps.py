"""Drawing samples anew between good ones, by linear prediction from both sides.

The missing samples are those that a predictor fitted to their surroundings is least surprised by (Janssen, Veldhuis and
Vries, "Adaptive interpolation of discrete-time signals that can be modeled as autoregressive processes", IEEE Trans.
ASSP 34(2), 1986, doi:10.1109/TASSP.1986.1164824).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel, steady_kernel

Float64 = NDArray[np.float64]

ORDER = 32
_ROUNDS = 2
"""The first guess is a straight line, which spoils the predictor that is fitted to it; the second begins better."""
_TINY = 1e-20


@kernel
def fill_gap(row: Float64, first: int, stop: int) -> None:
    """Draw ``row[first:stop]`` anew, in place, from all that is around it: at least ``ORDER`` samples on each side."""
    count = stop - first
    for i in range(count):
        share = (i + 1.0) / (count + 1.0)
        row[first + i] = row[first - 1] + share * (row[stop] - row[first - 1])
    predictor = np.empty(ORDER + 1)
    weights = np.empty(ORDER + 1)
    for _ in range(_ROUNDS):
        _fit(row, predictor)
        for lag in range(ORDER + 1):
            total = 0.0
            for k in range(ORDER + 1 - lag):
                total += predictor[k] * predictor[k + lag]
            weights[lag] = total
        weights[0] += 1e-12 * weights[0] + _TINY
        _least_surprising(row, first, stop, weights)


@steady_kernel
def _fit(row: Float64, predictor: Float64) -> None:
    """Burg's method; ``predictor[0]`` is 1."""
    ahead, behind = row.copy(), row.copy()
    before = np.empty(predictor.size)
    predictor[:] = 0.0
    predictor[0] = 1.0
    for order in range(1, predictor.size):
        # What was predicted backwards stays where the order began, and pairs with the forwards one ``order`` later.
        count = row.size - order
        forward, backward = ahead[order:], behind[:count]
        product, power = 0.0, _TINY
        for i in range(count):
            product += forward[i] * backward[i]
            power += forward[i] * forward[i] + backward[i] * backward[i]
        reflection = -2.0 * product / power
        before[:] = predictor
        for k in range(1, order + 1):
            predictor[k] = before[k] + reflection * before[order - k]
        for i in range(count):
            now, then = forward[i], backward[i]
            forward[i] = now + reflection * then
            backward[i] = then + reflection * now


@kernel
def _least_surprising(row: Float64, first: int, stop: int, weights: Float64) -> None:
    """Solve the normal equations, a banded Toeplitz matrix of ``weights``, by Cholesky."""
    count = stop - first
    bands = np.zeros((count, ORDER + 1))
    solution = np.empty(count)
    for i in range(count):
        total = 0.0
        for lag in range(1, ORDER + 1):
            if first + i - lag < first:
                total -= weights[lag] * row[first + i - lag]
            if first + i + lag >= stop:
                total -= weights[lag] * row[first + i + lag]
        solution[i] = total
    for i in range(count):
        for j in range(max(0, i - ORDER), i + 1):
            total = weights[i - j]
            for k in range(max(0, i - ORDER), j):
                total -= bands[i, i - k] * bands[j, j - k]
            bands[i, i - j] = total / bands[j, 0] if j < i else np.sqrt(max(total, _TINY))
    for i in range(count):
        for k in range(max(0, i - ORDER), i):
            solution[i] -= bands[i, i - k] * solution[k]
        solution[i] /= bands[i, 0]
    for i in range(count - 1, -1, -1):
        for k in range(i + 1, min(count, i + ORDER + 1)):
            solution[i] -= bands[k, k - i] * solution[k]
        solution[i] /= bands[i, 0]
    row[first:stop] = solution
