"""The composer, judged by what people type."""

from __future__ import annotations

import math

import pytest

from sonicforge_studio.domain import FormSection, Key
from sonicforge_studio.domain.errors import DurationOutOfRange, TempoOutOfRange
from sonicforge_studio.generation import compose, parts_of
from sonicforge_studio.generation.form import whole_bars
from sonicforge_studio.generation.genres import genre_book
from sonicforge_studio.generation.prompt import Prompt


@pytest.mark.parametrize(
    ("prompt", "genre", "tempo_bpm", "key", "seconds"),
    [
        ("liquid drum and bass, 174 bpm, A minor, dreamy", "liquid-drum-and-bass", 174, "A minor", None),
        ("dnb", "drum-and-bass", None, None, None),
        ("some D&B in fis-moll at 170", "drum-and-bass", 170, "F# minor", None),
        ("drum'n'bass 172.5 BPM", "drum-and-bass", 172.5, None, None),
        ("Deep House, F# major, 2 minutes", "deep-house", None, "F# major", 120),
        ("lofi c#m 75 for 90 seconds", "lo-fi", 75, "C# minor", 90),
        ("lo-fi hip hop, @82", "lo-fi", 82, None, None),
        ("boom bap beat in Bbm", "boom-bap", None, "A# minor", None),
        ("ambient in D, 1:30", "ambient", None, "D major", 90),
        ("mroczny techno w tonacji Es-Dur, 140 uderzeń na minutę, 2:30", "techno", 140, "D# major", 150),
        ("spokojny ambient h-moll, pół minuty", "ambient", None, "B minor", 30),
        ("dżungla b-moll 165 BPM", "jungle", 165, "A# minor", None),
        ("house as-dur, 1 min 30 s", "house", None, "G# major", 90),
        ("trance 138, e minor, 30s", "trance", 138, "E minor", 30),
        ("synthwave, key of C minor", "synthwave", None, "C minor", None),
        ("trap D♭ minor 140", "trap", 140, "C# minor", None),
        ("dubstep in A# minor, 45-second", "dubstep", None, "A# minor", 45),
        ("tempo 128 house", "house", 128, None, None),
    ],
)
def test_genre_tempo_key_and_length_are_read(
    prompt: str, genre: str, tempo_bpm: float | None, key: str | None, seconds: float | None
) -> None:
    concept = compose(prompt)
    assert concept.genre == genre
    if tempo_bpm is not None:
        assert concept.tempo_bpm == tempo_bpm
    else:
        entry = genre_book()[genre]
        assert entry.tempo_low_bpm <= concept.tempo_bpm <= entry.tempo_high_bpm
    if key is not None:
        assert str(concept.key) == key
        assert f"key: {key}" in concept.understood
    else:
        assert not any(text.startswith("key:") for text in concept.understood)
    assert concept.duration_seconds == (seconds or 64.0)


@pytest.mark.parametrize(
    "prompt",
    [
        "a dreamy track", "in a dreamy mood", "I am a house fan", "give me a beat", "FM synth house", "a", "in a house",
        "e-piano ambient", "80s synthwave", "a 90s house track", "w domu", "IN A DREAMY MOOD",
    ],
)  # fmt: skip
def test_words_are_not_taken_for_keys_or_lengths(prompt: str) -> None:
    concept = compose(prompt)
    assert not any(text.startswith("key:") or text.endswith("seconds") for text in concept.understood)


def test_moods_change_energy_and_mode() -> None:
    assert compose("aggressive house").energy > compose("house").energy > compose("calm house").energy
    assert compose("happy house").key.mode == "major"
    assert compose("smutny house").key.mode == "minor"
    assert compose("mroczna, senna muzyka house").moods == ("dark", "dreamy")
    assert compose("fast house").tempo_bpm == genre_book()["house"].tempo_high_bpm
    assert compose("powolny house").tempo_bpm == genre_book()["house"].tempo_low_bpm


def test_numbers_win_over_moods_and_arguments_over_words() -> None:
    assert compose("slow, 200 bpm").tempo_bpm == 200
    concept = compose(
        "house, 120 bpm, C minor, 30 s", tempo_bpm=99, key=Key.parse("D major"), duration_seconds=12, genre="lofi"
    )
    assert (concept.tempo_bpm, str(concept.key), concept.duration_seconds, concept.genre) == (
        99,
        "D major",
        12,
        "lo-fi",
    )


@pytest.mark.parametrize(
    ("prompt", "there", "absent"),
    [
        ("house with piano", ["piano", "drums"], ["house stab"]),
        ("lofi, no drums", ["electric piano"], ["drums"]),
        ("ambient bez perkusji i z fletem", ["flute"], ["drums", "bells"]),
        ("dnb without drums or bass", ["electric piano"], ["drums", "reese bass"]),
        ("solo piano ambient", ["piano"], ["drums", "air pad", "bells", "sub bass"]),
        ("drum and bass with a deep bass", ["drums", "reese bass"], []),
        ("lofi with guitar", ["acoustic guitar", "upright bass"], ["guitar", "electric piano"]),
        ("lofi z gitarą klasyczną i kontrabasem", ["nylon guitar", "double bass"], ["upright bass"]),
        ("boom bap with an upright bass", ["double bass"], ["upright bass"]),
        ("trip-hop, clean electric guitar", ["electric guitar"], ["guitar"]),
        ("cinematic z harfą", ["harp"], ["flute"]),
        ("downtempo with koto", ["koto"], ["pluck"]),
        ("lo-fi", ["upright bass"], ["double bass"]),
        ("trip-hop", ["melody"], ["acoustic guitar", "electric guitar"]),
    ],
)
def test_instruments_come_and_go(prompt: str, there: list[str], absent: list[str]) -> None:
    instruments = compose(prompt).instruments
    assert set(there) <= set(instruments)
    assert not set(absent) & set(instruments)


def test_what_is_not_understood_is_said() -> None:
    concept = compose("polka with kazoo, 118 bpm")
    assert concept.genre == "house"
    assert "polka" in concept.ignored
    assert "kazoo" in concept.ignored
    assert "118 BPM" in concept.understood
    assert compose("house and ambient").ignored == ("house",)
    assert "genre: zydeco" in compose("", genre="zydeco").ignored


@pytest.mark.parametrize(
    "prompt", ["", "   ", "\n\t", "日本語の音楽", "🎵🎶", "\x00\x01", "?!.,;:", "a" * 10_000, "ß ﬁ ǅ"]
)
def test_odd_prompts_give_music_all_the_same(prompt: str) -> None:
    concept = compose(prompt)
    assert concept.prompt == prompt
    assert 20 <= concept.tempo_bpm <= 400
    assert concept.form


def test_what_was_left_out_is_told() -> None:
    assert compose("🎵🎶").ignored == ("🎵🎶",)
    assert compose("„dark” techno — 130 bpm…").ignored == ()
    slow = compose("slow, 200 bpm")
    assert (slow.tempo_bpm, slow.moods, slow.ignored) == (200, (), ("slow",))
    assert compose("slow house, 118 bpm").moods == ("slow",)
    nothing = compose("no drums no bass no chords no pads no melody, house")
    assert nothing.instruments == compose("house").instruments
    assert "no drums" in nothing.ignored
    assert not any(text.startswith("no ") for text in nothing.understood)


@pytest.mark.parametrize("tempo_bpm", [0, -1, 5000, 19.9, 400.1, math.nan, math.inf])
def test_a_tempo_out_of_range_is_refused(tempo_bpm: float) -> None:
    with pytest.raises(TempoOutOfRange):
        compose("house", tempo_bpm=tempo_bpm)


@pytest.mark.parametrize("prompt", ["house 5000 bpm", "0 bpm", "-20 bpm", "tempo 999"])
def test_a_tempo_out_of_range_in_the_prompt_is_refused(prompt: str) -> None:
    with pytest.raises(TempoOutOfRange):
        compose(prompt)


@pytest.mark.parametrize("seconds", [0, 0.2, -5, 3601, math.nan, math.inf])
def test_a_length_out_of_range_is_refused(seconds: float) -> None:
    with pytest.raises(DurationOutOfRange):
        compose("house", duration_seconds=seconds)
    with pytest.raises(DurationOutOfRange):
        compose("house, 0.2 s")


def test_a_form_keeps_the_length_that_holds_as_many_bars_and_decides_it_otherwise() -> None:
    asked = compose("techno, 130 bpm", duration_seconds=30.0)
    assert compose("techno, 130 bpm", duration_seconds=30.0, form=asked.form).duration_seconds == 30.0
    longer = (*asked.form, FormSection("outro", 8, 0.5))
    bars = sum(section.bars for section in longer)
    assert compose("techno, 130 bpm", duration_seconds=30.0, form=longer).duration_seconds > bars * 4 * 60 / 130


def test_the_same_words_and_seed_give_the_same_concept_another_seed_another_key() -> None:
    assert compose("house", seed=5) == compose("house", seed=5)
    assert len({str(compose("house", seed=seed).key) for seed in range(12)}) > 3


@pytest.mark.parametrize("genre", sorted(genre_book()))
@pytest.mark.parametrize("seconds", [1.0, 7.0, 30.0, 64.0, 200.0, 3600.0])
def test_the_form_fills_the_length_in_whole_bars(genre: str, seconds: float) -> None:
    concept = compose("", genre=genre, duration_seconds=seconds)
    bars = sum(section.bars for section in concept.form)
    assert bars == whole_bars(seconds, concept.tempo_bpm, concept.energy)
    assert all(section.bars > 0 and 0 <= section.energy <= 1 for section in concept.form)
    assert max(section.bars for section in concept.form) <= 72


def test_of_a_long_prompt_only_the_beginning_is_read() -> None:
    words = "dark liquid dnb with piano at 174 bpm in A minor without drums xyz "
    long, longer = Prompt(words * 150), Prompt(words * 15_000)
    assert longer.words == long.words
    assert len(long.words) < 1_000
    concept = compose(words * 150)
    assert (concept.genre, concept.tempo_bpm, concept.key) == ("liquid-drum-and-bass", 174.0, Key(9, "minor"))
    assert "the rest of a very long prompt" in concept.ignored


@pytest.mark.parametrize("genre", sorted(genre_book()))
def test_every_part_of_a_genre_plays(genre: str) -> None:
    """Also one that plays an instrument of another part, as cinematic basses are pads."""
    assert set(genre_book()[genre].parts) <= set(parts_of(compose("", genre=genre)))
