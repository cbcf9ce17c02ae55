"""From the device into the library, also after a crash."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.audio import Capture, open_source
from sonicforge_studio.domain import SilentProgress, StudioError
from sonicforge_studio.domain.errors import DeviceLost, DiskFull, EmptyAudio, OutputExists, UnknownFormat
from sonicforge_studio.studio import open_live
from sonicforge_studio.studio._unfinished import Mark
from sonicforge_studio.studio.compose import build_studio
from sonicforge_studio.studio.recording import RecordingDesk
from tests.audio.inputs import RATE_HZ, GivenDevices, GivenInput, noise

_PROGRESS = SilentProgress()


def marks(folder: Path) -> list[Path]:
    return [entry for entry in folder.iterdir() if entry.name.startswith(".")] if folder.is_dir() else []


def hearing(device: GivenInput) -> Capture:
    capture = Capture(GivenDevices(device))
    capture.listen()
    assert capture.wait_until_open(5.0).status == "listening"
    return capture


def test_a_recording_becomes_a_track(own_home: Path) -> None:
    device, sound = GivenInput(), noise(1.0)
    with build_studio() as studio, hearing(device) as capture:
        path = studio.recordings.start(capture)
        assert path.parent == own_home / "recordings"
        assert re.fullmatch(r"Recording \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.wav", path.name)
        assert len(marks(path.parent)) == 1
        # It is under way: nobody takes it for an orphan, here or in another program.
        assert studio.recordings.orphans() == ()
        device.give(sound)
        recorded = studio.recordings.stop(capture)
        take = studio.recordings.bring_in(recorded, _PROGRESS)
        assert (take.track.path, take.track.title) == (str(path), path.stem)
        assert take.track.analysis.duration_seconds == pytest.approx(1.0)
        assert studio.library.count() == 1
        assert marks(path.parent) == []
    with open_source(path) as source:
        assert np.array_equal(source.read(RATE_HZ * 2), sound)


def test_a_place_of_its_own(tmp_path: Path) -> None:
    device = GivenInput()
    with build_studio() as studio, hearing(device) as capture:
        desk = studio.recordings
        with pytest.raises(UnknownFormat):
            desk.start(capture, tmp_path / "x.mp3")
        wanted = tmp_path / "x.wav"
        assert desk.start(capture, wanted) == wanted
        device.give(noise(0.1))
        desk.stop(capture)
        with pytest.raises(OutputExists):
            desk.start(capture, wanted)
        inside = desk.start(capture, tmp_path)
        assert inside.parent == tmp_path
        device.give(noise(0.1))
        desk.stop(capture)
        again = desk.start(capture, wanted, overwrite=True, seconds=0.05)
        device.give(noise(0.1))
        assert desk.stop(capture).frames == 2400
        assert again == wanted


def test_nothing_recorded_leaves_nothing() -> None:
    device = GivenInput()
    with build_studio() as studio, hearing(device) as capture:
        with pytest.raises(EmptyAudio, match="Nothing is being recorded"):
            studio.recordings.stop(capture)
        path = studio.recordings.start(capture)
        with pytest.raises(EmptyAudio, match="no sound"):
            studio.recordings.stop(capture)
        assert list(path.parent.iterdir()) == []
        path = studio.recordings.start(capture)
        device.alive = False
        while capture.state.status == "recording":
            pass
        with pytest.raises(DeviceLost):
            studio.recordings.stop(capture)
        assert list(path.parent.iterdir()) == []


def test_an_unwritable_folder_is_a_sentence(own_home: Path) -> None:
    device = GivenInput()
    with build_studio() as studio, hearing(device) as capture:
        (own_home / "recordings").write_text("a file")
        with pytest.raises(StudioError, match="is a file, not a folder"):
            studio.recordings.start(capture)
        assert capture.state.status == "listening"


def test_a_file_is_not_left_without_its_mark(own_home: Path, tmp_path: Path) -> None:
    device = GivenInput()
    with build_studio() as studio, hearing(device) as capture:
        (own_home / "recordings").write_text("a file")
        with pytest.raises(StudioError):
            studio.recordings.start(capture, tmp_path / "x.wav")
        assert not (tmp_path / "x.wav").exists()
        assert capture.state.status == "listening"


def test_the_windows_import_settles_it() -> None:
    device = GivenInput()
    with build_studio() as studio:
        live = open_live(studio, GivenDevices(device))
        try:
            live.capture.listen()
            live.capture.wait_until_open(5.0)
            path = studio.recordings.start(live.capture)
            device.give(noise(0.5))
            studio.recordings.stop(live.capture)
            assert len(marks(path.parent)) == 1
            job = live.jobs.submit("import", {"paths": [str(path)]})
            assert live.jobs.wait(job.id, 60.0).result["added"] == 1
            assert marks(path.parent) == []
        finally:
            live.close()


_CHILD = """
    import os, signal, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from sonicforge_studio.audio import Capture
    from sonicforge_studio.studio.recording import RecordingDesk
    from tests.audio.inputs import GivenDevices, GivenInput, noise
    import soundfile

    device = GivenInput()
    capture = Capture(GivenDevices(device))
    capture.listen()
    capture.wait_until_open(5.0)
    path = RecordingDesk(None, Path(sys.argv[2])).start(capture)
    device.give(noise(1.0))
    while soundfile.info(path).frames < 48000:
        pass
    print(path, flush=True)
    signal.pause()
"""


def abandoned(folder: Path, out: Path | None = None) -> Path:
    """A recording of a second whose program ended before it was brought in."""
    device = GivenInput()
    with build_studio() as studio, hearing(device) as capture:
        desk = RecordingDesk(studio.importer, folder)
        path = desk.start(capture, out)
        device.give(noise(1.0))
        desk.close()
    return path


def test_after_a_kill_the_next_start_brings_it_in(own_home: Path) -> None:
    folder = own_home / "recordings"
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", textwrap.dedent(_CHILD), str(root), str(folder)]
    with (
        build_studio() as studio,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process,
    ):
        assert process.stdout is not None
        path = Path(process.stdout.readline().strip())
        assert studio.recordings.orphans() == (), "its program still lives"
        process.send_signal(signal.SIGKILL)
        process.wait()
        (track,) = studio.recordings.recover(_PROGRESS).tracks
        assert track.path == str(path)
        assert track.analysis.duration_seconds == pytest.approx(1.0)
        assert marks(folder) == []


def test_orphans_wait_until_they_are_brought_in(own_home: Path, tmp_path: Path) -> None:
    folder = own_home / "recordings"
    first, second = abandoned(folder), abandoned(folder, tmp_path / "elsewhere.wav")
    abandoned(folder, tmp_path / "gone.wav").unlink()
    (folder / ".unfinished-damaged").write_text("{")
    for _ in range(2):
        with build_studio() as studio:
            assert studio.recordings.orphans() == studio.recordings.orphans() == (first, second)
    with build_studio() as studio:
        recovered = studio.recordings.recover(_PROGRESS)
        assert ([track.path for track in recovered.tracks], recovered.failed) == ([str(first), str(second)], ())
        assert studio.recordings.recover(_PROGRESS).tracks == ()
        assert marks(folder) == [folder / ".unfinished-damaged"]


def test_a_mark_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space")

    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DiskFull):
        Mark.make(tmp_path, tmp_path / "x.wav")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []
    assert not before or len(list(Path("/proc/self/fd").iterdir())) == before


def test_an_orphan_that_holds_nothing_is_told_once(own_home: Path) -> None:
    path = abandoned(own_home / "recordings")
    path.write_bytes(b"")
    with build_studio() as studio:
        ((told, _error),) = studio.recordings.recover(_PROGRESS).failed
        assert told == str(path)
        assert studio.recordings.recover(_PROGRESS).failed == ()
        assert path.exists()


def test_without_a_folder_there_are_no_orphans(tmp_path: Path) -> None:
    with build_studio() as studio:
        assert RecordingDesk(studio.importer, tmp_path / "none").orphans() == ()
