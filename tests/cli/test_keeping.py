"""`library backup`, `restore`, `export` and `rebuild`: the catalogue is kept, handed out and made anew."""

from __future__ import annotations

import json
from pathlib import Path

from sonicforge_studio.library import Library
from tests.cli.conftest import Sonicforge
from tests.library.track_examples import A_FORGED_TRACK, a_track


def a_library(home: Path) -> Path:
    database = home / "library.sqlite"
    with Library(database) as library:
        library.add(a_track())
        library.add(A_FORGED_TRACK)
    return database


def test_a_library_is_backed_up_and_restored(sonicforge: Sonicforge, own_home: Path, tmp_path: Path) -> None:
    database = a_library(own_home)
    made = sonicforge("library", "backup", "--json").only
    assert set(made) == {"path", "tracks", "bytes", "elapsed_seconds"}
    file = Path(made["path"])
    assert file.parent == own_home / "backups"
    assert (made["tracks"], made["bytes"]) == (2, file.stat().st_size)
    with Library(database) as library:
        library.remove([1])
    back = sonicforge("library", "restore", file, "--json").only
    assert set(back) == {"path", "tracks", "bytes", "kept", "elapsed_seconds"}
    assert (back["path"], back["tracks"]) == (str(database), 2)
    assert back["kept"] == str(own_home / "library.before-restore.sqlite")
    assert len(sonicforge("library", "list", "--json").objects) == 2
    # For people.
    said = sonicforge("library", "restore", file)
    assert "2 tracks are back. What was there before is in" in said.out
    assert str(tmp_path / "out.gz") in sonicforge("library", "backup", "-o", tmp_path / "out.gz").out


def test_a_backup_that_exists_is_replaced_with_force_alone(
    sonicforge: Sonicforge, own_home: Path, tmp_path: Path
) -> None:
    a_library(own_home)
    out = tmp_path / "mine.sqlite.gz"
    out.write_bytes(b"mine")
    said = sonicforge("library", "backup", "-o", out, "--json")
    assert (said.code, said.only["error"]["code"], said.only["path"]) == (1, "output-exists", str(out))
    assert out.read_bytes() == b"mine"
    assert sonicforge("library", "backup", "-o", out, "--force", "--json").only["bytes"] == out.stat().st_size
    assert sonicforge("library", "backup", "-o", tmp_path / "a.zip", "--json").only["error"]["code"] == "bad-setting"


def test_a_damaged_library_is_brought_back(sonicforge: Sonicforge, own_home: Path, tmp_path: Path) -> None:
    database = a_library(own_home)
    sonicforge("library", "backup", "-o", tmp_path / "b.gz")
    database.write_bytes(b"no database at all" * 300)
    assert sonicforge("library", "list", "--json").only["error"]["code"] == "library-damaged"
    assert sonicforge("library", "restore", tmp_path / "b.gz", "--json").code == 0
    assert len(sonicforge("library", "list", "--json").objects) == 2


def test_what_cannot_be_restored_says_so(sonicforge: Sonicforge, own_home: Path, tmp_path: Path) -> None:
    database = a_library(own_home)
    said = sonicforge("library", "restore", tmp_path / "gone.gz", "--json")
    assert (said.code, said.only["error"]["code"]) == (1, "missing-path")
    (tmp_path / "text.gz").write_text("notes")
    assert sonicforge("library", "restore", tmp_path / "text.gz", "--json").only["error"]["code"] == "library-damaged"
    sonicforge("library", "backup", "-o", tmp_path / "b.gz")
    with Library(database):
        said = sonicforge("library", "restore", tmp_path / "b.gz", "--json")
        assert (said.code, said.only["error"]["code"]) == (1, "library-busy")


def test_a_library_is_exported(sonicforge: Sonicforge, own_home: Path, tmp_path: Path) -> None:
    a_library(own_home)
    made = sonicforge("library", "export", "-o", tmp_path / "out", "--json").only
    assert set(made) == {"path", "format", "tracks", "bytes", "left_out", "warning", "elapsed_seconds"}
    assert (made["path"], made["format"], made["tracks"]) == (str(tmp_path / "out" / "library.json"), "json", 2)
    found = sonicforge("library", "export", "-o", tmp_path / "a.csv", "night", "bpm:170-180", "--json").only
    assert (found["format"], found["tracks"]) == ("csv", 1)
    listed = sonicforge("library", "export", "-o", tmp_path / "a.m3u8", "--relative", "--json").only
    assert (listed["tracks"], listed["warning"]) == (2, None)
    said = sonicforge("library", "export", "-o", tmp_path / "a.csv", "--json")
    assert (said.code, said.only["error"]["code"]) == (1, "output-exists")
    assert str(tmp_path / "a.csv") in sonicforge("library", "export", "-o", tmp_path / "a.csv", "--force").out


def test_what_is_not_in_an_export_is_told(sonicforge: Sonicforge, own_home: Path, tmp_path: Path) -> None:
    with Library(own_home / "library.sqlite") as library:
        library.add(a_track("/music/line\nbreak.wav"))
    made = sonicforge("library", "export", "-o", tmp_path / "a.m3u8", "--json").only
    assert made["left_out"] == ["/music/line\nbreak.wav"]
    said = sonicforge("library", "export", "-o", tmp_path / "b.m3u8").err
    assert "a playlist cannot hold their names" in " ".join(said.split())


def test_a_library_is_rebuilt_with_the_recipes_of_its_files(
    sonicforge: Sonicforge, own_home: Path, tmp_path: Path
) -> None:
    forged = sonicforge("forge", "house", "--seconds", 2, "--seed", 4, "-o", tmp_path, "--json").only
    database = own_home / "library.sqlite"
    database.write_bytes(b"no database at all" * 300)
    (tmp_path / "notes.wav").write_text("notes")
    said = sonicforge("library", "rebuild", tmp_path, "--json")
    bad, made = said.objects
    assert (said.code, bad["path"], bad["error"]["code"]) == (1, str(tmp_path / "notes.wav"), "not-audio")
    assert set(made) == {"path", "tracks", "corrections", "failed", "bytes", "kept", "elapsed_seconds"}
    assert (made["path"], made["tracks"], made["failed"]) == (str(database), 1, 1)
    assert made["kept"] == str(own_home / "library.before-rebuild.sqlite")
    sonicforge("library", "export", "-o", tmp_path / "all.json")
    (track,) = json.loads((tmp_path / "all.json").read_text())["tracks"]
    assert (track["path"], track["genre"]) == (forged["path"], "house")
    assert track["recipe"] == forged["recipe"]
    assert "1 tracks are in the new library." in sonicforge("library", "rebuild").out
