"""What a master takes from references: their spectrum, width and dynamics, worked out against a piece's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Loudness, Match, Progress, Source, Target
from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.domain.mastering import MATCH_BANDS
from sonicforge_studio.mastering._ahead import ahead
from sonicforge_studio.mastering._piece import source_blocks, told
from sonicforge_studio.mastering._reading import Gauge
from sonicforge_studio.mastering._third_octaves import CENTRES_HZ, ThirdOctaves
from sonicforge_studio.mastering.targets import CEILING_LIMITS_DBTP, LUFS_LIMITS, own_target

Float64 = NDArray[np.float64]

_HOP_WINDOWS = 1.0
_LOUD_SHARE = 0.5
"""The louder half of a piece is what it is balanced by: intros and pauses would tell of something else."""
_GREATEST_DB = 12.0
_GREATEST_LIFT_WHERE_FAINT_DB = 3.0
_FAINT_DB = -55.0
"""A band this far under the whole holds hiss rather than music, in the piece or in the reference."""
_VOID_DB = -75.0
"""And from here on down it is left alone: nothing can be lifted out of nothing."""
_GREATEST_SIDE_DB = 9.0
_MONO_DB = -40.0
"""Sides this far under the middle are none."""
_GREATEST_DYNAMICS_LU = 9.0
_GREATEST_LOOSENING_LU = 3.0
_CEILING_DBTP = -1.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What a piece sounds like, in few figures.

    ``middle_db`` and ``side_db`` are third-octave levels in dBFS (20 Hz to 20 kHz, 31 of them) of the louder half of
    it; ``loudness_spread_lu`` is its loudness range (EBU Tech 3342), 0 where there is none to read.
    """

    middle_db: tuple[float, ...]
    side_db: tuple[float, ...]
    loudness: Loudness
    loudness_spread_lu: float
    sample_rate_hz: int
    hum_50_hz_db: float = 0.0
    """By how much hum of the mains at 50 Hz stands over what is beside it; 0 where there is none."""
    hum_60_hz_db: float = 0.0

    @property
    def peak_to_loudness_lu(self) -> float:
        return self.loudness.true_peak_dbtp - self.loudness.integrated_lufs

    @property
    def levels_db(self) -> Float64:
        """Middle and side together."""
        squares = 10.0 ** (np.array(self.middle_db) / 10.0) + 10.0 ** (np.array(self.side_db) / 10.0)
        levels: Float64 = 10.0 * np.log10(squares)
        return levels

    @property
    def is_silent(self) -> bool:
        return not math.isfinite(self.loudness.integrated_lufs)


def profile_of(open_source: Callable[[], Source], progress: Progress) -> Profile:
    """Listen to a piece once. Raises what the source raises, and ``Cancelled``."""
    with closing(open_source()) as source:
        gauge = Gauge(source.sample_rate_hz, source.channels)
        bands = ThirdOctaves(source.sample_rate_hz, source.channels, hop_windows=_HOP_WINDOWS)
        guessed = source.frames or 60 * source.sample_rate_hz
        with closing(told(ahead(source_blocks(source)), guessed, progress, "Listening")) as blocks:
            for block in blocks:
                gauge.add(block)
                bands.add(np.nan_to_num(block, posinf=0.0, neginf=0.0))
        loudness, _ = gauge.finish()
        rate_hz = source.sample_rate_hz
    middle_db, side_db = _loud_levels(bands.finish())
    spread = loudness.loudness_range_lu
    return Profile(
        middle_db,
        side_db,
        loudness,
        spread if math.isfinite(spread) else 0.0,
        rate_hz,
        round(bands.hum_db(50.0), 1),
        round(bands.hum_db(60.0), 1),
    )


def match_to(references: Sequence[tuple[Profile, float]], own: Profile, share: float) -> Match:
    """What leads ``own`` towards the references, weighted, by a share of 0 to 1.

    Raises ``BadSetting`` where a reference is silent, a weight is not positive, or the share lies outside.
    """
    if not 0.0 <= share <= 1.0:
        raise BadSetting(f"The share of the reference is from 0 to 1, not {share:g}.")
    if not references:
        raise BadSetting("A match needs a reference.", hint="Choose a file that sounds as yours should.")
    for profile, weight in references:
        if not (math.isfinite(weight) and weight > 0.0):
            raise BadSetting(f"The weight of a reference is above 0, not {weight:g}.")
        _require_sound(profile)
    if own.is_silent:
        return Match()
    weights = np.array([weight for _, weight in references])
    weights /= weights.sum()
    heard = _Heard.of(own)
    wanted = [_Heard.of(profile) for profile, _ in references]
    top_hz = 0.45 * min(own.sample_rate_hz, *(profile.sample_rate_hz for profile, _ in references))
    levels_db = _weighted(weights, [each.levels_db for each in wanted])
    middle_db = _weighted(weights, [each.middle_db for each in wanted])
    sides_db = _weighted(weights, [each.side_to_middle_db for each in wanted])
    side_db = _side_curve(heard, sides_db, top_hz)
    # Width changes the sum: the middle's curve is what then leads the middle to the references'.
    curve_db = _curve(heard.middle_db, middle_db, levels_db, top_hz)
    spread = float(weights @ np.array([profile.loudness_spread_lu for profile, _ in references]))
    tighter = own.loudness_spread_lu - spread if own.loudness_spread_lu > 0.0 and spread > 0.0 else 0.0
    return Match(
        curve_db=_plain(share * curve_db),
        side_db=_plain(share * side_db),
        dynamics_lu=round(share * min(max(tighter, -_GREATEST_LOOSENING_LU), _GREATEST_DYNAMICS_LU), 2),
    )


def _require_sound(reference: Profile) -> None:
    if reference.is_silent:
        raise BadSetting(
            "The reference has no loudness: it is silent, very quiet or shorter than 0.4 s.",
            hint="Choose one with sound in it.",
        )


def target_of(profile: Profile, *, ceiling_dbtp: float = _CEILING_DBTP) -> Target:
    """A target as loud as a reference, as far as the studio goes. Raises ``BadSetting`` where it is silent."""
    _require_sound(profile)
    low, high = LUFS_LIMITS
    ceiling = min(max(ceiling_dbtp, CEILING_LIMITS_DBTP[0]), CEILING_LIMITS_DBTP[1])
    return own_target(min(max(profile.loudness.integrated_lufs, low), high), ceiling)


def spectral_distance_db(one: Profile, other: Profile) -> float:
    """How far two pieces' spectra lie apart once they are equally loud: the root mean square of their third octaves'
    differences from 40 Hz to 16 kHz, in dB."""
    heard = (CENTRES_HZ > 39.0) & (CENTRES_HZ < 16_500.0)
    differences = (one.levels_db - other.levels_db)[heard]
    return float(np.sqrt(np.mean((differences - differences.mean()) ** 2)))


@dataclass(frozen=True, slots=True)
class _Heard:
    """A profile with its levels under those of the whole piece, in dB."""

    levels_db: Float64
    middle_db: Float64
    side_to_middle_db: Float64

    @classmethod
    def of(cls, profile: Profile) -> _Heard:
        levels = profile.levels_db
        whole_db = 10.0 * math.log10(float((10.0 ** (levels / 10.0)).sum()))
        middle = np.array(profile.middle_db)
        return cls(levels - whole_db, middle - whole_db, np.array(profile.side_db) - middle)


def _loud_levels(squares: Float64) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Middle and side in dBFS over the louder half of the windows."""
    if not squares.shape[0]:
        squares = np.zeros((1, 2, MATCH_BANDS))
    powers = squares.sum(axis=(1, 2))
    loud = squares[powers >= np.quantile(powers, 1.0 - _LOUD_SHARE)].mean(axis=0)
    levels = 10.0 * np.log10(loud + 1e-20)
    return _plain(levels[0]), _plain(levels[1])


def _weighted(weights: Float64, curves: Sequence[Float64]) -> Float64:
    """The mean in dB: no single reference outweighs the others by its level."""
    mean: Float64 = weights @ np.stack(curves)
    return mean


def _curve(own_db: Float64, wanted_db: Float64, wanted_levels_db: Float64, top_hz: float) -> Float64:
    steps = wanted_db - own_db
    # Where one of the two holds little, the difference tells of its noise.
    faintest = np.minimum(own_db, wanted_levels_db)
    trust = np.clip((faintest - _VOID_DB) / (_FAINT_DB - _VOID_DB), 0.0, 1.0)
    trust[(top_hz < CENTRES_HZ)] = 0.0
    sound = trust > 0.0
    if not sound.any():
        return np.zeros(MATCH_BANDS)
    level = float(np.average(steps[sound], weights=trust[sound]))
    steps = np.clip(trust * (steps - level), -_GREATEST_DB, _GREATEST_DB)
    faint = own_db < _FAINT_DB
    steps[faint] = np.minimum(steps[faint], _GREATEST_LIFT_WHERE_FAINT_DB)
    return steps


def _side_curve(own: _Heard, wanted_db: Float64, top_hz: float) -> Float64:
    steps = np.clip(wanted_db - own.side_to_middle_db, -_GREATEST_SIDE_DB, _GREATEST_SIDE_DB)
    # A mono piece has no sides to lift, and what is faint there is no music.
    steps[(own.side_to_middle_db < _MONO_DB) | (top_hz < CENTRES_HZ)] = 0.0
    faint = own.middle_db + own.side_to_middle_db < _FAINT_DB - 10.0
    steps[faint] = np.minimum(steps[faint], 0.0)
    return np.convolve(np.pad(steps, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")


def _plain(values: Float64) -> tuple[float, ...]:
    return tuple(np.round(values, 2).tolist())
