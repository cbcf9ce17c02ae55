"""Is everything of the library still there and sound? And it is copied, and brought back from a copy."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sonicforge_studio.audio import content_hash
from sonicforge_studio.domain import Cancelled, Progress, Span, StudioError
from sonicforge_studio.domain.errors import BadSetting, LibraryDamaged, MissingPath, NoPermission, OutputExists
from sonicforge_studio.host import Folders, open_folders, start_log
from sonicforge_studio.host.parts import clear_parts
from sonicforge_studio.host.writing import beside, make_folder, publish
from sonicforge_studio.library import Library
from sonicforge_studio.library.copies import alone, keep_present, pack, take_place, tracks_in, unpack

_PACKED = ".gz"


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


@dataclass(frozen=True, slots=True)
class Backup:
    """A compressed copy of the library."""

    path: Path
    tracks: int
    size_bytes: int


def back_up(
    library: Library, folders: Folders, out: Path | None, progress: Progress, *, overwrite: bool = False
) -> Backup:
    """Copy the library while it is in use, compress the copy, and check it by restoring it to a file of its own.

    ``out`` is the file, or a folder (made where missing); without it the copy goes to ``folders.backups``. Raises
    ``OutputExists``, ``BadSetting`` for a suffix that is not .gz, ``DiskFull``, ``OutputNotWritable``,
    ``LibraryError`` and ``Cancelled``; then no file is left.
    """
    to = _backup_file(folders.backups if out is None else out)
    if to.suffix != _PACKED:
        raise BadSetting("A backup is compressed.", hint=f"Give it a name that ends in {_PACKED}, or a folder.")
    if to.exists() and not overwrite:
        raise OutputExists(f'There is already a file named "{to.name}".')
    make_folder(to.parent)
    with beside(folders.database) as copy, beside(to) as part:
        library.copy_into(copy.path, Span(progress, 0.0, 0.2))
        tracks = tracks_in(copy.path)
        pack(copy.path, part.descriptor, Span(progress, 0.2, 0.8))
        # In the copy's own room: there may be no more.
        unpack(part.path, copy.path, Span(progress, 0.8, 0.9))
        if tracks_in(copy.path, Span(progress, 0.9, 0.95)) != tracks:
            raise LibraryDamaged("The backup is not what was copied; it was not kept.", hint="Try again.")
        size_bytes = part.path.stat().st_size
        publish(part, to, overwrite=overwrite)
    return Backup(to, tracks, size_bytes)


def _backup_file(out: Path) -> Path:
    """The file itself, or one named by the time in a folder."""
    if out.suffix and not out.is_dir():
        return out
    return out / f"library {datetime.now():%Y-%m-%d %H%M%S}.sqlite{_PACKED}"


@dataclass(frozen=True, slots=True)
class Restored:
    """A library that was brought back."""

    path: Path
    tracks: int
    size_bytes: int
    kept: Path | None
    """Where the library is that stood there before; None where there was none."""


def open_home(home: Path | None) -> Folders:
    """The data folder, with its log begun, for what works without the library, which may be damaged. Raises
    ``OutputNotWritable``."""
    folders = open_folders(home)
    start_log(folders.logs)
    clear_parts(folders.home)
    return folders


def restore(file: Path, folders: Folders, progress: Progress) -> Restored:
    """Put a backup, compressed or a plain copy, in the place of the library, once it is checked.

    The present library stays beside it. Raises ``MissingPath``, ``NoPermission``, ``LibraryBusy`` where a studio has
    the library open, ``LibraryTooNew`` or ``LibraryDamaged`` for what cannot be restored, ``DiskFull``,
    ``OutputNotWritable`` and ``Cancelled``; then the library is as it was.
    """
    if not file.is_file():
        raise MissingPath("There is no backup at this path.")
    if not os.access(file, os.R_OK):
        raise NoPermission()
    database = folders.database
    with beside(database) as part:
        with alone(database):
            unpack(file, part.path, Span(progress, 0.0, 0.8))
            tracks = tracks_in(part.path, Span(progress, 0.8, 0.9))
            size_bytes = part.path.stat().st_size
            kept = keep_present(database, "restore")
            # So that the moment between letting go and taking its place is short.
            os.fsync(part.descriptor)
        forget_index(folders)
        part.publish(lambda written: take_place(written, database))
    return Restored(database, tracks, size_bytes, kept)


def forget_index(folders: Folders) -> None:
    """Remove the index of what sounds alike: made of another library, it would be taken for this one's."""
    for index in folders.similarity.glob("*.vectors"):
        with suppress(OSError):
            index.unlink()
