"""Sound that is heard while it is made: one thread writes, any number of sources read along."""

from __future__ import annotations

import threading
from pathlib import Path

from sonicforge_studio.audio.spool import Spool
from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.errors import OutputError


class GrowingClip:
    """Collects what one thread writes; ``open_source`` gives a reader of its own to whoever listens.

    All of it stays on the disk, in a ``Spool``, for one may go back to its beginning at any time. Where that cannot be
    it breaks off: readers raise ``DiskFull`` or ``OutputNotWritable`` there, and whoever writes goes on undisturbed.
    """

    def __init__(
        self, sample_rate_hz: int, channels: int, frames: int | None = None, folder: Path | None = None
    ) -> None:
        """``frames`` is the length where it is known beforehand; what is written in the end decides. The
        ``Spool`` lies in ``folder``. Raises ``DiskFull`` or ``OutputNotWritable`` where there can be none."""
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self._announced = frames
        self._spool = Spool(sample_rate_hz, channels, folder)
        self._written = 0
        self._over = False
        self._error: Exception | None = None
        self._grown = threading.Condition()

    @property
    def written(self) -> int:
        """Frames that are there."""
        return self._written

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self._over

    @property
    def frames(self) -> int | None:
        """The length: what was announced, and once it is over, what was written."""
        return self._written if self._over else self._announced

    @property
    def error(self) -> Exception | None:
        """Why it broke off, where it did."""
        return self._error

    def write(self, block: Samples) -> None:
        """Append a block of shape ``(channels, n)``, any n; it is copied. What comes after the end is ignored."""
        if self._over:
            return
        try:
            self._spool.write(block)
        except OutputError as error:
            self.fail(error)
            return
        with self._grown:
            self._written = self._spool.frames
            self._grown.notify_all()

    def finish(self) -> None:
        """It is complete."""
        with self._grown:
            self._over = True
            self._grown.notify_all()

    def fail(self, error: Exception) -> None:
        """No more will come; readers raise ``error`` where it broke off."""
        if not self._over:
            self._error = error
        self.finish()

    def open_source(self) -> GrowingSource:
        return GrowingSource(self)

    def part(self, start: int, frames: int) -> Samples:
        """Up to ``frames`` frames from ``start`` on, as many as are there."""
        return self._spool.part(start, frames)

    def wait_for(self, frame: int) -> None:
        """Wait until this frame is there or nothing more will come. Raises what ``fail`` was given."""
        with self._grown:
            self._grown.wait_for(lambda: self._written > frame or self._over)
        if self._written <= frame and self._error is not None:
            raise self._error


class GrowingSource:
    """Reads a ``GrowingClip`` from its beginning. ``read`` waits for what is still to come; whoever must not wait asks
    ``ready_frames`` first, as the player does. A seek goes no further than what is there."""

    def __init__(self, clip: GrowingClip) -> None:
        self._clip = clip
        self._position = 0

    @property
    def sample_rate_hz(self) -> int:
        return self._clip.sample_rate_hz

    @property
    def channels(self) -> int:
        return self._clip.channels

    @property
    def frames(self) -> int | None:
        return self._clip.frames

    @property
    def reachable_frames(self) -> int:
        """How far one may seek now."""
        return self._clip.written

    @property
    def ready_frames(self) -> int | None:
        """How many can be read without waiting; None where nothing more will come, so that no read waits."""
        over = self._clip.over
        return None if over else max(0, self._clip.written - self._position)

    def read(self, frames: int) -> Samples:
        self._clip.wait_for(self._position)
        block = self._clip.part(self._position, frames)
        self._position += block.shape[1]
        return block

    def seek(self, frame: int) -> None:
        self._position = min(max(0, frame), self._clip.written)

    def close(self) -> None:
        """Nothing is held open."""
