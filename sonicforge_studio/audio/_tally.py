"""What was really played of a piece, and how often it broke off."""

from __future__ import annotations


class Tally:
    """Counts across pauses, seeks and devices."""

    def __init__(self) -> None:
        self.seconds = 0.0
        """Of the piece, that the sound card has taken."""
        self.gaps = 0
        """Times that the ring ran dry, or the driver did."""
        self.straight = True
        """Whether it is played in one go from where it began, so that every frame read is heard once."""

    def frames_played(self, rate_hz: int) -> int:
        return max(0, round(self.seconds * rate_hz))
