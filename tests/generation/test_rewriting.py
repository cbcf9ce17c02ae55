"""Notes as a hand changes them."""

from __future__ import annotations

from sonicforge_studio.domain import Note
from sonicforge_studio.generation.rewriting import accent, move, put, repeat_bar, stretch, take

A = Note(0.0, 1.0, 60, 100)
B = Note(2.0, 0.5, 64, 80)
NOTES = (A, B)


def test_a_note_is_put_in_and_taken_out() -> None:
    notes, note = put(NOTES, 1.00001, 0.25, 62)
    assert note == Note(1.0, 0.25, 62, 96)
    assert notes == (A, note, B)
    assert take(notes, note) == NOTES
    # A second one at the same place takes the place of the first.
    assert put(NOTES, 2.0, 1.0, 64, 50)[0] == (A, Note(2.0, 1.0, 64, 50))


def test_a_note_is_moved_stretched_and_accented_within_bounds() -> None:
    assert move(NOTES, B, beats=0.25, semitones=-12) == ((A, Note(2.25, 0.5, 52, 80)), Note(2.25, 0.5, 52, 80))
    assert move(NOTES, A, beats=-9, semitones=99)[1] == Note(0.0, 1.0, 127, 100)
    assert stretch(NOTES, A, 0.0)[1].length_beats == 1 / 960
    assert accent(NOTES, B, 500)[1].velocity == 127
    # What is laid onto a sounding note of its pitch ends that one there, as a MIDI file has it.
    assert put((A,), 0.5, 0.5, 60)[0][0] == Note(0.0, 0.5, 60, 100)


def test_a_bar_is_repeated_in_place_of_what_was_there() -> None:
    notes = (*NOTES, Note(5.0, 1.0, 70, 90), Note(12.0, 1.0, 71, 90))
    repeated = repeat_bar(notes, 0, 0, 3)
    assert [note.start_beats for note in repeated] == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0]
    assert [note.pitch for note in repeated][-1] == 71
