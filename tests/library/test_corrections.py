"""Corrections in the library's database."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonicforge_studio.domain import Correction, Key, KeyEstimate, Tempo, TempoCandidate
from sonicforge_studio.domain.errors import LibraryDamaged
from sonicforge_studio.library import Corrections, Kept, Library
from tests.library.track_examples import a_track, an_analysis


def kept(audio_hash: str = "a", **changes: object) -> Kept:
    given: dict[str, object] = {
        "tempo_bpm": 174.0,
        "key": Key(9, "minor"),
        "measured_bpm": 87.0,
        "measured_key": Key(0, "major"),
        "folder": "/music",
        "genre": "house",
        "corrected_at": "2024-05-01T10:00:00.000000+00:00",
    }
    correction = Correction(audio_hash, **{**given, **changes})  # type: ignore[arg-type]
    tempo = Tempo(87.0, 0.8, (TempoCandidate(87.0, 0.8),), (0.1, 0.8), beats_per_bar=4, grid_start_seconds=0.1)
    return Kept(correction, tempo, KeyEstimate(Key(0, "major"), 0.7))


def test_what_is_kept_comes_back_whole(library: Library) -> None:
    corrections = Corrections(library)
    corrections.keep(kept())
    assert corrections.of("a") == kept()
    assert corrections.of("b") is None
    corrections.keep(kept(key=None, tempo_bpm=99.0))
    found = corrections.of("a")
    assert found is not None
    assert (found.correction.tempo_bpm, found.correction.key) == (99.0, None)
    corrections.forget("a")
    assert corrections.of("a") is None


def test_a_folder_or_a_genre_finds_its_own_newest_first(library: Library) -> None:
    corrections = Corrections(library)
    corrections.keep(kept("a", corrected_at="2024-01-01"))
    corrections.keep(kept("b", folder="/else", corrected_at="2024-01-02"))
    corrections.keep(kept("c", folder="/else\udcff", genre="", corrected_at="2024-01-03"))
    assert [found.audio_hash for found in corrections.near("/music", "house")] == ["b", "a"]
    assert [found.audio_hash for found in corrections.near("/music", "")] == ["a"]
    assert [found.audio_hash for found in corrections.near("/else\udcff", "")] == ["c"]
    assert corrections.near("/nowhere", "") == []


def test_tracks_change_together_with_the_correction(library: Library) -> None:
    track = library.add(a_track(analysis=an_analysis(bpm=87.0)))
    changed = a_track(id=track.id, analysis=an_analysis(bpm=174.0))
    Corrections(library).keep(kept(track.analysis.audio_hash), [changed])
    (row,) = library.rows()
    assert (row.id, row.tempo_bpm) == (track.id, 174.0)


def test_it_is_there_when_the_library_is_opened_again(database: Path) -> None:
    with Library(database) as library:
        Corrections(library).keep(kept())
    with Library(database) as library:
        assert Corrections(library).of("a") == kept()


def test_a_damaged_row_is_told(library: Library) -> None:
    Corrections(library).keep(kept())
    library.submit(lambda database: database.conn.execute("UPDATE corrections SET measured = '{'")).result()
    with pytest.raises(LibraryDamaged):
        Corrections(library).of("a")
