"""Faults and levels that only the samples themselves show: clipping, silence, offset, correlation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel, kernel

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]

FULL_SCALE = np.float32(32766.5 / 32768.0)
"""16-bit audio clips at 32767 of 32768; a hair below it counts as full scale."""
CLIPPED_RUN = 3
"""One or two samples at full scale are a normalised peak; three in a row are a flat top (as in EBU practice)."""
SILENT_BELOW = np.float32(0.001)
"""−60 dBFS"""

SUM, SQUARE_SUM, PEAK, FULL_RUN, CLIPPED, CLIPPED_RUNS, LONGEST_CLIP = range(7)
"""Columns of the state of each channel: the current run at full scale, samples and runs that are clipped."""
FRAMES, HEAD, RUN, LONGEST, LEFT_RIGHT = range(5)
"""Places in the state of the whole: frames seen, silent frames at the start, current and longest silence, Σ L·R."""

_TILE = 256
"""Sums are float32 within a tile, which stays in the processor's nearest memory, and float64 from tile to tile."""
_ZERO = np.float32(0.0)
_WITHOUT_SIGN = np.int32(0x7FFFFFFF)
_FULL_SCALE_BITS = FULL_SCALE.view(np.int32)
_SILENT_BELOW_BITS = SILENT_BELOW.view(np.int32)
"""Without their sign the bits of float32 order as integers do, and a maximum of integers is vectorised."""


def levels_state(channels: int) -> tuple[Float64, Float64]:
    """State of each channel ``(channels, 7)`` and of the whole ``(5,)``, before the first sample."""
    return np.zeros((channels, 7)), np.zeros(5)


def measure_levels(block: Float32, per_channel: Float64, whole: Float64) -> None:
    """Bring the state forward by one block, float32 ``(channels, n)``, finite.

    ``CLIPPED`` counts the samples of all runs of ``CLIPPED_RUN`` and more at full scale, ``CLIPPED_RUNS`` those runs,
    ``LONGEST_CLIP`` the samples of the longest.
    """
    block = np.ascontiguousarray(block)
    _measure_levels(block, block.view(np.int32), per_channel, whole, np.empty(_TILE, np.int32))


@kernel
def _measure_levels(block: Float32, bits: Int32, per_channel: Float64, whole: Float64, level: Int32) -> None:
    channels, frames = block.shape
    highest = np.empty(1, np.int32)
    peak = highest.view(np.float32)
    for start in range(0, frames, _TILE):
        stop = min(frames, start + _TILE)
        level_here = level[: stop - start]
        for channel in range(channels):
            samples = block[channel, start:stop]
            total, squares = _tile_sums(samples)
            per_channel[channel, SUM] += total
            per_channel[channel, SQUARE_SUM] += squares
            peak_bits = _raise_level(bits[channel, start:stop], level_here, channel == 0)
            highest[0] = peak_bits
            per_channel[channel, PEAK] = max(per_channel[channel, PEAK], peak[0])
            if peak_bits >= _FULL_SCALE_BITS:
                _count_clipping(samples, per_channel[channel])
            else:
                per_channel[channel, FULL_RUN] = 0.0
        if channels == 2:
            whole[LEFT_RIGHT] += _tile_product(block[0, start:stop], block[1, start:stop])
        _follow_silence(level_here, whole)


@fast_kernel
def _tile_sums(samples: Float32) -> tuple[np.float32, np.float32]:
    total, squares = _ZERO, _ZERO
    for i in range(samples.size):
        value = samples[i]
        total += value
        squares += value * value
    return total, squares


@kernel
def _raise_level(bits: Int32, level: Int32, begins: bool) -> np.int32:
    """The peak; ``level`` rises to the highest of all channels, or ``begins`` with this one. As the bits of float32."""
    peak = np.int32(0)
    for i in range(bits.size):
        peak = max(peak, bits[i] & _WITHOUT_SIGN)
    if begins:
        for i in range(bits.size):
            level[i] = bits[i] & _WITHOUT_SIGN
    else:
        for i in range(bits.size):
            level[i] = max(level[i], bits[i] & _WITHOUT_SIGN)
    return peak


@fast_kernel
def _tile_product(left: Float32, right: Float32) -> np.float32:
    product = _ZERO
    for i in range(left.size):
        product += left[i] * right[i]
    return product


@kernel
def _count_clipping(samples: Float32, state: Float64) -> None:
    run = int(state[FULL_RUN])
    for i in range(samples.size):
        if abs(samples[i]) >= FULL_SCALE:
            run += 1
            if run == CLIPPED_RUN:
                state[CLIPPED] += CLIPPED_RUN
                state[CLIPPED_RUNS] += 1
            elif run > CLIPPED_RUN:
                state[CLIPPED] += 1
            if run >= CLIPPED_RUN:
                state[LONGEST_CLIP] = max(state[LONGEST_CLIP], run)
        else:
            run = 0
    state[FULL_RUN] = run


@kernel
def _follow_silence(level: Int32, whole: Float64) -> None:
    quiet = np.int32(0)
    for i in range(level.size):
        quiet += np.int32(level[i] < _SILENT_BELOW_BITS)
    silence = whole[RUN]
    if quiet == level.size:
        whole[RUN] = silence + quiet
    elif silence < whole[FRAMES] and silence + quiet <= whole[LONGEST]:
        # No silence in here can be the longest: only the one that the tile ends with goes on.
        ending = 0
        while level[level.size - 1 - ending] < _SILENT_BELOW_BITS:
            ending += 1
        whole[RUN] = ending
    else:
        for i in range(level.size):
            if level[i] < _SILENT_BELOW_BITS:
                silence += 1
            else:
                if silence == whole[FRAMES] + i:
                    whole[HEAD] = silence
                whole[LONGEST] = max(whole[LONGEST], silence)
                silence = 0
        whole[RUN] = silence
    whole[FRAMES] += level.size
