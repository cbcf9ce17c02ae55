"""Glue: the compressor over the whole mix."""

from __future__ import annotations

import math
from dataclasses import replace

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.chain import GlueSettings
from sonicforge_studio.kernels.crossfade import Crossfade
from sonicforge_studio.kernels.dynamics import GlueCompressor


class GlueStage:
    def __init__(self, sample_rate_hz: int, channels: int, settings: GlueSettings, loudness_lufs: float) -> None:
        self._settings = settings
        self._loudness_lufs = loudness_lufs
        own = GlueCompressor(sample_rate_hz, channels, **self._figures(settings))
        self._glue = Crossfade(sample_rate_hz, own)
        self.latency_frames = 0

    @staticmethod
    def is_neutral(settings: GlueSettings) -> bool:
        return settings.ratio == 1.0 or settings.mix == 0.0

    @staticmethod
    def scaled(settings: GlueSettings, amount: float) -> GlueSettings:
        return replace(settings, mix=settings.mix * amount)

    @property
    def reductions_db(self) -> tuple[float, ...]:
        return (self._glue.newest.reduction_db,)

    @property
    def mean_reduction_db(self) -> float:
        return self._glue.newest.mean_reduction_db

    def process(self, block: Samples) -> Samples:
        out: Samples = self._glue.process(block)
        return out

    def configure(self, settings: GlueSettings) -> bool:
        if settings != self._settings:
            self._settings = settings
            figures = self._figures(settings)
            self._glue.change(lambda old: old.successor(**figures))
        return True

    def _figures(self, settings: GlueSettings) -> dict[str, float]:
        """Silence is not compressed."""
        audible = math.isfinite(self._loudness_lufs)
        return {
            "threshold_lufs": self._loudness_lufs + settings.threshold_lu if audible else 0.0,
            "ratio": settings.ratio if audible else 1.0,
            "attack_ms": settings.attack_ms,
            "amount": settings.mix,
        }
