"""Windows that are sums of cosines, and what they do to a sine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

_COSINES = {
    "hann": (0.5, 0.5),
    # Harris, "On the use of windows for harmonic analysis with the DFT", Proc. IEEE 66 (1978): four terms, −92 dB.
    "blackman-harris": (0.35875, 0.48829, 0.14128, 0.01168),
    # ISO 18431-2: a sine between two bins reads 0.01 dB low at most.
    "flat-top": (1.0, 1.933, 1.286, 0.388, 0.0322),
}

WINDOWS = tuple(_COSINES)


def window_samples(name: str, frames: int) -> Float64:
    """The periodic window, shape ``(frames,)``."""
    turns = 2.0 * np.pi * np.arange(frames) / frames
    terms = [(-1) ** k * a * np.cos(k * turns) for k, a in enumerate(_COSINES[name])]
    window: Float64 = np.sum(terms, axis=0)
    return window


def lobe_bins(name: str) -> float:
    """Half the width of the main lobe."""
    return float(len(_COSINES[name]))


def offset_response(name: str) -> Float64:
    """What an offset leaves in bins 0, 1, … of the windowed transform, relative to bin 0; beyond these, nothing."""
    first, *rest = _COSINES[name]
    return np.array([1.0, *((-1) ** k * a / (2.0 * first) for k, a in enumerate(rest, 1))])


def main_lobe(name: str, bins: float) -> float:
    """Power of a sine in a bin that lies ``bins`` from it, relative to one that lies on it."""
    cosines = _COSINES[name]
    height = sum(a * 0.5 * (np.sinc(bins - k) + np.sinc(bins + k)) for k, a in enumerate(cosines)) / cosines[0]
    return float(height**2)
