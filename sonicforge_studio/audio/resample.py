"""Changing the sample rate: soxr at its highest quality, in blocks or at once."""

from __future__ import annotations

import numpy as np
import soxr

from sonicforge_studio.audio._pcm import finite
from sonicforge_studio.domain import Clip, Samples

_BLOCK_FRAMES = 65536


class Resampler:
    """A stream of blocks at another rate, in time with the input and free of the filter's delay.

    However the input is divided into blocks, the same samples come out; in all ``round(n · to_hz / from_hz)`` of them.
    Raises ``ValueError`` for rates or channels that are not positive.
    """

    def __init__(self, from_hz: int, to_hz: int, channels: int) -> None:
        if from_hz <= 0 or to_hz <= 0 or channels <= 0:
            raise ValueError(f"rates and channels are positive, not {from_hz}, {to_hz}, {channels}")
        self.from_hz = from_hz
        self._to_hz = to_hz
        self._channels = channels
        self._taken = 0
        self._given = 0
        self._stream = None
        if from_hz != to_hz:
            self._stream = soxr.ResampleStream(from_hz, to_hz, channels, dtype="float32", quality="VHQ")

    def process(self, block: Samples, last: bool = False) -> Samples:
        """What is ready after this block, shape ``(channels, n)``; with ``last`` all the rest. Nothing may follow."""
        self._taken += block.shape[1]
        if self._stream is None:
            return block
        # soxr takes its frames in whatever pieces come, and its output depends on them no more than in length.
        made = self._stream.resample_chunk(np.ascontiguousarray(finite(block).T), last=last)
        resampled: Samples = np.ascontiguousarray(made.reshape(-1, self._channels).T)
        if last:
            resampled = self._exact_rest(resampled)
        self._given += resampled.shape[1]
        return resampled

    def finish(self) -> Samples:
        """All the rest, where the last block is known to be the last only afterwards."""
        return self.process(np.empty((self._channels, 0), np.float32), last=True)

    def _exact_rest(self, rest: Samples) -> Samples:
        """The rest with silence added or frames dropped, so that the whole has its exact length."""
        whole = (2 * self._taken * self._to_hz + self.from_hz) // (2 * self.from_hz)
        missing = whole - self._given - rest.shape[1]
        return np.pad(rest, ((0, 0), (0, missing))) if missing > 0 else rest[:, : whole - self._given]


def resample(clip: Clip, to_hz: int) -> Clip:
    """The clip at another rate; the clip itself where it has that rate already."""
    if clip.sample_rate_hz == to_hz:
        return clip
    resampler = Resampler(clip.sample_rate_hz, to_hz, clip.channels)
    blocks = [
        resampler.process(clip.samples[:, start : start + _BLOCK_FRAMES], last=start + _BLOCK_FRAMES >= clip.frames)
        for start in range(0, max(1, clip.frames), _BLOCK_FRAMES)
    ]
    return Clip(np.concatenate(blocks, axis=1), to_hz)
