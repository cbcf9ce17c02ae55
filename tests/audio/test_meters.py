"""The meters against EBU Tech 3341 and 3342, the shared truth, and ffmpeg."""

from __future__ import annotations

import csv
import gc
import math
import threading
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.audio import LoudnessHistory, LoudnessMeter, measure_loudness, read_clip, true_peak_dbtp
from sonicforge_studio.domain import Clip, Loudness
from sonicforge_studio.domain.errors import EmptyAudio
from tests.judges import ebur128
from tests.loudness_cases import CASES, RATE_HZ, SILENCE, Block, Found, live, offline, sine


def measure(samples: Block, rate_hz: int = RATE_HZ) -> Loudness:
    return measure_loudness(Clip(np.ascontiguousarray(samples, np.float32), rate_hz))


def noise(channels: int, frames: int) -> Block:
    return (0.2 * np.random.default_rng(5).standard_normal((channels, frames))).astype(np.float32)


def same(a: Loudness, b: Loudness) -> bool:
    return repr(a) == repr(b)


# EBU Tech 3341 and 3342


def assert_same(found: Found, reference: Found) -> None:
    assert [repr(final) for final in found.finals] == [repr(final) for final in reference.finals]
    for trace, expected in zip(found.traces, reference.traces, strict=True):
        np.testing.assert_array_equal(trace, expected)


@pytest.mark.parametrize("name", CASES)
def test_ebu_cases_live_and_offline(name: str) -> None:
    files = list(CASES[name].make())
    case = replace(CASES[name], make=lambda: iter(files))
    reference = offline(case)
    assert case.holds(reference.values), reference.values
    frames = sum(samples.shape[1] for samples in files)
    for block_frames in (4096, 441, 64, 1):
        # The rest of them in `make soak`.
        if frames / block_frames < 120_000:
            found = live(case, block_frames)
            assert case.holds(found.values), (block_frames, found.values)
            assert_same(found, reference)


@pytest.mark.soak
@pytest.mark.parametrize("block_frames", [1, 64])
@pytest.mark.parametrize("name", CASES)
def test_ebu_cases_in_the_smallest_blocks(name: str, block_frames: int) -> None:
    found = live(CASES[name], block_frames)
    assert CASES[name].holds(found.values), found.values
    assert_same(found, offline(CASES[name]))


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 96_000, 192_000])
def test_other_rates_read_alike(rate_hz: int) -> None:
    samples = sine([(SILENCE, 0.13), (-23.0, 3.0), (SILENCE, 0.5)], rate_hz=rate_hz)
    measured = measure(samples, rate_hz)
    # The bilinear transform bends the shelf a little at low rates.
    tolerance = 0.1 if rate_hz >= 44_100 else 0.35
    assert measured.momentary_max_lufs == pytest.approx(-23.0, abs=tolerance)
    assert measured.short_term_max_lufs == pytest.approx(-23.0, abs=tolerance)


def test_a_sound_between_two_hops_is_found() -> None:
    for wait_seconds in (0.0025, 0.005, 0.0075):
        measured = measure(sine([(SILENCE, 0.1 + wait_seconds), (-23.0, 0.4), (SILENCE, 0.5)]))
        assert measured.momentary_max_lufs == pytest.approx(-23.0, abs=0.1)


# Files


def test_shared_truth(test_data: Path) -> None:
    with (test_data / "loudness" / "truth.csv").open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert rows
    for row in rows:
        clip = read_clip(test_data / row["file"])
        measured = measure_loudness(clip)
        tolerance = float(row["tol_I"])
        assert measured.integrated_lufs == pytest.approx(float(row["expected_I_LUFS"]), abs=tolerance), row["file"]
        for block_frames in (64, 441, 4096):
            meter = LoudnessMeter(clip.sample_rate_hz, clip.channels)
            for start in range(0, clip.frames, block_frames):
                meter.add(clip.samples[:, start : start + block_frames])
            assert meter.integrated_lufs == measured.integrated_lufs
            assert same(meter.finish(), measured)


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
    assert meter.reading().true_peaks_dbtp == meter.reading().sample_peaks_dbfs == (-math.inf, -math.inf)
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
    measured = measure(sine([(-71.0, 4.0)]))
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


# What a view shows


def test_a_reading_has_every_figure() -> None:
    samples = noise(2, 5 * RATE_HZ) * np.array([[1.0], [0.5]], np.float32)
    meter = LoudnessMeter(RATE_HZ, 2)
    meter.add(samples)
    reading = meter.reading()
    assert reading.measured_seconds == 5.0
    for name in (
        "momentary_lufs", "short_term_lufs", "integrated_lufs", "loudness_range_lu", "momentary_max_lufs",
        "short_term_max_lufs", "true_peaks_dbtp", "sample_peaks_dbfs", "true_peak_dbtp",
    ):  # fmt: skip
        assert getattr(reading, name) == getattr(meter, name), name
        assert np.isfinite(getattr(reading, name)).all(), name
    assert reading.true_peak_dbtp == reading.true_peaks_dbtp[0] == reading.recent_true_peaks_dbtp[0]
    assert reading.true_peaks_dbtp[1] == pytest.approx(reading.true_peaks_dbtp[0] - 6.0, abs=1.0)
    assert reading.sample_peak_dbfs == pytest.approx(20 * math.log10(np.abs(samples).max()), abs=1e-4)
    meter.add(np.zeros((2, 100), np.float32))
    meter.reading()
    meter.add(0.1 * samples[:, :4_000])
    after = meter.reading()
    assert after.recent_true_peaks_dbtp[0] < reading.true_peaks_dbtp[0] - 15.0
    assert after.true_peaks_dbtp == reading.true_peaks_dbtp


def test_a_reset_begins_every_figure_anew() -> None:
    samples = noise(2, 6 * RATE_HZ)
    meter, fresh = LoudnessMeter(RATE_HZ, 2), LoudnessMeter(RATE_HZ, 2)
    meter.add(samples * np.float32(3.0))
    meter.add(np.zeros((2, RATE_HZ), np.float32))
    meter.reset()
    assert same(meter.finish(), Loudness(*[-math.inf] * 6))
    assert meter.reading().measured_seconds == 0.0
    meter.reset()
    meter.add(samples)
    fresh.add(samples)
    assert same(meter.finish(), fresh.finish())


def test_the_history_follows_at_ten_values_a_second() -> None:
    samples = np.concatenate([noise(2, 4 * RATE_HZ), np.zeros((2, 2 * RATE_HZ), np.float32)], axis=1)
    meter, history = LoudnessMeter(RATE_HZ, 2), LoudnessHistory()
    shown: list[float] = []
    for start in range(0, samples.shape[1], 4_800):
        meter.add(samples[:, start : start + 4_800])
        history.follow(meter)
        shown.append(meter.momentary_lufs)
    trace = history.read()
    assert trace.end == history.end == 60
    np.testing.assert_allclose(trace.end_seconds, 0.1 * np.arange(1, 61))
    no_reading = np.isneginf(shown)
    assert (trace.momentary_lufs[no_reading] < -120.0).all()
    np.testing.assert_allclose(trace.momentary_lufs[~no_reading], np.array(shown)[~no_reading], rtol=1e-6)
    assert np.isinf(trace.short_term_lufs[:29]).all()
    assert np.isfinite(trace.short_term_lufs[29:]).all()
    assert not trace.momentary_lufs.flags.writeable
    newer = history.read(after=55)
    np.testing.assert_array_equal(newer.momentary_lufs, trace.momentary_lufs[55:])
    assert history.read(after=trace.end).end_seconds.size == 0
    meter.reset()
    history.clear()
    meter.add(samples)
    history.follow(meter)
    assert history.read(after=70).end == 60


def test_the_history_forgets_what_is_older_than_its_length() -> None:
    meter, history = LoudnessMeter(8_000, 1), LoudnessHistory(seconds=2)
    for _ in range(7):
        meter.add(noise(1, 7_200))
        history.follow(meter)
    trace = history.read()
    assert (trace.end, trace.momentary_lufs.size) == (63, 20)
    assert trace.end_seconds[0] == pytest.approx(4.4)
    np.testing.assert_array_equal(trace.momentary_lufs, meter.trace(43)[:, 0])


def test_a_reader_in_another_thread_never_sees_half_a_change() -> None:
    """Every value of a stretch lies in a known order; a torn copy would break it."""
    meter, history = LoudnessMeter(1_000, 1), LoudnessHistory(seconds=3)
    stop, torn = threading.Event(), []

    def look() -> None:
        while not stop.is_set():
            trace = history.read()
            levels = trace.momentary_lufs[np.isfinite(trace.momentary_lufs)]
            torn.extend(np.flatnonzero(np.diff(levels) <= 0.0))

    reader = threading.Thread(target=look, name="reader")
    reader.start()
    # Noise that swells without end: each value is above the one before.
    carrier = np.resize(noise(1, 100), (1, 100))
    for step in range(3_000):
        meter.add(carrier * np.float32(10 ** (step * 0.0015 - 2.0)))
        history.follow(meter)
    stop.set()
    reader.join()
    assert history.end == 3_000
    assert torn == []


# Sounds that are hard on a meter


@pytest.mark.parametrize("channels", [1, 8])
@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 192_000])
def test_full_scale_squares_dc_and_single_clicks(rate_hz: int, channels: int) -> None:
    frames = 4 * rate_hz
    square = np.sign(np.sin(2 * np.pi * 100 * (np.arange(frames) + 0.5) / rate_hz))
    measured = measure(np.tile(square, (channels, 1)), rate_hz)
    assert -2.0 < measured.integrated_lufs < 20.0
    assert measured.sample_peak_dbfs == 0.0
    assert 0.0 <= measured.true_peak_dbtp < 3.0
    level = measure(np.full((channels, frames), 0.5), rate_hz)
    # The step at the start is heard; what comes after it is no sound.
    meter = LoudnessMeter(rate_hz, channels)
    meter.add(np.full((channels, frames), 0.5, np.float32))
    assert meter.momentary_lufs < -70.0
    assert level.sample_peak_dbfs == pytest.approx(-6.02, abs=0.01)
    click = np.zeros((channels, frames))
    click[:, frames // 2] = 1.0
    clicked = measure(click, rate_hz)
    assert clicked.sample_peak_dbfs == clicked.true_peak_dbtp == 0.0
    assert clicked.momentary_max_lufs < -20.0


def test_nothing_but_what_is_no_audio_has_no_reading() -> None:
    for value in (np.nan, np.inf, -np.inf, 1e30):
        assert same(measure(np.full((2, 4 * RATE_HZ), value)), Loudness(*[-math.inf] * 6))


def test_ten_thousand_live_blocks_take_no_memory() -> None:
    samples = noise(2, 640 * 50)
    meter, history = LoudnessMeter(RATE_HZ, 2), LoudnessHistory()

    def run(blocks: int) -> None:
        for number in range(blocks):
            start = 640 * (number % 50)
            meter.add(samples[:, start : start + 640])
            history.follow(meter)
            meter.reading()

    run(100)
    tracemalloc.start()
    try:
        run(100)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        run(9_800)
        gc.collect()  # what waits to be collected is not kept
        assert tracemalloc.get_traced_memory()[0] - before < 4_000
    finally:
        tracemalloc.stop()


@pytest.mark.soak
def test_hours_take_no_memory() -> None:
    """The resident size after three hours of changing music within 5 % of that after ten minutes."""
    block = noise(2, 65_536)
    meter, history = LoudnessMeter(RATE_HZ, 2), LoudnessHistory()
    sizes = []
    for minutes in (10, 180):
        while meter.reading().measured_seconds < 60 * minutes:
            meter.add(block * np.float32(10 ** (-2.0 * (meter.steps % 997) / 997)))
            history.follow(meter)
        sizes.append(resident_bytes())
    assert sizes[1] < 1.05 * sizes[0]


def resident_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    pytest.skip("this machine tells no resident size")


# Clips


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
