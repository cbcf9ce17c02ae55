"""From a concept to a score: form, harmony, and who plays where."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from sonicforge_studio.domain.concept import Concept
from sonicforge_studio.domain.engine import Note
from sonicforge_studio.domain.genre import Genre
from sonicforge_studio.domain.progress import Progress
from sonicforge_studio.generation.form import BEATS_PER_BAR
from sonicforge_studio.generation.sounds import instrument_book, kit_book
from sonicforge_studio.generation.synth.bass import root_pitch, write_bass
from sonicforge_studio.generation.synth.chords import write_chords
from sonicforge_studio.generation.synth.groove import DRUM_PITCHES, write_drums
from sonicforge_studio.generation.synth.harmony import Chord, voice
from sonicforge_studio.generation.synth.melody import write_melody
from sonicforge_studio.generation.synth.progressions import write_harmony
from sonicforge_studio.generation.synth.score import (
    Outline,
    Score,
    Section,
    in_order,
    make_note,
    part_random,
)

_RISER_PITCH = 60


def arrange(concept: Concept, genre: Genre, seed: int, progress: Progress) -> Score:
    """The whole piece as notes. Each part has dice of its own, drawn from the seed and the part's name."""

    def dice(part: str) -> np.random.Generator:
        return part_random(dice_seed(concept, part, seed), part, concept.change_of(part).roll)

    sections = place_sections(concept)
    chords = write_harmony(concept, genre, sections, dice("harmony"))
    outline = Outline(
        concept.key, concept.tempo_bpm, sections, chords, genre.swing, genre.swing_steps, progress
    )  # fmt: skip
    wanted = wanted_parts(concept, genre)
    parts: dict[str, tuple[Note, ...]] = {}
    if "drums" in wanted:
        drums = frozenset(kit_book()[chosen_kit(genre, concept)])
        parts["drums"] = write_drums(genre, outline, drums, dice("drums"))
    for name, part in genre.parts.items():
        if name not in wanted:
            continue
        random = dice(name)
        if name == "bass":
            parts[name] = write_bass(part, outline, random)
        elif name == "melody":
            parts[name] = write_melody(part, outline, random)
        else:
            parts[name] = write_chords(part, outline, random)
    parts["effects"] = _write_risers(sections)
    _write_ending(parts, genre, concept, sections, chords[-1])
    return Score(concept.tempo_bpm, sections, chords, {name: in_order(notes) for name, notes in parts.items() if notes})


def dice_seed(concept: Concept, part: str, seed: int) -> int:
    """The seed of a part's dice: its own where it is locked, else the piece's."""
    locked = concept.change_of(part).seed
    return seed if locked is None else locked


def chosen_kit(genre: Genre, concept: Concept) -> str:
    """The kit that the drums were given, else the genre's own."""
    return concept.change_of("drums").sound or genre.kit


def place_sections(concept: Concept) -> tuple[Section, ...]:
    """The concept's form, cut where the piece's length ends and stretched where it does not fill it."""
    bar_seconds = BEATS_PER_BAR * 60 / concept.tempo_bpm
    most = max(1, math.ceil(concept.duration_seconds / bar_seconds))
    sections = []
    bar = 0
    for section in concept.form:
        bars = min(section.bars, most - bar)
        if bars <= 0:
            break
        sections.append(Section(section.name, bar, bars, section.energy))
        bar += bars
    return tuple(sections) or (Section("drop", 0, most, concept.energy),)


def wanted_parts(concept: Concept, genre: Genre) -> frozenset[str]:
    """The parts that play: those of the named instruments, or all of the genre's."""
    book = instrument_book()
    named = {book[name].part for name in concept.instruments if name in book}
    return frozenset(named or {"drums", *genre.parts})


def _write_risers(sections: tuple[Section, ...]) -> tuple[Note, ...]:
    """Noise that climbs into each section which is louder than the one before."""
    notes = []
    for before, after in pairwise(sections):
        if after.energy - before.energy < 0.1 or after.energy < 0.6:
            continue
        bars = min(before.bars, 4 if before.name == "build" else 2)
        start = (before.end_bar - bars) * BEATS_PER_BAR
        notes.append(make_note(start, bars * BEATS_PER_BAR, _RISER_PITCH, 60 + 40 * after.energy))
    return tuple(notes)


def _write_ending(
    parts: dict[str, tuple[Note, ...]], genre: Genre, concept: Concept, sections: tuple[Section, ...], chord: Chord
) -> None:
    """One last stroke on the tonic after the last bar, which rings out to the end."""
    end = sections[-1].end_bar * BEATS_PER_BAR
    left = concept.duration_seconds * concept.tempo_bpm / 60 - end
    if left <= 0.25:
        return
    length = max(0.25, left * 0.75)
    velocity = 74 + 20 * sections[-1].energy
    for name, part in genre.parts.items():
        if name not in parts or name in ("melody", "effects"):
            continue
        if name == "bass":
            last = [make_note(end, length, root_pitch(chord, part.low), velocity)]
        else:
            last = [make_note(end, length, pitch, velocity - 8) for pitch in voice(chord, part.low, part.high, ())]
        parts[name] = (*parts[name], *last)
    if parts.get("drums") and concept.energy > 0.3:
        strokes = [make_note(end, 0.25, DRUM_PITCHES["kick"], 110)]
        if "crash" in kit_book()[chosen_kit(genre, concept)]:
            strokes.append(make_note(end, 2.0, DRUM_PITCHES["crash"], 96))
        parts["drums"] = (*parts["drums"], *strokes)
