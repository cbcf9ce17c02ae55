"""Corrections: what follows from them, that they stay, and what is learned from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.analysis.prior import learned
from sonicforge_studio.domain import (
    Analysis,
    Correction,
    Key,
    KeyCandidate,
    KeyEstimate,
    KeySegment,
    Tempo,
    TempoCandidate,
    TempoPoint,
)
from sonicforge_studio.domain.errors import LibraryError, TempoOutOfRange
from sonicforge_studio.library import Library
from sonicforge_studio.studio.changes import Changes
from sonicforge_studio.studio.correcting import Corrector, apply
from tests.library.track_examples import a_track, an_analysis

C_MAJOR, A_MINOR, G_MAJOR = Key(0, "major"), Key(9, "minor"), Key(7, "major")


def measured(bpm: float = 120.0, first: float = 0.25, metre: int = 4, *, confidence: float = 0.7) -> Analysis:
    """Thirty seconds of beats, the second one the first of a bar."""
    beats = tuple(np.round(np.arange(first, 30.0, 60.0 / bpm), 4).tolist())
    tempo = Tempo(
        bpm,
        confidence,
        (TempoCandidate(bpm, confidence), TempoCandidate(bpm * 1.5, 0.15)),
        beats,
        beats[1::metre],
        metre,
        0.9,
        first,
    )
    key = KeyEstimate(
        C_MAJOR,
        0.4,
        (KeyCandidate(C_MAJOR, 0.4), KeyCandidate(A_MINOR, 0.35)),
        (KeySegment(0.0, 20.0, C_MAJOR, 0.5), KeySegment(20.0, 30.0, G_MAJOR, 0.5)),
    )
    return replace(an_analysis(), tempo=tempo, key=key)


def corrected(bpm: float | None = None, key: Key | None = None, **more: object) -> Correction:
    return Correction("audio of c", bpm, key, **more)  # type: ignore[arg-type]


def test_halved_keeps_every_second_beat_with_the_downbeats_and_the_metre() -> None:
    before = measured().tempo
    after = apply(corrected(60.0), measured())
    tempo = after.tempo
    assert (tempo.bpm, tempo.confidence, after.corrected) == (60.0, 1.0, ("tempo",))
    assert tempo.beats_seconds == before.beats_seconds[1::2]
    assert tempo.downbeats_seconds == before.downbeats_seconds[::2]
    assert tempo.downbeats_seconds == tempo.beats_seconds[::4]
    assert tempo.grid_start_seconds == pytest.approx(0.75)
    assert tempo.candidates == before.candidates


def test_halved_in_three_has_three_beats_a_bar() -> None:
    tempo = apply(corrected(60.0), measured(metre=3)).tempo
    places = [tempo.beats_seconds.index(beat) for beat in tempo.downbeats_seconds]
    assert set(np.diff(places)) == {3}


def test_doubled_puts_a_beat_between_each_two() -> None:
    before = measured().tempo
    tempo = apply(corrected(240.0), measured()).tempo
    assert tempo.beats_seconds[::2] == before.beats_seconds
    np.testing.assert_allclose(np.diff(tempo.beats_seconds), 0.25, atol=1e-3)
    places = [tempo.beats_seconds.index(beat) for beat in tempo.downbeats_seconds]
    assert set(np.diff(places)) == {4}
    assert tempo.grid_start_seconds == pytest.approx(0.0)


def test_a_curve_follows() -> None:
    analysis = measured()
    curve = (TempoPoint(0.0, 118.0), TempoPoint(30.0, 122.0))
    wandering = replace(analysis, tempo=replace(analysis.tempo, grid_start_seconds=None, curve=curve))
    tempo = apply(corrected(60.0), wandering).tempo
    assert tempo.curve == (TempoPoint(0.0, 59.0), TempoPoint(30.0, 61.0))
    assert tempo.grid_start_seconds is None


def test_any_other_tempo_becomes_a_grid_through_the_first_downbeat() -> None:
    tempo = apply(corrected(100.0), measured()).tempo
    assert tempo.beats_per_bar == 4
    assert tempo.downbeats_seconds[0] == pytest.approx(0.75)
    np.testing.assert_allclose(np.diff(tempo.beats_seconds), 0.6, atol=1e-3)
    assert tempo.grid_start_seconds == pytest.approx(0.15)
    assert tempo.beats_seconds[-1] < 30.0


def test_where_no_beat_was_found_the_grid_begins_with_the_file() -> None:
    silent = replace(measured(), tempo=Tempo(None, 0.0))
    tempo = apply(corrected(120.0), silent).tempo
    assert (tempo.bpm, tempo.beats_per_bar, len(tempo.beats_seconds)) == (120.0, None, 60)


def test_a_key_takes_its_stretches_with_it_and_leaves_modulations() -> None:
    after = apply(corrected(key=A_MINOR), measured())
    assert (after.key.key, after.corrected) == (A_MINOR, ("key",))
    assert [segment.key for segment in after.key.segments] == [A_MINOR, G_MAJOR]
    assert after.key.candidates == measured().key.candidates


# Learned


def octave_up(folder: str = "/music", genre: str = "", measured_bpm: float = 87.0) -> Correction:
    return Correction("x", 2.0 * measured_bpm, None, measured_bpm, None, folder, genre)


def test_one_octave_decision_is_made_alike_in_its_folder_and_nowhere_else() -> None:
    after = learned(measured(86.0), [octave_up()], "/music", "")
    assert after.tempo.bpm == pytest.approx(172.0)
    assert after.corrected == ("tempo-learned",)
    assert 0.0 < after.tempo.confidence < 1.0
    assert after.tempo.candidates == measured(86.0).tempo.candidates
    assert learned(measured(86.0), [octave_up()], "/elsewhere", "") == measured(86.0)
    assert learned(measured(128.0), [octave_up()], "/music", "") == measured(128.0)


def test_a_genre_needs_two() -> None:
    one = octave_up("/there", "drum-and-bass")
    assert learned(measured(86.0), [one], "/here", "drum-and-bass") == measured(86.0)
    assert learned(measured(86.0), [one, one], "/here", "drum-and-bass").tempo.bpm == pytest.approx(172.0)
    assert learned(measured(86.0), [one, one], "/here", "") == measured(86.0)


def test_corrections_that_disagree_cancel_out() -> None:
    confirmed = Correction("y", 87.0, None, 87.0, None, "/music")
    assert learned(measured(86.0), [octave_up(), confirmed], "/music", "") == measured(86.0)


def test_a_tempo_alone_decides_only_near_ties() -> None:
    there = Correction("y", 180.0, None, 90.5, None, "/music")
    sure = measured(120.0)
    assert learned(sure, [there], "/music", "") == sure
    near = (TempoCandidate(120.0, 0.4), TempoCandidate(180.0, 0.36))
    torn = replace(sure, tempo=replace(sure.tempo, confidence=0.4, candidates=near))
    assert learned(torn, [there], "/music", "").tempo.bpm == 180.0


def test_a_key_is_learned_from_the_same_mistake() -> None:
    relative = Correction("y", None, Key(4, "minor"), None, Key(7, "major"), "/music")
    after = learned(measured(), [relative], "/music", "")
    assert (after.key.key, after.corrected) == (A_MINOR, ("key-learned",))
    other = Correction("y", None, Key(7, "minor"), None, Key(7, "major"), "/music")
    assert learned(measured(), [other], "/music", "") == measured()


def test_without_a_tempo_nothing_is_learned() -> None:
    none = replace(an_analysis(bpm=None, key=None), tempo=Tempo(None, 0.0))
    assert learned(none, [octave_up()], "/music", "") == none


# Kept


@pytest.fixture
def told() -> list[None]:
    return []


@pytest.fixture
def library(tmp_path: Path, told: list[None]) -> Iterator[Library]:
    changes = Changes()
    changes.subscribe(lambda: told.append(None))
    with Library(tmp_path / "library.sqlite", on_change=changes.tell) as library:
        yield library


@pytest.fixture
def corrector(library: Library) -> Corrector:
    return Corrector(library)


def test_the_library_shows_sorts_and_tells_the_correction(
    library: Library, corrector: Corrector, told: list[None]
) -> None:
    track = library.add(a_track(analysis=measured()))
    library.add(a_track("/music/other.wav", analysis=an_analysis(bpm=90.0, content_hash="o")))
    told.clear()
    changed = corrector.halve_tempo(track.id)
    assert changed.analysis.tempo.bpm == 60.0
    assert len(told) == 1
    assert [row.tempo_bpm for row in library.rows(order="tempo_bpm", descending=False)] == [60.0, 90.0]
    corrector.set_key(track.id, A_MINOR)
    assert library.rows(search="key:8A", order="tempo_bpm", descending=False)[0].key == A_MINOR
    found = corrector.correction(track.id)
    assert found is not None
    assert (found.tempo_bpm, found.measured_bpm, found.key, found.folder) == (60.0, 120.0, A_MINOR, "/music")


def test_doubling_what_was_halved_is_the_measured_tempo_again_and_undo_takes_all_back(
    library: Library, corrector: Corrector
) -> None:
    track = library.add(a_track(analysis=measured()))
    corrector.halve_tempo(track.id)
    back = corrector.double_tempo(track.id).analysis
    assert back.tempo.beats_seconds == measured().tempo.beats_seconds
    corrector.set_key(track.id, A_MINOR)
    assert corrector.undo(track.id) == track
    assert corrector.correction(track.id) is None
    assert corrector.undo(track.id) == track


def test_every_file_of_the_sound_follows(library: Library, corrector: Corrector) -> None:
    one = library.add(a_track(analysis=measured()))
    other = library.add(a_track("/music/copy.wav", analysis=measured()))
    corrector.set_tempo(one.id, 100.0)
    found = library.track(other.id)
    assert found is not None
    assert found.analysis.tempo.bpm == 100.0


def test_a_new_measurement_wears_the_correction_and_undo_finds_the_new_one(
    library: Library, corrector: Corrector
) -> None:
    track = library.add(a_track(analysis=measured()))
    corrector.set_tempo(track.id, 60.0)
    again = corrector.see(measured(121.0), "/renamed/and moved.wav")
    assert (again.tempo.bpm, again.corrected) == (60.0, ("tempo",))
    library.add(replace(track, analysis=again))
    assert corrector.undo(track.id).analysis.tempo.bpm == 121.0


def test_a_track_of_the_same_folder_is_seen_in_the_light_of_it_and_can_be_corrected_itself(
    library: Library, corrector: Corrector
) -> None:
    track = library.add(a_track(analysis=measured(87.0)))
    corrector.double_tempo(track.id)
    fresh = replace(measured(86.0), audio_hash="another")
    seen = corrector.see(fresh, "/music/next.wav")
    assert (seen.tempo.bpm, seen.corrected) == (172.0, ("tempo-learned",))
    assert corrector.see(fresh, "/elsewhere/next.wav") == fresh
    learned_track = library.add(a_track("/music/next.wav", analysis=seen))
    corrector.set_key(learned_track.id, A_MINOR)
    found = corrector.undo(learned_track.id).analysis
    assert (found.tempo.bpm, found.key.key, found.corrected) == (86.0, C_MAJOR, ())


def test_what_was_learned_is_taken_back_to_the_very_beats(library: Library, corrector: Corrector) -> None:
    track = library.add(a_track(analysis=measured(87.0)))
    corrector.double_tempo(track.id)
    uneven = replace(measured(86.0), audio_hash="another")
    beats = tuple(beat + 0.01 * (place % 3) for place, beat in enumerate(uneven.tempo.beats_seconds))
    uneven = replace(uneven, tempo=replace(uneven.tempo, beats_seconds=beats, curve=(TempoPoint(0.0, 86.0),)))
    seen = library.add(a_track("/music/next.wav", analysis=corrector.see(uneven, "/music/next.wav")))
    assert seen.analysis.tempo.bpm == 172.0
    assert corrector.correction(seen.id) is None
    corrector.set_tempo(seen.id, 100.0)
    assert corrector.undo(seen.id).analysis == uneven


def test_a_newer_measurement_is_what_is_gone_back_to(library: Library, corrector: Corrector) -> None:
    track = library.add(a_track(analysis=measured(87.0)))
    corrector.double_tempo(track.id)
    fresh = replace(measured(86.0), audio_hash="another")
    assert corrector.see(fresh, "/music/next.wav").corrected == ("tempo-learned",)
    corrector.undo(track.id)
    assert corrector.see(fresh, "/music/next.wav") == fresh
    anew = replace(fresh, tempo=replace(fresh.tempo, bpm=86.5))
    again = library.add(a_track("/music/next.wav", analysis=corrector.see(anew, "/music/next.wav")))
    corrector.set_key(again.id, A_MINOR)
    assert corrector.undo(again.id).analysis == anew


def test_what_cannot_be_is_refused(library: Library, corrector: Corrector) -> None:
    silent = library.add(a_track(analysis=replace(an_analysis(bpm=None), tempo=Tempo(None, 0.0))))
    with pytest.raises(TempoOutOfRange, match="No tempo was found"):
        corrector.halve_tempo(silent.id)
    for bpm in (19.9, 400.1, float("nan"), float("inf")):
        with pytest.raises(TempoOutOfRange):
            corrector.set_tempo(silent.id, bpm)
    with pytest.raises(LibraryError, match="no such track"):
        corrector.set_key(999, A_MINOR)
    assert corrector.correction(999) is None
