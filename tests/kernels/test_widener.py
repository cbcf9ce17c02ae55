"""Width by band: the middle stays, the side follows the widths, and mono playback is guarded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.kernels.widener import Widener

RATE_HZ = 44_100
Block = NDArray[np.float32]


def widener(rate_hz: int = RATE_HZ, **changes: Any) -> Widener:
    usual: dict[str, Any] = {"crossovers_hz": (250.0, 4000.0), "widths": (1.0, 1.0, 1.0), "mono_below_hz": 0.0}
    return Widener(rate_hz, **{**usual, "guard": False, **changes})


def noise(frames: int = RATE_HZ, side: float = 0.3) -> Block:
    middle, other = np.random.default_rng(2).standard_normal((2, frames))
    return (0.1 * np.stack([middle + side * other, middle - side * other])).astype(np.float32)


def side_gain(made: Widener, hz: float) -> float:
    frames = RATE_HZ
    tone = np.sin(2 * np.pi * hz * np.arange(frames) / RATE_HZ).astype(np.float32) * np.float32(0.1)
    out = made.process(np.stack([tone, -tone]))
    side = 0.5 * (out[0] - out[1])[frames // 2 :]
    return float(np.sqrt(2 * np.mean(side.astype(np.float64) ** 2)) / 0.1)


def test_with_nothing_to_do_no_bit_changes() -> None:
    samples = noise()
    np.testing.assert_array_equal(widener().process(samples), samples)


@pytest.mark.parametrize(("hz", "width"), [(30.0, 0.5), (1000.0, 1.5), (16_000.0, 2.0)])
def test_the_side_has_its_bands_width(hz: float, width: float) -> None:
    made = widener(crossovers_hz=(250.0, 4000.0), widths=(0.5, 1.5, 2.0))
    assert side_gain(made, hz) == pytest.approx(width, rel=0.03)


def test_between_the_bands_width_runs_from_one_to_the_next() -> None:
    gains = [side_gain(widener(widths=(0.5, 1.5, 2.0)), hz) for hz in np.geomspace(25, 18_000, 40)]
    assert np.all(np.diff(gains) > -0.02)


def test_no_width_is_mono_and_the_middle_never_changes() -> None:
    samples = noise()
    out = widener(widths=(0.0, 0.0, 0.0)).process(samples)
    np.testing.assert_allclose(out[0], out[1], atol=1e-6)
    for made in (widener(widths=(0.2, 2.0, 1.4)), widener(mono_below_hz=120.0), widener(widths=(0.0, 1.0, 0.0))):
        np.testing.assert_allclose(made.process(samples).sum(axis=0), samples.sum(axis=0), atol=1e-6)


def test_bass_becomes_mono_and_the_rest_stays() -> None:
    assert side_gain(widener(mono_below_hz=120.0), 30.0) < 0.01
    assert side_gain(widener(mono_below_hz=120.0), 120.0) == pytest.approx(np.sqrt(0.5), rel=0.02)
    assert side_gain(widener(mono_below_hz=120.0), 1000.0) == pytest.approx(1.0, rel=0.01)


def correlation(out: Block) -> float:
    part = out[:, RATE_HZ:].astype(np.float64)
    return float((part[0] * part[1]).mean() / np.sqrt((part[0] ** 2).mean() * (part[1] ** 2).mean()))


def test_the_guard_keeps_mono_playback_alive() -> None:
    samples = noise(4 * RATE_HZ, side=0.8)
    wide = (2.0, 2.0, 2.0)
    assert correlation(widener(widths=wide).process(samples)) < -0.2
    guarded = widener(widths=wide, guard=True)
    assert -0.005 < correlation(guarded.process(samples)) < 0.1
    assert 0.0 < guarded.share < 1.0


def test_the_guard_never_narrows_what_was_wide_before() -> None:
    samples = noise(3 * RATE_HZ, side=2.0)
    out = widener(widths=(2.0, 2.0, 2.0), guard=True).process(samples)
    np.testing.assert_allclose(out[:, RATE_HZ:], samples[:, RATE_HZ:], atol=1e-4)
    narrowed = widener(widths=(0.5, 0.5, 0.5), guard=True).process(samples)
    assert correlation(narrowed) > correlation(samples) + 0.3


@pytest.mark.parametrize("block_frames", [1, 63, 4410])
def test_it_knows_no_blocks(block_frames: int) -> None:
    samples = noise(20_000, side=0.9)
    figures: dict[str, Any] = {"widths": (0.3, 1.7, 2.0), "mono_below_hz": 90.0, "guard": True}
    whole = widener(**figures).process(samples)
    made = widener(**figures)
    parts = [made.process(samples[:, at : at + block_frames]) for at in range(0, 20_000, block_frames)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


@pytest.mark.parametrize("rate_hz", [8_000, 192_000])
def test_any_rate_and_silence(rate_hz: int) -> None:
    made = widener(rate_hz, widths=(0.0, 2.0, 2.0), mono_below_hz=500.0, crossovers_hz=(300.0, 16_000.0), guard=True)
    out = made.process(np.concatenate([noise(4000), np.zeros((2, 20_000), np.float32)], axis=1))
    assert np.isfinite(out).all()
    assert np.abs(out[:, -100:]).max() < 1e-6
