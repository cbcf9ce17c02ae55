"""The meters against EBU Tech 3341 and 3342, the shared truth, and ffmpeg."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.audio import LoudnessMeter, measure_loudness, read_clip, true_peak_dbtp
from sonicforge_studio.domain import Clip, Loudness
from sonicforge_studio.domain.errors import EmptyAudio
from tests.judges import ebur128

RATE_HZ = 48_000
Block = NDArray[np.float32]


def tone(steps: list[tuple[float, float]], hz: float = 1000.0, channels: int = 2) -> Block:
    """A stereo sine in phase, in steps of (peak level in dBFS, seconds)."""
    levels = np.concatenate([np.full(round(seconds * RATE_HZ), 10 ** (level / 20)) for level, seconds in steps])
    wave = levels * np.sin(2 * np.pi * hz * np.arange(levels.size) / RATE_HZ)
    return np.tile(wave.astype(np.float32), (channels, 1))


def measure(samples: Block, rate_hz: int = RATE_HZ) -> Loudness:
    return measure_loudness(Clip(np.ascontiguousarray(samples, np.float32), rate_hz))


def noise(channels: int, frames: int) -> Block:
    return (0.2 * np.random.default_rng(5).standard_normal((channels, frames))).astype(np.float32)


def same(a: Loudness, b: Loudness) -> bool:
    return repr(a) == repr(b)


# EBU Tech 3341, table 1

TECH_3341 = {
    1: [(-23.0, 20.0)],
    2: [(-33.0, 20.0)],
    3: [(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)],
    4: [(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)],
    5: [(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)],
}


@pytest.mark.parametrize("case", TECH_3341)
def test_tech_3341_integrated_loudness(case: int) -> None:
    measured = measure(tone(TECH_3341[case]))
    expected = -33.0 if case == 2 else -23.0
    assert measured.integrated_lufs == pytest.approx(expected, abs=0.1)
    if case in (1, 2):
        assert measured.momentary_max_lufs == pytest.approx(expected, abs=0.1)
        assert measured.short_term_max_lufs == pytest.approx(expected, abs=0.1)


def test_tech_3341_case_6_five_channels() -> None:
    levels = np.array([-28.0, -28.0, -24.0, -math.inf, -30.0, -30.0])
    samples = tone([(0.0, 20.0)], channels=6) * (10 ** (levels / 20))[:, None]
    assert measure(samples).integrated_lufs == pytest.approx(-23.0, abs=0.1)


def test_tech_3341_case_9_short_term_is_steady() -> None:
    samples = tone([(-20.0, 1.34), (-30.0, 1.66)] * 5)
    meter = LoudnessMeter(RATE_HZ, 2)
    readings = []
    for at in range(0, samples.shape[1], RATE_HZ // 10):
        meter.add(samples[:, at : at + RATE_HZ // 10])
        readings.append(meter.short_term_lufs)
    assert readings[28] == -math.inf
    np.testing.assert_allclose(readings[29:], -23.0, atol=0.1)


@pytest.mark.parametrize("shift", range(0, 20, 4))
def test_tech_3341_case_10_short_term_maximum(shift: int) -> None:
    samples = tone([(-120.0, shift * 0.15), (-23.0, 3.0), (-120.0, 1.0)])
    assert measure(samples).short_term_max_lufs == pytest.approx(-23.0, abs=0.1)


def test_tech_3341_case_12_momentary_is_steady() -> None:
    samples = tone([(-20.0, 0.18), (-30.0, 0.22)] * 25)
    meter = LoudnessMeter(RATE_HZ, 2)
    readings = []
    for at in range(0, samples.shape[1], RATE_HZ // 10):
        meter.add(samples[:, at : at + RATE_HZ // 10])
        readings.append(meter.momentary_lufs)
    assert readings[2] == -math.inf
    np.testing.assert_allclose(readings[3:], -23.0, atol=0.1)


@pytest.mark.parametrize("shift", range(0, 20, 4))
def test_tech_3341_case_13_momentary_maximum(shift: int) -> None:
    samples = tone([(-120.0, shift * 0.02), (-23.0, 0.4), (-120.0, 1.0)])
    # The windows stand 100 ms apart, where the document's meter would have them continuous.
    late = (-shift * 0.02) % 0.1
    lost = min(late, 0.1 - late) / 0.4
    assert measure(samples).momentary_max_lufs == pytest.approx(-23.0 + 10 * math.log10(1 - lost), abs=0.1)


@pytest.mark.parametrize(
    ("divisor", "degrees", "level", "expected_dbtp"),
    [
        (4, 0.0, 0.50, -6.0),
        (4, 45.0, 0.50, -6.0),
        (6, 60.0, 0.50, -6.0),
        (8, 67.5, 0.50, -6.0),
        (4, 45.0, 1.41, 3.0),
    ],
)
def test_tech_3341_cases_15_to_19_true_peak(divisor: int, degrees: float, level: float, expected_dbtp: float) -> None:
    time = np.arange(RATE_HZ)
    fade = np.minimum(1.0, np.minimum(time, time[::-1]) / 2_000)
    wave = level * fade * np.sin(2 * np.pi * time / divisor + math.radians(degrees))
    measured = measure(np.tile(wave, (2, 1)))
    assert expected_dbtp - 0.4 <= measured.true_peak_dbtp <= expected_dbtp + 0.2
    assert measured.true_peak_dbtp == pytest.approx(20 * math.log10(level), abs=0.05)


@pytest.mark.parametrize("offset", range(4))
def test_tech_3341_cases_20_to_23_true_peak_of_a_single_period(offset: int) -> None:
    """One period of fs/4 at full scale amid fs/6 at half of it, made at four times the rate, at four offsets."""
    fine = np.arange(4 * 12_000) / 4
    wave = 0.5 * np.sin(2 * np.pi * fine / 6)
    middle = slice(4 * 6_000, 4 * 6_000 + 16)
    wave[middle] = np.sin(2 * np.pi * (fine[middle] - fine[middle][0]) / 4)
    half = 128
    kernel = np.sinc(np.arange(-half, half + 1) / 4) * np.kaiser(2 * half + 1, 8.0) / 4
    lowered = np.convolve(wave, kernel, "same")
    window = np.minimum(1.0, np.minimum(fine, fine[::-1]) / 500)
    measured = measure((lowered * window)[offset::4][None])
    assert -0.4 <= measured.true_peak_dbtp <= 0.2


# EBU Tech 3342, table 1


@pytest.mark.parametrize(
    ("steps", "expected_lu"),
    [
        ([(-20.0, 20.0), (-30.0, 20.0)], 10.0),
        ([(-20.0, 20.0), (-15.0, 20.0)], 5.0),
        ([(-40.0, 20.0), (-20.0, 20.0)], 20.0),
        ([(-50.0, 20.0), (-35.0, 20.0), (-20.0, 20.0), (-35.0, 20.0), (-50.0, 20.0)], 15.0),
    ],
)
def test_tech_3342_loudness_range(steps: list[tuple[float, float]], expected_lu: float) -> None:
    assert measure(tone(steps)).loudness_range_lu == pytest.approx(expected_lu, abs=1.0)


# Files


def test_shared_truth(test_data: Path) -> None:
    with (test_data / "loudness" / "truth.csv").open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert rows
    for row in rows:
        measured = measure_loudness(read_clip(test_data / row["file"]))
        tolerance = float(row["tol_I"])
        assert measured.integrated_lufs == pytest.approx(float(row["expected_I_LUFS"]), abs=tolerance), row["file"]


@pytest.mark.parametrize(
    "name",
    ["songs/mix-16_Fmin_90bpm.ogg", "music/sorohanro_-_solo-trumpet-06.hq.ogg", "samples/loop_amen_full.flac"],
)
def test_real_files_read_as_in_ffmpeg(test_data: Path, name: str) -> None:
    judge = ebur128(test_data / name)
    measured = measure_loudness(read_clip(test_data / name))
    assert measured.integrated_lufs == pytest.approx(judge.integrated_lufs, abs=0.1)
    assert measured.true_peak_dbtp == pytest.approx(judge.true_peak_dbtp, abs=0.15)


# Streams, edges


@pytest.mark.parametrize("block_frames", [1, 64, 441, 4096])
def test_blocks_of_any_size_give_the_same_figures(block_frames: int) -> None:
    samples = noise(2, 14_000)
    whole, cut = LoudnessMeter(4_000, 2), LoudnessMeter(4_000, 2)
    whole.add(samples)
    for at in range(0, samples.shape[1], block_frames):
        cut.add(samples[:, at : at + block_frames])
    assert (cut.momentary_lufs, cut.short_term_lufs) == (whole.momentary_lufs, whole.short_term_lufs)
    assert cut.integrated_lufs == whole.integrated_lufs
    first, second = whole.finish(), cut.finish()
    assert math.isfinite(first.loudness_range_lu)
    assert same(first, second)


def test_the_live_figures_become_the_final_ones() -> None:
    samples = noise(2, 4 * RATE_HZ)
    meter = LoudnessMeter(RATE_HZ, 2)
    assert meter.integrated_lufs == meter.momentary_lufs == meter.true_peak_dbtp == -math.inf
    meter.add(samples[:, : RATE_HZ // 2])
    early = meter.integrated_lufs
    meter.add(samples[:, RATE_HZ // 2 :] * np.float32(2.0))
    assert meter.integrated_lufs > early + 3.0
    final = meter.finish()
    assert final.integrated_lufs == meter.integrated_lufs
    assert final.true_peak_dbtp == meter.true_peak_dbtp >= final.sample_peak_dbfs


def test_a_single_channel_counts_once() -> None:
    mono = noise(1, 2 * RATE_HZ)
    stereo = np.tile(mono, (2, 1))
    assert measure(stereo).integrated_lufs - measure(mono).integrated_lufs == pytest.approx(3.01, abs=0.01)


@pytest.mark.parametrize(
    ("seconds", "momentary", "short_term"), [(0.39, False, False), (0.41, True, False), (3.1, True, True)]
)
def test_what_has_no_whole_window_has_no_reading(seconds: float, momentary: bool, short_term: bool) -> None:
    measured = measure(noise(2, round(seconds * RATE_HZ)))
    assert math.isfinite(measured.momentary_max_lufs) == momentary
    assert math.isfinite(measured.integrated_lufs) == momentary
    assert math.isfinite(measured.short_term_max_lufs) == short_term
    assert math.isfinite(measured.loudness_range_lu) == short_term
    assert math.isfinite(measured.true_peak_dbtp)


def test_silence_has_no_reading() -> None:
    assert same(measure(np.zeros((2, 5 * RATE_HZ))), Loudness(*[-math.inf] * 6))


def test_below_the_absolute_gate_nothing_is_integrated() -> None:
    measured = measure(tone([(-71.0, 4.0)]))
    assert measured.integrated_lufs == -math.inf
    assert measured.momentary_max_lufs == pytest.approx(-71.0, abs=0.1)


@pytest.mark.parametrize("channels", [1, 2, 6, 32])
@pytest.mark.parametrize("rate_hz", [1, 10, 99, 100, 3_000, 8_000, 11_025, 384_000])
def test_odd_rates_and_channel_counts_are_measured(rate_hz: int, channels: int) -> None:
    measured = measure(noise(channels, 5_000), rate_hz)
    assert -20.0 < measured.sample_peak_dbfs <= measured.true_peak_dbtp < 3.0
    assert math.isfinite(measured.integrated_lufs) == (100 <= rate_hz <= 11_025)


def test_what_is_no_audio_counts_as_silence() -> None:
    samples = noise(2, RATE_HZ)
    spoilt = samples.copy()
    spoilt[0, 100], spoilt[1, 2_000], spoilt[0, 40_000] = np.nan, np.inf, -1e30
    quiet = np.where(spoilt == samples, samples, np.float32(0.0))
    assert same(measure(spoilt), measure(quiet))


def test_without_peaks_the_loudness_is_the_same() -> None:
    samples = noise(2, 4 * RATE_HZ)
    quick = LoudnessMeter(RATE_HZ, 2, peaks=False)
    quick.add(samples)
    measured = quick.finish()
    assert measured.integrated_lufs == measure(samples).integrated_lufs
    assert measured.true_peak_dbtp == measured.sample_peak_dbfs == -math.inf


def test_the_true_peak_of_a_clip() -> None:
    samples = noise(2, 10_000)
    assert true_peak_dbtp(Clip(samples, RATE_HZ)) == measure(samples).true_peak_dbtp


def test_a_clip_without_frames_is_refused() -> None:
    empty = Clip(np.empty((2, 0), np.float32), RATE_HZ)
    for function in (true_peak_dbtp, measure_loudness):
        with pytest.raises(EmptyAudio):
            function(empty)


def test_impossible_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        LoudnessMeter(0, 2)
    with pytest.raises(ValueError, match="2 channels"):
        LoudnessMeter(RATE_HZ, 2).add(np.zeros((1, 10), np.float32))
