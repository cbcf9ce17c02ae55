"""Will these mix: tempo with its half and double, the Camelot wheel, loudness."""

from __future__ import annotations

import math

import pytest

from sonicforge_studio.domain import Analysis, Key, KeyEstimate, Loudness, Tempo
from sonicforge_studio.studio.mixing import compare, relation_of


def _track(bpm: float | None = 124.0, key: str | None = "A minor", lufs: float = -9.0, peak: float = -1.0) -> Analysis:
    return Analysis(
        duration_seconds=180.0,
        sample_rate_hz=44_100,
        channels=2,
        codec="flac",
        content_hash="",
        audio_hash="",
        tempo=Tempo(bpm, 0.9),
        key=KeyEstimate(Key.parse(key) if key else None, 0.8),
        loudness=Loudness(lufs, 6.0, lufs + 3, lufs + 2, peak, peak - 0.5),
    )


@pytest.mark.parametrize(
    ("one", "other", "turns", "percent", "grade"),
    [
        (124.0, 124.0, 1.0, 0.0, "good"),
        (124.0, 126.0, 1.0, -1.587, "good"),
        (120.0, 126.0, 1.0, -4.762, "fair"),
        (174.0, 87.0, 2.0, 0.0, "good"),
        (85.0, 174.0, 0.5, -2.299, "good"),
        (124.0, 100.0, 1.0, 24.0, "poor"),
    ],
)
def test_the_tempo_counts_halves_and_doubles(
    one: float, other: float, turns: float, percent: float, grade: str
) -> None:
    match = compare(_track(one), _track(other)).tempo
    assert match is not None
    assert match.turns == turns
    assert match.change_percent == pytest.approx(percent, abs=0.001)
    assert match.grade == grade
    # What is said must come true: the other, changed so, beats with the one.
    assert other * turns * (1 + match.change_percent / 100) == pytest.approx(one)


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ("A minor", "A minor", "same"),
        ("A minor", "C major", "relative"),
        ("A minor", "E minor", "adjacent"),
        ("A minor", "D minor", "adjacent"),
        ("E major", "B major", "adjacent"),
        ("A minor", "B minor", "energy-boost"),
        ("A minor", "A# minor", "energy-boost"),
        ("B minor", "A minor", "clash"),
        ("A minor", "D# minor", "clash"),
        ("A minor", "A major", "clash"),
    ],
)
def test_keys_stand_to_each_other_as_on_the_wheel(one: str, other: str, relation: str) -> None:
    assert relation_of(Key.parse(one), Key.parse(other)) == relation


def test_the_wheel_closes_at_twelve() -> None:
    for tonic in range(12):
        for mode in ("major", "minor"):
            fifth = Key((tonic + 7) % 12, mode)  # type: ignore[arg-type]
            assert relation_of(Key(tonic, mode), fifth) == "adjacent"  # type: ignore[arg-type]


def test_the_gain_makes_both_as_loud_and_tells_the_peak() -> None:
    match = compare(_track(lufs=-8.0), _track(lufs=-11.5, peak=-2.0)).loudness
    assert match is not None
    assert match.difference_lu == pytest.approx(-3.5)
    assert match.gain_db == pytest.approx(3.5)
    assert match.peak_dbtp == pytest.approx(1.5)


def test_the_worst_of_tempo_and_key_decides() -> None:
    assert compare(_track(), _track(124.5, "E minor")).grade == "good"
    assert compare(_track(), _track(124.5, "B minor")).grade == "fair"
    assert compare(_track(), _track(100.0, "E minor")).grade == "poor"
    assert compare(_track(), _track(124.5, "D# minor")).grade == "poor"


def test_what_was_not_found_decides_nothing() -> None:
    drums = compare(_track(key=None), _track(125.0))
    assert drums.key is None
    assert drums.grade == "good"
    drone = compare(_track(bpm=None), _track())
    assert drone.tempo is None
    assert drone.grade == "good"
    silence = compare(_track(None, None, -math.inf), _track())
    assert (silence.tempo, silence.key, silence.loudness, silence.grade) == (None, None, None, None)
