"""Periodicity of an onset envelope, and the beats that fit it best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel, kernel

Float64 = NDArray[np.float64]


def autocorrelation(envelope: Float64, lags: int) -> Float64:
    """Unnormalised sums over pairs ``lag`` apart of the envelope without its mean, lags 0 to ``lags - 1``."""
    size = 1 << int(np.ceil(np.log2(envelope.size + lags)))
    spectrum = np.fft.rfft(envelope - envelope.mean(), size)
    products: Float64 = np.fft.irfft(np.abs(spectrum) ** 2, size)[:lags]
    return products


def harmonic_strength(envelope: Float64, frames_per_cycle: Float64, harmonics: tuple[int, ...]) -> Float64:
    """Σ over the harmonics of |Σ envelope(t)·exp(−2πi·h·t / period)|, for each period, shape as the periods."""
    strength = np.zeros(frames_per_cycle.size)
    _harmonic_strength(envelope, frames_per_cycle, np.array(harmonics), strength)
    return strength


@fast_kernel
def _harmonic_strength(envelope: Float64, periods: Float64, harmonics: NDArray[np.int64], strength: Float64) -> None:
    count = periods.size * harmonics.size
    step_real, step_imag = np.empty(count), np.empty(count)
    for p in range(periods.size):
        for h in range(harmonics.size):
            angle = -2.0 * np.pi * harmonics[h] / periods[p]
            step_real[p * harmonics.size + h], step_imag[p * harmonics.size + h] = np.cos(angle), np.sin(angle)
    real, imag = np.ones(count), np.zeros(count)
    sum_real, sum_imag = np.zeros(count), np.zeros(count)
    # All at once, frame by frame: one alone would wait for its own last turn at each frame.
    for t in range(envelope.size):
        value = envelope[t]
        for j in range(count):
            sum_real[j] += value * real[j]
            sum_imag[j] += value * imag[j]
            turned = real[j] * step_real[j] - imag[j] * step_imag[j]
            imag[j] = real[j] * step_imag[j] + imag[j] * step_real[j]
            real[j] = turned
    for p in range(periods.size):
        for j in range(p * harmonics.size, (p + 1) * harmonics.size):
            strength[p] += np.sqrt(sum_real[j] * sum_real[j] + sum_imag[j] * sum_imag[j])


def track_beats(envelope: Float64, period_frames: float, tightness: float) -> NDArray[np.int64]:
    """Frames of the beats: the path whose onsets are strongest and whose steps stay nearest the period.

    Dynamic programming of D. P. W. Ellis, "Beat tracking by dynamic programming" (J. New Music Research 36, 2007):
    each beat earns its onset strength and pays ``tightness``·ln²(step / period). The envelope should have a mean
    near 1. The first and last beat may lie anywhere within a period of the ends.
    """
    if envelope.size == 0 or period_frames < 1.0:
        return np.zeros(0, np.int64)
    score = np.empty(envelope.size)
    previous = np.empty(envelope.size, np.int64)
    _score_beats(envelope, period_frames, tightness, score, previous)
    return best_path(score, previous, period_frames)


def best_path(score: Float64, previous: NDArray[np.int64], last_period_frames: float) -> NDArray[np.int64]:
    """Frames of the beats, walked back from the best that lies within ``last_period_frames`` of the end.

    ``score (frames,)`` is what the best path that ends at each frame has earned, ``previous (frames,)`` the beat before
    it there, negative where it is the first.
    """
    tail = min(score.size, max(1, round(last_period_frames)))
    frame = score.size - tail + int(np.argmax(score[-tail:]))
    beats = []
    while frame >= 0:
        beats.append(frame)
        frame = int(previous[frame])
    return np.array(beats[::-1], np.int64)


@kernel
def _score_beats(
    envelope: Float64, period: float, tightness: float, score: Float64, previous: NDArray[np.int64]
) -> None:
    nearest = max(1, int(period * 0.6))
    farthest = max(nearest, int(np.ceil(period * 1.6)))
    cost = np.empty(farthest + 1)
    for step in range(nearest, farthest + 1):
        distance = np.log(step / period)
        cost[step] = tightness * distance * distance
    for t in range(envelope.size):
        best = 0.0
        source = -1
        for step in range(nearest, min(farthest, t) + 1):
            value = score[t - step] - cost[step]
            if value > best:
                best = value
                source = t - step
        score[t] = best + envelope[t]
        previous[t] = source
