"""The gain at which a piece is as loud as wanted."""

from __future__ import annotations

from collections.abc import Callable

_MOST_TRIALS = 12
_LONGEST_STEP_UP_DB = 6.0
_FLATTEST = 0.2
"""Deep in the limiter a decibel of gain hardly brings loudness any more: no step trusts a flatter curve than this."""
_INNER = 0.1
"""A step between two tried gains stays this share of their distance away from both."""


def find_gain(
    missing_at: Callable[[float], float], first_db: float, low_db: float, high_db: float, close_enough: float = 0.02
) -> float:
    """The gain in dB, from ``low_db`` to ``high_db``, at which ``missing_at`` comes nearest to 0.

    ``missing_at`` says by how many dB a gain is too low; it falls as the gain rises. Up to two gains with 0 between
    them the steps follow the slope, from there on they interpolate. Out of reach, the search ends at the nearer limit.
    """
    gain = min(max(first_db, low_db), high_db)
    too_low: tuple[float, float] | None = None
    too_high: tuple[float, float] | None = None
    best_gain, best_missing = gain, float("inf")
    for _ in range(_MOST_TRIALS):
        missing = missing_at(gain)
        if abs(missing) < abs(best_missing):
            best_gain, best_missing = gain, missing
        if abs(missing) <= close_enough or gain == (high_db if missing > 0 else low_db):
            break
        side = too_low if missing > 0 else too_high
        slope = 1.0 if side is None else (side[1] - missing) / (gain - side[0])
        if missing > 0:
            too_low = (gain, missing)
        else:
            too_high = (gain, missing)
        if too_low is not None and too_high is not None:
            share = too_low[1] / (too_low[1] - too_high[1])
            gain = too_low[0] + min(max(share, _INNER), 1.0 - _INNER) * (too_high[0] - too_low[0])
        else:
            step = missing / min(max(slope, _FLATTEST), 1.0)
            gain = min(max(gain + min(step, _LONGEST_STEP_UP_DB), low_db), high_db)
    return best_gain
