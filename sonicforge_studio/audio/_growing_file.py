"""A file that stands under its name from the first byte on: what is recorded must not vanish with the program."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sonicforge_studio.audio._part_file import free_name, make_way_for, output_error, write_all


class GrowingFile:
    """Written to in place. Raises ``OutputExists``, ``OutputNotWritable`` or ``DiskFull``, as all its methods do but
    ``close``; what was written stays.
    """

    def __init__(self, path: Path, *, overwrite: bool = False, numbered: bool = False) -> None:
        self.path = path
        flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        flags |= os.O_TRUNC if overwrite else os.O_EXCL
        try:
            make_way_for(path)
            while True:
                if numbered:
                    self.path = free_name(path)
                try:
                    self._descriptor = os.open(self.path, flags, 0o666)
                    break
                except FileExistsError:
                    if not numbered:
                        raise
        except OSError as error:
            raise output_error(error) from error

    def write(self, data: bytes | memoryview) -> int:
        try:
            return write_all(self._descriptor, data)
        except OSError as error:
            raise output_error(error) from error

    def seek(self, offset: int, whence: int = 0) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def tell(self) -> int:
        return self.seek(0, os.SEEK_CUR)

    def cut_off(self) -> None:
        """Drop what stands behind the current place."""
        try:
            os.ftruncate(self._descriptor, self.tell())
        except OSError as error:
            raise output_error(error) from error

    def sync(self) -> None:
        """Bring what was written onto the disk: it outlives a power cut from here on."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise output_error(error) from error

    def close(self) -> None:
        with suppress(OSError):
            os.close(self._descriptor)
