"""Small files, written so that there is never half of one."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from sonicforge_studio.domain.errors import DiskFull, OutputNotWritable, StudioError


def output_error(error: OSError, path: Path) -> StudioError:
    """The plain error for a write that the system refused."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(f'The disk is full: "{path.name}" was not written.')
    return OutputNotWritable(f'"{path}" cannot be written: {error.strerror or error}.')


def write_bytes(path: Path, content: bytes) -> None:
    """Write beside, flush to the disk, rename. Raises ``DiskFull`` or ``OutputNotWritable``; leaves nothing behind."""
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not the whole name: a long one would be too long with more to it.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.part-")
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o666 & ~_umask())
        part.replace(path)
    except OSError as error:
        if part is not None:
            part.unlink(missing_ok=True)
        raise output_error(error, path) from error


def write_text(path: Path, content: str) -> None:
    write_bytes(path, content.encode("utf-8"))


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current
