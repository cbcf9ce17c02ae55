"""From arguments to files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sonicforge_studio.audio import audio_files_in, expand_inputs
from sonicforge_studio.domain.errors import MissingPath, NoAudioInFolder, NoPermission
from tests.nobody import as_nobody


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shelf = tmp_path / "shelf"
    for name in (
        "b.WAV", "a.mp3", "notes.txt", ".hidden.wav", ".x.wav.part-12ab34cd", "c [live].flac", "Sub/d.opus",
        "Sub/deeper/e.m4a", ".trash/f.wav", "Sub/cover.jpg",
    ):  # fmt: skip
        path = shelf / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (shelf / "Sub/back").symlink_to(shelf)
    (shelf / "linked").symlink_to(shelf / "Sub")
    (shelf / "dangling.wav").symlink_to(shelf / "nowhere.wav")
    os.mkfifo(shelf / "pipe.wav")
    (shelf / "folder.wav").mkdir()
    (shelf / "words").mkdir()
    (shelf / "words/a.txt").write_text("x")
    monkeypatch.chdir(tmp_path)
    return shelf


def test_a_folder_is_walked_sorted_and_once(shelf: Path) -> None:
    found = [path.relative_to(shelf).as_posix() for path in audio_files_in(shelf)]
    assert found == ["Sub/d.opus", "Sub/deeper/e.m4a", "a.mp3", "b.WAV", "c [live].flac"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingPath):
        list(audio_files_in(tmp_path / "nothing"))
    (tmp_path / "file.wav").touch()
    with pytest.raises(MissingPath):
        list(audio_files_in(tmp_path / "file.wav"))


def test_each_argument_is_what_it_names(shelf: Path) -> None:
    expanded = expand_inputs(
        [
            "shelf/notes.txt",
            "shelf/words",
            "shelf/c [live].flac",
            "nowhere.wav",
            "./shelf/Sub/",
            "shelf/*.mp3",
            "shelf/none*.mp3",
            "",
            "nul\0",
            "x" * 5000,
        ]
    )
    assert [(given, found if isinstance(found, Path) else type(found)) for given, found in expanded] == [
        ("shelf/notes.txt", Path("shelf/notes.txt")),
        ("shelf/words", NoAudioInFolder),
        ("shelf/c [live].flac", Path("shelf/c [live].flac")),
        ("nowhere.wav", MissingPath),
        # The link back to the shelf leads to what is there beside this folder.
        ("./shelf/Sub/back/a.mp3", Path("shelf/Sub/back/a.mp3")),
        ("./shelf/Sub/back/b.WAV", Path("shelf/Sub/back/b.WAV")),
        ("./shelf/Sub/back/c [live].flac", Path("shelf/Sub/back/c [live].flac")),
        ("./shelf/Sub/d.opus", Path("shelf/Sub/d.opus")),
        ("./shelf/Sub/deeper/e.m4a", Path("shelf/Sub/deeper/e.m4a")),
        ("shelf/a.mp3", Path("shelf/a.mp3")),
        ("shelf/none*.mp3", MissingPath),
        ("", MissingPath),
        ("nul\0", MissingPath),
        ("x" * 5000, MissingPath),
    ]


def test_a_file_whose_name_is_a_pattern_is_taken_literally(tmp_path: Path) -> None:
    for name in ("[a].wav", "a.wav", "*.wav"):
        (tmp_path / name).write_bytes(b"x")
    for name in ("[a].wav", "*.wav"):
        assert expand_inputs([str(tmp_path / name)]) == [(str(tmp_path / name), tmp_path / name)]
    (tmp_path / "[a].wav").unlink()
    assert expand_inputs([str(tmp_path / "[a].wav")]) == [(str(tmp_path / "a.wav"), tmp_path / "a.wav")]


def test_a_pattern_also_names_folders(shelf: Path) -> None:
    assert expand_inputs(["shelf/S*"]) == expand_inputs(["shelf/Sub"])
    (given, found), *rest = expand_inputs(["shelf/w*"])
    assert (given, type(found), rest) == ("shelf/w*", NoAudioInFolder, [])
    below = expand_inputs(["shelf/Sub/deeper/**"])
    assert below == [("shelf/Sub/deeper/e.m4a", Path("shelf/Sub/deeper/e.m4a"))]


def test_a_folder_without_permission_is_told_or_passed_over(shelf: Path) -> None:
    (shelf / "Sub/deeper").chmod(0)
    (shelf / "words").chmod(0)
    inside = str(shelf / "words" / "a.wav")
    try:
        with as_nobody(shelf):
            found = dict(expand_inputs([str(shelf / "words"), str(shelf / "Sub"), inside]))
    finally:
        (shelf / "Sub/deeper").chmod(0o755)
        (shelf / "words").chmod(0o755)
    assert isinstance(found[str(shelf / "words")], NoPermission)
    assert found[str(shelf / "Sub/d.opus")] == shelf / "Sub/d.opus"
    assert str(shelf / "Sub/deeper/e.m4a") not in found
    assert isinstance(found[inside], NoPermission)
