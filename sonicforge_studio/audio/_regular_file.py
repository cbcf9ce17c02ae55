"""One file on disk, opened without its name: what is in it decides how it is read."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import Literal

from sonicforge_studio.domain.errors import EmptyFile, InputError, MissingPath, NoPermission

_CHECK_DISK = "Check the disk or the connection, or copy the file elsewhere."


class RegularFile:
    """A readable, seekable file object.

    It has no ``name``: the decoders would let a wrong suffix mislead them, and FFmpeg reads some names as addresses.
    Raises ``MissingPath``, ``NoPermission``, ``EmptyFile``, or ``InputError`` for a folder, a pipe or a device.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _open(path)
        self.size_bytes = os.fstat(self._file.fileno()).st_size
        self.failed = False
        """Whether the disk or the network refused a read."""

    def read(self, count: int = -1) -> bytes:
        """Raises ``InputError`` where the disk or the network refuses."""
        try:
            return self._file.read(count) or b""
        except OSError as error:
            self.failed = True
            raise InputError(f"This file cannot be read: {error.strerror}.", hint=_CHECK_DISK) from error

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read_at(self, offset: int, count: int) -> bytes:
        """What stands at an offset, leaving the position where a decoder that reads this file has it."""
        position = self._file.tell()
        self._file.seek(max(0, offset))
        content = self.read(count)
        self._file.seek(position)
        return content

    def close(self) -> None:
        self._file.close()


class DecoderFile:
    """The file as FFmpeg and libsndfile call it: what is raised in their callbacks would be printed to stderr.

    Damaged headers make them seek before the beginning: that returns −1, an error for FFmpeg, and moves nothing. Where
    reading fails the file seems to end there; ``failed`` tells.
    """

    mode: Literal["r"] = "r"

    def __init__(self, file: RegularFile) -> None:
        self._file = file

    def read(self, count: int = -1) -> bytes:
        try:
            return self._file.read(count)
        except InputError:
            return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._file.seek(offset, whence)
        except (OSError, OverflowError):
            return -1

    def tell(self) -> int:
        return self._file.tell()


def _open(path: Path) -> io.FileIO:
    try:
        # Looked at before it is opened: opening a pipe waits, and opening a device may do something to it.
        _require_regular(path.stat())
        descriptor = os.open(
            path,
            os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0),
        )
    except PermissionError as error:
        raise NoPermission() from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingPath() from error
    except OSError as error:
        raise InputError(f"This file cannot be opened: {error.strerror}.", hint=_CHECK_DISK) from error
    except ValueError as error:
        raise MissingPath("This is not a path: it holds a NUL character.") from error
    file = io.FileIO(descriptor)
    try:
        _require_regular(os.fstat(descriptor))
    except BaseException:
        file.close()
        raise
    return file


def _require_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise InputError("This is a folder, not a file.", hint="Name a file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise InputError("This is a pipe or a device, not a file.", hint="Save the sound to a file first.")
    if status.st_size == 0:
        raise EmptyFile()
