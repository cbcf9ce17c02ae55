"""What was really played of a track, and how often it broke off."""

from __future__ import annotations

from sonicforge_studio.audio._line import Line


class Tally:
    """Counts in the track's own frames, across pauses, seeks and devices."""

    def __init__(self) -> None:
        self.gaps = 0
        """Times that the ring ran dry."""
        self.sought = False
        self._source_rate_hz = 1
        self._line: Line | None = None
        self._from = 0
        self._before = 0.0
        self._underruns_before = 0

    def restart(self, source_rate_hz: int, line: Line | None) -> None:
        """A new track begins behind what was fed so far."""
        self.gaps = 0
        self.sought = False
        self._source_rate_hz = source_rate_hz
        self._before = 0.0
        self._line = None
        if line is not None:
            self.follow(line)

    def follow(self, line: Line) -> None:
        """Go on counting at this device."""
        self._line = line
        self._from = line.ring.fed
        self._underruns_before = line.output.underruns

    def leave(self) -> None:
        """The device is given back."""
        self._before, self.gaps = self._exact, self.all_gaps
        self._line = None

    def reached(self, frame: int) -> None:
        """The sound goes over to other frames at this frame of the ring: where a track begins, it counts from here."""
        self._from = min(self._from, frame)

    def discount(self, frames: int) -> None:
        """The sound card took frames that were not the track's, or will come again."""
        if self._line is not None and self._line.ring.taken > self._from:
            self._before -= max(0, frames) * self._ratio

    @property
    def frames_played(self) -> int:
        return round(self._exact)

    @property
    def all_gaps(self) -> int:
        driver = 0 if self._line is None else self._line.output.underruns - self._underruns_before
        return self.gaps + driver

    def at_end(self, frames_read: int) -> int:
        """At a track's end: exact where it was played through, without rounding between the rates."""
        return self.frames_played if self.sought else frames_read

    @property
    def _ratio(self) -> float:
        return 1.0 if self._line is None else self._source_rate_hz / self._line.ring.sample_rate_hz

    @property
    def _exact(self) -> float:
        taken = 0 if self._line is None else max(0, self._line.ring.taken - self._from)
        return max(0.0, self._before + taken * self._ratio)
