"""The folder on the disk that a cache may use: a damaged one is thrown away, an unusable one done without."""

from __future__ import annotations

import logging
import sqlite3
import zlib
from pathlib import Path
from typing import Any

import diskcache

log = logging.getLogger(__name__)

_LOCK_SECONDS = 1.0
TROUBLE = (OSError, sqlite3.Error, diskcache.Timeout, ValueError, zlib.error)
"""What a full, locked, damaged or vanished disk raises. A cache may be lost: the value is worked out again."""


def open_disk(folder: Path, disk_bytes: int, kind: type[Any]) -> Any:
    """A ``diskcache.Cache`` whose values are stored as ``kind`` says; None where the folder cannot be used at all."""
    try:
        try:
            return _disk_cache(folder, disk_bytes, kind)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise
            log.warning("The cache in %s is damaged and begun anew: %s", folder, error)
            for left in (*folder.glob("cache.db*"), *folder.glob("??/??/*.val")):
                left.unlink(missing_ok=True)
            return _disk_cache(folder, disk_bytes, kind)
    except TROUBLE as error:
        log.warning("The cache in %s cannot be used, memory alone is: %s", folder, error)
        return None


def _disk_cache(folder: Path, disk_bytes: int, kind: type[Any]) -> Any:
    return diskcache.Cache(
        str(folder),
        timeout=_LOCK_SECONDS,
        disk=kind,
        size_limit=disk_bytes,
        eviction_policy="least-recently-stored",  # so that a look-up never writes
    )
