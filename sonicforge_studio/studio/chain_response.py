"""What the chain's filters do to each frequency, for pictures of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain.chain import EqBand, EqSettings

PICTURE_RATE_HZ = 48_000


def eq_response(settings: EqSettings, frequencies_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """The equaliser's gain in dB at these frequencies: tilt and all bands that are on."""
    total = settings.tilt_db * np.log2(frequencies_hz / 1000.0) / math.log2(20.0)
    for band in settings.bands:
        if band.on:
            total = total + _band(band, frequencies_hz)
    return total


def _band(band: EqBand, frequencies_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    # Bristow-Johnson's cookbook
    w0 = 2 * math.pi * band.frequency_hz / PICTURE_RATE_HZ
    a, alpha, c = 10 ** (band.gain_db / 40), math.sin(w0) / (2 * band.q), math.cos(w0)
    r = 2 * math.sqrt(a) * alpha
    b, d = {
        "bell": ((1 + alpha * a, -2 * c, 1 - alpha * a), (1 + alpha / a, -2 * c, 1 - alpha / a)),
        "low-shelf": (
            (a * (a + 1 - (a - 1) * c + r), 2 * a * (a - 1 - (a + 1) * c), a * (a + 1 - (a - 1) * c - r)),
            (a + 1 + (a - 1) * c + r, -2 * (a - 1 + (a + 1) * c), a + 1 + (a - 1) * c - r),
        ),
        "high-shelf": (
            (a * (a + 1 + (a - 1) * c + r), -2 * a * (a - 1 + (a + 1) * c), a * (a + 1 + (a - 1) * c - r)),
            (a + 1 - (a - 1) * c + r, 2 * (a - 1 - (a + 1) * c), a + 1 - (a - 1) * c - r),
        ),
        "low-cut": (((1 + c) / 2, -1 - c, (1 + c) / 2), (1 + alpha, -2 * c, 1 - alpha)),
        "high-cut": (((1 - c) / 2, 1 - c, (1 - c) / 2), (1 + alpha, -2 * c, 1 - alpha)),
        "notch": ((1.0, -2 * c, 1.0), (1 + alpha, -2 * c, 1 - alpha)),
    }[band.kind]
    z = np.exp(-2j * np.pi * frequencies_hz / PICTURE_RATE_HZ)
    gain = np.abs(np.polyval(b[::-1], z) / np.polyval(d[::-1], z))
    decibels: NDArray[np.float64] = 20 * np.log10(np.maximum(gain, 1e-6))
    return decibels
