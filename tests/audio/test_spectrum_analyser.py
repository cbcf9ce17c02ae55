"""The live analyser: what it shows is what is heard, and it rests when nothing is."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from sonicforge_studio.audio.clips import ClipSource
from sonicforge_studio.audio.devices import system_devices
from sonicforge_studio.audio.latest import Latest
from sonicforge_studio.audio.player import Player
from sonicforge_studio.audio.spectrum import SpectrumAnalyser, SpectrumSnapshot, warm_live_spectrum
from sonicforge_studio.audio.tap import HeardNow, PlaybackTap
from sonicforge_studio.domain import Clip
from sonicforge_studio.kernels.live_spectrum import FLOOR_DB, Ballistics
from tests.sound_server import SINK_RATE_HZ, SoundServer

FAST = Ballistics(release_db_per_second=600.0, hold_seconds=0.1, hold_fall_db_per_second=600.0)


def until(analyser: SpectrumAnalyser, seconds: float = 5.0) -> SpectrumSnapshot:
    """The next snapshot."""
    deadline = time.monotonic() + seconds
    while (snapshot := analyser.latest.take()) is None:
        assert time.monotonic() < deadline, "no picture came"
        time.sleep(0.002)
    return snapshot


def ringing(tap: PlaybackTap, frequency_hz: float, amplitude: float, rate_hz: int = 48_000) -> None:
    """A second of a tone in the ring's memory, half of it heard."""
    times = np.arange(65_536) / rate_hz
    wave = (amplitude * np.sin(2 * np.pi * frequency_hz * times)).astype(np.float32)
    wet = np.stack((wave, 0.1 * wave), axis=1)
    tap.publish(HeardNow(wet, rate_hz, time.monotonic(), 30_000.0, 60_000, 12.5))


def test_the_newest_picture_replaces_the_one_before() -> None:
    latest: Latest[int] = Latest()
    assert latest.take() is None
    latest.put(1)
    latest.put(2)
    assert latest.take() == 2
    assert latest.take() is None


@pytest.mark.parametrize("rate_hz", [48_000, 96_000])
def test_a_tone_stands_in_its_band_and_falls_to_silence_when_it_ends(rate_hz: int) -> None:
    warm_live_spectrum()
    tap = PlaybackTap()
    with SpectrumAnalyser(tap, ballistics=FAST) as analyser:
        assert until(analyser).levels_db.max() == FLOOR_DB
        ringing(tap, 1000.0, 1.0, rate_hz)
        while (snapshot := until(analyser)).position_seconds is None:
            pass
        band = int(np.argmax(snapshot.levels_db))
        assert snapshot.frequencies_hz[band] == pytest.approx(1000.0, rel=0.03)
        assert snapshot.levels_db[band] == pytest.approx(0.0, abs=0.05)
        assert snapshot.channel_levels_db[:, band] == pytest.approx([0.0, -20.0], abs=0.05)
        assert snapshot.rms_db == pytest.approx([0.0, -20.0], abs=0.05)
        assert snapshot.sample_peak_db == pytest.approx([0.0, -20.0], abs=0.05)
        assert snapshot.position_seconds >= 12.5
        assert snapshot.sample_rate_hz == rate_hz
        with pytest.raises(ValueError, match="read-only"):
            snapshot.levels_db[0] = 0.0
        tap.publish(None)
        while (snapshot := until(analyser)).peaks_db.max() > FLOOR_DB:
            assert snapshot.levels_db.max() <= 0.05
        assert snapshot.position_seconds is None
        # Now it sleeps: no picture comes until something sounds again.
        analyser.latest.take()
        time.sleep(0.5)
        assert analyser.latest.take() is None
        assert analyser.newest is not None
        ringing(tap, 440.0, 0.5, rate_hz)
        assert until(analyser, 0.5).levels_db.max() == pytest.approx(-6.02, abs=0.05)


def test_the_tap_gives_the_frames_that_end_with_the_one_heard() -> None:
    tap = PlaybackTap()
    window = np.ones((2, 8), np.float32)
    assert tap.place() is None
    count = np.arange(16, dtype=np.float32)
    stood_still = time.monotonic() + 1000.0
    tap.publish(HeardNow(np.stack((count, -count), axis=1), 8000, stood_still, 20.0, 24, 3.0))
    place = tap.place()
    assert place is not None
    assert (place.end, place.seconds, place.sample_rate_hz, place.stream) == (20, 3.0, 8000, 1)
    place.read(place.end - 8, window)
    assert window[0].tolist() == [12, 13, 14, 15, 0, 1, 2, 3]
    assert window[1].tolist() == [-12, -13, -14, -15, 0, -1, -2, -3]
    # A single channel is heard on both sides; before the first frame there is silence.
    tap.publish(HeardNow(count[:, np.newaxis], 8000, stood_still, 3.0, 10, 0.0))
    place = tap.place()
    assert place is not None
    assert (place.end, place.stream) == (3, 2)
    place.read(place.end - 8, window)
    assert window.tolist() == [[0, 0, 0, 0, 0, 0, 1, 2]] * 2
    # Time goes on between the feeder's reports, but never beyond what was fed.
    tap.publish(HeardNow(count[:, np.newaxis], 8000, time.monotonic() - 60.0, 3.0, 10, 0.0))
    place = tap.place()
    assert place is not None
    assert (place.end, place.seconds) == (10, pytest.approx(7 / 8000))


def test_closing_ends_the_thread() -> None:
    before = threading.active_count()
    analyser = SpectrumAnalyser(PlaybackTap())
    assert threading.active_count() == before + 1
    analyser.close()
    analyser.close()
    assert threading.active_count() == before


@pytest.mark.sound
def test_the_picture_shows_what_plays(sound_server: SoundServer) -> None:
    seconds = 1.5
    times = np.arange(round(seconds * SINK_RATE_HZ)) / SINK_RATE_HZ
    # A tone that jumps to another each quarter second, so that a picture tells when it was heard.
    steps_hz = 500.0 * 2.0 ** np.floor(times / 0.25)
    wave = (0.25 * np.sin(2 * np.pi * steps_hz * times)).astype(np.float32)
    pictures: list[tuple[float, SpectrumSnapshot]] = []
    with Player(system_devices()) as player, SpectrumAnalyser(player.tap, ballistics=FAST) as analyser:
        until(analyser)
        player.load(lambda: ClipSource(Clip(np.stack((wave, wave)), SINK_RATE_HZ)), title="steps")
        while player.state.status in ("loading", "playing"):
            snapshot = analyser.latest.take()
            if snapshot is not None and snapshot.position_seconds is not None:
                pictures.append((player.position_seconds, snapshot))
            time.sleep(0.002)
    assert len(pictures) > 50 * seconds
    steady = 0
    for position, snapshot in pictures:
        assert abs(position - snapshot.position_seconds) < 0.06
        into = snapshot.position_seconds % 0.25
        # The window is 93 ms long: once the step before has left it, one tone stands alone.
        if 0.12 < into < 0.24 and snapshot.position_seconds < seconds:
            steady += 1
            loudest = int(np.argmax(snapshot.levels_db))
            step = int(snapshot.position_seconds / 0.25)
            assert snapshot.frequencies_hz[loudest] == pytest.approx(500.0 * 2.0**step, rel=0.03)
            assert snapshot.levels_db[loudest] == pytest.approx(-12.04, abs=0.1)
    assert steady > 15
