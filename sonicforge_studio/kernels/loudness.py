"""K-weighting and the power of each 10 ms of a stream (ITU-R BS.1770-5, Annex 1)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fused_kernel, kernel

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

HOPS_PER_SECOND = 100
"""A sound that begins between two hops is found 5 ms late at worst: a momentary maximum reads 0.055 LU low then."""
LOWEST_RATE_HZ = 100
"""Below it there is no loudness: the pre-filter's high-pass alone lies at 38 Hz."""

_SHELF_HZ, _SHELF_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_HIGH_PASS_HZ, _HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773
_LOUDEST = 1e6
_SURROUND = 1.41

_WEIGHTS = {
    4: (1.0, 1.0, 1.0, _SURROUND),
    5: (1.0, 1.0, 1.0, _SURROUND, _SURROUND),
    6: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND),
    7: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND, _SURROUND),
    8: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND, _SURROUND, _SURROUND),
}

_S1, _S2, _H1, _H2, _SUM = range(5)
"""State of a channel: two delays of the shelf, two of the high-pass, the sum of squares of the hop so far."""


def channel_weights(channels: int) -> Float64:
    """Weights of Table 3, in the order of WAVE and FFmpeg: L R, L R C, 4.0, 5.0, 5.1, 6.1, 7.1; otherwise all 1."""
    return np.array(_WEIGHTS.get(channels, (1.0,) * channels), np.float64)


def k_weighting(sample_rate_hz: float) -> Float64:
    """The shelf and the high-pass as rows ``b0 b1 b2 a1 a2`` for any sample rate.

    The analogue prototypes behind the tables of Annex 1 through the bilinear transform, each warped to keep its own
    frequency: at 48 kHz these are the tables (as in libebur128). A stage that lies above 0.45 of the rate is left out.
    """
    stages = np.array([[1.0, 0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0]])
    if sample_rate_hz * 0.45 > _SHELF_HZ:
        k = math.tan(math.pi * _SHELF_HZ / sample_rate_hz)
        high = 10.0 ** (_SHELF_DB / 20.0)
        band = high**0.4996667741545416
        a0 = 1.0 + k / _SHELF_Q + k * k
        stages[0] = np.array(
            [
                high + band * k / _SHELF_Q + k * k,
                2.0 * (k * k - high),
                high - band * k / _SHELF_Q + k * k,
                2.0 * (k * k - 1.0),
                1.0 - k / _SHELF_Q + k * k,
            ]
        )
        stages[0] /= a0
    if sample_rate_hz * 0.45 > _HIGH_PASS_HZ:
        k = math.tan(math.pi * _HIGH_PASS_HZ / sample_rate_hz)
        a0 = 1.0 + k / _HIGH_PASS_Q + k * k
        stages[1] = np.array([1.0, -2.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / _HIGH_PASS_Q + k * k) / a0])
    return stages


@kernel
def hop_border(hop: int, rate_hz: int) -> int:
    """The first frame of a hop: the first one not before its time, so that a rate of 11 025 Hz drifts nowhere."""
    return -(-hop * rate_hz // HOPS_PER_SECOND)


class HopSquares:
    """The K-weighted sum of squares of each whole 10 ms of a stream; any division into blocks gives the same bits."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._stages = k_weighting(sample_rate_hz)
        self._weights = channel_weights(channels)
        self._rate_hz = sample_rate_hz
        self._state = np.zeros((channels, 5))
        self._frames = 0

    @property
    def frames(self) -> int:
        """How many were added since the start, or since ``reset``."""
        return self._frames

    def add(self, block: Float32) -> Float64:
        """What the hops that this block completes hold: over the channels, the weighted sums of their squares.

        ``block`` is contiguous, float32 ``(channels, n)``.
        """
        before = self._frames
        self._frames += block.shape[1]
        whole = self._frames * HOPS_PER_SECOND // self._rate_hz - before * HOPS_PER_SECOND // self._rate_hz
        squares = np.empty(whole, np.float64)
        _hop_squares(block, self._stages, self._weights, self._state, self._rate_hz, before, squares)
        return squares

    def reset(self) -> None:
        """Begin the first hop anew. What the filters remember stays: the sound goes on."""
        self._state[:, _SUM] = 0.0
        self._frames = 0


@kernel
def _hop_squares(
    block: Float32,
    stages: Float64,
    weights: Float64,
    state: Float64,
    rate_hz: int,
    frames_before: int,
    squares: Float64,
) -> None:
    channels, frames = block.shape
    hop = frames_before * HOPS_PER_SECOND // rate_hz
    count = 0
    start = 0
    while start < frames:
        hop_end = hop_border(hop + 1, rate_hz) - frames_before
        stop = min(frames, hop_end)
        channel = 0
        while channel < channels:
            if channel + 1 < channels:
                weigh_pair(block, stages, state, channel, start, stop)
                channel += 2
            else:
                weigh_one(block, stages, state, channel, start, stop)
                channel += 1
        if stop == hop_end:
            total = 0.0
            for channel in range(channels):
                total += weights[channel] * state[channel, _SUM]
                state[channel, _SUM] = 0.0
                for delay in range(4):
                    # In silence the filters would fade through denormal numbers, a hundred times slower.
                    if abs(state[channel, delay]) < 1e-30:
                        state[channel, delay] = 0.0
            squares[count] = total
            count += 1
            hop += 1
        start = stop


@fused_kernel
def weigh_one(block: Float32, stages: Float64, state: Float64, channel: int, start: int, stop: int) -> None:
    b0, b1, b2, a1, a2 = stages[0, 0], stages[0, 1], stages[0, 2], stages[0, 3], stages[0, 4]
    d0, d1, d2, c1, c2 = stages[1, 0], stages[1, 1], stages[1, 2], stages[1, 3], stages[1, 4]
    s1, s2, h1, h2 = state[channel, _S1], state[channel, _S2], state[channel, _H1], state[channel, _H2]
    total = state[channel, _SUM]
    samples = block[channel]
    for i in range(start, stop):
        x = float(samples[i])
        x = x if abs(x) <= _LOUDEST else 0.0
        y = b0 * x + s1
        s1 = b1 * x - a1 * y + s2
        s2 = b2 * x - a2 * y
        z = d0 * y + h1
        h1 = d1 * y - c1 * z + h2
        h2 = d2 * y - c2 * z
        total += z * z
    state[channel, _S1], state[channel, _S2], state[channel, _H1], state[channel, _H2] = s1, s2, h1, h2
    state[channel, _SUM] = total


@fused_kernel
def weigh_pair(block: Float32, stages: Float64, state: Float64, channel: int, start: int, stop: int) -> None:
    """Two channels side by side: each waits for its own feedback, so the processor can work at the other meanwhile."""
    b0, b1, b2, a1, a2 = stages[0, 0], stages[0, 1], stages[0, 2], stages[0, 3], stages[0, 4]
    d0, d1, d2, c1, c2 = stages[1, 0], stages[1, 1], stages[1, 2], stages[1, 3], stages[1, 4]
    other = channel + 1
    s1, s2, h1, h2 = state[channel, _S1], state[channel, _S2], state[channel, _H1], state[channel, _H2]
    t1, t2, g1, g2 = state[other, _S1], state[other, _S2], state[other, _H1], state[other, _H2]
    total, other_total = state[channel, _SUM], state[other, _SUM]
    samples, other_samples = block[channel], block[other]
    for i in range(start, stop):
        x = float(samples[i])
        u = float(other_samples[i])
        x = x if abs(x) <= _LOUDEST else 0.0
        u = u if abs(u) <= _LOUDEST else 0.0
        y = b0 * x + s1
        v = b0 * u + t1
        s1 = b1 * x - a1 * y + s2
        t1 = b1 * u - a1 * v + t2
        s2 = b2 * x - a2 * y
        t2 = b2 * u - a2 * v
        z = d0 * y + h1
        w = d0 * v + g1
        h1 = d1 * y - c1 * z + h2
        g1 = d1 * v - c1 * w + g2
        h2 = d2 * y - c2 * z
        g2 = d2 * v - c2 * w
        total += z * z
        other_total += w * w
    state[channel, _S1], state[channel, _S2], state[channel, _H1], state[channel, _H2] = s1, s2, h1, h2
    state[other, _S1], state[other, _S2], state[other, _H1], state[other, _H2] = t1, t2, g1, g2
    state[channel, _SUM], state[other, _SUM] = total, other_total
