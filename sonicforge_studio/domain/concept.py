"""What is wanted: a sentence, understood."""

from __future__ import annotations

from dataclasses import dataclass

from sonicforge_studio.domain.key import Key


@dataclass(frozen=True, slots=True)
class FormSection:
    """A stretch of the song's form: "intro", "build", "drop", "break", "outro", …"""

    name: str
    bars: int
    energy: float
    """0..1"""


@dataclass(frozen=True, slots=True)
class PartChange:
    """What a person did to one part of a piece: "drums", "bass", "chords", "pads", "melody", or to its "harmony"."""

    part: str
    roll: int = 0
    """How often its dice were thrown anew; every other part stays as it is."""
    muted: bool = False
    sound: str = ""
    """An entry of the instrument book (of the kit book for the drums) in place of the one it would have."""
    gain_db: float = 0.0
    """On top of the genre's level."""
    seed: int | None = None
    """Where it is locked: the seed whose dice it keeps, whatever the piece's own becomes."""


@dataclass(frozen=True, slots=True)
class SampleChoice:
    """A file of the user's own that is heard in place of a drum of the kit or of a part's instrument."""

    plays: str
    """A drum ("kick", "closed_hat", …), or a part that plays the file as keys ("bass", "chords", "pads", "melody")."""
    path: str
    root: float | None = None
    """Of keys, the MIDI pitch that the file sounds at; None while nobody has told or found it."""
    audio_hash: str = ""
    """blake3 of what was decoded of it; "" while nobody has read it."""


@dataclass(frozen=True, slots=True)
class Concept:
    """Enough for an engine to make the piece; the prompt stays with it for people."""

    prompt: str
    genre: str
    """The genre's id in the genre book, such as "drum-and-bass"."""
    tempo_bpm: float
    key: Key
    duration_seconds: float
    moods: tuple[str, ...]
    energy: float
    """0..1, over the whole piece"""
    form: tuple[FormSection, ...]
    instruments: tuple[str, ...]
    description: str
    """A text for neural engines."""
    understood: tuple[str, ...] = ()
    """What was read from the prompt, in words, such as "174 BPM" or "genre: liquid drum and bass"."""
    ignored: tuple[str, ...] = ()
    """Words of the prompt that were not understood."""
    changes: tuple[PartChange, ...] = ()
    """One a part at most; parts without one are as the seed has them."""
    progression: str = ""
    """Chords in Roman numerals in place of the genre's, such as "i9 VImaj7 iv9 v7"."""
    samples: tuple[SampleChoice, ...] = ()
    """One for a drum or part at most."""

    def change_of(self, part: str) -> PartChange:
        return next((change for change in self.changes if change.part == part), PartChange(part))
