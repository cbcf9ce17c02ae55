"""Bass lines: a rhythm of scale-free letters, filled with each bar's chord."""

from __future__ import annotations

import numpy as np

from sonicforge_studio.domain.engine import Note
from sonicforge_studio.domain.genre import GenrePart
from sonicforge_studio.generation.synth.harmony import Chord
from sonicforge_studio.generation.synth.score import STEPS_PER_BAR, Outline, make_note


def write_bass(part: GenrePart, outline: Outline, random: np.random.Generator) -> tuple[Note, ...]:
    """One rhythm for the piece with an answer every fourth bar; roots lie low, other letters above them."""
    main = part.rhythms[int(random.integers(len(part.rhythms)))]
    other = part.rhythms[int(random.integers(len(part.rhythms)))]
    notes: list[Note] = []
    for section in outline.playing(part.sections):
        for bar in range(section.first_bar, section.end_bar):
            rhythm = other if (bar - section.first_bar) % 4 == 3 else main
            steps = _bar_of(rhythm, bar - section.first_bar)
            notes += _bar_notes(part, outline, steps, bar, section.energy, random)
    return tuple(notes)


def root_pitch(chord: Chord, low: int) -> int:
    return low + (chord.root - low) % 12


def _bar_of(rhythm: str, bar: int) -> str:
    bars = len(rhythm) // STEPS_PER_BAR
    start = bar % bars * STEPS_PER_BAR
    return rhythm[start : start + STEPS_PER_BAR]


def _bar_notes(
    part: GenrePart, outline: Outline, steps: str, bar: int, energy: float, random: np.random.Generator
) -> list[Note]:
    chord = outline.chords[bar]
    root = root_pitch(chord, part.low)
    third = root + (chord.intervals[1] if len(chord.intervals) > 1 else 7)
    # The chord's own seventh, below the root; the small one where it has none.
    seventh = root - 1 if 11 in chord.intervals else root - 2
    target = root_pitch(outline.chords[bar + 1], part.low)
    pitches = {
        "R": root,
        "5": root + 7 if root + 7 <= part.high else root - 5,
        "O": root + 12 if root + 12 <= part.high else root,
        "3": third if third <= part.high else third - 12,
        "7": seventh if seventh >= part.low - 3 else seventh + 12,
        "a": target + (1 if target > root else -1) if target != root else root + 7,
    }
    notes = []
    for step, letter in enumerate(steps):
        if letter not in pitches:
            continue
        length = 1
        while step + length < STEPS_PER_BAR and steps[step + length] == "-":
            length += 1
        strong = step % 8 == 0
        velocity = (104 if strong else 92) + 10 * (energy - 0.6) + float(random.normal(0, 3))
        notes.append(make_note(outline.beat(bar, step), length / 4 - 0.02, pitches[letter], velocity))
    return notes
