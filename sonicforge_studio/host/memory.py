"""How much memory a program may still take."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")


def free_memory_bytes() -> int | None:
    """What can be had without swapping, caches counted as free; on macOS, which gives caches back late, all that there
    is. None where the system does not tell."""
    if sys.platform == "win32":
        return _windows()
    found = [amount for amount in (_linux(_MEMINFO), _container(_GROUP)) if amount is not None]
    return min(found) if found else _all_of_it()


def _linux(meminfo: Path) -> int | None:
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, IndexError, StopIteration):
        return None


def _container(group: Path) -> int | None:
    """What a container's own limit leaves (cgroup v2); None where there is none."""
    try:
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        used = int((group / "memory.current").read_text(encoding="ascii"))
        return None if limit == "max" else max(0, int(limit) - used)
    except (OSError, ValueError):
        return None


def _all_of_it() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _windows() -> int | None:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "pages", "free_pages", "room", "free_room")),
            ("extended", ctypes.c_ulonglong),
        )

    status = Status(length=ctypes.sizeof(Status))
    library = getattr(ctypes, "windll").kernel32  # noqa: B009 — only there on Windows
    return int(status.free) if library.GlobalMemoryStatusEx(ctypes.byref(status)) else None
