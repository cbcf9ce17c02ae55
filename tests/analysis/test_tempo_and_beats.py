"""Tempo and beats of music whose tempo is known because the test plays it."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.analysis import Measured, TrackAnalyser
from sonicforge_studio.domain import Samples
from tests.analysis.played_patterns import PATTERNS, RATE_HZ, babble, drums


def measured(wave: Samples, rate_hz: int = RATE_HZ) -> Measured:
    analyser = TrackAnalyser(rate_hz, wave.shape[0])
    analyser.add(wave)
    return analyser.finish()


@pytest.mark.parametrize(
    ("pattern", "bpm"),
    [
        ("house", 124.0),
        ("house", 133.3),
        ("rock", 97.5),
        ("rock", 131.0),
        ("hip-hop", 85.0),
        ("hip-hop", 93.7),
        ("drum-and-bass", 170.4),
        ("drum-and-bass", 174.0),
        ("breakbeat", 165.0),
        ("disco", 112.0),
        ("waltz", 138.0),
        ("shuffle", 104.0),
    ],
)
def test_the_tempo_is_right_to_a_tenth(pattern: str, bpm: float) -> None:
    tempo = measured(drums(pattern, bpm, 30.0, seed=int(bpm * 10))).tempo
    assert tempo.bpm == pytest.approx(bpm, abs=0.1)
    assert tempo.confidence > 0.5
    assert tempo.candidates[0].bpm == tempo.bpm
    assert 0.0 < sum(candidate.confidence for candidate in tempo.candidates) <= 1.0


@pytest.mark.parametrize("bpm", [40.0, 47.3, 56.1, 68.9, 83.7, 101.3, 122.9, 149.7, 182.3, 221.9, 250.0])
def test_every_tempo_from_40_to_250_is_measured_to_a_tenth(bpm: float) -> None:
    """That of the beat, or where half or double is as right, one of the candidates."""
    wave = drums("house", bpm, 40.0, seed=int(bpm * 10))
    told = [candidate.bpm for candidate in measured(wave).tempo.candidates]
    assert min(abs(found - bpm) for found in told) < 0.1, told


def test_half_time_is_one_of_two_right_answers() -> None:
    bpm = measured(drums("trap", 142.0, 30.0, seed=9)).tempo.bpm
    assert bpm == pytest.approx(142.0, abs=0.2) or bpm == pytest.approx(71.0, abs=0.1)


def test_most_random_patterns_come_out_right() -> None:
    random = np.random.default_rng(20)
    steady = [name for name in PATTERNS if name != "trap"]
    ranges = {"drum-and-bass": (168, 178), "breakbeat": (155, 176), "house": (115, 132), "hip-hop": (78, 104)}
    right = []
    for seed in range(24):
        name = steady[seed % len(steady)]
        bpm = random.uniform(*ranges.get(name, (85, 150)))
        wave = drums(name, bpm, 20.0, seed, swing=random.uniform(0, 0.15) * (PATTERNS[name][3] == 4))
        found = measured(wave).tempo.bpm
        right.append(found is not None and abs(found - bpm) < 0.2)
    assert np.mean(right) >= 0.9, right


@pytest.mark.parametrize("bpm", [96.0, 128.0, 174.0])
def test_beats_lie_on_the_kicks(bpm: float) -> None:
    lead_seconds = 0.37
    wave = drums("drum-and-bass" if bpm > 160 else "house", bpm, 25.0, seed=4, lead_seconds=lead_seconds)
    beats = np.array(measured(wave).tempo.beats_seconds)
    grid = lead_seconds + np.arange(0.0, 25.0, 60.0 / bpm)
    grid = grid[grid < 24.5]
    distance = np.abs(beats[:, None] - grid[None]).min(axis=0)
    assert np.mean(distance < 0.02) > 0.95
    assert abs(len(beats) - len(grid)) <= 2


@pytest.mark.parametrize(("beats", "bpm"), [(4, 126.0), (8, 97.0), (8, 172.0), (16, 140.0)])
def test_a_short_loop_is_a_whole_number_of_beats(beats: int, bpm: float) -> None:
    wave = drums("drum-and-bass" if bpm > 160 else "rock", bpm, beats * 60.0 / bpm, seed=beats)
    tempo = measured(wave).tempo
    assert tempo.bpm == pytest.approx(bpm, rel=0.0005)
    assert abs(len(tempo.beats_seconds) - beats) <= 1


def test_a_stretch_that_is_no_loop_keeps_its_own_tempo() -> None:
    tempo = measured(drums("rock", 111.0, 8.3, seed=3)).tempo  # 15.36 beats
    assert tempo.bpm == pytest.approx(111.0, abs=0.5)


def _single_hit() -> Samples:
    time = np.arange(round(0.6 * RATE_HZ)) / RATE_HZ
    return (np.sin(2 * np.pi * 90 * time) * np.exp(-8 * time)).astype(np.float32)[None]


def _drone() -> Samples:
    time = np.arange(20 * RATE_HZ) / RATE_HZ
    return (0.2 * sum(np.sin(2 * np.pi * 98 * h * time) / h for h in range(1, 6))).astype(np.float32)[None]


@pytest.mark.parametrize(
    "wave",
    [
        babble(20.0, 1),
        babble(35.0, 2),
        _drone(),
        _single_hit(),
        (0.1 * np.random.default_rng(1).standard_normal((1, 20 * RATE_HZ))).astype(np.float32),
        np.zeros((1, 10 * RATE_HZ), np.float32),
    ],
    ids=["babble", "more babble", "drone", "single hit", "noise", "silence"],
)
def test_what_has_no_beat_has_no_tempo(wave: Samples) -> None:
    tempo = measured(wave).tempo
    assert tempo.bpm is None
    assert tempo.beats_seconds == ()


def test_a_tempo_that_wanders_is_followed() -> None:
    random = np.random.default_rng(7)
    at = np.cumsum(60.0 / np.linspace(100.0, 106.0, 60))
    click = random.standard_normal(800) * np.exp(-np.arange(800) / 150)
    wave = 0.002 * random.standard_normal((1, round((at[-1] + 1) * RATE_HZ)))
    for seconds in at:
        wave[0, round(seconds * RATE_HZ) :][:800] += click
    tempo = measured(wave.astype(np.float32)).tempo
    assert tempo.bpm is not None
    assert 99.0 < tempo.bpm < 107.0
    distance = np.abs(np.array(tempo.beats_seconds)[:, None] - at[None]).min(axis=0)
    assert np.mean(distance < 0.03) > 0.9


def test_loudness_and_rate_do_not_change_the_tempo() -> None:
    wave = drums("rock", 118.0, 20.0, seed=12)
    plain = measured(wave).tempo.bpm
    assert measured(wave * np.float32(0.003)).tempo.bpm == pytest.approx(plain, abs=0.01)
    doubled = np.repeat(wave, 2, axis=1)
    assert measured(doubled, 2 * RATE_HZ).tempo.bpm == pytest.approx(plain, abs=0.05)
    assert measured(np.concatenate((wave, -wave))).tempo.bpm == pytest.approx(plain, abs=0.05)


@pytest.mark.parametrize("bpm", [75.0, 90.0, 120.0, 124.0, 140.0])
def test_what_was_cut_on_the_beat_begins_with_one(bpm: float) -> None:
    tempo = measured(drums("rock", bpm, 24.0, seed=int(bpm))).tempo
    assert tempo.beats_seconds[0] == pytest.approx(0.0, abs=0.02)
    assert tempo.grid_start_seconds == pytest.approx(0.0, abs=0.02)
