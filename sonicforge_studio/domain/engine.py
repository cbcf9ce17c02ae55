"""What every generator is to the studio, built in or brought by a plug-in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sonicforge_studio.domain.clip import Clip
from sonicforge_studio.domain.concept import Concept
from sonicforge_studio.domain.progress import Progress


@dataclass(frozen=True, slots=True)
class Note:
    """One note of a part. Start and length in beats (quarter notes); pitch and velocity as in MIDI (0..127)."""

    start_beats: float
    length_beats: float
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Rendering:
    """What an engine made: the mix, its parts, and the notes where it knows them."""

    mix: Clip
    stems: Mapping[str, Clip] = field(default_factory=dict)
    notes: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)


class Engine(Protocol):
    """A generator. The same concept and seed give the same samples, on every machine of one kind."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def licence(self) -> str:
        """Of what it makes, as an SPDX expression or a plain name."""

    def render(self, concept: Concept, seed: int, progress: Progress) -> Rendering: ...
