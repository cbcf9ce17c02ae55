"""Sound devices: which there are, and how to open one. A machine without any is a state, not an error."""

from __future__ import annotations

import atexit
import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio._pulse_sources import PulseSource, pulse_sources
from sonicforge_studio.audio._sound_thread import NoAnswer, SoundThread
from sonicforge_studio.domain.errors import NoSoundDevice

if TYPE_CHECKING:
    from sonicforge_studio.audio._mixer_input import MixerInput
    from sonicforge_studio.audio._mixer_output import MixerOutput

NO_INPUT = "No device to record from was found."
_PULSE_PLUGIN = "pulse"
_PULSE_SOURCE = "PULSE_SOURCE"
_LOOK_SECONDS = 1.2
_OPEN_SECONDS = 4.0
"""A wireless device may take some seconds to wake up."""
_NO_ANSWER = "The sound system does not answer."
_NO_ANSWER_HINT = "Its sound server hangs: start that again, or go on without sound: everything else works."
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


@dataclass(frozen=True, slots=True)
class InputDevice:
    """A device to record from, or where ``monitor`` what one plays.

    On Linux a sound server's sources are listed in place of the one device through which ALSA shows them all:
    ``source`` is the server's own name for it. Elsewhere there is what PortAudio finds: what the machine plays can be
    recorded where the system offers it as an input (Windows' "Stereo Mix", BlackHole on a Mac), whose name alone
    tells, so ``monitor`` is False there.
    """

    index: int
    name: str
    host_api: str
    channels: int
    default_rate_hz: int
    default: bool = False
    monitor: bool = False
    of_default_output: bool = False
    """Whether this is the monitor of what the default output plays."""
    source: str = ""


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


class Input(Protocol):
    """An open stream from a device. All its methods are called from one thread at a time."""

    @property
    def device(self) -> InputDevice: ...

    @property
    def sample_rate_hz(self) -> int: ...

    @property
    def channels(self) -> int: ...

    @property
    def latency_seconds(self) -> float:
        """From the air to ``read``, as the driver tells it."""

    @property
    def alive(self) -> bool:
        """False once the device is gone. May take some milliseconds, once a second."""

    @property
    def overflows(self) -> int:
        """How often sound was lost before it was read, since the stream was opened."""

    def read(self, into: NDArray[np.float32]) -> int:
        """Fill ``into``, float32 ``(frames, channels)``, with what has come since the last read, oldest first; how
        many frames that were. Never waits."""

    def close(self) -> None:
        """Give the device back. Never raises, not even where the device is gone."""


class Devices(Protocol):
    """Where sound can go and come from. ``SystemDevices`` is the machine's; a test or a server passes its own."""

    def outputs(self) -> tuple[OutputDevice, ...]:
        """What was found by the last probe; empty where there is none. Returns at once after the first call."""

    def probe(self) -> tuple[OutputDevice, ...]:
        """Look again: what was plugged in since is found. Streams that are open are left alone, and then nothing new
        is seen."""

    def open_output(self, device: OutputDevice | None, latency_seconds: float) -> Output:
        """Open a device, or the default one. Raises ``NoSoundDevice``."""

    def inputs(self) -> tuple[InputDevice, ...]:
        """What was found to record from by the last probe, as ``outputs``."""

    def open_input(self, device: InputDevice | None, latency_seconds: float, channels: int | None = None) -> Input:
        """Open a device, or the default one, with its first ``channels`` (else at most two; a sound server mixes more
        than that down). Raises ``NoSoundDevice``."""


class NoDevices:
    """A machine without sound."""

    def outputs(self) -> tuple[OutputDevice, ...]:
        return ()

    def probe(self) -> tuple[OutputDevice, ...]:
        return ()

    def open_output(self, device: OutputDevice | None, latency_seconds: float) -> Output:
        raise NoSoundDevice()

    def inputs(self) -> tuple[InputDevice, ...]:
        return ()

    def open_input(self, device: InputDevice | None, latency_seconds: float, channels: int | None = None) -> Input:
        raise NoSoundDevice(NO_INPUT)


_Stream = TypeVar("_Stream", "MixerInput", "MixerOutput")
_Device = TypeVar("_Device", InputDevice, OutputDevice)


class SystemDevices:
    """The machine's devices, through PortAudio, which is loaded when first asked for: it may be missing.

    PortAudio exists once in a process, so this should too: take it from ``system_devices``. A sound server that hangs
    holds nobody up: what was found before stands, and there is nothing to open until it answers again.
    """

    def __init__(self) -> None:
        self._thread = SoundThread()
        self._found: tuple[OutputDevice, ...] | None = None
        self._inputs: tuple[InputDevice, ...] = ()
        self._open_streams = 0
        self._loaded: ModuleType | None = None
        self._missing: OSError | None = None

    def outputs(self) -> tuple[OutputDevice, ...]:
        found = self._found
        return self.probe() if found is None else found

    def default_output(self) -> OutputDevice | None:
        return _default(self.outputs())

    def probe(self) -> tuple[OutputDevice, ...]:
        """Returns within about a second, with what is known where PortAudio takes longer."""
        if not self._thread.stuck:
            with suppress(NoAnswer):
                self._thread.ask(self._look, _LOOK_SECONDS)
        return self._found or ()

    def open_output(self, device: OutputDevice | None, latency_seconds: float) -> Output:
        return self._opened(lambda: self._open_output(device, latency_seconds), lambda output: output.shut())

    def inputs(self) -> tuple[InputDevice, ...]:
        self.outputs()
        return self._inputs

    def default_input(self) -> InputDevice | None:
        return _default(self.inputs())

    def open_input(self, device: InputDevice | None, latency_seconds: float, channels: int | None = None) -> Input:
        return self._opened(lambda: self._open_input(device, latency_seconds, channels), lambda opened: opened.shut())

    def _opened(self, opening: Callable[[], _Stream], shut: Callable[[_Stream], None]) -> _Stream:
        try:
            return self._thread.ask(opening, _LOOK_SECONDS if self._thread.stuck else _OPEN_SECONDS, too_late=shut)
        except NoAnswer as error:
            raise NoSoundDevice(_NO_ANSWER, hint=_NO_ANSWER_HINT) from error

    # On PortAudio's thread

    def _look(self) -> None:
        sound = self._portaudio()
        if sound is None:
            self._found = self._inputs = ()
            return
        if not self._open_streams:
            # PortAudio lists devices only when it starts, and has no other way to look again.
            sound._terminate()
            sound._initialize()
        self._inputs = _with_sources(_list_inputs(sound), pulse_sources())
        self._found = _list_outputs(sound)

    def _open_output(self, device: OutputDevice | None, latency_seconds: float) -> MixerOutput:
        sound = self._portaudio()
        if sound is None:
            raise NoSoundDevice(f"Sound is not available: {self._missing}.", hint=_NO_PORTAUDIO_HINT)
        wanted = self._find(device)
        if wanted is None:
            raise NoSoundDevice()
        # rtmixer loads PortAudio as soon as it is imported.
        from sonicforge_studio.audio._mixer_output import MixerOutput

        try:
            output = MixerOutput(wanted, latency_seconds, self._thread, self._closed)
        except (sound.PortAudioError, ValueError) as error:
            raise NoSoundDevice(
                f'The sound device "{wanted.name}" cannot be opened ({error}).',
                hint="Close other programs that use it or choose another device; everything else works.",
            ) from error
        self._open_streams += 1
        return output

    def _open_input(self, device: InputDevice | None, latency_seconds: float, channels: int | None) -> MixerInput:
        sound = self._portaudio()
        if sound is None:
            raise NoSoundDevice(f"Sound is not available: {self._missing}.", hint=_NO_PORTAUDIO_HINT)
        wanted = self._find_input(device)
        if wanted is None:
            raise NoSoundDevice(NO_INPUT)
        from sonicforge_studio.audio._mixer_input import MixerInput

        channels = channels or min(2, wanted.channels)
        try:
            with _libpulse_records_from(wanted.source):
                opened = MixerInput(wanted, latency_seconds, channels, self._thread, self._closed)
        except (sound.PortAudioError, ValueError) as error:
            raise NoSoundDevice(
                f'"{wanted.name}" cannot be opened to record from it ({error}).',
                hint="Close other programs that use it or choose another device; everything else works.",
            ) from error
        self._open_streams += 1
        return opened

    def _closed(self) -> None:
        self._open_streams -= 1

    def _known_outputs(self) -> tuple[OutputDevice, ...]:
        if self._found is None:
            self._look()
        return self._found or ()

    def _find(self, device: OutputDevice | None) -> OutputDevice | None:
        """The device as it is listed now (indices change from probe to probe), or the default one."""
        outputs = self._known_outputs()
        if device is None:
            return _default(outputs)
        same = (found for found in outputs if (found.name, found.host_api) == (device.name, device.host_api))
        return next(same, None)

    def _find_input(self, device: InputDevice | None) -> InputDevice | None:
        self._known_outputs()
        if device is None:
            return _default(self._inputs)
        wanted = (device.name, device.host_api, device.source)
        same = (found for found in self._inputs if (found.name, found.host_api, found.source) == wanted)
        return next(same, None)

    def _portaudio(self) -> ModuleType | None:
        if self._loaded is None and self._missing is None:
            try:
                import sounddevice
            except OSError as error:
                self._missing = error
            else:
                self._loaded = sounddevice
                # It ends PortAudio when the process ends, on a thread that would wait for a hanging server.
                atexit.unregister(sounddevice._exit_handler)
                atexit.register(self._end, sounddevice._exit_handler)
        return self._loaded

    def _end(self, end_portaudio: Callable[[], None]) -> None:
        self._thread.see_to(end_portaudio, _LOOK_SECONDS)


@functools.cache
def system_devices() -> SystemDevices:
    """The machine's devices, the same object at every call."""
    return SystemDevices()


def _default(devices: tuple[_Device, ...]) -> _Device | None:
    return next((device for device in devices if device.default), devices[0] if devices else None)


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


def _list_inputs(sound: Any) -> tuple[InputDevice, ...]:
    try:
        apis = [api["name"] for api in sound.query_hostapis()]
        default = sound.default.device[0]
        return tuple(
            InputDevice(
                index=int(entry["index"]),
                name=str(entry["name"]),
                host_api=str(apis[entry["hostapi"]]),
                channels=int(entry["max_input_channels"]),
                default_rate_hz=round(entry["default_samplerate"]),
                default=entry["index"] == default,
            )
            for entry in sound.query_devices()
            if entry["max_input_channels"] > 0
        )
    except sound.PortAudioError:
        return ()


def _with_sources(found: tuple[InputDevice, ...], sources: tuple[PulseSource, ...]) -> tuple[InputDevice, ...]:
    """The server's sources where ALSA's plugin opens them, before the devices that are not the server's."""
    plugin = next((device for device in found if (device.host_api, device.name) == ("ALSA", _PULSE_PLUGIN)), None)
    if plugin is None or not sources:
        return found
    named = tuple(
        InputDevice(
            index=plugin.index,
            name=source.title,
            host_api="PulseAudio",
            channels=source.channels,
            default_rate_hz=source.rate_hz,
            default=source.default,
            monitor=source.monitor,
            of_default_output=source.of_default_output,
            source=source.name,
        )
        for source in sources
    )
    others = (device for device in found if device.name not in (_PULSE_PLUGIN, "default"))
    return named + tuple(replace(device, default=False) for device in others)


@contextmanager
def _libpulse_records_from(source: str) -> Iterator[None]:
    """ALSA's plugin opens the server's default source; libpulse, below it, takes another one from the environment."""
    before = os.environ.get(_PULSE_SOURCE)
    if source:
        os.environ[_PULSE_SOURCE] = source
    try:
        yield
    finally:
        if source:
            os.environ.pop(_PULSE_SOURCE)
            if before is not None:
                os.environ[_PULSE_SOURCE] = before
