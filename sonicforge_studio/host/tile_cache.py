"""A cache of byte strings: the ones used last in memory, many more on the disk."""

from __future__ import annotations

import logging
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diskcache
from diskcache.core import MODE_BINARY, MODE_RAW

from sonicforge_studio.host._disk import TROUBLE, open_disk

log = logging.getLogger(__name__)

_FAST = 1


class _BytesDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """Whatever the files say, nothing is ever unpickled."""

    def get(self, key: Any, raw: bool) -> Any:
        if not raw:
            raise ValueError("the cache holds a key that is not text")
        return super().get(key, raw)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        if mode not in (MODE_RAW, MODE_BINARY):
            raise ValueError("the cache holds a value that is not bytes")
        return super().fetch(mode, filename, value, read)


class TileCache:
    """Keeps bytes under text keys; any thread may use it, and any number of processes one folder.

    Both layers are bounded in bytes. On the disk a value is compressed, and its checksum tells damage. Trouble with the
    disk never reaches the caller: it is logged, and the value counts as missing.
    """

    def __init__(self, folder: Path, *, memory_bytes: int = 96 << 20, disk_bytes: int = 512 << 20) -> None:
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._held_bytes = 0
        self._lock = threading.Lock()
        self._disk = open_disk(folder, disk_bytes, _BytesDisk)

    def __enter__(self) -> TileCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the disk. What is on it stays for the next time."""
        if self._disk is not None:
            self._disk.close()

    @property
    def held_bytes(self) -> int:
        """How much the memory holds."""
        return self._held_bytes

    def at_hand(self, key: str) -> bytes | None:
        """What the memory holds under this key: the disk is not asked, so that a window may call it while it paints."""
        with self._lock:
            value = self._memory.get(key)
            if value is not None:
                self._memory.move_to_end(key)
            return value

    def get(self, key: str) -> bytes | None:
        """What was kept under this key."""
        value = self.at_hand(key)
        if value is None:
            value = self._guarded(lambda disk: _unpacked(disk.get(key)))
            if value is not None:
                self._remember(key, value)
        return value

    def set(self, key: str, value: bytes) -> None:
        self._remember(key, value)
        packed = zlib.compress(value, _FAST)
        self._guarded(lambda disk: disk.set(key, packed))

    def _remember(self, key: str, value: bytes) -> None:
        with self._lock:
            self._held_bytes += len(value) - len(self._memory.pop(key, b""))
            self._memory[key] = value
            while self._held_bytes > self._memory_bytes and len(self._memory) > 1:
                self._held_bytes -= len(self._memory.popitem(last=False)[1])

    def _guarded(self, use: Callable[[Any], Any]) -> Any:
        """What ``use`` makes of the disk; None where there is none or it is in trouble."""
        if self._disk is None:
            return None
        try:
            return use(self._disk)
        except TROUBLE as error:
            log.warning("The cache in %s could not be used: %s", self._folder, error)
            return None


def _unpacked(stored: Any) -> bytes | None:
    if stored is None:
        return None
    if not isinstance(stored, bytes):
        raise ValueError("the cache holds a value that is not bytes")  # noqa: TRY004 # trouble, not a caller's mistake
    return zlib.decompress(stored)
