"""What a view shows of a spectrogram now: the finest tiles at hand, coarser ones stretched where they are missing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio.spectrogram import ROWS, TILE_COLUMNS, Overview, level_db, top_level_db
from sonicforge_studio.kernels.spectrogram import paint, row_frequencies
from sonicforge_studio.studio.spectrograms import TrackSpectrogram

Columns = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a track over the width of a picture."""

    start_seconds: float
    seconds_per_pixel: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """``finest`` where nothing better will come; ``hop_seconds`` is how long a column of the wanted level lasts."""

    finest: bool
    hop_seconds: float


def draw(track: TrackSpectrogram, window: Window, colours: NDArray[np.uint32], image: NDArray[np.uint32]) -> Drawn:
    """Draw into ``image`` ``(height, width)`` what is in memory, and wish for what is missing. Never waits.

    ``colours`` are those of the 256 levels; what lies outside the track has the first one.
    """
    image[:] = colours[0]
    overview = track.state.overview
    if overview is None or not len(overview.columns):
        return Drawn(False, 0.0)
    pyramid = overview.pyramid
    frame = window.start_seconds * pyramid.sample_rate_hz
    frames_per_pixel = window.seconds_per_pixel * pyramid.sample_rate_hz
    width = image.shape[1]
    hop = pyramid.hop_for(frames_per_pixel) if overview.complete else pyramid.hop_frames

    def pixel(at_frame: float) -> int:
        return round(min(max((at_frame - frame) / frames_per_pixel, 0.0), float(width)))

    def paint_run(columns: Columns, columns_hop: int, first_column: int, begin: float, end: float) -> None:
        left, right = pixel(begin), pixel(min(end, pyramid.frames))
        if right > left:
            at = (frame + left * frames_per_pixel) / columns_hop - first_column
            paint(columns, at, frames_per_pixel / columns_hop, colours, image, (left, right))

    if hop == pyramid.hop_frames:
        paint_run(overview.columns, hop, 0, 0, pyramid.frames)
        if overview.complete:
            track.want(hop, ())
        return Drawn(overview.complete, hop / pyramid.sample_rate_hz)
    span = TILE_COLUMNS * hop
    tiles = pyramid.tiles(hop)
    first = min(max(int(frame // span), 0), tiles - 1)
    last = min(max(int((frame + width * frames_per_pixel) // span), first), tiles - 1)
    at_hand = {index: track.tile(hop, index) for index in range(first, last + 1)}
    for begin, end in _runs([index for index, tile in at_hand.items() if tile is not None]):
        joined = np.concatenate([tile for index in range(begin, end) if (tile := at_hand[index]) is not None])
        paint_run(joined, hop, begin * TILE_COLUMNS, begin * span, end * span)
    missing = [index for index, tile in at_hand.items() if tile is None]
    for index in missing:
        columns, columns_hop, first_column = _coarser(track, overview, hop, index)
        paint_run(columns, columns_hop, first_column, index * span, (index + 1) * span)
    middle = (frame + 0.5 * width * frames_per_pixel) / span - 0.5
    beside = [index for index in (first - 1, last + 1) if 0 <= index < tiles]
    track.want(hop, sorted(missing, key=lambda index: abs(index - middle)) + beside)
    return Drawn(not missing, hop / pyramid.sample_rate_hz)


def _coarser(track: TrackSpectrogram, overview: Overview, hop: int, index: int) -> tuple[Columns, int, int]:
    """The finest columns at hand that cover a tile, with their hop and the first one's number."""
    coarser, shift = 2 * hop, 1
    while coarser < overview.pyramid.hop_frames:
        tile = track.tile(coarser, index >> shift)
        if tile is not None:
            return tile, coarser, (index >> shift) * TILE_COLUMNS
        coarser, shift = 2 * coarser, shift + 1
    return overview.columns, overview.pyramid.hop_frames, 0


def _runs(indices: list[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring numbers as ranges."""
    breaks = [at + 1 for at, (a, b) in enumerate(pairwise(indices)) if b != a + 1]
    for begin, end in pairwise([0, *breaks, len(indices)]):
        if end > begin:
            yield indices[begin], indices[end - 1] + 1


def level_at(track: TrackSpectrogram, window: Window, seconds: float, low_hz: float, high_hz: float) -> float | None:
    """The highest level in dBFS that a pixel shows, which begins at ``seconds``, over its frequencies; None outside of
    the track."""
    overview = track.state.overview
    if overview is None or not len(overview.columns):
        return None
    pyramid = overview.pyramid
    frame = int(seconds * pyramid.sample_rate_hz)
    if not 0 <= frame < pyramid.frames:
        return None
    frames_per_pixel = window.seconds_per_pixel * pyramid.sample_rate_hz
    rows_per_octave = ROWS / math.log2(pyramid.high_hz / pyramid.low_hz)
    row, end_row = (int(math.log2(hz / pyramid.low_hz) * rows_per_octave) for hz in (low_hz, high_hz))
    rows = slice(max(row, 0), max(end_row, row + 1))
    hop = pyramid.hop_for(frames_per_pixel) if overview.complete else pyramid.hop_frames
    while hop < pyramid.hop_frames:
        index, column = divmod(frame // hop, TILE_COLUMNS)
        tile = track.tile(hop, index)
        if tile is not None:
            return float(level_db(tile[column, rows].max(initial=0)))
        hop *= 2
    column = min(frame // hop, len(overview.columns) - 1)
    end_column = max(int((frame + frames_per_pixel) / hop), column + 1)
    return float(level_db(overview.columns[column:end_column, rows].max(initial=0)))


def levels_of(track: TrackSpectrogram, window: Window, columns: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """What is shown, in figures: the rows' frequencies in Hz ``(ROWS,)``, lowest first, and the levels in dBFS
    ``(columns, ROWS)``. Both are empty where there is nothing yet."""
    overview = track.state.overview
    if overview is None:
        return np.empty(0), np.empty((0, 0), np.float32)
    bytes_shown = np.zeros((ROWS, columns), np.uint32)
    draw(track, window, np.arange(256, dtype=np.uint32), bytes_shown)
    frequencies = row_frequencies(ROWS, overview.pyramid.low_hz, overview.pyramid.high_hz)
    return frequencies, level_db(bytes_shown[::-1].T.astype(np.uint8))


def top_db_of(track: TrackSpectrogram) -> float:
    """The level that the lightest colour stands for: the loudest cell so far, up to the next 5 dB."""
    overview = track.state.overview
    return 0.0 if overview is None else top_level_db(overview.columns)
