"""Sound of any length while it is worked on: on the disk, so that memory stays flat."""

from __future__ import annotations

from pathlib import Path

from sonicforge_studio.audio._pcm import interleaved, planar
from sonicforge_studio.audio._spool_file import SpoolFile
from sonicforge_studio.audio.clips import ClipSource
from sonicforge_studio.domain import Clip, Samples

_SAMPLE_BYTES = 4


class Spool:
    """A sink that keeps what is written, float32 as it is, and gives it back to any number of sources.

    One thread writes, any thread reads. It has no name on the disk and is gone with the last who holds it, or with the
    process.
    """

    def __init__(self, sample_rate_hz: int, channels: int, folder: Path | None = None) -> None:
        """In ``folder``, else in the system's folder for such files. Raises ``DiskFull`` or ``OutputNotWritable``."""
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self._file = SpoolFile(folder)
        self._frames = 0

    @property
    def frames(self) -> int:
        """Frames that are there."""
        return self._frames

    def write(self, block: Samples) -> None:
        """Append a block of shape ``(channels, n)``; raises ``DiskFull`` or ``OutputNotWritable``."""
        if block.shape[1]:
            self._file.write_at(self._frames * self._frame_bytes, interleaved(block).data)
            self._frames += block.shape[1]

    def close(self) -> None:
        """It is complete: nothing is left to do."""

    def abandon(self) -> None:
        """Forget what was written, and give its room on the disk back."""
        self._frames = 0
        self._file.empty()

    def part(self, start: int, frames: int) -> Samples:
        """Up to ``frames`` frames from ``start`` on, as many as are there; ``InputError`` where the disk fails."""
        count = max(0, min(frames, self._frames - start))
        data = self._file.read_at(start * self._frame_bytes, count * self._frame_bytes)
        return planar(data, self.channels)

    def open_source(self) -> ClipSource:
        return ClipSource(self)

    def clip(self) -> Clip:
        """All of it in memory."""
        return Clip(self.part(0, self._frames), self.sample_rate_hz)

    @property
    def _frame_bytes(self) -> int:
        return _SAMPLE_BYTES * self.channels
