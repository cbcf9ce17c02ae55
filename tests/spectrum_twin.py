"""A frame of the live spectrum, straight from its definitions, in double precision."""

from __future__ import annotations

import itertools

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from sonicforge_studio.kernels.bands import fractional_octave_bands
from sonicforge_studio.kernels.live_spectrum import FLOOR_DB, LOG_POINTS, SpectrumSettings
from sonicforge_studio.kernels.weighting import weighting_db

Float64 = NDArray[np.float64]

_WINDOWS = {
    "hann": [0.5, 0.5],
    "blackman-harris": [0.35875, 0.48829, 0.14128, 0.01168],
    "flat-top": [1.0, 1.933, 1.286, 0.388, 0.0322],
}
_LOBES = {"hann": 2.0, "blackman-harris": 4.0, "flat-top": 5.0}


def decibels(power: Float64) -> Float64:
    return np.maximum(FLOOR_DB, 10 * np.log10(power + 1e-30))


def window_of(settings: SpectrumSettings) -> Float64:
    return scipy.signal.windows.general_cosine(settings.fft_size, _WINDOWS[settings.window], sym=False)


def bin_powers(samples: NDArray[np.float32], window: Float64) -> Float64:
    """|X|² of each channel without its offset, that of bin 0 set to none."""
    centred = samples - (samples.astype(np.float64) @ window / np.sum(window))[:, np.newaxis]
    powers = np.abs(np.fft.rfft(centred * window)) ** 2
    powers[:, 0] = 0.0
    return powers


def band_levels_db(samples: NDArray[np.float32], settings: SpectrumSettings, rate_hz: int) -> tuple[Float64, Float64]:
    """Centres in Hz, and the levels of each channel's bands."""
    size = settings.fft_size
    window = window_of(settings)
    centres, edges_hz = fractional_octave_bands(settings.bands_per_octave, 20.0, min(20_000.0, 0.49 * rate_hz))
    bin_hz = rate_hz / size
    bins = np.arange(size // 2 + 1)
    with np.errstate(divide="ignore"):
        curve = 10.0 ** (0.1 * weighting_db(settings.weighting, bins * bin_hz))
    powers = bin_powers(samples, window) * curve * 4.0 / (size * np.sum(window**2))
    lobe = _LOBES[settings.window]
    levels = []
    for low_hz, high_hz in itertools.pairwise(edges_hz):
        narrow = settings.bands_per_octave >= 12
        reach = lobe if narrow else max(0.0, lobe - 0.5 * (high_hz - low_hz) / bin_hz)
        low, high = low_hz / bin_hz - reach, high_hz / bin_hz + reach
        share = np.clip(np.minimum(bins + 0.5, high) - np.maximum(bins - 0.5, low), 0.0, 1.0)
        levels.append(powers @ share)
    return centres, decibels(np.array(levels).T)


def point_levels_db(samples: NDArray[np.float32], settings: SpectrumSettings, rate_hz: int) -> tuple[Float64, Float64]:
    """Points in Hz, and each channel's levels there."""
    size = settings.fft_size
    window = window_of(settings)
    points_hz = np.geomspace(20.0, min(20_000.0, 0.49 * rate_hz), LOG_POINTS)
    ratio = points_hz[1] / points_hz[0]
    bin_hz = rate_hz / size
    bins = np.arange(size // 2 + 1)
    curve = 10.0 ** (0.1 * weighting_db(settings.weighting, bins * bin_hz))
    powers = bin_powers(samples, window) * 4.0 / np.sum(window) ** 2
    # A sine on a bin, and one half way to the next, seen through three bins.
    on, between = (np.abs(np.exp(-2j * np.pi * np.outer(np.arange(-2, 3) + off, np.arange(size)) / size) @ window) ** 2
                   / np.sum(window) ** 2 for off in (0.0, 0.5))  # fmt: skip
    side = max(0.0, (on[2] - between[2]) / (between[1] + between[3] - 2.0 * on[1]))
    smooth = powers.copy()
    smooth[:, 1:-1] += side * (powers[:, :-2] + powers[:, 2:])
    smooth *= curve / (1.0 + 2.0 * side * on[1])
    smooth[:, 0], smooth[:, -1] = smooth[:, 1], smooth[:, -2]
    levels = []
    for channel_db in 10 * np.log10(smooth + 1e-20):
        row = []
        for point_hz in points_hz:
            low, high = point_hz / np.sqrt(ratio) / bin_hz, point_hz * np.sqrt(ratio) / bin_hz
            places = [low, *(k for k in bins[int(low) : int(high) + 2] if low < k < high), high]
            row.append(np.interp(places, bins, channel_db).max())
        levels.append(row)
    return points_hz, np.maximum(FLOOR_DB, np.array(levels))
