"""What was committed stays, whoever dies, and however the file looks."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlite_utils import Database

from sonicforge_studio.domain.errors import LibraryBusy, LibraryDamaged, LibraryError, LibraryTooNew, StudioError
from sonicforge_studio.library import Library, migrations
from sonicforge_studio.library.migrations import MIGRATIONS, Migration, migrate
from tests.library.track_examples import A_FORGED_TRACK, a_track

HERE = Path(__file__).parent

ADDS = """
import itertools, sys
from pathlib import Path
from sonicforge_studio.library import Library
from tests.library.track_examples import a_track
with Library(Path(sys.argv[1])) as library:
    for number in itertools.count():
        track = library.add(a_track(f"/{sys.argv[2]}/{number}.wav", title=f"Take {number}"))
        sys.stdout.write(f"{track.id} {track.path}\\n")
        sys.stdout.flush()
        if number % 7 == 3:
            sys.stdout.write(f"removing {track.id}\\n")
            sys.stdout.flush()
            library.remove([track.id])
"""


def kill_while_adding(database: Path, tag: str, seconds: float) -> dict[int, str]:
    """Kill −9 a process some time after its first commit; returns what it said was committed."""
    command = [sys.executable, "-c", ADDS, str(database), tag]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE) as child:
        assert child.stdout is not None
        said = [child.stdout.readline()]
        threading.Timer(seconds, child.send_signal, (signal.SIGKILL,)).start()
        said += child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    committed: dict[int, str] = {}
    for line in said:
        if not line.endswith("\n"):
            continue  # the kill came between the commit and the word of it
        first, second = line.split()
        if first == "removing":
            del committed[int(second)]
        else:
            committed[int(first)] = second
    return committed


def assert_nothing_was_lost(database: Path, committed: dict[int, str]) -> None:
    with Library(database) as library:
        assert library.damage() == []
        there = {row.id: row.path for row in library.rows()}
        assert {track_id: there.get(track_id) for track_id in committed} == committed
        newest = max(committed)
        assert library.track(newest) is not None
        found = {row.id for row in library.rows(search=f'"{Path(committed[newest]).stem}"')}
        assert newest in found
        # What was not said may have been committed as well, but only the very last change.
        assert len(there.keys() ^ committed.keys()) <= 1


def one_kill(database: Path, tag: str, seconds: float, committed: dict[int, str]) -> None:
    committed.update(kill_while_adding(database, tag, seconds))
    assert_nothing_was_lost(database, committed)
    with Library(database) as library:
        committed.update({row.id: row.path for row in library.rows()})
        for track_id in committed.keys() - {row.id for row in library.rows()}:
            del committed[track_id]


def test_a_kill_loses_nothing_that_was_committed(database: Path) -> None:
    committed: dict[int, str] = {}
    for number in range(3):
        one_kill(database, f"round-{number}", random.uniform(0.0, 0.3), committed)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_two_hundred_kills_lose_nothing_that_was_committed(database: Path) -> None:
    committed: dict[int, str] = {}
    for number in range(200):
        one_kill(database, f"round-{number}", random.uniform(0.0, 0.5), committed)


def test_two_processes_share_one_library(database: Path) -> None:
    with Library(database) as library:
        command = [sys.executable, "-c", ADDS, str(database), "other"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE) as child:
            assert child.stdout is not None
            assert child.stdout.readline()
            ours = [library.add(a_track(f"/ours/{number}.wav")) for number in range(100)]
            assert child.stdout.readline()
            child.kill()
        assert {track.path for track in ours} <= {row.path for row in library.rows()}
        assert any(row.path.startswith("/other/") for row in library.rows())
        assert library.damage() == []


def test_many_may_make_the_same_new_library_at_once(database: Path) -> None:
    made: list[int] = []

    def make(number: int) -> None:
        with Library(database) as library:
            made.append(library.add(a_track(f"/{number}.wav")).id)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [1, 2, 3, 4, 5, 6]


def test_a_library_that_another_program_holds_says_so_in_time(database: Path) -> None:
    with Library(database, busy_seconds=0.2) as library:
        library.add(a_track())
        other = sqlite3.connect(database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(LibraryBusy):
            library.add(A_FORGED_TRACK)
        assert 0.15 < time.monotonic() - began < 2.0
        assert library.count() == 1  # reading goes on
        other.execute("ROLLBACK")
        other.close()
        library.add(A_FORGED_TRACK)
        assert library.count() == 2


def test_a_library_of_a_newer_studio_is_left_alone(database: Path) -> None:
    with Library(database) as library:
        library.add(a_track())
        library.submit(lambda db: db.execute("INSERT INTO migrations VALUES (9999, 'future', '')")).result()
    before = database.read_bytes()
    with pytest.raises(LibraryTooNew):
        Library(database)
    assert database.read_bytes() == before


def test_a_migration_is_done_once_and_wholly_or_not_at_all(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "some.sqlite")
    database = Database(connection, execute_plugins=False)
    migrate(database)
    number = MIGRATIONS[-1].number + 1

    def breaks(db: Database) -> None:
        db.execute("CREATE TABLE half (id INTEGER)")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        migrate(database, (*MIGRATIONS, Migration(number, "breaks", breaks)))
    assert "half" not in database.table_names()

    def works(db: Database) -> None:
        db.execute("CREATE TABLE whole (id INTEGER)")

    for _ in range(2):
        migrate(database, (*MIGRATIONS, Migration(number, "works", works)))
    assert "whole" in database.table_names()
    rows = connection.execute("SELECT number, name FROM migrations").fetchall()
    assert rows == [*((step.number, step.name) for step in MIGRATIONS), (number, "works")]
    connection.close()


def test_migrations_are_numbered_without_gaps() -> None:
    assert [step.number for step in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_a_file_that_is_no_library_is_not_touched(database: Path) -> None:
    database.write_bytes(b"these are my notes, not a database; " * 200)
    before = database.read_bytes()
    with pytest.raises(LibraryDamaged):
        Library(database)
    assert database.read_bytes() == before


def test_somebody_elses_database_is_not_written_to(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE bookmarks (id INTEGER)")
    connection.close()
    with pytest.raises(LibraryDamaged, match="not a SonicForge library"):
        Library(database)
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("bookmarks",)]
    connection.close()


def test_a_library_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "a folder").mkdir()
    with pytest.raises(LibraryError, match="cannot be opened"):
        Library(tmp_path / "a folder")
    (tmp_path / "a file").write_text("")
    with pytest.raises(StudioError):
        Library(tmp_path / "a file" / "library.sqlite")


def test_damage_anywhere_is_a_plain_error_or_none(tmp_path: Path) -> None:
    """Bits flip all over the file: each use works, or says in the studio's words that it does not."""
    sound = tmp_path / "sound.sqlite"
    with Library(sound) as library:
        for number in range(60):
            library.add(a_track(f"/{number}.wav", title=f"Take {number}", recipe=A_FORGED_TRACK.recipe))
    content = sound.read_bytes()
    rng = random.Random(4)
    plain = 0
    for number in range(40):
        broken = bytearray(content)
        for _ in range(20):
            broken[rng.randrange(len(broken)) if number % 2 else rng.randrange(8192)] ^= 1 << rng.randrange(8)
        if number % 10 == 9:
            del broken[rng.randrange(len(broken)) :]
        damaged = tmp_path / f"damaged-{number}.sqlite"
        damaged.write_bytes(broken)
        try:
            with Library(damaged, busy_seconds=0.1) as library:
                for use in (
                    lambda library=library: library.tracks(search="take"),
                    lambda library=library: library.rows(order="title"),
                    lambda library=library: library.damage(),
                    lambda library=library: library.add(a_track("/new.wav")),
                ):
                    try:
                        use()
                    except StudioError:
                        plain += 1
        except StudioError:
            plain += 1
    assert plain > 10


def test_a_backup_of_a_damaged_library_is_not_kept(database: Path, tmp_path: Path) -> None:
    with Library(database) as library:
        for number in range(60):
            library.add(a_track(f"/{number}.wav", title=f"Take {number}"))
    broken = bytearray(database.read_bytes())
    for position in range(len(broken) // 2, len(broken), 300):
        broken[position] ^= 0xFF
    database.write_bytes(broken)
    before = set(tmp_path.iterdir())
    with Library(database) as library, pytest.raises(LibraryDamaged):
        library.backup(tmp_path / "backup.sqlite")
    assert set(tmp_path.iterdir()) == before


def test_a_library_on_a_full_disk_says_so_and_keeps_what_it_has(library: Library) -> None:
    library.add(a_track())
    library.submit(lambda db: db.execute("PRAGMA max_page_count=1")).result()  # the size it has is the least it takes

    def fill() -> None:
        for number in range(100):
            library.add(a_track(f"/{number}.wav"))

    with pytest.raises(StudioError) as caught:
        fill()
    assert caught.value.code == "disk-full"
    library.submit(lambda db: db.execute("PRAGMA max_page_count=1000000")).result()
    library.add(A_FORGED_TRACK)
    assert library.damage() == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_library_says_so(database: Path) -> None:
    with Library(database) as library:
        library.add(a_track())
    database.chmod(0o444)
    database.parent.chmod(0o555)
    try:
        with pytest.raises(LibraryError), Library(database) as library:
            library.add(A_FORGED_TRACK)
    finally:
        database.parent.chmod(0o755)


def test_the_released_steps_are_what_they_were(tmp_path: Path) -> None:
    """A step that has been released is never edited: this is the first one's work, word for word."""
    connection = sqlite3.connect(tmp_path / "first.sqlite")
    migrate(Database(connection, execute_plugins=False), MIGRATIONS[:1])
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'index')")}
    assert {"tracks", "track_data", "track_parents", "track_words", "tracks_tempo_bpm"} <= names
    columns = [row[1] for row in connection.execute("PRAGMA table_info(tracks)")]
    assert columns[:4] == ["id", "path", "title", "artist"]
    assert connection.execute("PRAGMA application_id").fetchone()[0] == migrations.APPLICATION_ID
    connection.close()
