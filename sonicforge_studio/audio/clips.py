"""Clips as sources and sinks, and the grid that delivered samples stand on."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from sonicforge_studio.domain.clip import Clip, Samples
from sonicforge_studio.domain.source import Source


class Kept(Protocol):
    """A ``Clip``, or longer sound of which any part can be had."""

    @property
    def sample_rate_hz(self) -> int: ...

    @property
    def channels(self) -> int: ...

    @property
    def frames(self) -> int: ...

    def part(self, start: int, frames: int) -> Samples:
        """Up to ``frames`` frames from ``start`` on, as many as are there."""


class ClipSource:
    """A clip, or longer sound that is kept, from its first frame on, in blocks."""

    def __init__(self, clip: Kept) -> None:
        self._clip = clip
        self._position = 0

    @property
    def sample_rate_hz(self) -> int:
        return self._clip.sample_rate_hz

    @property
    def channels(self) -> int:
        return self._clip.channels

    @property
    def frames(self) -> int | None:
        return self._clip.frames

    def read(self, frames: int) -> Samples:
        block = self._clip.part(self._position, frames)
        self._position += block.shape[1]
        return block

    def seek(self, frame: int) -> None:
        self._position = min(max(0, frame), self._clip.frames)

    def close(self) -> None:
        """Nothing is held open."""


class ClipSink:
    """Collects blocks; ``clip`` is what came, once closed."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._blocks: list[Samples] = [np.empty((channels, 0), np.float32)]

    def write(self, block: Samples) -> None:
        self._blocks.append(block.copy())

    def close(self) -> None:
        """Join the blocks, once, so that no second copy stays."""
        self._blocks = [np.concatenate(self._blocks, axis=1)]

    def abandon(self) -> None:
        self._blocks = self._blocks[:1]

    @property
    def clip(self) -> Clip:
        self.close()
        return Clip(self._blocks[0], self._sample_rate_hz)


class GridSource:
    """A source brought onto the 24-bit grid as it is read. Owns the source: closes it."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def sample_rate_hz(self) -> int:
        return self._source.sample_rate_hz

    @property
    def channels(self) -> int:
        return self._source.channels

    @property
    def frames(self) -> int | None:
        return self._source.frames

    def read(self, frames: int) -> Samples:
        return on_24_bit_grid(self._source.read(frames))

    def seek(self, frame: int) -> None:
        self._source.seek(frame)

    def close(self) -> None:
        self._source.close()


def on_24_bit_grid(samples: Samples) -> Samples:
    """Rounded to multiples of 2⁻²³ and clipped to [−1, 1 − 2⁻²³]: what a 24-bit file holds, and float32 exactly."""
    scaled: Samples = np.rint(samples * np.float32(2**23))
    np.clip(scaled, -(2**23), 2**23 - 1, out=scaled)
    scaled *= np.float32(2**-23)
    # A file knows no −0.0, and the hash of the samples has to be the hash of the file.
    scaled += np.float32(0.0)
    return scaled
