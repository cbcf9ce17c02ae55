"""The small waveform that lists and pages draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio._pcm import finite
from sonicforge_studio.domain import Samples

COLUMNS = 2048


class PeaksBuilder:
    """Lowest and highest sample of all channels in up to 2048 columns of equal width, for audio of any length.

    Columns start one frame wide; whenever all are full, pairs are joined. Memory stays at two rows of columns.
    """

    def __init__(self, channels: int) -> None:
        if channels <= 0:
            raise ValueError(f"there is at least one channel, not {channels}")
        self._low = np.zeros(COLUMNS, np.float32)
        self._high = np.zeros(COLUMNS, np.float32)
        self._frames_per_column = 1
        self._full = 0
        self._begun = 0
        """Frames in the column that is not full yet."""

    def add(self, block: Samples) -> None:
        """Take the next block, shape ``(channels, n)``."""
        block = finite(block)
        low, high = block.min(axis=0), block.max(axis=0)
        start = 0
        while start < low.size:
            if self._full == COLUMNS:
                self._join_pairs()
            start += self._take(low[start:], high[start:])

    def finish(self) -> bytes:
        """int8 pairs (low, high), one for each column; ±127 is full scale, and what exceeds it is clipped."""
        columns = self._full + (self._begun > 0)
        pairs = np.stack([self._low[:columns], self._high[:columns]], axis=1)
        steps: NDArray[np.int8] = np.rint(np.clip(pairs, -1.0, 1.0) * 127.0).astype(np.int8)
        return steps.tobytes()

    def _take(self, low: NDArray[np.float32], high: NDArray[np.float32]) -> int:
        """Fill the begun column, or as many whole ones as there are frames and room for; the frames taken."""
        width = self._frames_per_column
        if self._begun or low.size < width:
            count = min(width - self._begun, low.size)
            lowest, highest = low[:count].min(), high[:count].max()
            if self._begun:
                lowest = min(lowest, self._low[self._full])
                highest = max(highest, self._high[self._full])
            self._low[self._full], self._high[self._full] = lowest, highest
            self._begun += count
            if self._begun == width:
                self._full, self._begun = self._full + 1, 0
            return count
        columns = min(low.size // width, COLUMNS - self._full)
        count = columns * width
        self._low[self._full : self._full + columns] = low[:count].reshape(columns, width).min(axis=1)
        self._high[self._full : self._full + columns] = high[:count].reshape(columns, width).max(axis=1)
        self._full += columns
        return count

    def _join_pairs(self) -> None:
        half = COLUMNS // 2
        self._low[:half] = self._low.reshape(half, 2).min(axis=1)
        self._high[:half] = self._high.reshape(half, 2).max(axis=1)
        self._frames_per_column *= 2
        self._full = half
