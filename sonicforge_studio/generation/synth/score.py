"""The piece as written: sections, chords and notes on a grid of ticks, before any sound is made."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from sonicforge_studio.domain.engine import Note
from sonicforge_studio.domain.key import Key
from sonicforge_studio.domain.progress import Progress
from sonicforge_studio.generation.form import BEATS_PER_BAR
from sonicforge_studio.generation.synth.harmony import Chord

TICKS_PER_BEAT = 960
STEPS_PER_BAR = 16


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the form, placed."""

    name: str
    first_bar: int
    bars: int
    energy: float

    @property
    def end_bar(self) -> int:
        return self.first_bar + self.bars


@dataclass(frozen=True, slots=True)
class Outline:
    """What every part's writer is given: the form, the harmony, the feel."""

    key: Key
    tempo_bpm: float
    sections: tuple[Section, ...]
    chords: tuple[Chord, ...]
    """One a bar, and one for the last stroke."""
    swing: float
    """0 straight … 1 the full triplet."""
    swing_steps: int
    """1 where every second sixteenth is late, 2 where every second eighth is."""
    progress: Progress

    def playing(self, names: tuple[str, ...] | None = None) -> Iterator[Section]:
        """The sections, or those of these names, with a word to the progress before each."""
        for section in self.sections:
            if names is None or section.name in names:
                self.progress.step(0.0, 1.0, "Composing")
                yield section

    def beat(self, bar: int, step: int) -> float:
        """Where a sixteenth of a bar lies, in beats from the start; every second one comes late by the swing."""
        odd = (step // self.swing_steps) % 2 == 1 and step % self.swing_steps == 0
        late = self.swing / 12 * self.swing_steps if odd else 0.0
        return bar * BEATS_PER_BAR + step / 4 + late


@dataclass(frozen=True, slots=True)
class Score:
    """Everything the performer needs beside the sounds. ``chords`` has one entry a bar, and one for the last stroke."""

    tempo_bpm: float
    sections: tuple[Section, ...]
    chords: tuple[Chord, ...]
    parts: Mapping[str, tuple[Note, ...]]

    @property
    def bars(self) -> int:
        return self.sections[-1].end_bar if self.sections else 0

    def with_parts(self, written: Mapping[str, tuple[Note, ...]]) -> Score:
        """With these parts in place of its own, where it has such a part or the engine knows one."""
        parts = {**self.parts, **{name: in_order(notes) for name, notes in written.items()}}
        return replace(self, parts={name: notes for name, notes in parts.items() if notes})


def in_order(notes: Iterable[Note]) -> tuple[Note, ...]:
    """As a MIDI file holds them: by start and pitch, none twice, and a pitch that is struck again while it sounds ends
    there."""
    kept: list[Note] = []
    sounding: dict[int, int] = {}
    for note in sorted(notes, key=lambda note: (note.start_beats, note.pitch, -note.velocity, -note.length_beats)):
        place = sounding.get(note.pitch)
        if place is not None:
            before = kept[place]
            if before.start_beats == note.start_beats:
                continue
            if before.start_beats + before.length_beats > note.start_beats:
                kept[place] = replace(before, length_beats=on_tick(note.start_beats - before.start_beats))
        sounding[note.pitch] = len(kept)
        kept.append(note)
    return tuple(kept)


def on_tick(beats: float) -> float:
    """The nearest place a MIDI file can hold, so that notes written out and read back make the same sound."""
    return round(beats * TICKS_PER_BEAT) / TICKS_PER_BEAT


def make_note(start_beats: float, length_beats: float, pitch: int, velocity: float) -> Note:
    return Note(
        start_beats=on_tick(max(0.0, start_beats)),
        length_beats=max(1 / TICKS_PER_BEAT, on_tick(length_beats)),
        pitch=int(min(max(pitch, 0), 127)),
        velocity=round(min(max(velocity, 1.0), 127.0)),
    )


def part_random(seed: int, part: str, roll: int = 0) -> np.random.Generator:
    """The dice of one part, thrown anew so many times: rolling another part again changes nothing here."""
    entropy = [seed % 2**64, zlib.crc32(part.encode())]
    if roll:
        entropy += [2, roll]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))
