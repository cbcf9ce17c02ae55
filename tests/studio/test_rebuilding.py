"""The whole catalogue again from the files, whatever is left of the old one."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sonicforge_studio.domain import Cancelled, SilentProgress, Track
from sonicforge_studio.domain.errors import LibraryBusy, LibraryDamaged, LibraryError
from sonicforge_studio.host import Folders, open_folders
from sonicforge_studio.host.cache import Cache
from sonicforge_studio.library import Library
from sonicforge_studio.studio import build_studio
from sonicforge_studio.studio.rebuilding import rebuild
from tests.killing import killable
from tests.sounds import groove, tone, write

SILENT = SilentProgress()
STRANGE = os.fsdecode(b"caf\xe9.wav")


@pytest.fixture
def folders(own_home: Path) -> Folders:
    return open_folders(own_home)


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    folder = tmp_path / "songs"
    folder.mkdir()
    for number, name in enumerate(("one.wav", "two.wav", STRANGE)):
        write(folder / "new.wav", groove(4.0, 100.0 + 10.0 * number)).rename(folder / name)
    return folder


def import_all(songs: Path) -> None:
    with build_studio() as studio:
        assert len(studio.importer.add_all([str(songs)], SILENT).tracks) == 3


def tracks_of(database: Path) -> dict[str, Track]:
    with Library(database) as library:
        assert library.damage() == []
        return {track.path: track for track in library.tracks()}


def test_everything_comes_again_and_nothing_known_is_measured(folders: Folders, songs: Path) -> None:
    import_all(songs)
    with Library(folders.database) as library:
        library.submit(lambda db: db.execute("UPDATE tracks SET added_at = '2020-01-01T10:00:00+00:00'")).result()
    before = tracks_of(folders.database)
    # What the cache says is believed.
    one = before[str(songs / "one.wav")]
    with Cache(folders.measurements) as cache:
        (key,) = [f"content/{version}/{one.analysis.content_hash}" for version in range(1, 50)
                  if cache.get(f"content/{version}/{one.analysis.content_hash}")]  # fmt: skip
        stored = cache.get(key)
        cache.set(key, {**stored, "fingerprint": "from the cache"})
    rebuilt = rebuild(folders, [], SILENT)
    after = tracks_of(folders.database)
    assert (rebuilt.tracks, rebuilt.failed, rebuilt.path) == (3, (), folders.database)
    assert after.keys() == before.keys()
    for path, track in after.items():
        assert (track.title, track.analysis, track.verdict) == (
            before[path].title,
            before[path].analysis,
            before[path].verdict,
        )
        assert track.added_at == "2020-01-01T10:00:00+00:00"
    assert after[one.path].fingerprint == "from the cache"
    # A number that somebody wrote down is not another track's now.
    assert not {track.id for track in after.values()} & {track.id for track in before.values()}
    assert rebuilt.kept == folders.home / "library.before-rebuild.sqlite"
    assert tracks_of(rebuilt.kept) == before
    assert not folders.rebuilding.exists()


def test_corrections_are_carried_over(folders: Folders, songs: Path) -> None:
    import_all(songs)
    with build_studio() as studio:
        one = studio.library.by_path(str(songs / "one.wav"))
        assert one is not None
        corrected = studio.corrections.set_tempo(one.id, 77.0)
    assert rebuild(folders, [], SILENT, force=True).corrections == 1
    with build_studio() as studio:
        again = studio.library.by_path(one.path)
        assert again is not None
        assert (again.analysis.tempo.bpm, again.analysis.corrected) == (77.0, ("tempo",))
        assert again.analysis == corrected.analysis
        assert studio.corrections.undo(again.id).analysis == one.analysis


def test_a_library_that_is_no_database_any_more_is_made_of_folders(folders: Folders, songs: Path) -> None:
    import_all(songs)
    broken = b"no database at all" * 300
    folders.database.write_bytes(broken)
    with pytest.raises(LibraryDamaged):
        Library(folders.database)
    rebuilt = rebuild(folders, [str(songs)], SILENT)
    assert rebuilt.tracks == 3
    assert rebuilt.kept is not None
    assert rebuilt.kept.read_bytes() == broken
    assert tracks_of(folders.database).keys() == {str(path) for path in songs.iterdir()}


def test_no_library_at_all_is_made_of_folders_too(folders: Folders, songs: Path) -> None:
    rebuilt = rebuild(folders, [str(songs)], SILENT)
    assert (rebuilt.tracks, rebuilt.kept) == (3, None)


def test_what_a_damaged_library_still_knows_is_used(folders: Folders, songs: Path) -> None:
    """Its table of tracks is destroyed; the index over their paths is not."""
    import_all(songs)
    with build_studio() as studio:
        track = studio.library.by_path(str(songs / "one.wav"))
        assert track is not None
        studio.corrections.set_tempo(track.id, 77.0)
    with closing(sqlite3.connect(folders.database)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'tracks'").fetchone()
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    broken = bytearray(folders.database.read_bytes())
    broken[(page - 1) * page_bytes : page * page_bytes] = b"\xff" * page_bytes
    folders.database.write_bytes(broken)
    rebuilt = rebuild(folders, [], SILENT)
    assert (rebuilt.tracks, rebuilt.corrections) == (3, 1)
    after = tracks_of(folders.database)
    assert after.keys() == {str(path) for path in songs.iterdir()}
    assert after[track.path].analysis.tempo.bpm == 77.0


def test_one_bad_file_spoils_nothing_and_folders_add_to_what_is_known(folders: Folders, songs: Path) -> None:
    import_all(songs)
    (songs / "one.wav").unlink()
    (songs / "two.wav").write_bytes(b"RIFF, but nothing else")
    more = songs.parent / "more"
    more.mkdir()
    write(more / "three.wav", tone(2.0))
    rebuilt = rebuild(folders, [str(more), str(songs), str(songs / "gone.wav")], SILENT)
    assert rebuilt.tracks == 2
    assert {path: error.code for path, error in rebuilt.failed} == {
        str(songs / "one.wav"): "missing-path",
        str(songs / "two.wav"): "not-audio",
        str(songs / "gone.wav"): "missing-path",
    }
    assert tracks_of(folders.database).keys() == {str(more / "three.wav"), str(songs / STRANGE)}


def test_without_any_file_the_library_stays(folders: Folders, songs: Path) -> None:
    import_all(songs)
    before = tracks_of(folders.database)
    songs.rename(songs.with_name("unplugged"))
    with pytest.raises(LibraryError, match="stays as it was"):
        rebuild(folders, [], SILENT)
    assert tracks_of(folders.database) == before
    assert not folders.rebuilding.exists()
    assert not list(folders.home.glob("*before*"))


def test_a_library_that_is_open_is_not_rebuilt(folders: Folders, songs: Path) -> None:
    import_all(songs)
    with build_studio() as studio:
        with pytest.raises(LibraryBusy, match="Another studio"):
            rebuild(folders, [], SILENT)
        assert studio.library.count() == 3


class Stops:
    """Asks for a stop when the first file is done; meanwhile nobody else can open the library."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.tried = 0

    def step(self, done: float, total: float, note: str = "") -> None:
        if not self.tried:
            self.tried += 1
            with pytest.raises(LibraryBusy):
                Library(self.database, busy_seconds=0.05)
        if not note.startswith("0/"):
            raise Cancelled()


def test_a_rebuilding_that_is_cancelled_leaves_the_library(folders: Folders, songs: Path) -> None:
    import_all(songs)
    before = tracks_of(folders.database)
    progress = Stops(folders.database)
    with pytest.raises(Cancelled):
        rebuild(folders, [], progress)
    assert progress.tried
    assert tracks_of(folders.database) == before
    assert not folders.rebuilding.exists()


REBUILDS = """
from sonicforge_studio.domain import SilentProgress
from sonicforge_studio.host import open_folders
from sonicforge_studio.studio.rebuilding import rebuild
def work(home):
    rebuild(open_folders(home), [], SilentProgress(), workers=1)
"""


@pytest.fixture
def many(folders: Folders, songs: Path) -> bytes:
    """A library of which all is in the cache."""
    import_all(songs)
    with closing(sqlite3.connect(folders.database)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return folders.database.read_bytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that begin at once")
def test_a_killed_rebuilding_leaves_the_one_library_or_the_other(folders: Folders, many: bytes) -> None:
    kept = folders.home / "library.before-rebuild.sqlite"
    found = set()
    with killable(REBUILDS) as rebuilt:
        whole_seconds = rebuilt(folders.home)
        for number in range(12):
            for path in folders.home.glob("library*"):
                path.unlink()
            folders.database.write_bytes(many)
            if number < 11:
                rebuilt(folders.home, whole_seconds * number / 10)
            else:
                rebuilt(folders.home)
            tracks = tracks_of(folders.database)
            assert len(tracks) == 3
            found.add((min(track.id for track in tracks.values()) > 3, kept.exists()))
            assert not kept.exists() or len(tracks_of(kept)) == 3
            # The next start clears up.
            build_studio().close()
            assert not folders.rebuilding.exists()
            assert not [path for path in folders.home.iterdir() if ".part-" in path.name]
    assert {(False, False), (True, True)} <= found <= {(False, False), (False, True), (True, True)}


def test_two_rebuildings_do_not_meet(folders: Folders, songs: Path) -> None:
    """Of a library that no lock can be held on."""

    class Second(SilentProgress):
        met = 0

        def step(self, done: float, total: float, note: str = "") -> None:
            if not Second.met:
                Second.met += 1
                with pytest.raises(LibraryBusy, match="being rebuilt already"):
                    rebuild(folders, [str(songs)], SILENT)

    assert rebuild(folders, [str(songs)], Second()).tracks == 3
    assert Second.met
