"""Changing the sample rate: in time, exact in length, the same for all blocks."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from sonicforge_studio.audio import Resampler, resample
from sonicforge_studio.domain import Clip

RATES = [(44100, 48000), (48000, 44100), (96000, 44100), (8000, 48000), (44100, 22050), (44100, 44100), (44101, 48000)]


def sines(rate_hz: int, seconds: float = 1.0, hz: float = 997.0) -> np.ndarray:
    time = np.arange(round(rate_hz * seconds)) / rate_hz
    return np.stack([np.sin(2 * np.pi * hz * time), 0.5 * np.cos(2 * np.pi * hz * time)]).astype(np.float32)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_a_sine_stays_that_sine_in_time(from_hz: int, to_hz: int) -> None:
    clip = resample(Clip(sines(from_hz), from_hz), to_hz)
    assert clip.sample_rate_hz == to_hz
    expected = sines(to_hz)
    assert clip.samples.shape == expected.shape
    edge = to_hz // 20
    assert np.abs(clip.samples - expected)[:, edge:-edge].max() < 2e-5


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("frames", [1, 2, 100, 4097, 30_011])
def test_the_length_is_exact_and_blocks_do_not_matter(from_hz: int, to_hz: int, frames: int) -> None:
    samples = np.random.default_rng(3).normal(0, 0.2, (3, frames)).astype(np.float32)
    results = []
    for block_frames in (frames, 997, 64):
        if frames // block_frames > 100:
            continue
        resampler = Resampler(from_hz, to_hz, 3)
        parts = [resampler.process(samples[:, at : at + block_frames]) for at in range(0, frames, block_frames)]
        results.append(np.concatenate([*parts, resampler.finish()], axis=1))
    assert results[0].shape == (3, (2 * frames * to_hz + from_hz) // (2 * from_hz))
    for result in results[1:]:
        assert np.array_equal(result, results[0])


def test_it_is_soxr_at_its_best() -> None:
    samples = np.random.default_rng(0).normal(0, 0.2, (2, 100_000)).astype(np.float32)
    reference = soxr.resample(samples.T.copy(), 44100, 48000, quality="VHQ").T
    ours = resample(Clip(samples, 44100), 48000).samples
    assert np.abs(ours[:, : reference.shape[1]] - reference).max() < 1e-6


def test_what_lies_above_the_new_band_goes() -> None:
    high = resample(Clip(sines(96000, hz=30_000.0), 96000), 44100)
    assert np.abs(high.samples[:, 2000:-2000]).max() < 1e-6


def test_empty_clips_and_wrong_rates() -> None:
    assert resample(Clip(np.empty((2, 0), np.float32), 44100), 48000).samples.shape == (2, 0)
    same = Clip(sines(8000), 8000)
    assert resample(same, 8000) is same
    for arguments in ((0, 1, 1), (1, 0, 1), (1, 1, 0)):
        with pytest.raises(ValueError, match="positive"):
            Resampler(*arguments)


def test_no_number_is_silence() -> None:
    samples = sines(44100)
    samples[0, 1000] = np.nan
    samples[1, 1000] = np.inf
    assert np.isfinite(resample(Clip(samples, 44100), 48000).samples).all()
