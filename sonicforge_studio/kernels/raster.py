"""Painting into the memory of images: pixels are uint32 ``0xffRRGGBB``, shape ``(height, width)``.

Places are counted in pixels from the middle of the first, so that ``width - 1`` is the middle of the last; rows run
downwards. Nothing here allocates. Any value may be NaN, infinite or outside, which is then not drawn; where an image
and what is painted into it differ in size, the smaller counts.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel
from sonicforge_studio.kernels.stereo import add_points

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Pixels = NDArray[np.uint32]

_LINE_PIXELS = 1.5
_THIN_PIXELS = 1.0
_OPAQUE = 0xFF000000
_FAR = 1e6


def warm_painting() -> None:
    """Compile what paints, or read it from the cache, before a window has to wait for it."""
    image, colours = np.zeros((2, 2), np.uint32), np.zeros(256, np.uint32)
    levels_db, rows, places = np.zeros(2, np.float32), np.zeros(2, np.float32), np.zeros(2)
    columns_from_bands(levels_db, places, -96.0, 3.0, 2, rows)
    grid = np.zeros(0, np.int64)
    paint_spectrum(image, rows, rows, rows, True, True, grid, grid, colours, 0, 0, 0, 0, 0, 1.0)
    paint_row(image[0], levels_db, places, -90.0, -6.0, colours)
    wave = np.zeros((2, 2), np.float32)
    wave.flags.writeable = False
    density = np.zeros((2, 2), np.float32)
    add_points(density, wave, 0.5, 1.0)
    paint_density(image, density, colours)


@kernel
def columns_from_bands(
    levels_db: Float32, places: Float64, low_db: float, high_db: float, height: int, rows: Float32
) -> None:
    """The row at which each column of a curve lies, ``rows`` float32 ``(width,)``: ``high_db`` is row 0, ``low_db`` row
    ``height - 1``.

    ``places`` (bands,) are the columns of the bands' centres, ascending. Between centres the curve is straight; a
    column that holds several shows the highest. Half a band beyond the first and the last centre it ends: ``height``,
    which is below the image.
    """
    band = 0
    for column in range(rows.size):
        level, band = _level_at(levels_db, places, column, band)
        rows[column] = _row_of(level, low_db, high_db, height)


@kernel
def paint_row(row: Pixels, levels_db: Float32, places: Float64, low_db: float, high_db: float, colours: Pixels) -> None:
    """One row of a waterfall, uint32 ``(width,)``: ``colours`` (256,) from ``low_db`` and below to ``high_db`` and
    above; ``places`` as in ``columns_from_bands``."""
    last = colours.size - 1
    scale = last / (high_db - low_db)
    band = 0
    for column in range(row.size):
        level, band = _level_at(levels_db, places, column, band)
        step = (level - low_db) * scale + 0.5
        row[column] = colours[int(min(step, float(last))) if step >= 1.0 else 0]


@kernel
def paint_density(image: Pixels, density: Float32, colours: Pixels) -> None:
    """A vectorscope's trace: density d as the colour at d / (1 + d) of ``colours`` (256,)."""
    height, width = min(image.shape[0], density.shape[0]), min(image.shape[1], density.shape[1])
    last = np.float32(colours.size - 1)
    for y in range(height):
        for x in range(width):
            value = density[y, x]
            step = last * (value / (np.float32(1.0) + value)) + np.float32(0.5)
            # The way round that NaN goes is meant: both comparisons must hold for it to be a step.
            inside = step >= np.float32(1.0) and step <= last + np.float32(0.5)
            image[y, x] = colours[np.int32(step) if inside else np.int32(0)]


@kernel
def paint_spectrum(
    image: Pixels, top: Float32, hold: Float32, average: Float32, hold_shown: bool, average_shown: bool,
    grid_columns: Int64, grid_rows: Int64, gradient: Pixels,
    ground: int, grid: int, line: int, hold_line: int, average_line: int, density: float = 1.0,
) -> None:  # fmt: skip
    """Ground, grid, the area below ``top`` in the colours of ``gradient`` (a colour for each row), and curves.

    ``top``, ``hold`` and ``average`` float32 (width,) are rows, as ``columns_from_bands`` gives them. The grid shines
    through the area. Lines are ``density`` times as thick, for screens with so many pixels to a point. All edges are
    antialiased, and steep curves stay connected.
    """
    height, width = min(image.shape[0], gradient.size), min(image.shape[1], top.size)
    for y in range(height):
        _paint_ground(image[y], top, np.float32(y), np.uint32(ground), gradient[y])
    for x in range(width):
        edge = top[x]
        # The pixel that the edge crosses is covered in part.
        if -0.5 <= edge < height - 0.5:
            y = math.floor(edge + 0.5)
            image[y, x] = _blend(ground, gradient[y], y + 0.5 - edge)
    for y in grid_rows:
        if 0 <= y < height:
            for x in range(width):
                image[y, x] = _shine(image[y, x], ground, grid)
    for x in grid_columns:
        if 0 <= x < width:
            for y in range(height):
                # Where two lines cross they shine once.
                if not _among(y, grid_rows):
                    image[y, x] = _shine(image[y, x], ground, grid)
    if average_shown:
        _paint_curve(image, average, average_line, density * _THIN_PIXELS)
    if hold_shown:
        _paint_curve(image, hold, hold_line, density * _THIN_PIXELS)
    _paint_curve(image, top, line, density * _LINE_PIXELS)


@kernel
def _level_at(levels_db: Float32, places: Float64, column: int, band: int) -> tuple[float, int]:
    """The level that a column shows, NaN where there is none; and the first band from its left border on, at which the
    search for the next column may begin."""
    bands = min(levels_db.size, places.size)
    left, right = column - 0.5, column + 0.5
    while band < bands and places[band] < left:
        band += 1
    if band < bands and places[band] < right:
        highest = -math.inf
        inside = band
        while inside < bands and places[inside] < right:
            highest = max(highest, float(levels_db[inside]))
            inside += 1
        return highest, band
    if 0 < band < bands:
        share = (column - places[band - 1]) / (places[band] - places[band - 1])
        return (1.0 - share) * levels_db[band - 1] + share * levels_db[band], band
    if bands > 1:
        if band == 0 and places[0] - column <= 0.5 * (places[1] - places[0]):
            return float(levels_db[0]), band
        if band == bands and column - places[bands - 1] <= 0.5 * (places[bands - 1] - places[bands - 2]):
            return float(levels_db[bands - 1]), band
    return math.nan, band


@kernel
def _row_of(level_db: float, low_db: float, high_db: float, height: int) -> float:
    row = (high_db - level_db) / (high_db - low_db) * (height - 1)
    return max(row, -2.0) if row < height else float(height)


@kernel
def _paint_ground(row: Pixels, top: Float32, y: np.float32, ground: np.uint32, fill: np.uint32) -> None:
    """A row's pixels that lie wholly below the curve, and the others."""
    for x in range(min(row.size, top.size)):
        row[x] = fill if y - np.float32(0.5) >= top[x] else ground


@kernel
def _paint_curve(image: Pixels, curve: Float32, colour: int, thickness: float) -> None:
    """A line: in each column from half way to its left neighbour to half way to its right one."""
    height, width = image.shape[0], min(image.shape[1], curve.size)
    for x in range(width):
        here = float(curve[x])
        if not abs(here) <= _FAR:
            continue
        before = float(curve[max(x - 1, 0)])
        after = float(curve[min(x + 1, width - 1)])
        before = 0.5 * (here + before) if abs(before) <= _FAR else here
        after = 0.5 * (here + after) if abs(after) <= _FAR else here
        high = min(here, before, after)
        if high >= height:
            continue
        high = max(high - 0.5 * thickness, -0.5)
        low = min(max(here, before, after) + 0.5 * thickness, height - 0.5)
        for y in range(math.floor(high + 0.5), math.ceil(low - 0.5) + 1):
            share = min(low, y + 0.5) - max(high, y - 0.5)
            if 0 <= y < height and share > 0.0:
                image[y, x] = _blend(image[y, x], colour, share)


@kernel
def _blend(under: int, over: int, share: float) -> np.uint32:
    """``share`` (0 … 1) of one colour over another."""
    part = int(256.0 * share)
    red_blue = ((under & 0xFF00FF) * (256 - part) + (over & 0xFF00FF) * part) >> 8
    green = ((under & 0x00FF00) * (256 - part) + (over & 0x00FF00) * part) >> 8
    return np.uint32(_OPAQUE | (red_blue & 0xFF00FF) | (green & 0x00FF00))


@kernel
def _shine(pixel: int, ground: int, grid: int) -> np.uint32:
    """What the grid adds to the ground, added to a pixel."""
    shone = _OPAQUE
    for shift in (0, 8, 16):
        value = int(pixel >> shift & 0xFF) + int(grid >> shift & 0xFF) - int(ground >> shift & 0xFF)
        shone |= min(max(value, 0), 255) << shift
    return np.uint32(shone)


@kernel
def _among(row: int, rows: Int64) -> bool:
    found = False
    for other in rows:
        found = found or other == row
    return found
