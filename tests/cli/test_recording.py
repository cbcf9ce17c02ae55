"""`record` and `devices`, in this process and as the program that people start."""

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
from numpy.typing import NDArray

from sonicforge_studio.audio import NoDevices, find_input, find_output
from sonicforge_studio.audio.devices import Input, InputDevice, OutputDevice, SystemDevices, system_devices
from sonicforge_studio.domain import Cancelled
from sonicforge_studio.domain.errors import BadSetting, DiskFull, NoSoundDevice, UnknownDevice
from sonicforge_studio.studio import build_studio, capturing
from sonicforge_studio.studio.recording import RecordingDesk
from tests.audio.hearing import breaks, heard, tone
from tests.audio.inputs import GivenDevices, GivenInput, noise
from tests.cli.conftest import Sonicforge
from tests.sound_server import SINK_RATE_HZ, SoundServer, sound_server

__all__ = ["sound_server"]


class Listed(NoDevices):
    def __init__(self, *inputs: InputDevice, outputs: tuple[OutputDevice, ...] = ()) -> None:
        self._inputs, self._outputs = inputs, outputs

    def inputs(self) -> tuple[InputDevice, ...]:
        return self._inputs

    def outputs(self) -> tuple[OutputDevice, ...]:
        return self._outputs


MICROPHONE = InputDevice(
    0, "Built-in Audio Analog Stereo", "PulseAudio", 2, 48_000, default=True, source="alsa_input.0"
)
HEADSET = InputDevice(0, "Headset Microphone", "PulseAudio", 1, 44_100, source="bluez_input.1")
MONITOR = InputDevice(
    0, "Monitor of Speakers", "PulseAudio", 2, 48_000, monitor=True, of_default_output=True, source="speakers.monitor"
)
OTHER = InputDevice(0, "Monitor of HDMI", "PulseAudio", 2, 48_000, monitor=True, source="hdmi.monitor")
SPEAKERS = OutputDevice(0, "Speakers", "ALSA", 2, 48_000, default=True)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Headset Microphone", HEADSET),
        ("headset", HEADSET),
        ("monitor", MONITOR),
        ("Monitor of HDMI", OTHER),
        ("hdmi.monitor", OTHER),
        ("alsa_input.0", MICROPHONE),
        ("Headset Microphone, PulseAudio", HEADSET),
    ],
)
def test_a_device_is_found_by_its_name_or_a_part(name: str, found: InputDevice) -> None:
    assert find_input(Listed(MICROPHONE, HEADSET, OTHER, MONITOR), name) == found


def test_a_name_that_none_or_several_have() -> None:
    with pytest.raises(UnknownDevice) as none:
        find_input(Listed(MICROPHONE, HEADSET), "guitar")
    assert none.value.hint == 'There is "Built-in Audio Analog Stereo", "Headset Microphone".'
    with pytest.raises(UnknownDevice, match="Several"):
        find_input(Listed(OTHER, MONITOR), "Monitor of")
    with pytest.raises(UnknownDevice):
        find_input(Listed(MICROPHONE), "")
    twice = OutputDevice(1, "Speakers", "Windows WASAPI", 2, 48_000)
    with pytest.raises(UnknownDevice) as several:
        find_output(Listed(outputs=(SPEAKERS, twice)), "speakers")
    assert '"Speakers, ALSA" or "Speakers, Windows WASAPI"' in several.value.hint
    assert find_output(Listed(outputs=(SPEAKERS, twice)), "speakers, windows wasapi") == twice
    for find in (find_input, find_output):
        with pytest.raises(NoSoundDevice):
            find(NoDevices(), "any")


def test_the_list_of_devices(sonicforge: Sonicforge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capturing, "system_devices", lambda: Listed(MICROPHONE, MONITOR, OTHER, outputs=(SPEAKERS,)))
    said = sonicforge("devices", "--json")
    assert said.code == 0
    assert [(one["kind"], one["name"], one["default"]) for one in said.objects] == [
        ("output", "Speakers", True),
        ("input", "Built-in Audio Analog Stereo", True),
        ("monitor", "Monitor of Speakers", True),
        ("monitor", "Monitor of HDMI", False),
    ]
    assert said.objects[1].keys() == {"kind", "name", "host_api", "channels", "sample_rate_hz", "default"}
    assert "Headset" not in sonicforge("devices").out
    assert "Monitor of HDMI" in sonicforge("devices").out
    monkeypatch.setattr(capturing, "system_devices", NoDevices)
    nothing = sonicforge("devices")
    assert (nothing.code, nothing.out) == (0, "")
    assert "No sound device was found" in nothing.err
    assert sonicforge("devices", "--json").objects == []


def test_recording_where_there_is_nothing_to_record_from(
    sonicforge: Sonicforge, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    monkeypatch.setattr(capturing, "system_devices", NoDevices)
    for arguments in ((), ("--input", "monitor")):
        said = sonicforge("record", "--seconds", 1, "--json", *arguments)
        assert (said.code, said.only["error"]["code"]) == (1, "no-sound-device")
    monkeypatch.setattr(capturing, "system_devices", lambda: Listed(MICROPHONE))
    said = sonicforge("record", "--input", "guitar", "--json")
    assert (said.code, said.only["error"]["code"]) == (1, "unknown-device")
    assert "Built-in Audio Analog Stereo" in said.only["error"]["hint"]
    assert not (own_home / "recordings").exists()
    assert sonicforge("record", "--seconds", "nan").code == 2
    assert sonicforge("record", "--seconds", 0).code == 2


def test_a_device_that_goes_away_is_told_and_what_came_is_kept(
    sonicforge: Sonicforge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    device = GivenInput()
    device.give(noise(0.5))
    monkeypatch.setattr(capturing, "system_devices", lambda: GivenDevices(device, GivenInput()))

    def look(state: capturing.CaptureState) -> bool:
        device.give(noise(0.1))
        device.alive = state.seconds < 0.3
        return False

    with build_studio() as studio:
        recorded = capturing.record_through(studio, None, tmp_path / "x.wav", look)
    assert recorded.error is not None
    assert recorded.error.code == "device-lost"
    assert recorded.frames == soundfile.info(tmp_path / "x.wav").frames > 0
    said = sonicforge("record", "--json", "-o", tmp_path / "x.wav")
    assert (said.code, said.only["error"]["code"]) == (1, "output-exists")
    assert f"in the library now: {tmp_path / 'x.wav'}" in said.err.replace("\n", "")


def test_ctrl_c_before_the_first_sound_is_a_cancellation() -> None:
    device = GivenInput()
    with build_studio() as studio, pytest.raises(Cancelled):
        capturing.record_through(studio, None, None, lambda state: True, devices=GivenDevices(device))


def test_more_channels_than_there_are() -> None:
    class Mono(GivenDevices):
        def open_input(self, *_: object) -> Input:
            raise NoSoundDevice()

    with build_studio() as studio, pytest.raises(BadSetting, match="has 2 channels, not 5"):
        capturing.record_through(studio, None, None, lambda state: False, channels=5, devices=Mono(GivenInput()))


def test_a_recording_that_the_library_cannot_take_is_told_with_its_path(
    sonicforge: Sonicforge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Lasting(GivenInput):
        def read(self, into: NDArray[np.float32]) -> int:
            if self._waiting.shape[0] == 0:
                self.give(noise(0.01))
                return 0
            return super().read(into)

    def full(*_: object) -> None:
        raise DiskFull()

    monkeypatch.setattr(capturing, "system_devices", lambda: GivenDevices(Lasting()))
    monkeypatch.setattr(RecordingDesk, "bring_in", full)
    said = sonicforge("record", "--seconds", 0.1, "-o", tmp_path / "new", "--json")
    assert said.code == 1
    assert Path(said.only["path"]).parent == tmp_path / "new"
    assert (said.only["duration_seconds"], said.only["id"]) == (0.1, None)
    assert said.only["error"]["hint"].startswith("The recording is kept")


def test_ctrl_c_leaves_a_sound_server_that_hangs() -> None:
    program = """
import ctypes, sonicforge_studio.studio.capturing as capturing
from sonicforge_studio.cli.start import run
def hang():
    libc, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(64)
    libc.pthread_mutex_lock(mutex)
    print("hangs", flush=True)
    libc.pthread_mutex_lock(mutex)
capturing.every_device = hang
run()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, "devices"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "hangs\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Cancelled." in err


@pytest.mark.sound
def test_what_the_machine_plays_is_recorded_into_the_library(
    sonicforge: Sonicforge, sound_server: SoundServer, tmp_path: Path
) -> None:
    assert isinstance(system_devices(), SystemDevices)
    assert ("monitor", True) in [(one["kind"], one["default"]) for one in sonicforge("devices", "--json").objects]
    out = tmp_path / "x.wav"
    with sound_server.playing(tone(6.0).samples):
        said = sonicforge("record", "--input", "monitor", "--seconds", 0.5, "-o", out, "--json")
        again = sonicforge("record", "--input", "monitor", "--seconds", 0.5, "-o", out, "--json")
    assert said.code == 0
    fields = said.only
    assert fields.pop("elapsed_seconds") > 0.5
    assert fields == {
        "path": str(out),
        "duration_seconds": 0.5,
        "sample_rate_hz": SINK_RATE_HZ,
        "channels": 2,
        "overflows": 0,
        "id": fields["id"],
    }
    assert (again.code, again.only["error"]["code"]) == (1, "output-exists")
    assert [one["path"] for one in sonicforge("library", "list", "--json").objects] == [str(out)]


@pytest.mark.sound
def test_ctrl_c_is_how_a_recording_ends(sound_server: SoundServer, own_home: Path) -> None:
    program = "from sonicforge_studio.cli.start import run; run()"
    with (
        sound_server.playing(tone(30.0).samples),
        subprocess.Popen(
            [sys.executable, "-c", program, "record", "--input", "monitor", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process,
    ):  # fmt: skip
        folder, deadline = own_home / "recordings", time.monotonic() + 30.0
        while not (files := list(folder.glob("*.wav"))) or soundfile.info(files[0]).frames < SINK_RATE_HZ // 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    fields = json.loads(out)
    wave = soundfile.read(fields["path"], dtype="float32")[0].T
    assert wave.shape[1] == round(fields["duration_seconds"] * SINK_RATE_HZ)
    assert breaks(heard(wave)) == 0
    assert "Traceback" not in err
    assert [entry.name for entry in folder.iterdir()] == [Path(fields["path"]).name]
