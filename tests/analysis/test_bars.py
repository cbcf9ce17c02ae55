"""Bars of three, four, five and seven beats, and where they begin."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.analysis import TrackAnalyser
from sonicforge_studio.analysis.bars import tell_bars
from sonicforge_studio.domain import SilentProgress, Tempo, from_plain, to_plain
from sonicforge_studio.generation import SynthEngine, compose
from tests.analysis.played_patterns import PATTERNS, RATE_HZ, Wave, drums
from tests.analysis.test_truth import measured as measured_file

ROOTS = (0, 5, 7, 9)
FIVE = ("x...........x.......", "........x.......x...", "x.x.x.x.x.x.x.x.x.x.", 4)
SEVEN = ("x.......x...........x.......", "....x.......x...x.......x...", "x.x.x.x.x.x.x.x.x.x.x.x.x.x.", 4)


def song(pattern: str, bpm: float, seconds: float, seed: int) -> tuple[Wave, float]:
    """Drums, and a chord that changes with each bar; and how long a bar is, in seconds."""
    wave = drums(pattern, bpm, seconds, seed)
    kick, _, _, steps = PATTERNS[pattern]
    bar_seconds = len(kick) / steps * 60.0 / bpm
    chords = np.zeros(wave.shape[1])
    for number in range(int(np.ceil(seconds / bar_seconds))):
        first, end = (round(at * bar_seconds * RATE_HZ) for at in (number, number + 1))
        time = np.arange(min(end, chords.size) - first) / RATE_HZ
        for step in (-12, 0, 4, 7):
            hz = 220.0 * 2 ** ((ROOTS[number % len(ROOTS)] + step) / 12)
            chords[first:end] += 0.05 * np.sin(2 * np.pi * hz * time) * np.exp(-0.7 * time)
    return wave + chords.astype(np.float32)[None], bar_seconds


def told(wave: Wave, rate_hz: int = RATE_HZ) -> Tempo:
    analyser = TrackAnalyser(rate_hz, wave.shape[0])
    analyser.add(wave)
    return analyser.finish().tempo


@pytest.fixture(autouse=True)
def odd_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PATTERNS, "five", FIVE)
    monkeypatch.setitem(PATTERNS, "seven", SEVEN)


@pytest.mark.parametrize(
    ("pattern", "beats_per_bar"), [("waltz", 3), ("rock", 4), ("hip-hop", 4), ("house", 4), ("five", 5), ("seven", 7)]
)
def test_the_metre_and_the_first_beats(pattern: str, beats_per_bar: int) -> None:
    for bpm, seed in ((104.0, 1), (138.0, 2)):
        wave, bar_seconds = song(pattern, bpm, 24.0, seed)
        tempo = told(wave)
        assert tempo.bpm == pytest.approx(bpm, abs=0.2)
        assert tempo.beats_per_bar == beats_per_bar
        assert tempo.metre_confidence > 0.5
        assert set(tempo.downbeats_seconds) <= set(tempo.beats_seconds)
        off = (np.array(tempo.downbeats_seconds) + bar_seconds / 2) % bar_seconds - bar_seconds / 2
        assert np.mean(np.abs(off) < 0.07) > 0.9


def test_what_this_program_plays_begins_with_a_bar() -> None:
    for genre, seed in (("house", 5), ("lo-fi", 7), ("synthwave", 9)):
        concept = compose(genre, seed=seed, duration_seconds=20.0)
        mix = SynthEngine().render(concept, seed, SilentProgress()).mix.clip()
        tempo = told(mix.samples, mix.sample_rate_hz)
        bar_seconds = 240.0 / concept.tempo_bpm
        assert tempo.beats_per_bar == 4, genre
        off = (np.array(tempo.downbeats_seconds) + bar_seconds / 2) % bar_seconds - bar_seconds / 2
        assert np.mean(np.abs(off) < 0.07) > 0.8, genre


def test_where_too_little_is_heard_nothing_is_told() -> None:
    short = told(drums("rock", 120.0, 2.0, 1))
    assert (short.beats_per_bar, short.downbeats_seconds) == (None, ())
    even = Tempo(120.0, 1.0, (), tuple(0.5 * beat for beat in range(60)))
    strength, chroma = np.full((5200, 4), 1.0), np.zeros((160, 12), np.float32)
    assert tell_bars(even, strength, 172.3, chroma, 5.38, SilentProgress()) == even
    nothing = replace(even, bpm=None, beats_seconds=())
    assert tell_bars(nothing, strength, 172.3, chroma, 5.38, SilentProgress()) == nothing


def test_the_downbeats_survive_json() -> None:
    wave, _ = song("waltz", 120.0, 12.0, 3)
    tempo = told(wave)
    assert from_plain(Tempo, json.loads(json.dumps(to_plain(tempo)))) == tempo


def test_recorded_songs_of_four_beats(test_data: Path) -> None:
    songs = sorted((test_data / "songs").glob("*.ogg"))[::12]
    assert songs
    assert [measured_file(path, 30.0).tempo.beats_per_bar for path in songs] == [4] * len(songs)
