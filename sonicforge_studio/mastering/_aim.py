"""Which gain and which pace of the limiter bring a piece to its target, told from the forecast of its loudness."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from sonicforge_studio.audio import decibels
from sonicforge_studio.domain import MasterSettings
from sonicforge_studio.kernels.limiter import CALM, Pace
from sonicforge_studio.kernels.loudness_forecast import LoudnessForecast
from sonicforge_studio.kernels.loudness_statistics import OFFSET_DB, LoudnessStatistics
from sonicforge_studio.mastering._gain_search import find_gain

GREATEST_GAIN_DB = 40.0
_LOWEST_GAIN_DB = -80.0
NEAR_ENOUGH_LU = 0.1
PACES = (
    CALM,
    Pace(look_ahead=0.003, hold=0.006, fast_release=0.040, slow_release=0.120),
    Pace(look_ahead=0.0015, hold=0.003, fast_release=0.015, slow_release=0.045),
    Pace(look_ahead=0.0015, hold=0.001, fast_release=0.004, slow_release=0.012),
)
"""The limiter's paces: what a calm one would only squash, a faster one still brings to a loud target."""
_WORTHWHILE = 0.3
_STILL_WORTHWHILE = 0.1
"""The loudness in LU that a further dB of gain has to bring, at each pace and at the fastest: less means squashing."""
_MOST_MEAN_REDUCTION_DB = 12.0
_HARDLY_LOUDER_LU = 0.3
_GUARD_CLEARANCE_LU = 0.1
_MOMENTARY_HOPS = 40
_GAIN_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Setting:
    gain_db: float
    ceiling_dbtp: float
    pace: Pace


@dataclass(frozen=True, slots=True)
class _Trial:
    lufs: float
    mean_limiter_db: float


class _Squashed(Exception):
    """More gain would bring hardly any loudness."""


class Aim:
    """From a forecast to a setting, and better at each measurement."""

    def __init__(self, forecast: LoudnessForecast, sample_rate_hz: int, settings: MasterSettings) -> None:
        self.forecast = forecast
        self._rate_hz = sample_rate_hz
        self._settings = settings
        self._pace = CALM
        self._off_lu = 0.0
        """By how much the finished samples were louder than forecast."""
        self.guarded = False
        """Whether the dynamics guard holds it under its target."""
        self._reached = True

    def setting(self, ceiling_dbtp: float) -> Setting:
        """The calmest limiter, and the gain, that bring the loudness that is wanted."""
        rested = self._lufs(Setting(0.0, ceiling_dbtp, CALM), limited=False)
        if not math.isfinite(rested):
            self._reached = False
            return Setting(0.0, ceiling_dbtp, CALM)
        wanted_lufs = self._wanted_lufs(ceiling_dbtp, rested)
        return self._nearest(Setting(wanted_lufs - rested - self._off_lu, ceiling_dbtp, self._pace), wanted_lufs)

    def corrected(self, setting: Setting, measured_lufs: float, exact_lu: float) -> bool:
        """Take in what a setting's samples measured; whether another one is worth a try."""
        if not self._reached or abs(measured_lufs - self._aimed_lufs) <= exact_lu:
            return False
        self._off_lu = measured_lufs - self._lufs(setting)
        return True

    def _wanted_lufs(self, ceiling_dbtp: float, rested_lufs: float) -> float:
        """The target; under the dynamics guard no more than leaves the peaks so far above the loudness. A piece that is
        denser by itself is raised until its highest peak touches the ceiling, and no further."""
        self._aimed_lufs = self._settings.target.integrated_lufs
        least = self._settings.least_peak_to_loudness_lu
        if least > 0.0:
            own = decibels(self.forecast.highest_level) - rested_lufs
            most_lufs = ceiling_dbtp - min(least + _GUARD_CLEARANCE_LU, own)
            self.guarded = most_lufs < self._aimed_lufs
            self._aimed_lufs = min(self._aimed_lufs, most_lufs)
        return self._aimed_lufs

    def _nearest(self, first: Setting, wanted_lufs: float) -> Setting:
        """The best gain from here, at this pace or, where that would only squash, at a faster one."""
        fastest = first.pace == PACES[-1]
        worthwhile = _STILL_WORTHWHILE if fastest else _WORTHWHILE
        trials: dict[float, _Trial] = {}

        def missing_at(gain_db: float) -> float:
            trial = self._try(replace(first, gain_db=gain_db))
            below = max((tried for tried in trials if tried < gain_db), default=None)
            trials[gain_db] = trial
            missing = wanted_lufs - trial.lufs
            if missing > NEAR_ENOUGH_LU:
                brought = math.inf if below is None else (trial.lufs - trials[below].lufs) / (gain_db - below)
                if brought < worthwhile or trial.mean_limiter_db < -_MOST_MEAN_REDUCTION_DB:
                    raise _Squashed
            return missing

        self._reached = True
        try:
            gain_db = find_gain(missing_at, first.gain_db, _LOWEST_GAIN_DB, GREATEST_GAIN_DB, close_enough=0.005)
        except _Squashed:
            if not fastest:
                self._pace = PACES[PACES.index(first.pace) + 1]
                return self._nearest(replace(first, gain_db=min(trials), pace=self._pace), wanted_lufs)
            self._reached = False
            loudest = max(trial.lufs for trial in trials.values())
            gain_db = min(tried for tried, trial in trials.items() if trial.lufs > loudest - _HARDLY_LOUDER_LU)
        # A piece that is at its target already has its gain of 0 dB, and keeps its bits.
        return replace(first, gain_db=round(gain_db, _GAIN_DIGITS))

    def _try(self, setting: Setting) -> _Trial:
        hops, mean = self._hops(setting)
        return _Trial(self._lufs_of(hops) + self._off_lu, decibels(mean))

    def _lufs(self, setting: Setting, *, limited: bool = True) -> float:
        return self._lufs_of(self._hops(setting if limited else replace(setting, ceiling_dbtp=math.inf))[0])

    def _hops(self, setting: Setting) -> tuple[np.ndarray, float]:
        gain, ceiling = (10.0 ** (level_db / 20.0) for level_db in (setting.gain_db, setting.ceiling_dbtp))
        return self.forecast.hops(gain, ceiling, setting.pace)

    def _lufs_of(self, hops: np.ndarray) -> float:
        """As ``Gauge`` reads it."""
        statistics = LoudnessStatistics(self._rate_hz)
        statistics.add(np.pad(hops, (0, max(0, _MOMENTARY_HOPS - hops.size))))
        power = statistics.integrated if statistics.integrated > 0.0 and hops.size >= _MOMENTARY_HOPS else 0.0
        power = power or statistics.momentary_max
        lufs = OFFSET_DB + 10.0 * math.log10(power) if power > 0.0 else -math.inf
        return lufs if lufs > -120.0 else -math.inf
