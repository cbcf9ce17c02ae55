"""Repair: flattened peaks, clicks, offset and rumble, mains hum, in this order."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.chain import RepairSettings
from sonicforge_studio.kernels.declick import Declick
from sonicforge_studio.kernels.declip import Declip
from sonicforge_studio.kernels.dynamics import HighPass
from sonicforge_studio.kernels.hum import HumCanceller
from sonicforge_studio.mastering.stages._handover import Handover

_WARM_UP_SECONDS = 0.050
"""A high-pass that has not heard the offset yet would let it through."""


@dataclass(frozen=True, slots=True)
class _Filters:
    """High-pass and hum canceller, one after the other."""

    high_pass: HighPass
    hum: HumCanceller | None

    def process(self, block: Samples) -> Samples:
        passed = self.high_pass.process(block)
        return passed if self.hum is None else self.hum.process(passed)


class RepairStage:
    """What is set to 0 costs nothing: peaks and clicks, which are looked for ahead, are late only where they are wanted
    from the start."""

    def __init__(self, sample_rate_hz: int, channels: int, settings: RepairSettings, loudness_lufs: float) -> None:
        self._sample_rate_hz, self._channels = sample_rate_hz, channels
        self._settings = settings
        self._declip = Declip(sample_rate_hz, channels, settings.declip) if settings.declip else None
        self._declick = Declick(sample_rate_hz, channels, settings.declick) if settings.declick else None
        self._filters = Handover(sample_rate_hz, self._made(settings), warm_up_seconds=_WARM_UP_SECONDS)
        self.latency_frames = sum(part.latency_frames for part in (self._declip, self._declick) if part is not None)
        self.reductions_db: tuple[float, ...] = ()

    @staticmethod
    def is_neutral(settings: RepairSettings) -> bool:
        hum = settings.hum_hz > 0.0 and settings.hum_db < 0.0
        return not hum and settings.high_pass_hz == settings.declip == settings.declick == 0.0

    @staticmethod
    def scaled(settings: RepairSettings, amount: float) -> RepairSettings:
        return replace(
            settings,
            high_pass_hz=settings.high_pass_hz * amount,
            declip=settings.declip * amount,
            hum_db=settings.hum_db * amount,
            declick=settings.declick * amount,
        )

    def process(self, block: Samples) -> Samples:
        for part in (self._declip, self._declick):
            if part is not None:
                block = part.process(block)
        return self._filters.process(block)

    def configure(self, settings: RepairSettings) -> bool:
        if (settings.declip and self._declip is None) or (settings.declick and self._declick is None):
            return False
        if self._declip is not None:
            self._declip.boldness = settings.declip
        if self._declick is not None:
            self._declick.readiness = settings.declick
        if _filter_figures(settings) != _filter_figures(self._settings):
            self._filters.replace(lambda: self._made(settings))
        self._settings = settings
        return True

    def _made(self, settings: RepairSettings) -> _Filters:
        hum = None
        if settings.hum_hz > 0.0 and settings.hum_db < 0.0:
            hum = HumCanceller(self._sample_rate_hz, self._channels, hum_hz=settings.hum_hz, depth_db=settings.hum_db)
        return _Filters(HighPass(self._sample_rate_hz, self._channels, settings.high_pass_hz), hum)


def _filter_figures(settings: RepairSettings) -> tuple[float, float, float]:
    return settings.high_pass_hz, settings.hum_hz, settings.hum_db
