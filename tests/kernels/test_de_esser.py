"""The de-esser: takes sibilance down while it lasts, and nothing else, not a bit."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.kernels.de_esser import DeEsser

RATE_HZ = 44_100
Block = NDArray[np.float32]


def de_esser(channels: int = 1, rate_hz: int = RATE_HZ, **changes: float) -> DeEsser:
    return DeEsser(rate_hz, channels, **{"frequency_hz": 6_500.0, "threshold_lufs": -30.0, "range_db": 8.0} | changes)


def tone(hz: float, level: float, seconds: float = 0.5) -> Block:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ))[None].astype(np.float32)


def level_db(samples: Block, hz: float) -> float:
    """Of the sine in the last fifth of a second."""
    part = samples[0, -RATE_HZ // 5 :].astype(np.float64)
    turning = np.exp(-2j * np.pi * hz * np.arange(part.size) / RATE_HZ)
    return float(20 * np.log10(2 * abs((part * turning).mean())))


def test_loud_sibilance_goes_down_by_the_range_and_the_voice_below_it_stays() -> None:
    voice, ess = tone(400.0, 0.3), tone(11_000.0, 0.4)
    out = de_esser().process(voice + ess)
    assert level_db(out, 11_000.0) - level_db(ess, 11_000.0) == pytest.approx(-6.0, abs=0.8)
    assert level_db(out, 400.0) == pytest.approx(level_db(voice, 400.0), abs=0.1)


def test_nothing_is_lifted_at_full_reduction() -> None:
    for hz in (300.0, 1_500.0, 3_000.0, 5_000.0, 8_000.0, 18_000.0):
        loud, probe = tone(12_000.0, 0.8), tone(hz, 0.01)
        assert level_db(de_esser(range_db=20.0).process(loud + probe), hz) <= level_db(probe, hz) + 0.05


def test_the_reduction_is_bounded_and_shown() -> None:
    loud = de_esser(range_db=3.0)
    loud.process(tone(9_000.0, 0.9))
    assert -3.0 <= loud.reduction_db < -2.8
    quiet = de_esser()
    quiet.process(tone(9_000.0, 0.001))
    assert quiet.reduction_db == 0.0


@pytest.mark.parametrize(
    "changes", [{"range_db": 0.0}, {"threshold_lufs": 20.0}, {"frequency_hz": 12_000.0, "rate_hz": 22_050}]
)
def test_with_nothing_to_do_no_bit_changes(changes: dict[str, float]) -> None:
    samples = (0.3 * np.random.default_rng(4).standard_normal((2, 20_000))).astype(np.float32)
    rate_hz = int(changes.pop("rate_hz", RATE_HZ))
    np.testing.assert_array_equal(de_esser(2, rate_hz, **changes).process(samples), samples)


def test_after_sibilance_the_samples_are_once_more_what_they_were() -> None:
    stage = de_esser()
    stage.process(tone(9_000.0, 0.9))
    after = tone(300.0, 0.3, 3.0)
    out = stage.process(after)
    assert np.any(out[0, :1_000] != after[0, :1_000])
    np.testing.assert_array_equal(out[0, -RATE_HZ:], after[0, -RATE_HZ:])


@pytest.mark.parametrize("block_frames", [1, 13, 441, 4096])
@pytest.mark.parametrize(("rate_hz", "channels"), [(RATE_HZ, 2), (192_000, 6), (8_000, 1)])
def test_blocks_of_any_size_give_the_same_samples(block_frames: int, rate_hz: int, channels: int) -> None:
    samples = (0.3 * np.random.default_rng(4).standard_normal((channels, 6_000))).astype(np.float32)
    made = [de_esser(channels, rate_hz, frequency_hz=3_000.0) for _ in range(2)]
    whole = made[0].process(samples)
    cut = [made[1].process(samples[:, at : at + block_frames]) for at in range(0, 6_000, block_frames)]
    assert np.abs(whole - samples).max() > 0.01
    np.testing.assert_array_equal(np.concatenate(cut, axis=1), whole)


def test_turning_it_while_it_plays_does_not_click() -> None:
    stage, sound = de_esser(), tone(9_000.0, 0.5, 1.0) + tone(200.0, 0.3, 1.0)
    first = stage.process(sound[:, :22_050])
    stage.configure(frequency_hz=3_000.0, threshold_lufs=-40.0, range_db=2.0)
    out = np.concatenate((first, stage.process(sound[:, 22_050:])), axis=1)[0].astype(np.float64)
    window = np.hanning(512)
    low = [float(np.abs(np.fft.rfft(out[at : at + 512] * window))[30:80].max()) for at in range(20_000, 24_000, 128)]
    assert max(low) < 1e-3 * (0.5 * window.sum() / 2)  # 60 dB under the tone


def test_impossible_settings_are_refused() -> None:
    for changes in ({"frequency_hz": 0.0}, {"range_db": -1.0}):
        with pytest.raises(ValueError, match="frequency"):
            de_esser(**changes)
