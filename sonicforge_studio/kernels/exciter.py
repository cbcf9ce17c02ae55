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
_FILTER_DELAY = _OUTER_TAPS + _INNER_TAPS // 2 - 1
_TILE = 512
"""All that is done to so many frames stays in the processor's cache."""
_PAST = 80
"""So much of what came before lies before a tile: more than the filters' delay."""
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
        self.latency_frames = self._look_ahead + _FILTER_DELAY
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
        self._band = np.zeros((channels, self._look_ahead + _TILE), np.float32)
        self._before, self._behind = np.zeros((channels, 4)), np.zeros((channels, 4))
        self._envelopes = np.zeros((channels, 3), np.float32)
        self._peaks = np.zeros((channels, _HOLD_STEPS), np.float32)
        self._maxima = np.zeros((channels, _SMOOTHING_STEPS), np.float32)
        self._rows = np.zeros((channels, 9, _PAST + _TILE), np.float32)
        self._projections = np.zeros((channels, 8))
        # As of a Gaussian band of the usual power: E[u·f(u)] / E[u²] with E[u⁴] = 3σ⁴ and E[u⁶] = 15σ⁶.
        p = self._polynomial
        share = p[1] + 3.0 * p[3] * _USUAL_POWER + 15.0 * p[5] * _USUAL_POWER**2
        self._projections[:, (_FIRST_POWER, _MEAN_POWER)] = _USUAL_POWER
        self._projections[:, (_FIRST_PRODUCT, _MEAN_PRODUCT)] = share * _USUAL_POWER
        self._projections[:, _SHARE] = share

    def process(self, block: Float32) -> Float32:
        """The block, float32 ``(channels, n)``, finite."""
        frames, latency_frames = block.shape[1], self.latency_frames
        early = min(frames, latency_frames)
        out = np.empty(block.shape, np.float32)
        out[:, :early] = self._sound[:, :early]
        out[:, early:] = block[:, : frames - early]
        self._sound = np.concatenate((self._sound[:, early:], block[:, frames - early :]), axis=1)
        if not self._idle:
            _excite(
                np.ascontiguousarray(block),
                self._position,
                self._corner,
                self._outer,
                self._inner,
                self._polynomial,
                self._ramp,
                self._left,
                self._gain,
                self._band,
                self._before,
                self._behind,
                self._envelopes,
                self._peaks,
                self._maxima,
                self._rows,
                self._projections,
                out,
            )
            self._position += frames
        return out


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


@kernel
def _excite(
    block: Float32,
    position: int,
    corner: float,
    outer: Float32,
    inner: Float32,
    polynomial: Float32,
    ramp: Float32,
    left: float,
    gain: float,
    bands: Float32,
    before: Float64,
    behind: Float64,
    envelopes: Float32,
    peaks: Float32,
    maxima: Float32,
    rows: Float32,
    projections: Float64,
    out: Float32,
) -> None:
    """Add the harmonics to ``out``."""
    channels, frames = block.shape
    look_ahead = bands.shape[1] - _TILE
    added, spare = np.empty((channels, _TILE), np.float32), np.empty((3, bands.shape[1]), np.float32)
    for start in range(0, frames, _TILE):
        count = min(_TILE, frames - start)
        for first in range(0, channels, 2):
            second = min(first + 1, channels - 1)
            one, other = block[first, start : start + count], block[second, start : start + count]
            _high_pass(
                one, other, corner, before[first], before[second], bands[first, look_ahead:], bands[second, look_ahead:]
            )
        for channel in range(channels):
            band, own = bands[channel], rows[channel]
            level, envelope, harmonics = own[0, _PAST:], own[1, _PAST:], added[channel, :count]
            _envelope(
                band[look_ahead : look_ahead + count],
                position + start,
                envelopes[channel],
                peaks[channel],
                maxima[channel],
                ramp,
                envelope,
            )
            for i in range(count):
                level[i] = band[i] / envelope[i]
            _shape(own, outer, inner, polynomial, spare, harmonics)
            late, late_envelope = own[0, _PAST - _FILTER_DELAY :], own[1, _PAST - _FILTER_DELAY :]
            _project(harmonics, late, late_envelope, position + start, ramp, left, gain, projections[channel], spare[0])
            _move(band, look_ahead, count, spare[0])
            for number in range(own.shape[0]):
                _move(own[number], _PAST, count, spare[0])
        for first in range(0, channels, 2):
            second = min(first + 1, channels - 1)
            one, other = spare[1, :count], spare[2, :count]
            _high_pass(added[first, :count], added[second, :count], corner, behind[first], behind[second], one, other)
            target = out[first, start : start + count]
            for i in range(count):
                target[i] += one[i]
            if second > first:
                target = out[second, start : start + count]
                for i in range(count):
                    target[i] += other[i]


@kernel
def _move(row: Float32, past: int, count: int, spare: Float32) -> None:
    """After ``count`` frames: what is the past by now moves to the front."""
    for i in range(past):
        spare[i] = row[count + i]
    for i in range(past):
        row[i] = spare[i]


@fused_kernel
def _high_pass(
    one: Float32,
    other: Float32,
    g: float,
    state: Float64,
    other_state: Float64,
    out: Float32,
    other_out: Float32,
) -> None:
    """A second-order Butterworth by the bilinear transform; two channels at a time, for each waits on its last value,
    with a single product between the two."""
    scale = 1.0 / (1.0 + g * (math.sqrt(2.0) + g))
    f1, f2 = 2.0 * (1.0 - g * g) * scale, -(1.0 - g * (math.sqrt(2.0) - g)) * scale
    a1, a2, y1, y2 = state
    b1, b2, z1, z2 = other_state
    for i in range(one.size):
        a, b = float(one[i]), float(other[i])
        # A sum of one product can be fused in one way only: the gain comes last.
        y1, y2 = f1 * y1 + (f2 * y2 + (a - 2.0 * a1 + a2)), y1
        z1, z2 = f1 * z1 + (f2 * z2 + (b - 2.0 * b1 + b2)), z1
        a1, a2, b1, b2 = a, a1, b, b1
        out[i], other_out[i] = scale * y1, scale * z1
    state[0], state[1] = a1, a2
    other_state[0], other_state[1] = b1, b2
    state[2] = y1 if abs(y1) > _TINY else 0.0
    state[3] = y2 if abs(y2) > _TINY else 0.0
    other_state[2] = z1 if abs(z1) > _TINY else 0.0
    other_state[3] = z2 if abs(z2) > _TINY else 0.0


@kernel
def _envelope(
    band: Float32, position: int, state: Float32, peaks: Float32, maxima: Float32, ramp: Float32, envelope: Float32
) -> None:
    """What the band is divided by, in step with the band five steps ago: a line through means of held maxima, none of
    them under a sample that it stands over."""
    frames, step_frames = band.size, ramp.size
    # Without their sign the bits of float32 order as integers do, and a maximum of integers is vectorised.
    bits, held_bits = band.view(np.int32), peaks.view(np.int32)
    peak_bits = state.view(np.int32)[_PEAK]
    before, after = state[_BEFORE], state[_AFTER]
    start = 0
    while start < frames:
        counted = (position + start) % step_frames
        stop = min(frames, start + step_frames - counted)
        slope = (after - before) / np.float32(step_frames)
        line, levels, news = ramp[counted:], envelope[start:stop], bits[start:stop]
        for i in range(stop - start):
            peak_bits = max(peak_bits, news[i] & _WITHOUT_SIGN)
            levels[i] = max(before + slope * line[i], _FLOOR) * _HEADROOM
        start = stop
        if (position + stop) % step_frames == 0:
            step = (position + stop) // step_frames - 1
            held_bits[step % _HOLD_STEPS] = peak_bits
            highest = np.int32(0)
            for number in range(held_bits.size):
                highest = max(highest, held_bits[number])
            maxima.view(np.int32)[step % _SMOOTHING_STEPS] = highest
            before, after, peak_bits = after, _ZERO, np.int32(0)
            for number in range(_SMOOTHING_STEPS):
                after += maxima[number] / np.float32(_SMOOTHING_STEPS)
    state.view(np.int32)[_PEAK] = peak_bits
    state[_BEFORE], state[_AFTER] = before, after


@fused_kernel
def _between(row: Float32, taps: Float32, sums: Float32) -> None:
    """Add ``Σ taps[j]·row[i + j]`` to ``sums[i]``, many samples at once. The taps are symmetrical: six at a time and
    their six mirror images are as many numbers as the registers hold."""
    count = sums.size
    for tap in range(0, taps.size // 2, 6):
        t0, t1, t2, t3, t4, t5 = taps[tap], taps[tap + 1], taps[tap + 2], taps[tap + 3], taps[tap + 4], taps[tap + 5]
        near, far = row[tap : tap + count + 5], row[taps.size - tap - 6 : taps.size - tap + count - 1]
        for i in range(count):
            value = sums[i] + t0 * (near[i] + far[i + 5]) + t1 * (near[i + 1] + far[i + 4])
            value = value + t2 * (near[i + 2] + far[i + 3]) + t3 * (near[i + 3] + far[i + 2])
            sums[i] = value + t4 * (near[i + 4] + far[i + 1]) + t5 * (near[i + 5] + far[i])


@fused_kernel
def _between_pairs(one: Float32, other: Float32, taps: Float32, even: Float32, odd: Float32) -> None:
    """As ``_between`` with the twelve inner taps, of a row that lies in two: its even samples in ``one``, its odd ones
    in ``other``, which begins one sample earlier. What lies after the even samples is added to ``even``, what lies
    after the odd ones to ``odd``."""
    # The taps are symmetrical, t0 t1 t2 t3 t4 t5 t5 t4 t3 t2 t1 t0: every other one is those of the rest backwards.
    t0, t1, t2, t3, t4, t5 = taps[0], taps[1], taps[2], taps[3], taps[4], taps[5]
    # The same number as t5, which the compiler does not know: a product that two sums share may be fused or not.
    t6 = taps[6]
    count = even.size
    a, b = one[: count + 5], other[: count + 6]
    for i in range(count):
        # A sum that begins with no product can be fused in one way only.
        value = even[i] + t1 * a[i] + t3 * a[i + 1] + t5 * a[i + 2] + t4 * a[i + 3] + t2 * a[i + 4] + t0 * a[i + 5]
        value = value + t0 * b[i] + t2 * b[i + 1] + t4 * b[i + 2] + t5 * b[i + 3] + t3 * b[i + 4] + t1 * b[i + 5]
        even[i] = value
        value = odd[i] + t0 * a[i] + t2 * a[i + 1] + t4 * a[i + 2] + t5 * a[i + 3] + t3 * a[i + 4] + t1 * a[i + 5]
        value = value + t1 * b[i + 1] + t3 * b[i + 2] + t6 * b[i + 3] + t4 * b[i + 4] + t2 * b[i + 5] + t0 * b[i + 6]
        odd[i] = value


@fused_kernel
def _bend(values: Float32, polynomial: Float32, out: Float32) -> None:
    p1, p2, p3, p4, p5 = polynomial[1], polynomial[2], polynomial[3], polynomial[4], polynomial[5]
    for i in range(out.size):
        x = min(values[i], _HIGHEST_INPUT)
        x = max(x, -_HIGHEST_INPUT)
        out[i] = x * (p1 + x * (p2 + x * (p3 + x * (p4 + x * p5))))


@kernel
def _shape(rows: Float32, outer: Float32, inner: Float32, polynomial: Float32, spare: Float32, out: Float32) -> None:
    """Up, through the polynomial, and down again, of the newest of the first row: ``_FILTER_DELAY`` late.

    No rate lies in one row: the double one in two, even samples and odd, the fourfold one in four, so that each loop
    runs over neighbours. Each row begins with ``_PAST`` samples of the past.
    """
    count, now, middle = out.size, _PAST, _PAST - _OUTER_TAPS // 2
    single, odd, on_even, on_odd = rows[0], rows[2], rows[3], rows[4]
    off_even, off_odd, back_even, back_odd = rows[5], rows[6], rows[7], rows[8]
    new = slice(now, now + count)
    odd[new] = _ZERO
    _between(single[now - _OUTER_TAPS + 1 :], outer, odd[new])
    # The even samples of the double rate are those of the single one, half the filter ago.
    _bend(single[middle - 3 :], polynomial, on_even[new])
    _bend(odd[now - 3 :], polynomial, on_odd[new])
    even_sums, odd_sums = spare[0, :count], spare[1, :count]
    even_sums[:], odd_sums[:] = _ZERO, _ZERO
    _between_pairs(single[middle - 5 :], odd[now - 6 :], inner, even_sums, odd_sums)
    _bend(even_sums, polynomial, off_even[new])
    _bend(odd_sums, polynomial, off_odd[new])
    back_odd[new], back_even[new] = on_odd[now - 3 : now - 3 + count], on_even[now - 2 : now - 2 + count]
    _between_pairs(off_even[now - 5 :], off_odd[now - 6 :], inner, back_odd[new], back_even[new])
    out[:] = back_even[middle : middle + count]
    _between(back_odd[now - _OUTER_TAPS + 1 :], outer, out)
    for i in range(count):
        out[i] *= _QUARTER


@kernel
def _project(
    harmonics: Float32,
    level: Float32,
    envelope: Float32,
    position: int,
    ramp: Float32,
    left: float,
    gain: float,
    state: Float64,
    shares: Float32,
) -> None:
    """Take the band's own share out of the harmonics, and give them the band's level times ``gain``; in place.
    ``level`` and ``envelope`` are what went in, in step with them."""
    frames, step_frames = harmonics.size, ramp.size
    product, power = state[_PRODUCT], state[_POWER]
    start = 0
    while start < frames:
        counted = (position + start) % step_frames
        stop = min(frames, start + step_frames - counted)
        share, slope = np.float32(state[_SHARE]), np.float32(state[_SLOPE])
        line, now = ramp[counted:], shares[start:stop]
        for i in range(stop - start):
            now[i] = share + slope * line[i]
        for i in range(start, stop):
            x, y = float(level[i]), float(harmonics[i])
            product += x * y
            power += x * x
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
    loudness = np.float32(gain)
    for i in range(frames):
        harmonics[i] = (harmonics[i] - shares[i] * level[i]) * (envelope[i] * loudness)
