"""Long filters of finite length over a stream, by partitioned overlap-save convolution.

The filter is cut into pieces as long as a block; the spectra of the last blocks are kept, each is multiplied by the
spectrum of its piece, and one inverse transform gives the next block (F. Wefers, "Partitioned convolution algorithms
for real-time auralization", 2015, chapter 5). Blocks begin at fixed places of the stream, so that any division of it
into calls gives the same samples.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fused_kernel

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Complex128 = NDArray[np.complex128]

_BLOCK_FRAMES = 2048
_FIR_SECONDS = 0.34


class Convolver:
    """One stream of several channels through one or several filters, with one output each."""

    def __init__(self, channels: int, filters: Float64) -> None:
        """``filters`` has shape ``(outputs, taps)``."""
        outputs, taps = filters.shape
        parts = max(1, -(-taps // _BLOCK_FRAMES))
        padded = np.zeros((outputs, parts * _BLOCK_FRAMES))
        padded[:, :taps] = filters
        pieces = padded.reshape(outputs, parts, _BLOCK_FRAMES)
        self.channels = channels
        self._spectra = np.fft.fft(pieces, 2 * _BLOCK_FRAMES, axis=2)
        pairs = -(-channels // 2)
        # Two real channels go through one complex transform: the filters are real.
        self._heard = np.zeros((pairs, parts, 2 * _BLOCK_FRAMES), np.complex128)
        self._input = np.zeros((pairs, 2 * _BLOCK_FRAMES), np.complex128)
        self._ready = np.zeros((outputs, pairs, _BLOCK_FRAMES), np.complex128)
        self._newest = 0
        self._filled = 0
        self.idle = False
        """It only listens, so that a successor knows what came before."""

    latency_frames = _BLOCK_FRAMES
    """Beyond what the filters themselves delay."""

    def successor(self, filters: Float64) -> Convolver:
        """Other filters of as many taps over what was heard so far."""
        other = Convolver(self.channels, filters)
        other._heard, other._input = self._heard.copy(), self._input.copy()
        other._newest, other._filled = self._newest, self._filled
        _convolve(other._heard, other._newest, other._spectra, other._ready)
        return other

    def process(self, block: Float32) -> Float32:
        """Shape ``(outputs, channels, n)``, ``latency_frames`` late."""
        frames = block.shape[1]
        out = np.empty((self._spectra.shape[0], self.channels, frames), np.float32)
        start = 0
        while start < frames:
            count = min(frames - start, _BLOCK_FRAMES - self._filled)
            place = slice(self._filled, self._filled + count)
            for channel in range(self.channels):
                pair, second = divmod(channel, 2)
                arrived = block[channel, start : start + count]
                into = self._input[pair, _BLOCK_FRAMES + place.start : _BLOCK_FRAMES + place.stop]
                ready = self._ready[:, pair, place]
                if second:
                    into.imag = arrived
                    out[:, channel, start : start + count] = ready.imag
                else:
                    into.real = arrived
                    out[:, channel, start : start + count] = ready.real
            self._filled += count
            start += count
            if self._filled == _BLOCK_FRAMES:
                self._turn()
        return out

    def _turn(self) -> None:
        parts = self._heard.shape[1]
        self._newest = (self._newest + 1) % parts
        _hear(self._input, self._heard, self._newest)
        if not self.idle:
            _convolve(self._heard, self._newest, self._spectra, self._ready)
        self._filled = 0


@fused_kernel
def _hear(arrived: Complex128, heard: Complex128, newest: int) -> None:
    frames = arrived.shape[1] // 2
    for pair in range(arrived.shape[0]):
        heard[pair, newest] = np.fft.fft(arrived[pair])
        arrived[pair, :frames] = arrived[pair, frames:]


@fused_kernel
def _convolve(heard: Complex128, newest: int, spectra: Complex128, ready: Complex128) -> None:
    outputs, parts, size = spectra.shape
    total = np.empty(size, np.complex128)
    for pair in range(heard.shape[0]):
        for output in range(outputs):
            total[:] = 0.0
            for part in range(parts):
                piece, spectrum = spectra[output, part], heard[pair, (newest - part) % parts]
                for k in range(size):
                    total[k] += piece[k] * spectrum[k]
            ready[output, pair] = np.fft.ifft(total)[size // 2 :]


class LinearPhaseFilter:
    """A filter of linear phase, or none: then the samples come out as they went in, just as late."""

    def __init__(self, channels: int, taps: int, impulse: Float64 | None) -> None:
        """``impulse`` has ``taps`` taps, its middle at ``taps/2``, as ``linear_phase`` makes it."""
        self._taps = taps
        self.latency_frames = taps // 2 + Convolver.latency_frames
        self._convolver = Convolver(channels, _row(impulse, taps))
        self._convolver.idle = impulse is None
        self._late = np.zeros((channels, self.latency_frames), np.float32)

    def successor(self, impulse: Float64 | None) -> LinearPhaseFilter:
        other = LinearPhaseFilter(self._convolver.channels, self._taps, None)
        other._convolver = self._convolver.successor(_row(impulse, self._taps))
        other._convolver.idle = impulse is None
        other._late = self._late
        return other

    def process(self, block: Float32) -> Float32:
        """The filtered block, float32 ``(channels, n)``."""
        joined = np.concatenate([self._late, block], axis=1)
        self._late = joined[:, block.shape[1] :]
        filtered = self._convolver.process(block)
        if self._convolver.idle:
            return np.ascontiguousarray(joined[:, : block.shape[1]])
        only: Float32 = filtered[0]
        return only


def _row(impulse: Float64 | None, taps: int) -> Float64:
    return np.zeros((1, taps)) if impulse is None else impulse[None]


def fir_taps(sample_rate_hz: int) -> int:
    """How long a filter of linear phase is: the power of two nearest to a third of a second."""
    return 1 << round(float(np.log2(_FIR_SECONDS * sample_rate_hz)))


def linear_phase(magnitudes: Float64) -> Float64:
    """The filter of this magnitude at equally spaced frequencies from 0 to half the rate (``taps/2 + 1`` of them), as
    ``taps`` taps with the middle at ``taps/2``."""
    taps = 2 * (magnitudes.shape[-1] - 1)
    impulse = np.roll(np.fft.irfft(magnitudes, taps), taps // 2, axis=-1)
    return impulse * _window(taps)


def _window(taps: int) -> Float64:
    """A flat middle with raised-cosine ends of a quarter each: a long low end stays, the cut edge does not ring."""
    ramp = taps // 4
    edge = 0.5 - 0.5 * np.cos(np.pi * np.arange(ramp) / ramp)
    window = np.ones(taps)
    window[:ramp] = edge
    window[-ramp + 1 :] = edge[:0:-1]
    return window
