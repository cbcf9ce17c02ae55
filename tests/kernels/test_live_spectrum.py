"""The live spectrum's kernel beside a plain NumPy twin in double precision."""

from __future__ import annotations

import itertools
import math
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.kernels.bands import fractional_octave_bands
from sonicforge_studio.kernels.live_spectrum import (
    BALLISTICS,
    BANDS_PER_OCTAVE,
    FLOOR_DB,
    LOG_POINTS,
    SpectrumKernel,
    SpectrumSettings,
)
from sonicforge_studio.kernels.weighting import weighting_db
from sonicforge_studio.kernels.windows import WINDOWS
from tests.spectrum_twin import band_levels_db, decibels, point_levels_db

RATE_HZ = 48_000
SIZE = 4096
STEP_SECONDS = 1.0 / 60.0

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


def sine(frequency_hz: float, amplitude: float = 1.0, size: int = SIZE, rate_hz: int = RATE_HZ) -> Float64:
    return amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(size) / rate_hz + 0.3)


def stereo(left: Float64, right: Float64) -> Float32:
    return np.stack((left, right)).astype(np.float32)


def noise(size: int = SIZE) -> Float32:
    return (np.random.default_rng(3).standard_normal((2, size)) * [[0.2], [0.01]]).astype(np.float32)


def nearest(spectrum: SpectrumKernel, frequency_hz: float) -> int:
    return int(np.argmin(np.abs(np.log(spectrum.frequencies_hz / frequency_hz))))


# One frame


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
@pytest.mark.parametrize("settings", [
    SpectrumSettings(),
    SpectrumSettings(window="blackman-harris", bands_per_octave=12, weighting="A"),
    SpectrumSettings(fft_size=1024, window="flat-top", bands_per_octave=3, weighting="C"),
    SpectrumSettings(fft_size=16384, bands_per_octave=6, weighting="K"),
    SpectrumSettings(bands_per_octave=0),
    SpectrumSettings(fft_size=8192, window="blackman-harris", bands_per_octave=0, weighting="K"),
    SpectrumSettings(fft_size=2048, window="flat-top", bands_per_octave=0),
])  # fmt: skip
def test_levels_equal_the_plain_twin(rate_hz: int, settings: SpectrumSettings) -> None:
    samples = noise(settings.fft_size)
    spectrum = SpectrumKernel(rate_hz, settings)
    spectrum.process(samples, STEP_SECONDS)
    twin = band_levels_db if settings.bands_per_octave else point_levels_db
    frequencies_hz, levels_db = twin(samples, settings, rate_hz)
    np.testing.assert_allclose(spectrum.frequencies_hz, frequencies_hz)
    np.testing.assert_allclose(spectrum.now_db, levels_db, atol=2e-3)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("bands_per_octave", [0, 12, 24])
def test_a_full_scale_sine_reads_0_dbfs_wherever_it_lies(window: str, bands_per_octave: int) -> None:
    spectrum = SpectrumKernel(RATE_HZ, SpectrumSettings(window=window, bands_per_octave=bands_per_octave))
    for frequency_hz in np.geomspace(80.0, 19_500.0, 60):
        spectrum.process(stereo(sine(frequency_hz), sine(frequency_hz, 0.1)), STEP_SECONDS)
        assert spectrum.now_db[0].max() == pytest.approx(0.0, abs=0.03)
        assert spectrum.now_db[1].max() == pytest.approx(-20.0, abs=0.03)
        loudest = spectrum.frequencies_hz[np.argmax(spectrum.now_db[0])]
        # A tone leads to its band and to those that reach over it: up to a lobe away.
        assert abs(loudest - frequency_hz) < 6.0 * RATE_HZ / SIZE + 0.15 * frequency_hz
        if bands_per_octave:
            assert spectrum.now_db[0, nearest(spectrum, frequency_hz)] == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("bands_per_octave", [3, 6])
def test_the_wide_bands_read_a_sine_in_their_middle_and_noise_by_its_power(window: str, bands_per_octave: int) -> None:
    spectrum = SpectrumKernel(RATE_HZ, SpectrumSettings(window=window, bands_per_octave=bands_per_octave))
    _, edges_hz = fractional_octave_bands(bands_per_octave, 20.0, 20_000.0)
    wide = np.diff(edges_hz) > 12.0 * RATE_HZ / SIZE
    for band in np.flatnonzero(wide):
        spectrum.process(stereo(sine(spectrum.frequencies_hz[band]), np.zeros(SIZE)), STEP_SECONDS)
        assert spectrum.now_db[0, band] == pytest.approx(0.0, abs=0.1)
    spectrum.reset_average()
    noise = 0.1 * np.random.default_rng(5).standard_normal((2, 300 * SIZE)).astype(np.float32)
    for start in range(0, noise.shape[1], SIZE):
        spectrum.process(noise[:, start : start + SIZE], SIZE / RATE_HZ)
    # White noise: the band's share of the variance, and 3 dB because a sine of full scale reads 0.
    expected_db = 10 * np.log10(2.0 * 0.1**2 * np.diff(edges_hz) / (RATE_HZ / 2.0))
    np.testing.assert_allclose(spectrum.average_db[:, wide], [expected_db[wide]] * 2, atol=0.5)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("bands_per_octave", [24, 0])
def test_single_precision_adds_less_than_minus_125_db(window: str, bands_per_octave: int) -> None:
    settings = SpectrumSettings(window=window, bands_per_octave=bands_per_octave)
    spectrum = SpectrumKernel(RATE_HZ, settings)
    twin = band_levels_db if bands_per_octave else point_levels_db
    for frequency_hz in (100.0, 1000.0, 9876.5):
        samples = stereo(sine(frequency_hz), np.zeros(SIZE))
        spectrum.process(samples, STEP_SECONDS)
        _, expected_db = twin(samples, settings, RATE_HZ)
        added = np.abs(10.0 ** (spectrum.now_db / 20.0) - 10.0 ** (expected_db / 20.0))
        assert decibels(added[0][expected_db[0] < -60.0] ** 2).max() < -125.0
        assert spectrum.now_db[1].max() < -135.0, "the channels leak into each other"
        assert spectrum.peak_db[1] == FLOOR_DB


@pytest.mark.parametrize("bands_per_octave", [24, 0])
def test_one_channel_reads_as_the_left_of_two(bands_per_octave: int) -> None:
    settings = SpectrumSettings(bands_per_octave=bands_per_octave)
    wave = noise()[:1]
    one, two = SpectrumKernel(RATE_HZ, settings, channels=1), SpectrumKernel(RATE_HZ, settings)
    one.process(wave, STEP_SECONDS)
    two.process(np.concatenate((wave, wave * np.float32(0.5))), STEP_SECONDS)
    assert one.level_db.shape == (1, one.frequencies_hz.size)
    np.testing.assert_allclose(one.level_db[0], two.level_db[0], atol=2e-3)


def test_rms_and_peak_of_the_window() -> None:
    spectrum = SpectrumKernel(RATE_HZ, SpectrumSettings(weighting="A"))
    square = np.sign(sine(1000.0))
    spectrum.process(stereo(sine(1501.0, 0.5), square), STEP_SECONDS)
    assert spectrum.rms_db == pytest.approx([-6.02, 3.01], abs=0.01)
    assert spectrum.peak_db == pytest.approx([-6.02, 0.0], abs=0.01)


@pytest.mark.parametrize("weighting", ["A", "C", "K"])
def test_a_tone_is_weighted_by_the_curve_where_it_lies(weighting: str) -> None:
    spectrum = SpectrumKernel(RATE_HZ, SpectrumSettings(fft_size=16384, weighting=weighting))
    for frequency_hz in (125.0, 1000.0, 8000.0):
        wave = sine(frequency_hz, size=16384)
        spectrum.process(stereo(wave, wave), STEP_SECONDS)
        curve_db = weighting_db(weighting, np.array([frequency_hz]))[0]
        assert spectrum.now_db[:, nearest(spectrum, frequency_hz)] == pytest.approx([curve_db] * 2, abs=0.1)


# Movement


def moved(settings: SpectrumSettings, frames: list[Float32]) -> tuple[SpectrumKernel, dict[str, Float64], int]:
    """What a band shows after each frame."""
    spectrum = SpectrumKernel(RATE_HZ, settings)
    band = nearest(spectrum, 1000.0)
    shown: dict[str, list[float]] = {"now": [], "level": [], "hold": [], "average": []}
    for frame in frames:
        spectrum.process(frame, STEP_SECONDS)
        for name, levels in zip(
            shown, (spectrum.now_db, spectrum.level_db, spectrum.peak_hold_db, spectrum.average_db), strict=True
        ):
            shown[name].append(float(levels[0, band]))
    return spectrum, {name: np.array(values) for name, values in shown.items()}, band


def steps_of_a_tone() -> list[Float32]:
    loud, soft, none = (stereo(sine(1000.0, a), sine(1000.0, a)) for a in (1.0, 0.1, 0.0))
    return [loud] * 30 + [soft] * 60 + [none] * 90 + [soft] * 30


@pytest.mark.parametrize("ballistics", BALLISTICS)
def test_ballistics_follow_the_standards(ballistics: str) -> None:
    """Against the definitions in double precision, frame by frame."""
    _, shown, _ = moved(SpectrumSettings(ballistics=ballistics), steps_of_a_tone())
    averaging_seconds = {"fast": 0.125, "slow": 1.0, "impulse": 0.035, "peak": 0.0}[ballistics]
    fall_db = {"impulse": 4.3429 / 1.5, "peak": 26.0}.get(ballistics, math.inf) * STEP_SECONDS
    mean, level_db, expected = 0.0, -math.inf, []
    for now_db in shown["now"]:
        power = 10.0 ** (now_db / 10.0) if now_db > FLOOR_DB else 0.0
        kept = math.exp(-STEP_SECONDS / averaging_seconds) if averaging_seconds else 0.0
        mean = kept * mean + (1.0 - kept) * power
        level_db = max(10.0 * math.log10(mean + 1e-30), level_db - fall_db)
        expected.append(max(FLOOR_DB, level_db))
    np.testing.assert_allclose(shown["level"], expected, atol=0.02)


def test_time_weightings_do_not_depend_on_the_frame_rate() -> None:
    tone = stereo(sine(1000.0), sine(1000.0))
    levels = []
    for frames in (6, 60):
        spectrum = SpectrumKernel(RATE_HZ, SpectrumSettings(ballistics="slow"))
        for _ in range(frames):
            spectrum.process(tone, 1.0 / frames)
        levels.append(float(spectrum.level_db.max()))
    # After its time constant an exponential average has reached 1 − 1/e.
    assert levels == pytest.approx([10 * math.log10(1 - math.exp(-1))] * 2, abs=0.01)


def test_peaks_mark_the_highest_shown_level_stand_and_fall() -> None:
    settings = SpectrumSettings(ballistics="peak", hold_seconds=1.0, hold_fall_db_per_second=10.0)
    spectrum, shown, band = moved(settings, steps_of_a_tone()[:90])
    seconds = STEP_SECONDS * np.arange(1, 61)
    np.testing.assert_allclose(shown["hold"][:30], 0.0, atol=0.01)
    np.testing.assert_allclose(shown["hold"][30:], -10.0 * np.maximum(0.0, seconds - 1.0), atol=0.1)
    slow, shown_slow, _ = moved(replace(settings, ballistics="slow"), steps_of_a_tone()[:30])
    assert shown_slow["hold"].max() == shown_slow["level"].max() < -3.0
    spectrum.reset_peaks()
    assert spectrum.peak_hold_db[0, band] == spectrum.level_db[0, band]
    assert slow.silent is False


def test_the_average_is_that_of_the_energy_since_the_reset() -> None:
    spectrum, shown, band = moved(SpectrumSettings(), steps_of_a_tone())
    powers = 10.0 ** (shown["now"] / 10.0)
    means = np.cumsum(powers) / np.arange(1, powers.size + 1)
    np.testing.assert_allclose(shown["average"], 10 * np.log10(means), atol=0.01)
    spectrum.reset_average()
    assert spectrum.average_db.max() == FLOOR_DB
    spectrum.process(stereo(sine(1000.0, 0.01), sine(1000.0)), STEP_SECONDS)
    assert spectrum.average_db[0, band] == pytest.approx(-40.0, abs=0.05)
    # After a rest of an hour a frame speaks for the sound that it holds, not for the hour.
    spectrum.process(stereo(sine(1000.0), sine(1000.0)), 3600.0)
    held = SIZE / RATE_HZ
    assert spectrum.average_db[0, band] == pytest.approx(10 * math.log10(held / (held + STEP_SECONDS)), abs=0.05)


@pytest.mark.parametrize("ballistics", BALLISTICS)
@pytest.mark.parametrize("hold_fall", [12.0, 0.0])
def test_silence_is_reached(ballistics: str, hold_fall: float) -> None:
    settings = SpectrumSettings(fft_size=1024, ballistics=ballistics, hold_fall_db_per_second=hold_fall)
    spectrum = SpectrumKernel(RATE_HZ, settings)
    square = np.sign(sine(1000.0, size=1024))
    spectrum.process(stereo(square, square), 1.0)
    assert not spectrum.silent
    nothing = np.zeros((2, 1024), np.float32)
    frames = 0
    while not spectrum.silent:
        spectrum.process(nothing, STEP_SECONDS)
        frames += 1
        assert frames * STEP_SECONDS < 60.0
    assert spectrum.level_db.max() == spectrum.now_db.max() == FLOOR_DB
    assert (spectrum.peak_hold_db.max() == FLOOR_DB) == (hold_fall > 0.0)


# Bad input


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("bands_per_octave", [24, 0])
def test_bad_samples_count_as_silence_and_an_offset_is_no_tone(window: str, bands_per_octave: int) -> None:
    spectrum = SpectrumKernel(RATE_HZ, SpectrumSettings(window=window, bands_per_octave=bands_per_octave))
    samples = np.full((2, SIZE), 0.5, np.float32)
    samples[1] = 0.0
    samples[1, ::4], samples[1, 1::4], samples[1, 2::4], samples[1, 3::4] = np.nan, np.inf, -np.inf, 3e38
    spectrum.process(samples, STEP_SECONDS)
    assert spectrum.now_db.max() < -120.0
    assert spectrum.rms_db == pytest.approx([-3.01, FLOOR_DB], abs=0.01)
    assert spectrum.peak_db == pytest.approx([-6.02, FLOOR_DB], abs=0.01)


@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 192_000])
@pytest.mark.parametrize(("fft_size", "bands_per_octave"), [*itertools.product((1024, 16384), BANDS_PER_OCTAVE)])
def test_every_level_is_finite_and_above_the_floor(rate_hz: int, fft_size: int, bands_per_octave: int) -> None:
    settings = SpectrumSettings(fft_size=fft_size, bands_per_octave=bands_per_octave, weighting="A")
    spectrum = SpectrumKernel(rate_hz, settings)
    square = np.sign(sine(1000.0, size=fft_size, rate_hz=rate_hz)) * 1e6
    for samples in (stereo(square, 0.0 * square), stereo(0.0 * square, 1e-7 * square)):
        for elapsed in (0.0, STEP_SECONDS, -1.0, math.nan, math.inf):
            spectrum.process(samples, elapsed)
            for levels in (spectrum.now_db, spectrum.level_db, spectrum.peak_hold_db, spectrum.average_db,
                           spectrum.rms_db, spectrum.peak_db):  # fmt: skip
                assert np.isfinite(levels).all()
                assert levels.min() >= FLOOR_DB


def test_bands_are_the_standards() -> None:
    centres, edges = fractional_octave_bands(3, 20.0, 20_000.0)
    # IEC 61260-1:2014, table E.1, exact mid-band frequencies
    assert centres.size == 30
    assert [round(centre, 3) for centre in centres[13:19]] == [501.187, 630.957, 794.328, 1000.0, 1258.925, 1584.893]
    np.testing.assert_allclose(edges[1:] / edges[:-1], 10.0**0.1)
    even, _ = fractional_octave_bands(24, 20.0, 20_000.0)
    assert 1000.0 not in even.round(6)
    with pytest.raises(ValueError, match="no band"):
        fractional_octave_bands(3, 1001.0, 1100.0)
    points = SpectrumKernel(RATE_HZ, SpectrumSettings(bands_per_octave=0)).frequencies_hz
    assert points.size == LOG_POINTS
    assert (points[0], points[-1]) == (pytest.approx(20.0), pytest.approx(20_000.0))


@pytest.mark.parametrize("wrong", [
    {"fft_size": 1000}, {"fft_size": 64}, {"window": "kaiser"}, {"bands_per_octave": 5}, {"weighting": "B"},
    {"ballistics": "instant"}, {"hold_seconds": -1.0}, {"hold_fall_db_per_second": math.nan},
])  # fmt: skip
def test_impossible_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"is one of|never rises"):
        SpectrumSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 100), np.float32), np.zeros((1, SIZE), np.float32), np.zeros((2, SIZE))]
)
def test_a_wrong_block_is_refused(wrong: Float32) -> None:
    with pytest.raises(ValueError, match="is wanted"):
        SpectrumKernel(RATE_HZ).process(wrong, STEP_SECONDS)
    with pytest.raises(ValueError, match="are wanted"):
        SpectrumKernel(RATE_HZ, channels=3)


def test_a_block_may_lie_scattered_in_memory() -> None:
    samples = noise()
    tidy, scattered = SpectrumKernel(RATE_HZ), SpectrumKernel(RATE_HZ)
    tidy.process(samples, STEP_SECONDS)
    scattered.process(np.asfortranarray(samples), STEP_SECONDS)
    np.testing.assert_array_equal(tidy.now_db, scattered.now_db)


@pytest.mark.parametrize("bands_per_octave", [24, 0])
def test_ten_thousand_frames_leave_no_memory_behind(bands_per_octave: int) -> None:
    samples = noise()
    spectrum = SpectrumKernel(RATE_HZ, SpectrumSettings(bands_per_octave=bands_per_octave))
    spectrum.process(samples, STEP_SECONDS)
    tracemalloc.start()
    try:
        spectrum.process(samples, STEP_SECONDS)
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(10_000):
            spectrum.process(samples, STEP_SECONDS)
        after, highest = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 1024
    # What Python needs to make a call: its arguments, no array.
    assert highest - before < 2048
