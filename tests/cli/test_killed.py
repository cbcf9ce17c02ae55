"""`master` by kill −9: what stands under a name is whole, and what was under way does not stay."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.conftest import Sonicforge
from tests.sounds import groove, write

PROGRAM = "from sonicforge_studio.cli.start import run; run()"
SECONDS = 10
Moment = Callable[[Path, Path], bool]


def begun(out: Path, home: Path) -> bool:
    return bool(list(out.glob(".*.part-*")))


def written(out: Path, home: Path) -> bool:
    """Some of the master is on the disk."""
    return any(part.stat().st_size > 500_000 for part in out.glob(".*.part-*"))


def proved(out: Path, home: Path) -> bool:
    return bool(list(home.glob(".*.part-*")))


def kill_at(moment: Callable[[], bool], *arguments: object) -> None:
    """The command, killed as soon as the disk shows that it has come so far."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        while not moment() and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == -signal.SIGKILL, said


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if ".part-" in path.name]


@pytest.mark.parametrize(("moment", "replacing"), [(begun, True), (written, False), (proved, True)])
def test_a_killed_master_leaves_no_half_file_and_is_made_by_the_next_run(
    sonicforge: Sonicforge, own_home: Path, tmp_path: Path, moment: Moment, replacing: bool
) -> None:
    song = write(tmp_path / "song.wav", 0.5 * groove(SECONDS))
    out = tmp_path / "out"
    out.mkdir()
    wanted = out / "song.wav"
    if replacing:
        wanted.write_bytes(b"what stood there")
    command = ("master", song, "-o", wanted, "--proof", "mp3-320,flac", *(["--force"] if replacing else []))
    kill_at(lambda: moment(out, own_home), *command)
    assert hidden(out), "it was killed too late to see anything"
    assert [path for path in out.iterdir() if path.name not in hidden(out)] == ([wanted] if replacing else [])
    if replacing:
        assert wanted.read_bytes() == b"what stood there"
    said = sonicforge(*command, "--json")
    assert said.code == 0, said.err
    assert [proof["format"] for proof in said.only["proof"]] == ["wav", "mp3-320", "flac"]
    assert list(out.iterdir()) == [wanted]
    assert not hidden(own_home)
    samples, _ = soundfile.read(wanted)
    assert len(samples) == SECONDS * 44_100
    assert np.abs(samples[-44_100:]).max() > 0.1


def test_what_was_proved_when_it_was_killed_goes_with_the_next_start(
    sonicforge: Sonicforge, own_home: Path, tmp_path: Path
) -> None:
    song = write(tmp_path / "song.wav", 0.5 * groove(SECONDS))
    kill_at(lambda: proved(tmp_path, own_home), "master", song, "-o", tmp_path / "new.wav", "--proof", "mp3-320")
    assert hidden(own_home)
    assert sonicforge("library", "list").code == 0
    assert not hidden(own_home)
