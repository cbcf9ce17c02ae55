"""Figures as people read them."""

from __future__ import annotations

import math

import pytest

from sonicforge_studio.domain import Key
from sonicforge_studio.ui.numbers import clock, codec_name, decimal, frequency, key_name, note_at, tempo


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (7.9, "0:07"), (187, "3:07"), (3765, "1:02:45"), (-1, "0:00"), (None, "–:––"), (math.inf, "–:––")],
)
def test_clock(seconds: float | None, shown: str) -> None:
    assert clock(seconds) == shown


def test_decimals_have_a_true_minus_and_no_minus_zero() -> None:
    assert decimal(-14.04) == "−14.0"
    assert decimal(-0.01) == "0.0"
    assert decimal(3.25, 2, signed=True) == "+3.25"
    assert decimal(-math.inf) == "−∞"
    assert decimal(None) == decimal(math.nan) == "–"


def test_a_whole_tempo_has_no_decimals() -> None:
    assert (tempo(174.01), tempo(97.4), tempo(None)) == ("174", "97.4", "–")


def test_frequencies_and_their_notes() -> None:
    assert frequency(440.0) == "440 Hz"
    assert frequency(12_345.0) == "12.35 kHz" or frequency(12_345.0) == "12.34 kHz"
    assert (note_at(440.0), note_at(261.63), note_at(27.5), note_at(0.0)) == ("A4", "C4", "A0", "–")


def test_keys_carry_their_place_on_the_wheel() -> None:
    assert key_name(Key.parse("A minor")) == "8A · A minor"
    assert key_name(None) == "–"


@pytest.mark.parametrize(
    ("codec", "shown"),
    [("pcm_s16le", "PCM 16"), ("pcm_f32le", "PCM 32 float"), ("mp3float", "MP3"), ("flac", "FLAC")],
)
def test_codecs_by_the_names_that_people_know(codec: str, shown: str) -> None:
    assert codec_name(codec) == shown
