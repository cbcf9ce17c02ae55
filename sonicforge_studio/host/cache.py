"""A cache of two layers: the newest values in memory, many more on the disk."""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diskcache
from diskcache.core import MODE_PICKLE

from sonicforge_studio.host._disk import TROUBLE, open_disk

log = logging.getLogger(__name__)

_MISSING = object()
_TOTALS = "look-ups of all processes"


class _JsonDisk(diskcache.JSONDisk):  # type: ignore[misc]  # diskcache has no types
    """Keys and values as compressed JSON. Whatever the files say, nothing is ever unpickled."""

    def get(self, key: Any, raw: bool) -> Any:
        if not raw:
            raise ValueError("the cache holds a key that is not JSON")
        return super().get(key, raw)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        if mode == MODE_PICKLE:
            raise ValueError("the cache holds a value that is not JSON")
        return super().fetch(mode, filename, value, read)


@dataclass(frozen=True, slots=True)
class HitRates:
    """Where look-ups were answered."""

    memory_hits: int
    disk_hits: int
    misses: int

    @property
    def lookups(self) -> int:
        return self.memory_hits + self.disk_hits + self.misses

    @property
    def hit_rate(self) -> float:
        """0..1, over both layers; 0 before the first look-up."""
        return (self.memory_hits + self.disk_hits) / self.lookups if self.lookups else 0.0

    @property
    def memory_hit_rate(self) -> float:
        """0..1, of the memory alone."""
        return self.memory_hits / self.lookups if self.lookups else 0.0


class Cache:
    """Keeps what JSON can hold under text keys; any thread may use it, and any number of processes one folder.

    Values come back as JSON gives them (tuples as lists) whichever layer answers; they are shared, so the caller does
    not change them. Trouble with the disk never reaches the caller: it is logged, and the value counts as missing.
    """

    def __init__(self, folder: Path, *, memory_entries: int = 1000, disk_bytes: int = 512 << 20) -> None:
        self._folder = folder
        self._memory_entries = memory_entries
        self._memory: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._memory_hits = self._disk_hits = self._misses = 0
        self._saved = HitRates(0, 0, 0)
        self._disk = open_disk(folder, disk_bytes, _JsonDisk)

    def __enter__(self) -> Cache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the disk. What is on it stays for the next time."""
        self._save_counts()
        if self._disk is not None:
            self._disk.close()

    def get(self, key: str, default: Any = None) -> Any:
        """What was kept under this key, or ``default``."""
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                self._memory_hits += 1
                return self._memory[key]
        value = self._from_disk(key)
        with self._lock:
            if value is _MISSING:
                self._misses += 1
                return default
            self._disk_hits += 1
            self._remember(key, value)
        return value

    def set(self, key: str, value: Any) -> None:
        """Keep a value. Raises ``TypeError`` where JSON cannot hold it."""
        value = json.loads(json.dumps(value))
        with self._lock:
            self._remember(key, value)
        self._guarded(lambda disk: disk.set(key, value))

    def get_or_make(self, key: str, make: Callable[[], Any]) -> Any:
        """What is under this key; where there is nothing, what ``make`` returns, which is kept."""
        value = self.get(key, _MISSING)
        if value is not _MISSING:
            return value
        made = make()
        self.set(key, made)
        return made

    def forget(self, key: str) -> None:
        """Drop one value from both layers."""
        with self._lock:
            self._memory.pop(key, None)
        self._guarded(lambda disk: disk.delete(key))

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._memory.clear()
        self._guarded(lambda disk: disk.clear())

    def hit_rates(self) -> HitRates:
        """Of this process, since the start."""
        with self._lock:
            return HitRates(self._memory_hits, self._disk_hits, self._misses)

    def all_hit_rates(self) -> HitRates:
        """Of every process that used this folder, since it was cleared; one that was killed is left out."""
        with self._lock:
            unsaved = self._unsaved()
        return _sum(_counts(self._from_disk(_TOTALS)), unsaved)

    def _unsaved(self) -> HitRates:
        return HitRates(
            self._memory_hits - self._saved.memory_hits,
            self._disk_hits - self._saved.disk_hits,
            self._misses - self._saved.misses,
        )

    def _save_counts(self) -> None:
        with self._lock:
            unsaved = self._unsaved()
            self._saved = HitRates(self._memory_hits, self._disk_hits, self._misses)
        if unsaved.lookups:
            self._guarded(lambda disk: _add_counts(disk, unsaved))

    def _from_disk(self, key: str) -> Any:
        return self._guarded(lambda disk: disk.get(key, _MISSING))

    def _remember(self, key: str, value: Any) -> None:
        self._memory[key] = value
        self._memory.move_to_end(key)
        while len(self._memory) > self._memory_entries:
            self._memory.popitem(last=False)

    def _guarded(self, use: Callable[[Any], Any]) -> Any:
        """What ``use`` makes of the disk; ``_MISSING`` where there is none or it is in trouble."""
        if self._disk is None:
            return _MISSING
        try:
            return use(self._disk)
        except TROUBLE as error:
            log.warning("The cache in %s could not be used: %s", self._folder, error)
            return _MISSING


def _add_counts(disk: Any, news: HitRates) -> None:
    with disk.transact():
        totals = _sum(_counts(disk.get(_TOTALS)), news)
        disk.set(_TOTALS, [totals.memory_hits, totals.disk_hits, totals.misses])


def _counts(stored: Any) -> HitRates:
    match stored:
        case [int(memory_hits), int(disk_hits), int(misses)]:
            return HitRates(memory_hits, disk_hits, misses)
        case _:
            return HitRates(0, 0, 0)


def _sum(one: HitRates, other: HitRates) -> HitRates:
    return HitRates(one.memory_hits + other.memory_hits, one.disk_hits + other.disk_hits, one.misses + other.misses)
