"""Sound devices: found, opened, gone, and not there at all."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from sonicforge_studio.audio._pulse_sources import pulse_sources
from sonicforge_studio.audio._sound_thread import NoAnswer, SoundThread
from sonicforge_studio.audio.capture import Capture
from sonicforge_studio.audio.devices import NoDevices, OutputDevice, SystemDevices, system_devices
from sonicforge_studio.audio.player import Player
from sonicforge_studio.domain.errors import NoSoundDevice
from tests.audio.hearing import play, tone, until
from tests.sound_server import SINK_RATE_HZ, SoundServer


@pytest.mark.sound
def test_the_servers_device_is_found_and_is_the_default(sound_server: SoundServer) -> None:
    devices = system_devices()
    assert devices.probe() == devices.outputs()
    default = devices.default_output()
    assert default is not None
    assert (default.name, default.host_api, default.default) == ("default", "ALSA", True)
    assert default.channels >= 2
    assert default.default_rate_hz == SINK_RATE_HZ


@pytest.mark.sound
def test_a_device_that_appears_later_is_found(sound_server: SoundServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as away:
        away.setenv("PULSE_SERVER", "unix:/nowhere/native")
        assert not [device for device in system_devices().probe() if device.name == "default"]
        with pytest.raises(NoSoundDevice):
            system_devices().open_output(OutputDevice(1, "default", "ALSA", 2, SINK_RATE_HZ), 0.043)
    assert [device for device in system_devices().probe() if device.name == "default"]


@pytest.mark.sound
def test_probing_leaves_an_open_stream_alone(sound_server: SoundServer) -> None:
    output = system_devices().open_output(None, 0.043)
    try:
        assert output.alive
        assert output.channels == 2
        assert output.latency_seconds == pytest.approx(0.043, abs=0.02)
        system_devices().probe()
        assert output.alive
    finally:
        output.close()


@pytest.mark.sound
def test_a_device_that_refuses_is_a_sentence(sound_server: SoundServer, monkeypatch: pytest.MonkeyPatch) -> None:
    default = system_devices().default_output()
    assert default is not None
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere/native")
    with pytest.raises(NoSoundDevice, match=r'"default" cannot be opened'):
        system_devices().open_output(default, 0.043)


def test_a_machine_without_portaudio_has_no_devices() -> None:
    script = """
import sys
from sonicforge_studio.audio.devices import SystemDevices
from sonicforge_studio.domain.errors import NoSoundDevice
assert "sounddevice" not in sys.modules

class NoPortAudio:
    def find_spec(self, name, path=None, target=None):
        if name == "sounddevice":
            raise OSError("PortAudio library not found")

sys.meta_path.insert(0, NoPortAudio())
devices = SystemDevices()
assert devices.outputs() == devices.inputs() == devices.probe() == ()
try:
    devices.open_output(None, 0.043)
except NoSoundDevice as error:
    print(error.message, error.hint)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Sound is not available: PortAudio library not found. Install PortAudio")


def test_no_devices() -> None:
    devices = NoDevices()
    assert devices.outputs() == devices.inputs() == devices.probe() == ()
    with pytest.raises(NoSoundDevice, match="No sound device was found"):
        devices.open_output(None, 0.043)
    with pytest.raises(NoSoundDevice, match="No device to record from"):
        devices.open_input(None, 0.02)


@pytest.mark.sound
def test_what_the_machine_plays_is_an_input(sound_server: SoundServer) -> None:
    devices = system_devices()
    devices.probe()
    (monitor,) = [device for device in devices.inputs() if device.monitor]
    assert (monitor.source, monitor.host_api, monitor.of_default_output) == ("studio.monitor", "PulseAudio", True)
    assert (monitor.channels, monitor.default_rate_hz) == (2, SINK_RATE_HZ)
    # This server has nothing else to record from.
    assert devices.default_input() == monitor
    assert not [device for device in devices.inputs() if device.name in ("pulse", "default")]


@pytest.mark.sound
def test_an_input_opens_on_its_own_source_and_leaves_the_environment_alone(
    sound_server: SoundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SOURCE", "of the user's own")
    (monitor,) = [device for device in system_devices().inputs() if device.monitor]
    opened = system_devices().open_input(monitor, 0.02)
    try:
        assert os.environ["PULSE_SOURCE"] == "of the user's own"
        assert (opened.alive, opened.channels, opened.overflows) == (True, 2, 0)
        assert opened.latency_seconds == pytest.approx(0.02, abs=0.01)
    finally:
        opened.close()
    with pytest.raises(NoSoundDevice, match="No device to record from"):
        system_devices().open_input(replace(monitor, source="gone.monitor"), 0.02)


@pytest.mark.sound
def test_a_server_that_hangs_holds_nobody_up(sound_server: SoundServer) -> None:
    with sound_server.hanging():
        began = time.monotonic()
        assert pulse_sources() == ()
        assert time.monotonic() - began < 2.0
    assert pulse_sources()


def test_without_a_server_or_its_library_there_are_no_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere/native")
    assert pulse_sources() == ()
    monkeypatch.setitem(sys.modules, "pulsectl", None)
    assert pulse_sources() == ()


def test_there_is_one_portaudio_in_a_process() -> None:
    assert system_devices() is system_devices()
    assert isinstance(system_devices(), SystemDevices)


def test_a_call_that_does_not_return_holds_nobody_up(caplog: pytest.LogCaptureFixture) -> None:
    thread, server, came, seen = SoundThread(), threading.Event(), threading.Event(), []

    def too_late(answer: str) -> None:
        seen.append(answer)
        came.set()

    def hang() -> str:
        server.wait()
        return "a stream"

    assert thread.ask(lambda: 7, 5.0) == 7
    with pytest.raises(ZeroDivisionError):
        thread.ask(lambda: 1 // 0, 5.0)
    with pytest.raises(NoAnswer):
        thread.ask(hang, 0.05, too_late)
    assert thread.stuck
    with pytest.raises(NoAnswer):
        thread.ask(lambda: seen.append("was given up before it began"), 0.05, lambda _: None)
    began = time.monotonic()
    thread.see_to(lambda: seen.append("closed"), 5.0)
    assert time.monotonic() - began < 1.0
    server.set()
    assert came.wait(5.0)
    assert thread.ask(lambda: seen, 5.0) == ["a stream", "closed"]
    assert not thread.stuck
    assert [record.getMessage() for record in caplog.records] == ["the sound system does not answer"]


@pytest.mark.sound
def test_a_server_that_hangs_is_a_machine_without_sound_until_it_goes_on(sound_server: SoundServer) -> None:
    devices = system_devices()
    before = devices.probe()
    with sound_server.hanging():
        for ask in (devices.probe, devices.inputs, devices.probe):
            began = time.monotonic()
            ask()
            assert time.monotonic() - began < 2.0
        assert devices.outputs() == before
        with pytest.raises(NoSoundDevice, match="does not answer"):
            devices.open_output(None, 0.043)
    until(lambda: devices.probe() == before and not devices._thread.stuck)
    devices.open_output(None, 0.043).close()


@pytest.mark.sound
def test_players_and_captures_are_closed_while_the_server_hangs(sound_server: SoundServer) -> None:
    devices = system_devices()
    devices.probe()
    player, capture, other = Player(devices), Capture(devices), Capture(devices)
    play(player, tone(9.0))
    capture.listen()
    until(lambda: player.position_seconds > 0.2 and capture.state.status == "listening")
    with sound_server.hanging():
        other.listen()
        for closing in (player, capture, other):
            began = time.monotonic()
            closing.close()
            assert time.monotonic() - began < 1.5, closing
    until(lambda: not devices._thread.stuck and not devices._open_streams)
