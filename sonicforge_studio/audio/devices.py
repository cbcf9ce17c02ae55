"""Sound devices: which there are, and how to open one. A machine without any is a state, not an error."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain.errors import NoSoundDevice

_NO_PORTAUDIO_HINT = "Install PortAudio (Debian: libportaudio2), or go on without sound: everything else works."


@dataclass(frozen=True, slots=True)
class OutputDevice:
    """A device that plays. ``name`` with ``host_api`` tells it from others; ``index`` holds until the next probe."""

    index: int
    name: str
    host_api: str
    channels: int
    default_rate_hz: int
    default: bool = False


class Ring(Protocol):
    """A lock-free ring of frames, written by one thread and drained by the sound card's (PortAudio's ring buffer)."""

    @property
    def read_available(self) -> int:
        """Frames written and not yet taken by the sound card."""

    def advance_write_index(self, size: int) -> int:
        """Hand ``size`` more frames to the sound card; take them back where negative."""


class Output(Protocol):
    """An open stream to a device. All its methods are called from one thread."""

    @property
    def device(self) -> OutputDevice: ...

    @property
    def sample_rate_hz(self) -> int: ...

    @property
    def channels(self) -> int: ...

    @property
    def latency_seconds(self) -> float:
        """From the ring to the ear, as the driver tells it."""

    @property
    def alive(self) -> bool:
        """False once the device is gone."""

    @property
    def draining(self) -> bool:
        """Whether the sound card takes frames from the ring; it stops for good where it once finds too few."""

    @property
    def underruns(self) -> int:
        """How often the driver itself ran dry while the ring was drained, since the stream was opened."""

    def attach(self, frames: NDArray[np.float32]) -> Ring:
        """A ring over this memory, float32 ``(size, channels)``, the size a power of two."""

    def start(self) -> None:
        """Let the sound card drain the attached ring."""

    def halt(self) -> None:
        """Stop draining; returns once the sound card has let go of the ring."""

    def heard_frames(self) -> float:
        """How many frames since ``start`` have been heard."""

    def close(self) -> None:
        """Give the device back. Never raises, not even where the device is gone."""


class Devices(Protocol):
    """Where sound can go. ``SystemDevices`` is the machine's; a test or a server passes its own."""

    def outputs(self) -> tuple[OutputDevice, ...]:
        """What was found by the last probe; empty where there is none. Returns at once after the first call."""

    def probe(self) -> tuple[OutputDevice, ...]:
        """Look again: what was plugged in since is found. Streams that are open are left alone, and then nothing new
        is seen."""

    def open_output(self, device: OutputDevice | None, latency_seconds: float) -> Output:
        """Open a device, or the default one. Raises ``NoSoundDevice``."""


class NoDevices:
    """A machine without sound."""

    def outputs(self) -> tuple[OutputDevice, ...]:
        return ()

    def probe(self) -> tuple[OutputDevice, ...]:
        return ()

    def open_output(self, device: OutputDevice | None, latency_seconds: float) -> Output:
        raise NoSoundDevice()


class SystemDevices:
    """The machine's devices, through PortAudio, which is loaded when first asked for: it may be missing.

    PortAudio exists once in a process, so this should too: take it from ``system_devices``.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._found: tuple[OutputDevice, ...] | None = None
        self._open_streams = 0
        self._missing: OSError | None = None

    def outputs(self) -> tuple[OutputDevice, ...]:
        found = self._found
        return self.probe() if found is None else found

    def default_output(self) -> OutputDevice | None:
        outputs = self.outputs()
        return next((device for device in outputs if device.default), outputs[0] if outputs else None)

    def probe(self) -> tuple[OutputDevice, ...]:
        with self._lock:
            sound = self._portaudio()
            if sound is None:
                self._found = ()
                return ()
            if not self._open_streams:
                # PortAudio lists devices only when it starts, and has no other way to look again.
                sound._terminate()
                sound._initialize()
            self._found = _list_outputs(sound)
            return self._found

    def open_output(self, device: OutputDevice | None, latency_seconds: float) -> Output:
        with self._lock:
            sound = self._portaudio()
            if sound is None:
                raise NoSoundDevice(f"Sound is not available: {self._missing}.", hint=_NO_PORTAUDIO_HINT)
            wanted = self._find(device)
            if wanted is None:
                raise NoSoundDevice()
            # rtmixer loads PortAudio as soon as it is imported.
            from sonicforge_studio.audio._mixer_output import MixerOutput

            try:
                output = MixerOutput(wanted, latency_seconds, self._closed)
            except (sound.PortAudioError, ValueError) as error:
                raise NoSoundDevice(
                    f'The sound device "{wanted.name}" cannot be opened ({error}).',
                    hint="Close other programs that use it or choose another device; everything else works.",
                ) from error
            self._open_streams += 1
            return output

    def _closed(self) -> None:
        with self._lock:
            self._open_streams -= 1

    def _find(self, device: OutputDevice | None) -> OutputDevice | None:
        """The device as it is listed now (indices change from probe to probe), or the default one."""
        if device is None:
            return self.default_output()
        same = (found for found in self.outputs() if (found.name, found.host_api) == (device.name, device.host_api))
        return next(same, None)

    def _portaudio(self) -> ModuleType | None:
        if self._missing is None:
            try:
                import sounddevice
            except OSError as error:
                self._missing = error
            else:
                module: ModuleType = sounddevice
                return module
        return None


@functools.cache
def system_devices() -> SystemDevices:
    """The machine's devices, the same object at every call."""
    return SystemDevices()


def _list_outputs(sound: Any) -> tuple[OutputDevice, ...]:
    try:
        apis = [api["name"] for api in sound.query_hostapis()]
        default = sound.default.device[1]
        return tuple(
            OutputDevice(
                index=int(entry["index"]),
                name=str(entry["name"]),
                host_api=str(apis[entry["hostapi"]]),
                channels=int(entry["max_output_channels"]),
                default_rate_hz=round(entry["default_samplerate"]),
                default=entry["index"] == default,
            )
            for entry in sound.query_devices()
            if entry["max_output_channels"] > 0
        )
    except sound.PortAudioError:
        return ()
