"""Sound to a file as it comes, on a thread of its own: a slow disk holds up nothing."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from pathlib import Path

import numpy as np

from sonicforge_studio.audio._capture_memory import CaptureMemory
from sonicforge_studio.audio._growing_file import GrowingFile
from sonicforge_studio.audio._wav_writer import WavWriter
from sonicforge_studio.audio.capture_state import Recorded
from sonicforge_studio.audio.tags import Tags
from sonicforge_studio.domain.errors import DiskFull, OutputError, StudioError

_BITS = 32
"""Float, because that is how sound comes from the device: whatever a converter of 24 bits gives stands in it exactly,
and what goes over full scale on a monitor can still be brought down."""
_WRITE_SECONDS = 0.2
_SYNC_SECONDS = 5.0
"""A kill leaves what was written, for the system has it; only a power cut asks for the disk itself."""

_FULL_HINT = "Free some space. What was recorded until then is kept."

_logger = logging.getLogger(__name__)


class Recorder:
    """Follows a capture's memory into a WAV file, which is complete after each write, five times a second.

    Raises ``OutputExists``, ``OutputNotWritable`` or ``DiskFull``. Where the disk fills up later, ``error`` says so
    and the recording ends there; what was written stays. Made by ``Capture.start_recording``.
    """

    def __init__(
        self, memory: CaptureMemory, path: Path, start: int, last: int | None, *, overwrite: bool, numbered: bool
    ) -> None:
        self._memory = memory
        self._next = start
        self._last = last
        self._file = GrowingFile(path, overwrite=overwrite, numbered=numbered)
        self.path = self._file.path
        self.gaps = 0
        """How often the disk was so slow that sound was lost: it is silence in the file."""
        self.error: OutputError | None = None
        self._overflows_before = memory.overflows
        self._start = start
        self._synced_at = time.monotonic()
        self._stop = threading.Event()
        try:
            self._writer = WavWriter(self._file, memory.sample_rate_hz, memory.channels, _BITS)
        except OutputError:
            self._file.close()
            self.path.unlink(missing_ok=True)
            raise
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def seconds(self) -> float:
        """So far: what came, or where writing failed what was written."""
        end = self._next if self.error is not None else self._end
        return max(0, end - self._start) / self._memory.sample_rate_hz

    @property
    def _end(self) -> int:
        end = self._memory.end
        return end if self._last is None else min(end, self._last)

    def stop(self, error: StudioError | None = None) -> Recorded:
        """Write what has come until now, and close the file. ``error`` is what ended it before."""
        self._memory.pump()
        self._stop.set()
        self._thread.join()
        return Recorded(
            path=self.path,
            frames=self._next - self._start,
            sample_rate_hz=self._memory.sample_rate_hz,
            channels=self._memory.channels,
            overflows=self._memory.overflows - self._overflows_before + self.gaps,
            error=self.error or error,
        )

    # The thread

    def _run(self) -> None:
        try:
            while not self._stop.wait(_WRITE_SECONDS):
                self._write_on()
            self._write_on()
            self._writer.finish(Tags())
            self._file.sync()
        except OutputError as error:
            self.error = DiskFull(hint=_FULL_HINT) if isinstance(error, DiskFull) else error
            _logger.warning("a recording broke off: %s", error.message)
            # The head has its place in the file already, so that it can be put right on a full disk too.
            with contextlib.suppress(OutputError):
                self._writer.checkpoint()
                self._file.cut_off()
        finally:
            self._file.close()

    def _write_on(self) -> None:
        memory, size = self._memory, self._memory.frames.shape[0]
        end = self._end
        if memory.oldest > self._next and end > self._next:
            self.gaps += 1
            self._write_silence(min(memory.oldest, end) - self._next)
        while self._next < end:
            at = self._next % size
            count = min(end - self._next, size - at, memory.sample_rate_hz)
            self._writer.write(memory.frames[at : at + count].T)
            self._next += count
        self._writer.checkpoint()
        if time.monotonic() - self._synced_at > _SYNC_SECONDS:
            self._file.sync()
            self._synced_at = time.monotonic()

    def _write_silence(self, frames: int) -> None:
        memory = self._memory
        while frames > 0:
            count = min(frames, memory.sample_rate_hz)
            self._writer.write(np.zeros((memory.channels, count), np.float32))
            self._next += count
            frames -= count
