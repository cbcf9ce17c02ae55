"""Framing, decimation and short-time power spectra, the ground that onsets, chroma and timbre stand on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel
from sonicforge_studio.kernels._transform import Turns, room_for, transform, turns_for

Float32 = NDArray[np.float32]

_TILE = 1024
"""Samples that are worked on at once, so that they stay in the processor's nearest memory."""
_ZERO = np.float32(0.0)


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


def decimate(pair: Float32, taps: Float32, factor: int, room: Float32 | None = None) -> Float32:
    """Every ``factor``-th sample of ``pair`` (``(channels, n)``) after ``taps``, only where all taps lie inside.

    Shape ``(channels, (n - taps.size) // factor + 1)``; none where ``pair`` is shorter than the filter. With ``room``,
    float32 of one dimension, the result lies at its beginning where it is large enough.
    """
    count = frame_count(pair.shape[1], taps.size, factor)
    slower = _array((pair.shape[0], count), room)
    if count:
        _decimate(np.ascontiguousarray(pair), taps, factor, slower)
    return slower


@fast_kernel
def _decimate(pair: Float32, taps: Float32, factor: int, slower: Float32) -> None:
    count = slower.shape[1]
    phase = np.empty(_TILE + taps.size // factor, np.float32)
    for channel in range(pair.shape[0]):
        for start in range(0, count, _TILE):
            width = min(_TILE, count - start)
            out = slower[channel, start : start + width]
            for i in range(width):
                out[i] = _ZERO
            source = pair[channel, start * factor :]
            # Tap by tap over neighbouring samples of one phase, so that the inner loop runs on whole vectors.
            for first in range(min(factor, taps.size)):
                steps = (taps.size - 1 - first) // factor + 1
                if factor == 2:
                    # Known to the compiler, it becomes vector loads; the usual rates are 44.1 and 48 kHz.
                    for i in range(width + steps - 1):
                        phase[i] = source[first + 2 * i]
                else:
                    for i in range(width + steps - 1):
                        phase[i] = source[first + i * factor]
                for step in range(0, steps - 3, 4):
                    tap = first + step * factor
                    a, b = taps[tap], taps[tap + factor]
                    c, d = taps[tap + 2 * factor], taps[tap + 3 * factor]
                    xa, xb = phase[step : step + width], phase[step + 1 : step + 1 + width]
                    xc, xd = phase[step + 2 : step + 2 + width], phase[step + 3 : step + 3 + width]
                    for i in range(width):
                        out[i] += (a * xa[i] + b * xb[i]) + (c * xc[i] + d * xd[i])
                for step in range(steps - steps % 4, steps):
                    a = taps[first + step * factor]
                    for i in range(width):
                        out[i] += a * phase[step + i]


def _array(shape: tuple[int, int], room: Float32 | None) -> Float32:
    """New memory is handed out page by page, each cleared first: for what comes again and again that costs more than
    what is done with it."""
    size = shape[0] * shape[1]
    if room is None or room.size < size:
        return np.empty(shape, np.float32)
    return room[:size].reshape(shape)


def stft_power(pair: Float32, window: Float32, hop_frames: int, room: Float32 | None = None) -> Float32:
    """Power spectra |X|² of every whole window in ``pair``, shape ``(frames, window.size // 2 + 1)``.

    ``pair`` is float32 ``(1, n)`` or ``(2, n)``. Of two channels the powers are averaged, not the waves, so that
    music whose channels are in opposite phase is not lost. A full-scale sine reads (Σ window / 2)².
    ``room`` is as of ``decimate``. Raises ``ValueError`` where there are neither one nor two channels, or the window is
    no power of two.
    """
    if pair.ndim != 2 or pair.shape[0] not in (1, 2):
        raise ValueError(f"one or two channels are wanted, not an array of shape {pair.shape}")
    count = frame_count(pair.shape[1], window.size, hop_frames)
    power = _array((count, window.size // 2 + 1), room)
    if count:
        turns = turns_for(window.size)
        _stft_power(np.ascontiguousarray(pair), window, hop_frames, turns, room_for(window.size), power)
    return power


@fast_kernel
def _stft_power(pair: Float32, window: Float32, hop: int, turns: Turns, room: Float32, power: Float32) -> None:
    size = window.size
    bins = size // 2 + 1
    last = pair.shape[0] - 1
    # Two real channels ride in one complex transform: |X|² + |Y|² = (|Z(k)|² + |Z(−k)|²) / 2.
    share = np.float32(0.25) if last else np.float32(0.5)
    squares = np.empty(size + 1, np.float32)
    backwards = squares[::-1]
    for frame in range(power.shape[0]):
        start = frame * hop
        left, right = pair[0, start : start + size], pair[last, start : start + size]
        real, imag = room[0], room[1]
        for i in range(size):
            real[i] = left[i] * window[i]
        if last:
            for i in range(size):
                imag[i] = right[i] * window[i]
        else:
            for i in range(size):
                imag[i] = _ZERO
        at = transform(room, turns)
        real, imag = room[at], room[at + 1]
        for i in range(size):
            squares[i] = real[i] * real[i] + imag[i] * imag[i]
        squares[size] = squares[0]
        row = power[frame]
        for k in range(bins):
            row[k] = share * (squares[k] + backwards[k])
