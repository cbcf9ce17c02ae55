"""From one processor to another of the same latency without a click."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from sonicforge_studio.domain import Samples

_FADE_SECONDS = 0.020


class Processor(Protocol):
    def process(self, block: Samples) -> Samples:
        """As many frames as went in."""


class Handover:
    """A processor that can be replaced while sound runs through it: the new one listens for a while, so that its
    filters have settled, and is faded in. One that is asked for meanwhile comes after it, the newest only."""

    def __init__(self, sample_rate_hz: int, first: Processor, *, warm_up_seconds: float) -> None:
        self.current = first
        self._warm_up_frames = round(warm_up_seconds * sample_rate_hz)
        self._fade_frames = max(1, round(_FADE_SECONDS * sample_rate_hz))
        self._coming: Processor | None = None
        self._next: Callable[[], Processor] | None = None
        self._heard_frames = 0

    @property
    def settled(self) -> bool:
        return self._coming is None and self._next is None

    def replace(self, make: Callable[[], Processor]) -> None:
        self._next = make

    def process(self, block: Samples) -> Samples:
        if self._coming is None and self._next is not None:
            self._coming, self._next, self._heard_frames = self._next(), None, 0
        if self._coming is None or not block.shape[1]:
            return self.current.process(block)
        old, new = self.current.process(block), self._coming.process(block)
        frames = block.shape[1]
        ramp = np.arange(self._heard_frames + 1, self._heard_frames + frames + 1) - self._warm_up_frames
        share = np.clip(ramp / self._fade_frames, 0.0, 1.0).astype(np.float32)
        self._heard_frames += frames
        if share[-1] >= 1.0:
            self.current, self._coming = self._coming, None
        mixed: Samples = old + share * (new - old)
        # Where only one of them is heard it is heard exactly.
        mixed[:, share == 1.0] = new[:, share == 1.0]
        return mixed
