"""One frame of the live spectrum analyser: window, both channels' FFT, bands, ballistics, peak hold, level meters."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rocket_fft import c2c

from sonicforge_studio.kernels._jit import kernel

Single = NDArray[np.float32]
Double = NDArray[np.float64]
Whole = NDArray[np.int64]

FLOOR_DB = -144.0
"""What silence reads: no level is ever lower."""

_OCTAVE_RATIO = 10.0**0.3
"""G of IEC 61260-1:2014, 5.2 (base ten)."""

_LOBE_BINS = 2.0
"""Half the width of the Hann window's main lobe."""


@dataclass(frozen=True, slots=True)
class Ballistics:
    """How levels move: up at once, down at ``release_db_per_second``; a peak stands ``hold_seconds``, then falls."""

    release_db_per_second: float = 26.0
    hold_seconds: float = 1.5
    hold_fall_db_per_second: float = 12.0


def fractional_octave_bands(bands_per_octave: int, low_hz: float, high_hz: float) -> tuple[Double, Double]:
    """Centres ``(bands,)`` and edges ``(bands + 1,)`` in Hz of the bands whose centres lie in ``low_hz..high_hz``.

    Exact mid-band frequencies of IEC 61260-1:2014, 5.4, around 1 kHz. Raises ``ValueError`` where no band fits.
    """
    if bands_per_octave < 1 or not 0.0 < low_hz < high_hz:
        raise ValueError(f"no bands: {bands_per_octave} an octave from {low_hz} to {high_hz} Hz")
    shift = 0.0 if bands_per_octave % 2 else 0.5
    steps_per_decade = bands_per_octave / math.log10(_OCTAVE_RATIO)
    first = math.ceil(math.log10(low_hz / 1000.0) * steps_per_decade - shift)
    last = math.floor(math.log10(high_hz / 1000.0) * steps_per_decade - shift)
    if last < first:
        raise ValueError(f"no band's centre lies between {low_hz} and {high_hz} Hz")
    steps = np.arange(first, last + 1, dtype=np.float64) + shift
    centres = 1000.0 * 10.0 ** (steps / steps_per_decade)
    edges = 1000.0 * 10.0 ** ((np.append(steps, steps[-1] + 1.0) - 0.5) / steps_per_decade)
    return centres, edges


class SpectrumKernel:
    """The analyser's memory for a stream of one or two channels: work arrays, current levels and held peaks.

    A band's level is the power between its edges in dB, a full-scale sine reading 0 dBFS (AES17) wherever in the band
    it lies: each band reaches over its edges by the window's main lobe. Where a band is narrower than the FFT resolves,
    that reach decides. Arrays: ``frequencies_hz (bands,)``; ``level_db`` and ``peak_hold_db (channels, bands)``;
    ``rms_db`` and ``peak_db (channels,)``, both of the last ``fft_size`` frames, the RMS as in AES17 (a sine reads its
    peak). Every level is finite and at least ``FLOOR_DB``. They are overwritten by each ``process``.

    Raises ``ValueError`` where a setting is impossible.
    """

    def __init__(
        self,
        sample_rate_hz: int,
        fft_size: int = 4096,
        *,
        channels: int = 2,
        bands_per_octave: int = 24,
        low_hz: float = 20.0,
        high_hz: float = 20_000.0,
        ballistics: Ballistics | None = None,
    ) -> None:
        if channels not in (1, 2):
            raise ValueError(f"one or two channels are wanted, not {channels}")
        if fft_size < 64 or fft_size % 2:
            raise ValueError(f"an FFT size is even and at least 64, not {fft_size}")
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self.fft_size = fft_size
        self.frequencies_hz, edges_hz = fractional_octave_bands(
            bands_per_octave, low_hz, min(high_hz, 0.49 * sample_rate_hz)
        )
        self._first, self._weights, self._starts = _band_weights(edges_hz, sample_rate_hz / fft_size, fft_size // 2)
        self._window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(fft_size) / fft_size)
        # One-sided power that a sine of amplitude 1 leaves in its whole main lobe (Parseval).
        self._scale = 4.0 / (fft_size * float(np.sum(self._window**2)))
        self._wave = np.zeros(fft_size, np.complex128)
        self._power = np.zeros((channels, fft_size // 2 + 1))
        self._axes = np.zeros(1, np.int64)
        self._ballistics = ballistics or Ballistics()
        shape = (channels, self.frequencies_hz.size)
        self.level_db = np.full(shape, FLOOR_DB, np.float32)
        self.peak_hold_db = np.full(shape, FLOOR_DB, np.float32)
        self._held_seconds = np.zeros(shape, np.float32)
        self.rms_db = np.full(channels, FLOOR_DB)
        self.peak_db = np.full(channels, FLOOR_DB)

    def process(self, samples: Single, elapsed_seconds: float) -> None:
        """Take the newest ``fft_size`` frames, shape ``(channels, fft_size)``, ``elapsed_seconds`` after the last.

        NaN and infinities count as 0. Raises ``ValueError`` where the shape or type is another.
        """
        if samples.shape != (self.channels, self.fft_size) or samples.dtype != np.float32:
            raise ValueError(f"float32 {(self.channels, self.fft_size)} is wanted, not {samples.dtype} {samples.shape}")
        _frame(
            samples, self._window, self._scale, self._wave, self._axes, self._power,
            self._first, self._weights, self._starts,
            self._ballistics.release_db_per_second * elapsed_seconds,
            self._ballistics.hold_seconds, self._ballistics.hold_fall_db_per_second, elapsed_seconds,
            self.level_db, self.peak_hold_db, self._held_seconds, self.rms_db, self.peak_db,
        )  # fmt: skip

    @property
    def silent(self) -> bool:
        """Whether every level and every held peak has fallen to the floor."""
        return bool(self.level_db.max() <= FLOOR_DB and self.peak_hold_db.max() <= FLOOR_DB)


def _band_weights(edges_hz: Double, bin_hz: float, last_bin: int) -> tuple[Whole, Double, Whole]:
    """For each band its first bin, and its bins' weights ``weights[starts[band]:starts[band + 1]]``.

    A bin reaches half a bin to either side; it counts by the share of it that lies in the band.
    """
    bins = np.arange(last_bin + 1, dtype=np.float64)
    first: list[int] = []
    weights: list[Double] = []
    for low_hz, high_hz in itertools.pairwise(edges_hz):
        low, high = low_hz / bin_hz - _LOBE_BINS, high_hz / bin_hz + _LOBE_BINS
        share = np.clip(np.minimum(bins + 0.5, high) - np.maximum(bins - 0.5, low), 0.0, 1.0)
        share[0] = 0.0
        inside = np.flatnonzero(share)
        first.append(int(inside[0]))
        weights.append(share[inside[0] : inside[-1] + 1])
    sizes = [weight.size for weight in weights]
    return (
        np.array(first, np.int64),
        np.concatenate(weights),
        np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
    )


@kernel
def _frame(
    samples: Single, window: Double, scale: float, wave: NDArray[np.complex128], axes: Whole, power: Double,
    first: Whole, weights: Double, starts: Whole,
    release_db: float, hold_seconds: float, hold_fall_db_per_second: float, elapsed_seconds: float,
    level_db: Single, hold_db: Single, held_seconds: Single, rms_db: Double, peak_db: Double,
) -> None:  # fmt: skip
    channels, size = samples.shape
    floor = FLOOR_DB

    # Two real channels ride in one complex transform; their spectra are its even and odd parts. The mean under the
    # window goes first: an offset would fill the lowest bands.
    sums = 0.0
    left_mean = 0.0
    right_mean = 0.0
    for i in range(size):
        left = float(samples[0, i])
        right = float(samples[channels - 1, i])
        if not math.isfinite(left):
            left = 0.0
        if not math.isfinite(right):
            right = 0.0
        wave[i] = complex(left, right)
        sums += window[i]
        left_mean += window[i] * left
        right_mean += window[i] * right
    left_mean /= sums
    right_mean /= sums
    left_square = 0.0
    right_square = 0.0
    left_peak = 0.0
    right_peak = 0.0
    for i in range(size):
        left = wave[i].real
        right = wave[i].imag
        left_square += left * left
        right_square += right * right
        left_peak = max(left_peak, abs(left))
        right_peak = max(right_peak, abs(right))
        wave[i] = complex((left - left_mean) * window[i], (right - right_mean) * window[i])
    c2c(wave, wave, axes, True, 1.0, 1)
    quarter = 0.25 * scale
    for k in range(1, size // 2 + 1):
        forth = wave[k]
        back = wave[size - k]
        real = forth.real + back.real
        imaginary = forth.imag - back.imag
        power[0, k] = quarter * (real * real + imaginary * imaginary)
        if channels == 2:
            real = forth.imag + back.imag
            imaginary = back.real - forth.real
            power[1, k] = quarter * (real * real + imaginary * imaginary)

    for c in range(channels):
        square = left_square if c == 0 else right_square
        peak = left_peak if c == 0 else right_peak
        rms_db[c] = max(floor, 10.0 * math.log10(2.0 * square / size + 1e-30))
        peak_db[c] = max(floor, 20.0 * math.log10(peak + 1e-30))
        for band in range(first.size):
            start = starts[band]
            total = 1e-30
            for j in range(starts[band + 1] - start):
                total += weights[start + j] * power[c, first[band] + j]
            now = max(floor, 10.0 * math.log10(total))
            fallen = level_db[c, band] - release_db
            level = max(now, fallen)
            level_db[c, band] = level
            if level >= hold_db[c, band]:
                hold_db[c, band] = level
                held_seconds[c, band] = 0.0
            else:
                held = held_seconds[c, band] + elapsed_seconds
                held_seconds[c, band] = held
                over = min(held - hold_seconds, elapsed_seconds)
                if over > 0.0:
                    hold_db[c, band] = max(level, hold_db[c, band] - hold_fall_db_per_second * over)
