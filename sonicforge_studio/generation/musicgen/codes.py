"""Music as codes: a row of tokens for each codebook, each one drawn from what the decoder expects there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import torch

from sonicforge_studio.domain.neural import Sampling
from sonicforge_studio.generation.musicgen.conditioning import Conditioning

Step = Callable[[int, int], None]
"""Told after each step how many are done, and of how many; what it raises ends the work."""


Part = Callable[[torch.Tensor], None]
"""Handed new codes, shape ``(rows, codebooks, n)``, as soon as no codebook of them is missing."""


class LanguageModel(Protocol):
    """What expects codes, in whatever numbers it does so."""

    codebooks: int
    channels: int
    vocabulary: int

    def begin(self, told: Conditioning, frames: int, *, guided: bool) -> None:
        """Make room for ``frames`` positions of each row, and of as many that are told nothing where ``guided``."""

    def step(self, codes: torch.Tensor, position: int) -> torch.Tensor:
        """The logits ``(rows, codebooks, vocabulary)`` that follow ``codes`` (rows, codebooks, n), which stand at
        ``position`` and behind; n above 1 only at position 0."""


@torch.inference_mode()
def write_codes(
    decoder: LanguageModel,
    told: Conditioning,
    frames: int,
    dice: Sequence[torch.Generator],
    sampling: Sampling,
    *,
    before: torch.Tensor | None = None,
    step: Step = lambda done, total: None,
    part: Part = lambda codes: None,
    part_frames: int = 1,
) -> torch.Tensor:
    """Codes of shape ``(rows, codebooks, frames)`` for the rows of ``told``, the first of them ``before``.

    ``part`` is handed new codes whenever ``part_frames`` of them are ready. Each row draws from dice of its own, so
    that it does not matter what stands beside it. Codebook n comes n frames late (in stereo, each pair), which is
    MusicGen's delay pattern.
    """
    rows, device = told.states.shape[0], told.states.device
    guided = sampling.guidance > 1.0
    late = torch.arange(decoder.codebooks, device=device) // decoder.channels
    known = 0 if before is None else before.shape[2]
    length = 1 + frames + int(late.max())
    empty = decoder.vocabulary
    placed = torch.full((rows, decoder.codebooks, length), empty, dtype=torch.long, device=device)
    if before is not None:
        for book in range(decoder.codebooks):
            start = 1 + int(late[book])
            placed[:, book, start : start + known] = before[:, book]
    decoder.begin(told, length, guided=guided)
    position, given = 0, known
    for place in range(known + 1, length):
        codes = placed[:, :, position:place]
        logits = decoder.step(codes.repeat(2, 1, 1) if guided else codes, position).float()
        position = place
        if guided:
            knowing, free = logits.chunk(2)
            logits = free + (knowing - free) * sampling.guidance
        drawn = _draw(logits, dice, sampling)
        frame = place - 1 - late
        wanted = (frame >= known) & (frame < frames)
        placed[:, :, place] = torch.where(wanted, drawn, placed[:, :, place])
        ready = frames if place == length - 1 else max(known, place - int(late.max()))
        if ready - given >= part_frames or ready == frames > given:
            part(torch.stack(list(_without_delay(placed, late, given, ready)), dim=1))
            given = ready
        step(place - known, length - 1 - known)
    return torch.stack(list(_without_delay(placed, late, 0, frames)), dim=1)


def _without_delay(placed: torch.Tensor, late: torch.Tensor, start: int, end: int) -> Iterator[torch.Tensor]:
    for book, delay in enumerate(late.tolist()):
        yield placed[:, book, 1 + delay + start : 1 + delay + end]


def _draw(logits: torch.Tensor, dice: Sequence[torch.Generator], sampling: Sampling) -> torch.Tensor:
    """One code for each row and codebook."""
    if sampling.greedy:
        return logits.argmax(-1)
    scores = logits / sampling.temperature
    kept = min(sampling.top_k or scores.shape[-1], scores.shape[-1])
    best, places = scores.topk(kept, dim=-1)
    likely = best.softmax(-1)
    if 0.0 < sampling.top_p < 1.0:
        # The first one stays in any case; each other one while those before it do not suffice.
        likely = likely.masked_fill(likely.cumsum(-1) - likely > sampling.top_p, 0.0)
    # The place where a throw falls in the summed probabilities; a throw for each codebook of each row.
    throws = torch.stack([torch.rand(likely.shape[1], generator=die) for die in dice]).to(likely.device)
    sums = likely.cumsum(-1)
    chosen = torch.searchsorted(sums, (throws * sums[..., -1])[..., None], right=True).clamp_max_(kept - 1)
    return places.gather(-1, chosen).squeeze(-1)
