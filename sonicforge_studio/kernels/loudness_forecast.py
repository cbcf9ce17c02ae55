"""How loud a piece will be behind the limiter, told from a summary of it: a gain is tried in milliseconds.

The summary holds for each 1.45 ms the highest level and the K-weighted sum of squares. On it the limiter's gain is
worked out once a step instead of once a frame; the loudness that follows lies within some hundredths of a LU of what
the finished samples measure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel
from sonicforge_studio.kernels.limiter import AVERAGE_SECONDS, CLOSED, Pace
from sonicforge_studio.kernels.loudness import HOPS_PER_SECOND, channel_weights, k_weighting, weigh_one, weigh_pair

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_STEP_SECONDS = 0.00145
_DELAYS, _SUM = 4, 4


class LoudnessForecast:
    """Takes a stream with its envelope, and tells what any limiter would make of it; for one thread."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._rate_hz = sample_rate_hz
        self._channels = channels
        self._step_frames = max(1, round(_STEP_SECONDS * sample_rate_hz))
        self._stages = k_weighting(sample_rate_hz)
        self._weights = channel_weights(channels)
        self._state = np.zeros((channels, 5))
        self._peak = np.zeros(1, np.float32)
        self._frames = 0
        self._squares: list[Float32] = []
        self._peaks: list[Float32] = []

    def add(self, block: Float32, envelope: Float32) -> None:
        """Take a block, float32 ``(channels, n)``, and its envelope ``(n,)``."""
        inside = self._frames % self._step_frames
        steps = (inside + block.shape[1]) // self._step_frames
        squares, peaks = np.empty(steps, np.float32), np.empty(steps, np.float32)
        _summarise(
            np.ascontiguousarray(block),
            envelope,
            self._stages,
            self._weights,
            self._state,
            self._peak,
            self._step_frames,
            inside,
            squares,
            peaks,
        )
        self._frames += block.shape[1]
        self._squares.append(squares)
        self._peaks.append(peaks)

    def finish(self) -> None:
        """The stream has ended: what is left of a step counts as one."""
        rest = self._step_frames - 1
        self.add(np.zeros((self._channels, rest), np.float32), np.zeros(rest, np.float32))
        self._frames -= rest
        self._squares = [np.concatenate(self._squares)]
        self._peaks = [np.concatenate(self._peaks)]

    @property
    def highest_level(self) -> float:
        """Of the whole stream, linear. Ask after ``finish``."""
        return float(self._peaks[0].max(initial=0.0))

    def hops(self, gain: float, ceiling: float, pace: Pace) -> tuple[Float64, float]:
        """The sum of squares of each 10 ms behind a limiter, as ``HopSquares`` gives them, and its mean gain.

        Ask after ``finish``.
        """
        squares, peaks = self._squares[0], self._peaks[0]
        look_ahead = max(1, round(pace.look_ahead * self._rate_hz / self._step_frames))
        hold = look_ahead + 1 + round(pace.hold * self._rate_hz / self._step_frames)
        seconds = (pace.fast_release, pace.slow_release, AVERAGE_SECONDS)
        speeds = np.minimum(np.array([self._step_frames / (each * self._rate_hz) for each in seconds]), 0.5)
        hops = np.zeros(self._frames * HOPS_PER_SECOND // self._rate_hz)
        held = np.ones(peaks.size + look_ahead)
        mean = _held_gains(peaks, gain, ceiling, speeds, hold, held)
        hop_share = self._step_frames * HOPS_PER_SECOND / self._rate_hz
        _limited_hops(squares, held, gain, look_ahead, hop_share, hops)
        return hops, mean


@kernel
def _summarise(
    block: Float32,
    envelope: Float32,
    stages: Float64,
    weights: Float64,
    state: Float64,
    peak: Float32,
    step_frames: int,
    inside: int,
    squares: Float32,
    peaks: Float32,
) -> None:
    channels, frames = block.shape
    start, count = 0, 0
    highest = peak[0]
    while start < frames:
        step_end = start + step_frames - inside
        stop = min(frames, step_end)
        for i in range(start, stop):
            highest = max(envelope[i], highest)
        channel = 0
        while channel < channels:
            if channel + 1 < channels:
                weigh_pair(block, stages, state, channel, start, stop)
                channel += 2
            else:
                weigh_one(block, stages, state, channel, start, stop)
                channel += 1
        inside = 0
        if stop == step_end:
            total = 0.0
            for channel in range(channels):
                total += weights[channel] * state[channel, _SUM]
                state[channel, _SUM] = 0.0
                for delay in range(_DELAYS):
                    if abs(state[channel, delay]) < 1e-30:
                        state[channel, delay] = 0.0
            squares[count] = total
            peaks[count] = highest
            highest = np.float32(0.0)
            count += 1
        start = stop
    peak[0] = highest


@kernel
def _held_gains(peaks: Float32, gain: float, ceiling: float, speeds: Float64, span: int, held: Float64) -> float:
    """The limiter's gain before its smoothing, step by step; the mean of it."""
    fast, slow, averaging = speeds[0], speeds[1], speeds[2]
    now, average, total = 1.0, 1.0, 0.0
    quiet = span
    for i in range(held.size):
        level = float(peaks[i]) * gain if i < peaks.size else 0.0
        quiet = 0 if level > ceiling else quiet + 1
        minimum = 1.0
        if quiet < span:
            highest = ceiling
            for before in range(max(0, i - span + 1), min(i + 1, peaks.size)):
                highest = max(highest, float(peaks[before]) * gain)
            minimum = ceiling / highest
        if minimum <= now:
            now = minimum
        else:
            speed = fast if now < average else slow
            now = min(minimum, now + now * speed * (1.0 - now / minimum))
            if now > CLOSED and minimum == 1.0:
                now = 1.0
        average += averaging * (now - average)
        held[i] = now
        total += now
    return total / max(1, held.size)


@kernel
def _limited_hops(
    squares: Float32, held: Float64, gain: float, look_ahead: int, hop_share: float, hops: Float64
) -> None:
    """Two moving averages over the look-ahead together weigh as a triangle."""
    weights = np.empty(look_ahead + 1)
    for k in range(look_ahead + 1):
        weights[k] = 1.0 + min(k, look_ahead - k)
    weights /= weights.sum()
    for i in range(squares.size):
        smooth = 0.0
        for k in range(look_ahead + 1):
            smooth += weights[k] * held[i + k]
        hop = int((i + 0.5) * hop_share)
        if hop < hops.size:
            hops[hop] += float(squares[i]) * (smooth * gain) ** 2
