"""`play`, in this process and as the program that people start."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.audio.hearing import HEARD, tone
from tests.cli.conftest import Sonicforge
from tests.sound_server import SINK_RATE_HZ, SoundServer, sound_server

__all__ = ["sound_server"]


@pytest.mark.sound
def test_files_are_played_in_a_row_and_each_is_told_of(
    sonicforge: Sonicforge, sound_server: SoundServer, tmp_path: Path
) -> None:
    files = []
    for number, (seconds, rate_hz) in enumerate([(1.0, SINK_RATE_HZ), (0.3, 48_000)]):
        files.append(tmp_path / f"{number}.wav")
        soundfile.write(files[-1], tone(seconds, rate_hz=rate_hz).samples.T, rate_hz)
    (tmp_path / "broken.mp3").write_text("no sound in here " * 50)
    with sound_server.recording() as recording:
        said = sonicforge("play", files[0], tmp_path / "broken.mp3", files[1], "--start", 0.5, "--json")
        time.sleep(0.1)
    assert said.code == 1
    broken, first, second = said.objects
    assert (broken["path"], broken["error"]["code"]) == (str(tmp_path / "broken.mp3"), "not-audio")
    assert (first["path"], first["frames_played"]) == (str(files[0]), round(0.5 * SINK_RATE_HZ))
    assert (second["path"], second["frames_played"]) == (str(files[1]), round(0.3 * 48_000))
    assert first["gaps"] == second["gaps"] == 0
    assert first["elapsed_seconds"] > 0.4
    loud = np.flatnonzero(np.abs(recording.frames[0]) > HEARD)
    assert (loud[-1] - loud[0]) / SINK_RATE_HZ == pytest.approx(0.8, abs=0.01)
    for_people = sonicforge("play", files[1])
    assert "0:00 played, 0 gaps" in for_people.out


@pytest.mark.sound
def test_the_device_is_named(sonicforge: Sonicforge, sound_server: SoundServer, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(0.2).samples.T, SINK_RATE_HZ)
    assert sonicforge("play", tmp_path / "a.wav", "--device", "pulse", "--json").only["frames_played"] == 8820
    said = sonicforge("play", tmp_path / "a.wav", "--device", "gramophone", "--json")
    assert (said.code, said.only["error"]["code"]) == (1, "unknown-device")


@pytest.mark.sound
def test_ctrl_c_ends_it_and_says_what_was_heard(sound_server: SoundServer, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(20.0).samples.T, SINK_RATE_HZ)
    program = "from sonicforge_studio.cli.start import run; run()"
    with (
        sound_server.recording() as recording,
        subprocess.Popen(
            [sys.executable, "-c", program, "play", str(tmp_path / "a.wav"), "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process,
    ):  # fmt: skip
        deadline = time.monotonic() + 30.0
        while not recording.frames.size or np.abs(recording.frames[0, -4096:]).max() < HEARD:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, time.monotonic() - began < 1.0) == (130, True), err
    fields = json.loads(out)
    assert (fields["path"], fields["gaps"]) == (str(tmp_path / "a.wav"), 0)
    assert 0 < fields["frames_played"] < 3 * SINK_RATE_HZ
    assert "Traceback" not in err


def test_without_a_device_it_says_so(sonicforge: Sonicforge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sonicforge_studio.audio import NoDevices
    from sonicforge_studio.studio import playing

    monkeypatch.setattr(playing, "system_devices", NoDevices)
    soundfile.write(tmp_path / "a.wav", tone(0.2).samples.T, SINK_RATE_HZ)
    said = sonicforge("play", tmp_path / "a.wav", tmp_path / "gone.wav", tmp_path / "a.wav", "--json")
    assert [(one["path"], one["error"]["code"]) for one in said.objects] == [
        (str(tmp_path / "gone.wav"), "missing-path"),
        (str(tmp_path / "a.wav"), "no-sound-device"),
        (str(tmp_path / "a.wav"), "no-sound-device"),
    ]
    assert said.code == 1


@pytest.mark.sound
def test_odd_names_and_a_start_behind_the_end(
    sonicforge: Sonicforge, sound_server: SoundServer, tmp_path: Path
) -> None:
    odd = tmp_path / "b\udcffad\n.wav"
    soundfile.write(tmp_path / "a.wav", tone(0.1).samples.T, SINK_RATE_HZ)
    (tmp_path / "a.wav").rename(odd)
    said = sonicforge("play", odd, odd, "--start", 5)
    assert said.code == 1
    assert "There is no sound from 5 s on." in " ".join(said.err.split())
    assert said.out == "b\\udcffad\\n.wav: 0:00 played, 0 gaps\n"
    assert sonicforge("play", odd, "--start", "nan").code == 2
