"""One frame of the live spectrum analyser: window, both channels' FFT, bands, ballistics, peak hold, level meters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rocket_fft import c2c

from sonicforge_studio.kernels._jit import fast_kernel, kernel
from sonicforge_studio.kernels.bands import band_reach, band_weights, fractional_octave_bands, log_points, point_cells
from sonicforge_studio.kernels.weighting import WEIGHTINGS, weighting_db
from sonicforge_studio.kernels.windows import WINDOWS, lobe_bins, main_lobe, offset_response, window_samples

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Complex64 = NDArray[np.complex64]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

FLOOR_DB = -144.0
"""What silence reads: no level is ever lower."""

FFT_SIZES = (1024, 2048, 4096, 8192, 16384)
BANDS_PER_OCTAVE = (3, 6, 12, 24, 0)
LOG_POINTS = 512

_AT_ONCE = 1e6
"""Of seconds or dB/s: more than ever matters."""
_BALLISTICS = {
    # Averaging time in seconds and fall in dB/s. F and S of IEC 61672-1:2013, 5.8; I of IEC 60651, 7.5 with its peak
    # detector, which decays with 1.5 s.
    "fast": (0.125, _AT_ONCE),
    "slow": (1.0, _AT_ONCE),
    "impulse": (0.035, 10.0 * math.log10(math.e) / 1.5),
    "peak": (0.0, 26.0),
}
BALLISTICS = tuple(_BALLISTICS)

_LOUDEST_BITS = int(np.array(1e6, np.float32).view(np.int32))
_FAINTEST = 1e-20
_DB_PER_OCTAVE = 10.0 * math.log10(2.0)

_AVERAGING, _FALL, _HOLD, _HOLD_FALL, _LONGEST, _AVERAGED = range(6)
"""Places in a kernel's ``pace``: seconds, dB/s, seconds, dB/s, the seconds a frame may speak for, those averaged."""
_NOW, _SHOWN, _AVERAGE = range(3)


@dataclass(frozen=True, slots=True)
class SpectrumSettings:
    """What the analyser shows.

    ``bands_per_octave`` 0 is a logarithmic axis of ``LOG_POINTS`` points without bands. ``ballistics``: "fast" and
    "slow" average the power over 125 ms and 1 s, "impulse" over 35 ms and falls by 2.9 dB/s, "peak" rises at once and
    falls by 26 dB/s. A held peak stands ``hold_seconds`` (infinity: for good), then falls. Raises ``ValueError`` where
    a setting is impossible.
    """

    fft_size: int = 4096
    window: str = "hann"
    bands_per_octave: int = 24
    weighting: str = "none"
    ballistics: str = "fast"
    hold_seconds: float = 1.5
    hold_fall_db_per_second: float = 12.0

    def __post_init__(self) -> None:
        for name, known in (
            ("fft_size", FFT_SIZES),
            ("window", WINDOWS),
            ("bands_per_octave", BANDS_PER_OCTAVE),
            ("weighting", WEIGHTINGS),
            ("ballistics", BALLISTICS),
        ):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is one of {', '.join(map(str, known))}, not {getattr(self, name)!r}")
        if not (self.hold_seconds >= 0.0 and self.hold_fall_db_per_second >= 0.0):
            raise ValueError("a peak is held for no negative time, and never rises by itself")


class SpectrumKernel:
    """The analyser's memory for a stream of one or two channels: work arrays, current levels and held peaks.

    A band's level is the power between its edges in dB, a full-scale sine reading 0 dBFS (AES17): in 1/12 and 1/24
    octaves wherever in the band it lies, in 1/3 and 1/6 octaves, which are for noise, in its middle (``band_reach``). A
    point of the logarithmic axis reads the highest power in its reach, on a curve that is
    straight in dB between the bins; there too a sine reads its level, between bins as on them.

    Arrays: ``frequencies_hz (bands,)``; ``(channels, bands)``, float32: ``now_db`` is this frame, ``level_db`` what the
    ballistics make of it, ``peak_hold_db`` the highest ``level_db``, so that no peak is marked that was never shown,
    ``average_db`` the energy's average since the last reset. ``rms_db`` and ``peak_db (channels,)`` are of the last
    ``fft_size`` frames, unweighted, the RMS as in AES17 (a sine reads its peak). Every level is finite and at least
    ``FLOOR_DB``. They are overwritten by each ``process``. ``silent`` tells whether every level has come to rest at the
    floor. One thread at a time.

    Raises ``ValueError`` where there are neither one nor two channels, or no band fits.
    """

    def __init__(
        self,
        sample_rate_hz: int,
        settings: SpectrumSettings | None = None,
        *,
        channels: int = 2,
        low_hz: float = 20.0,
        high_hz: float = 20_000.0,
    ) -> None:
        if channels not in (1, 2):
            raise ValueError(f"one or two channels are wanted, not {channels}")
        self.settings = settings = settings or SpectrumSettings()
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self._shape = (channels, settings.fft_size)
        self.silent = False

        size = settings.fft_size
        window = window_samples(settings.window, size)
        bin_hz = sample_rate_hz / size
        high_hz = min(high_hz, 0.49 * sample_rate_hz)
        bins_hz = bin_hz * np.arange(size // 2 + 1, dtype=np.float64)
        curve = 10.0 ** (0.1 * weighting_db(settings.weighting, bins_hz))
        if settings.bands_per_octave:
            self.frequencies_hz, edges_hz = fractional_octave_bands(settings.bands_per_octave, low_hz, high_hz)
            reach = band_reach(settings.bands_per_octave, edges_hz, bin_hz, lobe_bins(settings.window))
            first, weights, starts = band_weights(edges_hz, bin_hz, curve, reach)
            fractions = np.zeros(0, np.float32)
            # One-sided power that a sine of amplitude 1 leaves in its whole main lobe (Parseval).
            scale = 4.0 / (size * float(np.sum(window**2)))
            side = 0.0
        else:
            self.frequencies_hz, edges_hz = log_points(LOG_POINTS, low_hz, high_hz)
            first, fractions = point_cells(edges_hz, bin_hz, size // 2 + 1)
            weights, starts = curve.astype(np.float32), np.zeros(0, np.int64)
            side = _side_weight(settings.window)
            scale = 4.0 / float(np.sum(window)) ** 2 / (1.0 + 2.0 * side * main_lobe(settings.window, 1.0))

        bands = (channels, self.frequencies_hz.size)
        self._pace = np.array(
            [*_BALLISTICS[settings.ballistics], min(settings.hold_seconds, 1e9), settings.hold_fall_db_per_second,
             size / sample_rate_hz, 0.0]
        )  # fmt: skip
        self._average = np.zeros(bands)
        self._held_seconds = np.zeros(bands, np.float32)
        levels_db = np.full((3, *bands), FLOOR_DB, np.float32)
        self.now_db, self.level_db, self.average_db = levels_db
        self.peak_hold_db = np.full(bands, FLOOR_DB, np.float32)
        meters_db = np.full((2, channels), FLOOR_DB)
        self.rms_db, self.peak_db = meters_db
        self._arguments = (
            window.astype(np.float32), offset_response(settings.window).astype(np.float32),
            np.zeros(size, np.complex64), np.zeros(size // 2 + 1, np.complex64), np.zeros(1, np.int64),
            np.zeros((2, size // 2 + 1), np.float32), np.array([0.25 * scale, side], np.float32),
            first, weights, starts, fractions, self._pace,
            np.zeros((3, *bands), np.float32), np.zeros(bands, np.float32), self._average, self._held_seconds,
            levels_db, self.peak_hold_db, meters_db,
        )  # fmt: skip

    def process(self, samples: Float32, elapsed_seconds: float) -> None:
        """Take the newest ``fft_size`` frames, shape ``(channels, fft_size)``, ``elapsed_seconds`` after the last.

        NaN, infinities and what lies beyond +120 dBFS count as 0. Raises ``ValueError`` where the shape or type is
        another.
        """
        if samples.shape != self._shape or samples.dtype != np.float32:
            raise ValueError(f"float32 {self._shape} is wanted, not {samples.dtype} {samples.shape}")
        if not samples.flags.c_contiguous:
            samples = np.ascontiguousarray(samples)
        self.silent = _frame(samples, float(min(max(0.0, elapsed_seconds), _AT_ONCE)), *self._arguments)

    def reset_average(self) -> None:
        """Begin the average anew with the next frame."""
        self._pace[_AVERAGED] = 0.0
        self._average[:] = 0.0
        self.average_db[:] = FLOOR_DB

    def reset_peaks(self) -> None:
        """Let go of the held peaks: they stand where the levels are."""
        self.peak_hold_db[:] = self.level_db
        self._held_seconds[:] = 0.0


def _side_weight(window: str) -> float:
    """How much of its two neighbours a bin takes so that a sine half way between two bins reads as one on a bin.

    Nothing with the flat top, where both differ by 0.01 dB.
    """
    half, one, more = (main_lobe(window, bins) for bins in (0.5, 1.0, 1.5))
    return max(0.0, (1.0 - half) / (half + more - 2.0 * one))


@kernel
def _frame(
    samples: Float32, elapsed_seconds: float,
    window: Float32, offset: Float32, wave: Complex64, backwards: Complex64, axes: Int64,
    power: Float32, scale: Float32,
    first: Int64, weights: Float32, starts: Int64, fractions: Float32, pace: Float64,
    powers: Float32, mean: Float32, average: Float64, held_seconds: Float32,
    levels_db: Float32, hold_db: Float32, meters_db: Float64,
) -> bool:  # fmt: skip
    """Up to ``scale`` what the transform needs, up to ``fractions`` what makes bands of its bins: ``band_weights``, or,
    where there are fractions, ``point_cells`` and the curve; then the stream's memory. Whether all is at rest."""
    channels, size = samples.shape
    floats, floats_back = wave.view(np.float32), backwards.view(np.float32)
    other = channels - 1
    bits = samples.view(np.int32)
    # Two real channels ride in one complex transform; their spectra are its even and odd parts.
    squares, peaks = _take_in(samples[0], samples[other], bits[0], bits[other], window, floats)
    for c in range(channels):
        meters_db[0, c] = max(FLOOR_DB, 10.0 * math.log10(2.0 * squares[c] / size + _FAINTEST))
        meters_db[1, c] = max(FLOOR_DB, 2.0 * _DB_PER_OCTAVE * float(_log2(peaks[c])))
    c2c(wave, wave, axes, True, 1.0, 1)
    for k in range(1, offset.size):
        wave[k] -= offset[k] * wave[0]
        wave[size - k] -= offset[k] * wave[0]
    # A complex number is moved as one of 64 bits: pairs of floats in reverse would not be vectorised.
    _reverse(wave.view(np.float64), backwards.view(np.float64))
    _split(floats, floats_back, scale[0], power[0], power[1])
    for c in range(channels):
        if fractions.size:
            # The transform has been used: its memory serves for what lies between.
            _points(power[c], weights, scale[1], first, fractions, floats, floats_back, powers[_NOW, c])
        elif c == 0:
            _bands(power[0], power[1], first, weights, starts, powers[_NOW, 0], powers[_NOW, other])
    _move(powers, mean, average, pace, elapsed_seconds)
    _decibels(powers.view(np.int32).reshape(-1), levels_db.reshape(-1))
    return _hold(levels_db[_SHOWN].reshape(-1), hold_db.reshape(-1), held_seconds.reshape(-1), pace, elapsed_seconds)


@fast_kernel
def _take_in(
    left: Float32, right: Float32, left_bits: Int32, right_bits: Int32, window: Float32, wave: Float32
) -> tuple[tuple[np.float32, np.float32], tuple[np.int32, np.int32]]:  # fmt: skip
    """Both channels under the window, interleaved; returns their sums of squares, and their peaks' bits.

    NaN and its like are told by their bits, for arithmetic may here assume that there are none.
    """
    size = window.size
    left_peak, right_peak = np.int32(0), np.int32(0)
    left_square, right_square = np.float32(0.0), np.float32(0.0)
    for i in range(size):
        left_size = np.int32(left_bits[i] & 0x7FFFFFFF)
        right_size = np.int32(right_bits[i] & 0x7FFFFFFF)
        if left_size > _LOUDEST_BITS:
            left_size = np.int32(0)
        if right_size > _LOUDEST_BITS:
            right_size = np.int32(0)
        x = left[i] if left_size > np.int32(0) else np.float32(0.0)
        y = right[i] if right_size > np.int32(0) else np.float32(0.0)
        # The bits of positive floats are in the order of their values.
        left_peak = max(left_peak, left_size)
        right_peak = max(right_peak, right_size)
        left_square += x * x
        right_square += y * y
        wave[2 * i] = x * window[i]
        wave[2 * i + 1] = y * window[i]
    return (left_square, right_square), (left_peak, right_peak)


@fast_kernel
def _reverse(wave: Float64, backwards: Float64) -> None:
    for k in range(1, backwards.size):
        backwards[k] = wave[wave.size - k]


@fast_kernel
def _split(forth: Float32, back: Float32, scale: float, left: Float32, right: Float32) -> None:
    """Powers of the two channels, bin by bin."""
    for k in range(1, left.size):
        forth_real, forth_imag, back_real, back_imag = forth[2 * k], forth[2 * k + 1], back[2 * k], back[2 * k + 1]
        even = forth_real + back_real
        odd = forth_imag - back_imag
        left[k] = scale * (even * even + odd * odd)
        even = forth_imag + back_imag
        odd = back_real - forth_real
        right[k] = scale * (even * even + odd * odd)


@fast_kernel
def _bands(
    left: Float32, right: Float32, first: Int64, weights: Float32, starts: Int64, left_bands: Float32,
    right_bands: Float32,
) -> None:  # fmt: skip
    for band in range(first.size):
        start = starts[band]
        low = first[band]
        left_total, right_total = np.float32(_FAINTEST), np.float32(_FAINTEST)
        for j in range(starts[band + 1] - start):
            left_total += weights[start + j] * left[low + j]
            right_total += weights[start + j] * right[low + j]
        # One channel is both: the left one is written last.
        right_bands[band] = right_total
        left_bands[band] = left_total


@fast_kernel
def _points(
    power: Float32, curve: Float32, side: float, lower: Int64, fractions: Float32,
    smooth: Float32, octaves: Float32, points: Float32,
) -> None:  # fmt: skip
    """The highest value between each two edges, of a curve that is straight in dB between the bins."""
    last = power.size - 1
    for k in range(1, last):
        smooth[k] = curve[k] * (power[k] + side * (power[k - 1] + power[k + 1])) + np.float32(_FAINTEST)
    smooth[0] = smooth[1]
    smooth[last] = smooth[last - 1]
    bits = smooth.view(np.int32)
    for k in range(last + 1):
        octaves[k] = _log2(bits[k])
    before = octaves[lower[0]] + fractions[0] * (octaves[lower[0] + 1] - octaves[lower[0]])
    for point in range(points.size):
        low, high = lower[point], lower[point + 1]
        after = octaves[high] + fractions[point + 1] * (octaves[high + 1] - octaves[high])
        highest = max(before, after)
        for k in range(low + 1, high + 1):
            highest = max(highest, octaves[k])
        smooth[point] = highest
        before = after
    _powers_of_two(smooth, points.view(np.int32))


@kernel
def _move(powers: Float32, mean: Float32, average: Float64, pace: Float64, elapsed_seconds: float) -> None:
    """What the ballistics and the average make of the frame's powers."""
    taken = 1.0 - math.exp(-elapsed_seconds / pace[_AVERAGING]) if pace[_AVERAGING] > 0.0 else 1.0
    kept = 10.0 ** (-0.1 * pace[_FALL] * elapsed_seconds)
    # After a rest, a frame speaks for no more sound than it holds.
    spoken = min(elapsed_seconds, pace[_LONGEST])
    pace[_AVERAGED] += spoken
    share = spoken / pace[_AVERAGED] if pace[_AVERAGED] > 0.0 else 1.0
    for c in range(mean.shape[0]):
        _follow(powers[_NOW, c], np.float32(taken), np.float32(kept), mean[c], powers[_SHOWN, c])
        _gather(powers[_NOW, c], share, average[c], powers[_AVERAGE, c])


@fast_kernel
def _follow(now: Float32, taken: np.float32, kept: np.float32, mean: Float32, shown: Float32) -> None:
    for band in range(now.size):
        mean[band] += taken * (now[band] - mean[band])
        shown[band] = max(mean[band], kept * shown[band])


@fast_kernel
def _gather(now: Float32, share: float, average: Float64, gathered: Float32) -> None:
    for band in range(now.size):
        average[band] += share * (now[band] - average[band])
        gathered[band] = average[band]


@fast_kernel
def _hold(level_db: Float32, hold_db: Float32, held_seconds: Float32, pace: Float64, elapsed_seconds: float) -> bool:
    """Peaks stand, then fall. Whether everything has come to rest at the floor."""
    elapsed = np.float32(elapsed_seconds)
    hold, fall = np.float32(pace[_HOLD]), np.float32(pace[_HOLD_FALL])
    sounding, held = np.int32(0), np.int32(0)
    for band in range(level_db.size):
        level = level_db[band]
        risen = level >= hold_db[band]
        seconds = np.float32(0.0) if risen else held_seconds[band] + elapsed
        over = min(max(seconds - hold, np.float32(0.0)), elapsed)
        held_seconds[band] = seconds
        peak = level if risen else max(level, hold_db[band] - fall * over)
        hold_db[band] = peak
        sounding += np.int32(level > np.float32(FLOOR_DB))
        held += np.int32(peak > np.float32(FLOOR_DB))
    return bool(sounding == 0 and (held == 0 or fall == 0.0 or hold > np.float32(_AT_ONCE)))


@fast_kernel
def _log2(bits: np.int32) -> np.float32:
    """Of a positive float32, given by its bits: its exponent, and a polynomial for its mantissa that is exact at both
    ends and 2·10⁻⁶ off at most (a minimax fit)."""
    t = np.float32(bits & 0x7FFFFF) * np.float32(1.0 / (1 << 23))
    bend = np.float32(0.02584142)
    bend = bend * t - np.float32(0.0959564)
    bend = bend * t + np.float32(0.181948842)
    bend = bend * t - np.float32(0.275600302)
    bend = bend * t + np.float32(0.442544943)
    return np.float32((bits >> 23) - 127) + (t + t * (np.float32(1.0) - t) * bend)


@fast_kernel
def _decibels(bits: Int32, levels_db: Float32) -> None:
    for i in range(levels_db.size):
        levels_db[i] = max(np.float32(FLOOR_DB), np.float32(_DB_PER_OCTAVE) * _log2(bits[i]))


@fast_kernel
def _powers_of_two(exponents: Float32, bits: Int32) -> None:
    """The inverse of ``_log2``, as bits; 2·10⁻⁷ off at most."""
    for i in range(bits.size):
        whole = np.floor(exponents[i])
        t = exponents[i] - whole
        bend = np.float32(-0.00189684998)
        bend = bend * t - np.float32(0.0108446004)
        bend = bend * t - np.float32(0.0666998968)
        bend = bend * t - np.float32(0.30684702)
        mantissa = t + t * (np.float32(1.0) - t) * bend
        bits[i] = np.int32((np.int32(whole) + 127) << 23) + np.int32(mantissa * np.float32(1 << 23))
