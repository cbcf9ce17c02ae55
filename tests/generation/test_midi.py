from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest

from sonicforge_studio.domain import Note, Recipe, SilentProgress
from sonicforge_studio.domain.errors import NoRecipe, OutputNotWritable, RecipeUnreadable, TempoOutOfRange
from sonicforge_studio.generation import (
    SynthEngine,
    at_tempo,
    compose,
    notes_of,
    read_midi,
    recipe_from_json,
    recipe_to_json,
    score_of,
    write_midi,
    written_parts,
)
from sonicforge_studio.generation.synth.arrangement import place_sections
from sonicforge_studio.generation.synth.score import in_order


def read_notes(track: mido.MidiTrack, ticks_per_beat: int) -> list[Note]:
    now = 0
    sounding: dict[int, tuple[int, int]] = {}
    notes = []
    for message in track:
        now += message.time
        if message.type == "note_on" and message.velocity:
            sounding[message.note] = (now, message.velocity)
        elif message.type in ("note_off", "note_on") and message.note in sounding:
            start, velocity = sounding.pop(message.note)
            notes.append(Note(start / ticks_per_beat, (now - start) / ticks_per_beat, message.note, velocity))
    return notes


def test_a_piece_comes_back_from_its_midi_file(tmp_path: Path) -> None:
    """The notes lie on the file's ticks from the start: what is read is what was played."""
    concept = compose("liquid drum and bass, 174 bpm", duration_seconds=6.0)
    notes = SynthEngine().render(concept, 3, SilentProgress()).notes
    write_midi(tmp_path / "piece.mid", notes, concept)
    file = mido.MidiFile(tmp_path / "piece.mid")
    assert file.type == 1
    tempos = [message for track in file.tracks for message in track if message.type == "set_tempo"]
    assert mido.tempo2bpm(tempos[0].tempo) == pytest.approx(174.0, abs=0.001)
    tracks = {track.name: track for track in file.tracks if track.name}
    assert set(tracks) == set(notes)
    bass = sorted(notes["bass"], key=lambda note: (note.start_beats, note.pitch))
    assert sorted(read_notes(tracks["bass"], file.ticks_per_beat), key=lambda note: note.start_beats) == bass
    for name, track in tracks.items():
        channels = {message.channel for message in track if message.type == "note_on"}
        assert channels == ({9} if name == "drums" else channels - {9})
        starts = sorted((note.start_beats, note.pitch, note.velocity) for note in notes[name])
        read = sorted((note.start_beats, note.pitch, note.velocity) for note in read_notes(track, file.ticks_per_beat))
        assert [start for start, _, _ in read] == pytest.approx([start for start, _, _ in starts], abs=1e-9)


def test_the_head_tells_tempo_metre_key_and_sections(tmp_path: Path) -> None:
    concept = compose("house, 124 bpm, Eb minor", duration_seconds=60.0)
    write_midi(tmp_path / "piece.mid", {}, concept)
    head = mido.MidiFile(tmp_path / "piece.mid").tracks[0]
    said = {message.type: message for message in head}
    assert said["time_signature"].numerator == 4
    assert said["key_signature"].key == "Ebm"
    now, places = 0, []
    for message in head:
        now += message.time
        if message.type == "marker":
            places.append((message.text, now // (4 * 960)))
    bars = np.cumsum([0, *(section.bars for section in concept.form)])
    assert places == [(section.name, bar) for section, bar in zip(concept.form, bars, strict=False)]


@pytest.mark.parametrize("genre", ["drum-and-bass", "lo-fi", "trap", "cinematic", "uk-garage"])
def test_notes_and_recipe_come_back_as_they_were(tmp_path: Path, genre: str) -> None:
    concept = compose("", genre=genre, seed=3, duration_seconds=24.0)
    own = score_of(concept, 3)
    recipe = Recipe("synth", "2", 3, "", concept, "CC0-1.0", "ab" * 32, 44100)
    write_midi(tmp_path / "piece.mid", own, concept, recipe)
    read = read_midi(tmp_path / "piece.mid")
    assert read.recipe == recipe
    assert read.notes == dict(own)
    assert read.tempo_bpm is None
    assert written_parts(read.notes, own) == ()


def test_another_tempo_in_the_file_is_told_and_the_piece_has_as_many_beats(tmp_path: Path) -> None:
    concept = compose("house, 123.456 bpm", seed=3, duration_seconds=10.0)
    recipe = Recipe("synth", "2", 3, "", concept, "CC0-1.0", "ab" * 32, 44100)
    write_midi(tmp_path / "piece.mid", score_of(concept, 3), concept, recipe)
    file = mido.MidiFile(tmp_path / "piece.mid")
    (tempo,) = [message for message in file.tracks[0] if message.type == "set_tempo"]
    tempo.tempo = mido.bpm2tempo(100)
    file.save(tmp_path / "slower.mid")
    read = read_midi(tmp_path / "slower.mid")
    assert (read.recipe, read.tempo_bpm) == (recipe, 100.0)
    slower = at_tempo(concept, 100.0)
    assert slower.duration_seconds == pytest.approx(12.3456, abs=1e-3)
    assert place_sections(slower) == place_sections(concept)
    with pytest.raises(TempoOutOfRange):
        at_tempo(concept, 401.0)


def test_an_edited_part_is_kept_in_the_recipe_and_played(tmp_path: Path) -> None:
    concept = compose("house", seed=3, duration_seconds=6.0)
    own = score_of(concept, 3)
    edited = {**own, "bass": tuple(replace(note, pitch=note.pitch + 12) for note in own["bass"])}
    edited.pop("pads")
    written = written_parts(edited, own)
    assert [part.part for part in written] == ["bass", "pads"]
    recipe = Recipe("synth", "2", 3, "", concept, "CC0-1.0", "ab" * 32, 44100, written=written)
    assert recipe_from_json(recipe_to_json(recipe)) == recipe
    heard = SynthEngine().render(concept, 3, SilentProgress(), notes=notes_of(written))
    assert heard.notes["bass"] == edited["bass"]
    assert "pads" not in heard.notes
    assert heard.notes["drums"] == own["drums"]


def test_what_is_struck_again_while_it_sounds_ends_there() -> None:
    long, again, twice = Note(0.0, 2.0, 60, 90), Note(1.0, 0.5, 60, 80), Note(1.0, 0.25, 60, 70)
    assert in_order([again, twice, long]) == (Note(0.0, 1.0, 60, 90), again)


@pytest.mark.parametrize("content", [b"", b"MThd", b"not midi at all" * 9])
def test_what_is_no_midi_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "piece.mid"
    path.write_bytes(content)
    with pytest.raises(RecipeUnreadable):
        read_midi(path)


def test_the_midi_of_somebody_else_is_told(tmp_path: Path) -> None:
    file = mido.MidiFile()
    file.tracks.append(mido.MidiTrack([mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=96)]))
    file.save(tmp_path / "other.mid")
    with pytest.raises(NoRecipe):
        read_midi(tmp_path / "other.mid")


def test_a_place_that_cannot_be_written_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputNotWritable):
        write_midi(tmp_path / "file" / "piece.mid", {}, compose("house"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
