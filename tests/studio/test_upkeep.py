"""The library is copied, brought back and made again, and nothing is lost on the way."""

from __future__ import annotations

import gzip
import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.domain import Cancelled, SilentProgress
from sonicforge_studio.domain.errors import (
    BadSetting,
    DiskFull,
    LibraryBusy,
    LibraryDamaged,
    LibraryTooNew,
    MissingPath,
    OutputExists,
)
from sonicforge_studio.host import Folders, open_folders
from sonicforge_studio.library import Library, Similarity
from sonicforge_studio.library.copies import tracks_in
from sonicforge_studio.studio.upkeep import Backup, back_up, open_home, restore
from tests.killing import killable
from tests.library.older_libraries import an_older_library
from tests.library.track_examples import A_FORGED_TRACK, a_track, an_analysis

SILENT = SilentProgress()


class StopsAt:
    """Asks for a stop at the first step past this point."""

    def __init__(self, done: float) -> None:
        self.done = done
        self.steps: list[float] = []

    def step(self, done: float, total: float, note: str = "") -> None:
        self.steps.append(done / total)
        if done / total > self.done:
            raise Cancelled()


@pytest.fixture
def folders(own_home: Path) -> Folders:
    return open_folders(own_home)


def a_library(folders: Folders, count: int = 3, *, title: str = "Take") -> None:
    with Library(folders.database) as library:
        for number in range(count):
            library.add(a_track(f"/{title} {number}.wav", title=f"{title} {number}"))


def a_backup(folders: Folders, out: Path) -> Backup:
    with Library(folders.database) as library:
        return back_up(library, folders, out, SILENT)


def titles(folders: Folders) -> set[str]:
    with Library(folders.database) as library:
        assert library.damage() == []
        return {track.title for track in library.tracks()}


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_backup_is_compressed_and_brings_everything_back(folders: Folders, tmp_path: Path) -> None:
    a_library(folders)
    with Library(folders.database) as library:
        made = back_up(library, folders, tmp_path / "mine.sqlite.gz", SILENT)
        # It is a moment's: what comes after it is not in it.
        library.add(A_FORGED_TRACK)
    assert (made.tracks, made.size_bytes) == (3, made.path.stat().st_size)
    assert made.size_bytes < folders.database.stat().st_size / 2
    assert files_in(folders.home) == {"library.sqlite"}
    restored = restore(made.path, folders, SILENT)
    assert restored.tracks == 3
    assert titles(folders) == {"Take 0", "Take 1", "Take 2"}
    assert restored.kept == folders.home / "library.before-restore.sqlite"
    with Library(restored.kept) as before:
        assert before.count("forged") == 1
    assert files_in(folders.home) == {"library.sqlite", "library.before-restore.sqlite"}


def test_a_backup_has_a_place_and_a_name_of_its_own(folders: Folders, tmp_path: Path) -> None:
    a_library(folders)
    with Library(folders.database) as library:
        first = back_up(library, folders, None, SILENT).path
        assert first.parent == folders.backups
        assert first.name.startswith("library 20")
        assert first.name.endswith(".sqlite.gz")
        assert back_up(library, folders, tmp_path / "new" / "folder", SILENT).path.parent == tmp_path / "new" / "folder"
        with pytest.raises(OutputExists):
            back_up(library, folders, first, SILENT)
        assert back_up(library, folders, first, SILENT, overwrite=True).path == first
        with pytest.raises(BadSetting, match="compressed"):
            back_up(library, folders, tmp_path / "library.sqlite", SILENT)


@pytest.mark.parametrize("when", [0.0, 0.25, 0.7, 0.85, 0.94])
def test_a_backup_that_is_cancelled_leaves_nothing(folders: Folders, tmp_path: Path, when: float) -> None:
    with Library(folders.database) as library:
        noise = random.Random(1).randbytes(20_000)
        for number in range(400):
            library.add(a_track(f"/{number}.wav", peaks=noise))
        progress = StopsAt(when)
        out = tmp_path / "out"
        with pytest.raises(Cancelled):
            back_up(library, folders, out, progress)
    assert files_in(out) == set()
    assert files_in(folders.home) == {"library.sqlite"}
    assert progress.steps == sorted(progress.steps)


def test_a_backup_onto_a_full_disk_leaves_nothing(folders: Folders, small_disk: Path) -> None:
    with Library(folders.database) as library:
        for number in range(40):
            library.add(a_track(f"/{number}.wav", peaks=random.Random(number).randbytes(20_000)))
        with pytest.raises(DiskFull):
            back_up(library, folders, small_disk / "backup.sqlite.gz", SILENT)
    assert files_in(small_disk) == set()
    assert files_in(folders.home) == {"library.sqlite"}


def test_a_backup_of_an_earlier_version_and_a_plain_copy_are_restored_too(folders: Folders, tmp_path: Path) -> None:
    older = tmp_path / "older.sqlite"
    an_older_library(older, [a_track()])
    assert restore(older, folders, SILENT).kept is None
    assert titles(folders) == {"Night Bus"}
    # Brought up to date when it was opened, and copied before.
    assert (folders.home / "library.before-3.sqlite").exists()
    # A library that is in use, with what only its write-ahead log has.
    other = tmp_path / "other" / "library.sqlite"
    with Library(other) as library:
        library.add(A_FORGED_TRACK)
        assert other.with_name("library.sqlite-wal").stat().st_size
        assert restore(other, folders, SILENT).tracks == 1
    assert titles(folders) == {"Forged"}


def test_a_library_that_is_open_elsewhere_is_not_replaced(folders: Folders, tmp_path: Path) -> None:
    a_library(folders)
    made = a_backup(folders, tmp_path)
    with Library(folders.database) as library:
        before = folders.database.read_bytes()
        with pytest.raises(LibraryBusy, match="Another studio has the library open"):
            restore(made.path, folders, SILENT)
        assert folders.database.read_bytes() == before
        library.add(A_FORGED_TRACK)
    assert "Forged" in titles(folders)
    assert files_in(folders.home) == {"library.sqlite"}


def test_what_is_no_backup_is_refused_and_the_library_stays(folders: Folders, tmp_path: Path) -> None:
    a_library(folders)
    whole = a_backup(folders, tmp_path).path.read_bytes()
    with gzip.open(tmp_path / "notes.gz", "wb") as notes:
        notes.write(b"these are my notes; " * 500)
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    flipped = bytearray(whole)
    flipped[len(flipped) // 2] ^= 0x10
    (tmp_path / "flipped.gz").write_bytes(flipped)
    (tmp_path / "empty.gz").write_bytes(b"")
    (tmp_path / "text.sqlite").write_text("these are my notes; " * 500)
    with closing(sqlite3.connect(tmp_path / "bookmarks.sqlite")) as connection:
        connection.execute("CREATE TABLE bookmarks (id INTEGER)")
    for name in ("notes.gz", "cut.gz", "flipped.gz", "empty.gz", "text.sqlite", "bookmarks.sqlite"):
        with pytest.raises(LibraryDamaged) as caught:
            restore(tmp_path / name, folders, SILENT)
        assert "the library is as it was" in caught.value.hint
    newer = tmp_path / "newer" / "library.sqlite"
    with Library(newer) as library:
        library.submit(lambda db: db.execute("INSERT INTO migrations VALUES (9999, 'future', '')")).result()
    with pytest.raises(LibraryTooNew):
        restore(newer, folders, SILENT)
    for nothing in (tmp_path, tmp_path / "gone.gz"):
        with pytest.raises(MissingPath):
            restore(nothing, folders, SILENT)
    assert titles(folders) == {"Take 0", "Take 1", "Take 2"}
    assert files_in(folders.home) == {"library.sqlite"}


def test_a_damaged_library_is_replaced_and_all_of_it_kept(folders: Folders, tmp_path: Path) -> None:
    a_library(folders)
    made = a_backup(folders, tmp_path)
    broken = b"no database at all" * 300
    folders.database.write_bytes(broken)
    folders.database.with_name("library.sqlite-wal").write_bytes(b"changes of it")
    restored = restore(made.path, folders, SILENT)
    assert titles(folders) == {"Take 0", "Take 1", "Take 2"}
    assert restored.kept is not None
    assert restored.kept.read_bytes() == broken
    # The next one does not replace what was kept.
    folders.database.write_bytes(b"broken again" * 300)
    again = restore(made.path, folders, SILENT)
    assert again.kept == folders.home / "library.before-restore-2.sqlite"
    assert restored.kept.read_bytes() == broken


def test_a_restoring_that_is_cancelled_leaves_the_library(folders: Folders, tmp_path: Path) -> None:
    a_library(folders)
    made = a_backup(folders, tmp_path)
    for when in (0.0, 0.8):
        with pytest.raises(Cancelled):
            restore(made.path, folders, StopsAt(when - 0.01))
    assert titles(folders) == {"Take 0", "Take 1", "Take 2"}
    assert files_in(folders.home) == {"library.sqlite"}


RESTORES = """
from pathlib import Path
from sonicforge_studio.domain import SilentProgress
from sonicforge_studio.host import open_folders
from sonicforge_studio.studio.upkeep import restore
def work(arguments):
    file, home = arguments.split("|")
    restore(Path(file), open_folders(home), SilentProgress())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that begin at once")
def test_a_killed_restoring_leaves_the_one_library_or_the_other(folders: Folders, tmp_path: Path) -> None:
    a_library(folders, 150, title="Old")
    backup = a_backup(folders, tmp_path / "backups").path
    folders.database.unlink()
    a_library(folders, 150, title="New")
    present = folders.database.read_bytes()
    kept = folders.home / "library.before-restore.sqlite"
    found = set()
    with killable(RESTORES) as restored:
        whole_seconds = restored(f"{backup}|{folders.home}")
        for number in range(16):
            for path in folders.home.glob("*library*"):
                path.unlink()
            folders.database.write_bytes(present)
            if number < 15:
                restored(f"{backup}|{folders.home}", whole_seconds * number / 14)
            else:
                restored(f"{backup}|{folders.home}")
            (title,) = {name.split()[0] for name in titles(folders)}
            found.add((title, kept.exists()))
            if kept.exists():
                assert tracks_in(kept) == 150
            open_home(folders.home)
            assert files_in(folders.home) - {"logs/studio.log"} <= {"library.sqlite", kept.name}
    assert {("New", False), ("Old", True)} <= found <= {("New", False), ("New", True), ("Old", True)}


def test_an_index_of_another_library_is_not_asked(folders: Folders, tmp_path: Path) -> None:
    """As many changes of other vectors have the same number: only their order tells the two apart."""
    places = np.eye(128)[:2]

    def add(library: Library, paths: str) -> None:
        for path, place in zip(paths, places, strict=False):
            library.add(a_track(path, analysis=an_analysis(content_hash=path, embedding=tuple(place.tolist()))))

    with Library(folders.database) as library:
        empty = back_up(library, folders, tmp_path, SILENT)
        add(library, "ab")
        assert len(Similarity(library, folders.similarity).nearest(places[0], 5)) == 2
    restore(empty.path, folders, SILENT)
    with Library(folders.database) as library:
        add(library, "ba")
        (nearest, _), _ = Similarity(library, folders.similarity).nearest(places[0], 5)
        track = library.track(nearest)
        assert track is not None
        assert track.path == "b"
