"""A tap over a tone that nobody plays, and waiting for the analyser's picture of it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from sonicforge_studio.audio.live import LiveAnalyser, LiveSnapshot
from sonicforge_studio.audio.tap import HeardNow, PlaybackTap
from sonicforge_studio.kernels.live_spectrum import SpectrumSettings

QUICK = SpectrumSettings(ballistics="peak", hold_seconds=0.1, hold_fall_db_per_second=600.0)


def until(analyser: LiveAnalyser, true: Callable[[LiveSnapshot], object], seconds: float = 8.0) -> LiveSnapshot:
    """The first picture of which this is true."""
    deadline = time.monotonic() + seconds
    while (snapshot := analyser.newest) is None or not true(snapshot):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.002)
    return snapshot


class Ringing:
    """A tap whose memory holds a tone, and whose time runs as fast as the test's."""

    def __init__(self, frequency_hz: float = 1000.0, amplitude: float = 1.0, rate_hz: int = 48_000) -> None:
        self.tap = PlaybackTap()
        self.rate_hz = rate_hz
        times = np.arange(10 * rate_hz) / rate_hz
        wave = (amplitude * np.sin(2 * np.pi * frequency_hz * times)).astype(np.float32)
        self.memory = np.stack((wave, 0.1 * wave), axis=1)

    def go_on(self, piece: int) -> None:
        """The next piece follows at once."""
        place = self.tap.place()
        assert place is not None
        self.sound(frame=place.end, piece=piece)

    def sound(self, *, frame: float = 60_000.0, piece: int = 0, seconds: float = 12.5) -> None:
        """From now on these frames are heard, for eight seconds."""
        fed = int(frame) + 8 * self.rate_hz
        self.tap.publish(HeardNow(self.memory, self.rate_hz, time.monotonic(), frame, fed, seconds, piece))

    def stop(self) -> None:
        self.tap.publish(None)
