"""What is told, and read ahead, while many files are measured."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from sonicforge_studio.domain import Progress

_MOST_AHEAD_BYTES = 256 << 20
"""Of a longer file only the beginning is asked for: the rest comes while that is measured."""


class BatchProgress:
    """A progress whose note counts: "14/230 · 1:12:05" are files and hours of audio, in any language."""

    def __init__(self, progress: Progress, files: int) -> None:
        self._progress = progress
        self._files = files
        self._done = 0
        self._seconds = 0.0

    def count(self, audio_seconds: float = 0.0) -> None:
        """One more file is done."""
        self._done += 1
        self._seconds += audio_seconds

    def step(self, done: float, total: float, note: str = "") -> None:
        self._progress.step(done, total, note if self._files == 1 else self.note)

    @property
    def note(self) -> str:
        whole = int(self._seconds)
        return f"{self._done}/{self._files} · {whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


class ReadAhead:
    """Asks the system for the files that come next, so that no thread waits for the disk. Where the system cannot be
    asked, nothing happens."""

    def __init__(self, paths: Sequence[Path], workers: int, known: Callable[[Path], bool] = lambda _: False) -> None:
        """``known`` files will not be read."""
        self._paths = paths
        self._known = known
        self._workers = workers
        self._places = {path: place for place, path in enumerate(paths)}

    def began(self, path: Path) -> None:
        """This one is being read now: the one that the same thread will come to is asked for."""
        place = self._places.get(path, len(self._paths)) + self._workers
        if place >= len(self._paths) or not hasattr(os, "posix_fadvise") or self._known(self._paths[place]):
            return
        with suppress(OSError):
            # Opening a pipe would wait for who writes it.
            descriptor = os.open(self._paths[place], os.O_RDONLY | os.O_NONBLOCK)
            try:
                os.posix_fadvise(descriptor, 0, _MOST_AHEAD_BYTES, os.POSIX_FADV_WILLNEED)
            finally:
                os.close(descriptor)
