"""What a master is asked to be, and what it became."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sonicforge_studio.domain.analysis import Loudness
from sonicforge_studio.domain.chain import ChainSettings


@dataclass(frozen=True, slots=True)
class Target:
    """A delivery target: integrated loudness in LUFS and true-peak ceiling in dBTP."""

    name: str
    integrated_lufs: float
    ceiling_dbtp: float


MATCH_BANDS = 31
"""Third octaves from 20 Hz to 20 kHz."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a master takes from its references, worked out once so that it comes again on any track.

    ``curve_db`` is the gain at each third-octave centre from 20 Hz to 20 kHz (31 of them, IEC 61260-1 base ten) that
    leads to the references' spectrum; ``side_db`` the same of the sides against the middle; ``dynamics_lu`` how much
    smaller the short-term loudness has to vary (0 leaves it). All are as at 100 %.
    """

    curve_db: tuple[float, ...] = ()
    side_db: tuple[float, ...] = ()
    dynamics_lu: float = 0.0


@dataclass(frozen=True, slots=True)
class MasterSettings:
    """Everything that decides the samples of a master, and in a recipe what was asked for."""

    target: Target
    chain: ChainSettings = field(default_factory=ChainSettings)
    amount: float = 1.0
    """0..1, how much of the chain is done: its gains and ratios go back to neutral with it, and at 0 it changes not one
    bit. Loudness and ceiling always hold."""
    match: Match | None = None
    """What references ask for, done before the chain."""
    least_peak_to_loudness_lu: float = 0.0
    """The dynamics guard: it stays so quiet that its true peak lies at least so far over its loudness; 0 is off."""
    sample_rate_hz: int = 0
    """What is delivered; 0 keeps the original's."""
    wanted: Target | None = None
    """What was asked for, where codecs led ``target`` elsewhere. It decides nothing, but says what was promised."""

    @property
    def asked_for(self) -> Target:
        return self.wanted or self.target

    def led_from(self, asked_for: Target) -> MasterSettings:
        """As a recipe keeps them: they tell of what was asked for where their own target is another one."""
        return self if self.target == asked_for else replace(self, wanted=asked_for)


@dataclass(frozen=True, slots=True)
class Proof:
    """One delivered format, decoded again and measured."""

    format: str
    path: str
    """Where the copy stands; empty where it was not kept."""
    loudness: Loudness
    passed: bool
    reason: str = ""
    failure: str = ""
    """What kind of failure it is first of all: ``ceiling``, ``clipping``, ``no-reading``, ``loudness``, ``length`` or
    ``not-possible``."""
    note: str = ""
    """What is to be known of it though it passed."""
    clipped_samples: int = 0
    frames: int = 0
    sample_rate_hz: int = 0
    encoder_seconds: float = 0.0
    """0 of the master's own file, which is encoded while it is made."""
    check_seconds: float = 0.0
    """To decode it again and to measure it."""
    content_hash: str = ""
    """blake3 of the file's bytes."""
    pcm_hash: str = ""
    """blake3 of the samples as they decode."""


@dataclass(frozen=True, slots=True)
class Master:
    """What was delivered, with its proof."""

    target: Target
    before: Loudness
    after: Loudness
    gain_db: float
    proof: tuple[Proof, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReductionCurve:
    """By how many dB a stage turned down over time, each ≤ 0; of a stage with bands the name has a number, from 1."""

    name: str
    reduction_db: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MasterCurves:
    """A master over time and over frequency, beside its original: for the report and the screen.

    The loudness curves stand every ``step_seconds``, the first value at its end; −inf where there is no reading. Their
    lengths may differ by a step. The spectra are the mean levels in dBFS of third octaves, all channels together.
    """

    step_seconds: float
    momentary_before_lufs: tuple[float, ...] = ()
    momentary_after_lufs: tuple[float, ...] = ()
    short_term_before_lufs: tuple[float, ...] = ()
    short_term_after_lufs: tuple[float, ...] = ()
    reductions: tuple[ReductionCurve, ...] = ()
    """Limiter, glue, de-esser and the bands of the compressor, as many of them as were at work."""
    spectrum_hz: tuple[float, ...] = ()
    spectrum_before_db: tuple[float, ...] = ()
    spectrum_after_db: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the assistant would change, and why.

    ``reason`` is a sentence in English with places for ``figures``, such as "Harsh around {frequency_hz} Hz."; faces
    translate it before they fill them in. ``changes`` are places of ``ChainSettings`` (see ``domain.chain.changed``)
    with what is to stand there. Each can be taken without the others.
    """

    reason: str
    figures: tuple[tuple[str, float], ...]
    changes: tuple[tuple[str, float | bool | str], ...]
