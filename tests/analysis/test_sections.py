"""Sections of pieces whose form is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sonicforge_studio.analysis._section_names import Stretch, letters, names
from sonicforge_studio.analysis.sections import _places, find_sections
from sonicforge_studio.domain import Section, SilentProgress
from sonicforge_studio.domain.errors import Cancelled

RATE_HZ = 2.0
BANDS = np.arange(32)
SOUNDS = {
    "pads": np.where(BANDS < 6, -70.0, np.where(BANDS < 18, -32.0, -60.0)),
    "full": np.where(BANDS < 6, -15.0, np.where(BANDS < 18, -22.0, -30.0)),
    "beat": np.where(BANDS < 6, -18.0, -45.0),
}


def texture(form: list[tuple[str, float]], seed: int = 1) -> np.ndarray:
    """Rows of the sounds, each for so many seconds, moving by 1 dB."""
    rows = np.concatenate([np.tile(SOUNDS[sound], (round(seconds * RATE_HZ), 1)) for sound, seconds in form])
    rows = rows + np.random.default_rng(seed).normal(0.0, 1.0, rows.shape)
    whole = 10.0 * np.log10((10.0 ** (rows / 10.0)).sum(axis=1, keepdims=True))
    return np.concatenate((rows, whole), axis=1).astype(np.float32)


def found(rows: np.ndarray, downbeats: np.ndarray | tuple[()] = ()) -> tuple[Section, ...]:
    nothing = np.zeros((0, 12), np.float32)
    return find_sections(rows, RATE_HZ, nothing, 5.0, downbeats, rows.shape[0] / RATE_HZ, SilentProgress())


FORM = [("beat", 16.0), ("full", 32.0), ("pads", 16.0), ("full", 32.0), ("beat", 16.0)]


def test_sections_begin_where_the_sound_changes_and_are_alike_where_it_returns() -> None:
    sections = found(texture(FORM))
    np.testing.assert_allclose([section.start_seconds for section in sections], [0, 16, 48, 64, 96], atol=0.5)
    assert [section.letter for section in sections] == ["A", "B", "C", "B", "A"]
    assert [section.name for section in sections] == ["intro", "part", "break", "part", "outro"]
    assert sections[1].energy == pytest.approx(1.0, abs=0.03)
    assert sections[2].energy < 0.8


def test_they_begin_on_downbeats_and_leave_no_gap() -> None:
    bars = np.arange(0.02, 112.0, 2.0)
    sections = found(texture(FORM), bars)
    assert [section.name for section in sections] == ["intro", "verse", "break", "verse", "outro"]
    starts = np.array([section.start_seconds for section in sections])
    assert np.abs(starts[1:, np.newaxis] - bars).min(axis=1).max() < 1e-3
    np.testing.assert_allclose(starts, [0, 16, 48, 64, 96], atol=1.9)
    assert all(a.end_seconds == b.start_seconds for a, b in itertools.pairwise(sections))
    assert sections[-1].end_seconds == 112.0


def test_where_some_bars_are_unknown_no_place_lies_beside_a_known_one() -> None:
    places, phrased = _places(np.array([10.3, 12.3, 14.3]), 60.0, RATE_HZ)
    assert not phrased
    assert np.diff(places).min() > 0.5 / RATE_HZ
    assert {10.3, 12.3, 14.3} <= set(places.tolist())
    assert places.size > 100


def test_what_never_changes_is_one_part() -> None:
    sections = found(texture([("full", 60.0)]))
    assert [(section.name, section.letter) for section in sections] == [("part", "A")]


@pytest.mark.parametrize("downbeats", [np.arange(0.0, 120.0, 2.0), ()])
def test_restless_music_has_a_section_every_8_seconds_at_most(downbeats: np.ndarray | tuple[()]) -> None:
    form = [(sound, 4.0) for _ in range(10) for sound in ("beat", "full", "pads")]
    assert 2 <= len(found(texture(form), downbeats)) <= 15


def test_short_and_silent_pieces_have_none() -> None:
    assert found(texture([("beat", 7.0), ("full", 7.0)])) == ()
    assert found(np.full((100, 33), -120.0, np.float32)) == ()
    assert found(np.zeros((0, 33), np.float32)) == ()


def test_three_hours_are_found_too() -> None:
    form = [(sound, 60.0 * minutes) for _ in range(18) for sound, minutes in (("beat", 2), ("full", 6), ("pads", 2))]
    sections = found(texture(form))
    starts = np.array([section.start_seconds for section in sections])
    truth = np.cumsum([0.0] + [seconds for _, seconds in form[:-1]])
    assert np.abs(truth[:, np.newaxis] - starts).min(axis=1).max() < 1.0
    assert len(sections) < 1.2 * truth.size


def test_a_stop_is_heeded() -> None:
    class Stopping:
        def step(self, done: float, total: float, note: str = "") -> None:
            raise Cancelled

    rows = texture(FORM)
    with pytest.raises(Cancelled):
        find_sections(rows, RATE_HZ, np.zeros((0, 12)), 5.0, (), 112.0, Stopping())


def test_every_two_of_one_letter_are_alike() -> None:
    told = letters(np.array([[0.0], [0.8], [1.6], [0.1]]), np.zeros((4, 0)))
    assert told == ("A", "A", "B", "A")
    harmony = np.array([[1.0, 0.0], [-1.0, 0.0]])
    assert letters(np.zeros((2, 1)), harmony) == ("A", "B")


def test_a_piece_that_builds_up_has_drops_and_another_has_verses() -> None:
    loud, soft = Stretch(30.0, 1.0, -10.0, 1.0), Stretch(15.0, 0.7, -12.0, 1.0)
    bare, rising = Stretch(15.0, 0.6, -30.0, 1.0), Stretch(8.0, 0.8, -12.0, 1.3)
    assert names((soft, rising, loud, bare, rising, loud, soft), metred=True) == (
        "intro",
        "build",
        "drop",
        "break",
        "build",
        "drop",
        "outro",
    )
    assert names((soft, loud, bare, loud, soft), metred=True) == ("intro", "verse", "break", "verse", "outro")
    assert names((loud, loud, loud), metred=True) == ("part", "part", "part")
