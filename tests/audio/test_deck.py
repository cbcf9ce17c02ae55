"""A deck's frames and places: loops, other rates, sound that grows."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.audio._deck import Deck
from sonicforge_studio.audio.clips import ClipSource
from sonicforge_studio.audio.growing import GrowingClip
from sonicforge_studio.audio.versions import matching_gains
from sonicforge_studio.domain import Clip, Samples
from sonicforge_studio.domain.errors import DecodeFailed

RATE_HZ = 8000


def numbered(frames: int, rate_hz: int = RATE_HZ) -> Clip:
    """Each sample tells its own frame."""
    return Clip(np.arange(frames, dtype=np.float32)[np.newaxis].copy(), rate_hz)


def sine(seconds: float, hz: float, rate_hz: int) -> Clip:
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    return Clip(np.sin(2 * np.pi * hz * times).astype(np.float32)[np.newaxis], rate_hz)


def read(deck: Deck, frames: int) -> tuple[NDArray[np.float32], list[tuple[int, float]]]:
    """At least so many frames, unless they end, and the places in them."""
    blocks: list[Samples] = []
    places: list[tuple[int, float]] = []
    count = 0
    while count < frames and (block := deck.read()) is not None and block.shape[1]:
        places += [(count + frame, seconds) for frame, seconds in deck.places]
        blocks.append(block)
        count += block.shape[1]
    return np.concatenate(blocks, axis=1)[0], places


@pytest.mark.parametrize("seconds", [0.5, 2.5], ids=["kept", "read anew"])
def test_a_loop_is_exactly_as_long_as_its_region(seconds: float) -> None:
    deck = Deck(ClipSource(numbered(5 * RATE_HZ)))
    region, fade = round(seconds * RATE_HZ), 40
    deck.set_loop(1.0, 1.0 + seconds)
    assert deck.loop_seconds == (1.0, 1.0 + seconds)
    assert deck.seek(0.75) == 0.75
    wave, places = read(deck, RATE_HZ // 4 + 4 * region)
    assert places[0] == (0, 0.75)
    assert places[1:4] == [(RATE_HZ // 4 + number * region, 1.0) for number in range(1, 4)]
    first, again = wave[RATE_HZ // 4 :][:region], wave[RATE_HZ // 4 + region :]
    assert np.array_equal(first, np.arange(RATE_HZ, RATE_HZ + region, dtype=np.float32))
    assert np.array_equal(again[fade:region], first[fade:])
    assert np.array_equal(again[:region], again[region : 2 * region])
    # At the joint what follows the region goes over into its beginning.
    assert np.all(np.diff(again[:fade]) < 0)
    assert abs(again[0] - first[-1]) < 0.06 * region


def test_seeking_behind_a_loop_leaves_it_and_taking_it_away_goes_on() -> None:
    deck = Deck(ClipSource(numbered(4 * RATE_HZ)))
    deck.set_loop(1.0, 2.0)
    deck.seek(2.0)
    wave, places = read(deck, 4 * RATE_HZ)
    assert (places, wave[0], wave.size) == ([(0, 2.0)], 2 * RATE_HZ, 2 * RATE_HZ)
    deck.seek(1.5)
    read(deck, RATE_HZ)
    deck.set_loop(None, None)
    deck.seek(1.5)
    assert np.array_equal(read(deck, 4 * RATE_HZ)[0], np.arange(1.5 * RATE_HZ, 4 * RATE_HZ, dtype=np.float32))
    assert deck.inside_loop(3.5) == 3.5
    deck.set_loop(1.0, 2.0)
    assert [deck.inside_loop(seconds) for seconds in (0.5, 1.5, 2.0)] == [1.0, 1.5, 1.0]


def test_a_loop_to_the_end_and_one_that_is_much_too_short() -> None:
    deck = Deck(ClipSource(numbered(2 * RATE_HZ)))
    deck.set_loop(1.5, None)
    deck.seek(1.5)
    wave, places = read(deck, 3 * RATE_HZ // 2)
    assert places[1:3] == [(RATE_HZ // 2, 1.5), (RATE_HZ, 1.5)]
    assert np.isfinite(wave).all()
    deck.set_loop(1.0, 0.5)
    assert deck.loop_seconds == (0.5, 0.52)
    deck.set_loop(1.999, 2.0)
    assert deck.loop_seconds == (1.98, 2.0)


@pytest.mark.parametrize(
    ("start", "end", "loop"),
    [
        (math.nan, 1.0, (0.0, 1.0)),
        (-math.inf, math.inf, (0.0, 2.0)),
        (1.0, math.nan, (1.0, 2.0)),
        (1.0, 1e308, (1.0, 2.0)),
        (2.0, 3.0, None),
        (1e308, 1e308, None),
    ],
)
def test_regions_that_are_none(start: float, end: float, loop: tuple[float, float] | None) -> None:
    deck = Deck(ClipSource(numbered(2 * RATE_HZ)))
    deck.set_loop(start, end)
    assert deck.loop_seconds == loop


def test_a_loop_ending_where_growing_sound_ends_does_not_wait_and_does_not_click() -> None:
    clip = GrowingClip(RATE_HZ, 1)
    clip.write(sine(1.0, 41.3, RATE_HZ).samples)
    deck = Deck(clip.open_source())
    deck.set_loop(0.5, 1.0)
    deck.seek(0.5)
    wave, places = read(deck, 2 * RATE_HZ)
    assert wave.size >= 2 * RATE_HZ
    assert len(places) >= 3
    assert np.abs(np.diff(wave)).max() < 0.08


@pytest.mark.parametrize(("from_hz", "to_hz"), [(48_000, 44_100), (44_100, 48_000), (22_050, 48_000)])
def test_a_loop_of_whole_periods_is_one_long_tone_at_another_rate(from_hz: int, to_hz: int) -> None:
    # 441 Hz has 441 periods in the second that is repeated, so the joint must leave no trace.
    deck = Deck(ClipSource(sine(4.0, 441.0, from_hz)))
    deck.fit(to_hz, 1)
    deck.set_loop(1.0, 2.0)
    deck.seek(1.5)
    wave, places = read(deck, 4 * to_hz)
    turn = 2 * np.cos(2 * np.pi * 441.0 / to_hz)
    rest = wave[2:] - turn * wave[1:-1] + wave[:-2]
    assert np.abs(rest).max() < 2e-5
    assert wave[0] == pytest.approx(math.sin(2 * math.pi * 441 * 1.5), abs=1e-3)
    assert [seconds for _, seconds in places[1:]] == pytest.approx([1.0] * len(places[1:]), abs=1 / to_hz)
    assert [frame for frame, _ in places[1:4]] == pytest.approx([to_hz / 2 + n * to_hz for n in range(3)], abs=1.0)


@pytest.mark.parametrize("seconds", [0.0, 0.004, 0.5, 0.777777, 1.234567])
def test_a_place_between_two_frames_of_the_source_is_met(seconds: float) -> None:
    deck = Deck(ClipSource(sine(3.0, 441.0, 44_100)))
    deck.fit(48_000, 1)
    reached = deck.seek(seconds)
    assert reached == pytest.approx(seconds, abs=1 / 48_000)
    wave, places = read(deck, 4800)
    assert places == [(0, pytest.approx(reached))]
    times = reached + np.arange(wave.size) / 48_000
    assert np.abs(wave - np.sin(2 * np.pi * 441 * times))[100 if seconds == 0 else 0 :].max() < 1e-3
    if seconds > 0.1:
        assert reached == pytest.approx(seconds, abs=1e-7)


def test_growing_sound_is_read_as_far_as_it_is_there() -> None:
    clip = GrowingClip(RATE_HZ, 2, frames=70_000)
    source = clip.open_source()
    deck = Deck(source)
    assert (source.frames, deck.read(), deck.ready_seconds()) == (70_000, None, 0.0)
    whole = np.stack([np.arange(70_001, dtype=np.float32)] * 2)
    for start, end in ((0, 1), (1, 65_000), (65_000, 70_001)):
        clip.write(whole[:, start:end])
    assert deck.ready_seconds() == 70_001 / RATE_HZ
    wave, _ = read(deck, 80_000)
    assert np.array_equal(wave, whole[0])
    assert deck.read() is None
    assert deck.seek(99.0) == pytest.approx(70_001 / RATE_HZ)
    assert deck.seek(2.0) == 2.0
    clip.finish()
    clip.write(whole)
    assert (source.frames, deck.ready_seconds()) == (70_001, math.inf)
    assert read(deck, 80_000)[0].size == 70_001 - 2 * RATE_HZ
    last = deck.read()
    assert last is not None
    assert last.shape == (2, 0)


def test_whoever_may_wait_reads_growing_sound_as_any_other() -> None:
    clip = GrowingClip(RATE_HZ, 1)
    first, second = clip.open_source(), clip.open_source()
    taken: list[int] = []

    def collect() -> None:
        while (block := first.read(100)).shape[1]:
            taken.append(block.shape[1])

    thread = threading.Thread(target=collect)
    thread.start()
    for _ in range(10):
        clip.write(np.ones((1, 33), np.float32))
    clip.finish()
    thread.join()
    assert sum(taken) == 330
    assert second.read(1000).shape == (1, 330)
    broken = GrowingClip(RATE_HZ, 1)
    broken.write(np.ones((1, 5), np.float32))
    broken.fail(DecodeFailed())
    source = broken.open_source()
    assert source.read(10).shape == (1, 5)
    with pytest.raises(DecodeFailed):
        source.read(10)


def test_the_louder_version_is_brought_down_to_the_quieter() -> None:
    assert matching_gains([-14.0, -9.5]) == (0.0, -4.5)
    assert matching_gains([-14.0, None, -math.inf, math.nan]) == (0.0, 0.0, 0.0, 0.0)
    assert matching_gains([]) == ()
    deck = Deck(ClipSource(numbered(10)), gain_db=-6.0)
    assert read(deck, 10)[0] == pytest.approx(np.arange(10) * 10 ** (-0.3))
