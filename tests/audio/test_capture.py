"""Listening: what a device brings reaches the tap, and what it does wrong is a state."""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.audio.capture import Capture
from sonicforge_studio.audio.capture_state import CaptureState
from sonicforge_studio.audio.devices import Input, InputDevice, NoDevices, system_devices
from sonicforge_studio.audio.tap import Tap
from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.errors import DeviceLost, NoSoundDevice
from tests.audio.hearing import TONE_HZ, breaks, tone, until
from tests.audio.inputs import RATE_HZ, GivenDevices, GivenInput, noise
from tests.sound_server import SINK_RATE_HZ, SoundServer, running_server

PEAK_DBFS = -6.1
"""Just below the tone's own peak."""


def newest(tap: Tap, frames: int) -> Samples:
    place = tap.place()
    assert place is not None
    into = np.empty((2, frames), np.float32)
    place.read(place.end - frames, into)
    return into


# What a driver may do ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_the_tap_has_what_came_in_odd_blocks(channels: int) -> None:
    device, sound = GivenInput(channels), noise(0.5, channels)
    with Capture(GivenDevices(device)) as capture:
        assert not capture.tap.wait_until_sounding(0.0)
        assert capture.tap.place() is None
        capture.listen()
        assert capture.tap.wait_until_sounding(5.0)
        at = 0
        for size in (1, 63, 440, 7, 5000, 18_000, 489):
            device.give(sound[:, at : at + size])
            at += size
            # Whoever looks fetches what is there: nothing waits for the capture's own thread.
            place = capture.tap.place()
            assert place is not None
            assert (place.end, place.known, place.oldest, place.sample_rate_hz) == (at, at, 0, RATE_HZ)
        assert np.array_equal(newest(capture.tap, at), sound[[0, min(1, channels - 1)], :at])
        assert capture.state.channels == channels
        assert len(capture.state.levels_dbfs) == channels
    assert device.closed
    assert capture.state.status == "closed"
    assert capture.tap.place() is None


def test_the_memory_forgets_only_what_is_long_past() -> None:
    device, sound = GivenInput(), noise(1.0)
    with Capture(GivenDevices(device)) as capture:
        capture.listen()
        capture.wait_until_open(5.0)
        for _ in range(15):
            device.give(sound)
        place = capture.tap.place()
        assert place is not None
        assert place.end == 15 * RATE_HZ
        assert 3 * RATE_HZ <= place.end - place.oldest < place.memory.shape[0]
        into = np.empty((2, RATE_HZ), np.float32)
        place.read(5 * RATE_HZ, into)
        assert np.array_equal(into, sound)


def test_what_is_no_number_counts_as_silence() -> None:
    device, sound = GivenInput(), noise(0.1)
    sound[0, 5], sound[1, 17], sound[0, 23] = np.nan, np.inf, -np.inf
    with Capture(GivenDevices(device)) as capture:
        capture.listen()
        capture.wait_until_open(5.0)
        device.give(sound)
        assert np.array_equal(newest(capture.tap, 4800), np.nan_to_num(sound, nan=0.0, posinf=0.0, neginf=0.0))
        assert all(-7.0 < level < -6.0 for level in capture.state.levels_dbfs)


def test_levels_fall_and_silence_has_none() -> None:
    device = GivenInput()
    with Capture(GivenDevices(device)) as capture:
        capture.listen()
        capture.wait_until_open(5.0)
        assert capture.state.levels_dbfs == (-math.inf, -math.inf)
        device.give(np.concatenate((np.full((1, 100), 0.5), np.zeros((1, 100)))).astype(np.float32))
        newest(capture.tap, 1)
        began = time.monotonic()
        assert capture.state.levels_dbfs == (pytest.approx(-6.02, abs=1.0), -math.inf)
        time.sleep(0.2)
        device.give(np.zeros((2, 100), np.float32))
        newest(capture.tap, 1)
        level, past = capture.state.levels_dbfs[0], time.monotonic() - began
        assert level == pytest.approx(-6.02 - 20.0 * past, abs=1.0)


def test_lost_sound_is_counted() -> None:
    device = GivenInput()
    with Capture(GivenDevices(device)) as capture:
        capture.listen()
        capture.wait_until_open(5.0)
        device.overflows = 3
        until(lambda: capture.state.overflows == 3)


def test_without_a_device_there_is_a_state() -> None:
    seen: list[CaptureState] = []
    with Capture(NoDevices(), on_change=seen.append) as capture:
        capture.listen()
        state = capture.wait_until_open(5.0)
        assert state.status == "no-device"
        assert isinstance(state.error, NoSoundDevice)
        with pytest.raises(NoSoundDevice):
            capture.start_recording(Path("x.wav"))
        assert capture.stop_recording() is None
    assert [state.status for state in seen] == ["opening", "no-device", "closed"]


def test_a_device_that_goes_away_is_a_state_and_the_next_one_is_taken() -> None:
    first, second = GivenInput(), GivenInput(1, 44_100)
    with Capture(GivenDevices(first, second)) as capture:
        capture.listen()
        assert capture.wait_until_open(5.0).status == "listening"
        first_place = capture.tap.place()
        first.alive = False
        until(lambda: capture.state.status == "device-lost")
        assert isinstance(capture.state.error, DeviceLost)
        assert first.closed
        until(lambda: capture.tap.place() is None)
        capture.listen()
        state = capture.wait_until_open(5.0)
        assert (state.status, state.error, state.sample_rate_hz, state.channels) == ("listening", None, 44_100, 1)
        second_place = capture.tap.place()
        assert first_place is not None
        assert second_place is not None
        assert second_place.stream != first_place.stream
        assert capture.tap.sample_rate_hz == 44_100


def test_a_driver_that_raises_ends_listening(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(GivenInput):
        def read(self, into: object) -> int:
            raise OSError("unplugged")

    device = Broken()
    with Capture(GivenDevices(device)) as capture:
        capture.listen()
        until(lambda: capture.state.status == "device-lost")
    assert device.closed
    assert "a recording device broke off" in caplog.text


def test_whatever_opening_raises_is_a_state(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(NoDevices):
        def open_input(self, device: InputDevice | None, latency_seconds: float, channels: int | None = None) -> Input:
            raise MemoryError

    with Capture(Broken()) as capture:
        capture.listen()
        state = capture.wait_until_open(5.0)
        assert (state.status, type(state.error)) == ("no-device", NoSoundDevice)
    assert "a device could not be opened" in caplog.text


def test_an_empty_tap_has_its_reason_and_loses_nothing() -> None:
    device, last = GivenInput(), []

    def changed(state: CaptureState) -> None:
        if state.status == "device-lost":
            last.append(capture.tap.place())

    with Capture(GivenDevices(device), on_change=changed) as capture:
        capture.listen()
        capture.wait_until_open(5.0)
        device.give(noise(0.1))
        device.alive = False
        until(lambda: capture.tap.place() is None)
        assert (capture.state.status, type(capture.state.error)) == ("device-lost", DeviceLost)
        assert [place.end for place in last] == [4800]


def test_a_device_that_is_slow_to_close_holds_nobody_up() -> None:
    class Slow(GivenInput):
        def close(self) -> None:
            closing.set()
            let_go.wait(10.0)
            super().close()

    closing, let_go = threading.Event(), threading.Event()
    device = Slow()
    with Capture(GivenDevices(device, GivenInput(1))) as capture:
        capture.listen()
        capture.wait_until_open(5.0)
        device.alive = False
        assert closing.wait(5.0)
        assert isinstance(capture.state.error, DeviceLost)
        began = time.monotonic()
        capture.listen()
        assert time.monotonic() - began < 1.5
        assert capture.wait_until_open(5.0).channels == 1
        let_go.set()
        until(lambda: device.closed)
        assert (capture.state.status, capture.state.error) == ("listening", None)


def test_a_device_that_opens_too_late_is_given_back() -> None:
    class Slow(GivenDevices):
        def open_input(self, device: InputDevice | None, latency_seconds: float, channels: int | None = None) -> Input:
            let_go.wait(10.0)
            return super().open_input(device, latency_seconds, channels)

    let_go, device = threading.Event(), GivenInput()
    capture = Capture(Slow(device))
    capture.listen()
    began = time.monotonic()
    capture.close()
    assert time.monotonic() - began < 1.5
    let_go.set()
    until(lambda: device.closed)
    assert capture.state.status == "closed"
    assert capture.tap.place() is None


# A real sound server --------------------------------------------------------------------------------------------------


def monitor() -> InputDevice:
    return next(device for device in system_devices().inputs() if device.of_default_output)


@pytest.mark.sound
def test_another_sink_is_listened_in_on_at_its_own_rate_and_goes_away(sound_server: SoundServer) -> None:
    rate_hz = 32_000
    with Capture(system_devices()) as capture:
        with sound_server.another_sink("other", rate_hz, channels=1):
            system_devices().probe()
            (other,) = [device for device in system_devices().inputs() if device.source == "other.monitor"]
            assert (other.monitor, other.of_default_output, other.default) == (True, False, False)
            assert (other.channels, other.default_rate_hz) == (1, rate_hz)
            with sound_server.playing(tone(4.0, rate_hz=rate_hz).samples[:1], rate_hz, "other"):
                capture.listen(other)
                until(lambda: max(capture.state.levels_dbfs, default=-math.inf) > PEAK_DBFS)
                time.sleep(0.5)
                wave = newest(capture.tap, rate_hz // 4)
            assert breaks(wave[0].astype(np.float64), TONE_HZ * SINK_RATE_HZ / rate_hz) == 0
            assert np.array_equal(wave[0], wave[1])
        # The server would go on with another source; that is none of what was chosen.
        until(lambda: capture.state.status == "device-lost")
    system_devices().probe()


@pytest.mark.sound
def test_a_server_that_dies_takes_the_device_with_it() -> None:
    with running_server() as server, Capture(system_devices()) as capture:
        capture.listen(monitor())
        assert capture.wait_until_open(5.0).status == "listening"
        server.stop()
        until(lambda: capture.state.status == "device-lost")
        capture.listen()
        assert capture.wait_until_open(5.0).status == "no-device"
