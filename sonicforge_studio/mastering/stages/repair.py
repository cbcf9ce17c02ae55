"""Repair: flattened peaks, clicks, offset and rumble, mains hum, in this order."""

from __future__ import annotations

from dataclasses import replace

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.chain import RepairSettings
from sonicforge_studio.kernels.crossfade import Crossfade
from sonicforge_studio.kernels.declick import Declick
from sonicforge_studio.kernels.declip import Declip
from sonicforge_studio.kernels.dynamics import HighPass
from sonicforge_studio.kernels.hum import HumCanceller

_WARM_UP_SECONDS = 0.050
"""A high-pass that has not heard the offset yet would let it through."""


class _Through:
    def process(self, block: Samples) -> Samples:
        return block


class RepairStage:
    """What is set to 0 costs nothing: peaks and clicks, which are looked for ahead, are late only where they are wanted
    from the start."""

    def __init__(self, sample_rate_hz: int, channels: int, settings: RepairSettings, loudness_lufs: float) -> None:
        self._sample_rate_hz, self._channels = sample_rate_hz, channels
        self._settings = settings
        self._declip = Declip(sample_rate_hz, channels, settings.declip) if settings.declip else None
        self._declick = Declick(sample_rate_hz, channels, settings.declick) if settings.declick else None
        self._high_pass = Crossfade(sample_rate_hz, self._new_high_pass(settings), warm_up_seconds=_WARM_UP_SECONDS)
        self._hum = Crossfade(sample_rate_hz, self._new_hum(settings), warm_up_seconds=_WARM_UP_SECONDS)
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
        return self._hum.process(self._high_pass.process(block))

    def configure(self, settings: RepairSettings) -> bool:
        if (settings.declip and self._declip is None) or (settings.declick and self._declick is None):
            return False
        if self._declip is not None:
            self._declip.boldness = settings.declip
        if self._declick is not None:
            self._declick.readiness = settings.declick
        before, self._settings = self._settings, settings
        if settings.high_pass_hz != before.high_pass_hz:
            self._high_pass.change(lambda _: self._new_high_pass(settings))
        if (settings.hum_hz, settings.hum_db) != (before.hum_hz, before.hum_db):
            held = self._hum.current
            if isinstance(held, HumCanceller) and self._hum.settled and settings.hum_hz == before.hum_hz:
                # It keeps what it has learnt of the hum.
                held.configure(settings.hum_db)
            else:
                self._hum.change(lambda _: self._new_hum(settings))
        return True

    def _new_high_pass(self, settings: RepairSettings) -> HighPass:
        return HighPass(self._sample_rate_hz, self._channels, settings.high_pass_hz)

    def _new_hum(self, settings: RepairSettings) -> HumCanceller | _Through:
        if settings.hum_hz == 0.0 or settings.hum_db == 0.0:
            return _Through()
        return HumCanceller(self._sample_rate_hz, self._channels, hum_hz=settings.hum_hz, depth_db=settings.hum_db)
