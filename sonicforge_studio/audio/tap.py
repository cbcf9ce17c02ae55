"""What is heard now, for whoever measures or draws it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Samples

TAP_CHANNELS = 2
USUAL_RATE_HZ = 48_000
_STREAM_BITS = 32


@dataclass(frozen=True, slots=True, eq=False)
class TapPlace:
    """Where a tap stands, and the memory to read from: float32 ``(size, channels)``, frame ``i`` at ``i % size``.

    ``end`` counts the frames heard so far, so that whoever remembers it reads on from there; what lies before
    ``oldest`` is overwritten, and what lies up to ``known`` will be heard next, if nobody seeks. ``stream`` changes
    where frames are counted anew (another device), ``piece`` with each track. ``seconds`` is the place in the music.
    """

    memory: NDArray[np.float32]
    sample_rate_hz: int
    stream: int
    piece: int
    oldest: int
    end: int
    known: int
    seconds: float

    def read(self, start: int, into: Samples) -> None:
        """Fill ``into`` (2, n) with the n frames from ``start`` on; silence for what lies before the first frame."""
        size = self.memory.shape[0]
        done = min(max(0, -start), into.shape[1])
        into[:, :done] = 0.0
        while done < into.shape[1]:
            at = (start + done) % size
            count = min(into.shape[1] - done, size - at)
            into[:, done : done + count] = self.memory[at : at + count].T
            done += count


class Tap(Protocol):
    """A place to listen at: what is played, or what is recorded. Any thread may ask."""

    @property
    def sample_rate_hz(self) -> int:
        """May change from one call to the next, with the device."""

    def place(self) -> TapPlace | None:
        """What is heard now; None where nothing sounds."""

    def wait_until_sounding(self, timeout_seconds: float) -> bool: ...


@dataclass(frozen=True, slots=True, eq=False)
class HeardNow:
    """What the feeder knew at ``at`` (monotonic seconds): frame ``frame`` of ``memory`` was heard, at ``seconds`` of
    the music, and the sound card had frames up to ``fed``. ``memory`` holds the frames before volume: a picture that
    followed the fader could not be compared with another."""

    memory: NDArray[np.float32]
    sample_rate_hz: int
    at: float
    frame: float
    fed: int
    seconds: float
    piece: int = 0

    def frame_at(self, now: float) -> float:
        return min(self.frame + max(0.0, now - self.at) * self.sample_rate_hz, float(self.fed))

    def seconds_at(self, now: float) -> float:
        return self.seconds + (self.frame_at(now) - self.frame) / self.sample_rate_hz


class PlaybackTap:
    """Reads the playback ring where it is heard, behind what was fed by all that ring and device hold.

    The ring remembers more than a second, so nothing is copied until someone looks.
    """

    def __init__(self) -> None:
        self._heard: tuple[HeardNow, int] | None = None
        self._memory: NDArray[np.float32] | None = None
        self._stream = 0
        self._rate_hz = USUAL_RATE_HZ
        self._sounding = threading.Event()

    @property
    def sample_rate_hz(self) -> int:
        return self._rate_hz

    def publish(self, heard: HeardNow | None) -> None:
        """From the feeder, some fifty times a second; None where nothing sounds."""
        if heard is None:
            self._heard = None
            self._sounding.clear()
            return
        if heard.memory is not self._memory:
            self._memory = heard.memory
            self._stream += 1
        self._rate_hz = heard.sample_rate_hz
        self._heard = (heard, self._stream)
        self._sounding.set()

    def place(self) -> TapPlace | None:
        told = self._heard
        if told is None:
            return None
        heard, stream = told
        now = time.monotonic()
        return TapPlace(
            heard.memory,
            heard.sample_rate_hz,
            stream,
            heard.piece,
            # The feeder may be writing its next block where the oldest frames lie.
            max(0, heard.fed - heard.memory.shape[0] + heard.sample_rate_hz // 2),
            int(heard.frame_at(now)),
            heard.fed,
            heard.seconds_at(now),
        )

    def wait_until_sounding(self, timeout_seconds: float) -> bool:
        return self._sounding.wait(timeout_seconds)


class TapSwitch:
    """One tap for all who measure, which listens at another: what plays, or what is captured."""

    def __init__(self, tap: Tap) -> None:
        self._chosen = (tap, 0)

    @property
    def sample_rate_hz(self) -> int:
        return self._chosen[0].sample_rate_hz

    def choose(self, tap: Tap) -> None:
        """Listen there from now on. Frames are then counted anew."""
        before, turn = self._chosen
        if tap is not before:
            self._chosen = (tap, turn + 1)

    def place(self) -> TapPlace | None:
        tap, turn = self._chosen
        place = tap.place()
        return None if place is None else replace(place, stream=place.stream + (turn << _STREAM_BITS))

    def wait_until_sounding(self, timeout_seconds: float) -> bool:
        return self._chosen[0].wait_until_sounding(timeout_seconds)
