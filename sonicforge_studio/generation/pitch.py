"""The pitch that a recorded note sounds at."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_WINDOW_FRAMES = 8192
_SHORTEST_FRAMES = 1024
_MOST_WINDOWS = 12
_LOWEST_HZ = 27.0
_HIGHEST_HZ = 2200.0
_CLEAR = 0.5
"""Of the autocorrelation, 1 for a wave that repeats exactly: below, a window tells no pitch. A bass hit that falls in
pitch reaches 0.55, noise 0.2."""
_NEAR_HIGHEST = 0.93
_AUDIBLE = 0.1


def find_pitch(mono: NDArray[np.float32], sample_rate_hz: int) -> float | None:
    """The MIDI pitch of a single note, with its cents (69.0 is 440 Hz); None where nothing repeats itself.

    The median over up to twelve windows of the normalised autocorrelation's first high peak: P. McLeod and G. Wyvill,
    "A smarter way to find pitch", ICMC 2005.
    """
    frames = min(_WINDOW_FRAMES, len(mono))
    if frames < _SHORTEST_FRAMES:
        return None
    last = len(mono) - frames
    starts = np.unique(np.linspace(0, last, min(_MOST_WINDOWS, 1 + 2 * last // frames)).astype(int))
    windows = [mono[start : start + frames].astype(np.float64) for start in starts]
    levels = [float(np.sqrt(np.mean(window**2))) for window in windows]
    periods = [
        _period(window, sample_rate_hz)
        for window, level in zip(windows, levels, strict=True)
        if level > _AUDIBLE * max(levels)
    ]
    found = [69 + 12 * math.log2(sample_rate_hz / period / 440) for period in periods if period]
    return float(np.median(found)) if 2 * len(found) >= len(periods) and found else None


def _period(window: NDArray[np.float64], sample_rate_hz: int) -> float:
    """The period in frames; 0 where none is clear."""
    likeness = _normalised_autocorrelation(window - window.mean())
    longest = min(len(likeness) - 2, int(sample_rate_hz / _LOWEST_HZ))
    negative = np.flatnonzero(likeness[: longest + 1] < 0)
    first = max(int(negative[0]) if len(negative) else longest, int(sample_rate_hz / _HIGHEST_HZ))
    if first >= longest:
        return 0.0
    before, here, after = (likeness[first + step : longest + 1 + step] for step in (-1, 0, 1))
    peaks = first + np.flatnonzero((here > before) & (here >= after))
    highest = float(likeness[peaks].max(initial=0.0))
    if highest < _CLEAR:
        return 0.0
    period = _peak_place(likeness, int(peaks[likeness[peaks] >= _NEAR_HIGHEST * highest][0]))
    # Many periods on, the same error in frames is that much smaller in pitch.
    times = 2
    while times * period < len(likeness) - 2:
        around = round(times * period)
        reach = max(1, round(0.1 * period))
        low = max(1, around - reach)
        near = low + int(np.argmax(likeness[low : min(around + reach + 1, len(likeness) - 1)]))
        if likeness[near] < _CLEAR:
            break
        period = _peak_place(likeness, near) / times
        times *= 2
    return period


def _normalised_autocorrelation(window: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twice what two stretches so far apart have in common over the energy of both, for lags up to half the window."""
    frames = len(window)
    spectrum = np.fft.rfft(window, 2 * frames)
    common = np.fft.irfft(np.abs(spectrum) ** 2)[: frames // 2]
    sums = np.concatenate([[0.0], np.cumsum(window**2)])
    lags = np.arange(frames // 2)
    energy = sums[frames - lags] + sums[frames] - sums[lags]
    likeness: NDArray[np.float64] = 2 * common / np.maximum(energy, 1e-20)
    return likeness


def _peak_place(values: NDArray[np.float64], index: int) -> float:
    """Where the parabola through a peak and its neighbours is highest."""
    before, here, after = values[index - 1 : index + 2]
    bend = before - 2 * here + after
    return float(index + (0.5 * (before - after) / bend if bend < 0 else 0.0))
