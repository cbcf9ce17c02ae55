"""How far a master is led down for its codecs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sonicforge_studio.domain import MasterSettings, Target
from sonicforge_studio.studio.delivering import _State

ASKED = MasterSettings(Target("spotify", -14.0, -1.0))


def at(ceiling_dbtp: float) -> MasterSettings:
    return replace(ASKED, target=replace(ASKED.target, ceiling_dbtp=ceiling_dbtp))


def test_what_was_led_down_too_far_comes_up_again() -> None:
    state = _State(ASKED, ("mp3-320",))
    state.lead_down(2.95, 0)
    assert state.used.target.ceiling_dbtp == pytest.approx(-4.0)
    assert state.come_up(at(-4.0))
    assert state.used.target.ceiling_dbtp == pytest.approx(-2.5)
    state.lead_down(0.3, 1)
    assert state.come_up(at(-4.0))
    assert state.used.target.ceiling_dbtp == pytest.approx(-3.25)
    assert state.come_up(at(-3.25))
    assert state.used.target.ceiling_dbtp == pytest.approx(-2.875)
    assert not state.come_up(at(-2.875))


def test_what_passed_at_once_stays() -> None:
    assert not _State(ASKED, ("mp3-320",)).come_up(ASKED)
