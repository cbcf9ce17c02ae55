"""From one setting of a processor to another while sound runs through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

FADE_SECONDS = 0.02


class Processor(Protocol):
    def process(self, block: Float32) -> Float32: ...


P = TypeVar("P", bound=Processor)


class Crossfade(Generic[P]):
    """One processor; after ``change`` the old one and the new one side by side until the new one is all that is heard.

    The new one listens for ``warm_up_seconds``, so that its filters have settled, before it is faded in. Where the next
    change comes meanwhile it waits its turn, and of several the last is done.
    """

    def __init__(self, sample_rate_hz: int, processor: P, *, warm_up_seconds: float = 0.0) -> None:
        self.current = processor
        self._fade_frames = max(1, round(FADE_SECONDS * sample_rate_hz))
        self._warm_up_frames = round(warm_up_seconds * sample_rate_hz)
        self._frames = self._warm_up_frames + self._fade_frames
        self._next: P | None = None
        self._done = 0
        self._waiting: Callable[[P], P] | None = None

    @property
    def newest(self) -> P:
        """The one that sound goes over to, or has gone."""
        return self.current if self._next is None else self._next

    @property
    def settled(self) -> bool:
        """Whether sound runs through one alone."""
        return self._next is None

    def change(self, successor: Callable[[P], P]) -> None:
        """``successor`` makes the new processor from the old one's state at the frame where the fade begins."""
        if self._next is None:
            self._next, self._done = successor(self.current), 0
        else:
            self._waiting = successor

    def process(self, block: Float32) -> Float32:
        if self._next is None:
            return self.current.process(block)
        parts: list[Float32] = []
        while self._next is not None and block.shape[1]:
            now = block[:, : self._frames - self._done]
            parts.append(self._faded(now, self._next))
            block = block[:, now.shape[1] :]
        if block.shape[1] or not parts:
            parts.append(self.current.process(block))
        return np.concatenate(parts, axis=1)

    def _faded(self, block: Float32, following: P) -> Float32:
        faded_in = np.arange(self._done + 1, self._done + 1 + block.shape[1]) - self._warm_up_frames
        share = np.maximum(faded_in, 0) / self._fade_frames
        old, new = self.current.process(block), following.process(block)
        self._done += block.shape[1]
        if self._done == self._frames:
            self.current, self._next = following, None
            if self._waiting is not None:
                successor, self._waiting = self._waiting, None
                self.change(successor)
        faded: Float32 = (old * (1.0 - share) + new * share).astype(np.float32)
        return faded
