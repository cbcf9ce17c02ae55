"""Exciter: new harmonics on top."""

from __future__ import annotations

from dataclasses import replace

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.chain import ExciterSettings
from sonicforge_studio.kernels.crossfade import Crossfade
from sonicforge_studio.kernels.exciter import Exciter

_WARM_UP_SECONDS = 0.020


class ExciterStage:
    def __init__(self, sample_rate_hz: int, channels: int, settings: ExciterSettings, loudness_lufs: float) -> None:
        self._sample_rate_hz, self._channels = sample_rate_hz, channels
        self._settings = settings
        first = self._made(settings)
        self._exciter = Crossfade(sample_rate_hz, first, warm_up_seconds=_WARM_UP_SECONDS)
        self.latency_frames = first.latency_frames
        self.reductions_db: tuple[float, ...] = ()

    @staticmethod
    def is_neutral(settings: ExciterSettings) -> bool:
        return settings.amount == 0.0

    @staticmethod
    def scaled(settings: ExciterSettings, amount: float) -> ExciterSettings:
        return replace(settings, amount=settings.amount * amount)

    def process(self, block: Samples) -> Samples:
        return self._exciter.process(block)

    def configure(self, settings: ExciterSettings) -> bool:
        if replace(settings, on=True) != replace(self._settings, on=True):
            self._exciter.change(lambda _: self._made(settings))
        self._settings = settings
        return True

    def _made(self, settings: ExciterSettings) -> Exciter:
        return Exciter(
            self._sample_rate_hz,
            self._channels,
            frequency_hz=settings.frequency_hz,
            drive_db=settings.drive_db,
            harmonics=settings.harmonics,
            amount=settings.amount,
        )
