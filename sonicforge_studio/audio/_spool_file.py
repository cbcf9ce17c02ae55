"""A file without a name: whatever becomes of the process, the system takes it away."""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from pathlib import Path

from sonicforge_studio.audio._part_file import output_error, write_all
from sonicforge_studio.domain.errors import InputError


class SpoolFile:
    """Bytes that one thread writes and any thread reads back; gone when nobody holds it any more.

    Raises ``DiskFull`` or ``OutputNotWritable`` where they cannot be kept, ``InputError`` where the disk does not give
    them back.
    """

    def __init__(self, folder: Path | None = None, *, one_position: bool = not hasattr(os, "pread")) -> None:
        """In the system's folder for such files where ``folder`` is None. ``one_position`` is for systems on which
        reading moves the place that is written to: there each waits for the other."""
        self._turn = threading.Lock() if one_position else None
        try:
            file = tempfile.TemporaryFile(buffering=0, prefix=".sound-", dir=folder)  # noqa: SIM115
        except OSError as error:
            raise output_error(error) from error
        self._descriptor = file.fileno()
        # Not before the last reader is gone: a descriptor that was closed may be another file's by then.
        weakref.finalize(self, file.close)

    def write_at(self, offset: int, data: memoryview) -> None:
        try:
            if self._turn is None:
                self._write(offset, data)
            else:
                with self._turn:
                    self._write(offset, data)
        except OSError as error:
            raise output_error(error) from error

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes; fewer only where no more are there."""
        try:
            if self._turn is None:
                return os.pread(self._descriptor, count, offset)
            with self._turn:
                os.lseek(self._descriptor, offset, os.SEEK_SET)
                return os.read(self._descriptor, count)
        except OSError as error:
            raise InputError(
                f"What was kept on the disk cannot be read back: {error.strerror}.", hint="Check the disk."
            ) from error

    def empty(self) -> None:
        """Give its room on the disk back."""
        os.ftruncate(self._descriptor, 0)

    def _write(self, offset: int, data: memoryview) -> None:
        os.lseek(self._descriptor, offset, os.SEEK_SET)
        write_all(self._descriptor, data)
