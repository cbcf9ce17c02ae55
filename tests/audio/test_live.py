"""The live analyser: what it shows is what is heard, and it rests when nothing is."""

from __future__ import annotations

import math
import threading
import time

import numpy as np
import pytest

from sonicforge_studio.audio.clips import ClipSource
from sonicforge_studio.audio.devices import system_devices
from sonicforge_studio.audio.latest import Latest
from sonicforge_studio.audio.live import ROWS_PER_SECOND, LiveAnalyser, LiveSnapshot, warm_live_analysis
from sonicforge_studio.audio.player import Player
from sonicforge_studio.audio.tap import PlaybackTap, TapPlace, TapSwitch
from sonicforge_studio.domain import Clip
from sonicforge_studio.kernels.live_spectrum import FLOOR_DB, SpectrumSettings
from tests.ringing import QUICK, Ringing, until
from tests.sound_server import SINK_RATE_HZ, SoundServer


def test_the_newest_picture_replaces_the_one_before() -> None:
    latest: Latest[int] = Latest()
    assert latest.take() is None
    latest.put(1)
    latest.put(2)
    assert latest.take() == 2
    assert latest.take() is None


@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 192_000])
def test_a_tone_stands_in_its_band_and_falls_to_silence_when_it_ends(rate_hz: int) -> None:
    warm_live_analysis()
    ringing = Ringing(1000.0, 1.0, rate_hz)
    with LiveAnalyser(ringing.tap, QUICK) as analyser:
        assert until(analyser, bool).levels_db.max() == FLOOR_DB
        ringing.sound()
        snapshot = until(analyser, lambda now: now.position_seconds is not None and now.levels_db.max() > -1)
        band = int(np.argmax(snapshot.levels_db[0]))
        assert snapshot.frequencies_hz[band] == pytest.approx(1000.0, rel=0.03)
        assert snapshot.levels_db[:, band] == pytest.approx([0.0, -20.0], abs=0.1)
        assert snapshot.rms_db == pytest.approx([0.0, -20.0], abs=0.1)
        assert snapshot.peak_db == pytest.approx([0.0, -20.0], abs=0.1)
        assert snapshot.position_seconds is not None
        assert snapshot.position_seconds >= 12.5
        assert snapshot.sample_rate_hz == rate_hz
        assert until(analyser, lambda now: now.correlation is not None).correlation == pytest.approx(1.0, abs=0.01)
        with pytest.raises(ValueError, match="read-only"):
            snapshot.levels_db[0, 0] = 0.0


def test_what_ends_sinks_to_silence_and_then_it_sleeps() -> None:
    ringing = Ringing(1000.0, 1e-5)
    with LiveAnalyser(ringing.tap, QUICK) as analyser:
        until(analyser, bool)
        ringing.sound()
        until(analyser, lambda now: now.levels_db.max() > -102)
        ringing.stop()
        assert until(analyser, lambda now: now.position_seconds is None).levels_db.max() > -104
        silent = until(analyser, lambda now: now.peaks_db.max() <= FLOOR_DB)
        # Now it sleeps: no picture comes until something sounds again.
        time.sleep(0.3)
        assert analyser.newest is not None
        assert analyser.newest.number <= silent.number + 1
        ringing.sound()
        until(analyser, lambda now: now.position_seconds is not None, 0.5)


def test_loudness_is_measured_over_every_frame_and_begins_anew_with_each_track() -> None:
    ringing = Ringing(1000.0, 10 ** (-20 / 20))
    with LiveAnalyser(ringing.tap, QUICK) as analyser:
        until(analyser, bool)
        ringing.sound(piece=1)
        snapshot = until(analyser, lambda now: now.loudness.measured_seconds > 0.8)
        # A sine of -20 dBFS on one side and 20 dB below on the other: -23.0 and what the other adds.
        expected = -23.01 + 10 * math.log10(1.01)
        assert snapshot.loudness.momentary_lufs == pytest.approx(expected, abs=0.1)
        assert snapshot.loudness.integrated_lufs == pytest.approx(expected, abs=0.1)
        assert snapshot.loudness.true_peaks_dbtp == pytest.approx([-20.0, -40.0], abs=0.1)
        assert snapshot.history.read().momentary_lufs[-1] == pytest.approx(expected, abs=0.1)
        ringing.go_on(piece=2)
        assert until(analyser, lambda now: now.loudness.measured_seconds < 0.3).loudness.momentary_lufs == -math.inf
        until(analyser, lambda now: now.loudness.measured_seconds > 0.5)
        analyser.reset()
        until(analyser, lambda now: now.loudness.measured_seconds < 0.3)
        assert analyser.newest.missed_frames >= 0


def test_the_waterfall_keeps_the_sounds_own_time() -> None:
    ringing = Ringing()
    with LiveAnalyser(ringing.tap, QUICK) as analyser:
        until(analyser, bool)
        ringing.sound()
        first = until(analyser, lambda now: now.position_seconds is not None)
        count, began = first.waterfall.count, first.position_seconds
        last = until(analyser, lambda now: now.position_seconds and began and now.position_seconds > began + 1.0)
        assert last.position_seconds is not None
        assert began is not None
        rows = last.waterfall.count - count
        assert rows == pytest.approx(ROWS_PER_SECOND * (last.position_seconds - began), abs=2)
        row = last.waterfall.rows[(last.waterfall.count - 1) % last.waterfall.rows.shape[0]]
        assert row.max() == pytest.approx(0.0, abs=0.1)


def test_what_went_by_unmeasured_is_counted() -> None:
    ringing = Ringing()
    with LiveAnalyser(ringing.tap, QUICK) as analyser:
        until(analyser, bool)
        ringing.sound(frame=60_000.0)
        until(analyser, lambda now: now.position_seconds is not None)
        ringing.sound(frame=400_000.0)
        assert until(analyser, lambda now: now.missed_frames > 0).missed_frames < 340_000


class Broken(PlaybackTap):
    """Raises until it is mended."""

    mended = False

    def place(self) -> TapPlace | None:
        if not self.mended:
            raise RuntimeError("a tap's mistake")
        return super().place()


def test_a_tap_that_fails_does_not_end_the_thread(caplog: pytest.LogCaptureFixture) -> None:
    tap = Broken()
    with LiveAnalyser(tap, QUICK) as analyser:
        until(analyser, bool)
        time.sleep(0.15)
        tap.mended = True
        ringing = Ringing()
        ringing.tap = tap
        ringing.sound()
        until(analyser, lambda now: now.position_seconds is not None)
    assert {record.getMessage() for record in caplog.records} == {"the live analysis failed"}


def test_settings_and_taps_change_while_it_runs() -> None:
    ringing, other = Ringing(1000.0), Ringing(250.0, rate_hz=44_100)
    switch = TapSwitch(ringing.tap)
    with LiveAnalyser(switch, QUICK) as analyser:
        ringing.sound()
        until(analyser, lambda now: now.position_seconds is not None)
        analyser.configure(SpectrumSettings(fft_size=1024, window="flat-top", bands_per_octave=3, ballistics="slow"))
        changed = until(analyser, lambda now: now.frequencies_hz.size < 40 and now.levels_db.max() > -3)
        assert analyser.settings.fft_size == 1024
        assert changed.waterfall.rows.shape[1] == changed.frequencies_hz.size
        with pytest.raises(ValueError, match="fft_size"):
            SpectrumSettings(fft_size=1000)
        analyser.configure(QUICK)
        other.sound(seconds=1.0)
        switch.choose(other.tap)
        heard = until(analyser, lambda now: now.sample_rate_hz == 44_100 and now.levels_db.max() > -1)
        assert heard.frequencies_hz[int(np.argmax(heard.levels_db[0]))] == pytest.approx(250.0, rel=0.03)
        switch.choose(PlaybackTap())
        until(analyser, lambda now: now.position_seconds is None)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.5, 1e30])
def test_bad_sound_leaves_a_picture_and_no_wrong_reading(value: float) -> None:
    ringing = Ringing()
    ringing.memory[:] = value
    with LiveAnalyser(ringing.tap, QUICK) as analyser:
        ringing.sound()
        snapshot = until(analyser, lambda now: now.loudness.measured_seconds > 0.5)
        assert np.isfinite(snapshot.levels_db).all()
        assert np.isfinite(snapshot.rms_db).all()
        # An offset is no tone, and what is no number is silence. (Where the offset begins, a step is heard.)
        if value != 0.5:
            assert snapshot.levels_db.max() == FLOOR_DB
            assert snapshot.loudness.momentary_lufs == -math.inf


def test_a_full_scale_square_wave_reads_what_it_is() -> None:
    ringing = Ringing(441.0)
    ringing.memory[:] = np.sign(ringing.memory[:, :1])
    with LiveAnalyser(ringing.tap, QUICK) as analyser:
        ringing.sound()
        snapshot = until(analyser, lambda now: now.loudness.measured_seconds > 0.8)
        assert snapshot.rms_db == pytest.approx([3.01, 3.01], abs=0.05)
        assert snapshot.peak_db == pytest.approx([0.0, 0.0], abs=0.01)
        assert snapshot.loudness.true_peak_dbtp > 1.0
        assert -1.0 < snapshot.loudness.momentary_lufs < 5.0


def test_closing_ends_the_thread() -> None:
    before = threading.active_count()
    analyser = LiveAnalyser(PlaybackTap())
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
    pictures: list[tuple[float, LiveSnapshot]] = []
    with Player(system_devices()) as player, LiveAnalyser(player.tap, QUICK) as analyser:
        until(analyser, bool)
        player.load(lambda: ClipSource(Clip(np.stack((wave, wave)), SINK_RATE_HZ)), title="steps")
        while player.state.status in ("loading", "playing"):
            snapshot = analyser.newest
            if snapshot is not None and snapshot.position_seconds is not None:
                pictures.append((player.position_seconds, snapshot))
            time.sleep(0.002)
    assert len({snapshot.number for _, snapshot in pictures}) > 50 * seconds
    late = [abs(position - (snapshot.position_seconds or 0.0)) >= 0.06 for position, snapshot in pictures]
    assert np.mean(late) < 0.1  # a machine that stands still for a moment is not the analyser's fault
    steady = 0
    for _, snapshot in pictures:
        assert snapshot.position_seconds is not None
        into = snapshot.position_seconds % 0.25
        # The window is 93 ms long and stands around the moment that is heard: away from its edges a tone stands alone.
        if 0.06 < into < 0.19 and snapshot.position_seconds < seconds - 0.05:
            steady += 1
            loudest = int(np.argmax(snapshot.now_db[0]))
            step = int(snapshot.position_seconds / 0.25)
            assert snapshot.frequencies_hz[loudest] == pytest.approx(500.0 * 2.0**step, rel=0.03)
            assert snapshot.now_db[0, loudest] == pytest.approx(-12.04, abs=0.1)
    assert steady > 15
