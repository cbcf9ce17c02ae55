"""The mastering chain's stages before the limiter: a Butterworth high-pass and a stereo-linked glue compressor.

Each carries its state from block to block: any division into blocks gives the same samples.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel
from sonicforge_studio.kernels.true_peak import LOUDEST

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_BUTTERWORTH_Q = math.sqrt(0.5)
_DENORMAL_GUARD_FRAMES = 4096
_TINY = 1e-30
"""In silence the filters would fade through denormal numbers, a hundred times slower."""

_CONTROL_SECONDS = 0.0007
"""How often the compressor reads its detector; in between its gain moves in a straight line."""
_DETECTOR_SECONDS = 0.010
_SIDE_CHAIN_HZ = 100.0
"""Below it the detector hears 6 dB less an octave: a kick drum does not pump the whole mix."""
_KNEE_DB = 6.0
_FAST_RELEASE_SECONDS = 0.120
_SLOW_ATTACK_SECONDS = 0.500
_SLOW_RELEASE_SECONDS = 1.200
_LUFS_OFFSET_DB = -0.691
_SILENT_POWER = 1e-12

_THRESHOLD, _SLOPE, _AMOUNT, _DETECTOR, _ATTACK, _RELEASE, _SLOW_ATTACK, _SLOW_RELEASE = range(8)
"""The compressor's settings, times as what is left of the distance after one control step."""
_POWER, _COUNTED, _MEAN, _FAST, _SLOW, _GAIN, _STEP = range(7)
"""Its state: power and frames of this control step, the detector, two envelopes in dB, the gain and how it moves."""


class HighPass:
    """A second-order Butterworth high-pass: takes away rumble and any constant offset.

    Passes everything on unchanged where ``cutoff_hz`` is 0, or so near half the rate that little would be left.
    """

    def __init__(self, sample_rate_hz: int, channels: int, cutoff_hz: float) -> None:
        self._coefficients = (
            high_pass_coefficients(sample_rate_hz, cutoff_hz) if 0.0 < cutoff_hz < 0.4 * sample_rate_hz else None
        )
        self._state = np.zeros((channels, 2))
        self._position = 0

    def process(self, block: Float32) -> Float32:
        """The filtered block, float32 ``(channels, n)``; NaN and whatever is no audio counts as 0."""
        clean = cleaned(block)
        if self._coefficients is None:
            return clean
        out = np.empty_like(clean)
        _high_pass(clean, self._coefficients, self._state, self._position, out)
        self._position += block.shape[1]
        return out


class GlueCompressor:
    """A gentle bus compressor: RMS detector over all channels, soft knee of 6 dB, automatic release, dry/wet.

    The detector's level is the summed power of the channels in LUFS terms without the K-weighting's shelf, under a
    first-order side-chain high-pass at 100 Hz; ``threshold_lufs`` is set against the track's own loudness. A short
    peak is let go within 120 ms, what lasts half a second or longer over more than a second (cf. Giannoulis, Massberg
    and Reiss, "Digital Dynamic Range Compressor Design", JAES 60(6), 2012).
    """

    def __init__(
        self,
        sample_rate_hz: int,
        channels: int,
        *,
        threshold_lufs: float,
        ratio: float,
        attack_ms: float = 30.0,
        amount: float = 1.0,
    ) -> None:
        if ratio < 1.0 or not 0.0 <= amount <= 1.0 or attack_ms <= 0.0:
            raise ValueError("a ratio is 1 or more, an amount from 0 to 1, an attack longer than 0")
        self._sample_rate_hz, self._channels = sample_rate_hz, channels
        self._control_frames = max(1, round(_CONTROL_SECONDS * sample_rate_hz))
        step_seconds = self._control_frames / sample_rate_hz
        left = [
            math.exp(-step_seconds / seconds)
            for seconds in (
                _DETECTOR_SECONDS,
                attack_ms / 1000.0,
                _FAST_RELEASE_SECONDS,
                _SLOW_ATTACK_SECONDS,
                _SLOW_RELEASE_SECONDS,
            )
        ]
        self._settings = np.array([threshold_lufs, 1.0 - 1.0 / ratio, amount, *left])
        self._side_chain_left = math.exp(-2.0 * math.pi * _SIDE_CHAIN_HZ / sample_rate_hz)
        self._side_chain = np.zeros(channels)
        self._state = np.zeros(7)
        self._state[_GAIN] = 1.0
        self._reduction = np.zeros(2)
        self._idle = ratio == 1.0 or amount == 0.0

    def successor(self, *, threshold_lufs: float, ratio: float, attack_ms: float, amount: float) -> GlueCompressor:
        """Other settings over what this one has heard so far."""
        other = GlueCompressor(
            self._sample_rate_hz,
            self._channels,
            threshold_lufs=threshold_lufs,
            ratio=ratio,
            attack_ms=attack_ms,
            amount=amount,
        )
        other._side_chain[:], other._state[:] = self._side_chain, self._state
        other._reduction[:] = self._reduction
        return other

    @property
    def reduction_db(self) -> float:
        """The gain reduction now, of the compressed sound beneath any dry one; ≤ 0."""
        return 0.0 if self._idle else -float(max(self._state[_FAST], self._state[_SLOW]))

    @property
    def mean_reduction_db(self) -> float:
        """Mean gain reduction where the level came within 20 dB of the threshold; ≤ 0, 0 where it never did."""
        return -float(self._reduction[0] / self._reduction[1]) if self._reduction[1] else 0.0

    def process(self, block: Float32) -> Float32:
        """The compressed block, float32 ``(channels, n)``, finite as the high-pass leaves it."""
        if self._idle:
            return block
        out = np.empty_like(block)
        _compress(
            np.ascontiguousarray(block),
            self._settings,
            self._control_frames,
            self._side_chain_left,
            self._side_chain,
            self._state,
            self._reduction,
            out,
        )
        return out


def high_pass_coefficients(sample_rate_hz: float, cutoff_hz: float) -> Float64:
    """``b0 b1 b2 a1 a2`` of the Butterworth high-pass, by the bilinear transform."""
    k = math.tan(math.pi * cutoff_hz / sample_rate_hz)
    a0 = 1.0 + k / _BUTTERWORTH_Q + k * k
    a1, a2 = 2.0 * (k * k - 1.0) / a0, (1.0 - k / _BUTTERWORTH_Q + k * k) / a0
    return np.array([1.0 / a0, -2.0 / a0, 1.0 / a0, a1, a2])


def cleaned(block: Float32) -> Float32:
    """The block, contiguous, with 0 for NaN, infinities and what lies 120 dB over full scale."""
    if block.size and not (block.max() <= LOUDEST and block.min() >= -LOUDEST):
        block = np.where(np.abs(block) <= LOUDEST, block, np.float32(0.0))
    return np.ascontiguousarray(block, np.float32)


@kernel
def _high_pass(block: Float32, coefficients: Float64, state: Float64, position: int, out: Float32) -> None:
    """Two channels at a time, for each waits on its last value."""
    b0, b1, b2, a1, a2 = coefficients[0], coefficients[1], coefficients[2], coefficients[3], coefficients[4]
    channels, frames = block.shape
    for first in range(0, channels, 2):
        second = min(first + 1, channels - 1)
        s1, s2, t1, t2 = state[first, 0], state[first, 1], state[second, 0], state[second, 1]
        one, other, one_out, other_out = block[first], block[second], out[first], out[second]
        start = 0
        while start < frames:
            guard = _DENORMAL_GUARD_FRAMES - (position + start) % _DENORMAL_GUARD_FRAMES
            stop = min(frames, start + guard)
            for i in range(start, stop):
                x, z = float(one[i]), float(other[i])
                y, w = b0 * x + s1, b0 * z + t1
                s1, t1 = b1 * x - a1 * y + s2, b1 * z - a1 * w + t2
                s2, t2 = b2 * x - a2 * y, b2 * z - a2 * w
                one_out[i] = y
                other_out[i] = w
            if stop == start + guard:
                if abs(s1) < _TINY and abs(s2) < _TINY:
                    s1, s2 = 0.0, 0.0
                if abs(t1) < _TINY and abs(t2) < _TINY:
                    t1, t2 = 0.0, 0.0
            start = stop
        state[first, 0], state[first, 1] = s1, s2
        state[second, 0], state[second, 1] = t1, t2


@kernel
def _compress(
    block: Float32,
    settings: Float64,
    control_frames: int,
    side_chain_left: float,
    side_chain: Float64,
    state: Float64,
    reduction: Float64,
    out: Float32,
) -> None:
    channels, frames = block.shape
    start = 0
    while start < frames:
        counted = int(state[_COUNTED])
        stop = min(frames, start + control_frames - counted)
        for channel in range(channels):
            low = side_chain[channel]
            source, target = block[channel], out[channel]
            power = 0.0
            for i in range(start, stop):
                x = float(source[i])
                low = x + side_chain_left * (low - x)
                power += (x - low) * (x - low)
                target[i] = x * (state[_GAIN] + state[_STEP] * (counted + i - start + 1))
            side_chain[channel] = low if abs(low) > _TINY else 0.0
            state[_POWER] += power
        counted += stop - start
        if counted == control_frames:
            _control(settings, control_frames, state, reduction)
            counted = 0
        state[_COUNTED] = counted
        start = stop


@kernel
def _control(settings: Float64, control_frames: int, state: Float64, reduction: Float64) -> None:
    """One reading of the detector; the gain that follows from it is reached at the end of the next step."""
    mean = state[_POWER] / control_frames
    mean += settings[_DETECTOR] * (state[_MEAN] - mean)
    state[_MEAN] = mean
    state[_POWER] = 0.0
    over = _LUFS_OFFSET_DB + 10.0 * np.log10(mean + _SILENT_POWER) - settings[_THRESHOLD]
    wanted = 0.0
    if over >= 0.5 * _KNEE_DB:
        wanted = settings[_SLOPE] * over
    elif over > -0.5 * _KNEE_DB:
        wanted = settings[_SLOPE] * (over + 0.5 * _KNEE_DB) ** 2 / (2.0 * _KNEE_DB)
    left = settings[_ATTACK] if wanted > state[_FAST] else settings[_RELEASE]
    state[_FAST] = wanted + left * (state[_FAST] - wanted)
    left = settings[_SLOW_ATTACK] if wanted > state[_SLOW] else settings[_SLOW_RELEASE]
    state[_SLOW] = wanted + left * (state[_SLOW] - wanted)
    held = max(state[_FAST], state[_SLOW])
    if over > -20.0:
        reduction[0] += held
        reduction[1] += 1.0
    state[_GAIN] += state[_STEP] * control_frames
    gain = 1.0 + settings[_AMOUNT] * (10.0 ** (-held / 20.0) - 1.0)
    state[_STEP] = (gain - state[_GAIN]) / control_frames
