"""De-esser: sharp s and cymbals, turned down while they are sharp."""

from __future__ import annotations

import math
from dataclasses import replace

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.chain import DeEsserSettings
from sonicforge_studio.kernels.de_esser import DeEsser


class DeEsserStage:
    def __init__(self, sample_rate_hz: int, channels: int, settings: DeEsserSettings, loudness_lufs: float) -> None:
        self._loudness_lufs = loudness_lufs
        self._de_esser = DeEsser(sample_rate_hz, channels, **self._figures(settings))
        self.latency_frames = 0

    @staticmethod
    def is_neutral(settings: DeEsserSettings) -> bool:
        return settings.range_db == 0.0

    @staticmethod
    def scaled(settings: DeEsserSettings, amount: float) -> DeEsserSettings:
        return replace(settings, range_db=settings.range_db * amount)

    @property
    def reductions_db(self) -> tuple[float, ...]:
        return (self._de_esser.reduction_db,)

    def process(self, block: Samples) -> Samples:
        return self._de_esser.process(block)

    def configure(self, settings: DeEsserSettings) -> bool:
        self._de_esser.configure(**self._figures(settings))
        return True

    def _figures(self, settings: DeEsserSettings) -> dict[str, float]:
        audible = math.isfinite(self._loudness_lufs)
        return {
            "frequency_hz": settings.frequency_hz,
            "threshold_lufs": self._loudness_lufs + settings.threshold_lu if audible else 0.0,
            "range_db": settings.range_db if audible else 0.0,
        }
