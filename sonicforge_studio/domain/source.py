"""Audio that flows in blocks, so that memory stays flat whatever its length."""

from __future__ import annotations

from typing import Protocol

from sonicforge_studio.domain.clip import Clip, Samples


class Source(Protocol):
    """Where blocks come from. Read, seek and close are called from one thread at a time."""

    @property
    def sample_rate_hz(self) -> int: ...

    @property
    def channels(self) -> int: ...

    @property
    def frames(self) -> int | None:
        """The length where it is known before the end is reached."""

    def read(self, frames: int) -> Samples:
        """The next block, shape ``(channels, n)`` with ``n <= frames``; ``n == 0`` only at the end."""

    def seek(self, frame: int) -> None:
        """Go on reading from exactly this frame."""

    def close(self) -> None: ...


class Sound(Protocol):
    """Audio of any length that is kept somewhere, to be read as often as it is wanted."""

    @property
    def sample_rate_hz(self) -> int: ...

    @property
    def channels(self) -> int: ...

    @property
    def frames(self) -> int: ...

    def open_source(self) -> Source:
        """A reader of its own, from the first frame on."""

    def clip(self) -> Clip:
        """All of it in memory: for what is known to be short."""


class Sink(Protocol):
    """Where blocks go. Nothing stands under the final name until ``close`` has returned."""

    def write(self, block: Samples) -> None:
        """Append a block of shape ``(channels, n)``."""

    def close(self) -> None:
        """Finish, and put the file under its name."""

    def abandon(self) -> None:
        """Give up: whatever was written is removed."""
