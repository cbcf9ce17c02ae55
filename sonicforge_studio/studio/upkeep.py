"""Is everything of the library still there and sound?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sonicforge_studio.audio import content_hash
from sonicforge_studio.domain import Progress, StudioError
from sonicforge_studio.library import Library


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the library found; nothing was changed."""

    tracks: int
    missing: tuple[str, ...]
    """Files that are no longer there."""
    changed: tuple[str, ...]
    """Files whose bytes are no longer those that were measured."""
    damage: tuple[str, ...]
    """What the database itself is missing, in SQLite's words."""

    @property
    def sound(self) -> bool:
        return not (self.missing or self.changed or self.damage)


def verify(library: Library, progress: Progress) -> Verified:
    """Check the database, and read every file of the library again."""
    damage = tuple(library.damage())
    tracks = library.tracks()
    missing: list[str] = []
    changed: list[str] = []
    for index, track in enumerate(tracks):
        progress.step(index, len(tracks), track.title)
        try:
            if content_hash(Path(track.path)) != track.analysis.content_hash:
                changed.append(track.path)
        except StudioError:
            missing.append(track.path)
    return Verified(len(tracks), tuple(missing), tuple(changed), damage)
