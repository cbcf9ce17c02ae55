"""The genre book's entry: what the composer and the engine need to know of a genre."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DrumPattern:
    """A drum pattern. Each lane is a string of sixteenths, 16 to a bar: ``X`` accent, ``x`` stroke, ``o`` ghost stroke,
    ``?`` a ghost stroke now and then, ``.`` rest. A lane of fewer bars than another comes round sooner."""

    name: str
    sections: tuple[str, ...]
    """The sections of the form it plays in; "fill" for the last bar before a new one."""
    lanes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GenrePart:
    """How one part (bass, chords, melody, pads, …) plays and sounds in a genre."""

    instrument: str
    """An entry of the instrument book."""
    rhythms: tuple[str, ...]
    """Strings of sixteenths, 16 to a bar: a letter starts a note, ``-`` holds it, ``.`` rests. Chords and melody: ``x``
    and ``X``; bass: ``R`` root, ``5`` fifth, ``O`` octave, ``3`` third, ``7`` seventh, ``a`` a step into the next
    root."""
    sections: tuple[str, ...]
    low: int
    high: int
    """The range of the part in MIDI note numbers."""
    gain_db: float = 0.0
    pan: float = 0.0
    reverb: float = 0.0
    delay: float = 0.0
    duck: float = 0.0
    """0..1, how far the kick turns it down."""
    high_pass_hz: float = 20.0
    low_pass_hz: float = 20000.0
    presence_db: float = 0.0
    """A bell at 3 kHz."""
    warmth_db: float = 0.0
    """A low shelf at 180 Hz."""
    drive: float = 0.0
    chorus: float = 0.0
    wow: float = 0.0
    density: float = 0.7
    """Melody: the share of the phrase's places that sound."""
    plain: bool = False
    """Chords: without ninths and elevenths, so that a held part says what key it is."""
    settings: Mapping[str, float] = field(default_factory=dict)
    """Differences from the instrument's sound."""


@dataclass(frozen=True, slots=True)
class GenreSpace:
    """The room and the echo that the parts send to, and the record's surface."""

    reverb_seconds: float = 1.6
    reverb_size: float = 1.0
    reverb_damping: float = 0.4
    reverb_db: float = 0.0
    delay_beats: float = 0.75
    delay_feedback: float = 0.4
    delay_colour: float = 0.35
    vinyl_db: float = -120.0
    crackles_per_second: float = 6.0


@dataclass(frozen=True, slots=True)
class Range:
    """From ``low`` to ``high``, both within."""

    low: float
    high: float
    source: str
    """Where the figures come from."""

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class SoundRanges:
    """What real music of a genre sounds like; ``resources/sound-ranges.toml`` says how each figure is measured."""

    integrated_lufs: Range
    """Before mastering."""
    spectral_centroid_hz: Range
    low_end_share: Range
    onset_rate_hz: Range
    stereo_correlation: Range
    """Of left and right: 1 is mono."""
    crest_factor_db: Range


@dataclass(frozen=True, slots=True)
class Genre:
    """One genre, read from ``resources/genres/*.toml``."""

    id: str
    name: str
    aliases: tuple[str, ...]
    tempo_low_bpm: float
    tempo_high_bpm: float
    tempo_usual_bpm: float
    mode: str
    """"major" or "minor": the usual one where the prompt names no key."""
    energy: float
    source: str
    """Where the figures come from."""
    sound: SoundRanges
    form: tuple[tuple[str, int, float], ...]
    """(section, bars, energy) of a whole piece; the composer scales it to the wanted length."""
    short_form: tuple[tuple[str, int, float], ...]
    """The same for less than about a minute."""
    progressions: Mapping[str, tuple[str, ...]]
    """For "minor" and "major": Roman numerals with their extensions, as in "i9 VImaj7 iv9 v7"."""
    cadences: Mapping[str, tuple[str, ...]]
    """For "minor" and "major": the chords before the harmony comes home, such as "iv9 V7"; none where it stays."""
    borrowed: Mapping[str, tuple[tuple[str, str], ...]]
    """For "minor" and "major": a chord of the progressions and the one of another mode that takes its place every
    second time."""
    kit: str
    patterns: tuple[DrumPattern, ...]
    parts: Mapping[str, GenrePart]
    space: GenreSpace = GenreSpace()
    parent: str = ""
    """The genre this one is a kind of."""
    bars_per_chord: int = 1
    swing: float = 0.0
    """0 straight … 1 the full triplet: how late every second sixteenth (or eighth, see ``swing_steps``) comes."""
    swing_steps: int = 1
    drums_gain_db: float = 0.0
    drums_reverb: float = 0.06
    drums_drive: float = 0.0
    drums_low_pass_hz: float = 20000.0
    kit_settings: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Differences from the kit, drum by drum."""
    level_db: float = 0.0
    """Into the bus: so that the genre's pieces come out about equally loud."""
    moods: tuple[str, ...] = ()
    """Moods that lead to this genre where the prompt names none."""
