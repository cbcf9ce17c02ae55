"""What stands between blocks of any size and the measurements: equal chunks, two channels, a lower rate, frames."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from sonicforge_studio.domain import Samples
from sonicforge_studio.kernels.spectrum import decimate, decimation_taps, hann_window, stft_power

_CHUNK_FRAMES = 8192
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


class Decimator:
    """Lowers the rate by a whole factor, to near 22.05 kHz: all that rhythm and harmony need."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self.factor = max(1, round(sample_rate_hz / _USUAL_RATE_HZ))
        self.sample_rate_hz = sample_rate_hz / self.factor
        self._taps = decimation_taps(self.factor)
        self._tail = np.zeros((min(channels, 2), (self._taps.size - 1) // 2), np.float32)
        """Zeros as long as the filter's delay, so that the first sample out lies at the first sample in."""

    @property
    def chunk_frames(self) -> int:
        return _CHUNK_FRAMES * self.factor

    def add(self, pair: Samples) -> Samples:
        joined = np.concatenate((self._tail, pair), axis=1)
        slower = decimate(joined, self._taps, self.factor)
        self._tail = joined[:, slower.shape[1] * self.factor :]
        return slower

    def rest(self) -> Samples:
        return self.add(np.zeros((self._tail.shape[0], (self._taps.size - 1) // 2), np.float32))


class PowerFrames:
    """Power spectra of a stream; frame ``i`` is centred on sample ``i * hop_frames``, from the first to the last."""

    def __init__(self, channels: int, window_frames: int, hop_frames: int) -> None:
        self.hop_frames = hop_frames
        self._window = hann_window(window_frames)
        self._tail = np.zeros((min(channels, 2), window_frames // 2), np.float32)

    def add(self, pair: Samples) -> Samples:
        """The frames that have become complete, shape ``(frames, bins)``."""
        joined = np.concatenate((self._tail, pair), axis=1)
        power = stft_power(joined, self._window, self.hop_frames)
        self._tail = joined[:, power.shape[0] * self.hop_frames :]
        return power

    def rest(self) -> Samples:
        return self.add(np.zeros((self._tail.shape[0], self._window.size // 2), np.float32))


def window_frames_for(sample_rate_hz: float, seconds: float) -> int:
    """The power of two that spans most nearly this time."""
    return 1 << round(math.log2(max(sample_rate_hz * seconds, 16.0)))
