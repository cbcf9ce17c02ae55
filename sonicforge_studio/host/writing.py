"""Small files, written so that there is never half of one."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sonicforge_studio.domain.errors import DiskFull, OutputExists, OutputNotWritable, StudioError
from sonicforge_studio.host.parts import Part, rename_without_replacing


def output_error(error: OSError, path: Path) -> StudioError:
    """The plain error for a write that the system refused."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(f'The disk is full: "{path.name}" was not written.')
    return OutputNotWritable(f'"{path}" cannot be written: {error.strerror or error}.')


@contextmanager
def beside(path: Path) -> Iterator[Part]:
    """A hidden file beside ``path`` to write to and publish; what was not published by the end of the block is removed.

    An ``OSError`` in the block becomes ``DiskFull`` or ``OutputNotWritable``.
    """
    try:
        part = Part(path)
        try:
            yield part
        finally:
            part.remove()
    except OSError as error:
        raise output_error(error, path) from error


def publish(part: Part, path: Path, *, overwrite: bool) -> None:
    """Give what was written its name. Raises ``OutputExists`` where there is a file that may not be replaced."""
    if overwrite:
        part.publish(lambda written: written.replace(path))
        return
    try:
        part.publish(lambda written: rename_without_replacing(written, path))
    except FileExistsError as error:
        raise OutputExists(f'There is already a file named "{path.name}".') from error


def make_folder(folder: Path) -> None:
    """Make a folder where it is missing. Raises ``DiskFull`` or ``OutputNotWritable``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(error, folder) from error


def write_bytes(path: Path, content: bytes) -> None:
    """Write beside, flush to the disk, rename. Raises ``DiskFull`` or ``OutputNotWritable``; leaves nothing behind."""
    make_folder(path.parent)
    with beside(path) as part:
        with os.fdopen(part.descriptor, "wb", closefd=False) as file:
            file.write(content)
        part.publish(lambda written: written.replace(path))


def write_text(path: Path, content: str) -> None:
    write_bytes(path, content.encode("utf-8"))
