"""A recording at another pitch: read faster or slower, through a band-limited interpolation.

The weights are a Kaiser-windowed sinc (J. Smith, "Digital Audio Resampling", ccrma.stanford.edu/~jos/resample), cut off
below the Nyquist frequency of whichever is lower, recording or result: pitched up, what would fold back is left out.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel
from sonicforge_studio.kernels.synthesis import FADE_RELEASES, RELEASES

_PHASES = 256
"""Between two of these weights are drawn straight: the error lies 94 dB down."""
_CROSSINGS = 16
_KAISER_BETA = 8.0
_CUTOFF = 0.92
"""Of the Nyquist frequency. What the slope lets through above it folds back to 20 kHz and higher."""
HIGHEST_RATIO = 16.0
"""Four octaves, up or down."""


def pitch_weights(ratio: float) -> NDArray[np.float64]:
    """The interpolation's weights for a recording read ``ratio`` times as fast, shape ``(phases + 1, points)``.

    Raises ``ValueError`` for a ratio beyond ``HIGHEST_RATIO`` or its reciprocal.
    """
    if not 1 / HIGHEST_RATIO <= ratio <= HIGHEST_RATIO:
        raise ValueError(f"a ratio is from 1/{HIGHEST_RATIO:g} to {HIGHEST_RATIO:g}, not {ratio}")
    stretch = max(1.0, ratio)
    half = math.ceil(_CROSSINGS * stretch)
    # Row p weighs the points around a place that lies p/256 of a frame behind the point number half − 1.
    place = np.arange(2 * half) - (half - 1) - np.arange(_PHASES + 1)[:, None] / _PHASES
    window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(0.0, 1.0 - (place / half) ** 2)))
    weights = np.sinc(place * _CUTOFF / stretch) * window
    normed: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return normed


def pitched_frames(
    frames: int, ratio: float, gate_frames: int, release_seconds: float, sample_rate_hz: int
) -> int:  # fmt: skip
    """How many frames a recording of ``frames`` frames sounds: until it has been let go, or is over."""
    held = gate_frames + int(release_seconds * RELEASES * sample_rate_hz) + 256
    return max(0, min(held, int(frames / ratio)))


def add_pitched(
    out: NDArray[np.float32], first_frame: int, recording: NDArray[np.float32], weights: NDArray[np.float64],
    ratio: float, gate_frames: int, release_seconds: float, gain: float, sample_rate_hz: int,
) -> None:  # fmt: skip
    """Add a recording, shape ``(2, frames)``, read ``ratio`` times as fast to ``out``; ``weights`` are those of
    ``pitch_weights``. After the gate it dies away with the release's time constant; what lies beyond ``out`` is cut."""
    total = pitched_frames(recording.shape[1], ratio, gate_frames, release_seconds, sample_rate_hz)
    room = min(total, out.shape[1] - first_frame)
    if room > 0:
        _add_pitched(
            out, first_frame, room, total, recording, weights, ratio, gate_frames,
            max(release_seconds * sample_rate_hz, 1.0), gain,
        )  # fmt: skip


@kernel
def _add_pitched(
    out: NDArray[np.float32], first_frame: int, room: int, total: int, recording: NDArray[np.float32],
    weights: NDArray[np.float64], ratio: float, gate_frames: int, release_frames: float, gain: float,
) -> None:  # fmt: skip
    points = weights.shape[1]
    before = points // 2 - 1
    frames = recording.shape[1]
    release_factor = math.exp(-1.0 / release_frames)
    fade = max(256.0, FADE_RELEASES * release_frames)
    level = gain
    for i in range(room):
        place = i * ratio
        whole = int(place)
        phase = (place - whole) * _PHASES
        row = int(phase)
        share = phase - row
        low, high = weights[row], weights[row + 1]
        start = whole - before
        left = right = 0.0
        for point in range(max(0, -start), min(points, frames - start)):
            weight = low[point] + share * (high[point] - low[point])
            left += weight * recording[0, start + point]
            right += weight * recording[1, start + point]
        if i >= gate_frames:
            level *= release_factor
        heard = level
        if i > gate_frames and i >= total - fade:
            heard *= (total - 1 - i) / fade
        out[0, first_frame + i] += left * heard
        out[1, first_frame + i] += right * heard
