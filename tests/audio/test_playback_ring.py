"""What lies between feeder and sound card, without a sound card: the ring, the clock, the channels."""

from __future__ import annotations

import numpy as np
import pytest
import rtmixer
from numpy.typing import NDArray

from sonicforge_studio.audio._channels import channel_matrix, mix_channels
from sonicforge_studio.audio._clock import HeardClock
from sonicforge_studio.audio._deck import Deck
from sonicforge_studio.audio._ring import PlaybackRing
from sonicforge_studio.audio.clips import ClipSource
from sonicforge_studio.audio.devices import OutputDevice, Ring
from sonicforge_studio.domain import Clip, Samples

RATE_HZ = 8000


class HandCranked:
    """An output whose sound card is the test: PortAudio's ring, drained by hand."""

    device = OutputDevice(0, "crank", "hand", 2, RATE_HZ)
    sample_rate_hz = RATE_HZ
    channels = 2
    latency_seconds = 0.043
    alive = True
    draining = True
    underruns = 0

    def attach(self, frames: NDArray[np.float32]) -> Ring:
        self._ring = rtmixer.RingBuffer(8, buffer=frames)
        ring: Ring = self._ring
        return ring

    def take(self, frames: int) -> NDArray[np.float32]:
        """The left channel of the next frames."""
        return np.frombuffer(self._ring.read(frames), np.float32)[::2].copy()

    def start(self) -> None: ...
    def halt(self) -> None: ...
    def heard_frames(self) -> float:
        return 0.0

    def close(self) -> None: ...


def block(value: float, frames: int) -> Samples:
    return np.full((2, frames), value, np.float32)


@pytest.fixture
def card() -> HandCranked:
    return HandCranked()


@pytest.fixture
def ring(card: HandCranked) -> PlaybackRing:
    ring = PlaybackRing(card)
    ring.start_from(1.0, 1.0)
    return ring


def test_frames_come_out_as_they_went_in_all_around_the_ring(ring: PlaybackRing, card: HandCranked) -> None:
    count = np.arange(5 * ring.size, dtype=np.float32)
    out = []
    for start in range(0, count.size, 1000):
        piece = count[start : start + 1000]
        ring.append(np.stack((piece, piece)))
        out.append(card.take(piece.size))
    assert np.array_equal(np.concatenate(out), count)
    assert (ring.taken, ring.fed, ring.ahead) == (count.size, count.size, 0)


def test_a_new_gain_is_heard_behind_what_the_card_takes_at_a_time(ring: PlaybackRing, card: HandCranked) -> None:
    ring.append(block(1.0, 3000))
    card.take(500)
    reached = ring.set_gain(0.25)
    margin = int(0.043 * RATE_HZ / 2) + 128
    out = card.take(2500)
    assert np.all(out[: margin - 1] == 1.0)
    assert 500 + margin < reached <= 500 + margin + 0.015 * RATE_HZ
    assert out[reached - 500] == pytest.approx(0.25)
    assert np.abs(np.diff(out)).max() <= 1.01 / (0.015 * RATE_HZ)
    ring.append(block(1.0, 100))
    assert np.all(card.take(100) == 0.25)
    # Turned up again: the frames before volume were not lost.
    ring.append(block(0.5, 3000))
    ring.set_gain(0.0)
    ring.set_gain(1.0)
    assert card.take(3000)[-1] == 0.5


def test_a_splice_goes_over_without_a_step_and_drops_the_rest(ring: PlaybackRing, card: HandCranked) -> None:
    ring.append(block(0.5, 4000))
    card.take(300)
    start = ring.splice(block(-0.5, 800))
    assert start == 300 + 128
    assert ring.fed == start + 800
    out = card.take(ring.ahead)
    assert np.all(out[:128] == 0.5)
    assert np.all(out[128 + 40 :] == -0.5)
    assert np.abs(np.diff(out)).max() < 1.2 / (0.005 * RATE_HZ)


def test_what_was_not_heard_is_taken_back_whole(ring: PlaybackRing, card: HandCranked) -> None:
    count = np.arange(2000, dtype=np.float32)
    ring.append(np.stack((count, count)))
    card.take(700)
    assert np.array_equal(ring.unheard(700)[0], count[700:])
    ring.drop_from(700)
    assert (ring.ahead, ring.fed) == (0, 700)
    ring.append(block(9.0, 10))
    assert np.all(card.take(10) == 9.0)


def test_the_clock_follows_a_card_that_runs_slow() -> None:
    clock, rate_hz, latency = HeardClock(48_000), 48_000, 0.043
    slow = 1.0 - 500e-6
    for tick in range(6000):
        now = 0.01 * tick
        # The card takes 512 frames at a time, at its own pace, and has its whole buffer from the start.
        taken = int(((now + latency) * rate_hz * slow) // 512 * 512)
        heard = clock.heard(now, taken, 0.0, latency)
        assert abs(heard - now * rate_hz * slow) < 0.015 * rate_hz
        assert heard <= taken


def test_a_drivers_nonsense_is_replaced_by_its_latency() -> None:
    clock = HeardClock(48_000)
    assert clock.heard(1000.0, 4800, 0.0, 0.05) == 0.0
    assert clock.heard(1000.1, 9600, 0.0, 0.05) == pytest.approx(0.05 * 48_000)


@pytest.mark.parametrize("given", range(1, 12))
@pytest.mark.parametrize("wanted", [1, 2])
def test_no_number_of_channels_clips_and_none_but_the_low_effects_is_lost(given: int, wanted: int) -> None:
    matrix = channel_matrix(given, wanted)
    assert matrix.shape == (wanted, given)
    assert np.allclose(matrix.sum(axis=1), 1.0)
    lost = [channel for channel in range(given) if not matrix[:, channel].any()]
    assert lost == ([3] if given in (6, 7, 8) else [])
    mixed = mix_channels(np.eye(given, dtype=np.float32), matrix)
    assert np.array_equal(mixed, matrix)


def test_a_deck_gives_finite_sound_in_time_and_goes_where_it_is_sent() -> None:
    samples = np.linspace(0, 1, 44_100, dtype=np.float32)[np.newaxis].copy()
    samples[0, 1000] = np.nan
    deck = Deck(ClipSource(Clip(samples, 44_100)))
    deck.fit(48_000, 2)
    blocks = []
    while (piece := deck.read()).shape[1]:
        blocks.append(piece)
    whole = np.concatenate(blocks, axis=1)
    assert whole.shape == (2, 48_000)
    assert np.isfinite(whole).all()
    assert deck.frames_read == 44_100
    assert whole[0, 24_000] == pytest.approx(0.5, abs=1e-3)
    assert deck.seek(0.75) == 0.75
    assert deck.read()[0, 500] == pytest.approx(0.75 + 500 / 48_000, abs=1e-3)
    assert deck.seek(9.0) == 1.0
    assert deck.read().shape[1] == 0


@pytest.mark.parametrize("promised_seconds", [0.1, 0.5, 1.9, 2.5])
def test_a_run_is_heard_to_its_end_however_late_the_driver_promised_it(promised_seconds: float) -> None:
    """Once all is taken nothing more is known of the sound card's pace: time alone brings the end."""
    clock = HeardClock(48_000)
    heard = 0.0
    for step in range(400):
        now = step * 0.015
        taken = min(144_000, int((now + 0.15) * 48_000))
        heard = clock.heard(now, taken, promised_seconds, 2.2)
    assert heard == 144_000
