"""Clicks taken out: what leaps out of the sound for about a millisecond and leaves it as it was.

Its mark is a second difference far over the usual one, both of the milliseconds before it and of those after it: after
a drum's attack there is the drum. What comes again and again at the same size is an instrument's own edge and stays.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel, steady_kernel
from sonicforge_studio.kernels.gaps import ORDER, fill_gap

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_CELL_SECONDS = 0.0007
_CELLS = 6
"""So many cells on each side tell what is usual."""
_LONGEST_SECONDS = 0.0012
_BEFORE_FRAMES, _AFTER_FRAMES = 512, 256
_PADDING = 4
_MOST_TIMES_USUAL, _LEAST_TIMES_USUAL = 150.0, 6.0
"""At the least and the greatest readiness."""
_EDGE_SHARE = 0.3
_LENGTH_FOR_TWICE = 12.0
_LEAST_CHANGE, _MOST_LEFT = 0.25, 0.5
"""Of the threshold: what is redrawn has to change by more, and to bend by less."""
_LOWEST = 1e-4
_MEMORY, _MOST_ALIKE = 8, 3
_MEMORY_SECONDS = 0.1
_HIGHEST_BITS = np.int32(0x7FFFFFFF)


class Declick:
    """``readiness`` is how little has to stand out to be a click: 0..1, at 0 nothing is. ``latency_frames`` late."""

    def __init__(self, sample_rate_hz: int, channels: int, readiness: float) -> None:
        self.readiness = readiness
        self._cell = max(8, round(_CELL_SECONDS * sample_rate_hz))
        self._longest = max(4, round(_LONGEST_SECONDS * sample_rate_hz))
        ahead = max((_CELLS + 1) * self._cell + 2, self._cell + self._longest + _AFTER_FRAMES + 2)
        self._ahead = ahead
        self.latency_frames = ahead + _PADDING
        self._before = max(_BEFORE_FRAMES, ORDER) + _PADDING
        self._rows = np.zeros((channels, self._before + self.latency_frames), np.float32)
        self._usual = np.zeros((channels, 2 * _CELLS), np.float32)
        self._highest = np.zeros((channels, 2 * _CELLS), np.float32)
        self._places = np.full((channels, _MEMORY), -np.inf)
        self._sizes = np.zeros((channels, _MEMORY))
        self._memory_frames = _MEMORY_SECONDS * sample_rate_hz
        self._position = 0

    def process(self, block: Float32) -> Float32:
        """The block, float32 ``(channels, n)``, finite."""
        frames = block.shape[1]
        joined = np.concatenate((self._rows, block), axis=1)
        if self.readiness > 0.0:
            ratio = _LEAST_TIMES_USUAL / _MOST_TIMES_USUAL
            _mend(
                joined,
                self._position,
                self._before + self.latency_frames,
                self._ahead,
                self._cell,
                self._longest,
                _MOST_TIMES_USUAL * math.pow(ratio, self.readiness),
                self._memory_frames,
                self._usual,
                self._highest,
                self._places,
                self._sizes,
            )
        self._position += frames
        self._rows = joined[:, frames:].copy()
        return joined[:, self._before : self._before + frames].copy()


@kernel
def _mend(
    joined: Float32,
    position: int,
    kept: int,
    ahead: int,
    cell: int,
    longest: int,
    times_usual: float,
    memory_frames: float,
    usual: Float32,
    highest: Float32,
    places: Float64,
    sizes: Float64,
) -> None:
    """``joined`` begins ``kept`` frames before ``position``. Each cell is judged once, as soon as all that is ahead of
    it has come. ``usual`` and ``highest`` hold the bends of the cells around the first of them."""
    channels, width = joined.shape
    frames = width - kept
    first_cell = -((ahead - position) // cell)
    cells = (position + frames - 1 - ahead) // cell + 1 - first_cell
    first_start = first_cell * cell - position + kept
    means, peaks = np.empty(2 * _CELLS + cells, np.float32), np.empty(2 * _CELLS + cells, np.float32)
    calm = np.empty(_CELLS + 1 + cells, np.float32)
    bends = np.empty(cell, np.float32)
    for channel in range(channels):
        row = joined[channel]
        # What is drawn anew ends before the next cell that is measured, so that all can be measured first.
        means[: 2 * _CELLS], peaks[: 2 * _CELLS] = usual[channel], highest[channel]
        _measure(row[first_start + _CELLS * cell - 1 :], bends, means[2 * _CELLS :], peaks[2 * _CELLS :])
        usual[channel], highest[channel] = means[cells:], peaks[cells:]
        _thirds(means, calm)
        for number in range(cells):
            threshold = times_usual * max(calm[number], calm[number + _CELLS + 1], _LOWEST / times_usual)
            # Hardly ever is there anything to look at.
            if peaks[number + _CELLS] <= threshold:
                continue
            start = first_start + number * cell
            i = start
            while i < start + cell:
                if abs(_bend(row, i)) <= threshold:
                    i += 1
                    continue
                first, stop, size = _extent(row, i, start, longest, _EDGE_SHARE * threshold)
                place = float((first_cell + number) * cell + i - start)
                similar, oldest = 0, 0
                for k in range(_MEMORY):
                    near = place - places[channel, k] < memory_frames
                    if near and 0.5 * size < sizes[channel, k] < 2.0 * size:
                        similar += 1
                    if places[channel, k] < places[channel, oldest]:
                        oldest = k
                places[channel, oldest], sizes[channel, oldest] = place, size
                # What lasts longer has to stand out more: a short drum is not far from a click.
                stands_out = size >= threshold * (1.0 + (stop - first) / _LENGTH_FOR_TWICE)
                if stop - first <= longest and stands_out and similar < _MOST_ALIKE:
                    _fill(row, first, stop, threshold)
                i = stop + 1


@steady_kernel
def _measure(row: Float32, bends: Float32, means: Float32, peaks: Float32) -> None:
    """How much each cell bends on average and at most; ``row`` begins one sample before the first of them."""
    cell = bends.size
    # Without their sign the bits of float32 order as integers do, and a maximum of integers is vectorised.
    bits, peak_bits = bends.view(np.int32), peaks.view(np.int32)
    for number in range(means.size):
        around = row[number * cell : number * cell + cell + 2]
        for i in range(cell):
            bends[i] = abs(around[i] - np.float32(2.0) * around[i + 1] + around[i + 2])
        total, greatest = np.float32(0.0), np.int32(0)
        for i in range(cell):
            total += bends[i]
            greatest = max(greatest, bits[i])
        means[number] = total / np.float32(cell)
        peak_bits[number] = greatest


@kernel
def _thirds(values: Float32, thirds: Float32) -> None:
    """Of each ``_CELLS`` values in a row the third smallest: neither a quiet moment nor the click's own tail decides.
    No value is negative, so that their bits order as they do."""
    bits, third_bits = values.view(np.int32), thirds.view(np.int32)
    for i in range(thirds.size):
        first, second, third = _HIGHEST_BITS, _HIGHEST_BITS, _HIGHEST_BITS
        for k in range(_CELLS):
            value = bits[i + k]
            third = min(third, max(second, value))
            second = min(second, max(first, value))
            first = min(first, value)
        third_bits[i] = third


@kernel
def _bend(row: Float32, i: int) -> float:
    return float(row[i - 1]) - 2.0 * float(row[i]) + float(row[i + 1])


@kernel
def _extent(row: Float32, i: int, start: int, longest: int, threshold: float) -> tuple[int, int, float]:
    """From where to where it bends too much, with breaks of three samples at most, and how much at most."""
    first = i
    while first > start - _PADDING + 1 and abs(_bend(row, first - 1)) > threshold:
        first -= 1
    last, at, size = i, i, 0.0
    while at - last <= 3 and at - first <= longest:
        bend = abs(_bend(row, at))
        if bend > threshold:
            last = at
            size = max(size, bend)
        at += 1
    return first, last + 1, size


@kernel
def _fill(row: Float32, first: int, stop: int, threshold: float) -> None:
    """Draw it anew, unless hardly anything changes by that, or the new samples leap as well: then it was an edge."""
    around = row[first - _BEFORE_FRAMES : stop + _AFTER_FRAMES].astype(np.float64)
    filled = _BEFORE_FRAMES + stop - first
    fill_gap(around, _BEFORE_FRAMES, filled)
    change, bend = 0.0, 0.0
    for i in range(_BEFORE_FRAMES - 1, filled + 1):
        change = max(change, abs(around[i] - float(row[first - _BEFORE_FRAMES + i])))
        bend = max(bend, abs(around[i - 1] - 2.0 * around[i] + around[i + 1]))
    if change >= _LEAST_CHANGE * threshold and bend <= _MOST_LEFT * threshold:
        row[first:stop] = around[_BEFORE_FRAMES:filled].astype(np.float32)
