"""Columns of a spectrogram: window, FFT of all channels, rows on a log axis, levels as bytes; and columns as pixels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from rocket_fft import c2c, r2c

from sonicforge_studio.kernels._jit import kernel
from sonicforge_studio.kernels.spectrum import frame_count

Single = NDArray[np.float32]
Double = NDArray[np.float64]
Whole = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Pixels = NDArray[np.uint32]

FLOOR_DB = -120.0
STEP_DB = 0.5
"""A byte ``b`` stands for ``FLOOR_DB + STEP_DB * b`` dBFS: −120 or less up to +7.5."""

_LOUDEST = np.float32(1e6)
"""Samples are clipped here, 120 dB above full scale, so that no power overflows."""
_FAINTEST = 1e-15
_STEEPEST_DB = 18.0
_SCALLOPING_DB = 1.5
"""How far a tone between two bins may rise above both: 1.42 dB under a Hann window (Harris 1978, table 1)."""


def row_frequencies(rows: int, low_hz: float, high_hz: float) -> Double:
    """The rows' centres in Hz, lowest first: ``rows`` equal steps on a log axis from ``low_hz`` to ``high_hz``."""
    centres: Double = low_hz * (high_hz / low_hz) ** ((np.arange(rows) + 0.5) / rows)
    return centres


class ColumnKernel:
    """Turns samples into columns. A cell holds the highest power that any channel has in any bin of its row; between
    bins, where rows are narrower, a cubic through the bins' levels. A full-scale sine reads 0 dBFS.

    Raises ``ValueError`` where a setting is impossible.
    """

    def __init__(self, sample_rate_hz: int, window_frames: int, rows: int, low_hz: float, high_hz: float) -> None:
        if window_frames < 16 or window_frames % 2:
            raise ValueError(f"a window is even and at least 16 frames, not {window_frames}")
        if rows < 1 or not 0.0 < low_hz < high_hz:
            raise ValueError(f"no rows: {rows} from {low_hz} to {high_hz} Hz")
        self.window_frames = window_frames
        self.rows = rows
        hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(window_frames) / window_frames)
        self._window = (hann * (2.0 / hann.sum())).astype(np.float32)
        self._first, self._last, self._places, self._between = _row_bins(
            row_frequencies(rows, low_hz, high_hz),
            (high_hz / low_hz) ** (0.5 / rows),
            sample_rate_hz / window_frames,
            window_frames // 2,
        )
        self._pair = np.zeros(window_frames, np.complex64)
        self._single = np.zeros(window_frames, np.float32)
        self._half = np.zeros(window_frames // 2 + 1, np.complex64)
        self._power = np.zeros(window_frames // 2 + 1, np.float32)
        self._bins_db = np.zeros(self._between, np.float64)
        self._axes = np.zeros(1, np.int64)

    def columns(self, samples: Single, step_frames: int) -> Bytes:
        """A column for every whole window in ``samples`` ``(channels, n)``, shape ``(columns, rows)``.

        NaN and infinities count as 0.
        """
        count = frame_count(samples.shape[1], self.window_frames, step_frames)
        columns = np.empty((count, self.rows), np.uint8)
        if count:
            _columns(
                np.ascontiguousarray(samples, np.float32), self._window, step_frames,
                self._first, self._last, self._places, self._between,
                self._pair, self._single, self._half, self._power, self._bins_db, self._axes, columns,
            )  # fmt: skip
        return columns


def _row_bins(centres_hz: Double, half_row: float, bin_hz: float, last_bin: int) -> tuple[Whole, Whole, Double, int]:
    """For each row its bins ``first..last`` (none where ``last < first``), and its centre's place between bins where it
    is narrower than two, else −1; and how many of the lowest bins those places need."""
    first = np.ceil(centres_hz / half_row / bin_hz).astype(np.int64)
    last = np.minimum(np.ceil(centres_hz * half_row / bin_hz).astype(np.int64) - 1, last_bin)
    places = np.minimum(centres_hz / bin_hz, float(last_bin))
    wide = centres_hz * (half_row - 1.0 / half_row) >= 2.0 * bin_hz
    places[wide] = -1.0
    between = 0 if wide.all() else min(last_bin, int(places.max()) + 2) + 1
    return first, last, places, between


@kernel
def _columns(
    samples: Single, window: Single, step: int,
    first: Whole, last: Whole, places: Double, between: int,
    pair: NDArray[np.complex64], single: Single, half: NDArray[np.complex64],
    power: Single, bins_db: Double, axes: Whole, columns: Bytes,
) -> None:  # fmt: skip
    channels = samples.shape[0]
    for column in range(columns.shape[0]):
        start = column * step
        power[:] = np.float32(_FAINTEST)
        channel = 0
        while channel + 1 < channels:
            _add_pair(samples[channel], samples[channel + 1], start, window, pair, axes, power)
            channel += 2
        if channel < channels:
            _add_single(samples[channel], start, window, single, half, axes, power)
        _rows(power, first, last, places, between, bins_db, columns[column])


@kernel
def _sound(sample: np.float32) -> np.float32:
    if not math.isfinite(sample):
        return np.float32(0.0)
    return min(max(sample, -_LOUDEST), _LOUDEST)


@kernel
def _add_pair(
    left: Single, right: Single, start: int, window: Single, pair: NDArray[np.complex64], axes: Whole, power: Single
) -> None:
    """Two real channels ride in one complex transform; their spectra are its even and odd parts."""
    size = window.size
    for i in range(size):
        pair[i] = complex(_sound(left[start + i]) * window[i], _sound(right[start + i]) * window[i])
    c2c(pair, pair, axes, True, 1.0, 1)
    quarter = np.float32(0.25)
    power[0] = max(power[0], pair[0].real * pair[0].real, pair[0].imag * pair[0].imag)
    for k in range(1, size // 2 + 1):
        forth, back = pair[k], pair[size - k]
        even_real, even_imaginary = forth.real + back.real, forth.imag - back.imag
        odd_real, odd_imaginary = forth.imag + back.imag, back.real - forth.real
        even = quarter * (even_real * even_real + even_imaginary * even_imaginary)
        odd = quarter * (odd_real * odd_real + odd_imaginary * odd_imaginary)
        power[k] = max(power[k], even, odd)


@kernel
def _add_single(
    wave: Single, start: int, window: Single, single: Single, half: NDArray[np.complex64], axes: Whole, power: Single
) -> None:
    for i in range(window.size):
        single[i] = _sound(wave[start + i]) * window[i]
    r2c(single, half, axes, True, 1.0, 1)
    for k in range(half.size):
        power[k] = max(power[k], half[k].real * half[k].real + half[k].imag * half[k].imag)


@kernel
def _rows(
    power: Single, first: Whole, last: Whole, places: Double, between: int, bins_db: Double, column: Bytes
) -> None:
    for k in range(between):
        bins_db[k] = 10.0 * math.log10(power[k])
    for row in range(column.size):
        level_db = -1e3
        if places[row] < 0.0:
            highest = power[first[row]]
            for k in range(first[row] + 1, last[row] + 1):
                highest = max(highest, power[k])
            level_db = 10.0 * math.log10(highest)
        else:
            for k in range(first[row], last[row] + 1):
                level_db = max(level_db, bins_db[k])
            level_db = max(level_db, _between_bins(bins_db, places[row]))
        step = (level_db - FLOOR_DB) / STEP_DB
        column[row] = np.uint8(min(max(step, 0.0), 255.0) + 0.5) if step < 255.0 else np.uint8(255)


@kernel
def _between_bins(bins_db: Double, place: float) -> float:
    """A Catmull-Rom cubic; a Hann window's main lobe is nearly a parabola in decibels."""
    top = bins_db.size - 1
    k = min(int(place), top)
    t = place - k
    b, c = bins_db[k], bins_db[min(k + 1, top)]
    # A null beside the main lobe would bend the cubic over the tone.
    a = max(bins_db[max(k - 1, 0)], b - _STEEPEST_DB)
    d = max(bins_db[min(k + 2, top)], c - _STEEPEST_DB)
    cubic: float = b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
    highest: float = max(b, c) + _SCALLOPING_DB
    return min(cubic, highest)


def paint(
    columns: Bytes,
    first_column: float,
    columns_per_pixel: float,
    colours: Pixels,
    image: Pixels,
    span: tuple[int, int] | None = None,
) -> None:
    """Draw columns ``(n, rows)`` into ``image`` ``(height, width)``, or the pixels ``span`` of its width, the lowest
    row at the bottom, each byte in its one of 256 ``colours``.

    ``first_column`` is at the left edge of the span. A pixel that covers several cells shows the highest, one that is
    smaller than a cell lies between its neighbours; what is outside repeats the border. Raises ``ValueError`` where
    there are no columns.
    """
    if not columns.size or colours.shape != (256,):
        raise ValueError(f"columns and 256 colours are wanted, not {columns.shape} and {colours.shape}")
    left, right = span or (0, image.shape[1])
    scaled = np.empty((right - left, image.shape[0]), np.uint8)
    rows_per_pixel = columns.shape[1] / image.shape[0]
    # Numba compiles once more for each kind of array: writable or not, they are one kind here.
    columns = columns.view()
    columns.flags.writeable = False
    _scale(columns, first_column, columns_per_pixel, rows_per_pixel, scaled)
    _colour(scaled, colours, image, left)


@kernel
def _scale(columns: Bytes, first_column: float, columns_per_pixel: float, rows_per_pixel: float, scaled: Bytes) -> None:
    """``scaled`` is ``(width, height)``, its first row the uppermost."""
    count, rows = columns.shape
    width, height = scaled.shape
    line = np.empty(rows, np.float32)
    low_rows, high_rows, shares = np.empty(height, np.int32), np.empty(height, np.int32), np.empty(height, np.float32)
    for y in range(height):
        low = (height - 1 - y) * rows_per_pixel
        if rows_per_pixel >= 1.0:
            low_rows[y] = min(max(math.floor(low), 0), rows - 1)
            high_rows[y] = min(max(math.floor(low + rows_per_pixel), low_rows[y] + 1), rows)
        else:
            place = min(max(low + 0.5 * rows_per_pixel - 0.5, 0.0), rows - 1.0)
            low_rows[y] = int(place)
            high_rows[y] = min(int(place) + 1, rows - 1)
            shares[y] = place - int(place)
    for x in range(width):
        left = first_column + x * columns_per_pixel
        if columns_per_pixel >= 1.0:
            begin = min(max(math.floor(left), 0), count - 1)
            end = min(max(math.floor(left + columns_per_pixel), begin + 1), count)
            for row in range(rows):
                line[row] = columns[begin, row]
            for column in range(begin + 1, end):
                for row in range(rows):
                    line[row] = max(line[row], np.float32(columns[column, row]))
        else:
            place = min(max(left + 0.5 * columns_per_pixel - 0.5, 0.0), count - 1.0)
            begin = int(place)
            share = np.float32(place - begin)
            after = min(begin + 1, count - 1)
            for row in range(rows):
                a, b = np.float32(columns[begin, row]), np.float32(columns[after, row])
                line[row] = a + share * (b - a)
        if rows_per_pixel >= 1.0:
            for y in range(height):
                value = line[low_rows[y]]
                for row in range(low_rows[y] + 1, high_rows[y]):
                    value = max(value, line[row])
                scaled[x, y] = np.uint8(value + np.float32(0.5))
        else:
            for y in range(height):
                value = line[low_rows[y]]
                value += shares[y] * (line[high_rows[y]] - value)
                scaled[x, y] = np.uint8(value + np.float32(0.5))


@kernel
def _colour(scaled: Bytes, colours: Pixels, image: Pixels, left: int) -> None:
    """In squares, so that columns turn into lines within the processor's cache."""
    width, height = scaled.shape
    for top in range(0, height, 64):
        for begin in range(0, width, 64):
            for y in range(top, min(top + 64, height)):
                for x in range(begin, min(begin + 64, width)):
                    image[y, left + x] = colours[scaled[x, y]]
