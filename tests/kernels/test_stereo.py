"""Correlation and balance beside their definitions, and the vectorscope's picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from sonicforge_studio.kernels.stereo import CorrelationMeter, add_points

RATE_HZ = 48_000

Float32 = NDArray[np.float32]


def stereo(left: object, right: object) -> Float32:
    return np.stack((np.asarray(left), np.asarray(right))).astype(np.float32)


def tone(frequency_hz: float = 997.0, frames: int = RATE_HZ, phase: float = 0.0) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(frames) / RATE_HZ + phase)


def read(samples: Float32) -> tuple[float, float]:
    meter = CorrelationMeter(RATE_HZ)
    meter.add(samples)
    return meter.correlation, meter.balance


# Correlation and balance


@pytest.mark.parametrize("phase", [0.0, 0.5, math.pi / 2, 2.0, math.pi])
def test_two_tones_read_the_cosine_of_their_phase(phase: float) -> None:
    correlation, balance = read(stereo(tone(), 0.2 * tone(phase=phase)))
    assert correlation == pytest.approx(math.cos(phase), abs=0.01)
    assert balance == pytest.approx(-0.8 / 1.2, abs=0.01)


def test_the_meter_equals_the_plain_twin() -> None:
    rng = np.random.default_rng(5)
    shared, own = rng.standard_normal((2, 1, RATE_HZ))
    samples = np.concatenate((shared, 0.6 * shared + 0.8 * own)).astype(np.float32) * np.float32(0.1)
    kept = math.exp(-1.0 / (0.3 * RATE_HZ))
    blocking = math.exp(-2 * math.pi * 5.0 / RATE_HZ)
    x, y = scipy.signal.lfilter([1.0, -1.0], [1.0, -blocking], samples.astype(np.float64))

    def mean(values: NDArray[np.float64]) -> float:
        return float(scipy.signal.lfilter([1.0 - kept], [1.0, -kept], values)[-1])

    xx, yy, xy = mean(x * x), mean(y * y), mean(x * y)
    correlation, balance = read(samples)
    assert correlation == pytest.approx(xy / math.sqrt(xx * yy), abs=1e-9)
    assert balance == pytest.approx((math.sqrt(yy) - math.sqrt(xx)) / (math.sqrt(yy) + math.sqrt(xx)), abs=1e-9)


@pytest.mark.parametrize("block", [1, 64, 441, 4096])
def test_blocks_of_any_size_read_the_same(block: int) -> None:
    samples = np.random.default_rng(1).standard_normal((2, 9000)).astype(np.float32)
    whole, parts = CorrelationMeter(RATE_HZ), CorrelationMeter(RATE_HZ)
    whole.add(samples)
    for start in range(0, 9000, block):
        parts.add(samples[:, start : start + block])
    assert (parts.correlation, parts.balance) == (whole.correlation, whole.balance)


def test_silence_has_no_reading() -> None:
    meter = CorrelationMeter(RATE_HZ)
    nothing = np.zeros((2, RATE_HZ // 10), np.float32)
    assert math.isnan(meter.correlation)
    assert math.isnan(meter.balance)
    meter.add(nothing)
    assert math.isnan(meter.correlation)
    meter.add(stereo(tone(), tone()))
    assert meter.correlation == pytest.approx(1.0)
    for _ in range(2):
        meter.add(nothing)
    assert meter.correlation == pytest.approx(1.0), "a short rest is no silence"
    for _ in range(4):
        meter.add(nothing)
    assert math.isnan(meter.correlation)
    assert math.isnan(meter.balance)
    meter.add(stereo(tone(), -tone()))
    meter.reset()
    assert math.isnan(meter.correlation)


def test_one_silent_channel_has_a_balance_but_no_correlation() -> None:
    for samples, side in ((stereo(tone(), 0 * tone()), -1.0), (stereo(0 * tone(), tone()), 1.0)):
        correlation, balance = read(samples)
        assert math.isnan(correlation)
        assert balance == side


def test_an_offset_is_not_heard_and_bad_samples_count_as_0() -> None:
    correlation, balance = read(stereo(tone() + 0.3, -tone() + 0.3))
    assert correlation == pytest.approx(-1.0, abs=0.01)
    assert balance == pytest.approx(0.0, abs=0.01)
    assert math.isnan(read(np.full((2, 4 * RATE_HZ), 0.4, np.float32))[0])
    for bad in (np.nan, np.inf, -np.inf, 3e38):
        assert math.isnan(read(np.full((2, RATE_HZ), bad, np.float32))[0])
    spoilt = stereo(tone(), tone())
    spoilt[:, 100] = np.nan
    assert read(spoilt)[0] == pytest.approx(1.0)


# Vectorscope


def drawn(samples: Float32, size: tuple[int, int] = (101, 101), gain: float = 1.0) -> Float32:
    density = np.zeros(size, np.float32)
    add_points(density, samples, 1.0, gain)
    return density


def centre(density: Float32) -> tuple[float, float]:
    rows, columns = np.indices(density.shape)
    return float((rows * density).sum() / density.sum()), float((columns * density).sum() / density.sum())


@pytest.mark.parametrize(
    ("left", "right", "row", "column"),
    [(1, 1, 0, 50), (-1, -1, 100, 50), (1, 0, 25, 25), (0, 1, 25, 75), (1, -1, 50, 0), (0, 0, 50, 50)],
)
def test_mono_stands_upright_and_left_leans_left(left: float, right: float, row: int, column: int) -> None:
    density = drawn(stereo([left], [right]))
    assert np.argwhere(density).tolist() == [[row, column]]


def test_a_trace_is_connected_and_as_bright_as_it_is_long() -> None:
    samples = stereo([-0.9, 0.9], [-0.5, 0.3])
    density = drawn(samples)
    assert density.sum() == pytest.approx(1.0, abs=1e-4)
    rows, _ = np.nonzero(density)
    assert sorted(set(rows.tolist())) == list(range(rows.min(), rows.max() + 1)), "a row is missing"
    middle = np.mean(samples, axis=1)
    assert centre(density) == pytest.approx((50 - 25 * middle.sum(), 50 + 25 * (middle[1] - middle[0])), abs=0.05)
    # Between pixels the light is shared, so that a trace does not jump from one to the next.
    assert centre(drawn(stereo([0.013], [0.004]))) == pytest.approx((50 - 25 * 0.017, 50 - 25 * 0.009), abs=1e-3)


def test_a_trace_goes_on_where_the_last_one_ended() -> None:
    samples = stereo(tone(frames=200), tone(frames=200, phase=1.0))
    whole = drawn(samples)
    parts = drawn(samples[:, :100])
    add_points(parts, samples[:, 99:], 1.0, 1.0)
    np.testing.assert_allclose(parts, whole, atol=1e-4)


def test_the_trace_fades_and_ends() -> None:
    density = np.ones((3, 4), np.float32)
    none = np.zeros((2, 0), np.float32)
    add_points(density, none, 0.5, 1.0)
    assert (density == 0.5).all()
    for _ in range(30):
        add_points(density, none, 0.5, 1.0)
    assert (density == 0.0).all(), "what is no longer seen would go on fading through denormal numbers"
    for decay in (np.nan, -1.0):
        density[:] = 1.0
        add_points(density, none, decay, 1.0)
        assert (density == 0.0).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 3), (40, 30)])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, -1e9, 1.0, 2.0])
def test_nothing_is_drawn_outside(size: tuple[int, int], value: float) -> None:
    around = np.zeros((size[0] + 2, size[1] + 2), np.float32)
    inside = around[1:-1, 1:-1]
    samples = np.array([[0.1, value, value, -0.2], [value, 0.3, value, 0.1]], np.float32)
    for gain in (1.0, 1e9):
        add_points(inside, samples, 1.0, gain)
    assert np.isfinite(around).all()
    assert around.min() >= 0.0
    around[1:-1, 1:-1] = 0.0
    assert not around.any()
