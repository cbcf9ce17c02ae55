"""What rows of music are told, in the form that a decoder takes it in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from sonicforge_studio.generation.musicgen.melody import PLACE_FRAMES
from sonicforge_studio.generation.musicgen.model_folder import ModelFolder

_NO_TUNE = (0,)
"""How these models are told that there is none: it stands still on the first pitch class."""


@dataclass(frozen=True, slots=True, eq=False)
class Conditioning:
    """For a decoder that listens to a text, or for one that has a tune and a text before its codes."""

    states: torch.Tensor
    """Shape ``(rows, places, hidden)``: what the text says; of a melody model the tune, then the text."""
    mask: torch.Tensor
    """Which places there are, ``(rows, places)``; the others' states are zero."""
    untold: torch.Tensor | None = None
    """Of a melody model: what rows have before their codes that are told nothing, of the shape of ``states``."""


Told = Callable[[int], Conditioning]
"""What a window is told that begins at a frame of the piece."""


def told_text(text: torch.Tensor, mask: torch.Tensor) -> Told:
    """The same in every window."""
    conditioning = Conditioning(text, mask)
    return lambda frame: conditioning


def told_melody(
    config: Any,
    project: Callable[[torch.Tensor], torch.Tensor],
    folder: ModelFolder,
    text: torch.Tensor,
    mask: torch.Tensor,
    tune: Sequence[int],
) -> Told:
    """A text (rows, words, hidden) and a tune, one pitch class for each place; none where it is empty.

    ``config`` is a ``MusicgenMelodyConfig``; ``project`` brings chroma to the decoder's width. As in audiocraft the
    tune goes on with the piece from window to window, here in steps of its places, and begins again where it ends.
    Raises ``ValueError`` for texts of several lengths: what fills up the shorter ones would be heard, and each alone
    would be other music.
    """
    if not mask.all():
        raise ValueError("a melody model is told texts of one length")
    rows, places, kinds = text.shape[0], int(config.chroma_length), int(config.num_chroma)
    places_per_frame = folder.sample_rate_hz / folder.frame_rate_hz / PLACE_FRAMES

    def states(pitch_classes: torch.Tensor) -> torch.Tensor:
        chroma = functional.one_hot(pitch_classes, kinds).to(text.dtype)
        return project(chroma).expand(rows, -1, -1)

    @torch.inference_mode()
    def told(frame: int) -> Conditioning:
        start = round(frame * places_per_frame)
        whole = torch.tensor(tune or _NO_TUNE, device=text.device)
        heard = states(whole[(start + torch.arange(places, device=text.device)) % len(whole)])
        nothing = states(torch.tensor(_NO_TUNE, device=text.device).expand(places))
        both = torch.cat([heard, text], dim=1)
        untold = torch.cat([nothing, torch.zeros_like(text)], dim=1)
        return Conditioning(both, torch.ones_like(both[..., 0]), untold)

    return told
