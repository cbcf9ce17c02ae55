"""Onset strength: how much louder each band has become, frame by frame.

The spectral flux of S. Böck and G. Widmer, "Maximum filter vibrato suppression for onset detection" (DAFx 2013), on
quarter-octave bands, with a root in place of the logarithm: it compresses nearly as much, and a quieter copy of the
music keeps exactly the same shape, so that no noise floor has to be guessed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel

Float32 = NDArray[np.float32]

LOWEST_BAND_HZ = 30.0
BANDS_PER_OCTAVE = 4
BANDS = 33
"""Quarter octaves from 30 Hz to 9.1 kHz."""
REGION_BANDS = (0, 8, 17, 26, 33)
"""Where the four regions begin: kick and bass (30 Hz), body (120 Hz), presence (570 Hz), brilliance (2.7 kHz)."""
REGIONS = len(REGION_BANDS) - 1
LAG_FRAMES = 2
"""The rise is taken over this many frames."""


def band_bins(sample_rate_hz: float, window_frames: int) -> NDArray[np.int64]:
    """First bin of each band and the end of the last, shape ``(BANDS + 1,)``; above Nyquist they all end there."""
    edges_hz = LOWEST_BAND_HZ * 2.0 ** (np.arange(BANDS + 1) / BANDS_PER_OCTAVE)
    bins: NDArray[np.int64] = np.rint(edges_hz * window_frames / sample_rate_hz).astype(np.int64)
    return np.clip(bins, 1, window_frames // 2 + 1)


def onset_history() -> Float32:
    """The state between two calls of ``onset_strength``: silence before the first frame."""
    return np.zeros((LAG_FRAMES, BANDS), np.float32)


def onset_strength(power: Float32, bins: NDArray[np.int64], history: Float32) -> Float32:
    """The summed rise of each region's bands, shape ``(frames, REGIONS)``, from power spectra ``(frames, bins)``.

    ``history`` (of ``onset_history``) is read and brought forward, so that consecutive calls give what one call on
    the whole would give. A band between two bins takes the nearer one.
    """
    strength = np.zeros((power.shape[0], REGIONS), np.float32)
    _onset_strength(power, bins, np.array(REGION_BANDS), history, strength)
    return strength


@kernel
def _onset_strength(
    power: Float32, bins: NDArray[np.int64], regions: NDArray[np.int64], history: Float32, strength: Float32
) -> None:
    bands = bins.size - 1
    lag = history.shape[0]
    now = np.empty(bands, np.float32)
    for frame in range(power.shape[0]):
        for band in range(bands):
            first = min(bins[band], power.shape[1] - 1)
            end = min(max(bins[band + 1], first + 1), power.shape[1])
            total = np.float32(0.0)
            for k in range(first, end):
                total += power[frame, k]
            now[band] = np.sqrt(np.sqrt(total / np.float32(end - first)))
        if bins[-2] >= power.shape[1]:
            # The sample rate ends below the upper bands: what is not there does not rise.
            for band in range(bands):
                if bins[band] >= power.shape[1]:
                    now[band] = np.float32(0.0)
        for region in range(regions.size - 1):
            rise = np.float32(0.0)
            for band in range(regions[region], regions[region + 1]):
                before = history[0, band]
                if band > 0:
                    before = max(before, history[0, band - 1])
                if band + 1 < bands:
                    before = max(before, history[0, band + 1])
                if now[band] > before:
                    rise += now[band] - before
            strength[frame, region] = rise
        for age in range(lag - 1):
            history[age] = history[age + 1]
        history[lag - 1] = now
