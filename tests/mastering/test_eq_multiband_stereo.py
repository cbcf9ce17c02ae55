"""The equaliser, the four-band compressor, width and glue as stages of the chain."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.domain.chain import (
    BAND_KINDS,
    BandKind,
    DynamicsBand,
    EqBand,
    EqSettings,
    GlueSettings,
    MultibandSettings,
    StereoSettings,
)
from sonicforge_studio.mastering.stages import STAGE_MAKERS
from sonicforge_studio.mastering.stages.eq import EqStage, eq_response_db
from sonicforge_studio.mastering.stages.glue import GlueStage
from sonicforge_studio.mastering.stages.multiband import MultibandStage
from sonicforge_studio.mastering.stages.stage import StageMaker
from sonicforge_studio.mastering.stages.stereo import StereoStage

RATE_HZ = 44_100
LOUDNESS_LUFS = -20.0
Block = NDArray[np.float32]


def with_gains(*gains_db: float, **others: Any) -> EqSettings:
    bands = EqSettings().bands
    lifted = (replace(band, gain_db=gain) for band, gain in zip(bands, gains_db, strict=False))
    return EqSettings(bands=(*lifted, *bands[len(gains_db) :]), **others)


EQ = with_gains(6.0, -4.0, 3.0, 2.0, -3.0, 4.0, -6.0, 5.0, tilt_db=2.0)
MULTIBAND = MultibandSettings(bands=(DynamicsBand(threshold_lu=-15.0, ratio=3.0, gain_db=2.0),) * 4)
STEREO = StereoSettings(widths=(0.5, 1.5, 2.0), mono_below_hz=100.0)
GLUE = GlueSettings(threshold_lu=-15.0, ratio=4.0)

CHANGES: list[tuple[StageMaker, Any, Any]] = [
    (EqStage, EQ, with_gains(-6.0, 4.0, -3.0, 2.0, 3.0, -4.0, 6.0, -5.0, tilt_db=-2.0)),
    (EqStage, replace(EQ, phase="linear"), EqSettings(phase="linear")),
    (MultibandStage, MULTIBAND, replace(MULTIBAND, crossovers_hz=(300.0, 1500.0, 9000.0))),
    (MultibandStage, MULTIBAND, replace(MULTIBAND, bands=(DynamicsBand(gain_db=-6.0),) * 4)),
    (MultibandStage, replace(MULTIBAND, phase="linear"), MultibandSettings(phase="linear")),
    (StereoStage, STEREO, StereoSettings(widths=(1.0, 0.0, 0.5))),
    (GlueStage, GLUE, GlueSettings(threshold_lu=5.0, ratio=1.0, mix=0.2)),
]
NAMES = [f"{maker.__name__}-{number}" for number, (maker, _, _) in enumerate(CHANGES)]  # type: ignore[attr-defined]


def sine(frequency_hz: float, frames: int, level: float = 0.3) -> Block:
    phases = 2.0 * np.pi * frequency_hz * np.arange(frames) / RATE_HZ
    return (level * np.stack([np.sin(phases), np.sin(phases + 0.7)])).astype(np.float32)


def noise(channels: int, frames: int, level: float = 0.2) -> Block:
    return (level * np.random.default_rng(5).standard_normal((channels, frames))).astype(np.float32)


def extremes() -> Iterator[tuple[StageMaker, Any]]:
    for kind in BAND_KINDS:
        for frequency_hz in (20.0, 3000.0, 20_000.0):
            for q in (0.1, 18.0):
                bands = (EqBand(kind=kind, frequency_hz=frequency_hz, gain_db=15.0, q=q),) * 2
                yield EqStage, EqSettings(tilt_db=6.0, bands=(*bands, *EqSettings().bands[2:]))
    yield EqStage, with_gains(*(15.0,) * 8, phase="linear")
    band = DynamicsBand(threshold_lu=-40.0, ratio=10.0, attack_ms=0.5, release_ms=20.0, gain_db=12.0)
    for crossovers_hz in ((30.0, 45.0, 67.5), (7000.0, 10_600.0, 16_000.0)):
        yield MultibandStage, MultibandSettings(crossovers_hz=crossovers_hz, bands=(band,) * 4)
    yield MultibandStage, MultibandSettings(phase="linear", bands=(band,) * 4)
    yield StereoStage, StereoSettings(crossovers_hz=(60.0, 16_000.0), widths=(2.0, 0.0, 2.0), mono_below_hz=500.0)


def test_the_stages_stand_in_the_chains_order() -> None:
    from sonicforge_studio.domain.chain import STAGES

    assert list(STAGE_MAKERS) == [name for name in STAGES if name in STAGE_MAKERS]
    assert {"eq", "multiband", "stereo", "glue"} <= set(STAGE_MAKERS)


@pytest.mark.parametrize("phase", ["minimum", "linear"])
def test_the_equaliser_does_what_its_curve_says(phase: Any) -> None:
    settings = replace(EQ, phase=phase)
    impulse = np.zeros((2, 4 * RATE_HZ), np.float32)
    impulse[:, 0] = 1.0
    out = EqStage(RATE_HZ, 2, settings, LOUDNESS_LUFS).process(impulse)[0].astype(np.float64)
    spectrum_db = 20.0 * np.log10(np.abs(np.fft.rfft(out)))
    at_hz = np.fft.rfftfreq(out.size, 1.0 / RATE_HZ)
    heard = (at_hz >= 20.0) & (at_hz <= 20_000.0)
    assert np.abs(spectrum_db - eq_response_db(settings, RATE_HZ, at_hz))[heard].max() < 0.01


def test_the_curve_of_a_single_band_peaks_at_its_gain() -> None:
    settings = with_gains(0.0, 0.0, 0.0, 6.0)
    assert eq_response_db(settings, RATE_HZ, np.array([800.0, 20.0])) == pytest.approx([6.0, 0.0], abs=0.01)
    assert eq_response_db(EqSettings(tilt_db=3.0), RATE_HZ, np.array([1000.0]))[0] == pytest.approx(0.0, abs=1e-9)


def test_a_neutral_equaliser_is_bit_for_bit_and_keeps_its_latency() -> None:
    samples = noise(2, 30_000)
    assert EqStage.is_neutral(EqSettings())
    assert np.array_equal(EqStage(RATE_HZ, 2, EqSettings(), LOUDNESS_LUFS).process(samples), samples)
    linear = EqStage(RATE_HZ, 2, EqSettings(phase="linear"), LOUDNESS_LUFS)
    late = linear.latency_frames
    assert late > 8000
    assert np.array_equal(linear.process(samples)[:, late:], samples[:, :-late])


@pytest.mark.parametrize(("maker", "settings", "_other"), CHANGES, ids=NAMES)
def test_an_amount_of_nothing_is_neutral_and_of_all_the_same(maker: StageMaker, settings: Any, _other: Any) -> None:
    assert maker.is_neutral(maker.scaled(settings, 0.0))
    assert not maker.is_neutral(maker.scaled(settings, 0.5))
    assert not maker.is_neutral(settings)


@pytest.mark.parametrize("kind", ["low-cut", "high-cut", "notch"])
def test_cuts_go_outwards_with_the_amount_and_off_at_nothing(kind: BandKind) -> None:
    settings = EqSettings(bands=(EqBand(kind=kind, frequency_hz=632.0), *EqSettings().bands[1:]))
    at_hz = np.array([316.0, 600.0, 1264.0])
    losses = [float(-eq_response_db(EqStage.scaled(settings, share), RATE_HZ, at_hz).sum()) for share in (0, 0.3, 1)]
    assert losses[0] == 0.0 < losses[1] < losses[2]


def test_a_band_over_half_the_rate_is_left_out() -> None:
    settings = with_gains(*(0.0,) * 6, 9.0, 9.0)
    stage = EqStage(8000, 2, settings, LOUDNESS_LUFS)
    samples = noise(2, 4000)
    assert np.array_equal(stage.process(samples), samples)
    assert not eq_response_db(settings, 8000, np.array([100.0, 3900.0])).any()


@pytest.mark.parametrize(("maker", "settings", "other"), CHANGES, ids=NAMES)
def test_a_change_comes_at_the_same_frame_whatever_the_blocks(maker: StageMaker, settings: Any, other: Any) -> None:
    samples = noise(2, 24_000)

    def run(ends: list[int]) -> Block:
        stage = maker(RATE_HZ, 2, settings, LOUDNESS_LUFS)
        parts = []
        for start, stop in zip([0, *ends[:-1]], ends, strict=True):
            if start in (12_000, 12_400):
                assert stage.configure(other if start == 12_000 else settings)
            parts.append(stage.process(samples[:, start:stop]))
        return np.concatenate(parts, axis=1)

    whole = run([12_000, 12_400, 24_000])
    assert np.array_equal(whole, run([1, 5, 600, 12_000, 12_001, 12_400, 12_882, 13_000, 13_001, 24_000]))


@pytest.mark.parametrize(("maker", "settings", "other"), CHANGES, ids=NAMES)
@pytest.mark.parametrize("frequency_hz", [50.0, 440.0])
def test_a_change_makes_no_click(maker: StageMaker, settings: Any, other: Any, frequency_hz: float) -> None:
    """A click has overtones where the sine has none: what lies over 3 kHz around the change stays under −66 dB."""
    frames, change = 4 * RATE_HZ, 2 * RATE_HZ
    samples = sine(frequency_hz, frames)
    stage = maker(RATE_HZ, 2, settings, LOUDNESS_LUFS)
    before = stage.process(samples[:, :change])
    assert stage.configure(other)
    out = np.concatenate([before, stage.process(samples[:, change:])], axis=1).astype(np.float64)
    window = np.hanning(8192)
    for start in range(change - 8192, change + 24_000, 2048):
        spectrum = np.abs(np.fft.rfft(out[0, start : start + 8192] * window))
        over = spectrum[round(3000 * 8192 / RATE_HZ) :]
        assert over.max() < spectrum.max() * 10.0 ** (-66.0 / 20.0)


def test_the_phase_asks_for_another_stage() -> None:
    assert not EqStage(RATE_HZ, 2, EQ, LOUDNESS_LUFS).configure(replace(EQ, phase="linear"))
    assert not MultibandStage(RATE_HZ, 2, MULTIBAND, LOUDNESS_LUFS).configure(replace(MULTIBAND, phase="linear"))


@pytest.mark.parametrize("rate_hz", [8000, 44_100, 192_000])
def test_the_extremes_stay_finite_and_end(rate_hz: int) -> None:
    samples = np.concatenate([noise(2, 3000, 0.5), np.zeros((2, 3000), np.float32), noise(2, 3000, 4.0)], axis=1)
    for maker, settings in extremes():
        out = maker(rate_hz, 2, settings, LOUDNESS_LUFS).process(samples)
        assert out.dtype == np.float32
        assert out.shape == samples.shape
        assert out.flags.c_contiguous
        assert np.isfinite(out).all(), settings
        assert np.abs(out).max() < 1e5, settings


def test_silence_is_not_compressed() -> None:
    silence = np.zeros((2, 5000), np.float32)
    stage = MultibandStage(RATE_HZ, 2, MULTIBAND, -math.inf)
    assert not stage.process(silence).any()
    assert stage.reductions_db == (0.0, 0.0, 0.0, 0.0)


def test_the_reductions_are_those_of_now() -> None:
    for stage in (
        MultibandStage(RATE_HZ, 2, MULTIBAND, LOUDNESS_LUFS),
        GlueStage(RATE_HZ, 2, GLUE, LOUDNESS_LUFS),
    ):
        stage.process(noise(2, RATE_HZ, 0.3))
        assert min(stage.reductions_db) < -3.0
        for _ in range(10):
            stage.process(np.zeros((2, RATE_HZ), np.float32))
        assert min(stage.reductions_db) > -0.1
    assert stage.mean_reduction_db < -1.0  # type: ignore[union-attr]


@pytest.mark.parametrize("channels", [1, 3, 6])
def test_width_is_for_two_channels(channels: int) -> None:
    samples = noise(channels, 2000)
    assert StereoStage(RATE_HZ, channels, STEREO, LOUDNESS_LUFS).process(samples) is samples
