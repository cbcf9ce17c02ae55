"""Is everything of the library still there and sound?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sonicforge_studio.audio import content_hash
from sonicforge_studio.domain import Cancelled, Progress, Span, StudioError
from sonicforge_studio.domain.errors import MissingPath
from sonicforge_studio.library import Library


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the library found; nothing was changed."""

    tracks: int
    missing: tuple[str, ...]
    """Files that are no longer there."""
    unreadable: tuple[str, ...]
    """Files that are there and may not be read, or hold nothing."""
    changed: tuple[str, ...]
    """Files whose bytes are no longer those that were measured."""
    damage: tuple[str, ...]
    """What the database itself is missing, in SQLite's words."""

    @property
    def sound(self) -> bool:
        return not (self.missing or self.unreadable or self.changed or self.damage)


def verify(library: Library, progress: Progress) -> Verified:
    """Check the database, and read every file of the library again."""
    damage = tuple(library.damage())
    rows = library.rows(order="path", descending=False)
    missing: list[str] = []
    unreadable: list[str] = []
    changed: list[str] = []
    for index, row in enumerate(rows):
        stage = Span(progress, index / len(rows), (index + 1) / len(rows))
        try:
            stage.step(0, 1, row.title)
            track = library.track(row.id)
            if track is not None and content_hash(Path(row.path), stage) != track.analysis.content_hash:
                changed.append(row.path)
        except MissingPath:
            missing.append(row.path)
        except Cancelled:
            raise
        except StudioError:
            unreadable.append(row.path)
    return Verified(len(rows), tuple(missing), tuple(unreadable), tuple(changed), damage)
