"""The device that is played on: the chosen one, or the machine's default where that is not there."""

from __future__ import annotations

from sonicforge_studio.audio._line import Line
from sonicforge_studio.audio.devices import Devices, Output, OutputDevice
from sonicforge_studio.domain.errors import NoSoundDevice


class Outlet:
    """Holds at most one line. For one thread."""

    def __init__(self, devices: Devices, latency_seconds: float) -> None:
        self._devices = devices
        self._latency_seconds = latency_seconds
        self.chosen: OutputDevice | None = None
        self.line: Line | None = None

    @property
    def device(self) -> str | None:
        """The name of the device that is open."""
        return None if self.line is None else self.line.output.device.name

    def open(self) -> Line:
        """The open line, or a new one. Raises ``NoSoundDevice``."""
        if self.line is None or not self.line.ready:
            self.close()
            self.line = Line(self._open_output())
        return self.line

    def look(self) -> tuple[OutputDevice, ...]:
        """Look again for devices; what was plugged in since is found where no line is open."""
        return self._devices.probe()

    def close(self) -> None:
        line, self.line = self.line, None
        if line is not None:
            line.output.close()

    def _open_output(self) -> Output:
        for look in (False, True):
            try:
                if look:
                    self._devices.probe()
                return self._devices.open_output(self.chosen, self._latency_seconds)
            except NoSoundDevice:
                if look and self.chosen is None:
                    raise
        return self._devices.open_output(None, self._latency_seconds)
