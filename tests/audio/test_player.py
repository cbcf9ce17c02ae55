"""The player on a real sound server: what its sink plays is recorded and held against what was to be played."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.audio.clips import ClipSource
from sonicforge_studio.audio.devices import NoDevices, system_devices
from sonicforge_studio.audio.growing import GrowingClip
from sonicforge_studio.audio.player import Player
from sonicforge_studio.audio.player_state import PlayerState
from sonicforge_studio.domain import Clip, Samples
from sonicforge_studio.domain.errors import DecodeFailed
from tests.audio.hearing import ATTEMPTS, HEARD, PATIENT_SECONDS, TONE_HZ, breaks, heard, level, play, tone, until
from tests.sound_server import SINK_RATE_HZ, SoundServer, running_server


@pytest.fixture
def player(sound_server: SoundServer) -> Iterator[Player]:
    with Player(system_devices(), latency_seconds=PATIENT_SECONDS) as player:
        yield player


@pytest.mark.sound
def test_what_is_heard_is_what_was_fed(sound_server: SoundServer, player: Player) -> None:
    clip = tone(1.2)
    with sound_server.recording() as recording:
        began = time.monotonic()
        play(player, clip)
        assert time.monotonic() - began < 0.05
        assert player.state.status == "loading"
        until(lambda: player.position_seconds > 0.2)
        first = player.position_seconds, time.monotonic()
        until(lambda: player.position_seconds > 1.0)
        second = player.position_seconds, time.monotonic()
        state = player.wait_until_ended(5.0)
        time.sleep(0.1)
    assert second[0] - first[0] == pytest.approx(second[1] - first[1], abs=0.03)
    wave = heard(recording.frames)
    assert wave.size == pytest.approx(clip.frames, abs=3)
    assert breaks(wave) == 0
    assert np.abs(wave - clip.samples[0, 1 : 1 + wave.size]).max() < 1e-4
    assert (state.status, state.frames_played, state.gaps, state.error) == ("ended", clip.frames, 0, None)
    assert state.position_seconds == pytest.approx(clip.duration_seconds)


@pytest.mark.sound
def test_another_rate_and_six_channels_are_brought_to_the_devices(sound_server: SoundServer, player: Player) -> None:
    rate_hz = 48_000
    samples = np.zeros((6, rate_hz), np.float32)
    samples[0] = tone(1.0, rate_hz=rate_hz).samples[0]
    with sound_server.recording() as recording:
        play(player, Clip(samples, rate_hz))
        state = player.wait_until_ended(5.0)
        time.sleep(0.1)
    wave = heard(recording.frames)[500:-500]
    assert breaks(wave) == 0
    assert level(wave) == pytest.approx(0.5 / (1 + 2 * 0.5**0.5), rel=0.01)
    assert np.abs(recording.frames[1]).max() < HEARD
    assert state.frames_played == rate_hz


@pytest.mark.sound
def test_pausing_fades_and_going_on_loses_nothing(sound_server: SoundServer, player: Player) -> None:
    clip = tone(1.0)
    with sound_server.recording() as recording:
        play(player, clip)
        until(lambda: player.position_seconds > 0.4)
        player.pause()
        until(lambda: player.state.status == "paused")
        paused_at = player.position_seconds
        time.sleep(0.3)
        assert player.position_seconds == paused_at
        player.toggle()
        state = player.wait_until_ended(5.0)
        time.sleep(0.1)
    samples = recording.frames
    wave = heard(samples)
    silent = np.convolve(np.abs(wave) < HEARD, np.ones(400), "same") >= 400
    assert 0.2 < silent.sum() / SINK_RATE_HZ < 0.6
    # Neither edge of the silence clicks: no step is steeper than the tone's own.
    assert np.abs(np.diff(wave)).max() < 1.02 * 2 * np.pi * TONE_HZ / SINK_RATE_HZ * 0.5
    # The fade's frames were played, those behind it come afterwards; what the device took in between is no music.
    assert state.frames_played == pytest.approx(clip.frames, abs=64)
    assert np.sum(np.abs(wave) > HEARD) == pytest.approx(clip.frames, abs=0.02 * clip.frames)
    assert state.gaps == 0


@pytest.mark.sound
def test_a_seek_is_soon_heard_and_does_not_click(sound_server: SoundServer) -> None:
    low, high = tone(2.0, 441.0), tone(2.0, 4410.0, 0.25)
    clip = Clip(np.concatenate((low.samples, high.samples), axis=1), SINK_RATE_HZ)
    seen = []
    for _ in range(ATTEMPTS):
        with Player(system_devices()) as player, sound_server.recording() as recording:
            play(player, clip)
            until(lambda player=player: player.position_seconds > 0.3)
            before = recording.count
            player.seek(0.0)
            player.seek(3.0)
            until(lambda player=player: player.position_seconds > 3.2)
            player.pause()
            until(lambda player=player: player.state.status == "paused")
            assert 3.2 < player.position_seconds < 3.5
            gaps = player.state.gaps
        wave = recording.frames[0, before:].astype(np.float64)
        # The low tone hardly moves from sample to sample, the high one does.
        restless = np.convolve(np.abs(np.diff(wave)), np.ones(20) / 20, "same") > 0.06
        assert restless.any()
        # 43 ms of it the driver's own, the rest of the excess the recording's.
        seen.append((np.argmax(restless) / SINK_RATE_HZ < 0.08, np.abs(np.diff(wave)).max() < 0.2, gaps == 0))
        if all(seen[-1]):
            return
    pytest.fail(f"soon, without a click, without a gap: {seen}")


@pytest.mark.sound
def test_volume_and_mute_glide(sound_server: SoundServer, player: Player) -> None:
    with sound_server.recording() as recording:
        play(player, tone(30.0))
        until(lambda: player.position_seconds > 0.3)
        player.set_volume(0.5)
        until(lambda: player.position_seconds > 0.7)
        player.set_muted(True)
        until(lambda: player.position_seconds > 1.1)
        assert (player.state.volume, player.state.muted) == (0.5, True)
        player.set_muted(False)
        until(lambda: player.position_seconds > 1.6)
        player.stop()
        state = player.wait_until_ended(2.0)
    wave = heard(recording.frames)

    def at(seconds: float) -> NDArray[np.float64]:
        return wave[int(seconds * SINK_RATE_HZ) :][: SINK_RATE_HZ // 20]

    assert level(at(0.15)) == pytest.approx(0.5, rel=0.01)
    assert level(at(0.63)) == pytest.approx(0.5 * 0.5**3, rel=0.01)
    assert level(at(1.03)) < 1e-4
    assert level(at(1.5)) == pytest.approx(0.5 * 0.5**3, rel=0.01)
    assert np.abs(np.diff(wave)).max() < 1.02 * 2 * np.pi * TONE_HZ / SINK_RATE_HZ * 0.5
    assert (state.status, state.position_seconds, state.gaps) == ("stopped", 0.0, 0)


@pytest.mark.sound
def test_another_track_takes_over_at_once(sound_server: SoundServer, player: Player) -> None:
    second = tone(0.5, 3000.0)
    with sound_server.recording() as recording:
        play(player, tone(30.0))
        until(lambda: player.position_seconds > 0.3)
        player.load(lambda: ClipSource(second), title="second")
        state = player.wait_until_ended(5.0)
        time.sleep(0.1)
    assert (state.title, state.frames_played, state.gaps) == ("second", second.frames, 0)
    wave = heard(recording.frames)
    assert breaks(wave[-18_000:-500], 3000.0) == 0
    silent = np.convolve(np.abs(wave) < HEARD, np.ones(200), "same") >= 200
    assert not silent.any()


@pytest.mark.sound
def test_two_busy_python_threads_make_no_gap(sound_server: SoundServer) -> None:
    stop = threading.Event()

    def hog() -> None:
        while not stop.is_set():
            sum(range(1000))

    hogs = [threading.Thread(target=hog, name=f"hog {number}") for number in range(2)]
    seen = []
    try:
        for thread in hogs:
            thread.start()
        for _ in range(ATTEMPTS):
            with Player(system_devices()) as player, sound_server.recording() as recording:
                play(player, tone(3.0, rate_hz=48_000))
                state = player.wait_until_ended(10.0)
                time.sleep(0.1)
            assert (state.status, state.frames_played) == ("ended", 144_000)
            seen.append((state.gaps, breaks(heard(recording.frames)[500:-500])))
            if seen[-1] == (0, 0):
                return
    finally:
        stop.set()
        for thread in hogs:
            thread.join()
    pytest.fail(f"gaps counted, breaks heard: {seen}")


class Stuttering(ClipSource):
    """Once takes longer to read than the ring lasts."""

    def __init__(self, clip: Clip) -> None:
        super().__init__(clip)
        self._read = 0

    def read(self, frames: int) -> Samples:
        self._read += frames
        if SINK_RATE_HZ <= self._read < SINK_RATE_HZ + frames:
            time.sleep(0.8)
        return super().read(frames)


@pytest.mark.sound
def test_a_gap_is_counted_and_nothing_is_lost(sound_server: SoundServer, player: Player) -> None:
    clip = tone(1.3)
    with sound_server.recording() as recording:
        player.load(lambda: Stuttering(clip), title="stuttering")
        state = player.wait_until_ended(8.0)
        time.sleep(0.1)
    assert (state.status, state.gaps, state.frames_played) == ("ended", 1, clip.frames)
    assert 0.1 < heard(recording.frames).size / SINK_RATE_HZ - clip.duration_seconds < 0.7


@pytest.mark.sound
def test_a_device_that_vanishes_pauses_and_playing_goes_on_at_the_same_place(sound_server: SoundServer) -> None:
    told: list[PlayerState] = []
    with running_server() as server, Player(system_devices(), on_change=told.append) as player:
        play(player, tone(20.0))
        until(lambda: player.position_seconds > 0.3)
        server.stop()
        until(lambda: player.state.status == "paused")
        lost = player.wait_until_ended(1.0)
        assert lost.error is not None
        assert lost.error.code == "device-lost"
        assert 0.3 <= lost.position_seconds < 1.5
        player.resume()
        until(lambda: player.state.status == "no-device")
        assert player.state.error is not None
        assert player.state.error.code == "no-sound-device"
        server.start()
        player.resume()
        until(lambda: player.position_seconds > lost.position_seconds + 0.2)
        assert player.state.error is None
        assert player.state.frames_played > (lost.position_seconds + 0.15) * SINK_RATE_HZ
    assert [state.status for state in told][:3] == ["stopped", "playing", "paused"]


@pytest.mark.sound
def test_playing_a_file_by_its_path(sound_server: SoundServer, player: Player, tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    soundfile.write(tmp_path / "a.wav", tone(0.4, rate_hz=22_050).samples.T, 22_050)
    player.play(tmp_path / "a.wav")
    state = player.wait_until_ended(5.0)
    assert (state.status, state.title, state.frames_played, state.error) == ("ended", "a.wav", 8820, None)
    player.play()
    until(lambda: player.state.status == "playing")
    assert player.wait_until_ended(5.0).position_seconds == pytest.approx(0.4)


def test_without_a_device_the_player_says_so_and_keeps_the_place() -> None:
    with Player(NoDevices()) as player:
        play(player, tone(2.0))
        state = player.wait_until_ended(5.0)
        assert (state.status, state.title, state.duration_seconds) == ("no-device", "tone", 2.0)
        assert state.error is not None
        assert state.error.message == "No sound device was found."
        player.seek(1.5)
        until(lambda: player.position_seconds == 1.5)
        player.seek(99.0)
        until(lambda: player.position_seconds == 2.0)
        player.set_volume(0.3)
        player.stop()
        until(lambda: player.state.status == "stopped")
    assert player.state.volume == 0.3


def test_a_file_that_cannot_be_played_is_a_state(tmp_path: Path) -> None:
    (tmp_path / "text.mp3").write_text("no sound in here " * 50)
    with Player(NoDevices()) as player:
        for path, code in ((tmp_path / "text.mp3", "not-audio"), (tmp_path / "none.wav", "missing-path")):
            player.play(path)
            state = player.wait_until_ended(5.0)
            assert (state.status, state.title) == ("empty", path.name)
            assert state.error is not None
            assert state.error.code == code


def test_whatever_opening_raises_becomes_a_state_and_the_thread_lives(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> ClipSource:
        raise RuntimeError("a plug-in's mistake")

    def listener(state: PlayerState) -> None:
        raise ValueError("a listener's mistake")

    with Player(NoDevices(), on_change=listener) as player:
        player.load(broken, title="broken")
        state = player.wait_until_ended(5.0)
        assert state.error is not None
        assert "a plug-in's mistake" in state.error.message
        play(player, tone(1.0))
        assert player.wait_until_ended(5.0).status == "no-device"
    assert {record.getMessage() for record in caplog.records} == {"playing broke off", "a listener failed"}


class Damaged(ClipSource):
    def read(self, frames: int) -> Samples:
        block = super().read(frames)
        if self._position > SINK_RATE_HZ // 2:
            raise DecodeFailed()
        return block


@pytest.mark.sound
def test_damage_in_the_middle_ends_the_music_there(sound_server: SoundServer, player: Player) -> None:
    player.load(lambda: Damaged(tone(5.0)), title="damaged")
    state = player.wait_until_ended(5.0)
    assert state.status == "ended"
    assert state.error is not None
    assert state.error.code == "decode-failed"
    assert 0.4 < state.position_seconds <= 0.5


@pytest.mark.sound
def test_what_a_growing_source_fails_with_is_told_once_the_rest_was_heard(
    sound_server: SoundServer, player: Player
) -> None:
    clip, growing = tone(0.8), GrowingClip(SINK_RATE_HZ, 2)
    growing.write(clip.samples)
    growing.fail(RuntimeError("a mistake"))
    ends: list[PlayerState] = []
    player._telling._on_end = ends.append
    player.load(growing.open_source, title="broken")
    player.queue(lambda: ClipSource(tone(0.2)), title="next")
    assert player.wait_until_ended(5.0).title == "next"
    assert [(end.title, end.frames_played) for end in ends][:1] == [("broken", clip.frames)]
    assert ends[0].error is not None
    assert "a mistake" in ends[0].error.message


def test_closing_leaves_nothing_and_may_be_done_twice() -> None:
    before = threading.active_count()
    player = Player(NoDevices())
    assert threading.active_count() == before
    play(player, tone(1.0))
    assert threading.active_count() == before + 1
    player.close()
    player.close()
    assert threading.active_count() == before
    play(player, tone(1.0))
    assert player.wait_until_ended(1.0).title == "tone"
    assert threading.active_count() == before


def test_closing_does_not_wait_for_a_slow_opener_whose_source_is_closed_when_it_comes() -> None:
    let_go, closed = threading.Event(), threading.Event()

    class Closing(ClipSource):
        def close(self) -> None:
            closed.set()

    def slow() -> ClipSource:
        let_go.wait(10.0)
        return Closing(tone(1.0))

    told: list[PlayerState] = []
    player = Player(NoDevices(), on_change=told.append)
    player.load(slow, title="slow")
    player.load(slow, title="never opened")
    began = time.monotonic()
    player.close()
    assert time.monotonic() - began < 1.5
    assert player.state.status == "empty"
    let_go.set()
    assert closed.wait(5.0)
    assert [state.title for state in told if state.title] == []


@pytest.mark.sound
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system sees to it")
def test_the_sound_cards_threads_go_first_where_that_is_allowed(sound_server: SoundServer) -> None:
    def real_time(task: int) -> bool:
        return os.sched_getscheduler(task) & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR

    allowed: list[bool] = []

    def try_it() -> None:
        try:
            os.sched_setscheduler(threading.get_native_id(), os.SCHED_RR, os.sched_param(1))
        except PermissionError:
            allowed.append(False)
        else:
            allowed.append(True)

    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join()
    before = {int(entry.name) for entry in Path("/proc/self/task").iterdir()}
    output = system_devices().open_output(None, PATIENT_SECONDS)
    started = {int(entry.name) for entry in Path("/proc/self/task").iterdir()} - before
    assert started
    assert [real_time(task) for task in started] == [allowed[0]] * len(started)
    output.close()
