"""What the shelves of drafts share: folders of small files that keep the newest two hundred, unreadable ones among
them."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from pathlib import Path

_MOST_FILES = 200
_UNREADABLE = ".unreadable"
_log = logging.getLogger(__name__)


def set_aside(place: Path, error: Exception) -> None:
    """Keep a draft that cannot be read beside, out of the next one's way: another version may know it."""
    _log.warning("the draft %s cannot be read: %s", place, error)
    with suppress(OSError):
        # Named by the time too, or a second one would take the first one's place.
        aside = place.rename(place.with_name(f"{place.stem}.{time.time_ns()}{_UNREADABLE}"))
        _log.warning("it is kept as %s", aside.name)


def clear_oldest(folder: Path) -> None:
    """Leave the newest two hundred."""
    with suppress(OSError):
        files = [place for place in folder.iterdir() if place.suffix in (".json", _UNREADABLE)]
        files.sort(key=lambda place: place.stat().st_mtime_ns)
        for place in files[:-_MOST_FILES]:
            place.unlink()
