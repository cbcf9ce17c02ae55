"""What a master is asked to be, and what it became."""

from __future__ import annotations

from dataclasses import dataclass

from sonicforge_studio.domain.analysis import Loudness


@dataclass(frozen=True, slots=True)
class Target:
    """A delivery target: integrated loudness in LUFS and true-peak ceiling in dBTP."""

    name: str
    integrated_lufs: float
    ceiling_dbtp: float


@dataclass(frozen=True, slots=True)
class MasterSettings:
    """Everything that decides the samples of a master."""

    target: Target
    high_pass_hz: float = 28.0
    glue_ratio: float = 1.6
    """1 switches the glue compressor off."""
    glue_attack_ms: float = 30.0
    """Longer lets more of each attack through before the compressor takes hold."""
    amount: float = 1.0
    """0..1, how much of the glue compressor is mixed in; loudness and ceiling always hold."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One delivered format, decoded again and measured."""

    format: str
    path: str
    loudness: Loudness
    passed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Master:
    """What was delivered, with its proof."""

    target: Target
    before: Loudness
    after: Loudness
    gain_db: float
    proof: tuple[Proof, ...] = ()
    files: tuple[str, ...] = ()
