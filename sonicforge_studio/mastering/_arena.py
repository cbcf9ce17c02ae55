"""Room for a whole piece's blocks that goes back to the system once they are let go."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_CHUNK_SAMPLES = 8_500_000
"""34 MB: what is larger than 32 MiB C libraries give back at once. Blocks by themselves, made on several threads, leave
holes in several heaps: half as much again was held as was in use."""


class Arena:
    """Copies of blocks, many side by side; a chunk of them goes when the last block in it is let go. One thread."""

    def __init__(self) -> None:
        self._chunk: NDArray[np.float32] = np.empty(0, np.float32)
        self._used = 0

    def copy(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """The block's samples, in a contiguous array of its shape."""
        if self._used + block.size > self._chunk.size:
            self._chunk, self._used = np.empty(max(_CHUNK_SAMPLES, block.size), np.float32), 0
        copied: NDArray[np.float32] = self._chunk[self._used : self._used + block.size].reshape(block.shape)
        copied[...] = block
        self._used += block.size
        return copied
