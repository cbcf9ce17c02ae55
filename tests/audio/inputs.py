"""A device to record from that brings exactly what a test gives it, when the test gives it."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio.devices import Input, InputDevice, NoDevices
from sonicforge_studio.domain.errors import NoSoundDevice

RATE_HZ = 48_000


class GivenInput:
    """An ``Input`` whose driver is the test."""

    def __init__(self, channels: int = 2, rate_hz: int = RATE_HZ) -> None:
        self.device = InputDevice(0, "given", "test", channels, rate_hz, default=True)
        self.sample_rate_hz = rate_hz
        self.channels = channels
        self.latency_seconds = 0.02
        self.alive = True
        self.overflows = 0
        self.closed = False
        self._waiting = np.zeros((0, channels), np.float32)
        self._lock = threading.Lock()

    def give(self, block: NDArray[np.float32]) -> None:
        """The driver brings ``block`` (channels, n)."""
        with self._lock:
            self._waiting = np.concatenate((self._waiting, block.T.astype(np.float32)))

    def read(self, into: NDArray[np.float32]) -> int:
        with self._lock:
            count = min(into.shape[0], self._waiting.shape[0])
            into[:count] = self._waiting[:count]
            self._waiting = self._waiting[count:]
            return count

    def close(self) -> None:
        assert not self.closed, "a device is given back once"
        self.closed = True


class GivenDevices(NoDevices):
    """A machine whose only input is the one given, while it is plugged in."""

    def __init__(self, *inputs: GivenInput) -> None:
        self._coming = list(inputs)

    def inputs(self) -> tuple[InputDevice, ...]:
        return tuple(one.device for one in self._coming[:1])

    def open_input(self, device: InputDevice | None, latency_seconds: float, channels: int | None = None) -> Input:
        if not self._coming:
            raise NoSoundDevice()
        return self._coming.pop(0)


def noise(seconds: float, channels: int = 2, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.5, 0.5, (channels, round(seconds * RATE_HZ))).astype(np.float32)
