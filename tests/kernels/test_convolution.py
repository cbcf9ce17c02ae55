"""Partitioned convolution against SciPy's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from sonicforge_studio.kernels.convolution import Convolver, LinearPhaseFilter, fir_taps, linear_phase

Block = NDArray[np.float32]


def noise(channels: int, frames: int) -> Block:
    return (0.1 * np.random.default_rng(3).standard_normal((channels, frames))).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("taps", [1, 2048, 5000])
def test_it_is_a_convolution(channels: int, taps: int) -> None:
    filters = np.random.default_rng(1).standard_normal((2, taps))
    samples = noise(channels, 12_000)
    convolver = Convolver(channels, filters)
    late = convolver.latency_frames
    out = convolver.process(samples)
    for output, taken in enumerate(filters):
        wanted = scipy.signal.fftconvolve(samples.astype(np.float64), taken[None], axes=1)[:, : 12_000 - late]
        assert not out[output, :, :late].any()
        assert np.abs(out[output, :, late:] - wanted).max() < 1e-5


def test_any_division_into_blocks_gives_the_same_samples() -> None:
    filters = np.random.default_rng(1).standard_normal((1, 4096))
    samples = noise(2, 20_000)
    divided = Convolver(2, filters)
    ends = [0, 1, 2, 2047, 2048, 2049, 9000, 20_000]
    parts = [divided.process(samples[:, a:b]) for a, b in itertools.pairwise(ends)]
    assert np.array_equal(np.concatenate(parts, axis=2), Convolver(2, filters).process(samples))


def test_a_successor_of_the_same_filter_goes_on_as_if_nothing_had_happened() -> None:
    filters = np.random.default_rng(1).standard_normal((1, 4096))
    samples = noise(2, 20_000)
    first = Convolver(2, filters)
    before = first.process(samples[:, :7000])
    after = first.successor(filters).process(samples[:, 7000:])
    assert np.array_equal(np.concatenate([before, after], axis=2), Convolver(2, filters).process(samples))


def test_linear_phase_is_symmetric_and_of_the_magnitude_asked_for() -> None:
    taps = fir_taps(44_100)
    assert taps == 16_384
    magnitudes = 1.0 / (1.0 + (np.linspace(0.0, 22_050.0, taps // 2 + 1) / 100.0) ** 4)
    impulse = linear_phase(magnitudes)
    assert np.allclose(impulse[1:], impulse[:0:-1], atol=1e-15)
    assert np.abs(np.abs(np.fft.rfft(impulse)) - magnitudes).max() < 1e-4


def test_no_filter_is_a_delay_bit_for_bit() -> None:
    samples = noise(2, 20_000)
    delay = LinearPhaseFilter(2, 4096, None)
    out = delay.process(samples)
    assert np.array_equal(out[:, delay.latency_frames :], samples[:, : -delay.latency_frames])
