"""Flattened peaks drawn anew.

A peak was cut off where three samples or more in a row are as good as equal, sound moves towards them and away from
them, and other peaks near by are cut off at the same level: that is looked for at any level, for what was clipped is
often turned down later. A drawn wave's own flat tops, as of a square, are entered at once and stay.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel
from sonicforge_studio.kernels.gaps import ORDER, fill_gap

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_LONGEST_SECONDS = 0.0025
"""What was cut off for longer cannot be guessed."""
_BEFORE_FRAMES, _AFTER_FRAMES = 512, 256
_SHORTEST = 3
_FLAT = 1e-4
_QUANTISED = 2.0**-15
_SAME_LEVEL = 0.005
_PEERS = 2
_MEMORY = 8
_MEMORY_SECONDS = 1.0
_LEAST_SHARE = 0.5
"""Of the highest level of late: flat tops far below it are no clipping."""
_LOWEST = 1e-3
_HIGHEST_LIFT = 2.0
_OPPOSITE = -0.9


class Declip:
    """``boldness`` is how much of the way from the flat top to the new peak is gone: 0..1. ``latency_frames`` late."""

    def __init__(self, sample_rate_hz: int, channels: int, boldness: float) -> None:
        self.boldness = boldness
        self._longest = max(_SHORTEST, round(_LONGEST_SECONDS * sample_rate_hz))
        self.latency_frames = self._longest + _AFTER_FRAMES
        self._before = max(_BEFORE_FRAMES, ORDER + 2)
        self._rows = np.zeros((channels, self._before + self.latency_frames), np.float32)
        self._memory_frames = _MEMORY_SECONDS * sample_rate_hz
        self._levels = np.zeros((channels, 2, _MEMORY))
        self._places = np.full((channels, 2, _MEMORY), -np.inf)
        self._highest = np.zeros((channels, 2))
        self._position = -self.latency_frames

    def process(self, block: Float32) -> Float32:
        """The block, float32 ``(channels, n)``, finite."""
        frames = block.shape[1]
        joined = np.concatenate((self._rows, block), axis=1)
        _redraw(
            joined,
            frames,
            self._before,
            self._longest,
            self._position,
            self.boldness,
            self._memory_frames,
            self._levels,
            self._places,
            self._highest,
        )
        self._position += frames
        self._rows = joined[:, frames:].copy()
        return joined[:, self._before : self._before + frames].copy()


@kernel
def _redraw(
    joined: Float32,
    frames: int,
    before: int,
    longest: int,
    position: int,
    boldness: float,
    memory_frames: float,
    levels: Float64,
    places: Float64,
    highest: Float64,
) -> None:
    left = np.exp(-1.0 / memory_frames)
    ahead = longest + _AFTER_FRAMES
    for channel in range(joined.shape[0]):
        row = joined[channel]
        up, down = highest[channel, 0], highest[channel, 1]
        for at in range(before, before + frames):
            newest = float(row[at + ahead])
            up, down = max(up * left, newest), max(down * left, -newest)
            x = float(row[at])
            side = 0 if x > 0.0 else 1
            sign = 1.0 if x > 0.0 else -1.0
            level = abs(x)
            if level < _LOWEST or level < _LEAST_SHARE * (down if side else up):
                continue
            # Most samples end here: the next one moves on.
            if abs(float(row[at + 1]) - x) > _FLAT * level + _QUANTISED:
                continue
            length = _flat_length(row, at, sign, longest)
            if length == 0:
                continue
            level = abs(float(row[at + length // 2]))
            place = float(position + at - before)
            peers = 0
            for number in range(_MEMORY):
                near = place - places[channel, side, number] < memory_frames
                if near and abs(levels[channel, side, number] - level) <= _SAME_LEVEL * level:
                    peers += 1
            number = 0
            for other in range(_MEMORY):
                if places[channel, side, other] < places[channel, side, number]:
                    number = other
            levels[channel, side, number], places[channel, side, number] = level, place
            if peers < _PEERS:
                peers += _peers_ahead(row, at + length, at + ahead - longest - 2, sign, level, longest)
            if peers >= _PEERS and boldness > 0.0:
                _lift(row, at, length, before, sign, level, boldness)
        highest[channel, 0], highest[channel, 1] = up, down


@kernel
def _flat_length(row: Float32, at: int, sign: float, longest: int) -> int:
    """How many samples from here on are one flat top; 0 where none begins here."""
    lowest = highest = sign * float(row[at])
    hair = _FLAT * highest + _QUANTISED
    before, earlier = sign * float(row[at - 1]), sign * float(row[at - 2])
    if before >= highest - hair or before < _OPPOSITE * highest or abs(before - earlier) <= hair:
        return 0
    stop = at + 1
    while stop - at <= longest:
        value = sign * float(row[stop])
        lowest, highest = min(lowest, value), max(highest, value)
        if highest - lowest > hair:
            break
        stop += 1
    length = stop - at
    after, later = sign * float(row[stop]), sign * float(row[stop + 1])
    falls = after < highest - hair and after >= _OPPOSITE * highest and abs(later - after) > hair
    return length if _SHORTEST <= length <= longest and falls else 0


@kernel
def _peers_ahead(row: Float32, first: int, stop: int, sign: float, level: float, longest: int) -> int:
    count, at = 0, first
    while at < stop and count < _PEERS:
        length = 0
        if abs(sign * float(row[at]) - level) <= _SAME_LEVEL * level:
            length = _flat_length(row, at, sign, longest)
        count += 1 if length else 0
        at += max(1, length)
    return count


@kernel
def _lift(row: Float32, at: int, length: int, before: int, sign: float, level: float, boldness: float) -> None:
    around = row[at - before + 2 : at + length + _AFTER_FRAMES].astype(np.float64)
    first = before - 2
    fill_gap(around, first, first + length)
    for i in range(length):
        peak = min(max(sign * around[first + i], level), _HIGHEST_LIFT * level)
        flat = float(row[at + i])
        row[at + i] = flat + boldness * (sign * peak - flat)
