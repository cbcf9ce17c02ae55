"""Frames in a row on their way into the ring, with where in the music they come from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sonicforge_studio.domain import Samples

if TYPE_CHECKING:
    from sonicforge_studio.audio._piece import Piece


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """From frame ``frame`` on, ``piece`` sounds from this second; what follows is contiguous until the next place.

    Frames are counted from a stretch's beginning, or from the ring's.
    """

    frame: int
    seconds: float
    piece: Piece

    def seconds_at(self, frame: float, rate_hz: int) -> float:
        return self.seconds + max(0.0, frame - self.frame) / rate_hz

    def moved(self, frames: int) -> Place:
        return replace(self, frame=self.frame + frames)


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """``samples`` (channels, n) and the places at which they do not simply go on."""

    samples: Samples
    places: tuple[Place, ...] = ()

    @property
    def frames(self) -> int:
        return int(self.samples.shape[1])

    @classmethod
    def nothing(cls, channels: int) -> Stretch:
        return cls(np.empty((channels, 0), np.float32))

    def without(self, frames: int, rate_hz: int) -> Stretch:
        """The rest behind the first ``frames``, which begins with its place where that is known."""
        if frames <= 0:
            return self
        passed = [place for place in self.places if place.frame <= frames]
        later = tuple(place.moved(-frames) for place in self.places if place.frame > frames)
        first = tuple(Place(0, place.seconds_at(frames, rate_hz), place.piece) for place in passed[-1:])
        return Stretch(self.samples[:, frames:], first + later)


def joined(stretches: list[Stretch], channels: int) -> Stretch:
    """One after the other."""
    places: list[Place] = []
    frames = 0
    for stretch in stretches:
        places += [place.moved(frames) for place in stretch.places]
        frames += stretch.frames
    nothing = np.empty((channels, 0), np.float32)
    return Stretch(np.concatenate([nothing, *(stretch.samples for stretch in stretches)], axis=1), tuple(places))
