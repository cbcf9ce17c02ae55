"""The whole catalogue again: from the files, the recipes in them, and what is still known of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sonicforge_studio.audio import expand_inputs
from sonicforge_studio.domain import Progress, Span, StudioError
from sonicforge_studio.domain.errors import LibraryBusy, LibraryError, OutputError
from sonicforge_studio.host import Folders, output_error
from sonicforge_studio.host.cache import Cache
from sonicforge_studio.host.locks import try_lock
from sonicforge_studio.host.tile_cache import TileCache
from sonicforge_studio.host.writing import make_folder
from sonicforge_studio.library import Library
from sonicforge_studio.library.copies import alone, keep_present, take_place, tracks_in
from sonicforge_studio.library.remains import Remains, carry_over, read_remains
from sonicforge_studio.studio.correcting import Corrector
from sonicforge_studio.studio.importing import Importer
from sonicforge_studio.studio.measuring import Measurer
from sonicforge_studio.studio.upkeep import forget_index

_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A library that was made anew."""

    path: Path
    tracks: int
    corrections: int
    """How many of the user's corrections it has from the old one."""
    size_bytes: int
    kept: Path | None
    """Where the old one is; None where there was none."""
    failed: tuple[tuple[str, StudioError], ...]
    """Files that are not in it, and why."""


def rebuild(
    folders: Folders, inputs: Sequence[str], progress: Progress, *, workers: int | None = None, force: bool = False
) -> Rebuilt:
    """Make the library anew of the files that the present one knows, as far as it can be read, and of ``inputs``.

    What is in the cache of measurements is not measured again, unless with ``force``. The new library takes the old
    one's place when it is whole; until then nobody else can open that. Raises ``LibraryBusy`` where a studio has the
    library open, ``LibraryError`` where there is no file to be read, ``DiskFull``, ``OutputNotWritable`` and
    ``Cancelled``; then the library is as it was.
    """
    database = folders.database
    with _own_folder(folders.rebuilding) as folder:
        new = folder / database.name
        with alone(database) as old:
            remains = Remains() if old is None else read_remains(old)
            tracks, failed = _fill(new, folders, remains, inputs, Span(progress, 0.0, 0.97), workers, force)
            if not tracks:
                raise LibraryError(
                    "None of the files can be read, so the library stays as it was.",
                    hint="Check that the drive with the music is connected, or name the folders with the music.",
                )
            tracks = tracks_in(new, Span(progress, 0.97, 0.99))
            try:
                kept = keep_present(database, "rebuild")
                _on_the_disk(new)
            except OSError as error:
                raise output_error(error, database) from error
        size_bytes = new.stat().st_size
        forget_index(folders)
        try:
            take_place(new, database)
        except OSError as error:
            raise output_error(error, database) from error
    corrections = sum(not of_one.correction.empty for of_one in remains.corrections)
    return Rebuilt(database, tracks, corrections, size_bytes, kept, tuple(failed))


def _fill(
    new: Path,
    folders: Folders,
    remains: Remains,
    inputs: Sequence[str],
    progress: Progress,
    workers: int | None,
    force: bool,
) -> tuple[int, list[tuple[str, StudioError]]]:
    """How many files came into the new library, and which did not."""
    wanted, failed = _files(remains, inputs)
    tracks = 0
    with Library(new) as library, Cache(folders.measurements) as cache, TileCache(folders.curves) as drawn:
        carry_over(remains, library)
        importer = Importer(library, Measurer(cache, drawn), Corrector(library))
        with closing(
            importer.add_each(wanted, progress, workers=workers, force=force, added_at=remains.added_at)
        ) as results:
            for given, _, result in results:
                if isinstance(result, LibraryError | OutputError):
                    raise result  # not this file's fault: none would fare better
                if isinstance(result, StudioError):
                    failed.append((given, result))
                else:
                    tracks += 1
    return tracks, failed


def _files(remains: Remains, inputs: Sequence[str]) -> tuple[list[tuple[str, Path]], list[tuple[str, StudioError]]]:
    """Each file once, as it was given and as an absolute path; and what gave none."""
    wanted = {path: path for path in remains.added_at}
    failed: list[tuple[str, StudioError]] = []
    for given, found in expand_inputs(inputs):
        if isinstance(found, StudioError):
            failed.append((given, found))
        else:
            wanted.setdefault(os.path.abspath(found), given)  # noqa: PTH100 # as the importer does
    return [(given, Path(path)) for path, given in wanted.items()], failed


def clear_rebuilding(folder: Path) -> None:
    """Remove what was left of a rebuilding that was killed."""
    if folder.exists():
        try:
            with _own_folder(folder):
                pass
        except StudioError:
            return  # somebody is at it, or the folder cannot be written to


@contextmanager
def _own_folder(folder: Path) -> Iterator[Path]:
    """An empty folder for one program at a time; it goes with the end of the block."""
    make_folder(folder)
    try:
        lock = try_lock(folder / _LOCK)
    except OSError as error:
        raise output_error(error, folder) from error
    if lock is None:
        raise LibraryBusy("The library is being rebuilt already.", hint="Wait for it, or stop it first.")
    try:
        for left in folder.iterdir():
            if left.name != _LOCK:
                left.unlink()
        yield folder
    finally:
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def _on_the_disk(file: Path) -> None:
    with file.open("r+b") as written:
        os.fsync(written.fileno())
