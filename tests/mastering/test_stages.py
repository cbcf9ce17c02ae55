"""Every stage that is registered, by what all stages promise: neutral is exact, blocks make no difference, odd sounds
do no harm, and a knob that is turned while it plays does not click."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.domain.chain import (
    ChainSettings,
    DeEsserSettings,
    DynamicsBand,
    EqBand,
    EqSettings,
    ExciterSettings,
    GlueSettings,
    MultibandSettings,
    RepairSettings,
    StereoSettings,
)
from sonicforge_studio.mastering.chain import Chain
from sonicforge_studio.mastering.stages import STAGE_MAKERS
from tests.sounds import groove

RATE_HZ = 44_100
LOUDNESS_LUFS = -16.0
Block = NDArray[np.float32]

NEUTRAL = ChainSettings(
    repair=RepairSettings(high_pass_hz=0.0),
    eq=EqSettings(),
    de_esser=DeEsserSettings(on=True, range_db=0.0),
    multiband=MultibandSettings(on=True),
    exciter=ExciterSettings(on=True),
    stereo=StereoSettings(on=True),
    glue=GlueSettings(ratio=1.0),
)
"""All on, and nothing to do."""
OFF = {field.name: replace(getattr(NEUTRAL, field.name), on=False) for field in fields(NEUTRAL)}

ACTIVE: dict[str, Any] = {
    "repair": RepairSettings(high_pass_hz=40.0, declip=1.0, hum_hz=50.0, declick=1.0),
    "eq": EqSettings(tilt_db=2.0, bands=(EqBand(gain_db=4.0), *EqSettings().bands[1:])),
    "de_esser": DeEsserSettings(on=True, frequency_hz=3_000.0, threshold_lu=-30.0, range_db=9.0),
    "multiband": MultibandSettings(on=True, bands=(DynamicsBand(threshold_lu=-20.0, ratio=3.0),) * 4),
    "exciter": ExciterSettings(on=True, amount=0.8, frequency_hz=1_500.0, drive_db=12.0),
    "stereo": StereoSettings(on=True, widths=(0.5, 1.2, 1.6), mono_below_hz=100.0),
    "glue": GlueSettings(threshold_lu=-12.0, ratio=3.0),
}
OTHER: dict[str, dict[str, Any]] = {
    "repair": {"high_pass_hz": 80.0, "declip": 0.0, "declick": 0.2, "hum_db": -6.0},
    "de_esser": {"frequency_hz": 8_000.0, "threshold_lu": -10.0},
    "exciter": {"harmonics": "odd", "frequency_hz": 4_000.0, "amount": 0.2},
}
NAMES = tuple(STAGE_MAKERS)


def only(name: str, own: Any) -> ChainSettings:
    """The chain with this stage as given and all others off."""
    return ChainSettings(**OFF | {name: own})


def chain(settings: ChainSettings, channels: int = 2, rate_hz: int = RATE_HZ, **options: Any) -> Chain:
    return Chain(rate_hz, channels, settings, LOUDNESS_LUFS, **options)


def through(made: Chain, samples: NDArray[np.floating], block_frames: int | None = None) -> Block:
    """In step with what went in."""
    step = block_frames or max(1, samples.shape[1])
    pieces = [made.process(samples[:, at : at + step].astype(np.float32)) for at in range(0, samples.shape[1], step)]
    return np.concatenate((*pieces, made.flush()), axis=1)[:, made.latency_frames :]


def broken(channels: int, rate_hz: int = RATE_HZ, seconds: float = 1.5) -> Block:
    """Something that every stage has to do with: clipped, clicking, humming, with sharp cymbals."""
    rng = np.random.default_rng(2)
    sound = np.resize(2.5 * groove(seconds, rate_hz=rate_hz), (channels, round(seconds * rate_hz)))
    sound += 0.05 * np.sin(2 * np.pi * 50 * np.arange(sound.shape[1]) / rate_hz)
    sound = np.clip(sound, -0.7, 0.7)
    sound[:, rng.integers(0, sound.shape[1], 5)] += 0.5
    return (sound + 0.02 * rng.standard_normal(sound.shape)).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_neutral_is_exact_and_an_amount_of_nothing_is_neutral(name: str) -> None:
    maker = STAGE_MAKERS[name]
    assert maker.is_neutral(getattr(NEUTRAL, name))
    assert not maker.is_neutral(ACTIVE[name])
    assert maker.is_neutral(maker.scaled(ACTIVE[name], 0.0))
    assert maker.scaled(ACTIVE[name], 1.0) == ACTIVE[name]
    sound = broken(2)
    np.testing.assert_array_equal(through(chain(only(name, getattr(NEUTRAL, name)), live=True), sound), sound)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("channels", "rate_hz"), [(2, RATE_HZ), (1, 8_000), (6, 96_000)])
def test_any_division_into_blocks_gives_the_same_samples(name: str, channels: int, rate_hz: int) -> None:
    sound, settings = broken(channels, rate_hz, 0.4), only(name, ACTIVE[name])
    whole = through(chain(settings, channels, rate_hz), sound)
    for block_frames in (17, 512, 4_099):
        np.testing.assert_array_equal(through(chain(settings, channels, rate_hz), sound, block_frames), whole)


ODD: dict[str, Block] = {
    "silence": np.zeros((2, 40_000), np.float32),
    "50 ms": broken(2, seconds=0.05),
    "one frame": np.full((2, 1), 0.5, np.float32),
    "nothing": np.zeros((2, 0), np.float32),
    "mono": broken(1),
    "six channels": broken(6),
    "constant": np.full((2, 40_000), 0.9, np.float32),
    "all clipped": np.sign(broken(2)),
    "no audio": np.where(np.arange(40_000) % 97 == 0, np.float32(np.nan), np.float32(0.3))[None],
    "whisper": (1e-3 * broken(2)).astype(np.float32),
}


@pytest.mark.parametrize("sound", ODD)
@pytest.mark.parametrize("rate_hz", [8_000, RATE_HZ, 192_000])
def test_odd_sounds_come_through_whole_and_finite(sound: str, rate_hz: int) -> None:
    samples = ODD[sound]
    settings = ChainSettings(**ACTIVE)
    out = through(chain(settings, samples.shape[0], rate_hz), samples)
    assert out.shape == samples.shape
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    if samples.size:
        assert np.abs(out).max() <= 8.0 * max(1e-9, float(np.nanmax(np.abs(samples))))


def test_silence_comes_out_as_silence() -> None:
    silent = np.zeros((2, 60_000), np.float32)
    assert not through(Chain(RATE_HZ, 2, ChainSettings(**ACTIVE), -np.inf), silent).any()


@pytest.mark.parametrize("name", [name for name in OTHER if name in NAMES])
def test_turning_knobs_while_it_plays_does_not_click(name: str) -> None:
    time = np.arange(3 * RATE_HZ) / RATE_HZ
    sound = (0.4 * np.sin(2 * np.pi * 110 * time) + 0.1 * np.sin(2 * np.pi * 4_400 * time))[None].astype(np.float32)
    made = STAGE_MAKERS[name](RATE_HZ, 1, ACTIVE[name], LOUDNESS_LUFS)
    latency = made.latency_frames
    pieces = []
    for number, at in enumerate(range(0, sound.shape[1], 2_205)):
        if number in (20, 21, 22, 40):
            assert made.configure(ACTIVE[name] if number == 21 else replace(ACTIVE[name], **OTHER[name]))
            assert made.latency_frames == latency
        pieces.append(made.process(sound[:, at : at + 2_205]))
    out = np.concatenate(pieces, axis=1)[0].astype(np.float64)
    # What bends more sharply than the sound itself ever does would be heard as a click.
    bends = np.abs(np.diff(out, n=3))
    steady = max(bends[30_000:44_000].max(), bends[-RATE_HZ // 2 :].max())
    assert bends[30_000:].max() < 1.15 * steady + 1e-3


def test_what_looks_ahead_needs_a_chain_of_its_own() -> None:
    quiet = RepairSettings(high_pass_hz=30.0)
    made = STAGE_MAKERS["repair"](RATE_HZ, 2, quiet, LOUDNESS_LUFS)
    assert made.latency_frames == 0
    assert not made.configure(replace(quiet, declip=0.5))
    assert not made.configure(replace(quiet, declick=0.5))
    assert made.configure(replace(quiet, hum_hz=60.0))


def test_the_chain_at_rest_leaves_nothing_behind() -> None:
    """All stages on and neutral, live, so that all are passed through: deeper than −100 dBFS under the input."""
    sound = broken(2)
    made = chain(NEUTRAL, live=True)
    rest = through(made, sound, 1_024).astype(np.float64) - sound
    assert len(made.meters) == len(NAMES)
    assert np.abs(rest).max() < 1e-5


def test_a_new_high_pass_has_taken_the_offset_out_before_it_is_heard() -> None:
    made = STAGE_MAKERS["repair"](RATE_HZ, 1, RepairSettings(high_pass_hz=28.0), LOUDNESS_LUFS)
    offset = np.full((1, RATE_HZ), 0.5, np.float32)
    made.process(offset)
    assert made.configure(RepairSettings(high_pass_hz=60.0))
    assert np.abs(made.process(offset)).max() < 2e-3
