"""What the player is doing, as one frozen picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sonicforge_studio.domain.errors import StudioError

PlayerStatus = Literal["empty", "loading", "stopped", "playing", "paused", "ended", "no-device"]


@dataclass(frozen=True, slots=True)
class PlayerState:
    """What is heard, not what is read ahead. ``error`` is why nothing plays, or what was wrong with what played or was
    queued; it goes with the next command."""

    status: PlayerStatus = "empty"
    waiting: bool = False
    """While "playing": what was made so far has been heard, and it goes on by itself when there is more."""
    piece: int = 0
    """Another number for each piece that is heard, also where one follows the other without a gap."""
    title: str = ""
    position_seconds: float = 0.0
    """What is heard now."""
    duration_seconds: float | None = None
    """None while it is not known, as of music that is still being made."""
    loop: tuple[float, float] | None = None
    """The region that is played again and again, in seconds."""
    version: int = 0
    """Which of ``versions`` is heard."""
    versions: tuple[str, ...] = ()
    """Titles of what is compared; empty where there is only one."""
    queued: int = 0
    """How many pieces follow."""
    frames_played: int = 0
    """Of the piece, at its own rate, that the sound card has taken since it was loaded."""
    gaps: int = 0
    """How often the sound broke off since the piece was loaded: the ring ran dry, or the driver did."""
    device: str | None = None
    volume: float = 1.0
    """The fader, 0 to 1."""
    muted: bool = False
    error: StudioError | None = None
