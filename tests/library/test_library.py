"""The catalogue: what goes in comes out, sorted, counted, moved and forgotten."""

from __future__ import annotations

import math
import os
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from sonicforge_studio.domain import Track
from sonicforge_studio.domain.errors import BadSetting, LibraryError, OutputExists
from sonicforge_studio.library import Library
from tests.library.track_examples import A_FORGED_TRACK, A_SILENT_TRACK, a_recipe, a_track, an_analysis


@pytest.mark.parametrize("track", [a_track(), A_SILENT_TRACK, A_FORGED_TRACK], ids=lambda track: track.title)
def test_a_track_comes_back_as_it_was_given(library: Library, track: Track) -> None:
    stored = library.add(track)
    assert stored.id > 0
    assert library.track(stored.id) == stored == replace(track, id=stored.id)


def test_silence_has_no_loudness_and_comes_last_however_it_is_sorted(library: Library) -> None:
    for track in (A_SILENT_TRACK, a_track(), A_FORGED_TRACK):
        library.add(track)
    for descending in (True, False):
        rows = library.rows(order="integrated_lufs", descending=descending)
        assert rows[-1].title == "Silence"
        assert rows[-1].integrated_lufs == -math.inf
        assert rows[-1].tempo_bpm is rows[-1].key is None


def test_a_file_that_is_imported_again_keeps_its_id_and_its_day(library: Library) -> None:
    first = library.add(a_track())
    again = library.add(a_track(title="Other", added_at="2030-01-01T00:00:00+00:00", analysis=an_analysis(bpm=120.0)))
    assert (again.id, again.added_at) == (first.id, first.added_at)
    assert library.count() == 1
    stored = library.track(first.id)
    assert stored is not None
    assert (stored.title, stored.analysis.tempo.bpm) == ("Other", 120.0)
    assert library.count("night") == 1  # by its path
    assert library.count("somebody other") == 1


def test_an_id_is_never_given_twice(library: Library) -> None:
    first = library.add(a_track())
    assert library.remove([first.id, 999]) == 1
    assert library.add(a_track()).id > first.id


def test_a_file_is_known_while_its_size_and_time_stay(library: Library) -> None:
    track = library.add(a_track())
    assert library.unchanged(track.path, track.size_bytes, track.modified_ns) == track
    assert library.unchanged(track.path, track.size_bytes + 1, track.modified_ns) is None
    assert library.unchanged(track.path, track.size_bytes, track.modified_ns + 1) is None
    assert library.unchanged("/elsewhere", track.size_bytes, track.modified_ns) is None


def test_tracks_are_found_by_path_hash_and_parent(library: Library) -> None:
    original, master = library.add(a_track()), library.add(A_FORGED_TRACK)
    copy = library.add(a_track("/music/copy.wav"))
    assert library.by_path("/music/forged.wav") == master
    assert library.by_path("/music/FORGED.wav") is None
    assert library.by_content_hash("c") == [original, copy]
    assert library.by_audio_hash("audio of f") == [master]
    assert library.made_from("audio of c") == [master]
    library.add(replace(master, recipe=a_recipe(parents=())))
    assert library.made_from("audio of c") == []


def test_removing_a_track_leaves_nothing_of_it(library: Library, database: Path) -> None:
    kept, removed = library.add(a_track()), library.add(A_FORGED_TRACK)
    library.remove([removed.id])
    assert library.track(removed.id) is None
    assert library.count("forged") == 0
    with sqlite3.connect(database) as connection:
        for table in ("track_data", "track_parents", "track_words"):
            name = "rowid" if table == "track_words" else "track_id"
            assert [row[0] for row in connection.execute(f"SELECT {name} FROM {table}")] in ([kept.id], [])
    connection.close()


def test_a_moved_file_keeps_everything_else(library: Library) -> None:
    track, other = library.add(a_track()), library.add(A_FORGED_TRACK)
    moved = library.move(track.id, "/archive/Day Train.wav")
    assert library.track(track.id) == moved == replace(track, path="/archive/Day Train.wav")
    assert [found.track.id for found in library.search("train")] == [track.id]
    with pytest.raises(LibraryError, match="already has this path"):
        library.move(track.id, other.path)
    with pytest.raises(LibraryError, match="no such track"):
        library.move(12345, "/x")
    assert library.track(track.id) == moved


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("title", ["Ärger", "Łódź", "Zebra"]),
        ("artist", ["Łódź", "Zebra", "Ärger"]),
        ("tempo_bpm", ["Zebra", "Łódź", "Ärger"]),
        ("key", ["Zebra", "Ärger", "Łódź"]),
        ("integrated_lufs", ["Łódź", "Ärger", "Zebra"]),
        ("added_at", ["Ärger", "Zebra", "Łódź"]),
        ("duration_seconds", ["Zebra", "Ärger", "Łódź"]),
        ("path", ["Ärger", "Łódź", "Zebra"]),
    ],
)
def test_tracks_are_sorted_as_people_expect(library: Library, order: str, expected: list[str]) -> None:
    for path, title, artist, bpm, key, lufs, day, seconds in (
        ("/a", "Ärger", "c", 140.0, "A minor", -10.0, "2024-01-01", 20.0),  # 8A
        ("/b", "Łódź", "A", 130.0, "B minor", -12.0, "2024-03-01", 30.0),  # 10A
        ("/c", "Zebra", "b", 120.0, "Eb minor", -8.0, "2024-02-01", 10.0),  # 2A
    ):
        analysis = an_analysis(bpm=bpm, key=key, lufs=lufs, duration_seconds=seconds)
        library.add(a_track(path, title=title, artist=artist, analysis=analysis, added_at=day))
    up = library.tracks(order=order, descending=False)  # type: ignore[arg-type]
    assert [track.title for track in up] == expected
    assert [row.title for row in library.rows(order=order, limit=2, offset=1)] == expected[::-1][1:]  # type: ignore[arg-type]


def test_an_order_that_there_is_not_says_which_there_are(library: Library) -> None:
    with pytest.raises(BadSetting) as caught:
        library.rows(order="id; DROP TABLE tracks")  # type: ignore[arg-type]
    assert "tempo_bpm" in caught.value.hint


def test_fingerprints_come_page_by_page(library: Library) -> None:
    def many(database: Database) -> None:
        for number in range(1100):
            database.execute(
                "INSERT INTO tracks (path, title, artist, title_order, artist_order, content_hash, audio_hash,"
                " size_bytes, modified_ns, added_at, duration_seconds) VALUES (?,'','','','','','',0,0,'',0)",
                [f"/{number}"],
            )
            database.execute(
                "INSERT INTO track_data (track_id, analysis, fingerprint, peaks) VALUES (last_insert_rowid(),'',?,x'')",
                [f"AQ{number}" if number % 10 else ""],
            )

    library.submit(many).result()
    fingerprints = list(library.fingerprints())
    assert len(fingerprints) == len({track_id for track_id, *_ in fingerprints}) == 990
    assert all(text == f"AQ{path[1:]}" for _, path, text, _ in fingerprints)


NAMES = [
    "/music/Zażółć gęślą jaźń.flac",
    "/music/東京 夜のバス.wav",
    "/music/ночной автобус.wav",
    "/music/line\nbreak\ttab.wav",
    "/music/🎧 'quote\" %s ; DROP TABLE tracks --.wav",
    "/music/" + os.fsdecode(b"latin-1 caf\xe9 \xff.wav"),
    "/music/lone \ud800 high.wav",
    "C:\\Music\\Réveil.mp3",
    "",
]


@pytest.mark.parametrize("path", NAMES, ids=ascii)
def test_every_name_is_kept_letter_by_letter(library: Library, path: str) -> None:
    track = library.add(a_track(path, title=path, artist=path + "\0 nul", recipe=a_recipe(prompt=path)))
    assert library.by_path(path) == library.track(track.id) == track
    assert next(library.fingerprints())[1] == path
    assert library.unchanged(path, track.size_bytes, track.modified_ns) == track
    assert library.add(track).id == track.id
    assert library.rows(order="path")[0].path == path


def test_a_file_named_in_invalid_utf_8_is_found_on_the_disk_again(library: Library, tmp_path: Path) -> None:
    file = os.path.join(os.fsencode(tmp_path), b"caf\xe9.wav")  # noqa: PTH118 # bytes are the point
    with open(file, "wb"):  # noqa: PTH123
        pass
    path = os.fsdecode(file)
    library.add(a_track(path))
    assert Path(library.rows()[0].path).exists()
    assert [found.track.path for found in library.search("caf")] == [path]


def test_a_change_that_fails_leaves_nothing(library: Library) -> None:
    library.add(a_track())

    def half(database: Database) -> None:
        database.execute("DELETE FROM tracks")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        library.submit(half).result()
    assert library.count() == 1
    library.add(A_FORGED_TRACK)
    assert library.count() == 2


def test_a_change_must_not_commit_by_itself(library: Library) -> None:
    with pytest.raises(RuntimeError, match="leaves committing"):
        library.submit(lambda database: database.commit()).result()
    library.add(a_track())
    assert library.count() == 1


def test_changes_run_in_the_order_they_were_submitted_and_close_waits_for_them(database: Path) -> None:
    seen: list[int] = []
    with Library(database) as library:
        futures = [library.submit(lambda _, number=number: seen.append(number)) for number in range(50)]
        last = library.submit(lambda database: database.execute("PRAGMA user_version").fetchone()[0])
    assert seen == list(range(50))
    assert all(future.done() for future in futures)
    assert last.result() == 0
    with pytest.raises(LibraryError, match="closed"):
        library.submit(lambda _: None)
    with pytest.raises(LibraryError, match="closed"):
        library.count()
    library.close()
    assert not any(thread.name.startswith("library") for thread in threading.enumerate())


def test_those_who_listen_hear_of_changes_and_cannot_break_them(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def listen() -> None:
        heard.append(threading.current_thread().name)
        raise ValueError("the listener is broken")

    with Library(database, on_change=listen) as library:
        library.add(a_track())
        library.submit(lambda _: None).result()
        library.count()
        assert len(heard) == 1
        assert heard[0].startswith("library-writer")
    assert "the listener is broken" in caplog.text


def test_the_writer_does_not_wait_for_itself(library: Library) -> None:
    with pytest.raises(RuntimeError, match="cannot wait for itself"):
        library.submit(lambda _: library.add(a_track())).result(timeout=5)


def test_many_threads_read_and_write_at_once(library: Library) -> None:
    failures: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for number in range(15):
                track = library.add(a_track(f"/{thread}/{number}.wav"))
                assert library.track(track.id) == track
                assert library.count(f"{number}") > 0
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert library.count() == 90
    assert library.damage() == []


def test_a_backup_is_one_file_with_everything(library: Library, tmp_path: Path) -> None:
    track = library.add(A_FORGED_TRACK)
    copy = tmp_path / "copy.sqlite"
    library.backup(copy)
    library.remove([track.id])
    with Library(copy) as restored:
        assert restored.tracks() == [track]
        assert restored.count("liquid") == 1
    with pytest.raises(OutputExists):
        library.backup(copy)
    with pytest.raises(LibraryError if os.geteuid() else Exception):
        library.backup(tmp_path / "no such folder" / "copy.sqlite")
    assert sorted(file.name for file in tmp_path.iterdir() if "part" in file.name) == []
