"""The exciter: new harmonics of what lies above a frequency, made four times oversampled and added to the sound.

The band is divided by its own smooth envelope, so that loud and quiet get the same share of harmonics, and goes through
a polynomial whose degree is 5 at most: of a tone up to 20 kHz it makes nothing that the oversampled rate folds back
into hearing. What the polynomial returns of the band itself is measured and taken away: only what is new is added.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fused_kernel, kernel

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_OUTER_TAPS, _INNER_TAPS = 72, 12
"""Half-band filters to twice and to four times the rate: flat to 0.4535 of the rate, 96 dB down from 0.5465 on."""
_KAISER_BETA = 9.62
_TILE = 256
_PIECE_FRAMES = 16_384
_STEP_SECONDS = 0.0007
_HOLD_STEPS, _SMOOTHING_STEPS = 64, 4
_HEADROOM = np.float32(1.15)
"""Between samples the band rises over its envelope."""
_HIGHEST_INPUT = np.float32(1.2)
_FLOOR = np.float32(1e-4)
"""Quieter than −80 dBFS the harmonics fade out."""
_FULL_DRIVE_DB = 24.0
_HIGHER_SHARE = 0.6
"""Of the second harmonic of each kind against the first, driven fully."""
_PROJECTION_SECONDS = 0.040
_USUAL_POWER = 0.09
"""Of the band under its envelope; what the projection begins with."""
_TINY = 1e-30
_QUARTER = np.float32(0.25)
_ZERO = np.float32(0.0)
_WITHOUT_SIGN = np.int32(0x7FFFFFFF)

_PEAK, _BEFORE, _AFTER = range(3)
"""State of an envelope: the highest level of this step, the envelope at both ends of the step that leaves."""
_PRODUCT, _POWER, _FIRST_PRODUCT, _FIRST_POWER, _MEAN_PRODUCT, _MEAN_POWER, _SHARE, _SLOPE = range(8)
"""State of a projection: sums of this step, their slow means and the slow means of these, the band's share in
the harmonics and how it moves."""


class Exciter:
    """Adds ``amount`` of the harmonics; the sound itself comes out as it was, ``latency_frames`` late."""

    def __init__(
        self,
        sample_rate_hz: int,
        channels: int,
        *,
        frequency_hz: float,
        drive_db: float,
        harmonics: Literal["even", "odd", "both"],
        amount: float,
    ) -> None:
        self._step_frames = max(8, round(_STEP_SECONDS * sample_rate_hz))
        self._look_ahead = (_SMOOTHING_STEPS + 1) * self._step_frames
        self._filter_delay = _OUTER_TAPS + _INNER_TAPS // 2 - 1
        self.latency_frames = self._look_ahead + self._filter_delay
        # Above this nothing is left that harmonics could be made of.
        self._idle = amount == 0.0 or frequency_hz >= 0.4 * sample_rate_hz
        self._corner = math.tan(math.pi * min(frequency_hz, 0.4 * sample_rate_hz) / sample_rate_hz)
        self._polynomial = _polynomial(drive_db, harmonics)
        self._gain = amount * 10.0 ** ((drive_db - _FULL_DRIVE_DB) / 20.0)
        self._outer, self._inner = _half_band(_OUTER_TAPS), _half_band(_INNER_TAPS)
        self._ramp = np.arange(self._step_frames, dtype=np.float32)
        self._left = math.exp(-self._step_frames / (_PROJECTION_SECONDS * sample_rate_hz))
        self._position = 0
        self._sound = np.zeros((channels, self.latency_frames), np.float32)
        self._band = np.zeros((channels, self._look_ahead), np.float32)
        self._carried = np.zeros((2, channels, self._filter_delay), np.float32)
        self._before, self._behind = np.zeros((channels, 2)), np.zeros((channels, 2))
        self._envelopes = np.zeros((channels, 3), np.float32)
        self._peaks = np.zeros((channels, _HOLD_STEPS), np.float32)
        self._maxima = np.zeros((channels, _SMOOTHING_STEPS), np.float32)
        self._rows = np.zeros((channels, 8, _OUTER_TAPS + _TILE), np.float32)
        self._projections = np.zeros((channels, 8))
        # As of a Gaussian band of the usual power: E[u·f(u)] / E[u²] with E[u⁴] = 3σ⁴ and E[u⁶] = 15σ⁶.
        p = self._polynomial
        share = p[1] + 3.0 * p[3] * _USUAL_POWER + 15.0 * p[5] * _USUAL_POWER**2
        self._projections[:, (_FIRST_POWER, _MEAN_POWER)] = _USUAL_POWER
        self._projections[:, (_FIRST_PRODUCT, _MEAN_PRODUCT)] = share * _USUAL_POWER
        self._projections[:, _SHARE] = share

    def process(self, block: Float32) -> Float32:
        """The block, float32 ``(channels, n)``, finite."""
        frames = block.shape[1]
        joined = np.concatenate((self._sound, block), axis=1)
        self._sound = joined[:, frames:].copy()
        out = joined[:, :frames]
        if not self._idle:
            # In pieces that stay in the processor's cache.
            for start in range(0, frames, _PIECE_FRAMES):
                piece = slice(start, min(frames, start + _PIECE_FRAMES))
                out[:, piece] += self._harmonics(np.ascontiguousarray(block[:, piece]))
        return np.ascontiguousarray(out)

    def _harmonics(self, block: Float32) -> Float32:
        frames = block.shape[1]
        band, harmonics = np.empty(block.shape, np.float32), np.empty(block.shape, np.float32)
        _high_pass(block, self._corner, self._before, band)
        waiting = np.concatenate((self._band, band), axis=1)
        self._band = waiting[:, frames:].copy()
        late = np.empty((2, block.shape[0], self._filter_delay + frames), np.float32)
        late[:, :, : self._filter_delay] = self._carried
        _envelope(
            band, self._position, self._step_frames, self._envelopes, self._peaks, self._maxima, self._ramp, late[1]
        )
        new = late[:, :, self._filter_delay :]
        np.divide(waiting[:, :frames], new[1], out=new[0])
        self._carried = late[:, :, frames:].copy()
        _shaped(late[0], self._outer, self._inner, self._polynomial, self._rows, harmonics)
        _project(harmonics, late, self._position, self._ramp, self._left, self._gain, self._projections)
        _high_pass(harmonics, self._corner, self._behind, band)
        self._position += frames
        return band


def _half_band(taps: int) -> Float32:
    """The taps between the samples, symmetrical, with the sum 1; those on them are 1 in the middle and 0."""
    offset = np.arange(taps) - (taps - 1) / 2
    row = np.sinc(offset) * np.kaiser(2 * taps + 1, _KAISER_BETA)[1::2]
    normalised: Float32 = (row / row.sum()).astype(np.float32)
    return normalised


def _polynomial(drive_db: float, harmonics: Literal["even", "odd", "both"]) -> Float32:
    """The coefficients of powers 0 to 5: Chebyshev's second to fifth, each of which makes the harmonic of its number
    out of a sine; without their constants, so that silence stays silent."""
    higher = _HIGHER_SHARE * drive_db / _FULL_DRIVE_DB
    even = np.array([0.0, 0.0, 2.0 - 8.0 * higher, 0.0, 8.0 * higher, 0.0])
    odd = np.array([0.0, 5.0 * higher - 3.0, 0.0, 4.0 - 20.0 * higher, 0.0, 16.0 * higher])
    kinds = {"even": even, "odd": odd, "both": math.sqrt(0.5) * (even + odd)}
    coefficients: Float32 = kinds[harmonics].astype(np.float32)
    return coefficients


@fused_kernel
def _high_pass(block: Float32, g: float, state: Float64, out: Float32) -> None:
    """A second-order Butterworth as a state-variable filter; two channels at a time, for each waits on its last value.
    ``block`` and ``out`` may not be the same."""
    channels, frames = block.shape
    # The filter solved for its next state: only two products wait for the last one.
    damping = math.sqrt(2.0) + g
    scale = 1.0 / (1.0 + g * damping)
    x1, x2 = 2.0 * g * scale, 2.0 * g * g * scale
    s11, s21, s22 = 1.0 - x1 * damping, 2.0 * g - x2 * damping, 1.0 - x2
    o1, o2 = damping * scale, scale
    for first in range(0, channels, 2):
        second = min(first + 1, channels - 1)
        one, other = block[first], block[second]
        one_out, other_out = out[first], out[second]
        a1, a2 = state[first, 0], state[first, 1]
        b1, b2 = state[second, 0], state[second, 1]
        for i in range(frames):
            a, b = float(one[i]), float(other[i])
            one_out[i] = scale * a - (o1 * a1 + o2 * a2)
            other_out[i] = scale * b - (o1 * b1 + o2 * b2)
            a1, a2 = s11 * a1 + (x1 * a - x1 * a2), s21 * a1 + (x2 * a + s22 * a2)
            b1, b2 = s11 * b1 + (x1 * b - x1 * b2), s21 * b1 + (x2 * b + s22 * b2)
        state[first, 0] = a1 if abs(a1) > _TINY else 0.0
        state[first, 1] = a2 if abs(a2) > _TINY else 0.0
        state[second, 0] = b1 if abs(b1) > _TINY else 0.0
        state[second, 1] = b2 if abs(b2) > _TINY else 0.0


@kernel
def _envelope(
    band: Float32,
    position: int,
    step_frames: int,
    states: Float32,
    peaks: Float32,
    maxima: Float32,
    ramp: Float32,
    envelope: Float32,
) -> None:
    """What the band is divided by, in step with the band five steps ago: a line through means of held maxima, none of
    them under a sample that it stands over. It fills the end of ``envelope``."""
    channels, frames = band.shape
    for channel in range(channels):
        # Without their sign the bits of float32 order as integers do, and a maximum of integers is vectorised.
        bits, target = band[channel].view(np.int32), envelope[channel, envelope.shape[1] - frames :]
        peak_bits = states.view(np.int32)[channel, _PEAK]
        before, after = states[channel, _BEFORE], states[channel, _AFTER]
        start = 0
        while start < frames:
            counted = (position + start) % step_frames
            stop = min(frames, start + step_frames - counted)
            slope = (after - before) / np.float32(step_frames)
            highest = np.int32(0)
            for i in range(start, stop):
                highest = max(highest, bits[i] & _WITHOUT_SIGN)
            peak_bits = max(peak_bits, highest)
            line, levels = ramp[counted : counted + stop - start], target[start:stop]
            for i in range(stop - start):
                level = before + slope * line[i]
                levels[i] = max(level, _FLOOR) * _HEADROOM
            start = stop
            if (position + stop) % step_frames == 0:
                step = (position + stop) // step_frames - 1
                peaks.view(np.int32)[channel, step % _HOLD_STEPS] = peak_bits
                maxima[channel, step % _SMOOTHING_STEPS] = peaks[channel].max()
                before, after, peak_bits = after, _ZERO, np.int32(0)
                for number in range(_SMOOTHING_STEPS):
                    after += maxima[channel, number] / np.float32(_SMOOTHING_STEPS)
        states.view(np.int32)[channel, _PEAK] = peak_bits
        states[channel, _BEFORE], states[channel, _AFTER] = before, after


@fused_kernel
def _between(row: Float32, taps: Float32, count: int, begun: Float32, out: Float32) -> None:
    """``out[i] = begun[i] + Σ taps[j]·row[i + j]``, six taps at a time and many samples at once."""
    first, target = begun[:count], out[:count]
    for i in range(count):
        target[i] = first[i]
    for tap in range(0, taps.size, 6):
        t0, t1, t2, t3, t4, t5 = taps[tap], taps[tap + 1], taps[tap + 2], taps[tap + 3], taps[tap + 4], taps[tap + 5]
        near = row[tap : tap + count + 5]
        for i in range(count):
            value = target[i] + t0 * near[i] + t1 * near[i + 1] + t2 * near[i + 2]
            target[i] = value + t3 * near[i + 3] + t4 * near[i + 4] + t5 * near[i + 5]


@fused_kernel
def _between_pairs(
    one: Float32, other: Float32, taps: Float32, count: int, odd: int, begun: Float32, out: Float32
) -> None:
    """As ``_between`` with the twelve inner taps, of a row that lies in two: its even samples in ``one``, its odd ones
    in ``other``, which begins one sample earlier. What lies after the even samples comes, or after the ``odd`` ones."""
    t0, t1, t2, t3, t4, t5 = taps[0], taps[1], taps[2], taps[3], taps[4], taps[5]
    # The taps are symmetrical, t0 t1 t2 t3 t4 t5 t5 t4 t3 t2 t1 t0: every other one is those of the rest backwards.
    if odd:
        t0, t1, t2, t3, t4, t5 = t1, t0, t3, t2, t5, t4
    a, b, first, target = one[: count + 5], other[odd : odd + count + 5], begun[:count], out[:count]
    for i in range(count):
        # A sum that begins with no product can be fused in one way only.
        value = first[i] + t1 * a[i] + t3 * a[i + 1] + t5 * a[i + 2] + t4 * a[i + 3] + t2 * a[i + 4] + t0 * a[i + 5]
        value = value + t0 * b[i] + t2 * b[i + 1] + t4 * b[i + 2] + t5 * b[i + 3] + t3 * b[i + 4] + t1 * b[i + 5]
        target[i] = value


@fused_kernel
def _bend(values: Float32, polynomial: Float32, count: int, out: Float32) -> None:
    p1, p2, p3, p4, p5 = polynomial[1], polynomial[2], polynomial[3], polynomial[4], polynomial[5]
    row, target = values[:count], out[:count]
    for i in range(count):
        x = min(row[i], _HIGHEST_INPUT)
        x = max(x, -_HIGHEST_INPUT)
        target[i] = x * (p1 + x * (p2 + x * (p3 + x * (p4 + x * p5))))


@kernel
def _shaped(level: Float32, outer: Float32, inner: Float32, polynomial: Float32, rows: Float32, out: Float32) -> None:
    """Up, through the polynomial, and down again, of the end of ``level``: ``_OUTER_TAPS + _INNER_TAPS // 2 − 1`` late.

    No rate lies in one row: the double one in two, even samples and odd, the fourfold one in four, so that each loop
    runs over neighbours. Each row begins with ``_OUTER_TAPS`` samples of the past.
    """
    channels, frames = out.shape
    earlier = level.shape[1] - frames
    now, middle = _OUTER_TAPS, _OUTER_TAPS // 2
    nothing, sums = np.zeros(_TILE, np.float32), np.empty(_TILE, np.float32)
    for channel in range(channels):
        single, odd = rows[channel, 0], rows[channel, 1]
        on_even, on_odd, off_even, off_odd = (
            rows[channel, 2],
            rows[channel, 3],
            rows[channel, 4],
            rows[channel, 5],
        )
        back_even, back_odd = rows[channel, 6], rows[channel, 7]
        for start in range(0, frames, _TILE):
            count = min(_TILE, frames - start)
            single[now : now + count] = level[channel, earlier + start : earlier + start + count]
            _between(single[1:], outer, count, nothing, odd[now:])
            # The even samples of the double rate are those of the single one, half the filter ago.
            _bend(single[middle - 3 :], polynomial, count, on_even[now:])
            _bend(odd[now - 3 :], polynomial, count, on_odd[now:])
            one, other = single[middle - 5 :], odd[now - 6 :]
            _between_pairs(one, other, inner, count, 0, nothing, off_even[now:])
            _between_pairs(one, other, inner, count, 1, nothing, off_odd[now:])
            _bend(off_even[now:], polynomial, count, off_even[now:])
            _bend(off_odd[now:], polynomial, count, off_odd[now:])
            one, other = off_even[now - 5 :], off_odd[now - 6 :]
            _between_pairs(one, other, inner, count, 0, on_odd[now - 3 :], back_odd[now:])
            _between_pairs(one, other, inner, count, 1, on_even[now - 2 :], back_even[now:])
            _between(back_odd[1:], outer, count, back_even[middle:], sums)
            target = out[channel, start : start + count]
            for i in range(count):
                target[i] = _QUARTER * sums[i]
            for number in range(rows.shape[1]):
                row = rows[channel, number]
                for i in range(now):
                    row[i] = row[count + i]


@kernel
def _project(
    harmonics: Float32,
    late: Float32,
    position: int,
    ramp: Float32,
    left: float,
    gain: float,
    states: Float64,
) -> None:
    """Take the band's own share out of the harmonics, and give them the band's level times ``gain``; in place. ``late``
    holds what went in and its envelope, in step with them."""
    channels, frames = harmonics.shape
    step_frames = ramp.size
    for channel in range(channels):
        row, level, envelope = harmonics[channel], late[0, channel], late[1, channel]
        state = states[channel]
        product, power = state[_PRODUCT], state[_POWER]
        start = 0
        while start < frames:
            counted = (position + start) % step_frames
            stop = min(frames, start + step_frames - counted)
            share, slope = state[_SHARE], state[_SLOPE]
            for i in range(start, stop):
                x, y = float(level[i]), float(row[i])
                product += x * y
                power += x * x
                row[i] = (y - (share + slope * ramp[counted + i - start]) * x) * (envelope[i] * gain)
            start = stop
            if (position + stop) % step_frames == 0:
                product /= step_frames
                power /= step_frames
                # In silence what is known of the band stays.
                if power > 1e-6:
                    product += left * (state[_FIRST_PRODUCT] - product)
                    power += left * (state[_FIRST_POWER] - power)
                    state[_FIRST_PRODUCT], state[_FIRST_POWER] = product, power
                    state[_MEAN_PRODUCT] = product + left * (state[_MEAN_PRODUCT] - product)
                    state[_MEAN_POWER] = power + left * (state[_MEAN_POWER] - power)
                state[_SHARE] += state[_SLOPE] * step_frames
                state[_SLOPE] = (state[_MEAN_PRODUCT] / state[_MEAN_POWER] - state[_SHARE]) / step_frames
                product, power = 0.0, 0.0
        state[_PRODUCT], state[_POWER] = product, power
