"""The gain search on curves whose answer is known."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from sonicforge_studio.mastering._gain_search import find_gain


def counted(curve: Callable[[float], float]) -> tuple[Callable[[float], float], list[float]]:
    tried: list[float] = []

    def missing_at(gain_db: float) -> float:
        tried.append(gain_db)
        return curve(gain_db)

    return missing_at, tried


@pytest.mark.parametrize("loudness", [-60.0, -30.0, -14.0, -3.0])
def test_where_nothing_is_limited_the_first_trial_is_right(loudness: float) -> None:
    missing_at, tried = counted(lambda gain: -14.0 - (loudness + gain))
    assert find_gain(missing_at, -14.0 - loudness, -80.0, 80.0) == -14.0 - loudness
    assert len(tried) == 1


@pytest.mark.parametrize("bend_lu", [2.0, 5.0, 9.0])
@pytest.mark.parametrize("first_db", [-5.0, 6.0, 25.0])
def test_a_saturating_curve_is_met(bend_lu: float, first_db: float) -> None:
    def loudness(gain_db: float) -> float:
        return -6.0 - bend_lu * math.log1p(math.exp((6.0 - gain_db) / bend_lu))

    missing_at, tried = counted(lambda gain: -8.0 - loudness(gain))
    assert loudness(find_gain(missing_at, first_db, -80.0, 40.0)) == pytest.approx(-8.0, abs=0.02)
    assert len(tried) <= 12
    assert len(set(tried)) == len(tried)


def test_out_of_reach_it_ends_at_the_nearer_limit() -> None:
    assert find_gain(lambda gain: 100.0 - gain, 10.0, -80.0, 40.0) == 40.0
    assert find_gain(lambda gain: -200.0 - gain, 10.0, -80.0, 40.0) == -80.0
