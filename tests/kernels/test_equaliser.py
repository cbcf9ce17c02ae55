"""Sections against their analogue prototypes, the cascade against SciPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from sonicforge_studio.kernels import section_design as design
from sonicforge_studio.kernels.equaliser import Cascade

RATE_HZ = 44_100
Float64 = NDArray[np.float64]


def noise(channels: int, frames: int) -> NDArray[np.float32]:
    return (0.1 * np.random.default_rng(3).standard_normal((channels, frames))).astype(np.float32)


def analogue_db(prototype: tuple[tuple[float, ...], tuple[float, ...]], corner_hz: float, at_hz: Float64) -> Float64:
    s = 1j * at_hz / corner_hz
    return 20.0 * np.log10(np.abs(np.polyval(prototype[0], s) / np.polyval(prototype[1], s)))


def digital_db(sections: Float64, rate_hz: float, at_hz: Float64) -> Float64:
    return 20.0 * np.log10(design.response(np.atleast_2d(sections), rate_hz, at_hz))


@pytest.mark.parametrize("gain_db", [-12.0, -3.0, 6.0, 12.0])
@pytest.mark.parametrize(("frequency_hz", "most_db"), [(100.0, 0.05), (1000.0, 0.05), (8000.0, 0.7), (12_000.0, 0.9)])
def test_bells_and_shelves_do_not_cramp(frequency_hz: float, most_db: float, gain_db: float) -> None:
    at_hz = np.geomspace(20.0, 20_000.0, 400)
    for q in (0.7071, 1.0):
        bell = digital_db(design.bell(RATE_HZ, frequency_hz, gain_db, q), RATE_HZ, at_hz)
        assert np.abs(bell - analogue_db(design.bell_prototype(gain_db, q), frequency_hz, at_hz)).max() < most_db
    shelf = analogue_db(design.low_shelf_prototype(gain_db, 0.7071), frequency_hz, at_hz)
    low = digital_db(design.low_shelf(RATE_HZ, frequency_hz, gain_db, 0.7071), RATE_HZ, at_hz)
    high = digital_db(design.high_shelf(RATE_HZ, frequency_hz, -gain_db, 0.7071), RATE_HZ, at_hz)
    assert np.abs(low - shelf).max() < most_db
    assert np.abs(high - (shelf - gain_db)).max() < most_db


def test_a_bell_near_the_top_is_closer_than_the_bilinear_one() -> None:
    at_hz = np.geomspace(2000.0, 20_000.0, 200)
    wanted = analogue_db(design.bell_prototype(6.0, 1.0), 15_000.0, at_hz)
    ours = np.abs(digital_db(design.bell(RATE_HZ, 15_000.0, 6.0, 1.0), RATE_HZ, at_hz) - wanted).max()
    warp = 2.0 * RATE_HZ * np.tan(np.pi * 15_000.0 / RATE_HZ)
    top, bottom = design.bell_prototype(6.0, 1.0)
    powers = np.array([1.0 / warp**2, 1.0 / warp, 1.0])
    b, a = scipy.signal.bilinear(top * powers, bottom * powers, RATE_HZ)
    bilinear = np.abs(20.0 * np.log10(np.abs(scipy.signal.freqz(b, a, at_hz, fs=RATE_HZ)[1])) - wanted).max()
    assert ours < 0.7 < 1.5 < bilinear, bilinear


def test_a_cut_undoes_the_boost() -> None:
    sections = np.array([design.bell(RATE_HZ, 9000.0, 8.0, 2.0), design.bell(RATE_HZ, 9000.0, -8.0, 2.0)])
    at_hz = np.geomspace(20.0, 22_000.0, 300)
    assert np.abs(digital_db(sections, RATE_HZ, at_hz)).max() < 1e-9


def test_cuts_are_butterworth_and_a_notch_takes_all() -> None:
    assert digital_db(design.low_cut(RATE_HZ, 100.0, 0.5**0.5), RATE_HZ, np.array([100.0]))[0] == pytest.approx(
        -3.0103, abs=0.001
    )
    assert digital_db(design.low_cut(RATE_HZ, 100.0, 0.5**0.5), RATE_HZ, np.array([25.0]))[0] == pytest.approx(
        -24.1, abs=0.1
    )
    assert digital_db(design.high_cut(RATE_HZ, 500.0, 0.5**0.5), RATE_HZ, np.array([500.0]))[0] == pytest.approx(
        -3.0103, abs=0.001
    )
    assert digital_db(design.high_cut(RATE_HZ, 500.0, 0.5**0.5), RATE_HZ, np.array([2000.0]))[0] == pytest.approx(
        -24.1, abs=0.1
    )
    notch = design.response(design.notch(RATE_HZ, 1000.0, 2.0)[None], RATE_HZ, np.array([1.0, 1000.0, 22_050.0]))
    assert notch == pytest.approx([1.0, 0.0, 1.0], abs=1e-5)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000, 192_000])
def test_the_tilt_is_straight(rate_hz: int) -> None:
    at_hz = np.geomspace(20.0, 20_000.0, 300)
    line = 2.0 * 6.0 * np.log10(at_hz / 1000.0) / 3.0
    assert np.abs(digital_db(design.tilt(rate_hz, 6.0), rate_hz, at_hz) - line).max() < 0.2
    assert digital_db(design.tilt(rate_hz, 6.0), rate_hz, np.array([1000.0]))[0] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("sections", [1, 4, 7, 12])
def test_a_cascade_is_what_scipy_makes_of_it(channels: int, sections: int) -> None:
    rows = np.array([design.bell(RATE_HZ, 100.0 * 1.5**k, 3.0 - k, 1.0 + k) for k in range(sections)])
    samples = noise(channels, 5000)
    wanted = scipy.signal.sosfilt(np.insert(rows, 3, 1.0, axis=1), samples.astype(np.float64))
    assert np.abs(Cascade(channels, rows).process(samples) - wanted).max() < 1e-7


def test_any_division_into_blocks_gives_the_same_samples() -> None:
    rows = np.array([design.bell(RATE_HZ, 100.0 * 1.5**k, 3.0, 1.0) for k in range(9)])
    samples = np.concatenate([noise(3, 9000), np.zeros((3, 9000), np.float32), noise(3, 2000)], axis=1)
    whole = Cascade(3, rows).process(samples)
    divided = Cascade(3, rows)
    ends = [0, 1, 2, 511, 512, 513, 4000, 4001, 9100, 15_000, 20_000]
    parts = [divided.process(samples[:, a:b]) for a, b in itertools.pairwise(ends)]
    assert np.array_equal(np.concatenate(parts, axis=1), whole)


def test_silence_ends_in_zeros() -> None:
    cascade = Cascade(2, np.array([design.bell(RATE_HZ, 1000.0, 6.0, 1.0)]))
    cascade.process(noise(2, 1000))
    cascade.process(np.zeros((2, RATE_HZ), np.float32))
    assert not cascade.process(np.zeros((2, 1000), np.float32)).any()
