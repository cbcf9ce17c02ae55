"""A part's notes as a hand changes them: one put in, taken out or moved, a bar repeated. Notes go in and come out in
the order that ``in_order`` makes, so that what is edited is what a MIDI file holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sonicforge_studio.domain.engine import Note
from sonicforge_studio.generation.form import BEATS_PER_BAR
from sonicforge_studio.generation.synth.score import in_order, make_note, on_tick

Notes = tuple[Note, ...]
DRUM_STROKE_BEATS = 0.25


def put(notes: Notes, start_beats: float, length_beats: float, pitch: int, velocity: int = 96) -> tuple[Notes, Note]:
    """With one more note, and that note as it lies on the grid of ticks."""
    note = make_note(start_beats, length_beats, pitch, velocity)
    put_in = in_order([*(other for other in notes if not _same_place(other, note)), note])
    # The next stroke of its pitch may end it sooner than was asked.
    return put_in, next(other for other in put_in if _same_place(other, note))


def take(notes: Notes, note: Note) -> Notes:
    """Without this note."""
    return tuple(other for other in notes if other != note)


def move(notes: Notes, note: Note, *, beats: float = 0.0, semitones: int = 0) -> tuple[Notes, Note]:
    """With this note later (or earlier) and higher (or lower), as far as there is room; and where it lies now."""
    pitch = min(max(note.pitch + semitones, 0), 127)
    return put(take(notes, note), max(0.0, note.start_beats + beats), note.length_beats, pitch, note.velocity)


def stretch(notes: Notes, note: Note, length_beats: float) -> tuple[Notes, Note]:
    """With this note so long."""
    return put(take(notes, note), note.start_beats, length_beats, note.pitch, note.velocity)


def accent(notes: Notes, note: Note, velocity: int) -> tuple[Notes, Note]:
    """With this note so strong, 1 to 127."""
    return put(take(notes, note), note.start_beats, note.length_beats, note.pitch, min(max(velocity, 1), 127))


def repeat_bar(notes: Notes, bar: int, first_bar: int, end_bar: int) -> Notes:
    """With what lies in one bar in every bar from ``first_bar`` up to ``end_bar``, in place of what was there. A note
    belongs to the bar that it starts in."""
    pattern = [note for note in notes if _bar_of(note) == bar]
    kept: Iterable[Note] = (note for note in notes if not first_bar <= _bar_of(note) < end_bar)
    copies = (
        replace(note, start_beats=on_tick(note.start_beats + (to - bar) * BEATS_PER_BAR))
        for to in range(first_bar, end_bar)
        for note in pattern
    )
    return in_order([*kept, *copies])


def _bar_of(note: Note) -> int:
    return int(note.start_beats // BEATS_PER_BAR)


def _same_place(a: Note, b: Note) -> bool:
    return (a.start_beats, a.pitch) == (b.start_beats, b.pitch)
