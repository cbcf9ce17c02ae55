"""Devices that take late and in odd block sizes: what they are given is whole, and the place is never wrong."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pytest
import rtmixer
from numpy.typing import NDArray

from sonicforge_studio.audio._clock import HeardClock
from sonicforge_studio.audio.clips import ClipSource
from sonicforge_studio.audio.devices import NoDevices, Output, OutputDevice, Ring
from sonicforge_studio.audio.player import Player
from sonicforge_studio.audio.player_state import PlayerState
from tests.audio.hearing import tone

RATE_HZ = 44_100
_FRAME_BYTES = 8


class Odd:
    """An output whose sound card is a thread that takes what and when it likes, within what it can buffer."""

    device = OutputDevice(0, "odd", "none", 2, RATE_HZ, default=True)
    sample_rate_hz = RATE_HZ
    channels = 2
    latency_seconds = 0.05
    alive = True
    underruns = 0

    def __init__(self, blocks: list[int], longest_pause_seconds: float) -> None:
        self._blocks = blocks
        self._longest_pause_seconds = longest_pause_seconds
        self._dice = random.Random(1)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._since_start = 0
        self._clock = HeardClock(RATE_HZ)
        self._first_heard_at = 0.0
        self.taken: list[NDArray[np.float32]] = []

    @property
    def draining(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def attach(self, frames: NDArray[np.float32]) -> Ring:
        self._ring = rtmixer.RingBuffer(_FRAME_BYTES, buffer=frames)
        ring: Ring = self._ring
        return ring

    def start(self) -> None:
        self._stop.clear()
        self._since_start = 0
        self._clock = HeardClock(RATE_HZ)
        self._first_heard_at = time.monotonic() + self.latency_seconds
        self._thread = threading.Thread(target=self._drain, name="odd card")
        self._thread.start()

    def _drain(self) -> None:
        owed, before = 0.0, time.monotonic()
        while not self._stop.is_set():
            time.sleep(self._dice.uniform(0.0, self._longest_pause_seconds))
            now = time.monotonic()
            owed, before = owed + (now - before) * RATE_HZ, now
            while owed > 0:
                block = self._dice.choice(self._blocks)
                found = min(block, self._ring.read_available)
                self.taken.append(np.frombuffer(self._ring.read(found), np.float32)[::2].copy())
                self._since_start += found
                owed -= block
                if found < block:
                    return

    def halt(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def heard_frames(self) -> float:
        """As ``MixerOutput`` tells it: from the clock, and never more than was taken."""
        if not self._since_start:
            return 0.0
        return self._clock.heard(time.monotonic(), self._since_start, self._first_heard_at, self.latency_seconds)

    def close(self) -> None:
        self.halt()


class OddDevices(NoDevices):
    def __init__(self, output: Odd) -> None:
        self._output = output

    def outputs(self) -> tuple[OutputDevice, ...]:
        return (Odd.device,)

    def open_output(self, device: OutputDevice | None, latency_seconds: float) -> Output:
        return self._output


@contextmanager
def playing(output: Odd, seconds: float) -> Iterator[Player]:
    with Player(OddDevices(output)) as player:
        player.load(lambda: ClipSource(tone(seconds)), title="tone")
        yield player


@pytest.mark.parametrize(
    ("blocks", "longest_pause_seconds"),
    [([1, 3, 17, 64], 0.002), ([441, 1024, 37], 0.03), ([2048, 511], 0.09)],
    ids=["tiny", "uneven", "late"],
)
def test_every_frame_arrives_once_and_the_place_follows(blocks: list[int], longest_pause_seconds: float) -> None:
    output = Odd(blocks, longest_pause_seconds)
    places = []
    with playing(output, 0.8) as player:
        while (state := player.state).status in ("loading", "playing"):
            places.append((state.position_seconds, sum(piece.size for piece in output.taken) / RATE_HZ))
            time.sleep(0.005)
    assert (state.status, state.gaps, state.frames_played) == ("ended", 0, round(0.8 * RATE_HZ))
    assert np.array_equal(np.concatenate(output.taken), tone(0.8).samples[0])
    # Never ahead of what the card has by more than its own lateness, and never behind by more than it buffers.
    ahead = [place - taken for place, taken in places]
    assert max(ahead) < 0.02
    assert min(ahead) > -(0.05 + 2 * longest_pause_seconds + 0.05)
    assert min(later - earlier for (earlier, _), (later, _) in pairwise(places)) > -0.02


def test_what_follows_a_piece_without_a_frame_comes_without_a_gap() -> None:
    """The card was started on nothing and has found nothing before the second piece is open: silence before the first
    frame is no gap."""
    ends: list[PlayerState] = []

    def open_late() -> ClipSource:
        time.sleep(0.2)
        return ClipSource(tone(0.1))

    output = Odd([441], 0.09)
    with Player(OddDevices(output), on_end=ends.append) as player:
        player.load(lambda: ClipSource(tone(0.1)), title="over", start_seconds=5.0)
        player.queue(open_late, title="heard")
        state = player.wait_until_ended(10.0)
    assert (state.status, state.title, state.gaps) == ("ended", "heard", 0)
    assert [(end.title, end.frames_played, end.gaps) for end in ends] == [
        ("over", 0, 0),
        ("heard", round(0.1 * RATE_HZ), 0),
    ]
    # A start in the middle of a piece glides in.
    glided = round(0.016 * RATE_HZ)
    assert np.array_equal(np.concatenate(output.taken)[glided:], tone(0.1).samples[0, glided:])
