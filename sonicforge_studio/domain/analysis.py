"""What was measured of a piece of audio."""

from __future__ import annotations

from dataclasses import dataclass, field

from sonicforge_studio.domain.key import Key


@dataclass(frozen=True, slots=True)
class Loudness:
    """The loudness figures of a whole file; −inf where there is no reading (silence, or too short)."""

    integrated_lufs: float
    loudness_range_lu: float
    momentary_max_lufs: float
    short_term_max_lufs: float
    true_peak_dbtp: float
    sample_peak_dbfs: float


@dataclass(frozen=True, slots=True)
class TempoCandidate:
    bpm: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Tempo:
    """``bpm`` is None where no steady beat was found; beats are in seconds from the start."""

    bpm: float | None
    confidence: float
    candidates: tuple[TempoCandidate, ...] = ()
    beats_seconds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyCandidate:
    key: Key
    confidence: float


@dataclass(frozen=True, slots=True)
class KeyEstimate:
    """``key`` is None where nothing tonal was found."""

    key: Key | None
    confidence: float
    candidates: tuple[KeyCandidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything known of one recording. What was not measured or does not apply is None or empty."""

    duration_seconds: float
    sample_rate_hz: int
    channels: int
    codec: str
    content_hash: str
    audio_hash: str
    tempo: Tempo
    key: KeyEstimate
    loudness: Loudness
    features: dict[str, float] = field(default_factory=dict)
    """Named figures with their unit in the name, such as ``spectral_centroid_hz``."""
    warning: str | None = None
    """A sentence where only part of the file could be read."""
