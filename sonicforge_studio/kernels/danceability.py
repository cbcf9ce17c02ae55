"""Detrended fluctuation analysis: whether what a curve does now and what it does later hang together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def fluctuations(curve: Float64, lengths: Int64) -> Float64:
    """Root mean square of the summed curve around a straight line through each stretch of ``lengths`` points.

    ``curve (n,)`` in any unit, ``lengths (m,)`` ascending, from 3; comes back as ``(m,)`` in the same unit, 0 where no
    whole stretch fits. Of the stretches each begins where the one before ended (C.-K. Peng et al., "Mosaic
    organization of DNA nucleotides", Physical Review E 49, 1994). Within 1e-6 of a line fitted by least squares.
    """
    walk = np.cumsum(curve - curve.mean()) if curve.size else curve
    found = np.zeros(lengths.size)
    _fluctuations(walk, lengths, found)
    return found


@fast_kernel
def _fluctuations(walk: Float64, lengths: Int64, found: Float64) -> None:
    for which in range(lengths.size):
        length = lengths[which]
        count = walk.size // length
        if count == 0:
            continue
        middle = 0.5 * (length - 1)
        spread = length * (np.float64(length) * length - 1.0) / 12.0
        left = 0.0
        for stretch in range(count):
            start = stretch * length
            first = walk[start]
            total, square, slope = 0.0, 0.0, 0.0
            for i in range(length):
                value = walk[start + i] - first
                total += value
                square += value * value
                slope += (i - middle) * value
            left += max(square - total * total / length - slope * slope / spread, 0.0)
        found[which] = np.sqrt(left / (count * length))
