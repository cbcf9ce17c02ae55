"""A cascade of second-order sections over up to four channels at once.

Sections are rows ``b0 b1 b2 a1 a2`` (a0 is 1), float64, in transposed direct form II. Four sections go over a stretch
of frames together: while one waits for its own last value, the others work. Of one or two channels, two sections share
the lanes, the second one frame behind the first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fused_kernel
from sonicforge_studio.kernels._lanes import (
    LANES,
    load,
    lower_of_both,
    mul,
    mul_add,
    store,
    sub_mul,
    upper_and_lower,
    upper_twice,
)

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

TOGETHER = 4
"""Sections that run side by side."""
_HALF = LANES // 2
_STRETCH_FRAMES = 512
"""As four lanes of float64 it stays in the processor's nearest memory."""
_TINY = 1e-30
"""In silence the filters would fade through denormal numbers, a hundred times slower."""
_THROUGH = (1.0, 0.0, 0.0, 0.0, 0.0)


class Cascade:
    """Sections one after another, each channel for itself; none at all lets the samples through as they are."""

    def __init__(self, channels: int, sections: Float64) -> None:
        """``sections`` has shape ``(n, 5)``."""
        self.channels = channels
        self.sections = sections
        passes = -(-len(sections) // TOGETHER)
        rows = np.vstack([sections, np.tile(_THROUGH, (passes * TOGETHER - len(sections), 1))])
        self._halved = channels <= _HALF
        self._width = _HALF if self._halved else LANES
        if self._halved:
            pairs = rows.reshape(-1, 2, 5).transpose(0, 2, 1)
            self._coefficients = np.repeat(pairs, _HALF, axis=2).ravel()
        else:
            self._coefficients = np.repeat(rows[:, :, None], LANES, axis=2).ravel()
        self._passes = passes
        self._state = np.zeros((-(-channels // LANES), passes * TOGETHER * 2 * self._width))
        self._room = np.zeros(_STRETCH_FRAMES * LANES)
        self._position = 0

    def successor(self, sections: Float64) -> Cascade:
        """Other coefficients from the state that these have reached; section follows upon section of the same row."""
        other = Cascade(self.channels, sections)
        same = min(other._state.shape[1], self._state.shape[1])
        other._state[:, :same] = self._state[:, :same]
        other._position = self._position
        return other

    def process(self, block: Float32) -> Float32:
        """The filtered block, float32 ``(channels, n)``."""
        if not self._passes:
            return block
        out = np.empty_like(block)
        block = np.ascontiguousarray(block)
        for group in range(self._state.shape[0]):
            some = slice(group * LANES, (group + 1) * LANES)
            state = self._state[group]
            _cascade(
                block[some],
                self._coefficients,
                self._passes,
                self._halved,
                state,
                self._position,
                self._room,
                out[some],
            )
        self._position += block.shape[1]
        return out


@fused_kernel
def _cascade(
    block: Float32,
    coefficients: Float64,
    passes: int,
    halved: bool,
    state: Float64,
    position: int,
    room: Float64,
    out: Float32,
) -> None:
    channels, frames = block.shape
    room[:] = 0.0
    start = 0
    while start < frames:
        whole = _STRETCH_FRAMES - (position + start) % _STRETCH_FRAMES
        count = min(whole, frames - start)
        for channel in range(channels):
            source = block[channel]
            for i in range(count):
                room[LANES * i + channel] = source[start + i]
        for number in range(passes):
            if halved:
                _four_sections_in_halves(room, count, coefficients, state, number)
            else:
                _four_sections(room, count, coefficients, state, number)
        for channel in range(channels):
            target = out[channel]
            for i in range(count):
                target[start + i] = room[LANES * i + channel]
        if count == whole:
            for i in range(state.size):
                if abs(state[i]) < _TINY:
                    state[i] = 0.0
        start += count


@fused_kernel
def _four_sections(room: Float64, count: int, coefficients: Float64, state: Float64, number: int) -> None:
    c, s = number * TOGETHER * 5 * LANES, number * TOGETHER * 2 * LANES
    p1, p2, q1, q2 = load(state, s), load(state, s + 4), load(state, s + 8), load(state, s + 12)
    u1, u2, v1, v2 = load(state, s + 16), load(state, s + 20), load(state, s + 24), load(state, s + 28)
    for i in range(count):
        x = load(room, LANES * i)
        y = mul_add(load(coefficients, c), x, p1)
        p1 = sub_mul(mul_add(load(coefficients, c + 4), x, p2), load(coefficients, c + 12), y)
        p2 = sub_mul(mul(load(coefficients, c + 8), x), load(coefficients, c + 16), y)
        x = mul_add(load(coefficients, c + 20), y, q1)
        q1 = sub_mul(mul_add(load(coefficients, c + 24), y, q2), load(coefficients, c + 32), x)
        q2 = sub_mul(mul(load(coefficients, c + 28), y), load(coefficients, c + 36), x)
        y = mul_add(load(coefficients, c + 40), x, u1)
        u1 = sub_mul(mul_add(load(coefficients, c + 44), x, u2), load(coefficients, c + 52), y)
        u2 = sub_mul(mul(load(coefficients, c + 48), x), load(coefficients, c + 56), y)
        x = mul_add(load(coefficients, c + 60), y, v1)
        v1 = sub_mul(mul_add(load(coefficients, c + 64), y, v2), load(coefficients, c + 72), x)
        v2 = sub_mul(mul(load(coefficients, c + 68), y), load(coefficients, c + 76), x)
        store(room, LANES * i, x)
    store(state, s, p1)
    store(state, s + 4, p2)
    store(state, s + 8, q1)
    store(state, s + 12, q2)
    store(state, s + 16, u1)
    store(state, s + 20, u2)
    store(state, s + 24, v1)
    store(state, s + 28, v2)


@fused_kernel
def _four_sections_in_halves(room: Float64, count: int, coefficients: Float64, state: Float64, number: int) -> None:
    """As ``_four_sections`` of two channels: sections 0 and 1 lie in one register's halves, 2 and 3 in another's.

    At step t section 0 is at frame t, sections 1 and 2 at t − 1, section 3 at t − 2. At either end of the stretch what
    has no frame to work on goes idly along, and its state is not kept.
    """
    c, s = number * 2 * 5 * LANES, number * 2 * 2 * LANES
    p1, p2, q1, q2 = load(state, s), load(state, s + 4), load(state, s + 8), load(state, s + 12)
    first, second = load(room, 0), load(room, 0)
    reached = np.empty(4 * LANES)
    behind = 2
    t = 0
    while t < count + behind:
        stop = t + 1 if t < behind or t >= count else count
        start = t
        for step in range(start, stop):
            x = lower_of_both(load(room, LANES * min(step, count - 1)), first)
            first = mul_add(load(coefficients, c), x, p1)
            p1 = sub_mul(mul_add(load(coefficients, c + 4), x, p2), load(coefficients, c + 12), first)
            p2 = sub_mul(mul(load(coefficients, c + 8), x), load(coefficients, c + 16), first)
            x = upper_and_lower(first, second)
            second = mul_add(load(coefficients, c + 20), x, q1)
            q1 = sub_mul(mul_add(load(coefficients, c + 24), x, q2), load(coefficients, c + 32), second)
            q2 = sub_mul(mul(load(coefficients, c + 28), x), load(coefficients, c + 36), second)
            if step >= behind:
                store(room, LANES * (step - behind), upper_twice(second))
        store(reached, 0, p1)
        store(reached, 4, p2)
        store(reached, 8, q1)
        store(reached, 12, q2)
        for section in range(TOGETHER):
            late = (section + 1) // 2
            if late <= start < count + late:
                place = (section // 2) * 2 * LANES + (section % 2) * _HALF
                for i in range(_HALF):
                    state[s + place + i] = reached[place + i]
                    state[s + place + LANES + i] = reached[place + LANES + i]
        p1, p2, q1, q2 = load(state, s), load(state, s + 4), load(state, s + 8), load(state, s + 12)
        t = stop
