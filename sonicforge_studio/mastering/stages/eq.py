"""Tilt and eight bands, of minimum or linear phase."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.chain import EQ_BANDS, EqBand, EqSettings
from sonicforge_studio.kernels import section_design as design
from sonicforge_studio.kernels.convolution import LinearPhaseFilter, fir_taps, linear_phase
from sonicforge_studio.kernels.crossfade import Crossfade
from sonicforge_studio.kernels.equaliser import Cascade

Float64 = NDArray[np.float64]

_CUTS = ("low-cut", "high-cut", "notch")
_LOWEST_HZ, _HIGHEST_HZ, _NARROWEST = 20.0, 20_000.0, 18.0
_NEAREST_TO_HALF_THE_RATE = 0.98
_TILT_SECTIONS = 4


class EqStage:
    def __init__(self, sample_rate_hz: int, channels: int, settings: EqSettings, loudness_lufs: float) -> None:
        self._rate_hz = sample_rate_hz
        self._phase = settings.phase
        self._settings = settings
        self._cascade: Crossfade[Cascade] | None = None
        self._linear: Crossfade[LinearPhaseFilter] | None = None
        self.reductions_db: tuple[float, ...] = ()
        if settings.phase == "minimum":
            self.latency_frames = 0
            self._cascade = Crossfade(sample_rate_hz, Cascade(channels, _rows(settings, sample_rate_hz)))
        else:
            taps = fir_taps(sample_rate_hz)
            own = LinearPhaseFilter(channels, taps, _impulse(settings, sample_rate_hz))
            self.latency_frames = own.latency_frames
            self._linear = Crossfade(sample_rate_hz, own)

    @staticmethod
    def is_neutral(settings: EqSettings) -> bool:
        return settings.tilt_db == 0.0 and not any(_acts(band) for band in settings.bands)

    @staticmethod
    def scaled(settings: EqSettings, amount: float) -> EqSettings:
        """Gains go down to nothing; cuts move outwards, notches become narrow, and at 0 they are off."""
        return replace(
            settings,
            tilt_db=settings.tilt_db * amount,
            bands=tuple(_scaled_band(band, amount) for band in settings.bands),
        )

    def process(self, block: Samples) -> Samples:
        out: Samples
        if self._cascade is not None:
            out = self._cascade.process(block)
        else:
            assert self._linear is not None
            out = self._linear.process(block)
        return out

    def configure(self, settings: EqSettings) -> bool:
        if settings.phase != self._phase:
            return False
        if settings == self._settings:
            return True
        self._settings = settings
        if self._cascade is not None:
            rows = _rows(settings, self._rate_hz)
            self._cascade.change(lambda old: old.successor(rows))
        if self._linear is not None:
            impulse = _impulse(settings, self._rate_hz)
            self._linear.change(lambda old: old.successor(impulse))
        return True


def eq_response_db(settings: EqSettings, sample_rate_hz: int, frequencies_hz: Float64) -> Float64:
    """The gain in dB at some frequencies up to half the rate, whether the stage is on or not; a notch's or cut's zero
    counts as −200 dB."""
    magnitude = design.response(_rows(settings, sample_rate_hz), sample_rate_hz, frequencies_hz)
    return 20.0 * np.log10(np.maximum(magnitude, 1e-10))


def _acts(band: EqBand) -> bool:
    return band.on and (band.kind in _CUTS or band.gain_db != 0.0)


def _scaled_band(band: EqBand, amount: float) -> EqBand:
    if band.kind not in _CUTS:
        return replace(band, gain_db=band.gain_db * amount)
    if amount <= 0.0:
        return replace(band, on=False)
    if band.kind == "notch":
        return replace(band, q=min(band.q / amount, max(_NARROWEST, band.q)))
    outermost_hz = _LOWEST_HZ if band.kind == "low-cut" else _HIGHEST_HZ
    return replace(band, frequency_hz=outermost_hz * (band.frequency_hz / outermost_hz) ** amount)


def _rows(settings: EqSettings, sample_rate_hz: int) -> Float64:
    """The sections of all that is not neutral, each in a row of its own whatever the others are; none where all is."""
    highest_hz = _NEAREST_TO_HALF_THE_RATE * 0.5 * sample_rate_hz
    rows = np.tile(np.array([1.0, 0.0, 0.0, 0.0, 0.0]), (EQ_BANDS + _TILT_SECTIONS, 1))
    used = 0
    for number, band in enumerate(settings.bands):
        if _acts(band) and band.frequency_hz < highest_hz:
            rows[number] = _section(band, sample_rate_hz)
            used = number + 1
    if settings.tilt_db != 0.0:
        rows[EQ_BANDS:] = design.tilt(sample_rate_hz, settings.tilt_db)
        used = EQ_BANDS + _TILT_SECTIONS
    return rows[:used]


def _section(band: EqBand, rate_hz: int) -> Float64:
    if band.kind == "bell":
        return design.bell(rate_hz, band.frequency_hz, band.gain_db, band.q)
    if band.kind == "low-shelf":
        return design.low_shelf(rate_hz, band.frequency_hz, band.gain_db, band.q)
    if band.kind == "high-shelf":
        return design.high_shelf(rate_hz, band.frequency_hz, band.gain_db, band.q)
    if band.kind == "low-cut":
        return design.low_cut(rate_hz, band.frequency_hz, band.q)
    if band.kind == "high-cut":
        return design.high_cut(rate_hz, band.frequency_hz, band.q)
    return design.notch(rate_hz, band.frequency_hz, band.q)


def _impulse(settings: EqSettings, sample_rate_hz: int) -> Float64 | None:
    rows = _rows(settings, sample_rate_hz)
    if not len(rows):
        return None
    taps = fir_taps(sample_rate_hz)
    return linear_phase(design.response(rows, sample_rate_hz, np.linspace(0.0, 0.5 * sample_rate_hz, taps // 2 + 1)))
