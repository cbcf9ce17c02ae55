"""Ticks at every zoom, and colours whose lightness tells the level."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.studio.spectrogram_axes import clock_text, frequency_ticks, level_ticks, time_ticks
from sonicforge_studio.studio.spectrogram_colours import COLOUR_MAPS, blend, byte_colours, colour_stops


@pytest.mark.parametrize(
    ("seconds", "decimals", "text"),
    [(0, 0, "0:00"), (187.4, 0, "3:07"), (3765, 0, "1:02:45"), (22.3051, 3, "0:22.305"), (59.9999, 3, "1:00.000")],
)
def test_clock(seconds: float, decimals: int, text: str) -> None:
    assert clock_text(seconds, decimals) == text


@pytest.mark.parametrize(
    ("start", "end", "texts"),
    [
        (0.0, 61.0, ["0:00", "0:10", "0:20", "0:30", "0:40", "0:50", "1:00"]),
        (0.0, 3 * 3600.0, ["0:00", "30:00", "1:00:00", "1:30:00", "2:00:00", "2:30:00", "3:00:00"]),
        (20.0, 21.0, ["0:20.0", "0:20.2", "0:20.4", "0:20.6", "0:20.8", "0:21.0"]),
        (5.0, 5.001, ["0:05.0000", "0:05.0002", "0:05.0004", "0:05.0006", "0:05.0008", "0:05.0010"]),
    ],
)
def test_times(start: float, end: float, texts: list[str]) -> None:
    assert [text for _, text in time_ticks(start, end, 7)] == texts


@pytest.mark.parametrize("span", np.geomspace(1e-3, 1e5, 60))
def test_times_never_crowd_nor_repeat(span: float) -> None:
    ticks = time_ticks(1.234, 1.234 + span, 10)
    assert 2 <= len(ticks) <= 11
    assert len({text for _, text in ticks}) == len(ticks)
    assert all(1.234 - 1e-6 <= seconds <= 1.234 + span + 1e-6 for seconds, _ in ticks)


def test_frequencies() -> None:
    assert [text for _, text in frequency_ticks(20.0, 22_050.0, 30)] == [
        "20", "50", "100", "200", "500", "1k", "2k", "5k", "10k", "20k",
    ]  # fmt: skip
    assert [text for _, text in frequency_ticks(20.0, 22_050.0, 5)] == ["100", "1k", "10k"]
    assert [text for _, text in frequency_ticks(900.0, 1100.0, 5)] == ["900", "950", "1k", "1.05k", "1.1k"]
    assert len(frequency_ticks(6.25, 50.0, 8)) >= 3


def test_levels() -> None:
    assert [text for _, text in level_ticks(0.0, 90.0, 10)] == [f"−{db}" for db in range(90, 0, -10)] + ["0"]


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_lightness_tells_the_level(name: str) -> None:
    pixels = blend(colour_stops(name), np.linspace(0.0, 1.0, 256))
    red, green, blue = (pixels >> shift & 255 for shift in (16, 8, 0))
    lightness = 0.2126 * red.astype(float) + 0.7152 * green + 0.0722 * blue
    assert all(a <= b + 1.0 for a, b in pairwise(lightness if lightness[0] < lightness[-1] else lightness[::-1]))
    first, last = (int(colour_stops(name)[end][1][1:], 16) for end in (0, -1))
    assert (int(pixels[0]) & 0xFFFFFF, int(pixels[-1]) & 0xFFFFFF) == (first, last)


def test_colours_span_the_range() -> None:
    colours = byte_colours(colour_stops("grey"), -10.0, 60.0)
    levels_db = -120.0 + 0.5 * np.arange(256)
    assert (colours[levels_db <= -70.0] == 0xFF000000).all()
    assert (colours[levels_db >= -10.0] == 0xFFFFFFFF).all()
    assert np.unique(colours[(levels_db > -70) & (levels_db < -10)]).size > 100
    with pytest.raises(BadSetting):
        colour_stops("mud")
