"""Codes become sound piece by piece, so that a long one is heard early and never lies in memory as a whole."""

from __future__ import annotations

import torch

from sonicforge_studio.domain import Samples
from sonicforge_studio.generation.musicgen.loading import MusicGen

_BEFORE_SECONDS = 4.0
_BEHIND_SECONDS = 1.0
"""So much on either side is decoded along and thrown away: the codec listens to both sides of a place."""


class Sounding:
    """The sound of one row of codes. What the codec needs of the codes behind a place is waited for."""

    def __init__(self, model: MusicGen) -> None:
        self._model = model
        folder = model.folder
        self._before = round(_BEFORE_SECONDS * folder.frame_rate_hz)
        self._behind = round(_BEHIND_SECONDS * folder.frame_rate_hz)
        self._hop = folder.sample_rate_hz // folder.frame_rate_hz
        self._codes = torch.empty((folder.codebooks, 0), dtype=torch.long)
        self._given = 0
        """Frames of codes whose sound was given."""

    def add(self, codes: torch.Tensor, *, last: bool) -> Samples:
        """The next codes (codebooks, n); what can be heard of them by now, shape ``(channels, frames)``."""
        self._codes = torch.cat([self._codes, codes], dim=1)
        there = self._codes.shape[1]
        end = there if last else max(self._given, there - self._behind)
        start = max(0, self._given - self._before)
        heard = self._model.sound(self._codes[:, start:there])
        block = heard[:, (self._given - start) * self._hop : (end - start) * self._hop]
        self._given = end
        return block
