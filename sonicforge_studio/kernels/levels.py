"""Faults and levels that only the samples themselves show: clipping, silence, offset, correlation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel

Float32 = NDArray[np.float32]

FULL_SCALE = np.float32(32766.5 / 32768.0)
"""16-bit audio clips at 32767 of 32768; a hair below it counts as full scale."""
CLIPPED_RUN = 3
"""One or two samples at full scale are a normalised peak; three in a row are a flat top (as in EBU practice)."""
SILENT_BELOW = np.float32(0.001)
"""−60 dBFS"""

SUM, SQUARE_SUM, PEAK, FULL_RUN, CLIPPED = range(5)
"""Columns of the state of each channel."""
FRAMES, HEAD, RUN, LONGEST, LEFT_RIGHT = range(5)
"""Places in the state of the whole: frames seen, silent frames at the start, current and longest silence, Σ L·R."""


def levels_state(channels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """State of each channel ``(channels, 5)`` and of the whole ``(5,)``, before the first sample."""
    return np.zeros((channels, 5)), np.zeros(5)


def measure_levels(block: Float32, per_channel: NDArray[np.float64], whole: NDArray[np.float64]) -> None:
    """Bring the state forward by one block, float32 ``(channels, n)``, finite."""
    _measure_levels(np.ascontiguousarray(block), per_channel, whole)


@kernel
def _measure_levels(block: Float32, per_channel: NDArray[np.float64], whole: NDArray[np.float64]) -> None:
    channels, frames = block.shape
    quiet = np.ones(frames, np.bool_)
    for channel in range(channels):
        samples = block[channel]
        total = 0.0
        squares = 0.0
        peak = np.float32(per_channel[channel, PEAK])
        run = int(per_channel[channel, FULL_RUN])
        clipped = int(per_channel[channel, CLIPPED])
        for i in range(frames):
            value = samples[i]
            size = abs(value)
            total += value
            squares += value * value
            peak = max(peak, size)
            if size >= SILENT_BELOW:
                quiet[i] = False
            if size >= FULL_SCALE:
                run += 1
                if run == CLIPPED_RUN:
                    clipped += CLIPPED_RUN
                elif run > CLIPPED_RUN:
                    clipped += 1
            else:
                run = 0
        per_channel[channel, SUM] += total
        per_channel[channel, SQUARE_SUM] += squares
        per_channel[channel, PEAK] = peak
        per_channel[channel, FULL_RUN] = run
        per_channel[channel, CLIPPED] = clipped
    if channels == 2:
        product = 0.0
        for i in range(frames):
            product += block[0, i] * block[1, i]
        whole[LEFT_RIGHT] += product
    silence = whole[RUN]
    for i in range(frames):
        if quiet[i]:
            silence += 1
        else:
            if silence == whole[FRAMES] + i:
                whole[HEAD] = silence
            whole[LONGEST] = max(whole[LONGEST], silence)
            silence = 0
    whole[RUN] = silence
    whole[FRAMES] += frames
