"""A cascade of second-order sections over two channels at once.

Sections are rows ``b0 b1 b2 a1 a2`` (a0 is 1), float64, in transposed direct form II. Four sections go over a stretch
of frames together: while one waits for its own last value, the others work.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fused_kernel
from sonicforge_studio.kernels._lanes import PAIR, mul, mul_add, store, sub_mul
from sonicforge_studio.kernels._lanes import load_pair as load

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

TOGETHER = 4
"""Sections that run side by side."""
_STRETCH_FRAMES = 512
"""As pairs of float64 it stays in the processor's nearest memory."""
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
        self._coefficients = np.repeat(rows[:, :, None], PAIR, axis=2).ravel()
        self._passes = passes
        self._state = np.zeros((-(-channels // PAIR), passes * TOGETHER * 2 * PAIR))
        self._room = np.zeros(_STRETCH_FRAMES * PAIR)
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
            some = slice(group * PAIR, (group + 1) * PAIR)
            state = self._state[group]
            _cascade(
                block[some],
                self._coefficients,
                self._passes,
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
                room[PAIR * i + channel] = source[start + i]
        for number in range(passes):
            _four_sections(room, count, coefficients, state, number)
        for channel in range(channels):
            target = out[channel]
            for i in range(count):
                target[start + i] = room[PAIR * i + channel]
        if count == whole:
            for i in range(state.size):
                if abs(state[i]) < _TINY:
                    state[i] = 0.0
        start += count


@fused_kernel
def _four_sections(room: Float64, count: int, coefficients: Float64, state: Float64, number: int) -> None:
    c, s = number * TOGETHER * 5 * PAIR, number * TOGETHER * 2 * PAIR
    p1, p2, q1, q2 = load(state, s), load(state, s + 2), load(state, s + 4), load(state, s + 6)
    u1, u2, v1, v2 = (
        load(state, s + 8),
        load(state, s + 10),
        load(state, s + 12),
        load(state, s + 14),
    )
    for i in range(count):
        x = load(room, PAIR * i)
        y = mul_add(load(coefficients, c), x, p1)
        p1 = sub_mul(mul_add(load(coefficients, c + 2), x, p2), load(coefficients, c + 6), y)
        p2 = sub_mul(mul(load(coefficients, c + 4), x), load(coefficients, c + 8), y)
        x = mul_add(load(coefficients, c + 10), y, q1)
        q1 = sub_mul(mul_add(load(coefficients, c + 12), y, q2), load(coefficients, c + 16), x)
        q2 = sub_mul(mul(load(coefficients, c + 14), y), load(coefficients, c + 18), x)
        y = mul_add(load(coefficients, c + 20), x, u1)
        u1 = sub_mul(mul_add(load(coefficients, c + 22), x, u2), load(coefficients, c + 26), y)
        u2 = sub_mul(mul(load(coefficients, c + 24), x), load(coefficients, c + 28), y)
        x = mul_add(load(coefficients, c + 30), y, v1)
        v1 = sub_mul(mul_add(load(coefficients, c + 32), y, v2), load(coefficients, c + 36), x)
        v2 = sub_mul(mul(load(coefficients, c + 34), y), load(coefficients, c + 38), x)
        store(room, PAIR * i, x)
    store(state, s, p1)
    store(state, s + 2, p2)
    store(state, s + 4, q1)
    store(state, s + 6, q2)
    store(state, s + 8, u1)
    store(state, s + 10, u2)
    store(state, s + 12, v1)
    store(state, s + 14, v2)
