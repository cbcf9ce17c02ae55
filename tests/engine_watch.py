"""What tests of engines in a process of their own listen and look with."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sonicforge_studio.domain import Concept, Samples, SilentProgress
from sonicforge_studio.generation import compose


def concept_of(seconds: float) -> Concept:
    return compose("lofi hip hop with warm rhodes", duration_seconds=seconds)


class Heard:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.told: tuple[int, int, int | None] | None = None
        self.blocks: list[Samples] = []
        self.ended = False

    def begin(self, sample_rate_hz: int, channels: int, frames: int | None) -> None:
        self.told = (sample_rate_hz, channels, frames)

    def hear(self, block: Samples) -> None:
        self.blocks.append(block.copy())

    def end(self) -> None:
        self.ended = True


class Steps(SilentProgress):
    """Notes every step, and does something at those past ``at``."""

    def __init__(self, at: float = 2.0, act: object = None) -> None:
        self.shares: list[float] = []
        self._at, self._act = at, act

    def step(self, done: float, total: float, note: str = "") -> None:
        self.shares.append(done / total)
        if callable(self._act) and done / total >= self._at:
            self._act()


def workers(of: str = "musicgen.worker") -> list[int]:
    """Processes that are children of this one and have ``of`` in their command."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((place / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == os.getpid() and of.encode() in (place / "cmdline").read_bytes():
                found.append(int(place.name))
    return found
