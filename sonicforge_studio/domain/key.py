"""Musical keys: how they are written, read and placed on the Camelot wheel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sonicforge_studio.domain.errors import UnknownKey

Mode = Literal["major", "minor"]

PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

_NATURALS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11, "h": 11}
_MODES: dict[str, Mode] = {
    "major": "major", "maj": "major", "dur": "major",
    "minor": "minor", "min": "minor", "moll": "minor", "mol": "minor", "m": "minor",
}  # fmt: skip
_GERMAN_MODES = frozenset({"dur", "moll", "mol"})
"""Where these are written, B is the note that English calls B flat (and H is its B)."""
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "sharp": 1, "is": 1, "b": -1, "♭": -1, "flat": -1, "es": -1, "s": -1}
_KEY = re.compile(
    r"^\s*([a-h])\s*[-_]?\s*(#|♯|sharp|is|es|flat|b|♭|s(?=[\s_-]|$))?\s*[-_]?\s*"
    r"(major|maj|dur|minor|min|moll|mol|m)?\s*$",
    re.IGNORECASE,
)

_CAMELOT = re.compile(r"^\s*(1[0-2]|[1-9])([abAB])\s*$")
_OPEN_KEY = re.compile(r"^\s*(1[0-2]|[1-9])([mdMD])\s*$")


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (pitch class, 0 = C) and a mode."""

    tonic: int
    mode: Mode

    def __post_init__(self) -> None:
        if not 0 <= self.tonic <= 11:
            raise ValueError(f"a pitch class is 0..11, not {self.tonic}")

    def __str__(self) -> str:
        return f"{PITCH_CLASSES[self.tonic]} {self.mode}"

    @property
    def camelot(self) -> str:
        """The place on the Camelot wheel, "8A" for A minor."""
        fifths = (self.tonic - (9 if self.mode == "minor" else 0)) * 7 % 12
        return f"{(fifths + 7) % 12 + 1}{'A' if self.mode == 'minor' else 'B'}"

    @property
    def open_key(self) -> str:
        """The place on the Open Key wheel, "1m" for A minor and "1d" for C major: the Camelot wheel turned by 5."""
        hour = int(self.camelot[:-1])
        return f"{(hour + 4) % 12 + 1}{'m' if self.mode == 'minor' else 'd'}"

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read "A minor", "F#", "Bbm", "c#m", "fis-moll", "Es-Dur", and the wheels' "8A" (Camelot) and "1m" (Open Key).

        Letter case decides where no mode is written, as in German and Polish practice only for a lone lower-case
        letter with "m" missing: "A" and "a" both read as major. Raises ``UnknownKey``.
        """
        if place := _CAMELOT.match(text):
            return _at_camelot(int(place[1]), "minor" if place[2] in "aA" else "major")
        if place := _OPEN_KEY.match(text):
            return _at_camelot((int(place[1]) + 6) % 12 + 1, "minor" if place[2] in "mM" else "major")
        match = _KEY.match(text)
        if match is None:
            raise UnknownKey(f'"{text.strip()[:40]}" is not a musical key.')
        letter, accidental, mode = match.groups()
        if letter in "bB" and not accidental and (mode or "").lower() in _GERMAN_MODES:
            accidental = "b"
        tonic = (_NATURALS[letter.lower()] + _ACCIDENTALS[(accidental or "").lower()]) % 12
        if mode == "M":
            return cls(tonic, "major")
        return cls(tonic, _MODES[mode.lower()] if mode else "major")


def _at_camelot(hour: int, mode: Mode) -> Key:
    """The key at a place on the Camelot wheel: each hour is a fifth, 8A is A minor and 8B C major."""
    return Key(((9 if mode == "minor" else 0) + 7 * (hour - 8)) % 12, mode)
