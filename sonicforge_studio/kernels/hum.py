"""Mains hum and its overtones taken out by an adaptive canceller, which follows the mains where they drift.

Each overtone is a turning pointer that learns level and phase of what hums at its pitch from what is left when all of
them are taken away (Widrow et al., "Adaptive noise cancelling", Proc. IEEE 63(12), 1975; Glover, IEEE Trans. ASSP
25(6), 1977): a notch of 0.7 Hz that is exact at every overtone at once. They learn once a step of 64 frames; within
the next one, what is taken away moves in a straight line from what was known before to what is known now. The pointers
stand as in the middle of a step: around it cosines are even and sines odd, so that half a step of each tells the whole.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fused_kernel, kernel, steady_kernel

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_HIGHEST_HZ = 1_000.0
_MOST_OVERTONES = 20
_WAVES = 2 * _MOST_OVERTONES
_HIGHEST_SHARE = 0.45
_STEP_FRAMES = 64
_HALF_FRAMES = _STEP_FRAMES // 2
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
        self._overtones = overtones
        self._turns = np.empty((2, _MOST_OVERTONES))
        self._learnt, self._known, self._before = (np.zeros((channels, _WAVES)) for _ in range(3))
        self._waves = np.zeros((2, _MOST_OVERTONES, _HALF_FRAMES), np.float32)
        self._work = np.zeros((4, _HALF_FRAMES), np.float32)
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
        if self._overtones == 0:
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
            self._overtones,
            self._turns,
            self._learnt,
            self._known,
            self._before,
            self._waves,
            self._work,
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
    overtones: int,
    turns: Float64,
    learnt: Float64,
    known: Float64,
    before: Float64,
    waves: Float32,
    work: Float32,
    ramp: Float32,
    hum: Float32,
    left: Float32,
    state: Float64,
    out: Float32,
) -> None:
    """``hum`` holds this step's hum, known from its beginning on, and ``left`` what was left of the step so far."""
    channels, frames = block.shape
    if position == 0:
        _set_waves(step, overtones, turns, waves)
    start = 0
    while start < frames:
        counted = (position + start) % _STEP_FRAMES
        count = min(frames - start, _STEP_FRAMES - counted)
        for channel in range(channels):
            source, target = block[channel, start : start + count], out[channel, start : start + count]
            heard, rest = hum[channel, counted : counted + count], left[channel, counted : counted + count]
            if state[_TAKEN] == wanted:
                taken = np.float32(wanted)
                for i in range(count):
                    rest[i] = source[i] - heard[i]
                    target[i] = source[i] - taken * heard[i]
            else:
                fading = state[_TAKEN]
                for i in range(count):
                    fading += min(max(wanted - fading, -fade_step), fade_step)
                    rest[i] = source[i] - heard[i]
                    target[i] = source[i] - np.float32(fading) * heard[i]
        if state[_TAKEN] != wanted:
            for _ in range(count):
                state[_TAKEN] += min(max(wanted - state[_TAKEN], -fade_step), fade_step)
        start += count
        if counted + count == _STEP_FRAMES:
            pace = 2.0 * max(calm, 1.0 / (first_frames + position + start))
            for channel in range(channels):
                _learn(left[channel], pace, overtones, turns, waves, work, learnt[channel], known[channel])
            if (position + start) // _STEP_FRAMES % drift_steps == 0:
                _follow(step, drift_steps * _STEP_FRAMES, learnt, known, before, state)
                _set_waves(step * (1.0 + state[_DRIFT]), overtones, turns, waves)
            for channel in range(channels):
                _foresee(learnt[channel], known[channel], overtones, waves, ramp, work, hum[channel])


@steady_kernel
def _learn(
    left: Float32,
    pace: float,
    overtones: int,
    turns: Float64,
    waves: Float32,
    work: Float32,
    learnt: Float64,
    known: Float64,
) -> None:
    """What of each overtone is left in a step; both what was known and what is known now turn to the next step."""
    for i in range(_HALF_FRAMES):
        earlier, later = left[_HALF_FRAMES - 1 - i], left[_HALF_FRAMES + i]
        work[0, i], work[1, i] = later + earlier, later - earlier
    for k in range(overtones):
        real, imaginary = np.float32(0.0), np.float32(0.0)
        # A count that the compiler does not know: it would unroll the loop instead of vectorising it.
        for i in range(work.shape[1]):
            real += work[0, i] * waves[0, k, i]
            imaginary += work[1, i] * waves[1, k, i]
        known[k], known[_MOST_OVERTONES + k] = learnt[k], learnt[_MOST_OVERTONES + k]
        learnt[k] += pace * real
        learnt[_MOST_OVERTONES + k] += pace * imaginary
    _turn(known, turns)
    _turn(learnt, turns)


@fused_kernel
def _turn(levels: Float64, turns: Float64) -> None:
    for k in range(_MOST_OVERTONES):
        real, imaginary = levels[k], levels[_MOST_OVERTONES + k]
        levels[k] = real * turns[0, k] + imaginary * turns[1, k]
        levels[_MOST_OVERTONES + k] = imaginary * turns[0, k] - real * turns[1, k]


@fused_kernel
def _foresee(
    learnt: Float64, known: Float64, overtones: int, waves: Float32, ramp: Float32, work: Float32, hum: Float32
) -> None:
    """The next step's hum, out of what is known by now."""
    work[:] = 0.0
    for part in range(2):
        # Four overtones at a time; the waves of those that there are not are 0.
        for k in range(0, overtones, 4):
            j = part * _MOST_OVERTONES + k
            a, b, c, d = known[j], known[j + 1], known[j + 2], known[j + 3]
            e, f, g, h = learnt[j] - a, learnt[j + 1] - b, learnt[j + 2] - c, learnt[j + 3] - d
            a, b, c, d = np.float32(a), np.float32(b), np.float32(c), np.float32(d)
            e, f, g, h = np.float32(e), np.float32(f), np.float32(g), np.float32(h)
            for i in range(_HALF_FRAMES):
                one, two = waves[part, k, i], waves[part, k + 1, i]
                three, four = waves[part, k + 2, i], waves[part, k + 3, i]
                work[2 * part, i] = work[2 * part, i] + a * one + b * two + c * three + d * four
                work[2 * part + 1, i] = work[2 * part + 1, i] + e * one + f * two + g * three + h * four
    for i in range(_HALF_FRAMES):
        earlier, later = _HALF_FRAMES - 1 - i, _HALF_FRAMES + i
        hum[earlier] = (work[0, i] - work[2, i]) + ramp[earlier] * (work[1, i] - work[3, i])
        hum[later] = (work[0, i] + work[2, i]) + ramp[later] * (work[1, i] + work[3, i])


@kernel
def _set_waves(step: float, overtones: int, turns: Float64, waves: Float32) -> None:
    """The later half of a step of each overtone's cosine and sine around its middle, and how far it turns in a step."""
    turns[0], turns[1] = 1.0, 0.0
    for k in range(overtones):
        turn_cosine, turn_sine = np.cos(step * (k + 1)), np.sin(step * (k + 1))
        cosine, sine = np.cos(0.5 * step * (k + 1)), np.sin(0.5 * step * (k + 1))
        for i in range(_HALF_FRAMES):
            waves[0, k, i], waves[1, k, i] = cosine, sine
            cosine, sine = cosine * turn_cosine - sine * turn_sine, cosine * turn_sine + sine * turn_cosine
        turns[0, k], turns[1, k] = np.cos(_STEP_FRAMES * step * (k + 1)), np.sin(_STEP_FRAMES * step * (k + 1))


@kernel
def _follow(step: float, drift_frames: int, learnt: Float64, known: Float64, before: Float64, state: Float64) -> None:
    """What was learnt turns where the mains are off their pitch: all overtones tell by how much, loud ones most."""
    turned, weight = 0.0, 0.0
    turn = step * (1.0 + state[_DRIFT]) * drift_frames
    for channel in range(learnt.shape[0]):
        for k in range(_MOST_OVERTONES):
            a, b = learnt[channel, k], learnt[channel, _MOST_OVERTONES + k]
            c, d = before[channel, k], before[channel, _MOST_OVERTONES + k]
            power = a * a + b * b
            if min(power, c * c + d * d) > _SILENT:
                # With cos and sin as the axes, a higher pitch turns what was learnt backwards.
                angle = np.arctan2(a * d - b * c, a * c + b * d) - turn * (k + 1)
                angle -= 2.0 * np.pi * np.round(angle / (2.0 * np.pi))
                turned += power * (k + 1) * angle
                weight += power * (k + 1) ** 2
            elif power < _SILENT**2:
                # No denormal numbers.
                learnt[channel, k], learnt[channel, _MOST_OVERTONES + k] = 0.0, 0.0
    off = turned / (weight * step * drift_frames) if weight > 0.0 else 0.0
    drift = min(max(state[_DRIFT] + _DRIFT_SHARE * off, -_MOST_DRIFT), _MOST_DRIFT)
    # From the step's beginning on the pitch is another, and in its middle the pointers have turned further by this.
    further = np.empty((2, _MOST_OVERTONES))
    for k in range(_MOST_OVERTONES):
        angle = step * (drift - state[_DRIFT]) * 0.5 * (_STEP_FRAMES - 1) * (k + 1)
        further[0, k], further[1, k] = np.cos(angle), np.sin(angle)
    for channel in range(learnt.shape[0]):
        _turn(learnt[channel], further)
        _turn(known[channel], further)
        before[channel] = learnt[channel]
    state[_DRIFT] = drift
