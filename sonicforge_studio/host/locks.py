"""Locks between processes that end with whoever holds them, also with a killed one."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

_BEHIND_ALL_CONTENT = 1 << 62


def try_lock(path: Path) -> int | None:
    """Hold ``path``, which is made where missing and stays; None where someone holds it already. Close what comes back
    to let it go. Raises ``OSError`` where it cannot be made."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o666)
    if lock(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def lock(descriptor: int) -> bool:
    """Whether the file is this program's now; the system takes it back when the program ends, however it ends."""
    try:
        take_lock(descriptor)
    except OSError:
        return False
    return True


def take_lock(descriptor: int) -> None:
    """As ``lock``. Raises ``BlockingIOError`` where someone holds it, another ``OSError`` where nothing can be locked
    there; on Windows these are not told apart."""
    if sys.platform == "win32":
        import msvcrt

        # A byte far behind the content: others may still read what they cannot lock.
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
    elif sys.platform == "linux":
        import fcntl

        # On a network share (SMB) a lock keeps everyone from what it covers, this program's own readers too, and flock
        # covers the whole file: only a byte that nobody reads is locked, as long as this descriptor is open.
        byte = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, _BEHIND_ALL_CONTENT, 1, 0)
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, byte)
        except PermissionError as error:
            raise BlockingIOError(error.errno, error.strerror) from error
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
