"""Second-order filters: R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients"."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_BUTTERWORTH_4 = (0.54119610, 1.30656296)


def strip_filters(
    high_pass_hz: float, low_pass_hz: float, warmth_db: float, presence_db: float, sample_rate_hz: int
) -> NDArray[np.float64]:
    """The rows ``b0 b1 b2 a1 a2`` of a channel strip: steep high-pass, low-pass, low shelf and bell where asked for."""
    rows = []
    if high_pass_hz > 20.0:
        rows += [_pass(high_pass_hz, q, sample_rate_hz, high=True) for q in _BUTTERWORTH_4]
    if low_pass_hz < 19000.0:
        rows.append(_pass(low_pass_hz, math.sqrt(0.5), sample_rate_hz, high=False))
    if warmth_db:
        rows.append(_low_shelf(180.0, warmth_db, sample_rate_hz))
    if presence_db:
        rows.append(_bell(3000.0, 0.8, presence_db, sample_rate_hz))
    return np.array(rows, dtype=np.float64).reshape(-1, 5)


def _pass(hz: float, q: float, rate: int, *, high: bool) -> list[float]:
    turn = 2 * math.pi * hz / rate
    alpha, cosine = math.sin(turn) / (2 * q), math.cos(turn)
    edge = (1 + cosine) / 2 if high else (1 - cosine) / 2
    middle = -2 * edge if high else 2 * edge
    return _normalised(edge, middle, edge, 1 + alpha, -2 * cosine, 1 - alpha)


def _bell(hz: float, q: float, gain_db: float, rate: int) -> list[float]:
    turn = 2 * math.pi * hz / rate
    alpha, cosine, a = math.sin(turn) / (2 * q), math.cos(turn), 10 ** (gain_db / 40)
    return _normalised(1 + alpha * a, -2 * cosine, 1 - alpha * a, 1 + alpha / a, -2 * cosine, 1 - alpha / a)


def _low_shelf(hz: float, gain_db: float, rate: int) -> list[float]:
    turn = 2 * math.pi * hz / rate
    cosine, a = math.cos(turn), 10 ** (gain_db / 40)
    slope = 2 * math.sqrt(a) * math.sin(turn) / 2 * math.sqrt(2)
    return _normalised(
        a * ((a + 1) - (a - 1) * cosine + slope),
        2 * a * ((a - 1) - (a + 1) * cosine),
        a * ((a + 1) - (a - 1) * cosine - slope),
        (a + 1) + (a - 1) * cosine + slope,
        -2 * ((a - 1) + (a + 1) * cosine),
        (a + 1) + (a - 1) * cosine - slope,
    )


def _normalised(b0: float, b1: float, b2: float, a0: float, a1: float, a2: float) -> list[float]:
    return [b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0]
