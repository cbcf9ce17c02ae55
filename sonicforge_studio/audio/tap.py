"""What is heard now, for whoever measures or draws it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Samples

TAP_CHANNELS = 2
_USUAL_RATE_HZ = 48_000


class Tap(Protocol):
    """A place to listen at: what is played, or what is recorded. ``newest`` is for one thread at a time."""

    @property
    def sample_rate_hz(self) -> int:
        """May change from one call to the next, with the device."""

    def newest(self, into: Samples) -> float | None:
        """Fill ``into`` (2, n) with the n frames that end with the one heard now; gives its place in seconds.

        None where nothing sounds; ``into`` is then untouched.
        """

    def wait_until_sounding(self, timeout_seconds: float) -> bool: ...


@dataclass(frozen=True, slots=True)
class HeardNow:
    """What the feeder knew at ``at`` (monotonic seconds): frame ``frame`` of ``wet`` was heard, at ``seconds`` of the
    music, and the sound card had frames up to ``fed``."""

    wet: NDArray[np.float32]
    sample_rate_hz: int
    at: float
    frame: float
    fed: int
    seconds: float

    def frame_at(self, now: float) -> float:
        return min(self.frame + max(0.0, now - self.at) * self.sample_rate_hz, float(self.fed))

    def seconds_at(self, now: float) -> float:
        return self.seconds + (self.frame_at(now) - self.frame) / self.sample_rate_hz


class PlaybackTap:
    """Reads the playback ring where it is heard, behind what was fed by all that ring and device hold.

    The ring remembers more than a second, so nothing is copied until someone looks.
    """

    def __init__(self) -> None:
        self._heard: HeardNow | None = None
        self._rate_hz = _USUAL_RATE_HZ
        self._sounding = threading.Event()

    @property
    def sample_rate_hz(self) -> int:
        return self._rate_hz

    def publish(self, heard: HeardNow | None) -> None:
        """From the feeder, some fifty times a second; None where nothing sounds."""
        self._heard = heard
        if heard is None:
            self._sounding.clear()
        else:
            self._rate_hz = heard.sample_rate_hz
            self._sounding.set()

    def newest(self, into: Samples) -> float | None:
        heard = self._heard
        if heard is None or heard.sample_rate_hz != self._rate_hz:
            return None
        now = time.monotonic()
        end = int(heard.frame_at(now))
        size = heard.wet.shape[0]
        start = end - into.shape[1]
        missing = max(0, -start)
        into[:, :missing] = 0.0
        done = missing
        while done < into.shape[1]:
            at = (start + done) % size
            count = min(into.shape[1] - done, size - at)
            into[:, done : done + count] = heard.wet[at : at + count].T
            done += count
        return heard.seconds_at(now)

    def wait_until_sounding(self, timeout_seconds: float) -> bool:
        return self._sounding.wait(timeout_seconds)
