"""Dither: triangular, on the grid, the same for any blocks, and the sound's error no longer hangs on the sound."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.kernels.dither import Dither

STEP = 2.0**-15


def test_the_error_has_no_mean_and_a_quarter_step_of_power_whatever_the_level() -> None:
    levels = np.repeat(STEP * np.linspace(-2.0, 2.0, 17), 40_000).astype(np.float32)[None]
    error = (Dither(16, 1).process(levels) - levels.astype(np.float64)).reshape(17, -1) / STEP
    assert np.abs(error.mean(axis=1)).max() < 0.015
    np.testing.assert_allclose((error**2).mean(axis=1), 0.25, rtol=0.03)
    assert np.abs(error).max() <= 1.5


def test_a_tone_below_one_step_is_kept_without_harmonics() -> None:
    frames = 1 << 17
    tone = 0.4 * STEP * np.sin(2 * np.pi * 512 * np.arange(frames) / frames)
    heard = np.abs(np.fft.rfft(Dither(16, 1).process(tone[None].astype(np.float32))[0])) / (frames / 2) / STEP
    assert heard[512] == pytest.approx(0.4, rel=0.03)
    assert heard[[1024, 1536, 2048, 2560]].max() < 0.012
    assert not np.rint(tone / STEP).any()


@pytest.mark.parametrize("block_frames", [1, 7, 4096])
def test_blocks_of_any_size_give_the_same_samples(block_frames: int) -> None:
    samples = (0.3 * np.random.default_rng(1).standard_normal((3, 9_000))).astype(np.float32)
    whole = Dither(16, 3).process(samples)
    cut = Dither(16, 3)
    pieces = [cut.process(samples[:, at : at + block_frames]) for at in range(0, 9_000, block_frames)]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), whole)


def test_channels_and_frames_get_noise_of_their_own() -> None:
    out = Dither(16, 2).process(np.zeros((2, 100_000), np.float32))
    assert abs(np.corrcoef(out)[0, 1]) < 0.01
    assert abs(np.corrcoef(out[0, 1:], out[0, :-1])[0, 1]) < 0.01
    power = np.abs(np.fft.rfft(out[0])[1:]) ** 2
    bands = power[: power.size // 50 * 50].reshape(50, -1).mean(axis=1)
    assert bands.max() / bands.min() < 1.4


def test_full_scale_is_never_left_and_nothing_lies_between_the_steps() -> None:
    samples = np.tile(np.array([1.0, -1.0, 5.0, -5.0, np.nan, np.inf, -np.inf], np.float32), 500)[None]
    out = Dither(16, 1).process(samples)
    np.testing.assert_array_equal(np.rint(out / STEP) * STEP, out)
    assert out.max() == 1.0 - STEP
    assert out.min() == -1.0
    assert np.abs(out[0, 4::7]).max() <= STEP


@pytest.mark.parametrize(("bits", "channels"), [(24, 2), (1, 2), (16, 0)])
def test_words_that_cannot_be_dithered_are_refused(bits: int, channels: int) -> None:
    with pytest.raises(ValueError, match="dithered"):
        Dither(bits, channels)
