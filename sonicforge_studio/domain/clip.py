"""Short audio in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain.errors import EmptyAudio

Samples = NDArray[np.float32]
"""float32, shape ``(channels, frames)``, full scale at ±1."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A piece of audio: ``samples`` float32 of shape ``(channels, frames)`` and its rate in Hz.

    Raises ``ValueError`` where the samples have another shape or type, or the rate is not positive: those are
    mistakes of the caller, not of the music.
    """

    samples: Samples
    sample_rate_hz: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32:
            raise ValueError(
                f"a clip holds float32 (channels, frames), not {self.samples.dtype} of shape {self.samples.shape}"
            )
        if self.sample_rate_hz <= 0:
            raise ValueError(f"a sample rate is positive, not {self.sample_rate_hz}")

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        return int(self.samples.shape[1])

    @property
    def duration_seconds(self) -> float:
        return self.frames / self.sample_rate_hz

    def part(self, start: int, frames: int) -> Samples:
        """Up to ``frames`` frames from ``start`` on, as many as are there; no copy."""
        return self.samples[:, start : start + frames]

    def mono(self) -> Samples:
        """The mean of the channels, shape ``(frames,)``."""
        if self.channels == 1:
            only: Samples = self.samples[0]
            return only
        mean: Samples = np.mean(self.samples, axis=0, dtype=np.float32)
        return mean

    def require_frames(self) -> Clip:
        """This clip; raises ``EmptyAudio`` where it has no frames."""
        if self.frames == 0 or self.channels == 0:
            raise EmptyAudio()
        return self
