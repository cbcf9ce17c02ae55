"""The form of a piece: where a new section begins, which sections sound alike, and what each of them is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sonicforge_studio.analysis._running import running_sums
from sonicforge_studio.analysis._section_names import Stretch, letters, names
from sonicforge_studio.domain import Progress, Section
from sonicforge_studio.kernels.timbre import EAR_BANDS, cosines

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_SHORTEST_PIECE_SECONDS = 15.0
_SHORTEST_SECTION_SECONDS = 3.0
_SECONDS_PER_SECTION = 8.0
"""On average a section lasts at least so long."""
_SILENCE_DB = -70.0
_COEFFICIENTS = 8
_BAND_DEPTH_DB = 20.0
"""A band that is so far below its own usual peak is as good as silent: how deep a pause is does not matter."""
_WHOLE_DEPTH_DB = 70.0
_STEADY_ROWS = 8
_SHARE_OF_SPREAD = 0.05
_LEAST_VARIANCE = 0.1
"""In dB²: smaller changes are not heard as such."""
_NEW_SECTION = 5.0
"""What a new section costs, in variances of each coefficient."""
_USUAL_ROWS = 150.0
_PHRASE_PULL = 0.3
"""How much cheaper sections of 4, 8, … bars are, and dearer those of an odd number."""
_MOST_PLACES = 2000


def find_sections(
    texture: Float32,
    texture_rate_hz: float,
    chromagram: NDArray[np.floating],
    chroma_rate_hz: float,
    downbeats_seconds: ArrayLike,
    duration_seconds: float,
    progress: Progress,
) -> tuple[Section, ...]:
    """The sections from 0 to the end, without gaps; none where the piece is shorter than 15 s or silent.

    ``texture`` is that of ``Timbre``, ``chromagram (n, 12)`` may be empty, as may the downbeats; where there are some,
    sections begin on them. The boundaries are those that split the piece into the most uniform stretches for a price
    per stretch (optimal partitioning: B. Jackson et al., "An algorithm for optimal partitioning of data on an
    interval", IEEE Signal Processing Letters 12, 2005), which is the best sum over the blocks of a self-similarity
    matrix without having to hold the matrix.
    """
    levels = texture[:, EAR_BANDS] if texture.size else np.zeros(0)
    if duration_seconds < _SHORTEST_PIECE_SECONDS or levels.size < 2 or levels.max() < _SILENCE_DB:
        return ()
    colour = _steady_units(_shapes(texture))
    places, metred = _places(np.asarray(downbeats_seconds, np.float64), duration_seconds, texture_rate_hz)
    every_bar = metred and places.size <= _MOST_PLACES
    if places.size > _MOST_PLACES:
        places = _likeliest(places, colour, texture_rate_hz)
    rows = np.minimum(places * texture_rate_hz, colour.shape[0])
    ends = _partition(colour, rows, texture_rate_hz, every_bar, progress)
    bounds = places[ends]
    return _told(bounds, texture, colour, texture_rate_hz, chromagram, chroma_rate_hz, metred)


def _shapes(texture: Float32) -> Float64:
    """Of each row how its level lies over the bands, and how loud it is."""
    usual = np.percentile(texture, 95, axis=0)
    floor = np.maximum(usual - _BAND_DEPTH_DB, usual.max() - _WHOLE_DEPTH_DB)
    clear = np.maximum(texture, floor).astype(np.float64)
    shapes: Float64 = np.column_stack((clear[:, :EAR_BANDS] @ cosines(_COEFFICIENTS, EAR_BANDS).T, clear[:, EAR_BANDS]))
    return shapes


def _steady_units(rows: Float64) -> Float64:
    """The rows, each column in units of how much it moves while nothing changes, about 4 s long."""
    width = min(_STEADY_ROWS, rows.shape[0])
    sums, squares = running_sums(rows), running_sums(rows**2)
    mean = (sums[width:] - sums[:-width]) / width
    moves = np.median((squares[width:] - squares[:-width]) / width - mean**2, axis=0)
    variance = np.maximum(moves, 0.0) + _SHARE_OF_SPREAD * rows.var(axis=0) + _LEAST_VARIANCE
    steady: Float64 = (rows - rows.mean(axis=0)) / np.sqrt(variance)
    return steady


def _places(downbeats: Float64, duration_seconds: float, rate_hz: float) -> tuple[Float64, bool]:
    """Where a section may begin, with 0 and the end; and whether these are the bars of the whole piece."""
    inner = downbeats[(downbeats > 1.0) & (downbeats < duration_seconds - 1.0)]
    gaps = np.diff(np.concatenate(([0.0], inner, [duration_seconds])))
    phrased = inner.size >= 4 and float(gaps.max()) < 4.0 * float(np.median(gaps))
    if not phrased:
        rows = np.arange(1.0, duration_seconds - 1.0, 1.0 / rate_hz)
        known = np.concatenate(([-np.inf], inner, [np.inf]))
        behind = np.searchsorted(known, rows)
        near = np.minimum(known[behind] - rows, rows - known[behind - 1])
        inner = np.sort(np.concatenate((inner, rows[near > 1.0 / rate_hz])))
    return np.concatenate(([0.0], inner, [duration_seconds])), phrased


def _likeliest(places: Float64, colour: Float64, rate_hz: float) -> Float64:
    """Of each few neighbouring places the one at which the sound changes most, so that hours take no longer."""
    rows = np.arange(colour.shape[0] + 1.0)
    running = running_sums(colour)
    before, here, after = (
        np.column_stack([np.interp(places * rate_hz + shift, rows, column) for column in running.T])
        for shift in (-_STEADY_ROWS, 0.0, _STEADY_ROWS)
    )
    change = ((after - 2.0 * here + before) ** 2).sum(axis=1)[1:-1]
    few = -(-places.size // _MOST_PLACES)
    starts = np.arange(0, change.size, few)
    best = [start + int(change[start : start + few].argmax()) for start in starts]
    return np.concatenate((places[:1], places[1:-1][best], places[-1:]))


def _partition(colour: Float64, places: Float64, rate_hz: float, phrased: bool, progress: Progress) -> NDArray[np.intp]:
    """Indices of the boundaries among the places (in rows), the first and the last among them."""
    most = max(1.0, places[-1] / rate_hz / _SECONDS_PER_SECTION)
    price = _NEW_SECTION * colour.shape[1] * max(1.0, np.log(colour.shape[0]) / np.log(_USUAL_ROWS))
    grid = np.arange(colour.shape[0] + 1.0)
    sums = np.column_stack([np.interp(places, grid, column) for column in running_sums(colour).T])
    squares = np.interp(places, grid, running_sums((colour**2).sum(axis=1, keepdims=True))[:, 0])
    while True:
        bounds = _cheapest(places, sums, squares, price, _SHORTEST_SECTION_SECONDS * rate_hz, phrased, progress)
        if bounds.size - 1 <= most:
            return bounds
        price *= 1.3


def _cheapest(
    places: Float64,
    sums: Float64,
    squares: Float64,
    price: float,
    shortest: float,
    phrased: bool,
    progress: Progress,
) -> NDArray[np.intp]:
    count = places.size
    best = np.full(count, np.inf)
    best[0] = 0.0
    before = np.zeros(count, np.intp)
    bars = np.arange(count, 0, -1)
    phrase_price = np.full(count, price)
    if phrased:
        phrase_price *= np.select(
            [bars % 4 == 0, bars % 2 == 0], [1.0 - _PHRASE_PULL, 1.0 - 0.6 * _PHRASE_PULL], 1.0 + _PHRASE_PULL
        )
    for end in range(1, count):
        progress.step(end, count, "Finding the sections")
        length = places[end] - places[:end]
        uneven = squares[end] - squares[:end] - ((sums[end] - sums[:end]) ** 2).sum(axis=1) / np.maximum(length, 1e-9)
        last = end == count - 1
        cost = best[:end] + uneven + (price if last else phrase_price[count - end :])
        cost[(length < shortest) & (np.arange(end) > 0)] = np.inf
        before[end] = np.argmin(cost)
        best[end] = cost[before[end]]
    bounds = [count - 1]
    while bounds[-1] > 0:
        bounds.append(int(before[bounds[-1]]))
    return np.array(bounds[::-1], np.intp)


def _told(
    bounds: Float64,
    texture: Float32,
    colour: Float64,
    rate_hz: float,
    chromagram: NDArray[np.floating],
    chroma_rate_hz: float,
    metred: bool,
) -> tuple[Section, ...]:
    bounds_rows = bounds * rate_hz
    stretches = _stretches(bounds, texture, rate_hz)
    loudest = max(stretch.loudness for stretch in stretches)
    alike = letters(_means(colour, bounds_rows), _harmony(chromagram, bounds * chroma_rate_hz))
    return tuple(
        Section(
            round(float(start), 4), round(float(end), 4), name, letter, round(stretch.loudness / max(loudest, 1e-30), 4)
        )
        for start, end, name, letter, stretch in zip(
            bounds[:-1], bounds[1:], names(stretches, metred), alike, stretches, strict=True
        )
    )


def _stretches(bounds: Float64, texture: Float32, rate_hz: float) -> tuple[Stretch, ...]:
    power = 10.0 ** (texture[:, :EAR_BANDS].astype(np.float64) / 10.0)
    halves = np.sort(np.concatenate((bounds, (bounds[:-1] + bounds[1:]) / 2.0)))
    loudness = _means((power**_LOUDNESS_EXPONENT).sum(axis=1, keepdims=True), halves * rate_hz)[:, 0]
    bass = _means(power[:, :_BASS_BANDS].sum(axis=1, keepdims=True), bounds * rate_hz)[:, 0]
    return tuple(
        Stretch(
            float(end - start),
            float(first + second) / 2.0,
            float(10.0 * np.log10(low + 1e-12)),
            float(second / max(first, 1e-30)),
        )
        for start, end, first, second, low in zip(
            bounds[:-1], bounds[1:], loudness[::2], loudness[1::2], bass, strict=True
        )
    )


_BASS_BANDS = 4
"""Of the ear's bands, those below 170 Hz: kick and bass."""
_LOUDNESS_EXPONENT = 0.3
"""Of power, in each band: S. Stevens, "The measurement of loudness", JASA 27 (1955)."""


def _means(rows: Float64, bounds: Float64) -> Float64:
    """The mean row of each stretch between the bounds, which are in rows."""
    grid = np.arange(rows.shape[0] + 1.0)
    sums = np.column_stack([np.interp(bounds, grid, column) for column in running_sums(rows).T])
    heard = np.diff(np.minimum(bounds, grid[-1]))
    means: Float64 = np.diff(sums, axis=0) / np.maximum(heard, 1e-9)[:, np.newaxis]
    return means


def _harmony(chromagram: NDArray[np.floating], bounds: Float64) -> Float64:
    """The pitch classes of each stretch without their mean, of length 1; ``(stretches, 0)`` where nothing is tonal."""
    if chromagram.shape[0] == 0 or not np.any(chromagram):
        return np.zeros((bounds.size - 1, 0))
    classes = _means(chromagram.astype(np.float64), bounds)
    classes -= classes.mean(axis=1, keepdims=True)
    harmony: Float64 = classes / np.maximum(np.sqrt((classes**2).sum(axis=1, keepdims=True)), 1e-12)
    return harmony
