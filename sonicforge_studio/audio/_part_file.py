"""A file that appears under its name only when it is complete."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from sonicforge_studio.domain.errors import DiskFull, OutputError, OutputExists, OutputNotWritable
from sonicforge_studio.host.parts import Part, rename_without_replacing


class PartFile:
    """A hidden file beside ``path``, written to and then published under its name, or where ``numbered`` under the
    next free one ("name 2.wav"), which ``path`` tells afterwards.

    A file object for FFmpeg's muxers, which seek back to complete their headers. The folder is made where missing.
    Raises ``OutputExists``, ``OutputNotWritable`` or ``DiskFull``, each also from ``write`` and ``publish``.
    """

    mode = "w"

    def __init__(self, path: Path, *, overwrite: bool, numbered: bool = False) -> None:
        self.path = path
        self._overwrite = overwrite
        self._numbered = numbered
        self._abandoned = False
        self._error: OutputError | None = None
        if os.path.lexists(path) and not (overwrite or numbered):
            raise OutputExists(f'There is already a file named "{path.name}".')
        try:
            make_way_for(path)
            self._part = Part(path)
        except OSError as error:
            raise output_error(error) from error

    @property
    def part(self) -> Path:
        """The hidden file."""
        return self._part.path

    def write(self, data: bytes | memoryview) -> int:
        if self._abandoned:
            return len(data)
        try:
            return write_all(self._part.descriptor, data)
        except OSError as error:
            # Kept, because an encoder that calls this may lose what is raised here.
            self._error = output_error(error)
            raise self._error from error

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0 if self._abandoned else os.lseek(self._part.descriptor, offset, whence)

    def tell(self) -> int:
        return self.seek(0, os.SEEK_CUR)

    def publish(self) -> None:
        """Put the complete file under its name, for good: it is on the disk when this returns.

        Without ``overwrite`` a file that came there meanwhile stays, and ``OutputExists`` is raised.
        """
        try:
            if self._error is not None:
                raise self._error
            self._part.publish(self._take_name)
            _sync_folder(self.path.parent)
        except OSError as error:
            self.abandon()
            raise output_error(error) from error
        except OutputError:
            self.abandon()
            raise

    def _take_name(self, part: Path) -> None:
        if self._overwrite:
            part.replace(self.path)
        elif self._numbered:
            self._take_a_free_name(part)
        else:
            rename_without_replacing(part, self.path)

    def _take_a_free_name(self, part: Path) -> None:
        """Under its name or the next numbered one; another writer may take the same one at the same moment."""
        wanted = self.path
        while True:
            self.path = free_name(wanted)
            try:
                return rename_without_replacing(part, self.path)
            except FileExistsError:
                continue

    def abandon(self) -> None:
        """Remove what was written. What an encoder still writes while it shuts down goes nowhere."""
        if self._abandoned:
            return
        self._abandoned = True
        self._part.remove()


def make_way_for(path: Path) -> None:
    """Make the folder that a file is to stand in. Raises ``OutputNotWritable`` where there can be no such file."""
    if "\0" in str(path):
        raise OutputNotWritable("This is not a path: it holds a NUL character.")
    try:
        if path.is_dir():
            raise OutputNotWritable(f'"{path.name}" is a folder.', hint="Choose another name.")
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputNotWritable(f'"{path.parent.name}" is a file, not a folder.') from error


def write_all(descriptor: int, data: bytes | memoryview) -> int:
    """Write to the last byte, however the system divides it."""
    rest = memoryview(data).cast("B")
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    return len(data)


def output_error(error: OSError) -> OutputError:
    """What a failed write means to a person."""
    if isinstance(error, FileExistsError):
        return OutputExists()
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull()
    if error.errno == errno.EFBIG:
        return OutputNotWritable(
            "The file has grown larger than this disk or account allows.",
            hint="Choose another disk or a smaller format.",
        )
    if isinstance(error, (PermissionError, FileNotFoundError, NotADirectoryError)) or error.errno == errno.EROFS:
        return OutputNotWritable()
    return OutputNotWritable(f"The file cannot be written: {error.strerror or error}.")


def free_name(path: str | Path) -> Path:
    """The path itself, or the next free one of "name 2.wav", "name 3.wav", …"""
    wanted = Path(path)
    candidate, number = wanted, 1
    while os.path.lexists(candidate):
        number += 1
        candidate = wanted.with_name(f"{wanted.stem} {number}{wanted.suffix}")
    return candidate


def _sync_folder(folder: Path) -> None:
    """Make the new name itself last through a power cut, where folders can be synced (not on Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EACCES):
            raise
    finally:
        os.close(descriptor)
