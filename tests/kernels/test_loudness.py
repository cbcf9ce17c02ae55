"""K-weighting against the standard's tables and SciPy; hops that no block border moves."""

from __future__ import annotations

import fractions
import itertools
import math

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from sonicforge_studio.kernels.loudness import HopSquares, channel_weights, hop_border, k_weighting


def twin(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """Sums of squares of the K-weighted hops, weighted and summed over the channels, with SciPy."""
    shelf, high_pass = k_weighting(rate_hz)
    sections = np.array([[*row[:3], 1.0, *row[3:]] for row in (shelf, high_pass)])
    weighted = scipy.signal.sosfilt(sections, samples.astype(np.float64), axis=1)
    hops = samples.shape[1] * 100 // rate_hz
    borders = [math.ceil(fractions.Fraction(hop * rate_hz, 100)) for hop in range(hops + 1)]
    squares = [np.sum(weighted[:, a:b] ** 2, axis=1) for a, b in itertools.pairwise(borders)]
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


@pytest.mark.parametrize(
    ("rate_hz", "channels"), [(44_100, 1), (48_000, 2), (11_025, 3), (8_000, 6), (192_000, 8), (133, 2), (100, 1)]
)
def test_squares_are_those_of_the_twin(rate_hz: int, channels: int) -> None:
    samples = noise(channels, rate_hz + 77)
    np.testing.assert_allclose(HopSquares(rate_hz, channels).add(samples), twin(samples, rate_hz), rtol=1e-9)


@pytest.mark.parametrize("block_frames", [1, 64, 441, 4096])
def test_blocks_of_any_size_give_the_same_bits(block_frames: int) -> None:
    samples = noise(3, 6_000)
    whole = HopSquares(11_025, 3).add(samples)
    meter = HopSquares(11_025, 3)
    pieces = [
        meter.add(np.ascontiguousarray(samples[:, at : at + block_frames])) for at in range(0, 6_000, block_frames)
    ]
    assert whole.size == 54
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


@pytest.mark.parametrize("rate_hz", [100, 133, 8_000, 11_025, 22_050, 44_100, 48_000, 192_000])
def test_hops_drift_nowhere(rate_hz: int) -> None:
    assert hop_border(0, rate_hz) == 0
    day = 24 * 3600
    assert hop_border(100 * day, rate_hz) == day * rate_hz
    lengths = np.diff([hop_border(hop, rate_hz) for hop in range(1_000)])
    assert lengths.min() >= max(1, rate_hz // 100)
    assert lengths.max() <= rate_hz // 100 + 1


def test_a_reset_begins_the_hop_anew_and_keeps_the_filters() -> None:
    samples = noise(2, 9_600)
    meter, through = HopSquares(48_000, 2), HopSquares(48_000, 2).add(samples)
    meter.add(np.ascontiguousarray(samples[:, :4_800]))
    meter.reset()
    assert meter.frames == 0
    np.testing.assert_array_equal(meter.add(np.ascontiguousarray(samples[:, 4_800:])), through[10:])


def test_the_low_frequency_channel_does_not_count_and_surrounds_count_more() -> None:
    samples = noise(1, 4_800)
    square = HopSquares(48_000, 1).add(samples)[9]
    for channel, weight in enumerate((1.0, 1.0, 1.0, 0.0, 1.41, 1.41)):
        surround = np.zeros((6, 4_800), np.float32)
        surround[channel] = samples[0]
        assert HopSquares(48_000, 6).add(surround)[9] == pytest.approx(weight * square)


def test_what_is_no_audio_counts_as_silence() -> None:
    samples = noise(2, 9_600)
    spoilt = samples.copy()
    spoilt[0, 100], spoilt[1, 200], spoilt[0, 300], spoilt[1, 400] = np.nan, np.inf, -np.inf, 1e30
    quiet = np.where(spoilt == samples, samples, np.float32(0.0))
    np.testing.assert_array_equal(HopSquares(48_000, 2).add(spoilt), HopSquares(48_000, 2).add(quiet))
