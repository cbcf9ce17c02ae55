"""A tempo that changes is followed, and one that does not is told as one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.analysis import Measured, TrackAnalyser
from sonicforge_studio.analysis.tempo_curve import follow_tempo
from sonicforge_studio.domain import SilentProgress, Tempo
from tests.analysis.played_patterns import PATTERNS, RATE_HZ, Wave, babble, drums, struck
from tests.analysis.test_truth import measured as measured_file


def played(pattern: str, beats_seconds: np.ndarray, seed: int) -> Wave:
    """A drum pattern whose beats fall where they are told to, give or take 3 ms."""
    random = np.random.default_rng(seed)
    *hits, steps = PATTERNS[pattern]
    places = np.arange((beats_seconds.size - 1) * steps) / steps
    at = np.interp(places, np.arange(beats_seconds.size), beats_seconds)
    mix = np.zeros(round((beats_seconds[-1] + 0.6) * RATE_HZ))
    for wave, strokes in zip(struck(random), hits, strict=True):
        for index, seconds in enumerate(at):
            if strokes[index % len(strokes)] == "x":
                start = max(0, round((seconds + random.normal(0, 0.003)) * RATE_HZ))
                mix[start : start + wave.size] += wave[: mix.size - start] * random.uniform(0.7, 1.0)
    mix += 0.003 * random.standard_normal(mix.size)
    return (0.4 * mix[None]).astype(np.float32)


def beats_at(tempo_bpm: Callable[[float], float], seconds: float) -> np.ndarray:
    beats = [0.3]
    while beats[-1] < seconds:
        beats.append(beats[-1] + 60.0 / tempo_bpm(beats[-1]))
    return np.array(beats)


def measured(wave: Wave) -> Measured:
    analyser = TrackAnalyser(RATE_HZ, wave.shape[0])
    analyser.add(wave)
    return analyser.finish()


def share_found(true: np.ndarray, told: tuple[float, ...], within_seconds: float = 0.07) -> float:
    """F-measure of beats, as mir_eval has it; the first 5 s are left out."""
    one, other = true[true >= 5.0], np.array([at for at in told if at >= 5.0])
    near = np.abs(one[:, np.newaxis] - other).min(axis=1) <= within_seconds
    return float(2.0 * near.sum() / (one.size + other.size))


@pytest.mark.parametrize(
    ("name", "tempo_bpm"),
    [
        ("a band that drifts", lambda at: 100.0 * (1.0 + 0.1 * np.sin(2 * np.pi * at / 40.0))),
        ("faster and faster", lambda at: 90.0 + at),
        ("slower at the end", lambda at: 110.0 if at < 42.0 else 110.0 * (1.0 - 0.35 * (at - 42.0) / 18.0)),
        ("two tempi", lambda at: 100.0 if at < 30.0 else 128.0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("pattern", ["rock", "disco"])
def test_the_beats_follow_a_tempo_that_changes(pattern: str, name: str, tempo_bpm: Callable[[float], float]) -> None:
    true = beats_at(tempo_bpm, 60.0)
    tempo = measured(played(pattern, true, len(name))).tempo
    assert share_found(true, tempo.beats_seconds) >= 0.9
    assert tempo.grid_start_seconds is None
    assert len(tempo.curve) >= 2
    assert [point.seconds for point in tempo.curve] == sorted(point.seconds for point in tempo.curve)
    for at in (12.0, 25.0, 38.0):
        told = np.interp(at, [point.seconds for point in tempo.curve], [point.bpm for point in tempo.curve])
        assert told == pytest.approx(tempo_bpm(at), rel=0.06)


@pytest.mark.parametrize(("pattern", "bpm"), [("house", 124.0), ("rock", 92.0), ("disco", 118.0)])
def test_a_constant_tempo_is_a_grid(pattern: str, bpm: float) -> None:
    tempo = measured(drums(pattern, bpm, 40.0, seed=3)).tempo
    assert tempo.curve == ()
    assert tempo.grid_start_seconds is not None
    assert 0.0 <= tempo.grid_start_seconds < 60.0 / bpm
    assert tempo.bpm is not None
    beats = np.array(tempo.beats_seconds)
    off = (beats - tempo.grid_start_seconds + 30.0 / bpm) % (60.0 / tempo.bpm) - 30.0 / bpm
    assert np.median(np.abs(off)) < 0.01


def test_babble_and_noise_are_not_rescued() -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal((1, 30 * RATE_HZ)).astype(np.float32)
    for wave in (babble(30.0, 4), noise):
        assert measured(wave).tempo.bpm is None


def test_what_has_no_beats_stays_as_it_is() -> None:
    nothing = Tempo(None, 0.0)
    assert follow_tempo(nothing, np.zeros((4000, 4)), 172.0, 23.0, SilentProgress()) == nothing


def test_recorded_songs_of_one_tempo_have_no_curve(test_data: Path) -> None:
    songs = sorted((test_data / "songs").glob("*.ogg"))[::9]
    assert songs
    curved = [song.name for song in songs if measured_file(song, 30.0).tempo.curve]
    assert curved == []
