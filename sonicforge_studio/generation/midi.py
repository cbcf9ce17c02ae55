"""The notes of a piece as a standard MIDI file, and back."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mido

from sonicforge_studio.domain import Concept, Note, Recipe, WrittenPart
from sonicforge_studio.domain.errors import NoRecipe, RecipeUnreadable
from sonicforge_studio.generation.form import BEATS_PER_BAR
from sonicforge_studio.generation.limits import require_duration, require_tempo
from sonicforge_studio.generation.recipes import recipe_from_json, recipe_to_json
from sonicforge_studio.generation.synth.arrangement import place_sections
from sonicforge_studio.generation.synth.score import TICKS_PER_BEAT, in_order
from sonicforge_studio.host import write_bytes

_DRUM_PART = "drums"
_DRUM_CHANNEL = 9
_RECIPE = "SonicForge recipe: "
_MAJOR_KEYS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_KEYS = ("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm")
"""With the fewest accidentals; MIDI's key signatures know no other names."""
_MOST_BYTES = 32 << 20


def write_midi(path: Path, notes: Mapping[str, Sequence[Note]], concept: Concept, recipe: Recipe | None = None) -> None:
    """Type 1, 960 ticks a beat; first a track of tempo, metre, key and a marker a section, with ``recipe`` as a text;
    then a track a part, drums on channel 10 (General MIDI).

    Written beside and renamed; raises ``DiskFull`` or ``OutputNotWritable``.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    file.tracks.append(_head(concept, recipe))
    melodic = [channel for channel in range(16) if channel != _DRUM_CHANNEL]
    for index, (part, played) in enumerate(notes.items()):
        channel = _DRUM_CHANNEL if part == _DRUM_PART else melodic[index % len(melodic)]
        file.tracks.append(_track(part, played, channel))
    written = io.BytesIO()
    file.save(file=written)
    write_bytes(path, written.getvalue())


@dataclass(frozen=True, slots=True)
class MidiReading:
    """What stands in a file that ``write_midi`` wrote and anybody may have edited."""

    notes: Mapping[str, tuple[Note, ...]]
    """By the names of the tracks."""
    recipe: Recipe
    """As it was written."""
    tempo_bpm: float | None
    """The file's first tempo, where it is another one than the recipe's."""


def read_midi(path: Path) -> MidiReading:
    """A MIDI file of the studio's.

    Raises ``NoRecipe`` for a MIDI file of somebody else, ``RecipeUnreadable`` for what is none or damaged.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise RecipeUnreadable("This MIDI file is too large to be one of the studio's.")
        file = mido.MidiFile(path, clip=True)
        ticks = file.ticks_per_beat
        texts = [message.text for track in file.tracks for message in track if message.type == "text"]
        tempi = [message.tempo for track in file.tracks for message in track if message.type == "set_tempo"]
        parts = {track.name: in_order(_notes(track, ticks)) for track in file.tracks if track.name}
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError) as error:
        # mido tells of damage by whatever its reading runs into.
        raise RecipeUnreadable(f'"{path.name}" cannot be read as a MIDI file.') from error
    recipes = [text.removeprefix(_RECIPE) for text in texts if text.startswith(_RECIPE)]
    if not recipes:
        raise NoRecipe(f'"{path.name}" was not made here: it carries no recipe.')
    recipe = recipe_from_json(recipes[0])
    # A file counts whole microseconds: the exact tempo stands in the recipe alone.
    same = not tempi or recipe.concept is None or tempi[0] == mido.bpm2tempo(recipe.concept.tempo_bpm)
    return MidiReading(parts, recipe, None if same else round(float(mido.tempo2bpm(tempi[0])), 3))


def at_tempo(concept: Concept, tempo_bpm: float) -> Concept:
    """The piece at another tempo, with as many beats. Raises ``TempoOutOfRange`` and ``DurationOutOfRange``."""
    require_tempo(tempo_bpm)
    seconds = require_duration(round(concept.duration_seconds * concept.tempo_bpm / tempo_bpm, 3))
    return replace(concept, tempo_bpm=tempo_bpm, duration_seconds=seconds)


def written_parts(
    notes: Mapping[str, tuple[Note, ...]], own: Mapping[str, tuple[Note, ...]]
) -> tuple[WrittenPart, ...]:
    """The parts that differ from the engine's own, and those of its own that are not there any more."""
    names = sorted({*notes, *own})
    changed = [name for name in names if notes.get(name, ()) != own.get(name, ())]
    return tuple(
        WrittenPart(
            name,
            tuple(
                (round(note.start_beats * TICKS_PER_BEAT), round(note.length_beats * TICKS_PER_BEAT), note.pitch,
                 note.velocity)
                for note in notes.get(name, ())
            ),
        )
        for name in changed
    )  # fmt: skip


def notes_of(written: Sequence[WrittenPart]) -> dict[str, tuple[Note, ...]]:
    """The inverse of ``written_parts``."""
    return {
        part.part: tuple(
            Note(start / TICKS_PER_BEAT, length / TICKS_PER_BEAT, pitch, velocity)
            for start, length, pitch, velocity in part.notes
        )
        for part in written
    }


def _head(concept: Concept, recipe: Recipe | None) -> mido.MidiTrack:
    head = mido.MidiTrack()
    head.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(concept.tempo_bpm)))
    head.append(mido.MetaMessage("time_signature", numerator=BEATS_PER_BAR, denominator=4))
    names = _MAJOR_KEYS if concept.key.mode == "major" else _MINOR_KEYS
    head.append(mido.MetaMessage("key_signature", key=names[concept.key.tonic]))
    if recipe is not None:
        head.append(mido.MetaMessage("text", text=_RECIPE + recipe_to_json(recipe)))
    now = 0
    for section in place_sections(concept):
        tick = section.first_bar * BEATS_PER_BAR * TICKS_PER_BEAT
        head.append(mido.MetaMessage("marker", text=section.name, time=tick - now))
        now = tick
    return head


def _track(part: str, notes: Sequence[Note], channel: int) -> mido.MidiTrack:
    # At the same tick a note ends before the next one begins, or a repeated pitch would be cut.
    events: list[tuple[int, int, int, int]] = []
    for note in notes:
        start = round(note.start_beats * TICKS_PER_BEAT)
        end = max(start + 1, round((note.start_beats + note.length_beats) * TICKS_PER_BEAT))
        events += [(start, 1, note.pitch, note.velocity), (end, 0, note.pitch, 0)]
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=part))
    now = 0
    for tick, begins, pitch, velocity in sorted(events):
        kind = "note_on" if begins else "note_off"
        track.append(mido.Message(kind, channel=channel, note=pitch, velocity=velocity, time=tick - now))
        now = tick
    return track


def _notes(track: mido.MidiTrack, ticks_per_beat: int) -> list[Note]:
    """What a track plays; a note that never ends is left out, as it cannot be heard to its end."""
    now = 0
    sounding: dict[int, tuple[int, int]] = {}
    found = []
    for message in track:
        now += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        if message.note in sounding:
            start, velocity = sounding.pop(message.note)
            if now > start:
                found.append(Note(start / ticks_per_beat, (now - start) / ticks_per_beat, message.note, velocity))
        if message.type == "note_on" and message.velocity:
            sounding[message.note] = (now, message.velocity)
    return found
