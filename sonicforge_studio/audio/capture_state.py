"""What a capture is doing, as one frozen picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sonicforge_studio.audio.devices import InputDevice
from sonicforge_studio.domain.errors import StudioError

CaptureStatus = Literal["closed", "opening", "listening", "recording", "device-lost", "no-device"]


@dataclass(frozen=True, slots=True)
class CaptureState:
    """``error`` is why nothing is heard, or why a recording broke off; it goes with the next command."""

    status: CaptureStatus = "closed"
    device: InputDevice | None = None
    sample_rate_hz: int | None = None
    channels: int = 0
    seconds: float = 0.0
    """Recorded so far; 0 where nothing is recorded."""
    overflows: int = 0
    """How often sound was lost on its way since listening began, at the device or because the disk was too slow."""
    levels_dbfs: tuple[float, ...] = ()
    """The peak of each channel, falling 20 dB a second; −∞ for silence."""
    path: Path | None = None
    """The file that is being recorded."""
    error: StudioError | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded and stands in its file. ``error`` is what ended it early; what came before is kept."""

    path: Path
    frames: int
    sample_rate_hz: int
    channels: int
    overflows: int
    """How often sound was lost meanwhile; what a slow disk lost is silence in the file, so that time stays right."""
    error: StudioError | None = None

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate_hz
