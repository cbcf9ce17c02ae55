"""The chain of stages before the limiter: one code for preview and export, each stage to be bypassed or heard alone."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.chain import (
    DYNAMICS_BANDS,
    STAGES,
    ChainSettings,
    DeEsserSettings,
    DynamicsBand,
    EqSettings,
    ExciterSettings,
    MultibandSettings,
    RepairSettings,
    StereoSettings,
)
from sonicforge_studio.kernels.dynamics import cleaned
from sonicforge_studio.kernels.limiter import Limiter
from sonicforge_studio.mastering.stages import STAGE_MAKERS, Stage, StageMaker

Shaped = tuple[Samples, NDArray[np.float32]]
"""A block ``(channels, n)``, and for each frame the highest level around it, between the samples too."""

_Heard = Literal["as set", "difference", "untreated"]

_FADE_SECONDS = 0.02
"""A stage that is switched on, off or to its difference comes and goes in this time."""


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
    parts = {name: STAGE_MAKERS[name].scaled(getattr(chain, name), amount) for name in STAGES if name in STAGE_MAKERS}
    return replace(chain, **parts)


class Chain:
    """A stream through all stages that are on and not neutral; with ``live`` through all there are, so that any of
    them can be turned on while it plays. The output is ``latency_frames`` late."""

    def __init__(
        self,
        sample_rate_hz: int,
        channels: int,
        settings: ChainSettings,
        loudness_lufs: float,
        *,
        amount: float = 1.0,
        live: bool = False,
    ) -> None:
        """``loudness_lufs`` is the piece's own, which the thresholds hang on."""
        self.channels = channels
        self._settings = settings
        self._amount = amount
        at_amount = scaled(settings, amount)
        self._slots: dict[str, _Slot] = {}
        for name in STAGES:
            maker = STAGE_MAKERS.get(name)
            own = getattr(at_amount, name)
            if maker is not None and (live or _acts(maker, own)):
                fade_frames = max(1, round(_FADE_SECONDS * sample_rate_hz))
                self._slots[name] = _Slot(maker(sample_rate_hz, channels, own, loudness_lufs), own.on, fade_frames)

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
        """The block behind all stages, float32 ``(channels, n)``; NaN and whatever is no audio counts as 0."""
        out: Samples = cleaned(block)
        for slot in self._slots.values():
            out = slot.process(out)
        return out

    def flush(self) -> Samples:
        """What is still inside at the end: ``latency_frames`` of it."""
        return self.process(np.zeros((self.channels, self.latency_frames), np.float32))

    def configure(self, settings: ChainSettings, amount: float) -> bool:
        """Go on with other settings without a click. False, where a chain of another latency is needed; this one is
        then still as it was, or partly set: it is to be replaced."""
        at_amount = scaled(settings, amount)
        for name, slot in self._slots.items():
            own = getattr(at_amount, name)
            if not slot.stage.configure(own):
                return False
            slot.turn(on=own.on)
        self._settings, self._amount = settings, amount
        return True

    def hear_alone(self, name: str | None) -> None:
        """Let only the difference that this stage makes be heard; None for the whole again."""
        before = True
        for other, slot in self._slots.items():
            slot.hear("difference" if other == name else "as set" if before or name is None else "untreated")
            before = before and other != name

    @property
    def meters(self) -> dict[str, StageMeter]:
        return {name: slot.meter for name, slot in self._slots.items()}


def _acts(maker: StageMaker, settings: Any) -> bool:
    return bool(settings.on) and not maker.is_neutral(settings)


class _Slot:
    """A stage in its place: beside it the untreated sound, as late as the stage is."""

    def __init__(self, stage: Stage, on: bool, fade_frames: int) -> None:
        self.stage = stage
        self._fade_frames = fade_frames
        self._on = on
        self._heard: _Heard = "as set"
        self._late: Samples | None = None
        self._mix = self._wanted = (1.0, 0.0) if on else (0.0, 1.0)
        """Shares of the treated and the untreated sound."""
        self._peaks = (0.0, 0.0)

    def turn(self, *, on: bool) -> None:
        self._on = on
        self._set_wanted()

    def hear(self, what: _Heard) -> None:
        self._heard = what
        self._set_wanted()

    def _set_wanted(self) -> None:
        if self._heard == "difference":
            self._wanted = (1.0, -1.0) if self._on else (0.0, 0.0)
        else:
            self._wanted = (1.0, 0.0) if self._on and self._heard == "as set" else (0.0, 1.0)

    @property
    def meter(self) -> StageMeter:
        levels = [20.0 * math.log10(peak) if peak > 0.0 else -math.inf for peak in self._peaks]
        return StageMeter(levels[0], levels[1], self.stage.reductions_db if self._on else ())

    def process(self, block: Samples) -> Samples:
        if not block.shape[1]:
            return block
        dry = self._delayed(block)
        wet = self.stage.process(block)
        out = self._mixed(wet, dry)
        self._peaks = (_peak(block), _peak(out))
        return out

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
        if self._mix == self._wanted:
            if self._mix == (1.0, 0.0):
                return wet
            if self._mix == (0.0, 1.0):
                return np.ascontiguousarray(dry)
        step = 1.0 / self._fade_frames
        run = step * np.arange(1, wet.shape[1] + 1, dtype=np.float64)
        shares = []
        for now, goal in zip(self._mix, self._wanted, strict=True):
            shares.append(now + np.clip(goal - now, -run, run))
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


def warm_chain() -> None:
    """Compile every stage's kernels, or read them from the cache, before a master or a preview waits for them."""
    settings = ChainSettings(
        repair=RepairSettings(declip=1.0, hum_hz=50.0, declick=1.0),
        eq=EqSettings(tilt_db=1.0),
        de_esser=DeEsserSettings(on=True),
        multiband=MultibandSettings(on=True, bands=(DynamicsBand(ratio=2.0),) * DYNAMICS_BANDS),
        exciter=ExciterSettings(on=True, amount=1.0),
        stereo=StereoSettings(on=True, widths=(0.5, 1.5, 1.5), mono_below_hz=100.0),
    )
    Chain(48_000, 2, settings, -20.0, live=True).process(np.zeros((2, 64), np.float32))
