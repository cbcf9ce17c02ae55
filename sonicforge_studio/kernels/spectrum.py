"""Framing, decimation and short-time power spectra, the ground that onsets, chroma and timbre stand on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel

Float32 = NDArray[np.float32]


def hann_window(frames: int) -> Float32:
    """A periodic Hann window, float32."""
    window: Float32 = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(frames) / frames)).astype(np.float32)
    return window


def frame_count(frames: int, window_frames: int, hop_frames: int) -> int:
    """How many whole windows fit into ``frames`` samples."""
    return 0 if frames < window_frames else 1 + (frames - window_frames) // hop_frames


def decimation_taps(factor: int) -> Float32:
    """A windowed-sinc low-pass for decimating by ``factor``: unit gain, −6 dB at 0.43 of the new sample rate.

    What folds back lies above 0.4 of the new rate, out of reach of the bands that are measured there. An odd number
    of taps, symmetric, so that the delay is ``(taps.size - 1) // 2`` samples exactly.
    """
    if factor == 1:
        return np.ones(1, np.float32)
    half = 12 * factor
    position = np.arange(-half, half + 1)
    sinc = np.sinc(position * (0.86 / factor)) * np.kaiser(2 * half + 1, 6.0)
    taps: Float32 = (sinc / np.sum(sinc)).astype(np.float32)
    return taps


def decimate(pair: Float32, taps: Float32, factor: int) -> Float32:
    """Every ``factor``-th sample of ``pair`` (``(channels, n)``) after ``taps``, only where all taps lie inside.

    Shape ``(channels, (n - taps.size) // factor + 1)``; none where ``pair`` is shorter than the filter.
    """
    count = frame_count(pair.shape[1], taps.size, factor)
    slower = np.empty((pair.shape[0], count), np.float32)
    if count:
        _decimate(np.ascontiguousarray(pair), taps, factor, slower)
    return slower


@fast_kernel
def _decimate(pair: Float32, taps: Float32, factor: int, slower: Float32) -> None:
    count = slower.shape[1]
    phase = np.empty(count + taps.size // factor, np.float32)
    slower[:] = np.float32(0.0)
    for channel in range(pair.shape[0]):
        # Tap by tap over neighbouring samples of one phase, so that the inner loop runs on whole vectors.
        for first in range(min(factor, taps.size)):
            steps = (taps.size - 1 - first) // factor + 1
            for i in range(count + steps - 1):
                phase[i] = pair[channel, first + i * factor]
            for step in range(steps):
                tap = taps[first + step * factor]
                for i in range(count):
                    slower[channel, i] += tap * phase[i + step]


def stft_power(pair: Float32, window: Float32, hop_frames: int) -> Float32:
    """Power spectra |X|² of every whole window in ``pair``, shape ``(frames, window.size // 2 + 1)``.

    ``pair`` is float32 ``(1, n)`` or ``(2, n)``. Of two channels the powers are averaged, not the waves, so that
    music whose channels are in opposite phase is not lost. A full-scale sine reads (Σ window / 2)².
    Raises ``ValueError`` where there are neither one nor two channels.
    """
    if pair.ndim != 2 or pair.shape[0] not in (1, 2):
        raise ValueError(f"one or two channels are wanted, not an array of shape {pair.shape}")
    count = frame_count(pair.shape[1], window.size, hop_frames)
    power = np.empty((count, window.size // 2 + 1), np.float32)
    if count:
        _stft_power(np.ascontiguousarray(pair), window, hop_frames, power)
    return power


@fast_kernel
def _stft_power(pair: Float32, window: Float32, hop: int, power: Float32) -> None:
    size = window.size
    bins = size // 2 + 1
    if pair.shape[0] == 1:
        real = np.empty(size, np.float32)
        for frame in range(power.shape[0]):
            start = frame * hop
            for i in range(size):
                real[i] = pair[0, start + i] * window[i]
            half = np.fft.rfft(real)
            for k in range(bins):
                power[frame, k] = half[k].real * half[k].real + half[k].imag * half[k].imag
    else:
        # Two real channels ride in one complex transform: |X|² + |Y|² = (|Z(k)|² + |Z(-k)|²) / 2.
        both = np.empty(size, np.complex64)
        for frame in range(power.shape[0]):
            start = frame * hop
            for i in range(size):
                both[i] = complex(pair[0, start + i] * window[i], pair[1, start + i] * window[i])
            whole = np.fft.fft(both)
            power[frame, 0] = np.float32(0.5) * (whole[0].real * whole[0].real + whole[0].imag * whole[0].imag)
            for k in range(1, bins):
                a, b = whole[k], whole[size - k]
                power[frame, k] = np.float32(0.25) * (
                    a.real * a.real + a.imag * a.imag + b.real * b.real + b.imag * b.imag
                )
