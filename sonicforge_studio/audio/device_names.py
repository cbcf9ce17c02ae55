"""A device by the name that a person gives it: exactly, or any part that only one of them has."""

from __future__ import annotations

from typing import TypeVar

from sonicforge_studio.audio.devices import NO_INPUT, Devices, InputDevice, OutputDevice
from sonicforge_studio.domain.errors import NoSoundDevice, UnknownDevice

MONITOR = "monitor"
"""Stands for what the default output plays."""

_Device = TypeVar("_Device", InputDevice, OutputDevice)


def find_input(devices: Devices, name: str) -> InputDevice:
    """Raises ``NoSoundDevice`` where there is no input at all, and ``UnknownDevice`` where none or several fit."""
    found = devices.inputs()
    if not found:
        raise NoSoundDevice(NO_INPUT)
    if name.casefold() == MONITOR:
        heard = next((device for device in found if device.of_default_output), None)
        if heard is not None:
            return heard
    return _fitting(found, name)


def find_output(devices: Devices, name: str) -> OutputDevice:
    """Raises as ``find_input``."""
    found = devices.outputs()
    if not found:
        raise NoSoundDevice()
    return _fitting(found, name)


def _fitting(found: tuple[_Device, ...], wanted: str) -> _Device:
    wanted = wanted.strip().casefold()
    known = [(device, [name.casefold() for name in _names(device)]) for device in found]
    exact = [device for device, names in known if wanted in names]
    partly = [device for device, names in known if wanted and any(wanted in name for name in names)]
    for fitting in (exact, partly):
        if len(fitting) == 1:
            return fitting[0]
    several = exact or partly
    if several:
        # On Windows each device is there once for every sound system, under the same name.
        listed = " or ".join(f'"{device.name}, {device.host_api}"' for device in several)
        raise UnknownDevice("Several sound devices have this name.", hint=f"Name one in full: {listed}.")
    raise UnknownDevice(hint="There is " + ", ".join(f'"{device.name}"' for device in found) + ".")


def _names(device: InputDevice | OutputDevice) -> tuple[str, ...]:
    names = (device.name, f"{device.name}, {device.host_api}")
    return (*names, device.source) if isinstance(device, InputDevice) and device.source else names
