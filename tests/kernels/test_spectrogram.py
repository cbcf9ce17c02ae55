"""Columns against a plain twin in double precision, and pixels against a plain scaling."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.kernels.spectrogram import FLOOR_DB, STEP_DB, ColumnKernel, paint, row_frequencies

RATE_HZ = 44_100
ROWS = 512


def twin(
    samples: NDArray[np.float32], window: int, step: int, rows: int, low_hz: float, high_hz: float
) -> NDArray[np.float64]:
    """Levels in dBFS, ``(columns, rows)``, as the kernel's docstring has them."""
    shape = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    count = 1 + (samples.shape[1] - window) // step
    frames = np.stack([samples[:, c * step : c * step + window] for c in range(count)], axis=1).astype(np.float64)
    spectrum = np.abs(np.fft.rfft(np.nan_to_num(frames, posinf=0, neginf=0) * shape * 2 / shape.sum(), axis=-1)) ** 2
    bins_db = 10 * np.log10(np.maximum(spectrum.max(axis=0), 1e-15))
    hz = np.arange(window // 2 + 1) * RATE_HZ / window
    edges = low_hz * (high_hz / low_hz) ** (np.arange(rows + 1) / rows)
    levels = np.full((count, rows), -1e3)
    for row, centre in enumerate(row_frequencies(rows, low_hz, high_hz)):
        inside = (hz >= edges[row] * (1 - 1e-12)) & (hz < edges[row + 1] * (1 - 1e-12))
        if inside.any():
            levels[:, row] = bins_db[:, inside].max(axis=1)
        if edges[row + 1] - edges[row] < 2 * RATE_HZ / window:
            place = centre * window / RATE_HZ
            k, t = int(place), place - int(place)
            a, b, c, d = (bins_db[:, min(max(k + i, 0), window // 2)] for i in (-1, 0, 1, 2))
            a, d = np.maximum(a, b - 18), np.maximum(d, c - 18)
            cubic = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
            levels[:, row] = np.maximum(levels[:, row], np.minimum(cubic, np.maximum(b, c) + 1.5))
    return levels


def decibels(columns: NDArray[np.uint8]) -> NDArray[np.float64]:
    return columns * STEP_DB + FLOOR_DB


def music(channels: int, frames: int) -> NDArray[np.float32]:
    random = np.random.default_rng(7)
    time = np.arange(frames) / RATE_HZ
    waves = [
        0.3 * np.sin(2 * np.pi * 110 * (channel + 1) * time) + 0.02 * random.standard_normal(frames)
        for channel in range(channels)
    ]
    return np.stack(waves).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
@pytest.mark.parametrize(("window", "step"), [(4096, 2048), (1024, 64), (256, 8)])
def test_columns_are_those_of_the_twin_to_half_a_step(channels: int, window: int, step: int) -> None:
    samples = music(channels, window + 9 * step + 5)
    kernel = ColumnKernel(RATE_HZ, window, ROWS, 20.0, RATE_HZ / 2)
    columns = kernel.columns(samples, step)
    expected = twin(samples, window, step, ROWS, 20.0, RATE_HZ / 2)
    assert columns.shape == expected.shape == (10, ROWS)
    assert np.abs(decibels(columns) - np.clip(expected, -120.0, 7.5)).max() <= 0.5 * STEP_DB + 0.01


@pytest.mark.parametrize("hz", [50.0, 440.0, 1001.3, 5000.0, 15_000.0])
def test_a_full_scale_sine_reads_nothing(hz: float) -> None:
    samples = np.sin(2 * np.pi * hz * np.arange(8192) / RATE_HZ).astype(np.float32)[None]
    kernel = ColumnKernel(RATE_HZ, 4096, ROWS, 20.0, RATE_HZ / 2)
    level = decibels(kernel.columns(samples, 2048)).max()
    assert -1.5 <= level <= 0.5
    highest_row = int(kernel.columns(samples, 2048)[0].argmax())
    assert abs(math.log2(row_frequencies(ROWS, 20.0, RATE_HZ / 2)[highest_row] / hz)) < 0.05


def test_a_channel_alone_is_not_diluted_and_opposite_ones_are_not_lost() -> None:
    tone = (0.1 * np.sin(2 * np.pi * 1000 * np.arange(4096) / RATE_HZ)).astype(np.float32)
    kernel = ColumnKernel(RATE_HZ, 4096, ROWS, 20.0, RATE_HZ / 2)
    alone = kernel.columns(np.stack([np.zeros_like(tone), tone]), 2048).max()
    opposite = kernel.columns(np.stack([tone, -tone]), 2048).max()
    single = kernel.columns(tone[None], 2048).max()
    assert alone == opposite == single


def test_whatever_comes_is_a_level() -> None:
    kernel = ColumnKernel(RATE_HZ, 256, ROWS, 20.0, RATE_HZ / 2)
    silence = np.zeros((2, 256), np.float32)
    assert not kernel.columns(silence, 128).any()
    broken = silence.copy()
    broken[0, 3], broken[1, 7], broken[0, 9] = np.nan, np.inf, -np.inf
    assert not kernel.columns(broken, 128).any()
    huge = np.full((1, 256), 3e38, np.float32)
    assert kernel.columns(huge, 128).max() == 255
    square = np.sign(np.sin(np.arange(256) * 0.3)).astype(np.float32)[None]
    assert decibels(kernel.columns(square, 128)).max() == pytest.approx(2.1, abs=1.5)  # 4/π over the sine
    assert kernel.columns(np.zeros((1, 255), np.float32), 8).shape == (0, ROWS)


def test_a_column_allocates_nothing() -> None:
    samples = music(2, 4096 + 499 * 16)
    kernel = ColumnKernel(RATE_HZ, 4096, ROWS, 20.0, RATE_HZ / 2)
    kernel.columns(samples, 16)
    tracemalloc.start()
    columns = kernel.columns(samples, 16)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < columns.nbytes + 20_000


@pytest.mark.parametrize(("window", "rows", "low", "high"), [(15, 8, 20, 100), (64, 0, 20, 100), (64, 8, 100, 20)])
def test_impossible_settings_are_refused(window: int, rows: int, low: float, high: float) -> None:
    with pytest.raises(ValueError, match=r"window|rows"):
        ColumnKernel(RATE_HZ, window, rows, low, high)


GREYS = np.arange(256, dtype=np.uint32)


def test_a_pixel_over_several_cells_shows_the_highest() -> None:
    columns = np.random.default_rng(1).integers(0, 256, (300, 64), np.uint8)
    image = np.zeros((16, 100), np.uint32)
    paint(columns, 0.0, 3.0, GREYS, image)
    assert np.array_equal(image[::-1].T, columns.reshape(100, 3, 16, 4).max(axis=(1, 3)))


def test_pixels_smaller_than_a_cell_lie_between_its_neighbours() -> None:
    columns = np.array([[0, 100], [200, 40]], np.uint8)
    image = np.zeros((4, 8), np.uint32)
    paint(columns, 0.0, 0.25, GREYS, image)
    places = np.clip((np.arange(8) + 0.5) * 0.25 - 0.5, 0, 1)
    rows = np.clip((np.arange(4) + 0.5) * 0.5 - 0.5, 0, 1)
    across = columns[0] + places[:, None] * (columns[1].astype(float) - columns[0])
    expected = across[:, :1] + rows * (across[:, 1:] - across[:, :1])
    assert np.abs(image[::-1].T - expected).max() <= 0.5


def test_only_the_span_is_painted() -> None:
    image = np.full((4, 10), 7, np.uint32)
    paint(np.full((5, 4), 200, np.uint8), 0.0, 1.0, GREYS, image, (3, 6))
    assert (image[:, 3:6] == 200).all()
    assert (np.delete(image, slice(3, 6), axis=1) == 7).all()
    with pytest.raises(ValueError, match="columns"):
        paint(np.zeros((0, 4), np.uint8), 0.0, 1.0, GREYS, image)
