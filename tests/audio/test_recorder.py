"""Recording: what was heard stands in the file, whatever becomes of device, disk or program."""

from __future__ import annotations

import math
import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sonicforge_studio.audio._capture_memory import CaptureMemory
from sonicforge_studio.audio._growing_file import GrowingFile
from sonicforge_studio.audio._wav_writer import WavWriter
from sonicforge_studio.audio.capture import Capture
from sonicforge_studio.audio.devices import system_devices
from sonicforge_studio.audio.files import open_source, read_clip
from sonicforge_studio.audio.recorder import Recorder
from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.errors import DeviceLost, DiskFull, OutputExists, OutputNotWritable
from tests.audio.hearing import breaks, heard, tone, until
from tests.audio.inputs import RATE_HZ, GivenDevices, GivenInput, noise
from tests.audio.test_capture import PEAK_DBFS, monitor, newest
from tests.sound_server import SINK_RATE_HZ, SoundServer


def listening(capture: Capture) -> None:
    capture.listen()
    assert capture.wait_until_open(5.0).status == "listening"


def both_readers(path: Path) -> Samples:
    """The file as libsndfile and as our own reader see it: the same."""
    theirs = soundfile.read(path, dtype="float32", always_2d=True)[0].T
    ours = read_clip(path).samples
    assert np.array_equal(theirs, ours)
    return ours


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_every_frame_stands_in_the_file(tmp_path: Path, channels: int) -> None:
    device, sound = GivenInput(channels), noise(0.7, channels)
    sound[0, 3] = 1.75
    with Capture(GivenDevices(device)) as capture:
        listening(capture)
        device.give(noise(0.1, channels, seed=1))
        path = capture.start_recording(tmp_path / "x.wav")
        assert path == tmp_path / "x.wav"
        assert capture.state.status == "recording"
        for at in range(0, sound.shape[1], 441):
            device.give(sound[:, at : at + 441])
        recorded = capture.stop_recording()
        assert capture.state.status == "listening"
    assert recorded is not None
    assert (recorded.frames, recorded.channels, recorded.overflows, recorded.error) == (33_600, channels, 0, None)
    assert recorded.seconds == pytest.approx(0.7)
    assert np.array_equal(both_readers(path), sound)
    assert soundfile.info(path).subtype == "FLOAT"


def test_the_file_is_complete_while_it_grows(tmp_path: Path) -> None:
    device, sound = GivenInput(), noise(0.5)
    with Capture(GivenDevices(device)) as capture:
        listening(capture)
        path = capture.start_recording(tmp_path / "x.wav")
        for round in (1, 2, 3):
            device.give(sound)
            until(lambda wanted=round: soundfile.info(path).frames == wanted * sound.shape[1], 2.0)  # type: ignore[misc]
            assert np.array_equal(both_readers(path), np.tile(sound, (1, round)))
        assert capture.state.seconds == pytest.approx(1.5)


def test_what_came_before_the_button_and_no_more_than_was_asked_for(tmp_path: Path) -> None:
    device, sound = GivenInput(), noise(1.0)
    with Capture(GivenDevices(device)) as capture:
        listening(capture)
        device.give(sound[:, :24_000])
        path = capture.start_recording(tmp_path / "x.wav", pre_roll_seconds=0.25, seconds=0.5)
        device.give(sound[:, 24_000:])
        until(lambda: capture.state.seconds >= 0.5)
        recorded = capture.stop_recording()
    assert recorded is not None
    assert np.array_equal(both_readers(path), sound[:, 12_000:36_000])


@pytest.mark.parametrize(("seconds", "frames"), [(math.nan, 12_000), (math.inf, 12_000), (-1.0, 0)])
def test_lengths_that_are_none(tmp_path: Path, seconds: float, frames: int) -> None:
    device = GivenInput()
    with Capture(GivenDevices(device)) as capture:
        listening(capture)
        device.give(noise(0.25))
        before = math.inf if seconds == math.inf else math.nan
        capture.start_recording(tmp_path / "x.wav", seconds=seconds, pre_roll_seconds=before)
        device.give(noise(0.25))
        recorded = capture.stop_recording()
    assert recorded is not None
    assert recorded.frames == frames + (12_000 if seconds == math.inf else 0)


def test_a_lost_device_keeps_what_was_recorded(tmp_path: Path) -> None:
    device, sound = GivenInput(), noise(0.3)
    with Capture(GivenDevices(device)) as capture:
        listening(capture)
        capture.start_recording(tmp_path / "x.wav")
        device.give(sound)
        device.alive = False
        until(lambda: capture.state.status == "device-lost")
        recorded = capture.stop_recording()
    assert recorded is not None
    assert isinstance(recorded.error, DeviceLost)
    assert np.array_equal(both_readers(tmp_path / "x.wav"), sound)


def test_closing_ends_the_recording(tmp_path: Path) -> None:
    device, sound = GivenInput(), noise(0.3)
    with Capture(GivenDevices(device)) as capture:
        listening(capture)
        capture.start_recording(tmp_path / "x.wav")
        with pytest.raises(ValueError, match="already records"):
            capture.start_recording(tmp_path / "y.wav")
        with pytest.raises(ValueError, match="stopped before"):
            capture.listen()
        device.give(sound)
    assert np.array_equal(both_readers(tmp_path / "x.wav"), sound)
    assert not (tmp_path / "y.wav").exists()


def test_a_disk_too_slow_is_counted_and_time_stays_right(tmp_path: Path) -> None:
    device, sound = GivenInput(), noise(3.0)
    memory = CaptureMemory(device, seconds=1.5)
    recorder = Recorder(memory, tmp_path / "x.wav", 0, None, overwrite=False, numbered=False)
    # Three seconds at once are to the writer what a disk that stood still for as long would be.
    device.give(sound)
    memory.pump()
    recorded = recorder.stop()
    memory.close()
    assert (recorded.frames, recorded.overflows) == (3 * RATE_HZ, 1)
    written = both_readers(tmp_path / "x.wav")
    assert not written[:, : 2 * RATE_HZ].any()
    assert np.array_equal(written[:, 2 * RATE_HZ :], sound[:, 2 * RATE_HZ :])


def test_names_that_are_taken(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(b"mine")
    device = GivenInput()
    with Capture(GivenDevices(device)) as capture:
        listening(capture)
        with pytest.raises(OutputExists):
            capture.start_recording(tmp_path / "x.wav")
        assert capture.start_recording(tmp_path / "x.wav", numbered=True) == tmp_path / "x 2.wav"
        capture.stop_recording()
        assert (tmp_path / "x.wav").read_bytes() == b"mine"
        capture.start_recording(tmp_path / "x.wav", overwrite=True)
        capture.stop_recording()
        assert (tmp_path / "x.wav").read_bytes()[:4] == b"RIFF"
        with pytest.raises(OutputNotWritable):
            capture.start_recording(tmp_path / "x.wav" / "y.wav")
        with pytest.raises(OutputNotWritable):
            capture.start_recording(tmp_path, overwrite=True)
        assert capture.state.status == "listening"


def test_a_full_disk_ends_the_recording_and_keeps_it(tmp_path: Path) -> None:
    device, sound = GivenInput(), noise(0.5)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with Capture(GivenDevices(device)) as capture:
        listening(capture)
        path = capture.start_recording(tmp_path / "x.wav")
        device.give(sound)
        until(lambda: soundfile.info(path).frames == 24_000)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_001, before[1]))
        try:
            device.give(sound)
            until(lambda: capture.state.error is not None)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, ignored)
        recorded = capture.stop_recording()
        assert capture.state.status == "listening"
    assert recorded is not None
    assert isinstance(recorded.error, OutputNotWritable)
    assert recorded.frames == 24_000
    assert np.array_equal(both_readers(path), sound)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full disk to lend")
def test_a_disk_that_is_full_at_once() -> None:
    with pytest.raises(DiskFull):
        WavWriter(GrowingFile(Path("/dev/full"), overwrite=True), 48_000, 2, 32)


def test_a_checkpoint_past_four_gigabytes_is_rf64(tmp_path: Path) -> None:
    sound = noise(0.1)
    file = GrowingFile(tmp_path / "x.wav")
    writer = WavWriter(file, RATE_HZ, 2, 32, largest_riff_bytes=50_000)
    writer.write(sound)
    writer.checkpoint()
    assert (tmp_path / "x.wav").read_bytes()[:4] == b"RIFF"
    writer.write(sound)
    writer.checkpoint()
    assert (tmp_path / "x.wav").read_bytes()[:4] == b"RF64"
    assert np.array_equal(both_readers(tmp_path / "x.wav"), np.tile(sound, (1, 2)))
    file.close()


# A real sound server --------------------------------------------------------------------------------------------------


@pytest.mark.sound
def test_a_tone_from_the_monitor_is_recorded_without_a_break(sound_server: SoundServer, tmp_path: Path) -> None:
    with Capture(system_devices()) as capture, sound_server.playing(tone(4.0).samples):
        capture.listen(monitor())
        until(lambda: max(capture.state.levels_dbfs, default=-99.0) > PEAK_DBFS)
        path = capture.start_recording(tmp_path / "x.wav", pre_roll_seconds=0.02)
        until(lambda: capture.state.seconds > 0.7)
        state, wave = capture.state, newest(capture.tap, SINK_RATE_HZ // 4)
        recorded = capture.stop_recording()
    assert recorded is not None
    assert recorded.overflows == 0
    assert breaks(heard(both_readers(path))) == 0
    assert (state.status, state.overflows, state.sample_rate_hz) == ("recording", 0, SINK_RATE_HZ)
    assert breaks(wave[0].astype(np.float64)) == 0
    assert np.array_equal(wave[0], wave[1])
    assert np.abs(wave).max() == pytest.approx(0.5, abs=1e-3)


_CHILD = """
    import sys, time
    from pathlib import Path
    from sonicforge_studio.audio.capture import Capture
    from sonicforge_studio.audio.devices import system_devices

    capture = Capture(system_devices())
    capture.listen()
    while capture.tap.place() is None or capture.tap.place().end == 0:
        time.sleep(0.002)
    capture.start_recording(Path(sys.argv[1]))
    print("recording", flush=True)
    time.sleep(60)
"""


@pytest.mark.sound
def test_a_killed_process_leaves_all_but_the_last_moment(sound_server: SoundServer, tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with (
        sound_server.playing(tone(30.0).samples),
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(_CHILD), path], stdout=subprocess.PIPE, text=True, env=environment
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "recording\n"
        began = time.monotonic()
        time.sleep(1.3)
        process.send_signal(signal.SIGKILL)
        sent_seconds = time.monotonic() - began
    wave = both_readers(path)
    lacking = sent_seconds - wave.shape[1] / SINK_RATE_HZ
    assert lacking < 1.0, f"{lacking:.2f} s are lacking"
    assert breaks(heard(wave)) == 0
    with open_source(path) as source:
        assert source.frames == wave.shape[1]
        assert source.warning is None
