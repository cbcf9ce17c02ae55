from __future__ import annotations

from pathlib import Path

import mido
import pytest

from sonicforge_studio.domain import Note, SilentProgress
from sonicforge_studio.domain.errors import OutputNotWritable
from sonicforge_studio.generation import SynthEngine, compose, write_midi


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
    write_midi(tmp_path / "piece.mid", notes, concept.tempo_bpm)
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


def test_a_place_that_cannot_be_written_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputNotWritable):
        write_midi(tmp_path / "file" / "piece.mid", {}, 120.0)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
