"""Key over time, of progressions whose changes are known because the test plays them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sonicforge_studio.analysis.key import KeyListener
from sonicforge_studio.analysis.key_path import _COSTS, NONE, _best_path, index_of, key_at
from sonicforge_studio.domain import KeyEstimate, Samples
from sonicforge_studio.domain.key import Key
from tests.analysis.played_patterns import RATE_HZ, chords, drums


def heard(wave: Samples) -> tuple[KeyEstimate, KeyListener]:
    listener = KeyListener(RATE_HZ, 1)
    for start in range(0, wave.shape[1], 8192):
        listener.add(wave[:, start : start + 8192])
    return listener.finish(wave.shape[1] / RATE_HZ), listener


def loop(tonic: int, minor: bool, seconds: float, seed: int, cents: float = 0.0) -> Samples:
    """The progression over and over, in one tempo."""
    once = chords(tonic, minor, seed, cents=cents, seconds=7.25)[:, : round(7.2 * RATE_HZ)]
    return np.tile(once, (1, 1 + int(seconds / 7.2)))[:, : round(seconds * RATE_HZ)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("C major", "C# major"),
        ("E minor", "F minor"),
        ("G major", "A major"),
        ("A minor", "C major"),
        ("D major", "A major"),
    ],
    ids=["up a semitone", "minor up a semitone", "up a tone", "to the relative", "to the dominant"],
)
def test_a_change_of_key_is_found_within_five_seconds(before: str, after: str) -> None:
    one, two = Key.parse(before), Key.parse(after)
    parts = [loop(key.tonic, key.mode == "minor", seconds, 11, 23.0) for key, seconds in ((one, 28.8), (two, 57.6))]
    found, _ = heard(np.concatenate(parts, axis=1))
    assert [segment.key for segment in found.segments] == [one, two]
    assert found.segments[1].start_seconds == pytest.approx(28.8, abs=5.0)
    assert found.key in (one, two)


def test_the_segments_leave_no_gap_and_a_steady_piece_has_one() -> None:
    found, listener = heard(loop(5, True, 40.0, 3))
    assert [(one.start_seconds, one.end_seconds, one.key) for one in found.segments] == [(0.0, 40.0, Key(5, "minor"))]
    assert listener.chroma_rate_hz == pytest.approx(RATE_HZ / 4096)
    changed, _ = heard(
        np.concatenate([loop(0, False, 20.0, 1), loop(3, False, 20.0, 2), loop(8, True, 20.0, 3)], axis=1)
    )
    edges = [(one.start_seconds, one.end_seconds) for one in changed.segments]
    assert len(edges) >= 2
    assert (edges[0][0], edges[-1][1]) == (0.0, 60.0)
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(edges))


def test_a_short_drum_break_is_bridged_and_a_long_one_told() -> None:
    music = loop(9, True, 21.6, 4)
    short, _ = heard(np.concatenate([music, drums("rock", 120.0, 5.0, 1), music], axis=1))
    assert [segment.key for segment in short.segments] == [Key(9, "minor")]
    long, _ = heard(np.concatenate([music, drums("rock", 120.0, 20.0, 1), music], axis=1))
    assert [segment.key for segment in long.segments] == [Key(9, "minor"), None, Key(9, "minor")]
    assert long.segments[1].start_seconds == pytest.approx(21.6, abs=4.0)
    assert long.key == Key(9, "minor")


def test_the_chromagram_follows_the_tuning() -> None:
    time = np.arange(4 * RATE_HZ) / RATE_HZ
    tones = [0.1 * np.sin(2 * np.pi * 440.0 * 2 ** ((pitch - 69 + 0.45) / 12) * time) for pitch in (60, 64, 67)]
    found, listener = heard(np.sum(tones, axis=0, dtype=np.float64)[None].astype(np.float32))
    assert found.tuning_cents == pytest.approx(45.0, abs=3.0)
    assert listener.chromagram.dtype == np.float32
    assert listener.chromagram.shape[1] == 12
    assert (listener.chromagram.max(), listener.chromagram.min() >= 0.0) == (1.0, True)
    assert set(np.argsort(-listener.chromagram.sum(axis=0))[:3]) == {0, 4, 7}


def test_a_bass_hit_is_too_short_for_a_key() -> None:
    time = np.arange(round(0.3 * RATE_HZ)) / RATE_HZ
    found, listener = heard((0.5 * np.sin(2 * np.pi * 65.4 * time) * np.exp(-8 * time))[None].astype(np.float32))
    assert (found.key, found.segments, found.tuning_cents) == (None, (), None)
    assert listener.chromagram.shape[1] == 12


def test_the_path_is_the_best_of_all() -> None:
    random = np.random.default_rng(6)
    allowed = [0, 7, 21, NONE]
    evidence = np.full((5, 25), -1e6)
    evidence[:, allowed] = random.normal(0.0, 9.0, (5, 4))

    def worth(path: tuple[int, ...]) -> float:
        costs = sum(_COSTS[a, b] for a, b in itertools.pairwise(path))
        return float(sum(evidence[step, state] for step, state in enumerate(path)) - costs)

    best = max(itertools.product(allowed, repeat=5), key=worth)
    assert tuple(_best_path(evidence)) == best
    assert len(set(best)) > 1


def test_keys_are_numbered_both_ways() -> None:
    assert [index_of(key_at(index)) for index in range(24)] == list(range(24))
