"""The books of instruments, drum kits and moods under ``resources/sounds``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sonicforge_studio.domain.plain import from_plain
from sonicforge_studio.host.resources import resource


@dataclass(frozen=True, slots=True)
class Instrument:
    """A sound with a name that people use, and the part of the band it plays."""

    name: str
    part: str
    """bass, chords, pads, melody, drums or texture"""
    words: tuple[str, ...]
    """What a prompt may call it, folded to lower case without diacritics."""
    voice: str = "tone"
    """"tone" (subtractive), "tine" (FM), "string" (plucked), or "" for what has no notes of its own."""
    gain_db: float = 0.0
    settings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drum:
    """One drum of a kit: its settings, and its place in the picture."""

    gain_db: float = 0.0
    pan: float = 0.0
    settings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mood:
    """What a mood does to the music."""

    name: str
    words: tuple[str, ...]
    energy: float = 0.0
    """Added to the genre's energy."""
    brightness: float = 0.0
    """Octaves that the filters open."""
    tempo: float = 0.0
    """−1 the slow end of the genre's range … 1 the fast end."""
    mode: str = ""
    """The mode it asks for where no key is named."""


@cache
def instrument_book() -> Mapping[str, Instrument]:
    return {name: from_plain(Instrument, {"name": name, **entry}) for name, entry in _read("instruments.toml").items()}


@cache
def kit_book() -> Mapping[str, Mapping[str, Drum]]:
    """Kits by name; each maps a drum's name to its sound."""
    raw = _read("kits.toml")
    kits: dict[str, Mapping[str, Drum]] = {}
    for name, entry in raw.items():
        drums = dict(kits[entry["like"]]) if "like" in entry else {}
        drums |= {drum: _drum(table) for drum, table in entry.items() if drum != "like"}
        kits[name] = drums
    return kits


@cache
def mood_book() -> Mapping[str, Mood]:
    return {name: from_plain(Mood, {"name": name, **entry}) for name, entry in _read("moods.toml").items()}


def _drum(table: Mapping[str, float]) -> Drum:
    settings = {name: float(value) for name, value in table.items() if name not in ("gain_db", "pan")}
    return Drum(float(table.get("gain_db", 0.0)), float(table.get("pan", 0.0)), settings)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resource("sounds", name).read_text(encoding="utf-8"))
