"""The chain of stages before the limiter: one code for preview and export, each stage to be bypassed or heard alone."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.chain import STAGES, ChainSettings
from sonicforge_studio.kernels.dynamics import cleaned
from sonicforge_studio.kernels.limiter import Limiter
from sonicforge_studio.mastering.stages import STAGE_MAKERS, Stage

Shaped = tuple[Samples, NDArray[np.float32]]
"""A block ``(channels, n)``, and for each frame the highest level around it, between the samples too."""

_Heard = Literal["as set", "difference", "untreated"]

_SHARES: dict[_Heard, tuple[float, float]] = {"as set": (1.0, 0.0), "difference": (1.0, -1.0), "untreated": (0.0, 1.0)}
"""Of the treated and the untreated sound."""
_FADE_SECONDS = 0.02
"""From one of these to another."""


@dataclass(frozen=True, slots=True)
class StageMeter:
    """A stage in the block that was processed last: highest samples in and out in dBFS, and its gain reductions in dB,
    band by band."""

    in_dbfs: float
    out_dbfs: float
    reductions_db: tuple[float, ...]


def scaled(chain: ChainSettings, amount: float) -> ChainSettings:
    """The chain at a share of 0..1 of what it does: itself at 1, at 0 each stage neutral."""
    if amount >= 1.0:
        return chain
    parts = {name: STAGE_MAKERS[name].scaled(getattr(chain, name), amount) for name in STAGES}
    return replace(chain, **parts)


class Chain:
    """A stream through all stages that are on and not neutral.

    Each stage is handed the stream from its first frame on, however late those before it are: what one does depends on
    what comes out of the others, never on which of them are there. So the first ``latency_frames`` are missing from
    what ``process`` gives, and ``flush`` gives them at the end.
    """

    def __init__(
        self,
        sample_rate_hz: int,
        channels: int,
        settings: ChainSettings,
        loudness_lufs: float,
        *,
        amount: float = 1.0,
        neutral_too: bool = False,
    ) -> None:
        """``loudness_lufs`` is the piece's own, which the thresholds hang on. With ``neutral_too`` sound goes through
        what is on and would change nothing as well: so is it seen that it changes nothing."""
        self.channels = channels
        self._settings = settings
        self._amount = amount
        at_amount = scaled(settings, amount)
        fade_frames = max(1, round(_FADE_SECONDS * sample_rate_hz))
        self._slots: dict[str, _Slot] = {}
        self._neutral_too = neutral_too
        self._silent = False
        for name in _acting(at_amount, neutral_too):
            stage = STAGE_MAKERS[name](sample_rate_hz, channels, getattr(at_amount, name), loudness_lufs)
            self._slots[name] = _Slot(stage, fade_frames)

    @property
    def latency_frames(self) -> int:
        return sum(slot.stage.latency_frames for slot in self._slots.values())

    @property
    def settings(self) -> ChainSettings:
        return self._settings

    def stage(self, name: str) -> Stage | None:
        """The stage of this name, where sound passes through one."""
        slot = self._slots.get(name)
        return None if slot is None else slot.stage

    def process(self, block: Samples) -> Samples:
        """What comes out behind all stages, float32 ``(channels, n)``; NaN and whatever is no audio counts as 0."""
        out: Samples = cleaned(block)
        for slot in self._slots.values():
            out = slot.process(out)
        return np.zeros_like(out) if self._silent else out

    def flush(self) -> Samples:
        """What is still inside at the end: ``latency_frames`` of it."""
        out: Samples = np.zeros((self.channels, 0), np.float32)
        for slot in self._slots.values():
            silence = np.zeros((self.channels, slot.stage.latency_frames), np.float32)
            out = slot.process(np.concatenate((out, silence), axis=1))
        return out

    def configure(self, settings: ChainSettings, amount: float) -> bool:
        """Go on with other settings without a click. False where other stages, or one of another latency, are needed:
        this chain is then to be replaced, and may be partly set."""
        at_amount = scaled(settings, amount)
        if _acting(at_amount, self._neutral_too) != list(self._slots):
            return False
        for name, slot in self._slots.items():
            if not slot.stage.configure(getattr(at_amount, name)):
                return False
        self._settings, self._amount = settings, amount
        return True

    def hear_alone(self, name: str | None) -> None:
        """Let only the difference that this stage makes be heard, silence where it changes nothing; None for the whole
        again."""
        self._silent = name is not None and name not in self._slots
        before = True
        for other, slot in self._slots.items():
            slot.hear("difference" if other == name else "as set" if before or name is None else "untreated")
            before = before and other != name

    @property
    def meters(self) -> dict[str, StageMeter]:
        return {name: slot.meter for name, slot in self._slots.items()}


def _acting(chain: ChainSettings, neutral_too: bool) -> list[str]:
    """The stages that are on and change something, in their order."""
    on = [name for name in STAGES if getattr(chain, name).on]
    return on if neutral_too else [name for name in on if not STAGE_MAKERS[name].is_neutral(getattr(chain, name))]


class _Slot:
    """A stage in its place: beside it the untreated sound, as late as the stage is."""

    def __init__(self, stage: Stage, fade_frames: int) -> None:
        self.stage = stage
        self._fade_frames = fade_frames
        self._late: Samples | None = None
        self._missing = stage.latency_frames
        self._mix = self._wanted = _SHARES["as set"]
        self._peaks = (0.0, 0.0)

    def hear(self, what: _Heard) -> None:
        self._wanted = _SHARES[what]

    @property
    def meter(self) -> StageMeter:
        levels = [20.0 * math.log10(peak) if peak > 0.0 else -math.inf for peak in self._peaks]
        return StageMeter(levels[0], levels[1], self.stage.reductions_db)

    def process(self, block: Samples) -> Samples:
        if not block.shape[1]:
            return block
        dry = self._delayed(block)
        out = self._mixed(self.stage.process(block), dry)
        missing = min(self._missing, out.shape[1])
        self._missing -= missing
        self._peaks = (_peak(block), _peak(out))
        return np.ascontiguousarray(out[:, missing:])

    def _delayed(self, block: Samples) -> Samples:
        frames = self.stage.latency_frames
        if not frames:
            return block
        if self._late is None:
            self._late = np.zeros((block.shape[0], frames), np.float32)
        joined = np.concatenate((self._late, block), axis=1)
        self._late = joined[:, block.shape[1] :]
        return joined[:, : block.shape[1]]

    def _mixed(self, wet: Samples, dry: Samples) -> Samples:
        if self._mix == self._wanted == _SHARES["as set"]:
            return wet
        run = np.arange(1, wet.shape[1] + 1, dtype=np.float64) / self._fade_frames
        shares = [now + np.clip(goal - now, -run, run) for now, goal in zip(self._mix, self._wanted, strict=True)]
        self._mix = (float(shares[0][-1]), float(shares[1][-1]))
        mixed: Samples = (wet * shares[0] + dry * shares[1]).astype(np.float32)
        return mixed


def _peak(block: Samples) -> float:
    return float(max(block.max(), -block.min())) if block.size else 0.0


def limited(pieces: Iterable[Shaped], limiter: Limiter, channels: int) -> Generator[Samples, None, None]:
    """A whole shaped stream through the limiter."""
    late = limiter.latency_frames
    for samples, envelope in pieces:
        out = limiter.process(samples, envelope)
        cut, late = min(late, out.shape[1]), late - min(late, out.shape[1])
        yield out[:, cut:]
    rest = np.zeros((channels, limiter.latency_frames), np.float32)
    yield limiter.process(rest, np.zeros(limiter.latency_frames, np.float32))[:, late:]
