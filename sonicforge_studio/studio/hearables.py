"""What is being forged, to be listened to while it is made."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sonicforge_studio.audio import GrowingClip
from sonicforge_studio.domain import Cancelled, Samples, Source, StudioError


class Hearables:
    """By the job that makes them, while it runs. Whoever listens already hears on when the job is over."""

    def __init__(self, spool_folder: Path | None = None) -> None:
        """What is heard is kept in files without names in ``spool_folder``, else in the system's folder for those."""
        self._spool_folder = spool_folder
        self._lock = threading.Lock()
        self._running: dict[int, _Growing] = {}

    def opener(self, job_id: int) -> Callable[[], Source] | None:
        """What opens the sound that a job makes; None where there is nothing to hear yet, or no more."""
        with self._lock:
            growing = self._running.get(job_id)
        clip = None if growing is None else growing.clip
        return clip.open_source if clip is not None and clip.written else None

    @contextmanager
    def offered(self, job_id: int | None) -> Iterator[_Growing]:
        """A listener whose sound can be heard as this job's while the block runs."""
        growing = _Growing(self._spool_folder)
        if job_id is not None:
            with self._lock:
                self._running[job_id] = growing
        try:
            yield growing
        except Cancelled:
            raise
        except StudioError as error:
            growing.break_off(error)
            raise
        finally:
            growing.end()
            if job_id is not None:
                with self._lock:
                    self._running.pop(job_id, None)


class _Growing:
    """A listener that keeps what it hears."""

    def __init__(self, spool_folder: Path | None) -> None:
        self._spool_folder = spool_folder
        self.clip: GrowingClip | None = None

    def begin(self, sample_rate_hz: int, channels: int, frames: int | None) -> None:
        self.clip = GrowingClip(sample_rate_hz, channels, frames, self._spool_folder)

    def hear(self, block: Samples) -> None:
        if self.clip is not None:
            self.clip.write(block)

    def end(self) -> None:
        if self.clip is not None:
            self.clip.finish()

    def break_off(self, error: StudioError) -> None:
        if self.clip is not None:
            self.clip.fail(error)
