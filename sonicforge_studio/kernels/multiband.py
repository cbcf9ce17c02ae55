"""A four-band compressor: crossovers that sum flat, and a linked compressor in each band.

The minimum-phase crossovers are Linkwitz-Riley filters of 24 dB an octave (S. Linkwitz, "Active Crossover Networks for
Noncoincident Drivers", JAES 24(1), 1976) as a tree: parted at the middle, then each half again, and each half goes
through the all-pass of the other's crossover, so that the sum of all bands is the input through three all-passes of
second order. Those of linear phase are long filters, each band the difference of two low-passes; their sum is the
input, delayed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fused_kernel
from sonicforge_studio.kernels._lanes import PAIR, add, mul, mul_add, pair_of, store, sub_mul
from sonicforge_studio.kernels._lanes import load_pair as load
from sonicforge_studio.kernels.convolution import Convolver, linear_phase

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

BANDS = 4
_CONTROL_SECONDS = 0.0007
"""How often the detectors are read; in between the gains move in a straight line."""
_DETECTOR_SECONDS = (0.020, 0.010, 0.006, 0.004)
"""Of low bands longer: a detector that follows the wave itself bends it."""
_KNEE_DB = 6.0
_LUFS_OFFSET_DB = -0.691
_SILENT_POWER = 1e-12
_COUNTED_LEVEL_DB = -20.0
_TINY = 1e-30
_GUARD_STEPS = 16
_HIGHEST_CROSSOVER = 0.45
"""In sample rates."""
_NEPERS = math.log(10.0) / 20.0
_TREE_LOW, _TREE_STEP = 6 * 5 * PAIR, 4 * 5 * PAIR
"""Where the coefficients of the second splits begin, and how many there are of each."""
_LOW, _POWERS = 6 * 2 * PAIR, 4 * 2 * PAIR
_HALF = _POWERS + 2 * PAIR
"""The state of the first split, of the sections of a second one, and of those with the powers of its two bands."""
_BUTTERWORTH_Q = math.sqrt(0.5)

_THRESHOLD, _SLOPE, _MAKE_UP, _DETECTOR, _ATTACK, _RELEASE = range(6)
_POWER, _MEAN, _HELD, _GAIN, _STEP, _SUM, _COUNT = range(7)
"""Of a band: the power of this control step, the detector, the reduction in dB, the gain and how it moves, and what the
mean reduction is made of."""


class BandSettings(NamedTuple):
    """One band. ``threshold_lufs`` is on the band's own power, summed over channels."""

    threshold_lufs: float
    ratio: float
    attack_ms: float
    release_ms: float
    gain_db: float


class Dynamics:
    """The settings and the state of the four bands' compressors."""

    def __init__(self, sample_rate_hz: int, bands: tuple[BandSettings, ...]) -> None:
        self.control_frames = max(1, round(_CONTROL_SECONDS * sample_rate_hz))
        step_seconds = self.control_frames / sample_rate_hz
        self.settings = np.zeros((BANDS, 6))
        for row, band, detector_seconds in zip(self.settings, bands, _DETECTOR_SECONDS, strict=True):
            times = (detector_seconds, band.attack_ms / 1000.0, band.release_ms / 1000.0)
            left = [math.exp(-step_seconds / seconds) for seconds in times]
            row[:] = (band.threshold_lufs, 1.0 - 1.0 / band.ratio, 10.0 ** (band.gain_db / 20.0), *left)
        self.state = np.zeros((7, BANDS))
        self.state[_GAIN] = self.settings[:, _MAKE_UP]
        self.place = np.zeros(2, np.int64)
        """Frames of this control step, and control steps."""

    def adopt(self, other: Dynamics) -> None:
        """Go on from another's state."""
        self.state[:] = other.state
        self.place[:] = other.place

    @property
    def reductions_db(self) -> tuple[float, ...]:
        return tuple(0.0 - float(held) for held in self.state[_HELD])

    @property
    def mean_reductions_db(self) -> tuple[float, ...]:
        """Where the level came within 20 dB of the threshold; 0 where it never did."""
        return tuple(
            -float(total / count) if count else 0.0
            for total, count in zip(self.state[_SUM], self.state[_COUNT], strict=True)
        )


class MinimumPhaseCompressor:
    """Four bands by Linkwitz-Riley crossovers. With ratios of 1 and no gain it is the three of ``all_pass``."""

    def __init__(self, sample_rate_hz: int, channels: int, crossovers_hz: Float64, dynamics: Dynamics) -> None:
        self.sample_rate_hz, self.channels = sample_rate_hz, channels
        self.dynamics = dynamics
        self._coefficients = _tree(sample_rate_hz, crossovers_hz)
        pairs = -(-channels // 2)
        self._state = np.zeros((pairs, _LOW + 2 * _HALF))
        self._room = np.zeros(2 * PAIR * dynamics.control_frames)
        """Of each pair of channels: what the sections remember, and the power of this control step in lanes."""

    def successor(self, crossovers_hz: Float64, dynamics: Dynamics) -> MinimumPhaseCompressor:
        other = MinimumPhaseCompressor(self.sample_rate_hz, self.channels, crossovers_hz, dynamics)
        other._state[:] = self._state
        dynamics.adopt(self.dynamics)
        return other

    def process(self, block: Float32) -> Float32:
        """The compressed block, float32 ``(channels, n)``."""
        dynamics = self.dynamics
        block = np.ascontiguousarray(block)
        out = np.empty_like(block)
        _compress(
            block,
            self._coefficients,
            self._state,
            dynamics.settings,
            dynamics.control_frames,
            dynamics.state,
            dynamics.place,
            self._room,
            out,
        )
        return out


class LinearPhaseCompressor:
    """Four bands by filters of linear phase; ``latency_frames`` late. With ratios of 1 and no gain a delay."""

    def __init__(
        self, sample_rate_hz: int, channels: int, crossovers_hz: Float64, dynamics: Dynamics, taps: int
    ) -> None:
        self.sample_rate_hz, self._taps = sample_rate_hz, taps
        self.dynamics = dynamics
        self.latency_frames = taps // 2 + Convolver.latency_frames
        self._convolver = Convolver(channels, _low_passes(sample_rate_hz, crossovers_hz, taps))
        self._late = np.zeros((channels, self.latency_frames), np.float32)

    def successor(self, crossovers_hz: Float64, dynamics: Dynamics) -> LinearPhaseCompressor:
        channels = self._convolver.channels
        other = LinearPhaseCompressor(self.sample_rate_hz, channels, crossovers_hz, dynamics, self._taps)
        filters = _low_passes(self.sample_rate_hz, crossovers_hz, self._taps)
        other._convolver, other._late = self._convolver.successor(filters), self._late
        dynamics.adopt(self.dynamics)
        return other

    def process(self, block: Float32) -> Float32:
        """The compressed block, float32 ``(channels, n)``."""
        joined = np.concatenate([self._late, block], axis=1)
        self._late = joined[:, block.shape[1] :]
        delayed = np.ascontiguousarray(joined[:, : block.shape[1]])
        lows = self._convolver.process(block)
        out = np.empty_like(delayed)
        dynamics = self.dynamics
        _compress_bands(delayed, lows, dynamics.settings, dynamics.control_frames, dynamics.state, dynamics.place, out)
        return out


def all_pass(sample_rate_hz: int, crossovers_hz: Float64) -> Float64:
    """The three sections ``b0 b1 b2 a1 a2`` that the bands of minimum phase sum to, shape ``(3, 5)``."""
    return np.array([_butterworth(sample_rate_hz, crossover)[2] for crossover in crossovers_hz])


def _butterworth(sample_rate_hz: int, crossover_hz: float) -> Float64:
    """Low-pass, high-pass and, of the same poles, the all-pass that their squares sum to, by the bilinear transform."""
    k = math.tan(math.pi * min(crossover_hz / sample_rate_hz, _HIGHEST_CROSSOVER))
    a0 = 1.0 + k / _BUTTERWORTH_Q + k * k
    a1, a2 = 2.0 * (k * k - 1.0) / a0, (1.0 - k / _BUTTERWORTH_Q + k * k) / a0
    low, high = k * k / a0, 1.0 / a0
    return np.array(
        [[low, 2.0 * low, low, a1, a2], [high, -2.0 * high, high, a1, a2], [a2, a1, 1.0, a1, a2]], np.float64
    )


def _tree(sample_rate_hz: int, crossovers_hz: Float64) -> Float64:
    """The coefficients of ``_first_split`` and of both times ``_second_split``, each twice, for a pair of channels."""
    first, middle, last = (_butterworth(sample_rate_hz, crossover) for crossover in crossovers_hz)
    sections = [middle[0], middle[0], last[2], middle[1], middle[1], first[2]]
    for crossover in (first, last):
        sections += [crossover[0], crossover[0], crossover[1], crossover[1]]
    return np.repeat(np.array(sections).ravel(), PAIR)


def _low_passes(sample_rate_hz: int, crossovers_hz: Float64, taps: int) -> Float64:
    """Three low-passes with the magnitude of a Linkwitz-Riley one, shape ``(3, taps)``."""
    frequencies_hz = np.linspace(0.0, 0.5 * sample_rate_hz, taps // 2 + 1)
    ratios = frequencies_hz[None, :] / np.asarray(crossovers_hz)[:, None]
    return linear_phase(1.0 / (1.0 + ratios**4))


@fused_kernel
def _compress(
    block: Float32,
    coefficients: Float64,
    filters: Float64,
    settings: Float64,
    control_frames: int,
    state: Float64,
    place: NDArray[np.int64],
    room: Float64,
    out: Float32,
) -> None:
    channels, frames = block.shape
    start = 0
    while start < frames:
        counted = place[0]
        stop = min(frames, start + control_frames - counted)
        for pair in range(filters.shape[0]):
            left = 2 * pair
            right = min(left + 1, channels - 1)
            # The last of an odd number stands in both halves: it is written twice and counted once.
            source = (block[left], block[right])
            target = (out[left], out[right])
            _split_and_sum(source, target, start, stop, coefficients, filters[pair], state, counted, room)
        counted += stop - start
        if counted == control_frames:
            _gather_power(filters, channels, state)
            _control(settings, control_frames, state)
            counted = 0
            place[1] += 1
            if place[1] % _GUARD_STEPS == 0:
                for pair in range(filters.shape[0]):
                    for i in range(filters.shape[1]):
                        if abs(filters[pair, i]) < _TINY:
                            filters[pair, i] = 0.0
        place[0] = counted
        start = stop


@fused_kernel
def _first_split(room: Float64, count: int, c: Float64, s: Float64) -> None:
    """The middle crossover and each half's all-pass; lows in the first half of the room, highs in the second."""
    upper = room.size // 2
    a1, a2 = load(s, 0), load(s, 2)
    b1, b2 = load(s, 4), load(s, 6)
    p1, p2 = load(s, 8), load(s, 10)
    d1, d2 = load(s, 12), load(s, 14)
    e1, e2 = load(s, 16), load(s, 18)
    q1, q2 = load(s, 20), load(s, 22)
    for i in range(0, PAIR * count, PAIR):
        x = load(room, i)
        y = mul_add(load(c, 0), x, a1)
        a1 = sub_mul(mul_add(load(c, 2), x, a2), load(c, 6), y)
        a2 = sub_mul(mul(load(c, 4), x), load(c, 8), y)
        z = mul_add(load(c, 10), y, b1)
        b1 = sub_mul(mul_add(load(c, 12), y, b2), load(c, 16), z)
        b2 = sub_mul(mul(load(c, 14), y), load(c, 18), z)
        y = mul_add(load(c, 20), z, p1)
        p1 = sub_mul(mul_add(load(c, 22), z, p2), load(c, 26), y)
        p2 = sub_mul(mul(load(c, 24), z), load(c, 28), y)
        store(room, i, y)
        y = mul_add(load(c, 30), x, d1)
        d1 = sub_mul(mul_add(load(c, 32), x, d2), load(c, 36), y)
        d2 = sub_mul(mul(load(c, 34), x), load(c, 38), y)
        z = mul_add(load(c, 40), y, e1)
        e1 = sub_mul(mul_add(load(c, 42), y, e2), load(c, 46), z)
        e2 = sub_mul(mul(load(c, 44), y), load(c, 48), z)
        y = mul_add(load(c, 50), z, q1)
        q1 = sub_mul(mul_add(load(c, 52), z, q2), load(c, 56), y)
        q2 = sub_mul(mul(load(c, 54), z), load(c, 58), y)
        store(room, upper + i, y)
    store(s, 0, a1)
    store(s, 2, a2)
    store(s, 4, b1)
    store(s, 6, b2)
    store(s, 8, p1)
    store(s, 10, p2)
    store(s, 12, d1)
    store(s, 14, d2)
    store(s, 16, e1)
    store(s, 18, e2)
    store(s, 20, q1)
    store(s, 22, q2)


@fused_kernel
def _second_split(
    room: Float64, count: int, c: Float64, s: Float64, gains: Float64, steps: Float64, counted: int
) -> None:
    """One of the other crossovers: the sum of its two bands, each with its gain, in place of what came in."""
    a1, a2 = load(s, 0), load(s, 2)
    b1, b2 = load(s, 4), load(s, 6)
    d1, d2 = load(s, 8), load(s, 10)
    e1, e2 = load(s, 12), load(s, 14)
    low_power, high_power = load(s, 16), load(s, 18)
    low_start, high_start = pair_of(gains[0], gains[0]), pair_of(gains[1], gains[1])
    low_step, high_step = pair_of(steps[0], steps[0]), pair_of(steps[1], steps[1])
    passed, one = pair_of(float(counted), float(counted)), pair_of(1.0, 1.0)
    for i in range(0, PAIR * count, PAIR):
        x = load(room, i)
        passed = add(passed, one)
        y = mul_add(load(c, 0), x, a1)
        a1 = sub_mul(mul_add(load(c, 2), x, a2), load(c, 6), y)
        a2 = sub_mul(mul(load(c, 4), x), load(c, 8), y)
        low = mul_add(load(c, 10), y, b1)
        b1 = sub_mul(mul_add(load(c, 12), y, b2), load(c, 16), low)
        b2 = sub_mul(mul(load(c, 14), y), load(c, 18), low)
        y = mul_add(load(c, 20), x, d1)
        d1 = sub_mul(mul_add(load(c, 22), x, d2), load(c, 26), y)
        d2 = sub_mul(mul(load(c, 24), x), load(c, 28), y)
        high = mul_add(load(c, 30), y, e1)
        e1 = sub_mul(mul_add(load(c, 32), y, e2), load(c, 36), high)
        e2 = sub_mul(mul(load(c, 34), y), load(c, 38), high)
        low_power = mul_add(low, low, low_power)
        high_power = mul_add(high, high, high_power)
        y = mul(high, mul_add(high_step, passed, high_start))
        store(room, i, mul_add(low, mul_add(low_step, passed, low_start), y))
    store(s, 0, a1)
    store(s, 2, a2)
    store(s, 4, b1)
    store(s, 6, b2)
    store(s, 8, d1)
    store(s, 10, d2)
    store(s, 12, e1)
    store(s, 14, e2)
    store(s, 16, low_power)
    store(s, 18, high_power)


@fused_kernel
def _split_and_sum(
    source: tuple[Float32, Float32],
    target: tuple[Float32, Float32],
    start: int,
    stop: int,
    coefficients: Float64,
    filters: Float64,
    state: Float64,
    counted: int,
    room: Float64,
) -> None:
    """Two channels from ``start`` to ``stop``."""
    count, upper = stop - start, room.size // 2
    for i in range(count):
        room[PAIR * i] = source[0][start + i]
        room[PAIR * i + 1] = source[1][start + i]
    _first_split(room, count, coefficients[:_TREE_LOW], filters[:_LOW])
    for half in range(2):
        c = coefficients[_TREE_LOW + half * _TREE_STEP :]
        s = filters[_LOW + half * _HALF :]
        part = room[half * upper : (half + 1) * upper]
        _second_split(part, count, c, s, state[_GAIN, 2 * half :], state[_STEP, 2 * half :], counted)
    for i in range(count):
        target[0][start + i] = room[PAIR * i] + room[upper + PAIR * i]
        target[1][start + i] = room[PAIR * i + 1] + room[upper + PAIR * i + 1]


@fused_kernel
def _gather_power(filters: Float64, channels: int, state: Float64) -> None:
    """From the lanes of all pairs into the bands' detectors."""
    for pair in range(filters.shape[0]):
        for band in range(BANDS):
            left = _LOW + (band // 2) * _HALF + _POWERS + PAIR * (band % 2)
            state[_POWER, band] += filters[pair, left]
            if 2 * pair + 1 < channels:
                state[_POWER, band] += filters[pair, left + 1]
            filters[pair, left] = 0.0
            filters[pair, left + 1] = 0.0


@fused_kernel
def _compress_bands(
    delayed: Float32,
    lows: Float32,
    settings: Float64,
    control_frames: int,
    state: Float64,
    place: NDArray[np.int64],
    out: Float32,
) -> None:
    """The bands are what lies between the low-passed streams ``(3, channels, n)``, and over the last of them."""
    channels, frames = delayed.shape
    start = 0
    while start < frames:
        counted = place[0]
        stop = min(frames, start + control_frames - counted)
        for i in range(start, stop):
            for channel in range(channels):
                below, total = 0.0, 0.0
                for band in range(BANDS):
                    top = float(lows[band, channel, i]) if band < BANDS - 1 else float(delayed[channel, i])
                    x = top - below
                    below = top
                    state[_POWER, band] += x * x
                    gain = state[_GAIN, band] + state[_STEP, band] * (counted + i - start + 1)
                    total += x * gain
                out[channel, i] = total
        counted += stop - start
        if counted == control_frames:
            _control(settings, control_frames, state)
            counted = 0
        place[0] = counted
        start = stop


@fused_kernel
def _control(settings: Float64, control_frames: int, state: Float64) -> None:
    """One reading of each detector; the gain that follows from it is reached at the end of the next step."""
    for band in range(BANDS):
        mean = state[_POWER, band] / control_frames
        mean += settings[band, _DETECTOR] * (state[_MEAN, band] - mean)
        state[_MEAN, band] = mean if mean > _TINY else 0.0
        state[_POWER, band] = 0.0
        wanted = 0.0
        if settings[band, _SLOPE] > 0.0:
            over = _LUFS_OFFSET_DB + 10.0 * np.log10(mean + _SILENT_POWER) - settings[band, _THRESHOLD]
            if over >= 0.5 * _KNEE_DB:
                wanted = settings[band, _SLOPE] * over
            elif over > -0.5 * _KNEE_DB:
                wanted = settings[band, _SLOPE] * (over + 0.5 * _KNEE_DB) ** 2 / (2.0 * _KNEE_DB)
            if over > _COUNTED_LEVEL_DB:
                state[_SUM, band] += state[_HELD, band]
                state[_COUNT, band] += 1.0
        left = settings[band, _ATTACK] if wanted > state[_HELD, band] else settings[band, _RELEASE]
        held = wanted + left * (state[_HELD, band] - wanted)
        state[_HELD, band] = held if held > 1e-9 else 0.0
        state[_GAIN, band] += state[_STEP, band] * control_frames
        gain = settings[band, _MAKE_UP]
        if held > 1e-9:
            gain *= np.exp(-_NEPERS * held)
        state[_STEP, band] = (gain - state[_GAIN, band]) / control_frames
