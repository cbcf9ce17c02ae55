"""Same recording or not, on real copies of real recordings and on what only looks alike."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.domain import Clip
from sonicforge_studio.fingerprints import Fingerprint, compare, compress, fingerprint_clip
from tests.fingerprints.conftest import Copy, fingerprint_file, tune
from tests.sounds import groove, tone


def _of_words(words: np.ndarray) -> Fingerprint:
    words = words.astype(np.uint32)
    return Fingerprint(words, compress(words), words.size * 1365 / 11025 + 2.6)


def test_every_copy_is_known_and_placed(copies: list[Copy]) -> None:
    for a, b in combinations(copies, 2):
        if a.recording != b.recording:
            continue
        match = compare(a.fingerprint, b.fingerprint)
        assert match is not None, (a.recording, a.treatment, b.treatment)
        assert match.kind == "same_recording"
        assert match.score > 0.7
        assert match.offset_seconds == pytest.approx(b.begins_seconds - a.begins_seconds, abs=0.19)
        shorter = min(a.fingerprint.duration_seconds, b.fingerprint.duration_seconds)
        assert match.overlap_seconds > 0.8 * shorter - 1.0


def test_no_two_recordings_are_taken_for_one(copies: list[Copy]) -> None:
    for a, b in combinations(copies, 2):
        if a.recording != b.recording:
            assert compare(a.fingerprint, b.fingerprint) is None, (a, b)


def test_the_same_the_other_way_round(copies: list[Copy]) -> None:
    whole, cut = (copy for copy in copies if copy.recording == "vibe" and copy.treatment in ("as it is", "without 3 s"))
    there, back = compare(whole.fingerprint, cut.fingerprint), compare(cut.fingerprint, whole.fingerprint)
    assert there is not None
    assert back is not None
    assert there.offset_seconds == pytest.approx(-back.offset_seconds)
    assert (there.score, there.overlap_seconds) == (back.score, back.overlap_seconds)


def test_identical_is_one() -> None:
    fingerprint = fingerprint_clip(Clip(groove(10.0), 44_100))
    match = compare(fingerprint, fingerprint)
    assert match is not None
    assert (match.kind, match.score, match.offset_seconds) == ("same_recording", 1.0, 0.0)
    assert match.overlap_seconds == pytest.approx(10.0, abs=0.2)


def test_real_recordings_in_two_encodings(test_data: Path) -> None:
    for name in ("Kevin_MacLeod_-_Vibe_Ace", "sorohanro_-_solo-trumpet-06", "glacier-bay-humpback"):
        best, small = (fingerprint_file(test_data / "music" / f"{name}{suffix}") for suffix in (".hq.ogg", ".ogg"))
        match = compare(best, small)
        assert match is not None, name
        assert match.kind == "same_recording"
        assert match.offset_seconds == 0.0


def test_an_excerpt_lies_in_the_whole(test_data: Path) -> None:
    whole = fingerprint_file(test_data / "music" / "Kevin_MacLeod_-_Vibe_Ace.hq.ogg")
    for start, length in ((100, 120), (0, 60), (380, 90)):
        part = _of_words(whole.words[start : start + length])
        match, back = compare(whole, part), compare(part, whole)
        assert match is not None
        assert back is not None
        assert (match.kind, back.kind) == ("contains", "part_of")
        assert match.offset_seconds == pytest.approx(start * 1365 / 11025)
        assert back.offset_seconds == pytest.approx(-start * 1365 / 11025)


def test_a_recording_between_others_is_found(copies: list[Copy]) -> None:
    plain = {copy.recording: copy.fingerprint.words for copy in copies if copy.treatment == "as it is"}
    podcast = _of_words(np.concatenate([plain["speech"], plain["vibe"], plain["humpback"]]))
    encoded = next(c.fingerprint for c in copies if c.recording == "vibe" and c.treatment == "mp3 64")
    match = compare(podcast, encoded)
    assert match is not None
    assert match.kind == "contains"
    assert match.offset_seconds == pytest.approx(plain["speech"].size * 1365 / 11025, abs=0.13)
    assert compare(podcast, _of_words(plain["hungarian"])) is None


def test_silence_around_changes_neither_kind_nor_place() -> None:
    music = tune(20.0)
    padded = np.concatenate([np.zeros((2, 441_000), np.float32), music, np.zeros((2, 882_000), np.float32)], axis=1)
    match = compare(fingerprint_clip(Clip(music, 44_100)), fingerprint_clip(Clip(padded, 44_100)))
    assert match is not None
    assert match.kind == "same_recording"
    assert match.offset_seconds == pytest.approx(-10.0, abs=0.13)


def test_repeated_bars_do_not_move_the_offset() -> None:
    bars = np.tile(groove(4.0, bpm=120.0), 10)
    intro = groove(5.0, bpm=93.0, seed=5)[:, ::-1]
    piece = np.concatenate([intro, bars], axis=1)
    whole = fingerprint_clip(Clip(piece, 44_100))
    for cut_seconds in (1.0, 2.06, 3.5):
        cut = fingerprint_clip(Clip(piece[:, round(cut_seconds * 44_100) :], 44_100))
        match = compare(whole, cut)
        assert match is not None
        assert match.offset_seconds == pytest.approx(cut_seconds, abs=0.13)


def test_silence_matches_nothing() -> None:
    silence = fingerprint_clip(Clip(np.zeros((2, 600_000), np.float32), 44_100))
    music = fingerprint_clip(Clip(groove(10.0), 44_100))
    half = groove(10.0)
    half[:, 200_000:] = 0.0
    assert silence.words.size > 80
    assert compare(silence, silence) is None
    assert compare(silence, music) is None
    assert compare(silence, fingerprint_clip(Clip(half, 44_100))) is None


def test_held_tones_and_noise_match_nothing() -> None:
    random = np.random.default_rng(4)
    sounds = [tone(20.0, 440.0), tone(20.0, 442.0), tone(20.0, 440.0, level=0.1), tone(12.0, 220.0)]
    sounds += [random.standard_normal((2, 600_000)).astype(np.float32) * 0.1 for _ in range(3)]
    held = [fingerprint_clip(Clip(sound, 44_100)) for sound in sounds]
    for a, b in combinations(held, 2):
        assert compare(a, b) is None


def test_two_sounds_that_hold_one_chord_are_two() -> None:
    """A chord held by another voice gives nearly the same words for seconds."""
    random = np.random.default_rng(8)
    time = np.arange(12 * 44_100) / 44_100
    voices = []
    for overtones in ((1.0, 0.3, 0.1), (1.0, 0.5, 0.05)):
        wave = np.zeros(time.size)
        for hz in (164.8, 196.0, 246.9, 293.7):
            for number, level in enumerate(overtones, 1):
                sway = 1.0 + 0.1 * np.sin(2 * np.pi * random.uniform(0.2, 1.0) * time + random.uniform(0, 6))
                wave += level * sway * np.sin(2 * np.pi * hz * number * time + random.uniform(0, 6))
        voices.append(fingerprint_clip(Clip((0.05 * np.stack([wave, wave])).astype(np.float32), 44_100)))
    words = [voice.words for voice in voices]
    shared = min(word.size for word in words)
    assert np.bitwise_count(words[0][:shared] ^ words[1][:shared]).mean() < 7
    assert compare(*voices) is None


def test_no_words_match_nothing() -> None:
    nothing = Fingerprint.from_text("AQAAAA", 1.0)
    assert compare(nothing, nothing) is None
    assert compare(nothing, fingerprint_clip(Clip(groove(5.0), 44_100))) is None


def test_random_words_never_match() -> None:
    random = np.random.default_rng(11)
    rows = [_of_words(random.integers(0, 2**32, size)) for size in (1, 2, 5, 20, 60, 300, 1400)]
    for a, b in combinations(rows, 2):
        assert compare(a, b) is None
