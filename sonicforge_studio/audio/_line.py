"""The way to the sound card while a device is open: its stream, its ring, and which moment of the music is heard."""

from __future__ import annotations

import time

from sonicforge_studio.audio._ring import PlaybackRing
from sonicforge_studio.audio.devices import Output
from sonicforge_studio.audio.tap import HeardNow
from sonicforge_studio.domain import Samples

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
        self._mark = (0, 0.0)
        """A frame of the ring and its second in the music; what follows it is contiguous."""
        self._last_taken = (0, 0.0)
        self.start_frames = int((_START_SECONDS + output.latency_seconds) * output.sample_rate_hz)
        """As many must lie in the ring before the sound card drains it: it fills its own buffer at once."""

    @property
    def ready(self) -> bool:
        """Whether the device still takes frames, or would."""
        return self.output.alive and not self._stalled()

    def mark(self, frame: int, seconds: float) -> None:
        """From this frame of the ring on, the music goes on from this second."""
        self._mark = (frame, seconds)

    def start(self) -> None:
        """Let the sound card drain the ring."""
        self._run_start = self.ring.taken
        self._last_taken = (self._run_start, time.monotonic())
        self.output.start()

    def fade_out(self) -> int:
        """Fall silent without a click and take the ring back from the sound card; the first frame not to be heard."""
        end = self.ring.set_gain(0.0)
        deadline = time.monotonic() + _FADE_WAIT_SECONDS
        while self.ring.taken < end and self.output.draining and self.output.alive and time.monotonic() < deadline:
            time.sleep(0.002)
        self.output.halt()
        return end

    def take_back(self, frame: int) -> Samples:
        """What was fed from this frame on; the ring forgets it. Only while nothing drains it."""
        rest = self.ring.unheard(frame)
        self.ring.drop_unread()
        return rest

    @property
    def heard_frame(self) -> float:
        return self._run_start + self.output.heard_frames()

    def seconds_at(self, frame: float) -> float:
        mark, seconds = self._mark
        return seconds + max(0.0, frame - mark) / self.ring.sample_rate_hz

    def heard_now(self) -> HeardNow:
        frame = self.heard_frame
        return HeardNow(
            self.ring.dry,
            self.ring.sample_rate_hz,
            time.monotonic(),
            frame,
            self.ring.fed,
            self.seconds_at(frame),
        )

    def _stalled(self) -> bool:
        taken, since = self._last_taken
        now = time.monotonic()
        if self.ring.taken != taken or not self.output.draining:
            self._last_taken = (self.ring.taken, now)
            return False
        return now - since > _STALL_SECONDS
