"""Mains hum and its overtones taken out by an adaptive canceller, which follows the mains where they drift.

Each overtone is a turning pointer that learns level and phase of what hums at its pitch from what is left when all of
them are taken away (Widrow et al., "Adaptive noise cancelling", Proc. IEEE 63(12), 1975; Glover, IEEE Trans. ASSP
25(6), 1977): a notch of 0.7 Hz that is exact at every overtone at once. They learn once a step of 32 frames; within
the next one, what is taken away moves in a straight line from what was known before to what is known now.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fused_kernel, kernel

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_HIGHEST_HZ = 1_000.0
_MOST_OVERTONES = 20
_HIGHEST_SHARE = 0.45
_STEP_FRAMES = 32
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
        self._drift_steps = max(1, round(_DRIFT_SECONDS * sample_rate_hz / _STEP_FRAMES))
        self._fade_step = 1.0 / (_FADE_SECONDS * sample_rate_hz)
        # Sums are taken four by four; what is left over stands still at 0.
        rows = -(-overtones // 4) * 4
        self._pointers = np.zeros((2, rows))
        self._pointers[0, :overtones] = 1.0
        self._learnt, self._lesson, self._before = (np.zeros((channels, 2, rows)) for _ in range(3))
        self._waves = np.zeros((2 * rows, _STEP_FRAMES), np.float32)
        self._waves_by_frame = np.zeros((_STEP_FRAMES, 2 * rows), np.float32)
        self._ramp = (np.arange(1, _STEP_FRAMES + 1) / _STEP_FRAMES).astype(np.float32)
        self._hum, self._left = (np.zeros((channels, _STEP_FRAMES), np.float32) for _ in range(2))
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
            self._drift_steps,
            self._wanted,
            self._fade_step,
            self._pointers,
            self._learnt,
            self._lesson,
            self._before,
            self._waves,
            self._waves_by_frame,
            self._ramp,
            self._hum,
            self._left,
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
    drift_steps: int,
    wanted: float,
    fade_step: float,
    pointers: Float64,
    learnt: Float64,
    lesson: Float64,
    before: Float64,
    waves: Float32,
    waves_by_frame: Float32,
    ramp: Float32,
    hum: Float32,
    left: Float32,
    state: Float64,
    out: Float32,
) -> None:
    """``hum`` holds this step's hum, known from its beginning on, and ``left`` what was left of the step so far."""
    channels, frames = block.shape
    turns = np.empty(pointers.shape)
    _set_waves(step * (1.0 + state[_DRIFT]), turns, waves, waves_by_frame)
    start = 0
    while start < frames:
        counted = (position + start) % _STEP_FRAMES
        count = min(frames - start, _STEP_FRAMES - counted)
        for channel in range(channels):
            source, target = block[channel, start : start + count], out[channel, start : start + count]
            known, rest = hum[channel, counted : counted + count], left[channel, counted : counted + count]
            if state[_TAKEN] == wanted:
                taken = np.float32(wanted)
                for i in range(count):
                    rest[i] = source[i] - known[i]
                    target[i] = source[i] - taken * known[i]
            else:
                fading = state[_TAKEN]
                for i in range(count):
                    fading += min(max(wanted - fading, -fade_step), fade_step)
                    rest[i] = source[i] - known[i]
                    target[i] = source[i] - np.float32(fading) * known[i]
        if state[_TAKEN] != wanted:
            for _ in range(count):
                state[_TAKEN] += min(max(wanted - state[_TAKEN], -fade_step), fade_step)
        start += count
        if counted + count == _STEP_FRAMES:
            pace = 2.0 * max(calm, 1.0 / (first_frames + position + start))
            for channel in range(channels):
                _learn(left[channel], pace, pointers, waves_by_frame, learnt[channel], lesson[channel])
            for k in range(pointers.shape[1]):
                cosine = pointers[0, k] * turns[0, k] - pointers[1, k] * turns[1, k]
                pointers[1, k] = pointers[0, k] * turns[1, k] + pointers[1, k] * turns[0, k]
                pointers[0, k] = cosine
            if (position + start) // _STEP_FRAMES % drift_steps == 0:
                _follow(step, drift_steps * _STEP_FRAMES, learnt, before, state)
                _set_waves(step * (1.0 + state[_DRIFT]), turns, waves, waves_by_frame)
                _renew(pointers, learnt)
            for channel in range(channels):
                _foresee(learnt[channel], lesson[channel], pointers, waves, ramp, hum[channel])


@fused_kernel
def _learn(
    left: Float32, pace: float, pointers: Float64, waves_by_frame: Float32, learnt: Float64, lesson: Float64
) -> None:
    """What of each overtone is left in a step."""
    overtones = pointers.shape[1]
    shares = np.zeros(2 * overtones, np.float32)
    for i in range(0, _STEP_FRAMES, 4):
        a, b, c, d = left[i], left[i + 1], left[i + 2], left[i + 3]
        first, second = waves_by_frame[i], waves_by_frame[i + 1]
        third, fourth = waves_by_frame[i + 2], waves_by_frame[i + 3]
        for k in range(shares.size):
            shares[k] = shares[k] + a * first[k] + b * second[k] + c * third[k] + d * fourth[k]
    for k in range(overtones):
        cosine, sine = pace * pointers[0, k], pace * pointers[1, k]
        lesson[0, k] = cosine * shares[k] - sine * shares[overtones + k]
        lesson[1, k] = sine * shares[k] + cosine * shares[overtones + k]
        learnt[0, k] += lesson[0, k]
        learnt[1, k] += lesson[1, k]


@fused_kernel
def _foresee(
    learnt: Float64, lesson: Float64, pointers: Float64, waves: Float32, ramp: Float32, hum: Float32
) -> None:
    """The next step's hum, out of what is known by now."""
    overtones = pointers.shape[1]
    known, new = np.empty(2 * overtones, np.float32), np.empty(2 * overtones, np.float32)
    for k in range(overtones):
        cosine, sine = pointers[0, k], pointers[1, k]
        real, imaginary = learnt[0, k] - lesson[0, k], learnt[1, k] - lesson[1, k]
        known[k], known[overtones + k] = real * cosine + imaginary * sine, imaginary * cosine - real * sine
        real, imaginary = lesson[0, k], lesson[1, k]
        new[k], new[overtones + k] = real * cosine + imaginary * sine, imaginary * cosine - real * sine
    rising = np.zeros(_STEP_FRAMES, np.float32)
    steady = np.zeros(_STEP_FRAMES, np.float32)
    for k in range(0, 2 * overtones, 4):
        a, b, c, d = known[k], known[k + 1], known[k + 2], known[k + 3]
        e, f, g, h = new[k], new[k + 1], new[k + 2], new[k + 3]
        first, second, third, fourth = waves[k], waves[k + 1], waves[k + 2], waves[k + 3]
        for i in range(_STEP_FRAMES):
            steady[i] = steady[i] + a * first[i] + b * second[i] + c * third[i] + d * fourth[i]
            rising[i] = rising[i] + e * first[i] + f * second[i] + g * third[i] + h * fourth[i]
    for i in range(_STEP_FRAMES):
        hum[i] = steady[i] + ramp[i] * rising[i]


@kernel
def _set_waves(step: float, turns: Float64, waves: Float32, waves_by_frame: Float32) -> None:
    """A step of each overtone's cosine and sine, and how far it has turned by the end."""
    overtones = turns.shape[1]
    for k in range(overtones):
        turn_cosine, turn_sine = np.cos(step * (k + 1)), np.sin(step * (k + 1))
        cosine, sine = 1.0, 0.0
        for i in range(_STEP_FRAMES):
            waves[k, i], waves[overtones + k, i] = cosine, sine
            waves_by_frame[i, k], waves_by_frame[i, overtones + k] = cosine, sine
            cosine, sine = cosine * turn_cosine - sine * turn_sine, cosine * turn_sine + sine * turn_cosine
        turns[0, k], turns[1, k] = cosine, sine


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
