"""The four-band compressor."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.chain import DynamicsBand, MultibandSettings
from sonicforge_studio.kernels.convolution import fir_taps
from sonicforge_studio.kernels.crossfade import Crossfade
from sonicforge_studio.kernels.multiband import (
    BandSettings,
    Dynamics,
    LinearPhaseCompressor,
    MinimumPhaseCompressor,
)


class MultibandStage:
    """Where it is made and every band is neutral, its output is the input through the crossovers' all-passes, or
    delayed where they are of linear phase; the chain leaves a neutral one out unless it is live."""

    def __init__(self, sample_rate_hz: int, channels: int, settings: MultibandSettings, loudness_lufs: float) -> None:
        self._rate_hz = sample_rate_hz
        self._settings = settings
        self._loudness_lufs = loudness_lufs
        crossovers_hz, dynamics = np.array(settings.crossovers_hz), self._dynamics(settings)
        self._minimum: Crossfade[MinimumPhaseCompressor] | None = None
        self._linear: Crossfade[LinearPhaseCompressor] | None = None
        self.latency_frames = 0
        if settings.phase == "minimum":
            own = MinimumPhaseCompressor(sample_rate_hz, channels, crossovers_hz, dynamics)
            self._minimum = Crossfade(sample_rate_hz, own)
        else:
            taps = fir_taps(sample_rate_hz)
            late = LinearPhaseCompressor(sample_rate_hz, channels, crossovers_hz, dynamics, taps)
            self._linear = Crossfade(sample_rate_hz, late)
            self.latency_frames = late.latency_frames

    @staticmethod
    def is_neutral(settings: MultibandSettings) -> bool:
        return all(not band.on or (band.ratio == 1.0 and band.gain_db == 0.0) for band in settings.bands)

    @staticmethod
    def scaled(settings: MultibandSettings, amount: float) -> MultibandSettings:
        return replace(settings, bands=tuple(_scaled_band(band, amount) for band in settings.bands))

    @property
    def reductions_db(self) -> tuple[float, ...]:
        """Of the four bands, from the lowest up."""
        return self._running.reductions_db

    @property
    def mean_reductions_db(self) -> tuple[float, ...]:
        return self._running.mean_reductions_db

    def process(self, block: Samples) -> Samples:
        out: Samples
        if self._minimum is not None:
            out = self._minimum.process(block)
        else:
            assert self._linear is not None
            out = self._linear.process(block)
        return out

    def configure(self, settings: MultibandSettings) -> bool:
        if settings.phase != self._settings.phase:
            return False
        if settings == self._settings:
            return True
        self._settings = settings
        crossovers_hz, dynamics = np.array(settings.crossovers_hz), self._dynamics(settings)
        if self._minimum is not None:
            self._minimum.change(lambda old: old.successor(crossovers_hz, dynamics))
        if self._linear is not None:
            self._linear.change(lambda old: old.successor(crossovers_hz, dynamics))
        return True

    @property
    def _running(self) -> Dynamics:
        if self._minimum is not None:
            return self._minimum.newest.dynamics
        assert self._linear is not None
        return self._linear.newest.dynamics

    def _dynamics(self, settings: MultibandSettings) -> Dynamics:
        return Dynamics(self._rate_hz, tuple(self._band(band) for band in settings.bands))

    def _band(self, band: DynamicsBand) -> BandSettings:
        """Silence is not compressed."""
        if not band.on:
            return BandSettings(0.0, 1.0, band.attack_ms, band.release_ms, 0.0)
        audible = math.isfinite(self._loudness_lufs)
        threshold_lufs = self._loudness_lufs + band.threshold_lu if audible else 0.0
        return BandSettings(
            threshold_lufs, band.ratio if audible else 1.0, band.attack_ms, band.release_ms, band.gain_db
        )


def _scaled_band(band: DynamicsBand, amount: float) -> DynamicsBand:
    """The reduction in dB is that share of the whole."""
    slope = amount * (1.0 - 1.0 / band.ratio)
    return replace(band, ratio=1.0 / (1.0 - slope), gain_db=band.gain_db * amount)
