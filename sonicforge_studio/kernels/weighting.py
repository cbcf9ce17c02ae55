"""Frequency weightings: A and C of sound level meters (IEC 61672-1:2013), K of loudness (ITU-R BS.1770-5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels.loudness import k_weighting

Float64 = NDArray[np.float64]

WEIGHTINGS = ("none", "A", "C", "K")

_F1_HZ, _F2_HZ, _F3_HZ, _F4_HZ = 20.598997, 107.65265, 737.86223, 12194.217
"""Pole frequencies of IEC 61672-1:2013, Annex E."""

_K_RATE_HZ = 48_000.0


def weighting_db(name: str, frequencies_hz: Float64) -> Float64:
    """The curve at each frequency in dB; −inf at 0 Hz. A and C read 0 dB at 1 kHz, K +0.69 dB at 997 Hz.

    K is that of BS.1770's filters at 48 kHz, whatever the stream's rate; above 24 kHz it stays what it is there.
    Raises ``ValueError`` where there is no such weighting.
    """
    hz = np.asarray(frequencies_hz, np.float64)
    if name == "none":
        return np.zeros_like(hz)
    if name == "A":
        powers = _a_power(hz) / _a_power(np.array(1000.0))
    elif name == "C":
        powers = _c_power(hz) / _c_power(np.array(1000.0))
    elif name == "K":
        powers = _k_power(hz)
    else:
        raise ValueError(f"no weighting {name!r}; there are {', '.join(WEIGHTINGS)}")
    with np.errstate(divide="ignore"):
        curve: Float64 = 10.0 * np.log10(powers)
    return curve


def _c_power(hz: Float64) -> Float64:
    """Formula (E.1), unscaled."""
    square = hz * hz
    power: Float64 = (square / ((square + _F1_HZ**2) * (square + _F4_HZ**2))) ** 2
    return power


def _a_power(hz: Float64) -> Float64:
    """Formula (E.6), unscaled."""
    square = hz * hz
    power: Float64 = _c_power(hz) * square**2 / ((square + _F2_HZ**2) * (square + _F3_HZ**2))
    return power


def _k_power(hz: Float64) -> Float64:
    z = np.exp(-2j * np.pi * np.minimum(hz, 0.5 * _K_RATE_HZ) / _K_RATE_HZ)
    power = np.ones_like(hz)
    for b0, b1, b2, a1, a2 in k_weighting(_K_RATE_HZ):
        power = power * np.abs((b0 + b1 * z + b2 * z * z) / (1.0 + a1 * z + a2 * z * z)) ** 2
    return power
