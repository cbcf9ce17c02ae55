from __future__ import annotations

import errno
import logging
from pathlib import Path

import pytest

from sonicforge_studio.domain.errors import DiskFull, OutputNotWritable
from sonicforge_studio.host import open_folders, output_error, resource, start_log, write_text


def test_the_environment_names_the_home_and_an_argument_outranks_it(own_home: Path, tmp_path: Path) -> None:
    assert open_folders().home == own_home
    assert open_folders(tmp_path / "other").home == tmp_path / "other"
    assert (tmp_path / "other").is_dir()


def test_a_home_that_cannot_be_is_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputNotWritable, match="cannot be made"):
        open_folders(tmp_path / "file" / "home")


def test_writing_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.txt"
    write_text(path, "one")
    write_text(path, "two")
    assert path.read_text() == "two"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.txt"]


def test_the_systems_refusals_become_sentences() -> None:
    assert isinstance(output_error(OSError(errno.ENOSPC, "No space left"), Path("a.wav")), DiskFull)
    assert isinstance(
        output_error(PermissionError(errno.EACCES, "Permission denied"), Path("a.wav")), OutputNotWritable
    )


def test_tracebacks_go_to_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    before = list(root.handlers)
    monkeypatch.setattr("sys.excepthook", None)
    monkeypatch.setattr("threading.excepthook", None)
    try:
        path = start_log(tmp_path / "logs")
        try:
            raise RuntimeError("the cable fell out")
        except RuntimeError:
            logging.getLogger("x").exception("caught")
        assert "the cable fell out" in path.read_text()
        assert start_log(tmp_path / "logs") == path
        assert len(root.handlers) == len(before) + 1
    finally:
        for handler in [handler for handler in root.handlers if handler not in before]:
            root.removeHandler(handler)
            handler.close()
        logging.captureWarnings(False)
        logging.raiseExceptions = True


def test_resources_are_found() -> None:
    assert resource("genres").name == "genres"
