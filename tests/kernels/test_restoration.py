"""Flattened peaks, clicks and hum: what was broken comes near to what it was, and what was whole stays whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonicforge_studio.kernels.declick import Declick
from sonicforge_studio.kernels.declip import Declip
from sonicforge_studio.kernels.gaps import fill_gap
from sonicforge_studio.kernels.hum import HumCanceller
from tests.sounds import groove

RATE_HZ = 44_100
Block = NDArray[np.float32]


def through(stage: Declip | Declick, samples: NDArray[np.floating], block_frames: int | None = None) -> Block:
    """In step with what went in."""
    padded = np.pad(samples, ((0, 0), (0, stage.latency_frames))).astype(np.float32)
    step = block_frames or padded.shape[1]
    pieces = [stage.process(padded[:, at : at + step]) for at in range(0, padded.shape[1], step)]
    return np.concatenate(pieces, axis=1)[:, stage.latency_frames :]


def error_db(samples: NDArray[np.floating], truth: NDArray[np.floating]) -> float:
    """The error's power over the truth's."""
    return float(10 * np.log10(((samples - truth) ** 2).sum() / (truth.astype(np.float64) ** 2).sum()))


def clicked(samples: Block, count: int = 30) -> Block:
    rng, out = np.random.default_rng(1), samples.copy()
    for at in rng.integers(2_000, samples.shape[1] - 2_000, count):
        length = int(rng.integers(1, 12))
        shape = np.where(np.arange(length) % 2, -0.6, 1.0) * np.exp(-np.arange(length) / 6)
        out[:, at : at + length] += (rng.uniform(0.3, 0.6) * shape).astype(np.float32)
    return out


def chord(seconds: float = 2.0) -> NDArray[np.float64]:
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return sum(0.3 * np.sin(2 * np.pi * hz * time + hz) for hz in (220.0, 277.2, 329.6, 1_318.5))[None]


def test_a_gap_in_a_chord_is_drawn_as_it_was() -> None:
    row = chord()[0, :800].copy()
    truth = row.copy()
    row[500:540] = 0.0
    fill_gap(row, 500, 540)
    assert np.abs(row - truth).max() < 0.01
    assert np.array_equal(row[:500], truth[:500])
    assert np.array_equal(row[540:], truth[540:])


@pytest.mark.parametrize("level", [1.0, 0.2])
def test_peaks_that_were_clipped_at_any_level_come_back(level: float) -> None:
    truth = level * chord()
    broken = np.clip(truth, -0.7 * level, 0.7 * level)
    mended = through(Declip(RATE_HZ, 1, 1.0), broken)
    assert error_db(mended, truth) < error_db(broken, truth) - 8.0
    assert np.abs(mended).max() > 0.85 * np.abs(truth).max()
    whole = np.abs(broken[0]) < 0.69 * level
    np.testing.assert_array_equal(mended[0, whole], broken[0, whole].astype(np.float32))


def test_clipped_drums_come_nearer_to_what_they_were(test_data: Path) -> None:
    samples, rate_hz = soundfile.read(test_data / "samples" / "loop_amen.flac", dtype="float32", always_2d=True)
    truth = samples.T * 2.0 / np.abs(samples).max()
    broken = np.clip(truth, -1.0, 1.0)
    assert error_db(through(Declip(rate_hz, truth.shape[0], 1.0), broken), truth) < error_db(broken, truth) - 2.5


def test_boldness_is_how_far_the_peaks_rise() -> None:
    broken = np.clip(chord(0.5), -0.7, 0.7)
    heights = [float(np.abs(through(Declip(RATE_HZ, 1, boldness), broken)).max()) for boldness in (0.0, 0.5, 1.0)]
    assert heights[0] == np.float32(0.7)
    assert heights[1] == pytest.approx((heights[0] + heights[2]) / 2, abs=0.02)


def test_whole_sounds_and_drawn_squares_are_left_by_the_declipper() -> None:
    square = 0.5 * np.sign(np.sin(2 * np.pi * 441.3 * np.arange(RATE_HZ) / RATE_HZ))[None]
    steps = np.rint(chord() * 40) / 400
    for samples in (groove(4.0), square):
        np.testing.assert_array_equal(through(Declip(RATE_HZ, samples.shape[0], 1.0), samples), samples.astype("f4"))
    assert np.abs(through(Declip(RATE_HZ, 1, 1.0), steps) - steps).max() < 0.05


def test_clicks_go_and_the_sound_under_them_comes_back() -> None:
    for truth in (chord().astype(np.float32), 0.7 * groove(4.0)):
        broken = clicked(truth)
        mended = through(Declick(RATE_HZ, truth.shape[0], 0.7), broken)
        assert error_db(mended, truth) < error_db(broken, truth) - 3.0
    assert error_db(through(Declick(RATE_HZ, 1, 0.5), clicked(chord().astype("f4"))), chord()) < -35.0


def test_drums_keep_their_attacks(test_data: Path) -> None:
    for name in ("loop_amen", "loop_breakbeat", "loop_amen_full", "loop_electric", "loop_compus"):
        samples, rate_hz = soundfile.read(test_data / "samples" / f"{name}.flac", dtype="float32", always_2d=True)
        sound = np.ascontiguousarray(samples.T)
        assert error_db(through(Declick(rate_hz, sound.shape[0], 0.5), sound) + 1e-12, sound) < -80.0, name
    sound = groove(6.0)
    changed = through(Declick(RATE_HZ, 2, 0.5), sound) - sound
    assert np.abs(changed).max() < 0.005
    assert np.count_nonzero(changed.any(axis=0)) < 10


@pytest.mark.parametrize("readiness", [0.5, 1.0])
def test_an_instruments_own_edges_are_no_clicks(readiness: float) -> None:
    saw = ((np.arange(RATE_HZ) * 110.3 / RATE_HZ) % 1 - 0.5)[None].astype(np.float32)
    for sound in (saw, np.sign(saw) * np.float32(0.5)):
        np.testing.assert_array_equal(through(Declick(RATE_HZ, 1, readiness), sound), sound)


@pytest.mark.parametrize("off", [0.0, 0.002, -0.006])
def test_hum_and_its_overtones_go_also_where_the_mains_drift(off: float) -> None:
    time = np.arange(12 * RATE_HZ) / RATE_HZ
    hum = sum(0.05 / k * np.sin(2 * np.pi * 50 * (1 + off) * k * time + k) for k in range(1, 21))
    canceller = HumCanceller(RATE_HZ, 1, hum_hz=50.0, depth_db=-36.0)
    out = canceller.process(hum[None].astype(np.float32))[0]
    last = slice(-RATE_HZ, None)
    assert 20 * np.log10(out[last].std() / hum[last].std()) == pytest.approx(-36.0, abs=1.0)
    assert canceller.drift == pytest.approx(off, abs=1e-4)


def test_what_lies_between_the_overtones_stays() -> None:
    samples = chord(4.0).astype(np.float32)
    out = HumCanceller(RATE_HZ, 1, hum_hz=60.0, depth_db=-48.0).process(samples)
    assert error_db(out, samples) < -25.0


def test_another_depth_comes_without_a_jump() -> None:
    time = np.arange(4 * RATE_HZ) / RATE_HZ
    hum = (0.3 * np.sin(2 * np.pi * 50 * time))[None].astype(np.float32)
    canceller = HumCanceller(RATE_HZ, 1, hum_hz=50.0, depth_db=0.0)
    first = canceller.process(hum[:, : 2 * RATE_HZ])
    np.testing.assert_array_equal(first, hum[:, : 2 * RATE_HZ])
    canceller.configure(-48.0)
    out = np.concatenate((first, canceller.process(hum[:, 2 * RATE_HZ :])), axis=1)
    assert np.abs(np.diff(out)).max() < 1.5 * np.abs(np.diff(hum)).max()
    assert np.abs(out[0, -RATE_HZ:]).max() < 0.002


@pytest.mark.parametrize("block_frames", [1, 100, 4096])
@pytest.mark.parametrize(("rate_hz", "channels"), [(RATE_HZ, 2), (192_000, 1), (8_000, 6)])
def test_blocks_of_any_size_give_the_same_samples(block_frames: int, rate_hz: int, channels: int) -> None:
    frames = 12_000 if block_frames > 1 else 3_000
    samples = np.clip(3 * clicked(np.repeat(groove(0.5)[:1], channels, axis=0), 12), -0.7, 0.7)[:, :frames]
    for make in (lambda: Declip(rate_hz, channels, 1.0), lambda: Declick(rate_hz, channels, 1.0)):
        whole = through(make(), samples)
        np.testing.assert_array_equal(through(make(), samples, block_frames), whole)
    cancellers = [HumCanceller(rate_hz, channels, hum_hz=50.0, depth_db=-20.0) for _ in range(2)]
    whole = cancellers[0].process(samples)
    cut = [cancellers[1].process(samples[:, at : at + block_frames]) for at in range(0, frames, block_frames)]
    np.testing.assert_array_equal(np.concatenate(cut, axis=1), whole)
    assert np.abs(whole - samples).max() > 0.01
