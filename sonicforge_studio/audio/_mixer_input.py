"""A sounddevice stream whose callback is rtmixer's C code, for recording: no Python runs on the sound card's thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import rtmixer
import sounddevice
from numpy.typing import NDArray

from sonicforge_studio.audio._pulse_sources import SourceWatch
from sonicforge_studio.audio._sound_thread import SoundThread
from sonicforge_studio.audio.devices import InputDevice

_CLOSE_SECONDS = 0.5
_RING_SECONDS = 4.0
"""More than the interpreter is ever busy; an idle null sink delivers two seconds at once."""


class MixerInput:
    """An ``Input`` on a device of this machine; made on ``thread``, which is PortAudio's. Raises ``PortAudioError``
    where it cannot be opened."""

    def __init__(
        self,
        device: InputDevice,
        latency_seconds: float,
        channels: int,
        thread: SoundThread,
        closed: Callable[[], None],
    ) -> None:
        self.device = device
        self.sample_rate_hz = device.default_rate_hz
        self.channels = channels
        self._thread = thread
        self._closed = closed
        self._watch = SourceWatch(device.source) if device.source else None
        self._recorder = rtmixer.Recorder(
            device=device.index, channels=channels, samplerate=self.sample_rate_hz, latency=latency_seconds
        )
        self._overflows = 0
        try:
            size = 1 << int(_RING_SECONDS * self.sample_rate_hz).bit_length()
            self._ring = rtmixer.RingBuffer(channels * np.dtype(np.float32).itemsize, size)
            self._action: Any = self._recorder.record_ringbuffer(self._ring)
            self._recorder.start()
        except BaseException:
            self._recorder.close()
            raise

    @property
    def latency_seconds(self) -> float:
        return float(self._recorder.latency)

    @property
    def alive(self) -> bool:
        with suppress(sounddevice.PortAudioError):
            return bool(self._recorder.active) and not (self._watch is not None and self._watch.gone)
        return False

    @property
    def overflows(self) -> int:
        return self._overflows + int(self._action.stats.input_overflows)

    def read(self, into: NDArray[np.float32]) -> int:
        count = int(self._ring.readinto(into)) if into.shape[0] else 0
        if self._action not in self._recorder.actions:
            # The ring was full, which ends the callback's work for good.
            self._overflows = self.overflows + 1
            self._action = self._recorder.record_ringbuffer(self._ring)
        return count

    def close(self) -> None:
        self._thread.see_to(self.shut, _CLOSE_SECONDS)

    def shut(self) -> None:
        """``close``, on PortAudio's thread; waits as long as that takes."""
        # A device that is gone makes PortAudio complain of what no one can mend.
        with suppress(sounddevice.PortAudioError):
            self._recorder.abort()
        with suppress(sounddevice.PortAudioError):
            self._recorder.close()
        self._closed()
