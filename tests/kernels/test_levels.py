"""Levels, clipping and silence, counted by hand."""

from __future__ import annotations

import numpy as np

from sonicforge_studio.kernels.levels import (
    CLIPPED,
    FRAMES,
    HEAD,
    LEFT_RIGHT,
    LONGEST,
    PEAK,
    RUN,
    SQUARE_SUM,
    SUM,
    levels_state,
    measure_levels,
)


def measured(*blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    per_channel, whole = levels_state(blocks[0].shape[0])
    for block in blocks:
        measure_levels(block, per_channel, whole)
    return per_channel, whole


def test_sums_and_peaks() -> None:
    block = (0.3 * np.random.default_rng(1).standard_normal((2, 1000))).astype(np.float32)
    per_channel, whole = measured(block[:, :333], block[:, 333:])
    wide = block.astype(np.float64)
    np.testing.assert_allclose(per_channel[:, SUM], wide.sum(axis=1), rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(per_channel[:, SQUARE_SUM], (wide**2).sum(axis=1), rtol=1e-5)
    np.testing.assert_array_equal(per_channel[:, PEAK], np.abs(block).max(axis=1))
    np.testing.assert_allclose(whole[LEFT_RIGHT], np.sum(wide[0] * wide[1]), rtol=1e-4)
    assert whole[FRAMES] == 1000


def test_runs_of_three_at_full_scale_are_clipped_across_blocks() -> None:
    wave = np.full((1, 100), 0.1, np.float32)
    wave[0, 10:12] = 1.0  # two: a peak
    wave[0, 20:23] = -1.0  # three
    wave[0, 40:50] = 32767 / 32768  # ten, cut by the block's end
    per_channel, _ = measured(wave[:, :45], wave[:, 45:])
    assert per_channel[0, CLIPPED] == 13


def test_silence_at_the_start_inside_and_at_the_end() -> None:
    wave = np.zeros((2, 1000), np.float32)
    wave[0, 100] = 0.5
    wave[1, 400] = 0.5
    wave[0, 900] = 0.0009  # below −60 dBFS
    _, whole = measured(wave[:, :250], wave[:, 250:500], wave[:, 500:])
    assert whole[HEAD] == 100
    assert whole[LONGEST] == 299
    assert whole[RUN] == 599


def test_sound_from_the_first_sample_has_no_silent_head() -> None:
    wave = np.zeros((1, 50), np.float32)
    wave[0, 0] = 1.0
    _, whole = measured(wave)
    assert whole[HEAD] == 0
    assert whole[RUN] == 49
