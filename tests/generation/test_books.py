"""The books: every entry can be played."""

from __future__ import annotations

import pytest

from sonicforge_studio.domain import Key
from sonicforge_studio.generation.genres import genre_book
from sonicforge_studio.generation.sounds import instrument_book, kit_book, mood_book
from sonicforge_studio.generation.synth.groove import DRUM_PITCHES
from sonicforge_studio.generation.synth.harmony import read_progression
from sonicforge_studio.generation.synth.voices import TONE_SETTINGS
from sonicforge_studio.kernels.drums import DrumSettings


@pytest.mark.parametrize("genre", genre_book().values(), ids=lambda genre: genre.id)
def test_a_genre_is_whole(genre) -> None:  # type: ignore[no-untyped-def] # Genre, as the ids show
    assert genre.tempo_low_bpm <= genre.tempo_usual_bpm <= genre.tempo_high_bpm
    assert genre.source
    assert genre.parent in ("", *genre_book())
    kit = kit_book()[genre.kit]
    for pattern in genre.patterns:
        assert set(pattern.lanes) <= set(kit)
        assert all(set(lane) <= set("Xxo?.") for lane in pattern.lanes.values())
    for part in genre.parts.values():
        assert instrument_book()[part.instrument].voice
        assert part.high - part.low >= 11
    for mode in ("minor", "major"):
        for tonic in range(12):
            key = Key(tonic, "minor" if mode == "minor" else "major")
            for progression in genre.progressions[mode]:
                assert read_progression(progression, key)[0].root == tonic
    names = {section for form in (genre.form, genre.short_form) for section, _, _ in form}
    assert names <= {"intro", "build", "drop", "verse", "break", "outro"}
    assert set(genre.moods) <= set(mood_book())


def test_the_four_named_genres_and_their_kinds_are_there() -> None:
    assert {"drum-and-bass", "liquid-drum-and-bass", "jungle", "house", "deep-house", "lo-fi", "ambient"} <= set(
        genre_book()
    )


def test_no_two_genres_share_a_name() -> None:
    names = [alias for genre in genre_book().values() for alias in genre.aliases]
    assert len(names) == len(set(names))


def test_every_sound_knows_its_settings() -> None:
    for instrument in instrument_book().values():
        assert instrument.voice in ("", *TONE_SETTINGS), instrument.name
        if instrument.voice:
            assert set(instrument.settings) <= set(TONE_SETTINGS[instrument.voice]._fields), instrument.name
    for kit in kit_book().values():
        for name, drum in kit.items():
            assert name in DRUM_PITCHES
            assert set(drum.settings) <= set(DrumSettings._fields), name
