"""Stereo: width by band, mono bass, and a guard for mono playback."""

from __future__ import annotations

from dataclasses import replace

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.chain import StereoSettings
from sonicforge_studio.kernels.widener import Widener
from sonicforge_studio.mastering.stages._handover import Handover

_WARM_UP_SECONDS = 0.030


class StereoStage:
    def __init__(self, sample_rate_hz: int, channels: int, settings: StereoSettings, loudness_lufs: float) -> None:
        self._sample_rate_hz, self._stereo = sample_rate_hz, channels == 2
        self._settings = settings
        self._widener = Handover(sample_rate_hz, self._made(settings), warm_up_seconds=_WARM_UP_SECONDS)
        self.latency_frames = 0
        self.reductions_db: tuple[float, ...] = ()

    @staticmethod
    def is_neutral(settings: StereoSettings) -> bool:
        return settings.widths == (1.0, 1.0, 1.0) and settings.mono_below_hz == 0.0

    @staticmethod
    def scaled(settings: StereoSettings, amount: float) -> StereoSettings:
        low, middle, high = (1.0 + amount * (width - 1.0) for width in settings.widths)
        return replace(settings, widths=(low, middle, high), mono_below_hz=amount * settings.mono_below_hz)

    def process(self, block: Samples) -> Samples:
        return self._widener.process(block) if self._stereo else block

    def configure(self, settings: StereoSettings) -> bool:
        if self._stereo and replace(settings, on=True) != replace(self._settings, on=True):
            self._widener.replace(lambda: self._made(settings))
        self._settings = settings
        return True

    def _made(self, settings: StereoSettings) -> Widener:
        return Widener(
            self._sample_rate_hz,
            crossovers_hz=settings.crossovers_hz,
            widths=settings.widths,
            mono_below_hz=settings.mono_below_hz,
            guard=settings.guard,
        )
