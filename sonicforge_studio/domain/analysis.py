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
class TempoPoint:
    """A place of a tempo curve: from here the tempo goes over to the next point's."""

    seconds: float
    bpm: float


@dataclass(frozen=True, slots=True)
class Tempo:
    """``bpm`` is None where no steady beat was found; beats are in seconds from the start."""

    bpm: float | None
    confidence: float
    candidates: tuple[TempoCandidate, ...] = ()
    beats_seconds: tuple[float, ...] = ()
    downbeats_seconds: tuple[float, ...] = ()
    """The first beats of the bars, each of them one of ``beats_seconds``; empty where no metre was found."""
    beats_per_bar: int | None = None
    """The metre: how many of the beats make a bar."""
    metre_confidence: float = 0.0
    grid_start_seconds: float | None = None
    """Where the tempo is constant, the first beat of the grid ``grid_start_seconds + n · 60 / bpm``; None where the
    tempo changes, which ``curve`` then tells."""
    curve: tuple[TempoPoint, ...] = ()
    """The tempo over time, where it changes; empty where it is constant."""


@dataclass(frozen=True, slots=True)
class KeyCandidate:
    key: Key
    confidence: float


@dataclass(frozen=True, slots=True)
class KeySegment:
    """A stretch in one key; ``key`` is None where nothing tonal sounds."""

    start_seconds: float
    end_seconds: float
    key: Key | None
    confidence: float


@dataclass(frozen=True, slots=True)
class KeyEstimate:
    """``key`` is None where nothing tonal was found."""

    key: Key | None
    confidence: float
    candidates: tuple[KeyCandidate, ...] = ()
    segments: tuple[KeySegment, ...] = ()
    """The key over time, without gaps from the start to the end; empty where there is no key."""
    tuning_cents: float | None = None
    """Against A4 = 440 Hz, −50..50."""


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the form. Stretches of the same ``letter`` sound alike."""

    start_seconds: float
    end_seconds: float
    name: str
    """"intro", "build", "drop", "break", "verse", "outro" or "part" where none of these is sure."""
    letter: str
    energy: float
    """0..1, against the loudest stretch of the track."""


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
    sections: tuple[Section, ...] = ()
    embedding: tuple[float, ...] = ()
    """128 standardised figures of timbre, rhythm and harmony, for similarity; empty where there is too little sound."""
    vectors: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Features that are several numbers, such as ``mfcc`` (20) and ``spectral_contrast_db`` (7)."""
    corrected: tuple[str, ...] = ()
    """What of it is the user's own: "tempo", "key"; and "tempo-learned", "key-learned" where their earlier corrections
    chose among the candidates."""
    warning: str | None = None
    """A sentence where only part of the file could be read."""
