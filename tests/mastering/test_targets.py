"""Targets: what they are called, what they ask for, and how a wrong one is refused."""

from __future__ import annotations

import datetime
import math

import pytest

from sonicforge_studio.domain.errors import BadSetting, UnknownTarget
from sonicforge_studio.mastering import ORIGINS, TARGETS, own_target, target_named

PROMISED = {
    "spotify": (-14, -1),
    "spotify-loud": (-11, -2),
    "apple-music": (-16, -1),
    "youtube": (-14, -1),
    "tidal": (-14, -1),
    "amazon": (-14, -2),
    "deezer": (-15, -1),
    "ebu-r128": (-23, -1),
    "atsc-a85": (-24, -2),
    "podcast": (-16, -1),
    "club": (-8, -0.3),
}


def test_the_targets_are_those_promised() -> None:
    assert {name: (target.integrated_lufs, target.ceiling_dbtp) for name, target in TARGETS.items()} == PROMISED
    assert all(target.name == name for name, target in TARGETS.items())


def test_every_target_has_a_source_and_a_date() -> None:
    assert list(ORIGINS) == list(TARGETS)
    for origin in ORIGINS.values():
        assert len(origin.source) > 20
        assert datetime.date(2010, 1, 1) < datetime.date.fromisoformat(origin.date) < datetime.date(2030, 1, 1)


def test_a_target_is_found_in_any_letter_case() -> None:
    assert target_named(" Spotify ") is TARGETS["spotify"]


def test_an_unknown_target_lists_those_there_are() -> None:
    with pytest.raises(UnknownTarget) as failure:
        target_named("radio")
    assert "radio" in failure.value.message
    assert all(name in failure.value.hint for name in PROMISED)


def test_an_own_target_keeps_to_the_limits() -> None:
    target = own_target(-18.5, -1.5)
    assert (target.integrated_lufs, target.ceiling_dbtp) == (-18.5, -1.5)
    for lufs, ceiling in ((-40.0, -20.0), (-5.0, 0.0)):
        own_target(lufs, ceiling)


@pytest.mark.parametrize(
    ("lufs", "ceiling"), [(-41, -1), (-4, -1), (-14, 0.5), (-14, -21), (math.nan, -1), (-14, math.inf)]
)
def test_an_own_target_beyond_them_is_refused(lufs: float, ceiling: float) -> None:
    with pytest.raises(BadSetting):
        own_target(lufs, ceiling)
