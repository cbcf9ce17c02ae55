"""A look-ahead limiter whose gain never overshoots, and the grid of 24-bit samples it delivers on.

The gain each frame needs is held over the look-ahead (a sliding minimum), let go at an adaptive pace, and smoothed by
two moving averages that together span the look-ahead: a mean of values none of which is above the gain a peak needs is
not above it either when the peak comes out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

AVERAGE_SECONDS = 0.400
_UNIT = float(1 << 30)
"""Gains are summed as whole multiples of 2⁻³⁰: moving averages then never drift, and unity stays exactly unity."""
CLOSED = 1.0 - 1e-6
_GRID = float(1 << 23)
_TILE = 256

_HELD, _AVERAGE, _LOWEST, _TOTAL = range(4)
"""State: the gain after its release, its slow average, the lowest of all, the sum of all."""
_POSITION, _HEAD, _TAIL, _FIRST_SUM, _SECOND_SUM = range(5)
"""State: frames so far, ends of the queue of minima, sums of the moving averages."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a limiter lets go, in seconds.

    The gain is held for ``hold`` after each peak: as long as half the period of the lowest bass it does not follow
    the wave. A gain below its own average comes back to it with ``fast_release``, and with ``slow_release`` from there
    on, so that a single peak leaves no hole and a loud passage does not pump.
    """

    look_ahead: float
    hold: float
    fast_release: float
    slow_release: float


CALM = Pace(look_ahead=0.003, hold=0.010, fast_release=0.080, slow_release=0.250)


class Limiter:
    """Gain, then a ceiling, then rounding to multiples of 2⁻²³; the output is ``latency_frames`` late.

    ``ceiling`` is linear. What it is measured by comes in with each block: the envelope of ``PeakEnvelope``. Where
    nothing exceeds the ceiling the samples pass unchanged but for gain, delay and grid.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, gain: float, ceiling: float, pace: Pace = CALM) -> None:
        if gain < 0.0 or not 0.0 < ceiling <= 1.0:
            raise ValueError("a gain is not negative, a ceiling above 0 and not over 1")
        first = max(1, round(pace.look_ahead * sample_rate_hz / 2))
        second = first + 1
        self.latency_frames = first + second - 2
        hold = self.latency_frames + 1 + round(pace.hold * sample_rate_hz)
        self._gain = gain
        self._ceiling = ceiling
        self._speeds = np.array(
            [1.0 / (seconds * sample_rate_hz) for seconds in (pace.fast_release, pace.slow_release, AVERAGE_SECONDS)]
        )
        self._speeds = np.minimum(self._speeds, 0.5)
        self._levels = np.array([1.0, 1.0, 1.0, 0.0])
        unit = int(_UNIT)
        self._counts = np.array([0, 0, 0, first * unit, first * second * unit], np.int64)
        self._first = np.full(first, unit, np.int64)
        self._second = np.full(second, first * unit, np.int64)
        self._span = hold
        room = 1 << hold.bit_length()
        self._queue_gains = np.ones(room)
        self._queue_positions = np.zeros(room, np.int64)
        self._last = np.zeros((channels, self.latency_frames), np.float32)
        self._gains = np.empty(0)

    @property
    def reductions(self) -> Float64:
        """The gain of each frame that came out last, linear, without the gain before the ceiling: 1 where it rests."""
        return self._gains / self._gain if self._gain > 0.0 else np.ones_like(self._gains)

    @property
    def deepest_reduction_db(self) -> float:
        """The strongest gain reduction so far; ≤ 0."""
        return float(20.0 * np.log10(self._levels[_LOWEST]))

    @property
    def reduction_db(self) -> float:
        """The gain reduction now; ≤ 0."""
        return float(20.0 * np.log10(self._levels[_HELD]))

    @property
    def mean_reduction_db(self) -> float:
        """The mean gain so far, as a reduction; ≤ 0."""
        frames = int(self._counts[_POSITION])
        return float(20.0 * np.log10(self._levels[_TOTAL] / frames)) if frames else 0.0

    def process(self, block: Float32, envelope: Float32) -> Float32:
        """The limited block, float32 ``(channels, n)``, for a block and its envelope ``(n,)``."""
        frames = block.shape[1]
        joined = np.concatenate((self._last, block), axis=1)
        self._last = joined[:, frames:].copy()
        gains = np.empty(frames)
        _limiting_gains(
            envelope,
            self._gain,
            self._ceiling,
            self._speeds,
            self._levels,
            self._counts,
            self._span,
            self._first,
            self._second,
            self._queue_gains,
            self._queue_positions,
            gains,
        )
        out = np.empty((block.shape[0], frames), np.float32)
        _apply_on_grid(joined, gains, out)
        self._gains = gains
        return out


@kernel
def _limiting_gains(
    envelope: Float32,
    gain: float,
    ceiling: float,
    speeds: Float64,
    levels: Float64,
    counts: Int64,
    span: int,
    first: Int64,
    second: Int64,
    queue_gains: Float64,
    queue_positions: Int64,
    gains: Float64,
) -> None:
    needed, sums = np.empty(_TILE), np.empty(_TILE, np.int64)
    open_sum = float(first.size) * float(second.size) * _UNIT
    for start in range(0, envelope.size, _TILE):
        count = min(_TILE, envelope.size - start)
        peaks = envelope[start : start + count]
        over = np.int32(0)
        for i in range(count):
            level = float(peaks[i]) * gain
            is_over = level > ceiling
            over += np.int32(is_over)
            needed[i] = ceiling / level if is_over else 1.0
        if over == 0 and _is_open(levels, counts, first, second, queue_gains):
            _stay_open(count, speeds, levels, counts, queue_positions)
            for i in range(count):
                gains[start + i] = gain
            continue
        _follow(needed[:count], speeds, levels, counts, span, first, second, queue_gains, queue_positions, sums)
        target = gains[start : start + count]
        for i in range(count):
            target[i] = float(sums[i]) / open_sum * gain


@kernel
def _is_open(levels: Float64, counts: Int64, first: Int64, second: Int64, queue_gains: Float64) -> bool:
    """Whether nothing is held and both averages have nothing but unity in them."""
    unit = np.int64(_UNIT)
    waiting = counts[_TAIL] > counts[_HEAD]
    return bool(
        waiting
        and queue_gains[counts[_HEAD] & (queue_gains.size - 1)] == 1.0
        and levels[_HELD] == 1.0
        and counts[_FIRST_SUM] == first.size * unit
        and counts[_SECOND_SUM] == first.size * second.size * unit
    )


@kernel
def _stay_open(count: int, speeds: Float64, levels: Float64, counts: Int64, queue_positions: Int64) -> None:
    """What ``_follow`` comes to where it is open and stays it, without its work."""
    average, total = levels[_AVERAGE], levels[_TOTAL]
    for _ in range(count):
        average += speeds[2] * (1.0 - average)
        total += 1.0
    levels[_AVERAGE], levels[_TOTAL] = average, total
    counts[_POSITION] += count
    # The queue holds one unity, that of the last frame.
    queue_positions[(counts[_TAIL] - 1) & (queue_positions.size - 1)] = counts[_POSITION] - 1


@kernel
def _follow(
    needed: Float64,
    speeds: Float64,
    levels: Float64,
    counts: Int64,
    span: int,
    first: Int64,
    second: Int64,
    queue_gains: Float64,
    queue_positions: Int64,
    sums: Int64,
) -> None:
    """From the gains that are needed to the sums of the second moving average."""
    held, average, lowest, total = levels[_HELD], levels[_AVERAGE], levels[_LOWEST], levels[_TOTAL]
    position, head, tail = counts[_POSITION], counts[_HEAD], counts[_TAIL]
    first_sum, second_sum = counts[_FIRST_SUM], counts[_SECOND_SUM]
    fast, slow, averaging = speeds[0], speeds[1], speeds[2]
    around = queue_gains.size - 1
    first_at, second_at = position % first.size, position % second.size
    for i in range(needed.size):
        wanted = needed[i]
        # The queue holds rising minima; its head is the lowest of the last ``span`` frames.
        while tail > head and queue_gains[(tail - 1) & around] >= wanted:
            tail -= 1
        queue_gains[tail & around] = wanted
        queue_positions[tail & around] = position
        tail += 1
        if queue_positions[head & around] <= position - span:
            head += 1
        minimum = queue_gains[head & around]

        if minimum <= held:
            held = minimum
        else:
            speed = fast if held < average else slow
            held = min(minimum, held + held * speed * (1.0 - held / minimum))
            if held > CLOSED and minimum == 1.0:
                held = 1.0
        average += averaging * (held - average)
        lowest = min(lowest, held)
        total += held

        whole = np.int64(held * _UNIT)
        first_sum += whole - first[first_at]
        first[first_at] = whole
        first_at = first_at + 1 if first_at + 1 < first.size else 0
        second_sum += first_sum - second[second_at]
        second[second_at] = first_sum
        second_at = second_at + 1 if second_at + 1 < second.size else 0
        sums[i] = second_sum
        position += 1
    levels[_HELD], levels[_AVERAGE], levels[_LOWEST], levels[_TOTAL] = held, average, lowest, total
    counts[_POSITION], counts[_HEAD], counts[_TAIL] = position, head, tail
    counts[_FIRST_SUM], counts[_SECOND_SUM] = first_sum, second_sum


@kernel
def _apply_on_grid(joined: Float32, gains: Float64, out: Float32) -> None:
    for channel in range(out.shape[0]):
        source, target = joined[channel], out[channel]
        for i in range(gains.size):
            value = np.rint(float(source[i]) * gains[i] * _GRID)
            value = min(_GRID - 1.0, value)
            value = max(-_GRID, value)
            # −0 and 0 sound alike and hash differently: adding 0 leaves only the one.
            target[i] = value / _GRID + 0.0
