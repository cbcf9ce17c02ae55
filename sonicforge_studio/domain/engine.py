"""What every generator is to the studio, built in or brought by a plug-in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from sonicforge_studio.domain.clip import Samples
from sonicforge_studio.domain.concept import Concept
from sonicforge_studio.domain.neural import Neural
from sonicforge_studio.domain.progress import Progress
from sonicforge_studio.domain.source import Sound


@dataclass(frozen=True, slots=True)
class Note:
    """One note of a part. Start and length in beats (quarter notes); pitch and velocity as in MIDI (0..127)."""

    start_beats: float
    length_beats: float
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Rendering:
    """What an engine made: the mix, those of its parts that were asked for, and the notes where it knows them."""

    mix: Sound
    stems: Mapping[str, Sound] = field(default_factory=dict)
    notes: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)
    neural: Neural | None = None
    """Of a neural engine: what it was made with in the end, enough to make it again."""
    remarks: tuple[str, ...] = ()
    """Where it came out otherwise than asked for: why, in sentences."""


class Listener(Protocol):
    """Hears the mix while it is made. Called on the engine's thread; none of it may wait."""

    def begin(self, sample_rate_hz: int, channels: int, frames: int | None) -> None:
        """What will come, with its length where that is known."""

    def hear(self, block: Samples) -> None:
        """The next block of the mix, shape ``(channels, n)``; it belongs to the engine."""

    def end(self) -> None:
        """That was all."""


class Engine(Protocol):
    """A generator. The same concept and seed give the same samples, on every machine of one kind."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def licence(self) -> str:
        """Of what it makes, as an SPDX expression or a plain name."""

    def render(
        self,
        concept: Concept,
        seed: int,
        progress: Progress,
        *,
        listener: Listener | None = None,
        notes: Mapping[str, tuple[Note, ...]] | None = None,
        stems: Collection[str] | None = (),
    ) -> Rendering:
        """Make it; ``listener`` is handed the mix as it comes, and changes none of it. ``notes`` are parts to be played
        as they are written here; an engine that knows no notes lets them be. Of ``stems`` those that it plays are kept
        beside the mix, all where that is None."""


@runtime_checkable
class BatchEngine(Engine, Protocol):
    """An engine that makes several pieces in less time than one after the other."""

    def render_batch(
        self, concept: Concept, seeds: Sequence[int], progress: Progress, *, listener: Listener | None = None
    ) -> tuple[Rendering, ...]:
        """One piece for each seed, each the same as ``render`` would make it; ``listener`` hears the first."""
