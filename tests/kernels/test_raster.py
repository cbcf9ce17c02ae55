"""Painting beside plain pixel loops, and at the borders of what can be painted."""

from __future__ import annotations

import itertools
import math
import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.kernels.raster import columns_from_bands, paint_density, paint_row, paint_spectrum

Float32 = NDArray[np.float32]
Pixels = NDArray[np.uint32]

GREY = (np.arange(256) * 0x010101 + 0xFF000000).astype(np.uint32)
GROUND, GRID, LINE, HOLD, AVERAGE = 0xFF101010, 0xFF202020, 0xFFFFFFFF, 0xFFFF0000, 0xFF00FF00
FILL = 0xFF404040
NOWHERE = np.zeros(0, np.int64)


def painted(
    top: Float32,
    height: int,
    *,
    hold: Float32 | None = None,
    average: Float32 | None = None,
    columns: NDArray[np.int64] = NOWHERE,
    rows: NDArray[np.int64] = NOWHERE,
    line: int = LINE,
) -> Pixels:
    image = np.zeros((height, top.size), np.uint32)
    none = np.full(top.size, np.nan, np.float32)
    paint_spectrum(
        image, top, none if hold is None else hold, none if average is None else average, hold is not None,
        average is not None, columns, rows, np.full(height, FILL, np.uint32), GROUND, GRID, line, HOLD, AVERAGE,
    )  # fmt: skip
    return image


def blue(image: Pixels) -> NDArray[np.int64]:
    return (image & 0xFF).astype(np.int64)


# From bands to columns


def twin_levels(levels_db: NDArray[np.float64], places: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    shown = np.full(width, np.nan)
    for column in range(width):
        inside = (places >= column - 0.5) & (places < column + 0.5)
        if inside.any():
            shown[column] = levels_db[inside].max()
        elif places[0] < column < places[-1]:
            shown[column] = np.interp(column, places, levels_db)
        elif 0 < places[0] - column <= 0.5 * (places[1] - places[0]):
            shown[column] = levels_db[0]
        elif 0 < column - places[-1] <= 0.5 * (places[-1] - places[-2]):
            shown[column] = levels_db[-1]
    return shown


@pytest.mark.parametrize(("bands", "width"), [(240, 800), (512, 200), (30, 1000), (2, 7), (240, 1)])
def test_columns_equal_the_plain_twin(bands: int, width: int) -> None:
    rng = np.random.default_rng(bands)
    levels_db = rng.uniform(-90.0, 0.0, bands).astype(np.float32)
    places = np.sort(rng.uniform(0.05 * width, 0.9 * width, bands))
    rows = np.empty(width, np.float32)
    columns_from_bands(levels_db, places, -96.0, 3.0, 400, rows)
    expected = (3.0 - twin_levels(levels_db, places, width)) / 99.0 * 399.0
    np.testing.assert_allclose(rows, np.where(np.isnan(expected), 400.0, expected), atol=1e-3)
    row = np.zeros(width, np.uint32)
    paint_row(row, levels_db, places, -96.0, 3.0, GREY)
    steps = np.floor(255.0 * (1.0 - expected / 399.0) + 0.5)
    np.testing.assert_allclose(blue(row), np.where(np.isnan(steps), 0, steps), atol=1)


def test_the_highest_band_in_a_pixel_is_the_one_that_shows() -> None:
    levels_db = np.array([-50.0, -10.0, -50.0, -50.0], np.float32)
    rows = np.empty(4, np.float32)
    columns_from_bands(levels_db, np.array([0.8, 1.0, 1.2, 3.0]), -60.0, 0.0, 61, rows)
    np.testing.assert_allclose(rows, [61.0, 10.0, 50.0, 50.0], atol=1e-4)


def test_levels_outside_the_scale_lie_outside_the_image() -> None:
    levels_db = np.array([-144.0, 30.0, np.nan, -np.inf, np.inf], np.float32)
    rows = np.empty(5, np.float32)
    columns_from_bands(levels_db, np.arange(5.0), -60.0, 0.0, 100, rows)
    assert rows.tolist() == [100.0, -2.0, 100.0, 100.0, -2.0]
    row = np.zeros(5, np.uint32)
    paint_row(row, levels_db, np.arange(5.0), -60.0, 0.0, GREY)
    assert blue(row).tolist() == [0, 255, 0, 0, 255]


@pytest.mark.parametrize("bands", [0, 1])
def test_hardly_any_bands(bands: int) -> None:
    rows = np.zeros(5, np.float32)
    columns_from_bands(np.full(bands, -30.0, np.float32), np.full(bands, 2.0), -60.0, 0.0, 61, rows)
    assert rows.tolist() == ([61.0] * 5 if not bands else [61.0, 61.0, 30.0, 61.0, 61.0])


# The spectrum


def twin_spectrum(top: Float32, height: int) -> NDArray[np.float64]:
    """The blue of ground, area and line, from the definitions."""
    y = np.arange(height)[:, np.newaxis]
    area = np.clip(y + 0.5 - top, 0.0, 1.0)
    shown = 0x10 * (1.0 - area) + 0x40 * area
    left = 0.5 * (top + np.concatenate((top[:1], top[:-1])))
    right = 0.5 * (top + np.concatenate((top[1:], top[-1:])))
    high, low = np.min((left, top, right), axis=0) - 0.75, np.max((left, top, right), axis=0) + 0.75
    line = np.clip(np.minimum(low, y + 0.5) - np.maximum(high, y - 0.5), 0.0, 1.0)
    return shown * (1.0 - line) + 0xFF * line


def test_area_and_line_equal_the_plain_twin() -> None:
    rng = np.random.default_rng(4)
    for scale in (0.0, 0.3, 4.0, 40.0):
        top = (15.0 + scale * rng.standard_normal(50)).astype(np.float32)
        top = np.minimum(top, 29.0)
        np.testing.assert_allclose(blue(painted(top, 30)), twin_spectrum(top, 30), atol=2.5)


def test_a_level_line_covers_its_thickness() -> None:
    for y in (2.0, 2.3, 2.5):
        image = blue(painted(np.full(6, np.nan, np.float32), 6, hold=np.full(6, y, np.float32)))
        red = (painted(np.full(6, np.nan, np.float32), 6, hold=np.full(6, y, np.float32)) >> 16 & 0xFF).astype(float)
        covered = np.clip(np.minimum(y + 0.5, np.arange(6) + 0.5) - np.maximum(y - 0.5, np.arange(6) - 0.5), 0.0, 1.0)
        np.testing.assert_allclose(red[:, 3], 0x10 + covered * (0xFF - 0x10), atol=2)
        assert image.max() == 0x10


def test_steep_curves_stay_connected() -> None:
    rng = np.random.default_rng(2)
    curve = rng.uniform(0, 59, 80).astype(np.float32)
    bright = blue(painted(np.full(80, np.nan, np.float32), 60, average=curve) >> np.uint32(8)) > 0x60
    for column in range(80):
        rows = np.flatnonzero(bright[:, column])
        assert (np.diff(rows) == 1).all(), "a gap within a column"
        if column:
            before = np.flatnonzero(bright[:, column - 1])
            gap = max(rows.min() - before.max(), before.min() - rows.max())
            assert gap <= 1, "a gap between columns"


def test_the_line_lies_over_hold_over_average_over_area() -> None:
    curve = np.full(4, 3.0, np.float32)
    assert (painted(curve, 6, hold=curve, average=curve)[3] == LINE).all()
    aside = np.full(4, 1.0, np.float32)
    image = painted(curve, 6, hold=aside, average=aside)
    assert (image[1] == HOLD).all()
    assert (image[5] == FILL).all()
    assert (image[0] == GROUND).all()


def test_the_grid_shines_through_the_area_once_where_lines_cross() -> None:
    columns, rows = np.array([1, 3, 99, -4]), np.array([0, 5, 50, -1])
    image = painted(np.full(5, 3.0, np.float32), 7, columns=columns, rows=rows)
    lit = np.zeros((7, 5), bool)
    lit[[0, 5], :] = lit[:, [1, 3]] = True
    below, above = np.arange(7) > 4, np.arange(7) < 2
    assert (image[below] == np.where(lit, FILL + 0x101010, FILL)[below]).all()
    assert (image[above] == np.where(lit, GRID, GROUND)[above]).all()


BAD = (np.nan, np.inf, -np.inf, 3e38, -3e38, -1.0, 0.0, 5.0, 1e9)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 9), (9, 1), (2, 2), (33, 17)])
def test_no_value_paints_outside_the_image(height: int, width: int) -> None:
    around = np.full((height + 2, width + 2), 7, np.uint32)
    inside = around[1:-1, 1:-1]
    values = list(itertools.islice(itertools.cycle(BAD), width))
    for shift in range(len(BAD)):
        curve = np.roll(np.array(values, np.float32), shift)
        paint_spectrum(
            inside, curve, curve[::-1].copy(), curve, True, True, np.array([-1, 0, width]), np.array([-1, 0, height]),
            np.full(height, FILL, np.uint32), GROUND, GRID, LINE, HOLD, AVERAGE,
        )  # fmt: skip
        assert (inside >> np.uint32(24) == 0xFF).all()
    paint_density(inside, np.resize(np.array(BAD, np.float32), (height, width)), GREY)
    assert (inside >> np.uint32(24) == 0xFF).all()
    levels_db = np.array(BAD, np.float32)
    for places in (np.linspace(-3, width + 3, 9), np.full(9, np.nan), np.full(9, np.inf), np.zeros(9)):
        for low_db, high_db in ((-60.0, 0.0), (0.0, 0.0), (math.nan, 1.0)):
            paint_row(inside[0], levels_db, places, low_db, high_db, GREY)
            rows = np.zeros(width, np.float32)
            columns_from_bands(levels_db, places, low_db, high_db, height, rows)
            assert ((rows >= -2.0) & (rows <= height)).all()
    around[1:-1, 1:-1] = 7
    assert (around == 7).all()


@pytest.mark.parametrize("size", [(3, 4), (30, 4), (3, 40), (30, 40)])
def test_of_unequal_sizes_the_smaller_counts(size: tuple[int, int]) -> None:
    image = np.full((10, 12), 7, np.uint32)
    curve = np.full(size[1], 1.0, np.float32)
    paint_spectrum(
        image, curve, curve[:2], curve[1:], True, True, np.array([1, 20]), np.array([1, 20]),
        np.full(size[0], FILL, np.uint32), GROUND, GRID, LINE, HOLD, AVERAGE,
    )  # fmt: skip
    paint_density(image, np.ones(size, np.float32), GREY)
    assert (image[size[0] :, size[1] :] == 7).all()
    assert (image[: size[0], : size[1]] >> np.uint32(24) == 0xFF).all()


# The rest


def test_density_is_shown_softly() -> None:
    density = np.array([[0.0, 1e-9, 0.25, 1.0], [3.0, 1e9, -1.0, np.nan]], np.float32)
    image = np.zeros((2, 4), np.uint32)
    paint_density(image, density, GREY)
    assert blue(image).tolist() == [[0, 0, 51, 128], [191, 255, 0, 0]]
    paint_density(image[:, :2], density, GREY)
    paint_density(image, density[:1], GREY)


def test_painting_leaves_no_memory_behind() -> None:
    image = np.zeros((40, 60), np.uint32)
    levels_db, places = np.linspace(-80, 0, 30, dtype=np.float32), np.linspace(0.0, 59.0, 30)
    curve = np.zeros(60, np.float32)
    gradient = np.full(40, FILL, np.uint32)

    def paint() -> None:
        columns_from_bands(levels_db, places, -96.0, 3.0, 40, curve)
        paint_spectrum(
            image, curve, curve, curve, True, True, NOWHERE, NOWHERE, gradient, GROUND, GRID, LINE, HOLD, AVERAGE
        )
        paint_row(gradient, levels_db, places, -96.0, 3.0, GREY)

    paint()
    tracemalloc.start()
    try:
        paint()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            paint()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 1024
