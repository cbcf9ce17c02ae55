"""Chromaprint's second algorithm, the one AcoustID uses: from float blocks to 32-bit words, one every 0.124 s.

The steps are those of the published method: integer mono at 11,025 Hz, power spectra, twelve pitch classes, a smoothing
filter over time, and sixteen comparisons of rectangles of that picture, each giving two bits. Constants and integer
rounding follow the Chromaprint library, so that the words equal those of ``fpcalc``.

Source: L. Lalinský, "How does Chromaprint work?" (2011), and Y. Ke, D. Hoiem, R. Sukthankar, "Computer Vision for
Music Identification", CVPR 2005, doi:10.1109/CVPR.2005.105, for the filters.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel, kernel

RATE_HZ = 11_025
FRAME = 4096
HOP = 1365
"""Samples at ``RATE_HZ``: each spectrum spans 0.372 s, and they start 0.124 s apart."""
BANDS = 12
SMOOTHING_ROWS = 5
WORD_ROWS = 16
"""Rows of chroma that one word looks at."""

_MOST_PHASES = 512
_ROUNDED_PHASES = 256
_TAPS_AT_UNITY = 16
_KAISER_BETA = 9.0
_CUTOFF = 0.8
_FULL_SCALE = 32768.0
_LOUDEST = 64.0
"""Of full scale: louder samples are limited to it, so that no sum can overflow."""

_LOWEST_HZ, _HIGHEST_HZ = 28, 3520
_SMOOTHING = np.array([0.25, 0.75, 1.0, 0.75, 0.25])
_SILENT_NORM = 0.01

# Each row: kind of rectangle pair (see ``_fill_words``), first band, bands, rows; beside it the three thresholds.
_FILTERS = np.array(
    [
        [0, 4, 3, 15], [4, 4, 6, 15], [1, 0, 4, 16], [3, 8, 2, 12],
        [3, 4, 4, 8], [4, 0, 3, 5], [1, 2, 2, 9], [2, 7, 3, 4],
        [2, 6, 2, 16], [2, 1, 3, 2], [5, 10, 1, 15], [3, 6, 2, 10],
        [2, 1, 1, 14], [3, 5, 6, 4], [1, 9, 2, 12], [3, 4, 2, 14],
    ]
)  # fmt: skip
_THRESHOLDS = np.array(
    [
        [1.98215, 2.35817, 2.63523], [-1.03809, -0.651211, -0.282167],
        [-0.298702, 0.119262, 0.558497], [-0.105439, 0.0153946, 0.135898],
        [-0.142891, 0.0258736, 0.200632], [-0.826319, -0.590612, -0.368214],
        [-0.557409, -0.233035, 0.0534525], [-0.0646826, 0.00620476, 0.0784847],
        [-0.192387, -0.029699, 0.215855], [-0.0397818, -0.00568076, 0.0292026],
        [-0.53823, -0.369934, -0.190235], [-0.124877, 0.0296483, 0.139239],
        [-0.101475, 0.0225617, 0.231971], [-0.0799915, -0.00729616, 0.063262],
        [-0.272556, 0.019424, 0.302559], [-0.164292, -0.0321188, 0.0846339],
    ]
)  # fmt: skip


def _hamming_window() -> NDArray[np.float64]:
    """Scaled so that int16 full scale becomes 1."""
    window: NDArray[np.float64] = (0.54 - 0.46 * np.cos(2.0 * np.pi * np.arange(FRAME) / (FRAME - 1))) / 32767.0
    return window


def _band_of_bin() -> NDArray[np.int64]:
    """The pitch class of each FFT bin, −1 outside the range that counts; class 0 is A."""
    bins = np.arange(FRAME // 2 + 1)
    lowest, highest = round(FRAME * _LOWEST_HZ / RATE_HZ), round(FRAME * _HIGHEST_HZ / RATE_HZ)
    octaves = np.log2(np.maximum(bins, 1) * (RATE_HZ / FRAME) / (440.0 / 16.0))
    bands = (BANDS * (octaves - np.floor(octaves))).astype(np.int64)
    return np.where((bins >= lowest) & (bins < highest), bands, -1)


_WINDOW = _hamming_window()
_BAND = _band_of_bin()


def mix_to_mono(block: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """The weighted sum of the channels of a block ``(channels, frames)``, on the int16 scale, shape ``(frames,)``.

    NaN and infinities count as 0.
    """
    mono = np.empty(block.shape[1], dtype=np.float32)
    _fill_mono(np.ascontiguousarray(block, dtype=np.float32), weights, mono)
    return mono


@kernel
def _fill_mono(block: NDArray[np.float32], weights: NDArray[np.float32], mono: NDArray[np.float32]) -> None:
    limit = np.float32(_LOUDEST)
    scale = np.float32(_FULL_SCALE)
    mono[:] = np.float32(0.0)
    for channel in range(block.shape[0]):
        weight = weights[channel] * scale
        for frame in range(mono.size):
            value = block[channel, frame]
            if np.isfinite(value):
                mono[frame] += weight * min(max(value, -limit), limit)


def resampling_filter(from_hz: int) -> NDArray[np.float32]:
    """The polyphase filter from ``from_hz`` to ``RATE_HZ``, shape ``(phases, taps)``, each phase of sum 1.

    A Kaiser-windowed sinc cut off at 0.8 of the lower Nyquist frequency, as ``fpcalc`` asks FFmpeg's resampler for:
    with another filter about one bit in five hundred comes out otherwise. Where the two rates have no small ratio, the
    place of each output sample is rounded down to a 256th of an input sample.
    """
    exact = RATE_HZ // math.gcd(RATE_HZ, from_hz)
    phases = exact if exact <= _MOST_PHASES else _ROUNDED_PHASES
    factor = min(RATE_HZ * _CUTOFF / from_hz, 1.0)
    taps = max(math.ceil(_TAPS_AT_UNITY / factor), 1)
    shift = np.arange(phases)[:, np.newaxis] / phases + (taps - 1) // 2
    places = (np.arange(taps)[np.newaxis, :] - shift) * factor
    within = 2.0 * places / (factor * taps)
    shape = np.sinc(places) * np.i0(_KAISER_BETA * np.sqrt(np.maximum(1.0 - within * within, 0.0)))
    bank: NDArray[np.float32] = (shape / shape.sum(axis=1, keepdims=True)).astype(np.float32)
    return bank


def first_position(bank: NDArray[np.float32]) -> NDArray[np.int64]:
    """Where ``resample`` begins: half a filter before the first sample, over the mirrored beginning."""
    phases, taps = bank.shape
    return np.array([-phases * ((taps - 1) // 2), 0])


def resample(
    samples: NDArray[np.float32], bank: NDArray[np.float32], from_hz: int, position: NDArray[np.int64]
) -> tuple[NDArray[np.int16], int]:
    """All that ``samples`` give at ``RATE_HZ``, rounded to int16, and how many of ``samples`` are done with.

    ``bank`` comes from ``resampling_filter(from_hz)``. ``position`` is the state between calls, int64 of shape ``(2,)``
    as ``first_position`` makes it: where the next output begins, in phases after the first sample that is not done
    with, and the fraction of a phase in ``RATE_HZ``-ths.
    """
    resampled = np.empty(samples.size * RATE_HZ // from_hz + bank.shape[1] + 2, dtype=np.int16)
    produced, consumed = _fill_resampled(samples, bank, from_hz, position, resampled)
    return resampled[:produced], consumed


def to_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Samples on the int16 scale, clipped and rounded, halves upwards as FFmpeg's integer downmix rounds them."""
    rounded: NDArray[np.int16] = np.clip(np.floor(samples + 0.5), -_FULL_SCALE, _FULL_SCALE - 1.0).astype(np.int16)
    return rounded


@fast_kernel
def _fill_resampled(
    samples: NDArray[np.float32],
    bank: NDArray[np.float32],
    from_hz: int,
    position: NDArray[np.int64],
    resampled: NDArray[np.int16],
) -> tuple[int, int]:
    phases, taps = bank.shape
    step, step_fraction = divmod(from_hz * phases, RATE_HZ)
    index, fraction = position
    produced = 0
    while produced < resampled.size:
        start = index // phases
        if start >= 0 and start + taps > samples.size:
            break
        row = bank[index % phases]
        total = np.float32(0.0)
        if start >= 0:
            window = samples[start : start + taps]
            for tap in range(taps):
                total += window[tap] * row[tap]
        else:
            for tap in range(taps):
                total += samples[abs(start + tap) % samples.size] * row[tap]
        resampled[produced] = np.int16(min(max(np.rint(total), -_FULL_SCALE), _FULL_SCALE - 1.0))
        produced += 1
        index += step
        fraction += step_fraction
        if fraction >= RATE_HZ:
            fraction -= RATE_HZ
            index += 1
    consumed = max(index, 0) // phases
    position[0] = index - consumed * phases
    position[1] = fraction
    return produced, consumed


def chroma_rows(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """The energy in each pitch class of every whole frame of ``samples`` (mono, ``RATE_HZ``), shape ``(rows, 12)``."""
    rows = np.zeros((max(0, 1 + (samples.size - FRAME) // HOP), BANDS))
    _fill_chroma(samples, _WINDOW, _BAND, rows)
    return rows


@kernel
def _fill_chroma(
    samples: NDArray[np.int16], window: NDArray[np.float64], band_of_bin: NDArray[np.int64], rows: NDArray[np.float64]
) -> None:
    for row in range(rows.shape[0]):
        spectrum = np.fft.rfft(samples[row * HOP : row * HOP + FRAME] * window)
        for bin_ in range(spectrum.size):
            band = band_of_bin[bin_]
            if band >= 0:
                rows[row, band] += spectrum[bin_].real ** 2 + spectrum[bin_].imag ** 2


def words_of_chroma(rows: NDArray[np.float64]) -> NDArray[np.uint32]:
    """The words of chroma rows ``(n, 12)``: ``n − 19`` of them, none where there are fewer than 20 rows.

    To go on with more rows, begin them with the last 19 of these.
    """
    words = np.zeros(max(0, rows.shape[0] - SMOOTHING_ROWS - WORD_ROWS + 2), dtype=np.uint32)
    if words.size:
        prefixes = np.zeros((rows.shape[0] - SMOOTHING_ROWS + 1, BANDS + 1))
        _fill_words(rows, _SMOOTHING, _FILTERS, _THRESHOLDS, prefixes, words)
    return words


@kernel
def _fill_words(
    rows: NDArray[np.float64],
    smoothing: NDArray[np.float64],
    filters: NDArray[np.int64],
    thresholds: NDArray[np.float64],
    prefixes: NDArray[np.float64],
    words: NDArray[np.uint32],
) -> None:
    """``prefixes``: scratch, for each smoothed row the running sums over its bands."""
    smoothed = np.empty(BANDS)
    for row in range(prefixes.shape[0]):
        smoothed[:] = 0.0
        for tap in range(smoothing.size):
            for band in range(BANDS):
                smoothed[band] += smoothing[tap] * rows[row + tap, band]
        norm = np.sqrt(np.sum(smoothed * smoothed))
        for band in range(BANDS):
            share = smoothed[band] / norm if norm >= _SILENT_NORM else 0.0
            prefixes[row, band + 1] = prefixes[row, band] + share

    for place in range(words.size):
        word = np.uint32(0)
        for which in range(filters.shape[0]):
            kind, band, bands, length = filters[which]
            bright = 0.0
            dark = 0.0
            for row in range(length):
                low = prefixes[place + row, band]
                high = prefixes[place + row, band + bands]
                if kind == 0:  # the whole rectangle
                    bright += high - low
                elif kind == 1:  # upper half of the bands against the lower
                    middle = prefixes[place + row, band + bands // 2]
                    bright += high - middle
                    dark += middle - low
                elif kind == 2:  # later half of the rows against the earlier
                    if row >= length // 2:
                        bright += high - low
                    else:
                        dark += high - low
                elif kind == 3:  # one diagonal's quarters against the other's
                    middle = prefixes[place + row, band + bands // 2]
                    if row >= length // 2:
                        bright += middle - low
                        dark += high - middle
                    else:
                        bright += high - middle
                        dark += middle - low
                elif kind == 4:  # middle third of the bands against the outer two
                    first = prefixes[place + row, band + bands // 3]
                    second = prefixes[place + row, band + 2 * (bands // 3)]
                    bright += second - first
                    dark += high - low - (second - first)
                elif row >= length // 3 and row < 2 * (length // 3):  # middle third of the rows against the outer two
                    bright += high - low
                else:
                    dark += high - low
            value = np.log(1.0 + bright) - np.log(1.0 + dark)
            level = 0
            for step in range(3):
                if value >= thresholds[which, step]:
                    level = step + 1
            word = np.uint32(word * np.uint32(4)) + np.uint32(level ^ (level >> 1))
        words[place] = word
