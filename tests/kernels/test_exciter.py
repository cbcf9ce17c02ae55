"""The exciter: the harmonics that were asked for and no others, no alias, the sound itself untouched."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.kernels.exciter import Exciter

RATE_HZ = 44_100
FRAMES = 1 << 15
Block = NDArray[np.float32]


def exciter(channels: int = 1, rate_hz: int = RATE_HZ, **changes: object) -> Exciter:
    settings = {"frequency_hz": 3_000.0, "drive_db": 12.0, "harmonics": "both", "amount": 1.0} | changes
    return Exciter(rate_hz, channels, **settings)


def added(stage: Exciter, samples: Block) -> NDArray[np.float64]:
    late = np.pad(samples, ((0, 0), (stage.latency_frames, 0)))[:, : samples.shape[1]]
    return stage.process(samples).astype(np.float64) - late


def spectrum_of_tone(bin: int, level: float = 0.5, **changes: object) -> NDArray[np.float64]:
    """Of what is added to a sine at a bin of 32768, in amplitudes over the sine's."""
    wave = level * np.sin(2 * np.pi * bin * np.arange(4 * FRAMES) / FRAMES)
    harmonics = added(exciter(**changes), wave[None].astype(np.float32))[0, -FRAMES:]
    window = np.kaiser(FRAMES, 16)
    heard: NDArray[np.float64] = 2 * np.abs(np.fft.rfft(harmonics * window)) / window.sum() / level
    return heard


def decibels(amplitude: float) -> float:
    return float(20 * np.log10(amplitude + 1e-12))


@pytest.mark.parametrize(
    ("harmonics", "made", "missing"), [("even", (2, 4), (1, 3, 5)), ("odd", (3, 5), (1, 2, 4)), ("both", (2, 3), (1,))]
)
def test_the_harmonics_that_were_asked_for_and_no_others(
    harmonics: str, made: tuple[int, ...], missing: tuple[int, ...]
) -> None:
    bin = 2_601
    heard = spectrum_of_tone(bin, harmonics=harmonics)
    assert all(decibels(heard[number * bin]) > -40.0 for number in made)
    assert all(decibels(heard[number * bin]) < -100.0 for number in missing)
    assert decibels(heard[:20].max()) < -100.0  # no offset


@pytest.mark.parametrize("drive_db", [6.0, 24.0])
@pytest.mark.parametrize("bin", [2_601, 3_715, 5_424, 6_762, 9_660])
def test_what_is_folded_back_stays_90_db_under_the_harmonics(drive_db: float, bin: int) -> None:
    heard = spectrum_of_tone(bin, drive_db=drive_db)
    own = 10 ** ((drive_db - 24) / 20) / 4
    harmonics = [heard[number * bin] for number in range(2, 6) if number * bin < heard.size]
    for number in range(7):
        heard[max(0, number * bin - 12) : number * bin + 13] = 0.0
    assert decibels(heard[: 20_000 * FRAMES // RATE_HZ].max() / max([own, *harmonics])) < -90.0


def test_more_drive_is_louder_and_higher() -> None:
    bin = 2_601
    gentle, hard = (spectrum_of_tone(bin, drive_db=drive_db) for drive_db in (6.0, 18.0))
    assert hard[2 * bin] > gentle[2 * bin]
    assert hard[4 * bin] / hard[2 * bin] > 2 * gentle[4 * bin] / gentle[2 * bin]


def test_a_quiet_sound_gets_the_same_share_as_a_loud_one() -> None:
    bin = 2_601
    loud, quiet = (spectrum_of_tone(bin, level)[2 * bin] for level in (0.9, 0.009))
    assert decibels(quiet) == pytest.approx(decibels(loud), abs=0.1)


def test_the_sound_below_the_frequency_makes_no_harmonics() -> None:
    bass = 0.9 * np.sin(2 * np.pi * 100 * np.arange(RATE_HZ) / RATE_HZ)
    assert np.abs(added(exciter(), bass[None].astype(np.float32))[0, 10_000:]).max() < 3e-4


@pytest.mark.parametrize("changes", [{"amount": 0.0}, {"frequency_hz": 10_000.0, "rate_hz": 22_050}])
def test_with_nothing_to_add_it_is_only_late(changes: dict[str, float]) -> None:
    stage = exciter(2, **changes)
    samples = (0.3 * np.random.default_rng(4).standard_normal((2, 5_000))).astype(np.float32)
    out = stage.process(samples)
    np.testing.assert_array_equal(out[:, stage.latency_frames :], samples[:, : -stage.latency_frames])


def test_what_is_added_stands_where_the_sound_stands() -> None:
    burst = np.zeros(20_000)
    burst[10_000:10_400] = np.hanning(400) * np.sin(2 * np.pi * 5_000 * np.arange(400) / RATE_HZ)
    stage = exciter(harmonics="even")
    power = added(stage, burst[None].astype(np.float32))[0] ** 2
    middle = float((power * np.arange(20_000)).sum() / power.sum()) - stage.latency_frames
    assert middle == pytest.approx(10_200, abs=12)


@pytest.mark.parametrize("block_frames", [1, 13, 441, 4096])
@pytest.mark.parametrize(("rate_hz", "channels"), [(RATE_HZ, 2), (192_000, 6), (8_000, 1)])
def test_blocks_of_any_size_give_the_same_samples(block_frames: int, rate_hz: int, channels: int) -> None:
    samples = (0.3 * np.random.default_rng(4).standard_normal((channels, 3_000))).astype(np.float32)
    made = [exciter(channels, rate_hz, frequency_hz=2_000.0) for _ in range(2)]
    whole = made[0].process(samples)
    cut = [made[1].process(samples[:, at : at + block_frames]) for at in range(0, 3_000, block_frames)]
    assert np.abs(added(exciter(channels, rate_hz, frequency_hz=2_000.0), samples)).max() > 0.01
    np.testing.assert_array_equal(np.concatenate(cut, axis=1), whole)


def test_silence_stays_silence_and_a_constant_adds_nothing() -> None:
    assert not exciter(2).process(np.zeros((2, 50_000), np.float32)).any()
    assert np.abs(added(exciter(), np.full((1, 50_000), 0.8, np.float32))[0, -10_000:]).max() < 1e-6


def test_a_square_wave_at_full_scale_stays_in_reason() -> None:
    square = np.sign(np.sin(2 * np.pi * 441.3 * np.arange(RATE_HZ) / RATE_HZ))[None].astype(np.float32)
    assert np.abs(added(exciter(drive_db=24.0), square)).max() < 4.0
