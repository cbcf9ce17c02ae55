"""Small files, written so that there is never half of one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from sonicforge_studio.domain.errors import DiskFull, OutputNotWritable, StudioError
from sonicforge_studio.host.parts import Part


def output_error(error: OSError, path: Path) -> StudioError:
    """The plain error for a write that the system refused."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(f'The disk is full: "{path.name}" was not written.')
    return OutputNotWritable(f'"{path}" cannot be written: {error.strerror or error}.')


def write_bytes(path: Path, content: bytes) -> None:
    """Write beside, flush to the disk, rename. Raises ``DiskFull`` or ``OutputNotWritable``; leaves nothing behind."""
    part: Part | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = Part(path)
        with os.fdopen(part.descriptor, "wb", closefd=False) as file:
            file.write(content)
        part.publish(lambda written: written.replace(path))
    except OSError as error:
        if part is not None:
            part.remove()
        raise output_error(error, path) from error


def write_text(path: Path, content: str) -> None:
    write_bytes(path, content.encode("utf-8"))
