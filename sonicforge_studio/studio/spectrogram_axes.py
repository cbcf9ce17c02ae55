"""Where a spectrogram's axes have their ticks, and how they read, at every zoom."""

from __future__ import annotations

import math

_TIME_STEPS_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400)
_DECADE = (1, 2, 5)

Ticks = list[tuple[float, str]]


def clock_text(seconds: float, decimals: int = 0) -> str:
    """ "3:07", "1:02:45", "0:22.305"."""
    units = 10**decimals
    whole = round(seconds * units)
    minutes, rest = divmod(whole, 60 * units)
    second, part = divmod(rest, units)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
    return f"{text}.{part:0{decimals}}" if decimals else text


def time_ticks(start_seconds: float, end_seconds: float, most: int) -> Ticks:
    """At most about ``most`` ticks on round times, each with its text."""
    wanted = (end_seconds - start_seconds) / max(1, most)
    step = _round_step(wanted)
    if wanted > 0.5:
        step = float(next((round_one for round_one in _TIME_STEPS_SECONDS if round_one >= wanted), 86400))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    numbers = range(math.ceil(start_seconds / step - 1e-9), math.floor(end_seconds / step + 1e-9) + 1)
    return [(number * step, clock_text(number * step, decimals)) for number in numbers]


def frequency_ticks(low_hz: float, high_hz: float, most: int) -> Ticks:
    """1, 2, 5 of each decade while there is room for them, less where there is not, and round steps within a narrow
    range."""
    decades = range(math.floor(math.log10(low_hz)), math.ceil(math.log10(high_hz)) + 1)
    for digits in (_DECADE, (1, 3), (1,)):
        inside = [digit * 10.0**decade for decade in decades for digit in digits]
        inside = [hz for hz in inside if low_hz * 0.999 <= hz <= high_hz * 1.001]
        if 3 <= len(inside) <= most:
            return [(hz, frequency_text(hz)) for hz in inside]
        if len(inside) < 3:
            break
    step = _round_step((high_hz - low_hz) / max(1, min(most, 8)))
    numbers = range(math.ceil(low_hz / step), math.floor(high_hz / step) + 1)
    return [(number * step, frequency_text(number * step)) for number in numbers]


def frequency_text(hz: float) -> str:
    """ "50", "1k", "12.5k"."""
    return f"{hz / 1000:.6g}k" if hz >= 1000 else f"{hz:.6g}"


def level_ticks(top_db: float, range_db: float, most: int) -> Ticks:
    """Round levels from ``top_db`` down, with a true minus sign."""
    step = max(1.0, _round_step(range_db / max(1, most)))
    numbers = range(math.ceil((top_db - range_db) / step), math.floor(top_db / step) + 1)
    return [(number * step, f"{number * step:g}".replace("-", "−")) for number in numbers]


def _round_step(wanted: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(wanted, 1e-9)))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= wanted * (1 - 1e-9))
