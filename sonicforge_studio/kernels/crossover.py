"""What the crossovers of a four-band tree are made of: Linkwitz-Riley sections, their all-passes, and long filters."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._lanes import PAIR
from sonicforge_studio.kernels.convolution import linear_phase

Float64 = NDArray[np.float64]

_HIGHEST_CROSSOVER = 0.45
"""In sample rates."""
_BUTTERWORTH_Q = math.sqrt(0.5)


def all_pass(sample_rate_hz: int, crossovers_hz: Float64) -> Float64:
    """The three sections ``b0 b1 b2 a1 a2`` that the bands of minimum phase sum to, shape ``(3, 5)``."""
    return np.array([_butterworth(sample_rate_hz, crossover)[2] for crossover in crossovers_hz])


def _butterworth(sample_rate_hz: int, crossover_hz: float) -> Float64:
    """Low-pass, high-pass and, of the same poles, the all-pass that their squares sum to, by the bilinear transform."""
    k = math.tan(math.pi * min(crossover_hz / sample_rate_hz, _HIGHEST_CROSSOVER))
    a0 = 1.0 + k / _BUTTERWORTH_Q + k * k
    a1, a2 = 2.0 * (k * k - 1.0) / a0, (1.0 - k / _BUTTERWORTH_Q + k * k) / a0
    low, high = k * k / a0, 1.0 / a0
    return np.array(
        [[low, 2.0 * low, low, a1, a2], [high, -2.0 * high, high, a1, a2], [a2, a1, 1.0, a1, a2]], np.float64
    )


def tree(sample_rate_hz: int, crossovers_hz: Float64) -> Float64:
    """The coefficients of ``_first_split`` and of both times ``_second_split``, each twice, for a pair of channels."""
    first, middle, last = (_butterworth(sample_rate_hz, crossover) for crossover in crossovers_hz)
    sections = [middle[0], middle[0], last[2], middle[1], middle[1], first[2]]
    for crossover in (first, last):
        sections += [crossover[0], crossover[0], crossover[1], crossover[1]]
    return np.repeat(np.array(sections).ravel(), PAIR)


def low_passes(sample_rate_hz: int, crossovers_hz: Float64, taps: int) -> Float64:
    """Three low-passes with the magnitude of a Linkwitz-Riley one, shape ``(3, taps)``."""
    frequencies_hz = np.linspace(0.0, 0.5 * sample_rate_hz, taps // 2 + 1)
    ratios = frequencies_hz[None, :] / np.asarray(crossovers_hz)[:, None]
    return linear_phase(1.0 / (1.0 + ratios**4))
