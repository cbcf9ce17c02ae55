"""A library is copied before it is brought up to date, and what cannot be copied stays as it is."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from sonicforge_studio.domain import Track
from sonicforge_studio.domain.errors import DiskFull, LibraryDamaged, LibraryTooNew
from sonicforge_studio.library import Library
from sonicforge_studio.library.copies import is_sound
from sonicforge_studio.library.migrations import MIGRATIONS
from tests.killing import killable
from tests.library.older_libraries import an_older_library
from tests.library.track_examples import A_FORGED_TRACK, a_track, an_analysis

OPENS = """
from pathlib import Path
from sonicforge_studio.library import Library
def work(database):
    Library(Path(database)).close()
"""


def applied(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT max(number) FROM migrations").fetchone()[0])


def many_tracks(count: int) -> Sequence[Track]:
    place = [0.1] * 128
    return [a_track(f"/{number}.wav", analysis=an_analysis(embedding=tuple(place))) for number in range(count)]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_an_older_library_is_copied_before_it_is_brought_up_to_date(database: Path) -> None:
    an_older_library(database, [a_track(), A_FORGED_TRACK])
    with Library(database) as library:
        assert library.count() == 2
    copy = database.with_name("library.before-3.sqlite")
    assert names(database.parent) == {database.name, copy.name}
    assert (applied(database), applied(copy)) == (MIGRATIONS[-1].number, 2)
    assert is_sound(copy)
    # It is a library of its own, in one file.
    with Library(copy) as library:
        assert {track.title for track in library.tracks()} == {"Night Bus", "Forged"}


def test_a_new_library_has_nothing_to_be_copied(database: Path) -> None:
    an_older_library(database, [])
    for _ in range(2):
        with Library(database) as library:
            assert library.count() == 0
    assert names(database.parent) == {database.name}


def test_a_copy_with_something_else_in_it_stays(database: Path) -> None:
    an_older_library(database, [a_track()])
    older = database.read_bytes()
    first = database.with_name("library.before-3.sqlite")
    second = database.with_name("library.before-3-2.sqlite")
    Library(database).close()
    kept = first.read_bytes()
    # The same again adds nothing.
    database.write_bytes(older)
    Library(database).close()
    assert names(database.parent) == {database.name, first.name}
    # Another one does not replace it.
    database.unlink()
    an_older_library(database, [A_FORGED_TRACK])
    Library(database).close()
    assert first.read_bytes() == kept
    with Library(second) as library:
        assert [track.title for track in library.tracks()] == ["Forged"]


def test_a_disk_without_room_for_the_copy_leaves_the_library_as_it_was(small_disk: Path, tmp_path: Path) -> None:
    prepared = tmp_path / "library.sqlite"
    an_older_library(prepared, many_tracks(30))
    database = small_disk / "library.sqlite"
    database.write_bytes(prepared.read_bytes())
    assert 160_000 < database.stat().st_size < 300_000, "not the size that this test is about"
    before = database.read_bytes()
    with pytest.raises(DiskFull, match="was not brought up to date"):
        Library(database)
    assert database.read_bytes() == before
    assert names(small_disk) == {database.name}
    # With room it is.
    prepared.unlink()
    prepared.write_bytes(before)
    Library(prepared).close()
    assert applied(prepared) == MIGRATIONS[-1].number


def test_a_damaged_library_is_not_brought_up_to_date(database: Path) -> None:
    an_older_library(database, many_tracks(60))
    broken = bytearray(database.read_bytes())
    for position in range(len(broken) // 2, len(broken), 300):
        broken[position] ^= 0xFF
    database.write_bytes(broken)
    with pytest.raises(LibraryDamaged, match="not brought up to date"):
        Library(database)
    assert database.read_bytes() == broken
    assert not [name for name in names(database.parent) if "before" in name]


def test_a_library_of_a_newer_studio_is_not_copied(database: Path) -> None:
    with Library(database) as library:
        library.add(a_track())
        library.submit(lambda db: db.execute("INSERT INTO migrations VALUES (9999, 'future', '')")).result()
    with pytest.raises(LibraryTooNew):
        Library(database)
    assert names(database.parent) == {database.name}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that begin at once")
def test_a_kill_leaves_the_old_library_or_the_new_one_and_no_half_copy(database: Path) -> None:
    an_older_library(database, many_tracks(300))
    older = database.read_bytes()
    copy = database.with_name("library.before-3.sqlite")
    outcomes = set()
    with killable(OPENS) as opened:
        whole_seconds = opened(database)
        for number in range(16):
            for path in database.parent.glob("*library*"):
                path.unlink()
            database.write_bytes(older)
            if number < 15:
                opened(database, whole_seconds * number / 14)
            else:
                opened(database)
            assert not copy.exists() or is_sound(copy)
            stopped = applied(database)
            outcomes.add((copy.exists(), stopped))
            # Between two steps it is a library of the first one, which is copied before the second.
            between = {f"library.before-{stopped + 1}.sqlite"} if 2 < stopped < MIGRATIONS[-1].number else set()
            with Library(database) as library:
                assert library.count() == 300
                assert library.damage() == []
            assert applied(copy) == 2
            assert names(database.parent) == {database.name, copy.name} | between
    assert {(False, 2), (True, MIGRATIONS[-1].number)} <= outcomes
    assert all(there or number == 2 for there, number in outcomes)
