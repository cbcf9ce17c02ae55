"""K-weighting against the standard's tables and SciPy; hops that no block border moves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from sonicforge_studio.kernels.loudness import HopPowers, channel_weights, k_weighting


def twin(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """Mean squares of the K-weighted hops, weighted and summed, with SciPy."""
    shelf, high_pass = k_weighting(rate_hz)
    sections = np.array([[*row[:3], 1.0, *row[3:]] for row in (shelf, high_pass)])
    weighted = scipy.signal.sosfilt(sections, samples.astype(np.float64), axis=1)
    hops = samples.shape[1] * 10 // rate_hz
    borders = [-(-hop * rate_hz // 10) for hop in range(hops + 1)]
    squares = [np.mean(weighted[:, a:b] ** 2, axis=1) for a, b in itertools.pairwise(borders)]
    return np.array(squares).reshape(hops, samples.shape[0]) @ channel_weights(samples.shape[0])


def noise(channels: int, frames: int) -> NDArray[np.float32]:
    return np.random.default_rng(7).standard_normal((channels, frames)).astype(np.float32) * np.float32(0.2)


def test_at_48_khz_the_coefficients_are_those_of_the_standard() -> None:
    table = [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
    np.testing.assert_allclose(k_weighting(48_000), table, atol=1e-12)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000, 384_000])
def test_every_rate_weighs_alike(rate_hz: int) -> None:
    hz = np.array([60.0, 200.0, 1000.0, 2000.0, 3000.0])
    responses = []
    for rate in (48_000, rate_hz):
        gain = np.ones(hz.size)
        for row in k_weighting(rate):
            gain *= np.abs(scipy.signal.freqz(row[:3], [1.0, *row[3:]], worN=hz, fs=rate)[1])
        responses.append(20 * np.log10(gain))
    tolerance_db = 0.1 if rate_hz >= 44_100 else 0.5
    np.testing.assert_allclose(responses[1], responses[0], atol=tolerance_db)


@pytest.mark.parametrize(("rate_hz", "channels"), [(44_100, 1), (48_000, 2), (11_025, 3), (8_000, 6), (192_000, 2)])
def test_powers_are_those_of_the_twin(rate_hz: int, channels: int) -> None:
    samples = noise(channels, rate_hz + 77)
    np.testing.assert_allclose(HopPowers(rate_hz, channels).add(samples), twin(samples, rate_hz), rtol=1e-9)


@pytest.mark.parametrize("block_frames", [1, 64, 441, 4096])
def test_blocks_of_any_size_give_the_same_bits(block_frames: int) -> None:
    samples = noise(3, 6_000)
    whole = HopPowers(11_025, 3).add(samples)
    meter = HopPowers(11_025, 3)
    pieces = [meter.add(samples[:, at : at + block_frames]) for at in range(0, 6_000, block_frames)]
    assert whole.size == 5
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_the_low_frequency_channel_does_not_count_and_surrounds_count_more() -> None:
    samples = noise(1, 4_800)
    power = HopPowers(48_000, 1).add(samples)[0]
    for channel, weight in enumerate((1.0, 1.0, 1.0, 0.0, 1.41, 1.41)):
        surround = np.zeros((6, 4_800), np.float32)
        surround[channel] = samples[0]
        assert HopPowers(48_000, 6).add(surround)[0] == pytest.approx(weight * power)


def test_what_is_no_audio_counts_as_silence() -> None:
    samples = noise(2, 9_600)
    spoilt = samples.copy()
    spoilt[0, 100], spoilt[1, 200], spoilt[0, 300], spoilt[1, 400] = np.nan, np.inf, -np.inf, 1e30
    quiet = np.where(spoilt == samples, samples, np.float32(0.0))
    np.testing.assert_array_equal(HopPowers(48_000, 2).add(spoilt), HopPowers(48_000, 2).add(quiet))
