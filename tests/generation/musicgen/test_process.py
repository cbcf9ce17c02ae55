"""How far the process is, and what is learned of it."""

from __future__ import annotations

import json
import time

import pytest

from sonicforge_studio.domain import SilentProgress
from sonicforge_studio.generation.audiocraft.worker import READY, STEP
from sonicforge_studio.generation.musicgen.process import _Course


def test_what_is_compiled_before_the_first_step_counts_for_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 4.0, 34.0, 35.0, 36.0, 37.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(times))
    told: list[tuple[float, float]] = []
    course = _Course(SilentProgress(), 0.1, lambda *took: told.append(took))
    course.hear(READY, b"{}")
    for done in range(1, 5):
        course.hear(STEP, json.dumps([done, 4]).encode())
    assert told == [(4.0, 4.0)]
