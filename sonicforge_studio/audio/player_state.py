"""What the player is doing, as one frozen picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sonicforge_studio.domain.errors import StudioError

PlayerStatus = Literal["empty", "loading", "stopped", "playing", "paused", "ended", "no-device"]


@dataclass(frozen=True, slots=True)
class PlayerState:
    """``error`` is why nothing plays, or what was wrong with what played; it goes with the next command."""

    status: PlayerStatus = "empty"
    title: str = ""
    position_seconds: float = 0.0
    """What is heard now."""
    duration_seconds: float | None = None
    frames_played: int = 0
    """Of the track, at its own rate, that the sound card has taken since it was loaded."""
    gaps: int = 0
    """How often the sound broke off since the track was loaded: the ring ran dry, or the driver did."""
    device: str | None = None
    volume: float = 1.0
    """The fader, 0 to 1."""
    muted: bool = False
    error: StudioError | None = None
