"""Width of the sides, band by band."""

from __future__ import annotations

from dataclasses import replace

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.chain import StereoSettings
from sonicforge_studio.kernels.crossfade import Crossfade
from sonicforge_studio.kernels.widener import Widener


class StereoStage:
    def __init__(self, sample_rate_hz: int, channels: int, settings: StereoSettings, loudness_lufs: float) -> None:
        self._settings = settings
        self._widener: Crossfade[Widener] | None = None
        if channels == 2:
            own = Widener(
                sample_rate_hz,
                settings.crossovers_hz,
                settings.widths,
                mono_below_hz=settings.mono_below_hz,
                guard=settings.guard,
            )
            self._widener = Crossfade(sample_rate_hz, own)
        self.latency_frames = 0
        self.reductions_db: tuple[float, ...] = ()

    @staticmethod
    def is_neutral(settings: StereoSettings) -> bool:
        return settings.widths == (1.0, 1.0, 1.0) and settings.mono_below_hz == 0.0

    @staticmethod
    def scaled(settings: StereoSettings, amount: float) -> StereoSettings:
        """Widths go towards 1, and what is mono begins lower down."""
        low, middle, high = (1.0 + amount * (width - 1.0) for width in settings.widths)
        mono_below_hz = settings.mono_below_hz * amount
        return replace(settings, widths=(low, middle, high), mono_below_hz=mono_below_hz)

    def process(self, block: Samples) -> Samples:
        if self._widener is None:
            return block
        out: Samples = self._widener.process(block)
        return out

    def configure(self, settings: StereoSettings) -> bool:
        if settings == self._settings:
            return True
        self._settings = settings
        if self._widener is not None:
            self._widener.change(
                lambda old: old.successor(
                    settings.crossovers_hz,
                    settings.widths,
                    mono_below_hz=settings.mono_below_hz,
                    guard=settings.guard,
                )
            )
        return True
