"""The colour of a sound from its power spectra, everything in one pass over each frame.

Mel cepstrum, spectral contrast, flatness, roll-off and bandwidth are defined as in librosa (B. McFee et al., "librosa:
Audio and music signal analysis in Python", SciPy 2015), so that figures can be compared with what others publish. What
a similarity search goes by is gathered beside them in a form of its own: weighed by magnitude and relative to the
frame, so that a quieter copy of a recording gives exactly the same.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel
from sonicforge_studio.kernels.bands import band_weights

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

MEL_BANDS = 128
MEL_HIGHEST_HZ = 11_025.0
"""librosa's mel bands at its usual 22.05 kHz: the same at every sample rate that reaches so far."""
CEPSTRUM = 20
CONTRAST_BANDS = 7
CONTRAST_LOWEST_HZ = 200.0
CONTRAST_SHARE = 0.02
ROLL_OFF = 0.85
SMALLEST_POWER = 1e-10
"""librosa's ``amin``: nothing is taken for less than this."""

EAR_BANDS = 32
"""Bands one ear's critical bandwidth wide, from 40 Hz to 8 kHz: what every usual format carries."""
EAR_LOWEST_HZ = 40.0
EAR_HIGHEST_HZ = 8000.0
SHAPE = 20
"""Cosine coefficients that tell how a frame's level lies over the ear's bands."""
MOVING = 15
"""Of these, the ones whose movement from frame to frame is told."""
LEVEL_FLOOR_DB = -120.0
SHARE_FLOOR = 1e-6
"""A band 60 dB below its frame is as good as empty: what lies there differs from one encoder to the next."""
STEEPEST_CONTRAST_DB = 40.0

COUNT, CENTROID, BANDWIDTH, ROLLED, FLATNESS = range(5)
"""Places in ``TimbreSums.figures``; each but ``COUNT`` is a sum over the frames that count."""
WEIGHT, LEVEL, LEVEL_SQUARE, LEVEL_STEP, STEP_WEIGHT, POWER = range(6)
"""Places in ``TimbreSums.dynamics``."""
ROWS_FRAMES = 0
"""Place in ``TimbreSums.filled``: how many frames of the next texture row have been heard."""


class TimbreBands(NamedTuple):
    """Where the bands lie in a spectrum, of ``timbre_bands``. ``*_first`` is a band's first bin, its weights are
    ``*_weights[*_starts[band]:*_starts[band + 1]]``."""

    bin_hz: float
    window_frames: int
    row_frames: int
    mel_first: Int64
    mel_starts: Int64
    mel_weights: Float32
    mel_cosines: Float32
    ear_first: Int64
    ear_starts: Int64
    ear_weights: Float32
    ear_cosines: Float32
    contrast_bins: Int64
    contrast_taken: Int64


class TimbreSums(NamedTuple):
    """What has been heard so far, of ``timbre_sums``: the same size whatever the length."""

    figures: Float64
    cepstrum: Float64
    """``(2, CEPSTRUM)``: sum and sum of squares."""
    contrast: Float64
    """``(2, CONTRAST_BANDS)``: sum over the frames that count, and weighed sum over all."""
    shape: Float64
    """``(3, SHAPE)``: weighed sum, weighed sum of squares, weighed sum of steps from frame to frame."""
    dynamics: Float64
    last: Float64
    """``(SHAPE + 2,)``: the frame before: its shape, its level in dB and its weight."""
    row: Float64
    """``(EAR_BANDS + 1,)``: power so far in the next texture row, by band and as a whole."""
    filled: Int64


def timbre_bands(sample_rate_hz: float, window_frames: int, row_frames: int) -> TimbreBands:
    """The bands for power spectra of Hann windows of ``window_frames``, and ``row_frames`` spectra to a texture row."""
    bins = window_frames // 2 + 1
    bin_hz = sample_rate_hz / window_frames
    mel_first, mel_starts, mel_weights = _mel_weights(min(MEL_HIGHEST_HZ, sample_rate_hz / 2.0), bin_hz, bins)
    ear_first, ear_starts, ear_weights = _ear_weights(bin_hz, bins)
    contrast_bins, contrast_taken = _contrast_bins(bin_hz, bins)
    return TimbreBands(
        bin_hz,
        window_frames,
        row_frames,
        mel_first,
        mel_starts,
        mel_weights,
        cosines(CEPSTRUM, MEL_BANDS),
        ear_first,
        ear_starts,
        ear_weights,
        cosines(SHAPE, EAR_BANDS),
        contrast_bins,
        contrast_taken,
    )


def timbre_sums() -> TimbreSums:
    """Nothing heard yet."""
    return TimbreSums(
        np.zeros(5),
        np.zeros((2, CEPSTRUM)),
        np.zeros((2, CONTRAST_BANDS)),
        np.zeros((3, SHAPE)),
        np.zeros(6),
        np.zeros(SHAPE + 2),
        np.zeros(EAR_BANDS + 1),
        np.zeros(1, np.int64),
    )


def cosines(count: int, bands: int) -> Float32:
    """The first ``count`` rows of the orthonormal cosine transform (DCT-II), ``(count, bands)``."""
    angle = np.pi * np.outer(np.arange(count), np.arange(bands) + 0.5) / bands
    table = np.cos(angle) * np.sqrt(2.0 / bands)
    table[0] *= np.sqrt(0.5)
    told: Float32 = table.astype(np.float32)
    return told


def mel_edges_hz(highest_hz: float) -> Float64:
    """Edges of the mel bands, ``(MEL_BANDS + 2,)``: band ``m`` rises from edge ``m`` to ``m + 1``, falls to ``m + 2``.

    M. Slaney's mel scale ("Auditory Toolbox", Interval Research 1998-010): linear below 1 kHz, then logarithmic.
    """
    hz_per_mel, bend_hz, step = 200.0 / 3.0, 1000.0, np.log(6.4) / 27.0
    bend = bend_hz / hz_per_mel
    top = highest_hz / hz_per_mel if highest_hz < bend_hz else bend + np.log(highest_hz / bend_hz) / step
    mels = np.linspace(0.0, top, MEL_BANDS + 2)
    edges: Float64 = np.where(mels < bend, mels * hz_per_mel, bend_hz * np.exp(np.minimum(step * (mels - bend), 20.0)))
    return edges


def ear_edges_hz() -> Float64:
    """Edges in equal steps of the equivalent rectangular bandwidth, ``(EAR_BANDS + 1,)``.

    B. Glasberg and B. Moore, "Derivation of auditory filter shapes", Hearing Research 47 (1990).
    """
    low, high = (np.log10(1.0 + 0.00437 * hz) for hz in (EAR_LOWEST_HZ, EAR_HIGHEST_HZ))
    edges: Float64 = (10.0 ** np.linspace(low, high, EAR_BANDS + 1) - 1.0) / 0.00437
    return edges


def _mel_weights(highest_hz: float, bin_hz: float, bins: int) -> tuple[Int64, Int64, Float32]:
    edges = mel_edges_hz(highest_hz)
    hz = np.arange(bins) * bin_hz
    first = np.zeros(MEL_BANDS, np.int64)
    pieces: list[Float64] = []
    for band in range(MEL_BANDS):
        low, middle, high = edges[band : band + 3]
        slopes = np.minimum((hz - low) / (middle - low), (high - hz) / (high - middle))
        inside = np.flatnonzero(slopes > 0.0)
        first[band] = inside[0] if inside.size else 0
        pieces.append(slopes[inside] * (2.0 / (high - low)))
    starts = np.cumsum([0, *(piece.size for piece in pieces)])
    return first, starts.astype(np.int64), np.concatenate(pieces).astype(np.float32)


def _ear_weights(bin_hz: float, bins: int) -> tuple[Int64, Int64, Float32]:
    edges = ear_edges_hz()
    heard = int(np.count_nonzero(edges[1:] <= (bins - 1) * bin_hz))
    first, starts = np.zeros(EAR_BANDS, np.int64), np.zeros(EAR_BANDS + 1, np.int64)
    if heard == 0:
        return first, starts, np.zeros(0, np.float32)
    first[:heard], weights, starts[: heard + 1] = band_weights(
        edges[: heard + 1], bin_hz, np.ones(bins), np.zeros(heard)
    )
    starts[heard + 1 :] = starts[heard]
    return first, starts, weights


def _contrast_bins(bin_hz: float, bins: int) -> tuple[Int64, Int64]:
    """Of each band its first bin and its end, ``(CONTRAST_BANDS, 2)``, and how many bins make a peak or a valley; none
    where the band lies above the sample rate's reach or in one bin."""
    edges = np.concatenate(([0.0], CONTRAST_LOWEST_HZ * 2.0 ** np.arange(CONTRAST_BANDS)))
    places = np.zeros((CONTRAST_BANDS, 2), np.int64)
    taken = np.zeros(CONTRAST_BANDS, np.int64)
    hz = np.arange(bins) * bin_hz
    for band in range(CONTRAST_BANDS):
        inside = np.flatnonzero((hz >= edges[band]) & (hz <= edges[band + 1]))
        if inside.size < 2:
            continue
        # As librosa cuts them: a bin below the band belongs to it, its last one does not, but of the last band.
        begin = inside[0] - (1 if band > 0 else 0)
        end = inside[-1] + (1 if band == CONTRAST_BANDS - 1 else 0)
        places[band] = begin, end
        taken[band] = max(1, round(CONTRAST_SHARE * (inside[-1] + 1 - begin)))
    return places, taken


def add_timbre(power: Float32, least_power: float, bands: TimbreBands, sums: TimbreSums) -> Float32:
    """Add power spectra ``(frames, bins)``; what comes back are the texture rows that became full.

    A row is ``(EAR_BANDS + 1,)``: mean power in each of the ear's bands and as a whole, in dB against a full-scale
    square wave, not below ``LEVEL_FLOOR_DB``. Frames whose powers sum to more than ``least_power`` count for the plain
    means, every frame by its magnitude for the rest. Consecutive calls give what one call on the whole would give.
    """
    rows = np.empty((power.shape[0] // bands.row_frames + 1, EAR_BANDS + 1), np.float32)
    count = _add_timbre(power, np.float64(least_power), bands, sums, rows)
    return rows[:count]


@fast_kernel
def _add_timbre(power: Float32, least_power: float, bands: TimbreBands, sums: TimbreSums, rows: Float32) -> int:
    magnitude = np.empty(power.shape[1], np.float32)
    contrast = np.empty(CONTRAST_BANDS)
    decibels = np.empty(MEL_BANDS, np.float32)
    count = 0
    for frame in range(power.shape[0]):
        spectrum = power[frame]
        total, heavy = np.float32(0.0), np.float32(0.0)
        first, second = np.float32(0.0), np.float32(0.0)
        for k in range(spectrum.size):
            size = np.sqrt(spectrum[k])
            magnitude[k] = size
            total += spectrum[k]
            heavy += size
            first += np.float32(k) * size
            second += np.float32(k) * np.float32(k) * size
        if total > np.float32(0.0):
            _measure_contrast(spectrum, bands.contrast_bins, bands.contrast_taken, contrast)
            if total > least_power:
                _add_figures(spectrum, magnitude, np.float64(heavy), np.float64(first), np.float64(second), bands, sums)
                sums.contrast[0] += contrast
                _add_cepstrum(spectrum, bands, decibels, sums)
        _add_colour(spectrum, np.float64(total), bands, contrast, decibels, sums)
        sums.filled[0] += 1
        if sums.filled[0] == bands.row_frames:
            _end_row(bands, sums, rows[count])
            count += 1
    return count


@fast_kernel
def _add_figures(
    spectrum: Float32,
    magnitude: Float32,
    heavy: float,
    first: float,
    second: float,
    bands: TimbreBands,
    sums: TimbreSums,
) -> None:
    centre = first / heavy
    sums.figures[COUNT] += 1.0
    sums.figures[CENTROID] += centre * bands.bin_hz
    sums.figures[BANDWIDTH] += np.sqrt(max(second / heavy - centre * centre, 0.0)) * bands.bin_hz
    below, k, wanted = np.float32(0.0), 0, np.float32(ROLL_OFF * heavy)
    while k < magnitude.size:
        below += magnitude[k]
        if below >= wanted:
            break
        k += 1
    sums.figures[ROLLED] += min(k, magnitude.size - 1) * bands.bin_hz
    # One logarithm for eight bins: their product stays far within a float64.
    stride = spectrum.size // 8
    logs, mean = 0.0, 0.0
    for j in range(stride):
        product = 1.0
        for i in range(8):
            value = max(np.float64(spectrum[j + i * stride]), SMALLEST_POWER)
            mean += value
            product *= value
        logs += np.log(product)
    for j in range(8 * stride, spectrum.size):
        value = max(np.float64(spectrum[j]), SMALLEST_POWER)
        mean += value
        logs += np.log(value)
    sums.figures[FLATNESS] += np.exp(logs / spectrum.size) / (mean / spectrum.size)


@fast_kernel
def _add_cepstrum(spectrum: Float32, bands: TimbreBands, decibels: Float32, sums: TimbreSums) -> None:
    for band in range(MEL_BANDS):
        begin, end = bands.mel_starts[band], bands.mel_starts[band + 1]
        shift = bands.mel_first[band] - begin
        within = np.float32(0.0)
        for i in range(begin, end):
            within += bands.mel_weights[i] * spectrum[i + shift]
        decibels[band] = np.float32(10.0) * np.log10(max(within, np.float32(SMALLEST_POWER)))
    for c in range(CEPSTRUM):
        value = np.float32(0.0)
        for band in range(MEL_BANDS):
            value += bands.mel_cosines[c, band] * decibels[band]
        sums.cepstrum[0, c] += value
        sums.cepstrum[1, c] += np.float64(value) * np.float64(value)


@fast_kernel
def _measure_contrast(spectrum: Float32, places: Int64, taken: Int64, contrast: Float64) -> None:
    """Mean of the strongest bins' magnitudes against that of the weakest, band by band: 10 · log10, as librosa has it
    (D.-N. Jiang et al., "Music type classification by spectral contrast feature", ICME 2002)."""
    strongest, weakest = np.empty(taken.max() + 1, np.float32), np.empty(taken.max() + 1, np.float32)
    for band in range(taken.size):
        contrast[band] = 0.0
        count = taken[band]
        if count == 0:
            continue
        strongest[:count] = np.float32(-1.0)
        weakest[:count] = np.float32(3e38)
        for k in range(places[band, 0], places[band, 1]):
            value = spectrum[k]
            if value > strongest[count - 1]:
                at = count - 1
                while at > 0 and strongest[at - 1] < value:
                    strongest[at] = strongest[at - 1]
                    at -= 1
                strongest[at] = value
            if value < weakest[count - 1]:
                at = count - 1
                while at > 0 and weakest[at - 1] > value:
                    weakest[at] = weakest[at - 1]
                    at -= 1
                weakest[at] = value
        high, low = 0.0, 0.0
        for i in range(count):
            high += np.sqrt(max(strongest[i], np.float32(0.0)))
            low += np.sqrt(weakest[i])
        high, low = max(high / count, SMALLEST_POWER), max(low / count, SMALLEST_POWER)
        contrast[band] = 10.0 * np.log10(high / low)


@fast_kernel
def _add_colour(
    spectrum: Float32, total: float, bands: TimbreBands, contrast: Float64, decibels: Float32, sums: TimbreSums
) -> None:
    heard = 0.0
    level = np.empty(EAR_BANDS)
    for band in range(EAR_BANDS):
        begin, end = bands.ear_starts[band], bands.ear_starts[band + 1]
        shift = bands.ear_first[band] - begin
        within = np.float32(0.0)
        for i in range(begin, end):
            within += bands.ear_weights[i] * spectrum[i + shift]
        level[band] = within
        heard += np.float64(within)
        sums.row[band] += within
    sums.row[EAR_BANDS] += total
    if heard <= 0.0:
        sums.last[SHAPE + 1] = 0.0
        return
    for band in range(EAR_BANDS):
        decibels[band] = np.float32(10.0 * np.log10(level[band] / heard + SHARE_FLOOR))
    weight = np.sqrt(heard)
    step_weight = min(weight, sums.last[SHAPE + 1])
    heard_db = 10.0 * np.log10(heard)
    sums.dynamics[WEIGHT] += weight
    sums.dynamics[POWER] += heard
    sums.dynamics[LEVEL] += weight * heard_db
    sums.dynamics[LEVEL_SQUARE] += weight * heard_db * heard_db
    sums.dynamics[LEVEL_STEP] += step_weight * abs(heard_db - sums.last[SHAPE])
    sums.dynamics[STEP_WEIGHT] += step_weight
    for c in range(SHAPE):
        value = 0.0
        for band in range(EAR_BANDS):
            value += bands.ear_cosines[c, band] * decibels[band]
        sums.shape[0, c] += weight * value
        sums.shape[1, c] += weight * value * value
        sums.shape[2, c] += step_weight * abs(value - sums.last[c])
        sums.last[c] = value
    sums.last[SHAPE] = heard_db
    sums.last[SHAPE + 1] = weight
    for band in range(CONTRAST_BANDS):
        sums.contrast[1, band] += weight * min(contrast[band], STEEPEST_CONTRAST_DB)


@fast_kernel
def _end_row(bands: TimbreBands, sums: TimbreSums, row: Float32) -> None:
    # A Hann window keeps 3/8 of the power, and half of the spectrum is here.
    scale = 1.0 / (sums.filled[0] * 0.375 * 0.5 * np.float64(bands.window_frames) ** 2)
    for band in range(EAR_BANDS + 1):
        row[band] = max(10.0 * np.log10(sums.row[band] * scale + 1e-30), LEVEL_FLOOR_DB)
        sums.row[band] = 0.0
    sums.filled[0] = 0


def last_row(bands: TimbreBands, sums: TimbreSums) -> Float32:
    """The texture row that the end cut short, ``(1, EAR_BANDS + 1)``; ``(0, EAR_BANDS + 1)`` where there is none."""
    rows = np.empty((min(int(sums.filled[0]), 1), EAR_BANDS + 1), np.float32)
    for row in rows:
        _end_row(bands, sums, row)
    return rows
