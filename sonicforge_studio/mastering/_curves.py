"""Curves of a master, gathered from blocks that pass anyway."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import MasterCurves, ReductionCurve, Samples
from sonicforge_studio.mastering._third_octaves import CENTRES_HZ, ThirdOctaves, mean_levels_db
from sonicforge_studio.mastering.chain import StageMeter

Float64 = NDArray[np.float64]

_STEPS_PER_SECOND = 10
_MOST_STEPS = 6000
"""Ten minutes at ten values a second; a longer piece has longer steps."""
_HOP_WINDOWS = 4.0


class LowestGains:
    """The lowest of a stream of gains in each tenth of a second."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._frames = 0
        self._lowest: list[float] = []

    def add(self, gains: Float64) -> None:
        if not gains.size:
            return
        first, end = self._frames, self._frames + gains.size
        step = first * _STEPS_PER_SECOND // self._rate_hz
        last = (end - 1) * _STEPS_PER_SECOND // self._rate_hz
        borders = [-(-number * self._rate_hz // _STEPS_PER_SECOND) - first for number in range(step + 1, last + 1)]
        lowest = np.minimum.reduceat(gains, [0, *borders]).tolist()
        if len(self._lowest) > step:
            self._lowest[step] = min(self._lowest[step], lowest[0])
            lowest = lowest[1:]
        self._lowest += lowest
        self._frames = end

    def decibels(self) -> Float64:
        lowest_db: Float64 = 20.0 * np.log10(np.maximum(np.array(self._lowest), 1e-10))
        return lowest_db


class StageReductions:
    """What the chain's stages reduced by, block by block."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._frames = 0
        self._ends_seconds: list[float] = []
        self._reductions: dict[str, list[float]] = {}

    def add(self, frames: int, meters: Mapping[str, StageMeter]) -> None:
        """The meters after the next ``frames`` of the stream."""
        self._frames += frames
        self._ends_seconds.append(self._frames / self._rate_hz)
        for name, meter in meters.items():
            for number, reduction_db in enumerate(meter.reductions_db, start=1):
                numbered = f"{name} {number}" if len(meter.reductions_db) > 1 else name
                self._reductions.setdefault(numbered, []).append(reduction_db)

    def curves(self, step_seconds: float) -> Iterable[ReductionCurve]:
        count = int(self._ends_seconds[-1] / step_seconds) if self._ends_seconds else 0
        times = step_seconds * np.arange(1, count + 1)
        for name, values in self._reductions.items():
            yield ReductionCurve(name, _plain(np.interp(times, self._ends_seconds[-len(values) :], values)))


@dataclass(slots=True)
class Heard:
    """One side of the master, before or after: its loudness every 100 ms ``(steps, 2)``, and its third octaves."""

    trace: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    levels_db: tuple[float, ...] = ()


class SpectrumTaker:
    """Third octaves now and then: enough for a picture."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._bands = ThirdOctaves(sample_rate_hz, channels, hop_windows=_HOP_WINDOWS)

    def add(self, block: Samples) -> None:
        self._bands.add(block)

    def levels_db(self) -> tuple[float, ...]:
        return mean_levels_db(self._bands.finish())


def curves_of(before: Heard, after: Heard, limiter: LowestGains, stages: Iterable[StageReductions]) -> MasterCurves:
    lowest_db = limiter.decibels()
    stride = max(1, -(-max(len(before.trace), len(lowest_db)) // _MOST_STEPS))
    step_seconds = stride / _STEPS_PER_SECOND
    whole = lowest_db[: lowest_db.size // stride * stride].reshape(-1, stride).min(axis=1)
    reductions = [ReductionCurve("limiter", _plain(whole))]
    for stage in stages:
        reductions += stage.curves(step_seconds)
    return MasterCurves(
        step_seconds=step_seconds,
        momentary_before_lufs=_plain(before.trace[stride - 1 :: stride, 0]),
        momentary_after_lufs=_plain(after.trace[stride - 1 :: stride, 0]),
        short_term_before_lufs=_plain(before.trace[stride - 1 :: stride, 1]),
        short_term_after_lufs=_plain(after.trace[stride - 1 :: stride, 1]),
        reductions=tuple(reductions),
        spectrum_hz=_plain(CENTRES_HZ),
        spectrum_before_db=before.levels_db,
        spectrum_after_db=after.levels_db,
    )


def _plain(values: NDArray[np.floating]) -> tuple[float, ...]:
    return tuple(np.round(values.astype(np.float64), 3).tolist())
