"""Several pieces, regions and versions on the player, held against what its sink plays; and sound that still grows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.audio.clips import ClipSource
from sonicforge_studio.audio.devices import NoDevices, system_devices
from sonicforge_studio.audio.growing import GrowingClip
from sonicforge_studio.audio.player import Player
from sonicforge_studio.audio.player_state import PlayerState
from sonicforge_studio.audio.versions import Version
from sonicforge_studio.domain import Clip, Source
from sonicforge_studio.domain.errors import MissingPath
from tests.audio.hearing import ATTEMPTS, HEARD, PATIENT_SECONDS, TONE_HZ, breaks, heard, level, play, tone, until
from tests.sound_server import SINK_RATE_HZ, SoundServer


def opener(clip: Clip) -> Callable[[], Source]:
    return lambda: ClipSource(clip)


def part(clip: Clip, start: int, end: int) -> Clip:
    return Clip(clip.samples[:, start:end], clip.sample_rate_hz)


def missing() -> Source:
    raise MissingPath()


@pytest.fixture
def ends() -> list[PlayerState]:
    return []


@pytest.fixture
def told() -> list[PlayerState]:
    return []


@pytest.fixture
def player(sound_server: SoundServer, told: list[PlayerState], ends: list[PlayerState]) -> Iterator[Player]:
    devices = system_devices()
    with Player(devices, latency_seconds=PATIENT_SECONDS, on_change=told.append, on_end=ends.append) as player:
        yield player


@pytest.mark.sound
def test_pieces_follow_each_other_to_the_frame(
    sound_server: SoundServer, player: Player, told: list[PlayerState], ends: list[PlayerState]
) -> None:
    """A tone cut at odd frames is one tone again; what cannot be opened in between is told of and skipped."""
    whole = tone(1.3)
    cuts = [0, 22_001, 22_014, 38_345, whole.frames]
    pieces = [part(whole, start, end) for start, end in pairwise(cuts)]
    with sound_server.recording() as recording:
        play(player, pieces[0])
        for number, clip in enumerate(pieces[1:]):
            player.queue(opener(clip), title=f"part {number + 2}")
            if number == 1:
                player.queue(missing, title="missing")
        until(lambda: player.state.title == "part 3")
        assert (player.state.queued, player.state.duration_seconds) == (1, pieces[2].duration_seconds)
        # It is told when it is heard, not when it is read.
        assert player.position_seconds < 0.1
        assert player.tap.place().piece == player.state.piece  # type: ignore[union-attr]
        state = player.wait_until_ended(5.0)
        time.sleep(0.1)
    wave = heard(recording.frames)
    assert breaks(wave) == 0
    assert wave.size == pytest.approx(whole.frames, abs=3)
    assert (state.status, state.title, state.gaps, state.queued) == ("ended", "part 4", 0, 0)
    assert [end.frames_played for end in ends] == [clip.frames for clip in pieces]
    assert [end.title for end in ends] == ["tone", "part 2", "part 3", "part 4"]
    assert len({end.piece for end in ends}) == 4
    assert any(state.error is not None and state.error.code == "missing-path" for state in told)


@pytest.mark.sound
def test_pieces_of_other_rates_follow_without_a_gap(
    sound_server: SoundServer, player: Player, ends: list[PlayerState]
) -> None:
    first, second = tone(0.7, rate_hz=48_000), tone(0.5, rate_hz=22_050)
    with sound_server.recording() as recording:
        play(player, first)
        player.queue(opener(second), title="second")
        player.wait_until_ended(5.0)
        time.sleep(0.1)
    wave = heard(recording.frames)
    assert wave.size == pytest.approx(1.2 * SINK_RATE_HZ, abs=20)
    joint = round(0.7 * SINK_RATE_HZ)
    # Both begin with the sine's zero: 997 Hz at 0.7 s is at 697.9 periods.
    assert breaks(wave[200 : joint - 400]) == 0
    assert breaks(wave[joint + 400 : -400]) == 0
    assert not (np.convolve(np.abs(wave) < HEARD, np.ones(20), "same") >= 20).any()
    assert [end.frames_played for end in ends] == [first.frames, second.frames]


@pytest.mark.sound
def test_going_back_after_the_next_was_read_already(
    sound_server: SoundServer, player: Player, ends: list[PlayerState], tmp_path: Path
) -> None:
    """A seek, and a pause, while the ring holds the end of one piece and the beginning of the next."""
    soundfile = pytest.importorskip("soundfile")
    soundfile.write(tmp_path / "next.wav", tone(0.4).samples.T, SINK_RATE_HZ)
    first, last = tone(0.9), tone(0.2)
    play(player, first)
    player.queue(opener(last), title="last")
    player.play_next(tmp_path / "next.wav")
    until(lambda: player.position_seconds > 0.6)
    player.seek(0.3)
    until(lambda: 0.2 < player.position_seconds < 0.5)
    assert player.state.title == "tone"
    until(lambda: player.position_seconds > 0.6)
    player.pause()
    until(lambda: player.state.status == "paused")
    assert (player.state.title, player.state.queued) == ("tone", 2)
    player.resume()
    state = player.wait_until_ended(5.0)
    assert (state.title, state.gaps) == ("last", 0)
    assert [end.title for end in ends] == ["tone", "next.wav", "last"]
    assert [end.frames_played for end in ends][1:] == [round(0.4 * SINK_RATE_HZ), last.frames]
    assert ends[0].frames_played == pytest.approx(first.frames + 0.4 * SINK_RATE_HZ, abs=0.25 * SINK_RATE_HZ)


@pytest.mark.sound
def test_a_queue_starts_by_itself_and_can_be_cleared(player: Player) -> None:
    player.queue(opener(tone(0.5)), title="first")
    player.queue(opener(tone(9.0)), title="second")
    player.clear_queue()
    assert player.wait_until_ended(5.0).title == "first"
    player.queue(opener(tone(0.2)), title="third")
    until(lambda: player.state.title == "third")
    state = player.wait_until_ended(5.0)
    assert (state.title, state.status, state.frames_played) == ("third", "ended", round(0.2 * SINK_RATE_HZ))


@pytest.mark.sound
def test_a_region_is_looped_without_a_trace(sound_server: SoundServer, player: Player) -> None:
    """1000 Hz has whole periods in half a second: setting the loop, its joints and leaving it leave no trace."""
    with sound_server.recording() as recording:
        play(player, tone(30.0, 1000.0, rate_hz=48_000))
        until(lambda: player.position_seconds > 0.6)
        player.set_loop(0.5, 1.0)
        until(lambda: player.state.loop == (0.5, 1.0))
        seen = []
        deadline = time.monotonic() + 1.1
        while time.monotonic() < deadline:
            seen.append(player.position_seconds)
            time.sleep(0.003)
        assert 0.5 <= min(seen) < max(seen) < 1.0 + 1e-6
        assert sum(later < earlier for earlier, later in pairwise(seen)) in (2, 3)
        player.clear_loop()
        until(lambda: player.position_seconds > 1.1)
        assert player.state.loop is None
        assert player.state.gaps == 0
        player.stop()
        player.wait_until_ended(2.0)
    assert breaks(heard(recording.frames)[300:-1500], 1000.0, 1e-4) == 0


@pytest.mark.sound
def test_a_loop_set_elsewhere_jumps_in_and_may_be_left(player: Player) -> None:
    play(player, tone(30.0))
    player.pause()
    player.set_loop(5.0, 6.0)
    until(lambda: player.position_seconds == 5.0)
    assert player.state.status in ("paused", "stopped")
    player.resume()
    until(lambda: 5.1 < player.position_seconds < 6.0)
    player.set_loop(10.0)
    until(lambda: player.position_seconds >= 10.0)
    assert player.state.loop == (10.0, 30.0)
    player.set_loop(20.0, 20.5)
    player.seek(25.0)
    until(lambda: player.position_seconds > 25.1)


@pytest.mark.sound
def test_versions_change_at_the_same_frame_equally_loud(sound_server: SoundServer) -> None:
    """The same tone in both, the second louder and brought down: going to and fro must leave no trace."""
    quiet, loud = tone(30.0), tone(30.0, amplitude=0.9)
    versions = [Version(opener(quiet), "A"), Version(opener(loud), "B", 20 * np.log10(0.5 / 0.9))]
    seen = []
    for _ in range(ATTEMPTS):
        with (
            Player(system_devices(), latency_seconds=PATIENT_SECONDS) as player,
            sound_server.recording() as recording,
        ):
            player.compare(versions, title="both", start_seconds=1.0)
            for place, version in ((1.3, 1), (1.5, 0), (1.7, 1)):
                until(lambda player=player, place=place: player.position_seconds > place)
                player.choose_version(version)
                until(lambda player=player, version=version: player.state.version == version)
                assert place < player.position_seconds < place + 0.15
            player.pause()
            until(lambda player=player: player.state.status == "paused")
            paused_at = player.position_seconds
            player.choose_version(0)
            until(lambda player=player: player.state.version == 0)
            assert player.position_seconds == pytest.approx(paused_at, abs=1e-9)
            player.resume()
            until(lambda player=player, at=paused_at: player.position_seconds > at + 0.2)
            state = player.state
            player.set_version_gains((-12.0, -12.0))
            until(lambda player=player, at=paused_at: player.position_seconds > at + 0.5)
            player.stop()
            player.wait_until_ended(2.0)
        wave = heard(recording.frames)
        before = wave[: round(0.7 * SINK_RATE_HZ)]
        assert level(before[2000:]) == pytest.approx(0.5, rel=1e-3)
        # Whole periods, as nearly as frames allow.
        assert level(wave[-6008:-3000]) == pytest.approx(0.5 * 10 ** (-12 / 20), rel=1e-3)
        assert (state.title, state.versions, state.error) == ("both", ("A", "B"), None)
        seen.append((breaks(before[1000:]), state.gaps))
        if seen[-1] == (0, 0):
            return
    pytest.fail(f"breaks, gaps: {seen}")


@pytest.mark.sound
def test_versions_of_two_rates_are_compared(sound_server: SoundServer, player: Player) -> None:
    versions = [Version(opener(tone(9.0, rate_hz=rate_hz)), str(rate_hz)) for rate_hz in (48_000, 22_050)]
    with sound_server.recording() as recording:
        player.compare(versions)
        until(lambda: player.position_seconds > 0.4)
        player.choose_version(1)
        until(lambda: player.position_seconds > 0.8)
        player.stop()
        player.wait_until_ended(2.0)
    # The frames of the two rates fall between each other; what is left of that is a hundred thousandth of full scale.
    assert breaks(heard(recording.frames)[300:-2500]) == 0


@pytest.mark.sound
def test_sound_is_played_while_it_grows(sound_server: SoundServer, player: Player) -> None:
    """Where nothing is there yet it waits, loses nothing, counts no gap, and goes on by itself."""
    clip, growing = tone(1.8), GrowingClip(SINK_RATE_HZ, 2)
    with sound_server.recording() as recording:
        player.load(growing.open_source, title="growing")
        until(lambda: player.state.waiting)
        assert (player.state.status, player.state.duration_seconds) == ("playing", None)
        growing.write(clip.samples[:, :SINK_RATE_HZ])
        until(lambda: player.position_seconds > 0.3)
        assert not player.state.waiting
        until(lambda: player.state.waiting)
        assert 0.8 < player.position_seconds <= 1.0
        time.sleep(0.1)
        growing.write(clip.samples[:, SINK_RATE_HZ:])
        growing.finish()
        state = player.wait_until_ended(5.0)
        time.sleep(0.1)
    assert (state.status, state.gaps, state.waiting) == ("ended", 0, False)
    assert state.frames_played == clip.frames
    assert state.duration_seconds == pytest.approx(1.8)
    wave = heard(recording.frames)
    assert np.abs(np.diff(wave)).max() < 1.02 * 2 * np.pi * TONE_HZ / SINK_RATE_HZ * 0.5
    assert np.sum(np.abs(wave) > HEARD) == pytest.approx(clip.frames, rel=0.02)


@pytest.mark.sound
def test_music_that_is_made_faster_than_it_is_heard_never_waits(sound_server: SoundServer, player: Player) -> None:
    clip, growing = tone(1.4), GrowingClip(SINK_RATE_HZ, 2)
    growing.write(clip.samples[:, :SINK_RATE_HZ])

    def make() -> None:
        for start in range(SINK_RATE_HZ, clip.frames, 777):
            growing.write(clip.samples[:, start : start + 777])
            time.sleep(0.005)
        growing.finish()

    maker = threading.Thread(target=make)
    with sound_server.recording() as recording:
        player.load(growing.open_source, title="growing")
        maker.start()
        state = player.wait_until_ended(5.0)
        time.sleep(0.1)
    maker.join()
    assert (state.status, state.frames_played, state.gaps) == ("ended", clip.frames, 0)
    assert breaks(heard(recording.frames)) == 0


@pytest.mark.sound
def test_what_a_pause_leaves_unheard_is_silence_to_the_tap(sound_server: SoundServer, player: Player) -> None:
    """Meters read the ring before volume; frames that the card took behind the fade will come again."""
    play(player, tone(3.0))
    until(lambda: player.position_seconds > 0.4)
    player.pause()
    until(lambda: player.state.status == "paused")
    player.resume()
    until(lambda: player.position_seconds > 1.2)
    place = player.tap.place()
    assert place is not None
    wave = np.empty((2, place.end - place.oldest), np.float32)
    place.read(place.oldest, wave)
    loud = np.flatnonzero(np.abs(wave[0]) > HEARD)
    music = wave[0, loud[0] : loud[-1] + 1]
    # One break in the tone and silence in it, and the rest is exactly as long as what was heard.
    sounding = int(np.sum(np.convolve(np.abs(music) < HEARD, np.ones(64), "same") < 64))
    assert sounding == pytest.approx(player.position_seconds * SINK_RATE_HZ, abs=0.05 * SINK_RATE_HZ)


@pytest.mark.sound
def test_devices_are_listed_and_chosen(sound_server: SoundServer, player: Player) -> None:
    found: list[tuple[object, ...]] = []
    player.look_for_devices(found.append)
    until(lambda: bool(found))
    assert found[0] == player.outputs()
    play(player, tone(9.0))
    until(lambda: player.position_seconds > 0.3)
    default = player.state.device
    other = next((device for device in player.outputs() if device.name != default), None)
    assert other is not None
    player.choose_device(other)
    until(lambda: player.state.device == other.name and player.state.status == "playing")
    until(lambda: player.position_seconds > 0.5)
    player.choose_device(None)
    until(lambda: player.state.device == default and player.state.status == "playing")
    assert player.position_seconds >= 0.4


def test_without_a_device_versions_loops_and_queues_are_kept() -> None:
    found: list[tuple[object, ...]] = []
    with Player(NoDevices()) as player:
        player.compare([Version(opener(tone(4.0)), "A"), Version(opener(tone(2.0)), "B")], start_seconds=3.0)
        assert player.wait_until_ended(5.0).status == "no-device"
        player.queue(opener(tone(1.0)), title="next")
        player.choose_version(1)
        until(lambda: player.state.version == 1)
        assert (player.position_seconds, player.state.duration_seconds) == (2.0, 2.0)
        player.choose_version(99)
        player.set_loop(0.5, 1.0)
        until(lambda: player.state.loop == (0.5, 1.0))
        assert (player.position_seconds, player.state.queued, player.state.version) == (0.5, 1, 1)
        player.look_for_devices(found.append)
        until(lambda: bool(found))
        assert found == [()]
        player.compare([])
        player.compare([Version(missing, "A"), Version(opener(tone(1.0)), "B"), Version(missing, "C")])
        until(lambda: player.state.versions == ("A", "B", "C"))
        assert (player.wait_until_ended(5.0).status, player.state.version) == ("no-device", 1)
        player.choose_version(2)
        until(lambda: player.state.error is not None and player.state.error.code == "missing-path")
        assert player.state.version == 1
        player.compare([Version(missing, "A"), Version(missing, "B")])
        until(lambda: player.state.status == "empty")
        assert player.state.error is not None
        assert (player.state.error.code, player.state.versions, player.state.queued) == ("missing-path", (), 0)
