"""Pieces longer than the model's memory: windows that each begin with the end of the one before, as audiocraft's
``extend_stride`` has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from sonicforge_studio.domain.neural import Sampling
from sonicforge_studio.generation.musicgen.codes import LanguageModel, Part, Step, write_codes
from sonicforge_studio.generation.musicgen.conditioning import Told
from sonicforge_studio.generation.musicgen.windows import KEPT_SECONDS, WINDOW_SECONDS


def write_piece(
    decoder: LanguageModel,
    told: Told,
    frames: int,
    dice: Sequence[torch.Generator],
    sampling: Sampling,
    *,
    frame_rate_hz: int,
    before: torch.Tensor | None = None,
    step: Step = lambda done, total: None,
    part: Part = lambda codes: None,
) -> torch.Tensor:
    """``frames`` codes of any length, shape ``(rows, codebooks, frames)``; the first ones are ``before``, where given.
    Each row has dice of its own, and of ``told`` one row.

    ``step`` counts over all windows; ``part`` is handed what is new, a second at a time.
    """
    window, kept = round(WINDOW_SECONDS * frame_rate_hz), round(KEPT_SECONDS * frame_rate_hz)
    late = decoder.codebooks // decoder.channels - 1
    written = before
    if written is None:
        empty = (len(dice), decoder.codebooks, 0)
        written = torch.zeros(empty, dtype=torch.long, device=told(0).states.device)
    plan = list(_windows(written.shape[2], frames, window, kept))
    total = sum(length - known + late for known, length in plan)
    done = 0
    for known, length in plan:

        def within(steps: int, _: int, done: int = done) -> None:
            step(done + steps, total)

        remembered = written[:, :, written.shape[2] - known :] if known else None
        conditioning = told(written.shape[2] - known)
        codes = write_codes(
            decoder,
            conditioning,
            length,
            dice,
            sampling,
            before=remembered,
            step=within,
            part=part,
            part_frames=frame_rate_hz,
        )
        done += length - known + late
        written = torch.cat([written, codes[:, :, known:]], dim=2)
    return written


def _windows(there: int, frames: int, window: int, kept: int) -> Iterator[tuple[int, int]]:
    """How many codes each window knows already, and how long it is."""
    while there < frames:
        known = min(there, kept)
        length = min(window, known + frames - there)
        yield known, length
        there += length - known
