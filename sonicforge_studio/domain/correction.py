"""What the user said against a measurement."""

from __future__ import annotations

from dataclasses import dataclass

from sonicforge_studio.domain.key import Key


@dataclass(frozen=True, slots=True)
class Correction:
    """The user's own tempo or key of a recording; None is what was not corrected.

    It belongs to the sound (``audio_hash``), not to the file: it survives another analysis, a new name and new tags.
    """

    audio_hash: str
    tempo_bpm: float | None = None
    key: Key | None = None
    measured_bpm: float | None = None
    """What had been measured when it was corrected."""
    measured_key: Key | None = None
    folder: str = ""
    genre: str = ""
    corrected_at: str = ""
    """ISO 8601, UTC."""

    @property
    def empty(self) -> bool:
        return self.tempo_bpm is None and self.key is None
