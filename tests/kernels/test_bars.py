"""Paths and places found by dynamic programming, against all that there are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sonicforge_studio.kernels.bars import places_in_bars, smoothest_path, track_changing_beats
from sonicforge_studio.kernels.tempo import track_beats


def test_the_smoothest_path_is_the_best_of_all() -> None:
    random = np.random.default_rng(1)
    for step_cost, jump_cost in ((0.3, 0.7), (1.0, 1.0), (0.05, 5.0)):
        score = random.random((6, 4))

        def worth(path: tuple[int, ...], score=score, step_cost=step_cost, jump_cost=jump_cost) -> float:
            moved = sum(min(step_cost * abs(a - b), jump_cost) for a, b in itertools.pairwise(path))
            return sum(score[row, column] for row, column in enumerate(path)) - moved

        best = max(worth(path) for path in itertools.product(range(4), repeat=6))
        assert worth(tuple(smoothest_path(score, step_cost, jump_cost))) == pytest.approx(best)


def test_the_places_in_bars_are_the_best_of_all() -> None:
    random = np.random.default_rng(2)
    for slip_cost in (0.2, 1.0, 9.0):
        score = random.standard_normal(7)

        def worth(places: tuple[int, ...], score=score, slip_cost=slip_cost) -> float:
            slips = sum((before + 1) % 3 != after for before, after in itertools.pairwise(places))
            return sum(value for value, place in zip(score, places, strict=True) if place == 0) - slip_cost * slips

        best = max(worth(places) for places in itertools.product(range(3), repeat=7))
        assert worth(tuple(places_in_bars(score, 3, slip_cost))) == pytest.approx(best)
    assert places_in_bars(np.zeros(0), 4, 1.0).size == 0


def test_beats_of_one_period_are_those_of_the_constant_tracker() -> None:
    envelope = np.random.default_rng(3).random(900) ** 4
    envelope[::40] += 3.0
    changing = track_changing_beats(envelope, np.full(900, 40.0), 300.0)
    constant = track_beats(envelope, 40.0, 300.0)
    np.testing.assert_array_equal(changing[2:-2], constant[2:-2])


def test_beats_follow_a_period_that_grows() -> None:
    at = np.cumsum(np.linspace(30.0, 60.0, 40)).astype(int)
    envelope = np.zeros(at[-1] + 20)
    envelope[at] = 1.0
    period = np.interp(np.arange(envelope.size), at, np.linspace(30.0, 60.0, 40))
    np.testing.assert_array_equal(track_changing_beats(envelope, period, 100.0)[1:], at[1:])
    with pytest.raises(ValueError, match="periods"):
        track_changing_beats(envelope, period[:-1], 100.0)
