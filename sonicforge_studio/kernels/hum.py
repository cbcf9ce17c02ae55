"""Mains hum and its overtones taken out by an adaptive canceller, which follows the mains where they drift.

Each overtone is a turning pointer that learns level and phase of what hums at its pitch from what is left when all of
them are taken away (Widrow et al., "Adaptive noise cancelling", Proc. IEEE 63(12), 1975; Glover, IEEE Trans. ASSP
25(6), 1977): a notch of 0.7 Hz that is exact at every overtone at once.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_HIGHEST_HZ = 1_000.0
_MOST_OVERTONES = 20
_HIGHEST_SHARE = 0.45
_WIDTH_HZ = 0.7
_FIRST_SECONDS = 0.05
"""At the start it learns over so short a time, and ever more calmly from then on."""
_DRIFT_SECONDS = 0.25
_DRIFT_SHARE = 0.3
_MOST_DRIFT = 0.01
_FADE_SECONDS = 0.02
_SILENT = 1e-12

_DRIFT, _TAKEN = range(2)
"""State: by how much the mains are off, as a share; how much of the hum is taken now."""


class HumCanceller:
    """Takes ``hum_hz`` and its overtones up to 1 kHz down to ``depth_db`` (≤ 0). No latency."""

    def __init__(self, sample_rate_hz: int, channels: int, *, hum_hz: float, depth_db: float) -> None:
        if hum_hz <= 0.0 or depth_db > 0.0:
            raise ValueError("a hum has a pitch, and is taken down")
        highest_hz = min(_HIGHEST_HZ, _HIGHEST_SHARE * sample_rate_hz)
        overtones = max(0, min(_MOST_OVERTONES, int(highest_hz / hum_hz)))
        self._step = 2.0 * math.pi * hum_hz / sample_rate_hz
        self._calm = math.pi * _WIDTH_HZ / sample_rate_hz
        self._first_frames = _FIRST_SECONDS * sample_rate_hz
        self._drift_frames = max(1, round(_DRIFT_SECONDS * sample_rate_hz))
        self._fade_step = 1.0 / (_FADE_SECONDS * sample_rate_hz)
        # Sums are taken four by four; what is left over stands still at 0.
        rows = -(-overtones // 4) * 4
        self._pointers = np.zeros((2, rows))
        self._pointers[0, :overtones] = 1.0
        self._learnt = np.zeros((channels, 2, rows))
        self._before = np.zeros((channels, 2, rows))
        self._state = np.zeros(2)
        self._position = 0
        self.configure(depth_db)
        self._state[_TAKEN] = self._wanted

    @property
    def drift(self) -> float:
        """By how much the mains are off their pitch, as a share of it."""
        return float(self._state[_DRIFT])

    def configure(self, depth_db: float) -> None:
        """Another depth from the next frame on, within 20 ms."""
        self._wanted = 1.0 - math.pow(10.0, depth_db / 20.0)

    def process(self, block: Float32) -> Float32:
        """The block, float32 ``(channels, n)``, finite."""
        if self._pointers.shape[1] == 0:
            return block
        out = np.empty(block.shape, np.float32)
        _cancel(
            np.ascontiguousarray(block),
            self._position,
            self._step,
            self._calm,
            self._first_frames,
            self._drift_frames,
            self._wanted,
            self._fade_step,
            self._pointers,
            self._learnt,
            self._before,
            self._state,
            out,
        )
        self._position += block.shape[1]
        return out


@kernel
def _cancel(
    block: Float32,
    position: int,
    step: float,
    calm: float,
    first_frames: float,
    drift_frames: int,
    wanted: float,
    fade_step: float,
    pointers: Float64,
    learnt: Float64,
    before: Float64,
    state: Float64,
    out: Float32,
) -> None:
    channels, frames = block.shape
    overtones = pointers.shape[1]
    turns = np.empty((2, overtones))
    _set_turns(step * (1.0 + state[_DRIFT]), turns)
    terms = np.empty(overtones)
    cosines, sines, turn_cosines, turn_sines = pointers[0], pointers[1], turns[0], turns[1]
    taken = state[_TAKEN]
    for i in range(frames):
        pace = 2.0 * max(calm, 1.0 / (first_frames + position + i))
        taken += min(max(wanted - taken, -fade_step), fade_step)
        for channel in range(channels):
            real, imaginary = learnt[channel, 0], learnt[channel, 1]
            for k in range(overtones):
                terms[k] = real[k] * cosines[k] + imaginary[k] * sines[k]
            a, b, c, d = 0.0, 0.0, 0.0, 0.0
            for k in range(0, overtones, 4):
                a, b, c, d = a + terms[k], b + terms[k + 1], c + terms[k + 2], d + terms[k + 3]
            hum = (a + b) + (c + d)
            x = float(block[channel, i])
            left = pace * (x - hum)
            for k in range(overtones):
                real[k] += left * cosines[k]
                imaginary[k] += left * sines[k]
            out[channel, i] = x - taken * hum
        for k in range(overtones):
            cosine = cosines[k] * turn_cosines[k] - sines[k] * turn_sines[k]
            sines[k] = cosines[k] * turn_sines[k] + sines[k] * turn_cosines[k]
            cosines[k] = cosine
        if (position + i + 1) % drift_frames == 0:
            _follow(step, drift_frames, learnt, before, state)
            _set_turns(step * (1.0 + state[_DRIFT]), turns)
            _renew(pointers, learnt)
    state[_TAKEN] = taken


@kernel
def _set_turns(step: float, turns: Float64) -> None:
    for k in range(turns.shape[1]):
        turns[0, k], turns[1, k] = np.cos(step * (k + 1)), np.sin(step * (k + 1))


@kernel
def _renew(pointers: Float64, learnt: Float64) -> None:
    """The pointers' lengths, which rounding lets creep, to 1 again; and no denormal numbers in what was learnt."""
    for k in range(pointers.shape[1]):
        length = np.sqrt(pointers[0, k] ** 2 + pointers[1, k] ** 2)
        if length > 0.0:
            pointers[0, k] /= length
            pointers[1, k] /= length
    for channel in range(learnt.shape[0]):
        for part in range(2):
            for k in range(learnt.shape[2]):
                if abs(learnt[channel, part, k]) < _SILENT:
                    learnt[channel, part, k] = 0.0


@kernel
def _follow(step: float, drift_frames: int, learnt: Float64, before: Float64, state: Float64) -> None:
    """What was learnt turns where the mains are off their pitch: all overtones tell by how much, loud ones most."""
    turned, weight = 0.0, 0.0
    for channel in range(learnt.shape[0]):
        for k in range(learnt.shape[2]):
            a, b = learnt[channel, 0, k], learnt[channel, 1, k]
            c, d = before[channel, 0, k], before[channel, 1, k]
            power = a * a + b * b
            # With cos and sin as the axes, a higher pitch turns what was learnt backwards.
            angle = np.arctan2(a * d - b * c, a * c + b * d)
            if power > _SILENT:
                turned += power * (k + 1) * angle
                weight += power * (k + 1) ** 2
            before[channel, 0, k], before[channel, 1, k] = a, b
    off = turned / (weight * step * drift_frames) if weight > 0.0 else 0.0
    state[_DRIFT] = min(max(state[_DRIFT] + _DRIFT_SHARE * off, -_MOST_DRIFT), _MOST_DRIFT)
