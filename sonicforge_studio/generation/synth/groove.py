"""Drum parts from the genre book's patterns: ghost strokes, fills, rolls, and hands that are not machines."""

from __future__ import annotations

import numpy as np

from sonicforge_studio.domain.engine import Note
from sonicforge_studio.domain.genre import DrumPattern, Genre
from sonicforge_studio.generation.form import BEATS_PER_BAR
from sonicforge_studio.generation.synth.score import STEPS_PER_BAR, Outline, Section, make_note

DRUM_PITCHES = {
    "kick": 36, "rim": 37, "snare": 38, "clap": 39, "brush": 40, "low_tom": 41, "closed_hat": 42, "mid_tom": 45,
    "open_hat": 46, "crash": 49, "high_tom": 50, "ride": 51, "tambourine": 54, "conga": 63, "shaker": 70,
}  # fmt: skip
"""General MIDI's percussion map (GM level 1, table 3)."""

_VELOCITIES = {"X": 118.0, "x": 98.0, "o": 46.0, "?": 40.0}
_LOOSE = frozenset({"closed_hat", "open_hat", "ride", "shaker", "tambourine", "conga"})
"""Drums whose strokes may lie a little off the grid; kick and snare are the grid."""
_SPREAD_SECONDS = 0.0025
_ROLL_FROM = 44.0


def write_drums(genre: Genre, outline: Outline, drums: frozenset[str], random: np.random.Generator) -> tuple[Note, ...]:
    """The drum part; ``drums`` names what the kit has."""
    notes: list[Note] = []
    spread_beats = _SPREAD_SECONDS * outline.tempo_bpm / 60
    for section in outline.playing():
        choices = [pattern for pattern in genre.patterns if section.name in pattern.sections]
        if not choices:
            continue
        fills = [pattern for pattern in genre.patterns if "fill" in pattern.sections]
        main = choices[int(random.integers(len(choices)))]
        for bar in range(section.bars):
            if bar and bar % 8 == 0:
                main = choices[int(random.integers(len(choices)))]
            pattern = main
            last = bar == section.bars - 1 and section.bars >= 3 and section.name != "outro"
            if fills and (last or (bar % 8 == 7 and random.random() < 0.5)):
                pattern = fills[int(random.integers(len(fills)))]
            notes += _bar_strokes(outline, pattern, section, bar, spread_beats, random)
        if section.name == "build":
            notes += _roll(section, drums)
        if section.energy >= 0.6 and "crash" in drums:
            notes.append(make_note(section.first_bar * BEATS_PER_BAR, 2.0, DRUM_PITCHES["crash"], 104))
    return tuple(sorted(notes, key=lambda note: (note.start_beats, note.pitch)))


def _bar_strokes(
    outline: Outline, pattern: DrumPattern, section: Section, bar: int, spread_beats: float, random: np.random.Generator
) -> list[Note]:
    notes = []
    for drum, lane in pattern.lanes.items():
        offset = bar % (len(lane) // STEPS_PER_BAR) * STEPS_PER_BAR
        for step, letter in enumerate(lane[offset : offset + STEPS_PER_BAR]):
            if letter not in _VELOCITIES or (letter == "?" and random.random() > 0.4):
                continue
            velocity = _VELOCITIES[letter] + 14 * (section.energy - 0.8)
            place = outline.beat(section.first_bar + bar, step)
            if drum in _LOOSE:
                velocity += float(random.normal(0, 6))
                # The grid's own place is the earliest: a stroke before it would move the beat.
                place += abs(float(random.normal(0, spread_beats))) if step % 4 else 0.0
            else:
                velocity += float(random.normal(0, 2.5))
            notes.append(make_note(place, 0.22, DRUM_PITCHES[drum], velocity))
    return notes


def _roll(section: Section, drums: frozenset[str]) -> list[Note]:
    """A snare roll over the build: quarters, eighths, sixteenths, thirty-seconds, ever louder."""
    drum = DRUM_PITCHES["snare" if "snare" in drums else "clap"]
    beats = section.bars * BEATS_PER_BAR
    notes = []
    place = 0.0
    while place < beats - 1e-9:
        share = place / beats
        stride = 1.0 if share < 0.4 else 0.5 if share < 0.7 else 0.25 if share < 0.9 else 0.125
        accent = 8 if place % 1.0 == 0 else 0
        velocity = _ROLL_FROM + 60 * share + accent
        notes.append(make_note(section.first_bar * BEATS_PER_BAR + place, stride * 0.9, drum, velocity))
        place += stride
    return notes
