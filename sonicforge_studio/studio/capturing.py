"""A recording from its first frame to its last, for whoever waits for it; and what there is to record from."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sonicforge_studio.audio import (
    Capture,
    CaptureState,
    Devices,
    InputDevice,
    OutputDevice,
    Recorded,
    find_input,
    system_devices,
)
from sonicforge_studio.domain import Cancelled
from sonicforge_studio.domain.errors import BadSetting, EmptyAudio
from sonicforge_studio.studio.compose import Studio

__all__ = ["CaptureState", "KnownDevice", "Recorded", "every_device", "record_through"]

_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """One line of the list: a device that plays, one to record from, or the monitor of what one plays."""

    kind: Literal["output", "input", "monitor"]
    name: str
    host_api: str
    channels: int
    sample_rate_hz: int
    default: bool
    """Whether it is taken where no device is named; a monitor, whether it is that of the default output."""


def every_device(devices: Devices | None = None) -> list[KnownDevice]:
    """What plays, what can be recorded from, and what can be listened in on."""
    devices = devices or system_devices()
    return [
        *(_known("output", device, device.default) for device in devices.outputs()),
        *(_known("input", device, device.default) for device in devices.inputs() if not device.monitor),
        *(_known("monitor", device, device.of_default_output) for device in devices.inputs() if device.monitor),
    ]


def _known(
    kind: Literal["output", "input", "monitor"], device: OutputDevice | InputDevice, default: bool
) -> KnownDevice:
    return KnownDevice(kind, device.name, device.host_api, device.channels, device.default_rate_hz, default)


def record_through(
    studio: Studio,
    input_name: str | None,
    out: Path | None,
    look: Callable[[CaptureState], bool],
    *,
    seconds: float | None = None,
    channels: int | None = None,
    overwrite: bool = False,
    devices: Devices | None = None,
) -> Recorded:
    """Record for ``seconds``, or until ``look``, which is shown the state some twenty times a second, says True.

    Where the device goes away or the disk is full, what came until then is kept, and ``error`` says why it ended.
    Raises ``NoSoundDevice``, ``UnknownDevice``, ``BadSetting`` for more channels than could be opened, ``Cancelled``
    where ``look`` ends it before a frame came, and as ``RecordingDesk`` does.
    """
    devices = devices or system_devices()
    device = None if input_name is None else find_input(devices, input_name)
    with Capture(devices, latency_seconds=studio.settings.capture_latency_seconds) as capture:
        capture.listen(device, channels)
        while (state := capture.wait_until_open(_LOOK_SECONDS)).status == "opening":
            if look(state):
                raise Cancelled()
        known = device or next((found for found in devices.inputs() if found.default), None)
        if state.status == "no-device" and known is not None and channels is not None and channels > known.channels:
            raise BadSetting(
                f'"{known.name}" has {known.channels} channels, not {channels}.', hint="Ask for fewer of them."
            ) from state.error
        asked = False
        studio.recordings.start(capture, out, overwrite=overwrite, seconds=seconds)
        while (state := capture.state).status == "recording" and state.error is None:
            if (asked := look(state)) or (seconds is not None and state.seconds >= seconds):
                break
            time.sleep(_LOOK_SECONDS)
        try:
            return studio.recordings.stop(capture)
        except EmptyAudio:
            if asked:
                raise Cancelled() from None
            raise
