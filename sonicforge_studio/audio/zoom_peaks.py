"""The waveform at every zoom, from a whole mix down to a few milliseconds, drawn without reading the file again."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio._pcm import finite
from sonicforge_studio.domain import Samples

Int8 = NDArray[np.int8]

FRAMES_PER_COLUMN = 256
_COARSER = 4
_FULL_SCALE = 127.0
_ROUNDED = 1e-6
"""So near to a border of two cells, an edge lies on it."""
_MAGIC = b"SFZ1"
"""The last character is the version: it changes with the layout."""
_HEAD = struct.Struct("<4sIQ")
"""Magic, sample rate, columns."""


class ZoomPeaksBuilder:
    """Lowest and highest sample of all channels in columns of 256 frames, for audio of any length.

    Memory grows by two bytes for each column: 3.7 MB for three hours at 44.1 kHz.
    """

    def __init__(self, channels: int, sample_rate_hz: int) -> None:
        if channels <= 0 or sample_rate_hz <= 0:
            raise ValueError(f"no audio has {channels} channels at {sample_rate_hz} Hz")
        self._sample_rate_hz = sample_rate_hz
        self._columns = bytearray()
        self._begun_frames = 0
        self._begun_low = self._begun_high = np.float32(0.0)

    def add(self, block: Samples) -> None:
        """Take the next block, shape ``(channels, n)``; what is not finite counts as 0."""
        block = finite(block)
        low, high = block.min(axis=0), block.max(axis=0)
        start = 0
        if self._begun_frames:
            start = self._go_on(low, high)
        whole = (low.size - start) // FRAMES_PER_COLUMN
        stop = start + whole * FRAMES_PER_COLUMN
        if whole:
            lows = low[start:stop].reshape(whole, FRAMES_PER_COLUMN).min(axis=1)
            highs = high[start:stop].reshape(whole, FRAMES_PER_COLUMN).max(axis=1)
            self._columns += _steps(np.stack([lows, highs], axis=1)).tobytes()
        if stop < low.size:
            self._begun_frames = low.size - stop
            self._begun_low, self._begun_high = low[stop:].min(), high[stop:].max()

    def finish(self) -> bytes:
        """All columns, for ``ZoomPeaks.from_bytes``; the last one may be shorter than the others."""
        columns = bytes(self._columns)
        if self._begun_frames:
            columns += _steps(np.array([self._begun_low, self._begun_high])).tobytes()
        return _HEAD.pack(_MAGIC, self._sample_rate_hz, len(columns) // 2) + columns

    def _go_on(self, low: NDArray[np.float32], high: NDArray[np.float32]) -> int:
        """Fill the begun column; the frames taken."""
        count = min(FRAMES_PER_COLUMN - self._begun_frames, low.size)
        if count:
            self._begun_low = min(self._begun_low, low[:count].min())
            self._begun_high = max(self._begun_high, high[:count].max())
            self._begun_frames += count
        if self._begun_frames == FRAMES_PER_COLUMN:
            self._columns += _steps(np.array([self._begun_low, self._begun_high])).tobytes()
            self._begun_frames = 0
        return count


class ZoomPeaks:
    """Peaks at 256 frames a column and every fourth of that resolution; int8 pairs (low, high), ±127 is full scale."""

    def __init__(self, sample_rate_hz: int, finest: Int8) -> None:
        """``finest`` is ``(columns, 2)``, at 256 frames each."""
        self.sample_rate_hz = sample_rate_hz
        self._levels = [finest]
        while self._levels[-1].shape[0] > _COARSER:
            self._levels.append(_coarser(self._levels[-1]))

    @classmethod
    def from_bytes(cls, packed: bytes) -> ZoomPeaks:
        """What ``ZoomPeaksBuilder.finish`` gave. Raises ``ValueError`` where it is anything else."""
        if len(packed) < _HEAD.size or packed[:4] != _MAGIC:
            raise ValueError("these bytes are no waveform, or one of another version")
        _, sample_rate_hz, columns = _HEAD.unpack_from(packed)
        if len(packed) != _HEAD.size + 2 * columns or sample_rate_hz == 0:
            raise ValueError("these bytes are no waveform: they are cut off, or too many")
        return cls(sample_rate_hz, np.frombuffer(packed, np.int8, offset=_HEAD.size).reshape(-1, 2))

    @property
    def duration_seconds(self) -> float:
        """To the end of the last column: up to 256 frames more than the audio."""
        return len(self._levels[0]) * FRAMES_PER_COLUMN / self.sample_rate_hz

    def columns(self, start_seconds: float, end_seconds: float, columns: int) -> Int8:
        """The stretch in so many columns of equal width, int8 ``(columns, 2)``; 0 outside the audio.

        Read from the coarsest level that is still finer than the columns, so that it costs the same at any zoom: a
        column may take in what lies up to a column of that level beside it. Raises ``ValueError`` for a stretch
        without length or less than one column.
        """
        if not end_seconds > start_seconds or columns < 1:
            raise ValueError("a stretch has a length, and a picture a column")
        wanted = (end_seconds - start_seconds) * self.sample_rate_hz / FRAMES_PER_COLUMN / columns
        level = 0
        while level + 1 < len(self._levels) and _COARSER ** (level + 1) <= wanted:
            level += 1
        cells = self._levels[level]
        cells_per_second = self.sample_rate_hz / (FRAMES_PER_COLUMN * _COARSER**level)
        edges = np.linspace(start_seconds, end_seconds, columns + 1) * cells_per_second
        first = np.floor(edges[:-1] + _ROUNDED).astype(np.int64)
        end = np.maximum(np.ceil(edges[1:] - _ROUNDED).astype(np.int64), first + 1)
        inside = (end > 0) & (first < cells.shape[0])
        drawn = np.zeros((columns, 2), np.int8)
        if inside.any():
            first, end = np.maximum(first[inside], 0), np.minimum(end[inside], cells.shape[0])
            lowest, highest = int(first[0]), int(end[-1])
            borders = np.stack([first, end], axis=1).ravel() - lowest
            # One cell more than there are, so that a border may lie at the end.
            low, high = (np.append(cells[lowest:highest, side], np.int8(0)) for side in (0, 1))
            drawn[inside, 0] = np.minimum.reduceat(low, borders)[::2]
            drawn[inside, 1] = np.maximum.reduceat(high, borders)[::2]
        return drawn


def _steps(levels: NDArray[np.float32]) -> Int8:
    steps: Int8 = np.rint(np.clip(levels, -1.0, 1.0) * _FULL_SCALE).astype(np.int8)
    return steps


def _coarser(cells: Int8) -> Int8:
    borders = np.arange(0, cells.shape[0], _COARSER)
    return np.stack([np.minimum.reduceat(cells[:, 0], borders), np.maximum.reduceat(cells[:, 1], borders)], axis=1)
