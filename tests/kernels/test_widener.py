"""The width of the sides and the guard over correlation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.kernels.widener import Widener

RATE_HZ = 44_100
CROSSOVERS_HZ = (250.0, 4000.0)
Block = NDArray[np.float32]


def noise(frames: int, side: float = 0.5) -> Block:
    middle, sides = 0.1 * np.random.default_rng(3).standard_normal((2, frames))
    return np.stack([middle + side * sides, middle - side * sides]).astype(np.float32)


def running_correlation(samples: Block) -> NDArray[np.float64]:
    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.cumsum(values)
        window = round(0.3 * RATE_HZ)
        return total[window:] - total[:-window]

    left, right = samples.astype(np.float64)
    return mean(left * right) / np.sqrt(mean(left * left) * mean(right * right))


def test_widths_of_one_are_bit_for_bit() -> None:
    samples = noise(5000)
    assert np.array_equal(Widener(RATE_HZ, CROSSOVERS_HZ, (1.0, 1.0, 1.0)).process(samples), samples)
    mono_to_come = Widener(RATE_HZ, CROSSOVERS_HZ, (1.0, 1.0, 0.9)).successor(CROSSOVERS_HZ, (1.0, 1.0, 1.0))
    assert np.array_equal(mono_to_come.process(samples), samples)


def test_widths_of_nothing_are_mono_and_the_middle_stays() -> None:
    samples = noise(5000)
    out = Widener(RATE_HZ, CROSSOVERS_HZ, (0.0, 0.0, 0.0)).process(samples)
    assert np.abs(out[0] - out[1]).max() < 1e-7
    assert np.abs(out.sum(axis=0) - samples.sum(axis=0)).max() < 1e-7


@pytest.mark.parametrize("band", range(3))
def test_each_band_has_its_own_width(band: int) -> None:
    widths = tuple(2.0 if number == band else 1.0 for number in range(3))
    time = np.arange(RATE_HZ) / RATE_HZ
    for number, frequency_hz in enumerate((20.0, 1000.0, 20_000.0)):
        sine = 0.1 * np.sin(2.0 * np.pi * frequency_hz * time)
        out = Widener(RATE_HZ, CROSSOVERS_HZ, widths, guard=False).process(np.stack([sine, -sine]).astype(np.float32))
        gain = out[0, 4000:].std() / sine[4000:].std()
        assert gain == pytest.approx(2.0 if number == band else 1.0, abs=0.12)


def test_below_the_chosen_frequency_it_is_mono() -> None:
    time = np.arange(RATE_HZ) / RATE_HZ
    for frequency_hz, gain_db in ((30.0, -48.2), (60.0, -24.1), (120.0, -3.0), (1000.0, 0.0)):
        sine = 0.1 * np.sin(2.0 * np.pi * frequency_hz * time)
        widener = Widener(RATE_HZ, CROSSOVERS_HZ, (1.0, 1.0, 1.0), mono_below_hz=120.0)
        out = widener.process(np.stack([sine, -sine]).astype(np.float32))
        measured = 20.0 * np.log10(out[0, RATE_HZ // 2 :].std() / sine[RATE_HZ // 2 :].std())
        assert measured == pytest.approx(gain_db, abs=0.2)


def test_the_guard_keeps_correlation_above_nothing() -> None:
    samples = np.concatenate([noise(2 * RATE_HZ, side) for side in (0.3, 0.9, 0.5, 0.8)], axis=1)
    assert running_correlation(samples).min() > 0.0
    free = Widener(RATE_HZ, CROSSOVERS_HZ, (2.0, 2.0, 2.0), guard=False).process(samples)
    held = Widener(RATE_HZ, CROSSOVERS_HZ, (2.0, 2.0, 2.0)).process(samples)
    assert running_correlation(free).min() < -0.4
    assert running_correlation(held).min() > 0.0
    # Where there is room it widens: the first two seconds all the way.
    quiet = slice(RATE_HZ, 2 * RATE_HZ)
    assert np.abs(held[:, quiet] - free[:, quiet]).max() < 1e-6
    side_before, side_after = samples[0] - samples[1], held[0] - held[1]
    assert side_after.std() > 1.02 * side_before.std()


def test_what_is_out_of_phase_already_is_not_narrowed() -> None:
    samples = noise(RATE_HZ, side=3.0)
    held = Widener(RATE_HZ, CROSSOVERS_HZ, (2.0, 2.0, 2.0)).process(samples)
    assert np.abs(held - samples).max() < 1e-6


def test_any_division_into_blocks_gives_the_same_samples() -> None:
    samples = noise(12_000)
    widths, ends = (0.5, 2.0, 1.7), [0, 1, 2, 61, 62, 63, 5000, 12_000]
    divided = Widener(RATE_HZ, CROSSOVERS_HZ, widths, mono_below_hz=100.0)
    parts = [divided.process(samples[:, a:b]) for a, b in itertools.pairwise(ends)]
    whole = Widener(RATE_HZ, CROSSOVERS_HZ, widths, mono_below_hz=100.0).process(samples)
    assert np.array_equal(np.concatenate(parts, axis=1), whole)


def test_silence_ends_in_zeros() -> None:
    widener = Widener(RATE_HZ, CROSSOVERS_HZ, (0.5, 2.0, 1.7), mono_below_hz=100.0)
    widener.process(noise(1000))
    widener.process(np.zeros((2, RATE_HZ), np.float32))
    assert not widener.process(np.zeros((2, 1000), np.float32)).any()
