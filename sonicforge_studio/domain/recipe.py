"""How a file was made: enough to make it again, sample for sample."""

from __future__ import annotations

from dataclasses import dataclass

from sonicforge_studio.domain.concept import Concept
from sonicforge_studio.domain.mastering import MasterSettings
from sonicforge_studio.domain.neural import Neural

RECIPE_VERSION = 2


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """A part whose notes a person wrote in place of the engine's: (start, length, pitch, velocity) each, the first two
    in ticks of 1/960 beat, pitch and velocity as in MIDI."""

    part: str
    notes: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What travels inside each exported file.

    ``pcm_hash`` is the blake3 of the PCM as it was handed to the encoder: float32 little-endian, interleaved, on the
    24-bit grid, so that it equals the ``audio_hash`` of a 24-bit WAV or FLAC.
    """

    engine: str
    """The engine's name; "mastering" for a master of a file that no engine of ours made: its parent is needed then."""
    engine_version: str
    seed: int
    prompt: str
    concept: Concept | None
    licence: str
    pcm_hash: str
    sample_rate_hz: int
    parents: tuple[str, ...] = ()
    """Audio hashes of what this was made from."""
    mastering: tuple[MasterSettings, ...] = ()
    """The chains the PCM went through, one after the other; empty where it was not mastered."""
    part: str = ""
    """The stem this is, such as "drums"; empty for the whole piece."""
    written: tuple[WrittenPart, ...] = ()
    """Parts that were edited in a MIDI file; all others are as concept and seed have them."""
    neural: Neural | None = None
    """What a neural engine was told besides."""
    version: int = RECIPE_VERSION

    @property
    def genre(self) -> str:
        """The genre it was made in; "" of what was not composed."""
        return self.concept.genre if self.concept else ""
