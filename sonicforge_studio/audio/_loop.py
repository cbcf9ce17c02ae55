"""A region of a source that is read again and again, its joint cross-faded."""

from __future__ import annotations

import numpy as np

from sonicforge_studio.domain import Samples

_FADE_SECONDS = 0.005
_SHORTEST_SECONDS = 0.02
KEPT_SECONDS = 2.0
"""A region up to this length is kept in memory once it was read: seeking a coded file at each of its ends would cost
more than the region lasts."""


def shortest_frames(rate_hz: int) -> int:
    """What is shorter would be a tone."""
    return int(_SHORTEST_SECONDS * rate_hz)


class Loop:
    """Frames ``start`` to ``end`` of a source, at its own rate. One pass is exactly as long as the region."""

    def __init__(self, start: int, end: int, rate_hz: int) -> None:
        self.start = start
        self.end = max(end, start + shortest_frames(rate_hz))
        self._longest_fade_frames = int(_FADE_SECONDS * rate_hz)
        self._kept: list[Samples] | None = [] if self.end - self.start <= KEPT_SECONDS * rate_hz else None
        self.region: Samples | None = None
        """One whole pass as it sounds after a joint, once there is one."""

    @property
    def fade_frames(self) -> int:
        return min(self._longest_fade_frames, (self.end - self.start) // 2)

    def end_at(self, frame: int) -> None:
        """The music turned out to end here."""
        self.end = frame

    def joint(self, behind: Samples, head: Samples) -> Samples:
        """The first frames of the next pass: what follows the region, ``behind``, fades out, its beginning fades in."""
        share = np.arange(1, head.shape[1] + 1, dtype=np.float32) / np.float32(head.shape[1] + 1)
        mixed = (head * share).astype(np.float32, copy=False)
        count = min(behind.shape[1], head.shape[1])
        mixed[:, :count] += behind[:, :count] * (1.0 - share[:count])
        if self._kept is not None:
            self._kept = [mixed]
        return mixed

    def read_on(self, block: Samples, at: int) -> None:
        """Told of what was read behind the joint, of frames up to ``at``."""
        if self._kept:
            self._kept.append(block)
            if at >= self.end:
                self.region = np.concatenate(self._kept, axis=1)
                self._kept = None

    def interrupted(self) -> None:
        """The reading went elsewhere."""
        if self._kept is not None:
            self._kept = []
