"""The sides of a stereo sound, wider or narrower in three bands; the middle stays as it is.

Side and middle are half the difference and half the sum of the channels. Each band's width adds a share of that band
of the side: low and high are first-order filters, middle is what they leave, so that equal widths are that width
exactly and 1 changes nothing, bit for bit. What is to be mono goes through a Butterworth high-pass of fourth order.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fused_kernel

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_CONTROL_SECONDS = 0.0014
_GUARD_SECONDS = 0.3
_LEAST_CORRELATION = 0.05
"""What the guard aims at: its reading lags a little behind."""
_MOST_SIDE = (1.0 - _LEAST_CORRELATION) / (1.0 + _LEAST_CORRELATION)
"""The side's power over the middle's where correlation, of channels equally loud, is the least."""
_TINY = 1e-30
_HIGHEST_CROSSOVER = 0.45
_FOURTH_ORDER_Q = (0.5411961001461969, 1.3065629648763766)

_LOW, _HIGH, _MONO = 0, 1, 2
_MIDDLE_POWER, _OWN_POWER, _CROSS_POWER, _ADDED_POWER = 6, 7, 8, 9
_COUNTED, _SHARE, _STEP = 10, 11, 12
_SLOW = 13
"""State: two first-order filters, two sections of the high-pass, the control step's powers, its frames, the guard's
share and how it moves, and the four powers over a third of a second."""


class Widener:
    """Two channels. ``widths`` are those of low, middle and high, 0 for mono, 1 as it is."""

    def __init__(
        self,
        sample_rate_hz: int,
        crossovers_hz: tuple[float, float],
        widths: tuple[float, float, float],
        *,
        mono_below_hz: float = 0.0,
        guard: bool = True,
    ) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.idle = widths == (1.0, 1.0, 1.0) and mono_below_hz == 0.0
        self._control_frames = max(1, round(_CONTROL_SECONDS * sample_rate_hz))
        low, high = (_first_order(sample_rate_hz, crossover) for crossover in crossovers_hz)
        self._filters = np.array([low, high])
        self._less = np.array([min(width, 1.0) - 1.0 for width in widths])
        self._more = np.array([max(width, 1.0) - 1.0 for width in widths])
        self._mono = _high_pass(sample_rate_hz, mono_below_hz)
        self._guarded = guard and any(width > 1.0 for width in widths)
        self._slow_left = math.exp(-self._control_frames / (_GUARD_SECONDS * sample_rate_hz))
        self._state = np.zeros(17)
        self._state[_SHARE] = 0.0 if self._guarded else 1.0

    def successor(
        self,
        crossovers_hz: tuple[float, float],
        widths: tuple[float, float, float],
        *,
        mono_below_hz: float = 0.0,
        guard: bool = True,
    ) -> Widener:
        """Other settings from the state that these have reached."""
        other = Widener(self.sample_rate_hz, crossovers_hz, widths, mono_below_hz=mono_below_hz, guard=guard)
        other._state[:] = self._state
        if not other._guarded:
            other._state[_SHARE], other._state[_STEP] = 1.0, 0.0
        return other

    def process(self, block: Float32) -> Float32:
        """The block ``(2, n)`` with other sides."""
        if self.idle:
            return block
        block = np.ascontiguousarray(block)
        out = np.empty_like(block)
        _widen(
            block,
            self._filters,
            self._less,
            self._more,
            self._mono,
            self._guarded,
            self._control_frames,
            self._slow_left,
            self._state,
            out,
        )
        return out


def _first_order(sample_rate_hz: int, crossover_hz: float) -> float:
    return math.tan(math.pi * min(crossover_hz / sample_rate_hz, _HIGHEST_CROSSOVER))


def _high_pass(sample_rate_hz: int, cutoff_hz: float) -> Float64:
    """Two sections ``b0 a1 a2`` (b1 is −2·b0, b2 b0); none where nothing is cut."""
    if cutoff_hz == 0.0:
        return np.zeros((0, 3))
    k = math.tan(math.pi * min(cutoff_hz / sample_rate_hz, _HIGHEST_CROSSOVER))
    rows = []
    for q in _FOURTH_ORDER_Q:
        a0 = 1.0 + k / q + k * k
        rows.append([1.0 / a0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0])
    return np.array(rows)


@fused_kernel
def _widen(
    block: Float32,
    filters: Float64,
    less: Float64,
    more: Float64,
    mono: Float64,
    guarded: bool,
    control_frames: int,
    slow_left: float,
    state: Float64,
    out: Float32,
) -> None:
    frames = block.shape[1]
    left_in, right_in, left_out, right_out = block[0], block[1], out[0], out[1]
    low_pole = (1.0 - filters[0]) / (1.0 + filters[0])
    low_gain = filters[0] / (1.0 + filters[0])
    high_pole = (1.0 - filters[1]) / (1.0 + filters[1])
    high_gain = filters[1] / (1.0 + filters[1])
    is_mono = mono.shape[0] > 0
    b0, a1, a2, d0, c1, c2 = 1.0, 0.0, 0.0, 1.0, 0.0, 0.0
    if is_mono:
        b0, a1, a2 = mono[0, 0], mono[0, 1], mono[0, 2]
        d0, c1, c2 = mono[1, 0], mono[1, 1], mono[1, 2]
    start = 0
    while start < frames:
        counted = int(state[_COUNTED])
        stop = min(frames, start + control_frames - counted)
        low, high = state[_LOW], state[_HIGH]
        m1, m2, n1, n2 = state[_MONO], state[_MONO + 1], state[_MONO + 2], state[_MONO + 3]
        middle_power, own_power = state[_MIDDLE_POWER], state[_OWN_POWER]
        cross_power, added_power = state[_CROSS_POWER], state[_ADDED_POWER]
        share, step = state[_SHARE], state[_STEP]
        for i in range(start, stop):
            left, right = float(left_in[i]), float(right_in[i])
            side = 0.5 * (left - right)
            cut = side
            if is_mono:
                cut = b0 * side + m1
                m1 = m2 - 2.0 * b0 * side - a1 * cut
                m2 = b0 * side - a2 * cut
                x = cut
                cut = d0 * x + n1
                n1 = n2 - 2.0 * d0 * x - c1 * cut
                n2 = d0 * x - c2 * cut
            lows = low_gain * cut + low
            low = low_gain * cut + low_pole * lows
            below = high_gain * cut + high
            high = high_gain * cut + high_pole * below
            highs = cut - below
            middles = below - lows
            changed = cut + (less[0] * lows + less[1] * middles + less[2] * highs)
            added = more[0] * lows + more[1] * middles + more[2] * highs
            difference = changed - side + (share + step * (counted + i - start + 1)) * added
            left_out[i] = left + difference
            right_out[i] = right - difference
            middle = 0.5 * (left + right)
            middle_power += middle * middle
            own_power += changed * changed
            cross_power += changed * added
            added_power += added * added
        state[_LOW], state[_HIGH] = low, high
        state[_MONO], state[_MONO + 1], state[_MONO + 2], state[_MONO + 3] = m1, m2, n1, n2
        state[_MIDDLE_POWER], state[_OWN_POWER] = middle_power, own_power
        state[_CROSS_POWER], state[_ADDED_POWER] = cross_power, added_power
        counted += stop - start
        if counted == control_frames:
            _control(guarded, control_frames, slow_left, state)
            counted = 0
            for i in range(_MIDDLE_POWER):
                if abs(state[i]) < _TINY:
                    state[i] = 0.0
        state[_COUNTED] = counted
        start = stop


@fused_kernel
def _control(guarded: bool, control_frames: int, slow_left: float, state: Float64) -> None:
    """The greatest share of what is added with which the side's power stays under the middle's."""
    for power in range(4):
        mean = state[_MIDDLE_POWER + power] / control_frames
        slow = mean + slow_left * (state[_SLOW + power] - mean)
        state[_SLOW + power] = slow if abs(slow) > _TINY else 0.0
        state[_MIDDLE_POWER + power] = 0.0
    state[_SHARE] += state[_STEP] * control_frames
    wanted = 1.0
    if guarded:
        room = _MOST_SIDE * state[_SLOW] - state[_SLOW + 1]
        cross, added = state[_SLOW + 2], state[_SLOW + 3]
        if room <= 0.0:
            wanted = 0.0
        elif added > 0.0:
            wanted = min(1.0, (np.sqrt(cross * cross + added * room) - cross) / added)
    state[_STEP] = (wanted - state[_SHARE]) / control_frames
