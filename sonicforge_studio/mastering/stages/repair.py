"""Repair: offset and rumble."""

from __future__ import annotations

from dataclasses import replace

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.chain import RepairSettings
from sonicforge_studio.kernels.dynamics import HighPass


class RepairStage:
    def __init__(self, sample_rate_hz: int, channels: int, settings: RepairSettings, loudness_lufs: float) -> None:
        self._high_pass = HighPass(sample_rate_hz, channels, settings.high_pass_hz)
        self.latency_frames = 0
        self.reductions_db: tuple[float, ...] = ()

    @staticmethod
    def is_neutral(settings: RepairSettings) -> bool:
        return settings.high_pass_hz == 0.0 and settings.declip == settings.hum_hz == settings.declick == 0.0

    @staticmethod
    def scaled(settings: RepairSettings, amount: float) -> RepairSettings:
        return replace(settings, high_pass_hz=settings.high_pass_hz * amount)

    def process(self, block: Samples) -> Samples:
        return self._high_pass.process(block)

    def configure(self, settings: RepairSettings) -> bool:
        return False
