"""Pitch classes from spectral peaks, in steps of ten cents so that the tuning can be found afterwards.

The harmonic pitch class profile of E. Gómez, "Tonal description of polyphonic audio for music content processing"
(INFORMS J. on Computing 18, 2006): each peak speaks for its own pitch class and, more softly, for those of which it
may be a harmonic; peaks are weighed against their surroundings, so that neither timbre nor percussion leads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel

Float32 = NDArray[np.float32]

STEPS_PER_SEMITONE = 10
STEPS = 12 * STEPS_PER_SEMITONE
LOWEST_HZ = 55.0
HIGHEST_HZ = 1200.0
BASS_LOWEST_HZ = 36.0
BASS_HIGHEST_HZ = 190.0
HARMONICS = 4
HARMONIC_DECAY = 0.6
A4_HZ = 440.0

PEAK_OVER_SURROUNDINGS = 2.0
"""A peak counts where it stands 6 dB above the mean magnitude around it (±12 % in frequency)."""
_SURROUNDINGS = 0.12
_ENVELOPE = 0.5
"""Reach of the spectral envelope that peaks are whitened by, ±50 % in frequency."""
_HARMONIC_STEPS = STEPS_PER_SEMITONE * 12.0 * np.log2(np.arange(1.0, HARMONICS + 1.0))


def pitch_class_rows(power: Float32, bin_hz: float) -> tuple[Float32, Float32]:
    """Of each power spectrum ``(frames, bins)`` the pitch classes of all its peaks, and of those in the bass alone.

    Two arrays ``(frames, STEPS)`` from C upwards, A4 = 440 Hz. A row weighs as the root of what its peaks weigh, so
    that loud passages lead but do not drown the others. In the bass (36 to 190 Hz) peaks stand for themselves only
    and are not whitened: there the loudest is what the harmony rests on. Peaks are those of a Hann window; a steady
    tone is found to about a cent, in the bass to a few.
    """
    whole = np.zeros((power.shape[0], STEPS), np.float32)
    bass = np.zeros((power.shape[0], STEPS), np.float32)
    _pitch_class_rows(power, bin_hz, whole, bass)
    return whole, bass


def add_pitch_classes(power: Float32, bin_hz: float, histogram: NDArray[np.float64]) -> None:
    """Add the peaks of power spectra ``(frames, bins)`` to ``histogram``, ``(STEPS,)``: the sum of the first rows of
    ``pitch_class_rows``."""
    histogram += pitch_class_rows(power, bin_hz)[0].sum(axis=0, dtype=np.float64)


@fast_kernel
def _pitch_class_rows(power: Float32, bin_hz: float, whole: Float32, bass: Float32) -> None:
    lowest = max(2, int(LOWEST_HZ / bin_hz))
    first = max(2, int(BASS_LOWEST_HZ / bin_hz))
    bass_end = int(BASS_HIGHEST_HZ / bin_hz)
    end = min(power.shape[1] - 2, int(HIGHEST_HZ / bin_hz))
    # No peak looks further than this.
    bins = min(power.shape[1], end + max(12, int(end * _ENVELOPE)) + 1)
    magnitude = np.empty(bins)
    total = np.zeros(bins + 1)
    for frame in range(power.shape[0]):
        for k in range(bins):
            magnitude[k] = np.sqrt(power[frame, k])
        for k in range(bins):
            total[k + 1] = total[k] + magnitude[k]
        whole_sum = 0.0
        bass_sum = 0.0
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
            pitch = 69.0 + 12.0 * np.log2((k + offset) * bin_hz / A4_HZ)
            if k < bass_end:
                weight = np.sqrt(here - around)
                _add_step(bass, frame, pitch * STEPS_PER_SEMITONE, weight)
                bass_sum += weight
            if k >= lowest:
                weight = np.sqrt((here - around) / np.sqrt(envelope))
                for harmonic in range(HARMONICS):
                    _add_step(whole, frame, pitch * STEPS_PER_SEMITONE - _HARMONIC_STEPS[harmonic], weight)
                    whole_sum += weight
                    weight *= HARMONIC_DECAY
        if whole_sum > 0.0:
            whole[frame] /= np.sqrt(whole_sum)
        if bass_sum > 0.0:
            bass[frame] /= np.sqrt(bass_sum)


@fast_kernel
def _add_step(rows: Float32, frame: int, step: float, weight: float) -> None:
    """Share a weight among the two steps that it lies between."""
    floor = int(np.floor(step))
    part = step - floor
    rows[frame, floor % STEPS] += weight * (1.0 - part)
    rows[frame, (floor + 1) % STEPS] += weight * part
