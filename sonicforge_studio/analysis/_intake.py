"""What stands between blocks of any size and the measurements: equal chunks, two channels, a lower rate, frames."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from sonicforge_studio.domain import Samples
from sonicforge_studio.kernels.spectrum import decimate, decimation_taps, hann_window, stft_power

_CHUNK_FRAMES = 16384
_USUAL_RATE_HZ = 22_050
_LOUDEST = np.float32(1e6)
"""Beyond this, 120 dB over full scale, nothing is audio; it keeps every power finite."""


class EqualChunks:
    """Cuts blocks of any size into chunks of one size, so that no result depends on how the audio was read."""

    def __init__(self, channels: int, chunk_frames: int) -> None:
        self._chunk = np.empty((channels, chunk_frames), np.float32)
        self._filled = 0

    def add(self, block: Samples) -> Iterator[Samples]:
        """Each full chunk; it is only valid until the next one."""
        size = self._chunk.shape[1]
        taken = 0
        while taken < block.shape[1]:
            count = min(size - self._filled, block.shape[1] - taken)
            self._chunk[:, self._filled : self._filled + count] = block[:, taken : taken + count]
            self._filled += count
            taken += count
            if self._filled == size:
                self._filled = 0
                yield self._clean(self._chunk)

    def rest(self) -> Samples:
        """What did not fill a chunk."""
        rest = self._clean(self._chunk[:, : self._filled])
        self._filled = 0
        return rest

    @staticmethod
    def _clean(chunk: Samples) -> Samples:
        highest, lowest = chunk.max(initial=0.0), chunk.min(initial=0.0)
        if highest <= _LOUDEST and lowest >= -_LOUDEST:
            return chunk
        return np.clip(np.nan_to_num(chunk, copy=True, nan=0.0, posinf=0.0, neginf=0.0), -_LOUDEST, _LOUDEST)


def fold_to_pair(chunk: Samples) -> Samples:
    """At most two channels: of more, the even ones and the odd ones are averaged."""
    if chunk.shape[0] <= 2:
        return chunk
    return np.stack((chunk[0::2].mean(axis=0), chunk[1::2].mean(axis=0)))


class _Joined:
    """What is still needed of a stream, with each stretch that comes behind it, in memory that is taken once."""

    def __init__(self, channels: int, frames: int) -> None:
        """Begins with so many zeros."""
        self._tail = np.zeros((channels, frames), np.float32)
        self._joined = self._tail
        self._room = np.empty(0, np.float32)

    def add(self, pair: Samples) -> Samples:
        """All that is there; only valid until the next call."""
        channels, before = self._tail.shape
        frames = before + pair.shape[1]
        if channels * frames > self._room.size:
            self._room = np.empty(channels * frames, np.float32)
        self._joined = self._room[: channels * frames].reshape(channels, frames)
        self._joined[:, :before] = self._tail
        self._joined[:, before:] = pair
        return self._joined

    def drop(self, frames: int) -> None:
        """The oldest are not needed any more."""
        self._tail = self._joined[:, frames:].copy()


class Decimator:
    """Lowers the rate by a whole factor, to near 22.05 kHz: all that rhythm and harmony need."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self.factor = max(1, round(sample_rate_hz / _USUAL_RATE_HZ))
        self.sample_rate_hz = sample_rate_hz / self.factor
        self._channels = min(channels, 2)
        self._taps = decimation_taps(self.factor)
        # Zeros as long as the filter's delay, so that the first sample out lies at the first sample in.
        self._joined = _Joined(self._channels, (self._taps.size - 1) // 2)
        self._room = np.empty(0, np.float32)

    @property
    def chunk_frames(self) -> int:
        return _CHUNK_FRAMES * self.factor

    def add(self, pair: Samples) -> Samples:
        """What has become known; only valid until the next call."""
        slower = decimate(self._joined.add(pair), self._taps, self.factor, self._room)
        self._joined.drop(slower.shape[1] * self.factor)
        if slower.size > self._room.size:
            self._room = np.empty(slower.size, np.float32)
        return slower

    def rest(self) -> Samples:
        return self.add(np.zeros((self._channels, (self._taps.size - 1) // 2), np.float32))


class PowerFrames:
    """Power spectra of a stream; frame ``i`` is centred on sample ``i * hop_frames``, from the first to the last."""

    def __init__(self, channels: int, window_frames: int, hop_frames: int) -> None:
        self.hop_frames = hop_frames
        self._channels = min(channels, 2)
        self._window = hann_window(window_frames)
        self._joined = _Joined(self._channels, window_frames // 2)
        self._room = np.empty(0, np.float32)

    def add(self, pair: Samples) -> Samples:
        """The frames that have become complete, shape ``(frames, bins)``; only valid until the next call."""
        power = stft_power(self._joined.add(pair), self._window, self.hop_frames, self._room)
        self._joined.drop(power.shape[0] * self.hop_frames)
        if power.size > self._room.size:
            self._room = np.empty(power.size, np.float32)
        return power

    def rest(self) -> Samples:
        return self.add(np.zeros((self._channels, self._window.size // 2), np.float32))


def window_frames_for(sample_rate_hz: float, seconds: float) -> int:
    """The power of two that spans most nearly this time."""
    return 1 << round(math.log2(max(sample_rate_hz * seconds, 16.0)))
