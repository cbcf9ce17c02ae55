"""A sounddevice stream whose callback is rtmixer's C code: no Python runs on the sound card's thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import rtmixer
import sounddevice
from numpy.typing import NDArray

from sonicforge_studio.audio._clock import HeardClock
from sonicforge_studio.audio._sound_thread import SoundThread
from sonicforge_studio.audio._urgency import urgent_threads
from sonicforge_studio.audio.devices import OutputDevice, Ring

_HALT_SECONDS = 1.0
"""A callback comes every few milliseconds; one that has not come for so long never will."""
_CLOSE_SECONDS = 0.5


class MixerOutput:
    """An ``Output`` on a device of this machine; made on ``thread``, which is PortAudio's. Raises ``PortAudioError``
    where it cannot be opened."""

    def __init__(
        self, device: OutputDevice, latency_seconds: float, thread: SoundThread, closed: Callable[[], None]
    ) -> None:
        self.device = device
        self.sample_rate_hz = device.default_rate_hz
        self.channels = min(2, device.channels)
        self._thread = thread
        self._closed = closed
        with urgent_threads():
            self._mixer = rtmixer.Mixer(
                device=device.index, channels=self.channels, samplerate=self.sample_rate_hz, latency=latency_seconds
            )
            try:
                self._mixer.start()
            except BaseException:
                self._mixer.close()
                raise
        self._ring: Any = None
        self._action: Any = None
        self._underruns = 0
        self._clock = HeardClock(self.sample_rate_hz)

    @property
    def latency_seconds(self) -> float:
        return float(self._mixer.latency)

    @property
    def alive(self) -> bool:
        return bool(self._mixer.active)

    @property
    def draining(self) -> bool:
        return self._action is not None and self._action in self._mixer.actions

    @property
    def underruns(self) -> int:
        return self._underruns + (0 if self._action is None else int(self._action.stats.output_underflows))

    def attach(self, frames: NDArray[np.float32]) -> Ring:
        self._ring = rtmixer.RingBuffer(frames.itemsize * self.channels, buffer=frames)
        ring: Ring = self._ring
        return ring

    def start(self) -> None:
        self._underruns = self.underruns
        self._action = self._mixer.play_ringbuffer(self._ring)
        self._clock = HeardClock(self.sample_rate_hz)

    def halt(self) -> None:
        if not self.draining:
            return
        self._mixer.cancel(self._action)
        deadline = time.monotonic() + _HALT_SECONDS
        while self.draining and self.alive and time.monotonic() < deadline:
            time.sleep(0.002)

    def heard_frames(self) -> float:
        if self._action is None or not self._action.done_frames:
            return 0.0
        return self._clock.heard(
            float(self._mixer.time),
            int(self._action.done_frames),
            float(self._action.actual_time),
            self.latency_seconds,
        )

    def close(self) -> None:
        self._thread.see_to(self.shut, _CLOSE_SECONDS)

    def shut(self) -> None:
        """``close``, on PortAudio's thread; waits as long as that takes."""
        # A device that is gone makes PortAudio complain of what no one can mend.
        with suppress(sounddevice.PortAudioError):
            self._mixer.abort()
        with suppress(sounddevice.PortAudioError):
            self._mixer.close()
        self._action = None
        self._closed()
