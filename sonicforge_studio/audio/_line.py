"""The way to the sound card while a device is open: its stream, its ring, and which moment of the music is heard."""

from __future__ import annotations

import time
from collections import deque

from sonicforge_studio.audio._piece import Piece
from sonicforge_studio.audio._ring import PlaybackRing
from sonicforge_studio.audio._stretch import Place, Stretch
from sonicforge_studio.audio.devices import Output
from sonicforge_studio.audio.tap import HeardNow

_STALL_SECONDS = 4.0
"""A device that takes nothing for so long is gone, whatever its driver says."""
_FADE_WAIT_SECONDS = 0.1
_START_SECONDS = 0.1


class Line:
    """Owns the stream. For one thread."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self.ring = PlaybackRing(output)
        self._run_start = 0
        """The ring's frame at which the sound card last began to drain it."""
        self._places: deque[Place] = deque()
        """Where what lies in the ring comes from, by the ring's frames; those that were heard are forgotten."""
        self._credited = 0
        """Up to this frame of the ring each piece was told what was played of it."""
        self._underruns = output.underruns
        self._last_taken = (0, 0.0)
        self.start_frames = int((_START_SECONDS + output.latency_seconds) * output.sample_rate_hz)
        """As many must lie in the ring before the sound card drains it: it fills its own buffer at once."""

    @property
    def ready(self) -> bool:
        """Whether the device still takes frames, or would."""
        return self.output.alive and not self._stalled()

    def note(self, seconds: float, piece: Piece) -> None:
        """What is fed next comes from here in the music."""
        self._places.append(Place(self.ring.fed, seconds, piece))

    def append(self, stretch: Stretch) -> None:
        """Feed what comes next."""
        self._note(stretch, self.ring.fed)
        self.ring.append(stretch.samples)

    def splice(self, stretch: Stretch, at: int | None = None) -> None:
        """Go over to this as soon as can be heard, and drop what was fed behind that. With ``at`` the stretch belongs
        at that frame of the ring, and what of it is late by now is left out."""
        start = self.ring.splice(stretch.samples, at)
        rest = stretch if at is None else stretch.without(start - at, self.ring.sample_rate_hz)
        while self._places and self._places[-1].frame >= start:
            self._places.pop()
        self._note(rest, start)

    def start(self) -> None:
        """Let the sound card drain the ring."""
        self._run_start = self.ring.taken
        self._last_taken = (self._run_start, time.monotonic())
        self.output.start()

    @property
    def has_sounded(self) -> bool:
        """Whether the sound card found anything since it was last started."""
        return self.ring.taken > self._run_start

    def fade_out(self) -> int:
        """Fall silent without a click and take the ring back from the sound card; the first frame not to be heard."""
        end = self.ring.set_gain(0.0)
        deadline = time.monotonic() + _FADE_WAIT_SECONDS
        while self.ring.taken < end and self.output.draining and self.output.alive and time.monotonic() < deadline:
            time.sleep(0.002)
        self.output.halt()
        return end

    def take_back(self, frame: int) -> Stretch:
        """What was fed from this frame on; the ring forgets it. Only while nothing drains it."""
        first = self.place_at(frame)
        places = [Place(0, first.seconds_at(frame, self.ring.sample_rate_hz), first.piece)]
        places += [place.moved(-frame) for place in self._places if place.frame > frame]
        rest = Stretch(self.ring.unheard(frame), tuple(places))
        self.credit(frame)
        self.ring.drop_from(frame)
        self._credited = self.ring.fed
        return rest

    @property
    def heard_frame(self) -> float:
        return self._run_start + self.output.heard_frames()

    def place_at(self, frame: float) -> Place:
        """The place that this frame of the ring belongs to."""
        return next((place for place in reversed(self._places) if place.frame <= frame), self._places[0])

    def seconds_at(self, frame: float) -> float:
        return self.place_at(frame).seconds_at(frame, self.ring.sample_rate_hz)

    def heard_now(self) -> HeardNow:
        at = time.monotonic()
        frame = self.heard_frame
        place = self.place_at(frame)
        return HeardNow(
            self.ring.dry,
            self.ring.sample_rate_hz,
            at,
            frame,
            self.ring.fed,
            place.seconds_at(frame, self.ring.sample_rate_hz),
            place.piece.number,
        )

    def credit(self, frame: int) -> None:
        """Tell each piece what of it was played up to this frame of the ring; take back what was told beyond it."""
        low, high = min(frame, self._credited), max(frame, self._credited)
        sign = 1.0 if frame >= self._credited else -1.0
        end = high
        for place in reversed(self._places):
            begin = max(place.frame, low)
            if begin < end:
                place.piece.tally.seconds += sign * (end - begin) / self.ring.sample_rate_hz
                end = begin
        self._credited = frame

    def new_underruns(self) -> int:
        """How often the driver ran dry since this was last asked."""
        before, self._underruns = self._underruns, self.output.underruns
        return self._underruns - before

    def forget(self, frame: float) -> None:
        """Places whose last frame lies before this one are not asked for any more."""
        while len(self._places) > 1 and self._places[1].frame <= min(frame, self._credited):
            self._places.popleft()

    def _note(self, stretch: Stretch, start: int) -> None:
        self._places.extend(place.moved(start) for place in stretch.places)

    def _stalled(self) -> bool:
        taken, since = self._last_taken
        now = time.monotonic()
        if self.ring.taken != taken or not self.output.draining:
            self._last_taken = (self.ring.taken, now)
            return False
        return now - since > _STALL_SECONDS
