"""Pitch classes from spectral peaks, in steps of ten cents so that the tuning can be found afterwards.

The harmonic pitch class profile of E. Gómez, "Tonal description of polyphonic audio for music content processing"
(INFORMS J. on Computing 18, 2006): each peak speaks for its own pitch class and, more softly, for those of which it
may be a harmonic; peaks are weighed against their surroundings, so that neither timbre nor percussion leads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel

Float32 = NDArray[np.float32]

STEPS_PER_SEMITONE = 10
STEPS = 12 * STEPS_PER_SEMITONE
LOWEST_HZ = 55.0
HIGHEST_HZ = 1200.0
HARMONICS = 4
HARMONIC_DECAY = 0.6
A4_HZ = 440.0

PEAK_OVER_SURROUNDINGS = 2.0
"""A peak counts where it stands 6 dB above the mean magnitude around it (±12 % in frequency)."""
_SURROUNDINGS = 0.12
_ENVELOPE = 0.5
"""Reach of the spectral envelope that peaks are whitened by, ±50 % in frequency."""


def add_pitch_classes(power: Float32, bin_hz: float, histogram: NDArray[np.float64]) -> None:
    """Add the peaks of power spectra ``(frames, bins)`` to ``histogram``, ``(STEPS,)`` from C upwards, A4 = 440 Hz.

    A frame weighs as the root of its sum, so that loud passages lead but do not drown the others.
    """
    _add_pitch_classes(power, bin_hz, histogram)


@kernel
def _add_pitch_classes(power: Float32, bin_hz: float, histogram: NDArray[np.float64]) -> None:
    bins = power.shape[1]
    magnitude = np.empty(bins)
    total = np.zeros(bins + 1)
    frame_histogram = np.empty(STEPS)
    first = max(2, int(LOWEST_HZ / bin_hz))
    end = min(bins - 2, int(HIGHEST_HZ / bin_hz))
    for frame in range(power.shape[0]):
        for k in range(bins):
            magnitude[k] = np.sqrt(power[frame, k])
            total[k + 1] = total[k] + magnitude[k]
        frame_histogram[:] = 0.0
        frame_sum = 0.0
        for k in range(first, end):
            left, here, right = magnitude[k - 1], magnitude[k], magnitude[k + 1]
            if not (here > left and here >= right):
                continue
            reach = max(8, int(k * _SURROUNDINGS))
            low, high = max(0, k - reach), min(bins, k + reach + 1)
            around = (total[high] - total[low]) / (high - low)
            if here < PEAK_OVER_SURROUNDINGS * around:
                continue
            reach = max(12, int(k * _ENVELOPE))
            low, high = max(0, k - reach), min(bins, k + reach + 1)
            envelope = (total[high] - total[low]) / (high - low)
            # A parabola through the logarithms of a Hann peak finds its frequency to about a cent.
            log_left, log_here, log_right = np.log(left + 1e-20), np.log(here), np.log(right + 1e-20)
            offset = 0.5 * (log_left - log_right) / (log_left - 2.0 * log_here + log_right)
            weight = np.sqrt((here - around) / np.sqrt(envelope))
            pitch = 69.0 + 12.0 * np.log2((k + offset) * bin_hz / A4_HZ)
            for harmonic in range(1, HARMONICS + 1):
                step = ((pitch - 12.0 * np.log2(harmonic)) % 12.0) * STEPS_PER_SEMITONE
                whole = int(step)
                part = step - whole
                frame_histogram[whole % STEPS] += weight * (1.0 - part)
                frame_histogram[(whole + 1) % STEPS] += weight * part
                frame_sum += weight
                weight *= HARMONIC_DECAY
        if frame_sum > 0.0:
            scale = 1.0 / np.sqrt(frame_sum)
            for step_index in range(STEPS):
                histogram[step_index] += frame_histogram[step_index] * scale
