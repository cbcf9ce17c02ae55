"""What a neural engine is told beside concept and seed: its model, how codes are drawn, and what it listens to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from sonicforge_studio.domain.errors import BadSetting

Precision = Literal["auto", "float32", "bfloat16", "int8"]
"""The numbers that a model is worked out in; "auto" leaves it to the machine."""
Device = Literal["auto", "cpu", "cuda"]

PRECISIONS: tuple[Precision, ...] = ("auto", "float32", "bfloat16", "int8")
DEVICES: tuple[Device, ...] = ("auto", "cpu", "cuda")

SAMPLING_LIMITS = {"guidance": (1.0, 10.0), "temperature": (0.05, 3.0), "top_k": (0, 2048), "top_p": (0.0, 1.0)}


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next code is drawn. Raises ``BadSetting`` for what lies outside the limits."""

    guidance: float = 3.0
    """1 to 10: how much more the text counts than music as such; 1 leaves it alone, in half the time."""
    temperature: float = 1.0
    """0.05 to 3: small is safe and dull, large is bold and loose."""
    top_k: int = 250
    """Only so many of the likeliest codes are drawn from; 0 for all."""
    top_p: float = 0.0
    """Only the likeliest codes that together have this probability are drawn from; 0 for all."""
    greedy: bool = False
    """Always the likeliest: no dice."""

    def __post_init__(self) -> None:
        for name, (low, high) in SAMPLING_LIMITS.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= high):
                raise BadSetting(f"{name.replace('_', ' ').capitalize()} is from {low:g} to {high:g}, not {value:g}.")


@dataclass(frozen=True, slots=True)
class HeardSound:
    """A file of the user's own that a model listens to."""

    path: str
    audio_hash: str = ""
    """blake3 of what was decoded of it; "" while nobody has read it."""


@dataclass(frozen=True, slots=True)
class Neural:
    """What a neural piece is made with. Raises ``BadSetting`` for a precision or device that is none."""

    model: str = ""
    """A name of the shelf, or the folder of one."""
    weights_hash: str = ""
    """Of the model that made it; "" before."""
    precision: Precision = "auto"
    device: Device = "auto"
    sampling: Sampling = field(default_factory=Sampling)
    melody: HeardSound | None = None
    """Its tune is followed; for melody models."""
    continues: HeardSound | None = None
    """The piece begins with it and goes on from there; its length counts."""

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise BadSetting(f"Precision is one of {', '.join(PRECISIONS)}.")
        if self.device not in DEVICES:
            raise BadSetting(f"Device is one of {', '.join(DEVICES)}.")
