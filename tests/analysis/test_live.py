"""Chroma, key and tempo while the music runs: how soon they are right, how they follow, and when they say nothing."""

from __future__ import annotations

import itertools
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonicforge_studio.analysis.live import LiveMusic, LiveMusicReader, MusicReading
from sonicforge_studio.audio.tap import HeardNow, PlaybackTap, TapPlace
from sonicforge_studio.domain import Samples, SilentProgress
from sonicforge_studio.domain.key import Key
from sonicforge_studio.generation import SynthEngine, compose
from tests.analysis.played_patterns import RATE_HZ, babble, chords, drums
from tests.analysis.test_truth import truths
from tests.sounds import groove, tone

STEP_SECONDS = 0.1


def readings(wave: Samples, rate_hz: int = RATE_HZ) -> Iterator[MusicReading]:
    """One each tenth of a second."""
    music = LiveMusic(rate_hz, wave.shape[0])
    frames = round(STEP_SECONDS * rate_hz)
    for start in range(0, wave.shape[1], frames):
        music.add(wave[:, start : start + frames])
        yield music.reading()


def at(seconds: float, told: list[MusicReading]) -> MusicReading:
    return told[round(seconds / STEP_SECONDS) - 1]


def last(wave: Samples, rate_hz: int = RATE_HZ) -> MusicReading:
    return list(readings(wave, rate_hz))[-1]


def clicks(bpm: float, seconds: float) -> NDArray[np.float32]:
    time_seconds = np.arange(RATE_HZ // 20) / RATE_HZ
    click = np.sin(2 * np.pi * 1500 * time_seconds) * np.exp(-150 * time_seconds)
    wave = np.zeros((1, round(seconds * RATE_HZ) + click.size), np.float32)
    for beat in range(int(seconds * bpm / 60)):
        start = round(beat * 60 / bpm * RATE_HZ)
        wave[0, start : start + click.size] += click
    return wave[:, : round(seconds * RATE_HZ)]


def near(key: Key | None) -> set[str]:
    """The key, its relative, and the fifths above and below: what shares all or all but one of its notes."""
    assert key is not None
    relative = Key((key.tonic + (9 if key.mode == "major" else 3)) % 12, "minor" if key.mode == "major" else "major")
    return {str(key), str(relative), *(str(Key((key.tonic + step) % 12, key.mode)) for step in (5, 7))}


@pytest.mark.parametrize(
    ("genre", "bpm", "seed"), [("house", 124.0, 3), ("liquid drum and bass", 172.0, 4), ("hip-hop", 90.0, 5)]
)
def test_our_own_music_is_read_while_it_plays(genre: str, bpm: float, seed: int) -> None:
    concept = compose(genre, seed=seed, duration_seconds=13.0, tempo_bpm=bpm)
    mix = SynthEngine().render(concept, seed, SilentProgress()).mix.clip()
    told = list(readings(mix.samples, mix.sample_rate_hz))
    assert at(10.0, told).tempo_bpm == pytest.approx(bpm, rel=0.01)
    assert str(at(12.0, told).key) in near(concept.key)
    assert at(12.0, told).heard_seconds == pytest.approx(12.0)
    phases = np.array([at(seconds, told).beat_phase for seconds in np.arange(10.0, 12.5, STEP_SECONDS)], float)
    wanted = np.arange(10.0, 12.5, STEP_SECONDS) * bpm / 60.0
    assert np.abs((phases - wanted + 0.5) % 1.0 - 0.5).max() < 0.06


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_modulation_is_followed(seed: int) -> None:
    before, after = chords(0, False, seed, seconds=16.4), chords(4, False, seed + 5, seconds=12.8)
    told = list(readings(np.concatenate((before, after), axis=1)))
    keys = [str(reading.key) for reading in told]
    assert set(keys[100:164]) == {"C major"}
    assert keys[164 + 82] in ("E major", "E minor")
    assert keys[-1] == "E major"
    assert sum(key != other for key, other in itertools.pairwise(keys)) <= 7


@pytest.mark.parametrize("played", [clicks, lambda bpm, seconds: drums("house", bpm, seconds, 1)])
def test_a_new_tempo_is_followed(played) -> None:  # type: ignore[no-untyped-def]
    told = list(readings(np.concatenate((played(120.0, 12.0), played(140.0, 12.0)), axis=1)))
    assert at(8.0, told).tempo_bpm == pytest.approx(120.0, rel=0.005)
    assert at(22.0, told).tempo_bpm == pytest.approx(140.0, rel=0.005)


def test_chroma_shows_the_notes_of_the_last_seconds() -> None:
    music = LiveMusic(44100)
    music.add(tone(3.0, 440.0))
    chroma = music.reading().chroma
    assert int(np.argmax(chroma)) == 9
    assert chroma[9] == 1.0
    assert np.delete(chroma, [9, 2]).max() < 0.1  # D may be the A's fundamental
    music.add(tone(3.0, 261.63))
    assert int(np.argmax(music.reading().chroma)) == 0
    music.add(np.zeros((2, 44100), np.float32))
    assert 0.1 < music.reading().chroma.max() < 1.0
    music.add(np.zeros((2, 5 * 44100), np.float32))
    assert not music.reading().chroma.any()
    with pytest.raises(ValueError, match="read-only"):
        music.reading().chroma[0] = 1.0


def _seconds(count: float) -> NDArray[np.float64]:
    return np.arange(round(count * RATE_HZ)) / RATE_HZ


@pytest.mark.parametrize(
    "wave",
    [
        np.zeros((2, 12 * RATE_HZ), np.float32),
        (0.1 * np.random.default_rng(1).standard_normal((2, 12 * RATE_HZ))).astype(np.float32),
        (np.random.default_rng(1).integers(-1, 2, (2, 12 * RATE_HZ)) / 32768).astype(np.float32),
        babble(20.0, 4),
        np.ones((2, 12 * RATE_HZ), np.float32),
        np.full((2, 12 * RATE_HZ), np.nan, np.float32),
        np.where(np.arange(12 * RATE_HZ) % 2, 1.0, -1.0).astype(np.float32)[np.newaxis],
    ],
    ids=["silence", "noise", "dither", "babble", "dc", "nan", "highest-frequency"],
)
def test_no_music_no_reading(wave: Samples) -> None:
    for reading in readings(wave):
        assert reading.key is None
        assert reading.tempo_bpm is None
        assert reading.beat_phase is None
        assert np.isfinite(reading.chroma).all()


@pytest.mark.parametrize(
    "wave",
    [0.3 * np.sin(2 * np.pi * 220.0 * _seconds(15.0)), np.sign(np.sin(2 * np.pi * 100.0 * _seconds(15.0)))],
    ids=["drone", "full-scale square"],
)
def test_a_steady_tone_has_no_tempo(wave: NDArray[np.float64]) -> None:
    assert all(reading.tempo_bpm is None for reading in readings(wave.astype(np.float32)[np.newaxis]))


def test_what_is_not_finite_spoils_nothing() -> None:
    wave = groove(12.0, 120.0)
    wave[:, 50_000:50_400] = np.inf
    wave[0, 90_000] = np.nan
    wave[:, 120_000] = 1e30
    reading = last(wave, 44100)
    assert reading.tempo_bpm == pytest.approx(120.0, rel=0.01)
    assert str(reading.key) in near(Key(9, "minor"))


@pytest.mark.parametrize("rate_hz", [8000, 192_000])
def test_any_rate(rate_hz: int) -> None:
    reading = last(groove(10.0, 126.0, rate_hz), rate_hz)
    assert reading.tempo_bpm == pytest.approx(126.0, rel=0.01)
    assert str(reading.key) in near(Key(9, "minor"))


def test_the_cut_does_not_matter() -> None:
    wave = groove(6.0, 120.0)
    told = []
    for size in (441, 4096, 100_000):
        music = LiveMusic(44100)
        for start in range(0, wave.shape[1], size):
            music.add(wave[:, start : start + size])
        told.append(music.reading())
    for other in told[1:]:
        np.testing.assert_array_equal(other.chroma, told[0].chroma)
        assert other.tempo_candidates == told[0].tempo_candidates
        assert other.key_candidates == told[0].key_candidates
        assert other.beat_phase == told[0].beat_phase


def test_after_a_long_silence_everything_begins_anew() -> None:
    music = LiveMusic(44100)
    music.add(groove(8.0, 120.0))
    assert music.reading().key is not None
    music.add(np.zeros((2, 5 * 44100), np.float32))
    reading = music.reading()
    assert (reading.key, reading.tempo_bpm, reading.beat_phase) == (None, None, None)
    assert reading.heard_seconds < 0.2
    music.add(groove(7.0, 100.0))
    assert music.reading().tempo_bpm == pytest.approx(100.0, rel=0.01)


def test_what_was_missed_leaves_the_beats_where_they_are() -> None:
    wave = groove(14.0, 120.0)
    music = LiveMusic(44100)
    music.add(wave[:, : 7 * 44100])
    music.skip(44100)
    music.add(wave[:, 8 * 44100 :])
    reading = music.reading()
    assert reading.heard_seconds == pytest.approx(13.0)
    assert reading.tempo_bpm == pytest.approx(120.0, rel=0.01)
    assert reading.beat_phase == pytest.approx(0.0, abs=0.05) or reading.beat_phase == pytest.approx(1.0, abs=0.05)
    music.skip(10 * 44100)
    assert music.reading().heard_seconds == 0.0


def test_hours_take_no_more_memory_than_minutes() -> None:
    music = LiveMusic(8000)
    wave = groove(4.0, 120.0, 8000)
    for _ in range(5):
        music.add(wave)
    tracemalloc.start()
    try:
        # What there was before is let go and made anew little by little, and only the new is counted.
        for _ in range(15):
            music.add(wave)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(25):
            music.add(wave)
        assert tracemalloc.get_traced_memory()[0] - before < 20_000
    finally:
        tracemalloc.stop()


def test_an_impossible_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="0 Hz"):
        LiveMusic(0)
    with pytest.raises(ValueError, match="3 channels"):
        LiveMusic(44100, 3)


def test_real_songs_as_their_makers_say(test_data: Path) -> None:
    rows = [row for row in truths(test_data, "truth_key", "key_grade") if row["file"].startswith("songs/mix")][::3]
    for row in rows:
        samples, rate_hz = soundfile.read(test_data / row["file"], frames=20 * 44100, dtype="float32", always_2d=True)
        reading = last(np.ascontiguousarray(samples.T), rate_hz)
        assert str(reading.key) == row["truth_key"]
        assert reading.tempo_bpm == pytest.approx(float(row["truth_bpm"]), rel=0.005)


class Deck:
    """Plays a wave into a tap, faster than it would sound."""

    def __init__(self, rate_hz: int = RATE_HZ) -> None:
        self.tap = PlaybackTap()
        self.memory = np.full((6 * rate_hz, 2), 0.1, np.float32)
        self.rate_hz = rate_hz
        self.fed = 0

    def play(self, wave: Samples, piece: int = 0) -> None:
        size = self.memory.shape[0]
        for start in range(0, wave.shape[1], self.rate_hz // 2):
            block = wave[:, start : start + self.rate_hz // 2].T
            self.memory[np.arange(self.fed, self.fed + block.shape[0]) % size] = block
            self.fed += block.shape[0]
            seconds = (start + block.shape[0]) / self.rate_hz
            now = time.monotonic()
            self.tap.publish(HeardNow(self.memory, self.rate_hz, now, self.fed, self.fed, seconds, piece))
            time.sleep(0.13)


def until(met, seconds: float = 3.0) -> bool:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if met():
            return True
        time.sleep(0.02)
    return False


def test_the_reader_follows_a_tap() -> None:
    deck = Deck()
    with LiveMusicReader(deck.tap) as reader:
        assert reader.newest is None
        deck.play(np.repeat(chords(9, True, 1, seconds=6.0), 2, axis=0))
        assert until(lambda: reader.newest is not None and reader.newest.key is not None)
        reading = reader.newest
        assert reading is not None
        assert 4.0 < reading.heard_seconds <= 6.0
        assert reading.position_seconds == pytest.approx(6.0)
        deck.play(np.repeat(chords(9, True, 1, seconds=1.0), 2, axis=0), piece=1)
        assert until(lambda: reader.newest is not None and reader.newest.heard_seconds < 1.0)
        reader.reset()
        assert until(lambda: reader.newest is None)
        deck.tap.publish(None)
        assert until(lambda: reader.newest is None)


def test_the_reader_says_what_it_missed() -> None:
    deck = Deck()
    with LiveMusicReader(deck.tap) as reader:
        wave = np.repeat(chords(0, False, 1, seconds=3.0), 2, axis=0)
        deck.play(wave)
        assert until(lambda: reader.newest is not None and reader.newest.heard_seconds > 1.0)
        heard = reader.newest.heard_seconds if reader.newest else 0.0
        deck.fed += 15 * RATE_HZ // 2
        deck.play(wave[:, : RATE_HZ // 2])
        assert until(lambda: reader.newest is not None and reader.newest.heard_seconds != heard)
        assert reader.newest is not None
        # Of the 8 s that were played meanwhile, the tap held the last 5.5.
        assert heard + 4.5 < reader.newest.heard_seconds < heard + 6.5


class BrokenTap(PlaybackTap):
    """Fails twice, then works."""

    failures = 0

    def place(self) -> TapPlace | None:
        if self.failures < 2:
            self.failures += 1
            raise OSError("the driver has lost its mind")
        return super().place()


def test_a_failure_is_logged_once_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    deck = Deck()
    deck.tap = BrokenTap()
    with LiveMusicReader(deck.tap) as reader:
        deck.play(np.repeat(chords(0, False, 1, seconds=3.0), 2, axis=0))
        assert until(lambda: reader.newest is not None)
    assert [record.message for record in caplog.records] == ["following the music failed"]
