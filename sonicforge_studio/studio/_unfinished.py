"""Marks of files that are under way: what a crash leaves tells the next start what to bring in or to clear away."""

from __future__ import annotations

import json
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from sonicforge_studio.host.locks import lock
from sonicforge_studio.host.writing import output_error

_NAME = ".unfinished-"
_LOCK_TRIES = 100


class Mark:
    """A small hidden file that names a recording, or a folder of takes. It is locked while its program lives, so that
    another one does not take these for orphans."""

    def __init__(self, place: Path, descriptor: int, path: Path) -> None:
        self._place = place
        self._descriptor = descriptor
        self.path = path

    @classmethod
    def make(cls, folder: Path, path: Path) -> Mark:
        """Raises ``DiskFull`` or ``OutputNotWritable``."""
        place = folder / f"{_NAME}{secrets.token_hex(8)}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(place, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            raise output_error(error, place) from error
        mark = cls(place, descriptor, path)
        # Before it says anything: another program may hold it for a moment, but finds no path in it.
        for _ in range(_LOCK_TRIES):
            if lock(descriptor):
                break
            time.sleep(0.01)
        try:
            # Not to the disk itself: a name that a power cut takes with it is one that the user still sees.
            os.write(descriptor, json.dumps({"path": str(path)}).encode())
        except OSError as error:
            mark.remove()
            raise output_error(error, place) from error
        return mark

    def remove(self) -> None:
        self.release()
        with suppress(OSError):
            self._place.unlink()

    def release(self) -> None:
        """Leave the mark for the next start."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def orphans(folder: Path) -> list[Mark]:
    """The marks of what a program left that is gone, oldest first; locked until they are removed or released."""
    try:
        places = sorted(folder.glob(f"{_NAME}*"), key=lambda place: place.stat().st_mtime_ns)
    except OSError:
        return []
    return [mark for place in places if (mark := _taken_over(place)) is not None]


def _taken_over(place: Path) -> Mark | None:
    try:
        descriptor = os.open(place, os.O_RDWR | getattr(os, "O_BINARY", 0))
    except OSError:
        return None
    if lock(descriptor):
        with suppress(OSError, ValueError, KeyError, TypeError):
            return Mark(place, descriptor, Path(json.loads(os.read(descriptor, 1 << 20))["path"]))
    os.close(descriptor)
    return None
