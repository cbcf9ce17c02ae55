"""How a code is drawn, with limits; without PyTorch, so that an order can be written where there is none loaded."""

from __future__ import annotations

from dataclasses import dataclass

from sonicforge_studio.domain.errors import BadSetting

_LIMITS = {"guidance": (1.0, 10.0), "temperature": (0.05, 3.0), "top_k": (0, 2048), "top_p": (0.0, 1.0)}


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
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise BadSetting(f"{name.replace('_', ' ').capitalize()} is from {low:g} to {high:g}, not {value:g}.")
