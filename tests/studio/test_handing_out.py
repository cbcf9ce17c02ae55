"""The catalogue leaves in open formats, whatever the names in it are."""

from __future__ import annotations

import csv
import json
import math
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sonicforge_studio.domain import Cancelled, Progress, SilentProgress, to_plain
from sonicforge_studio.domain.errors import BadSetting, DiskFull, OutputExists, UnknownFormat
from sonicforge_studio.library import Library
from sonicforge_studio.studio.handing_out import HandedOut, hand_out
from sonicforge_studio.studio.report import track_fields
from tests.library.track_examples import A_FORGED_TRACK, A_SILENT_TRACK, a_recipe, a_track, an_analysis

SILENT = SilentProgress()
STRANGE = os.fsdecode(b"/music/caf\xe9.wav")
EVIL = [
    "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1+1", " =1+1", "x;=1+1", "x\n=1+1", "x\r\n@y", "＝1+1",
]  # fmt: skip


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library.sqlite") as library:
        yield library


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def hand_over(library: Library, out: Path, **options: Any) -> HandedOut:
    return hand_out(library, out, SILENT, **options)


def test_json_holds_everything(library: Library, tmp_path: Path) -> None:
    tracks = [library.add(track) for track in (a_track(STRANGE), A_SILENT_TRACK, A_FORGED_TRACK)]
    made = hand_over(library, tmp_path / "all.json")
    assert (made.tracks, made.left_out, made.warning) == (3, (), None)
    assert made.size_bytes == made.path.stat().st_size
    document = json.loads(made.path.read_text(encoding="ascii"))
    assert document["version"] == 1
    told = {track["id"]: track for track in document["tracks"]}
    for track in tracks:
        assert {**track_fields(track, 1.0)}.items() <= told[track.id].items()
        assert told[track.id]["recipe"] == to_plain(track.recipe)
        assert told[track.id]["verdict"] == to_plain(track.verdict)
        assert told[track.id]["fingerprint"] == track.fingerprint
    assert told[tracks[0].id]["path"] == STRANGE
    # A track a line, for tools that read lines.
    assert len(made.path.read_text().splitlines()) == 3 + 2


def test_nothing_found_is_a_whole_document_too(library: Library, tmp_path: Path) -> None:
    made = hand_over(library, tmp_path / "none.json", search="nothing")
    assert json.loads(made.path.read_text())["tracks"] == []
    assert json.loads(made.path.read_text())["search"] == "nothing"


def test_only_what_a_search_finds_the_best_first(library: Library, tmp_path: Path) -> None:
    library.add(a_track("/music/bus/a.wav", title="Other", analysis=an_analysis(bpm=120.0)))
    library.add(a_track("/music/b.wav", title="Night Bus", analysis=an_analysis(bpm=120.0)))
    library.add(a_track("/music/c.wav", title="Night Bus", analysis=an_analysis(bpm=90.0)))
    made = hand_over(library, tmp_path / "some.csv", search="bus bpm:120")
    assert [row["path"] for row in rows_of(made.path)] == ["/music/b.wav", "/music/bus/a.wav"]


def test_a_spreadsheet_reads_names_and_figures(library: Library, tmp_path: Path) -> None:
    library.add(replace(A_FORGED_TRACK, title='Zażółć, "gęślą"\njaźń', artist="東京"))
    library.add(replace(A_SILENT_TRACK, path=STRANGE))
    made = hand_over(library, tmp_path / "all.csv")
    assert made.path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = {row["id"]: row for row in rows_of(made.path)}
    forged, silent = rows["1"], rows["2"]
    assert (forged["title"], forged["artist"]) == ('Zażółć, "gęślą"\njaźń', "東京")
    assert (float(forged["tempo_bpm"]), float(forged["integrated_lufs"])) == (174.0, -9.5)
    assert (forged["approved"], float(forged["verdict_score"])) == ("true", 91.5)
    assert (forged["prompt"], forged["seed"], forged["genre"]) == ("liquid drum and bass", "7", "drum-and-bass")
    assert (silent["tempo_bpm"], silent["integrated_lufs"], silent["key"], silent["approved"]) == ("", "", "", "")
    assert silent["path"] == "/music/caf\\udce9.wav"


@pytest.mark.parametrize("evil", EVIL, ids=ascii)
def test_no_cell_is_something_to_work_out(library: Library, tmp_path: Path, evil: str) -> None:
    library.add(a_track("/music/a.wav", title=evil, artist=evil, recipe=a_recipe(prompt=evil)))
    made = hand_over(library, tmp_path / "all.csv")
    (row,) = rows_of(made.path)
    # However a spreadsheet divides the text, no piece of it begins with one of these signs, but for figures.
    pieces = [
        piece.strip(' "')
        for value in (row["title"], row["artist"], row["prompt"])
        for piece in value.replace("\r", "\n").replace("\t", "\n").replace(";", "\n").split("\n")
    ]
    assert not [piece for piece in pieces if piece[:1] in "=+-@＝＋－＠" and piece]
    assert row["title"].replace("'", "") == evil.replace("'", "")
    assert float(row["true_peak_dbtp"]) == -1.0


def test_a_playlist_names_files_and_lengths(library: Library, tmp_path: Path) -> None:
    music = tmp_path / "music"
    for name, title in (("a.wav", "Line\nbreak"), ("# b.wav", "Sharp"), ("東京.wav", "東京")):
        library.add(a_track(str(music / name), title=title, analysis=an_analysis(duration_seconds=61.6)))
    library.add(a_track(str(music / "c.wav"), title="Alone", artist=""))
    made = hand_over(library, music / "list.m3u8", relative=True)
    lines = made.path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#EXTM3U"
    assert dict(zip(lines[2::2], lines[1::2], strict=True)) == {
        "a.wav": "#EXTINF:62,Somebody - Line break",
        "./# b.wav": "#EXTINF:62,Somebody - Sharp",
        "東京.wav": "#EXTINF:62,Somebody - 東京",
        "c.wav": "#EXTINF:30,Alone",
    }
    above = hand_over(library, tmp_path / "lists" / "list.m3u8", relative=True)
    assert "../music/a.wav" in above.path.read_text().splitlines()
    absolute = hand_over(library, tmp_path / "lists" / "absolute.m3u8")
    assert str(music / "a.wav") in absolute.path.read_text().splitlines()


@pytest.mark.parametrize(
    "path", ["/m/line\nbreak.wav", "/m/a\u2028b.wav", STRANGE, "/m/space ", "/m/\ud800.wav", ""], ids=ascii
)
def test_what_a_playlist_cannot_hold_is_left_out_and_told(library: Library, tmp_path: Path, path: str) -> None:
    library.add(a_track("/music/good.wav"))
    library.add(a_track(path, title=path))
    made = hand_over(library, tmp_path / "list.m3u8")
    assert (made.tracks, made.left_out) == (1, (path,))
    assert made.warning == "1 left out: a playlist cannot hold their names."
    assert made.path.read_text().splitlines()[2:] == ["/music/good.wav"]
    assert hand_over(library, tmp_path / "all.json").left_out == ()


def test_one_track_that_cannot_be_read_does_not_spoil_the_rest(library: Library, tmp_path: Path) -> None:
    library.add(a_track("/music/good.wav"))
    bad = library.add(a_track("/music/bad.wav"))
    with closing(sqlite3.connect(tmp_path / "library.sqlite")) as connection:
        connection.execute("UPDATE track_data SET analysis = '{' WHERE track_id = ?", (bad.id,))
        connection.commit()
    made = hand_over(library, tmp_path / "all.csv")
    assert (made.tracks, made.left_out) == (1, ("/music/bad.wav",))
    assert made.warning == "1 left out: the library cannot read what it knows of them."


def test_the_format_is_told_by_the_name_or_beside_it(library: Library, tmp_path: Path) -> None:
    library.add(a_track())
    folder = tmp_path / "new"
    assert hand_over(library, folder).path == folder / "library.json"
    assert hand_over(library, folder).path == folder / "library 2.json"
    assert hand_over(library, folder, format="CSV").path == folder / "library.csv"
    assert hand_over(library, tmp_path / "A.M3U8").format == "m3u8"
    with pytest.raises(BadSetting, match="contradict"):
        hand_over(library, tmp_path / "a.csv", format="json")
    for out, format in ((tmp_path / "a.xlsx", ""), (folder, "xml")):
        with pytest.raises(UnknownFormat):
            hand_over(library, out, format=format)


def test_a_file_that_exists_stays(library: Library, tmp_path: Path) -> None:
    library.add(a_track())
    out = tmp_path / "a.csv"
    out.write_text("mine")
    with pytest.raises(OutputExists):
        hand_over(library, out)
    assert out.read_text() == "mine"
    assert hand_over(library, out, overwrite=True).tracks == 1
    assert out.read_text() != "mine"


class StopsAtTheThird(Progress):
    def step(self, done: float, total: float, note: str = "") -> None:
        if done == 2:
            raise Cancelled()


@pytest.mark.parametrize("format", ["json", "csv", "m3u8"])
def test_what_was_cancelled_leaves_nothing(library: Library, tmp_path: Path, format: str) -> None:
    for number in range(4):
        library.add(a_track(f"/{number}.wav"))
    out = tmp_path / "out"
    with pytest.raises(Cancelled):
        hand_out(library, out, StopsAtTheThird(), format=format)
    assert list(out.iterdir()) == []


def test_a_full_disk_leaves_nothing(library: Library, small_disk: Path) -> None:
    embedding = tuple(math.sin(number) for number in range(128))
    for number in range(200):
        library.add(a_track(f"/{number}.wav", analysis=an_analysis(embedding=embedding)))
    with pytest.raises(DiskFull):
        hand_over(library, small_disk / "all.json")
    assert list(small_disk.iterdir()) == []
