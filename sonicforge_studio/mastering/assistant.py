"""What the assistant would change in a piece, each thing with its reason; nothing in a piece that is well balanced.

The balance is held against a typical spectrum of popular music: the mean long-term spectrum of commercial recordings
falls by about 5 dB an octave from 100 Hz to 4 kHz, and faster above (Pestana, Ma, Reiss, Barbosa and Black, "Spectral
characteristics of popular commercial recordings 1950-2010", AES 135th Convention, 2013); levels of third octaves, which
widen upwards, fall by 3 dB less. The ends of the curve below and the tolerances are our own judgement. No more than
half of what lies over them is taken away.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Suggestion
from sonicforge_studio.mastering._third_octaves import CENTRES_HZ
from sonicforge_studio.mastering.matching import Profile

Float64 = NDArray[np.float64]

_TYPICAL_DB: Float64 = np.interp(
    np.log2(CENTRES_HZ),
    np.log2([20.0, 40.0, 63.0, 100.0, 1000.0, 4000.0, 10_000.0, 20_000.0]),
    [-16.0, -3.0, 0.0, 0.0, -6.6, -10.6, -16.0, -30.0],
)
_GENRE_BASS_DB: Mapping[str, float] = MappingProxyType(
    {
        "house": 2.0,
        "deep-house": 2.0,
        "tech-house": 3.0,
        "techno": 3.0,
        "trance": 2.0,
        "drum-and-bass": 3.0,
        "jungle": 3.0,
        "dub": 4.0,
        "dubstep": 4.0,
        "trap": 4.0,
        "hip-hop": 3.0,
        "boom-bap": 3.0,
        "ambient": -2.0,
        "drone": -2.0,
    }
)
"""More bass, or less, is meant below 120 Hz in these; our own judgement."""
_HEARD = (CENTRES_HZ > 30.0) & (CENTRES_HZ < 16_500.0)
_HARSH, _MUD, _BASS, _AIR = (2000.0, 5100.0), (200.0, 510.0), (39.0, 101.0), (9900.0, 16_100.0)
_TOLERANCE_DB = 4.0
_BUMP_DB, _RESONANCE_DB = 4.5, 7.0
"""So far over what is an octave around a third octave stands out: where the ear is touchy, and elsewhere."""
_MOST_CUT_DB, _MOST_LIFT_DB = 4.0, 2.5
_LEAST_STEP_DB = 0.5
_WIDE_BASS_DB = -9.0
"""Sides of the bass louder than this under its middle: it is lost in mono, and on one's groove."""
_BASS_BELOW_HZ = 120.0
_SIBILANCE_DB = 7.0
_DENSE_PLR_LU, _WIDE_PLR_LU = 7.5, 17.0
_GREAT_SPREAD_LU = 14.0
_CLIPPED_DBFS = -0.02
_CLIPPED_PLR_LU = 11.0
_NARROW_DB, _WIDE_DB = -22.0, -1.0
_RUMBLE_DB = -6.0


def propose(profile: Profile, genre: str = "") -> tuple[Suggestion, ...]:
    """What would do a piece good; empty where nothing stands out, or there is nothing to hear.

    ``genre`` is a name of the genre book; an unknown one counts as none.
    """
    if profile.is_silent:
        return ()
    balance = _Balance(profile, genre.strip().lower().replace(" ", "-"))
    return (
        *_repairs(profile, balance),
        *_tone(balance),
        *_stereo(profile),
        *_dynamics(profile),
    )


class _Balance:
    """A piece's third octaves against the typical ones, once both have the same mean level."""

    def __init__(self, profile: Profile, genre: str) -> None:
        typical = _TYPICAL_DB + np.where(CENTRES_HZ < _BASS_BELOW_HZ, _GENRE_BASS_DB.get(genre, 0.0), 0.0)
        self.heard = _HEARD & (0.45 * profile.sample_rate_hz > CENTRES_HZ)
        over = profile.levels_db - typical
        # The median: one band that stands out does not make all others look weak.
        self.over_db: Float64 = over - float(np.median(over[self.heard]))

    def over(self, limits_hz: tuple[float, float]) -> float:
        """The mean of a range, in dB; 0 where it is not heard."""
        inside = self.heard & (limits_hz[0] <= CENTRES_HZ) & (limits_hz[1] >= CENTRES_HZ)
        return float(self.over_db[inside].mean()) if inside.any() else 0.0

    def peak(self, limits_hz: tuple[float, float]) -> tuple[float, float]:
        """Where in a range it stands out most, in Hz, and by how many dB over its surroundings of an octave."""
        inside = np.flatnonzero(self.heard & (limits_hz[0] <= CENTRES_HZ) & (limits_hz[1] >= CENTRES_HZ))
        best_hz, best_db = limits_hz[0], -math.inf
        for band in inside:
            around = [each for each in (band - 3, band - 2, band + 2, band + 3) if 0 <= each < self.heard.size]
            around = [each for each in around if self.heard[each]]
            if around:
                out_db = float(self.over_db[band] - self.over_db[around].mean())
                if out_db > best_db:
                    best_hz, best_db = float(CENTRES_HZ[band]), out_db
        return best_hz, best_db


def _tone(balance: _Balance) -> Iterator[Suggestion]:
    taken_hz: list[float] = []
    for band, limits_hz, reason in (
        (5, _HARSH, "Harsh around {frequency_hz} Hz: {gain_db} dB."),
        (2, _MUD, "Muddy around {frequency_hz} Hz: {gain_db} dB."),
    ):
        centre_hz, out_db = balance.peak(limits_hz)
        broad_db = balance.over(limits_hz) - _TOLERANCE_DB
        if out_db > _BUMP_DB:
            taken_hz.append(centre_hz)
            yield _bell(band, centre_hz, -_step(0.5 * out_db, _MOST_CUT_DB), 1.4, reason)
        elif broad_db > 0.0:
            centre_hz = math.sqrt(limits_hz[0] * limits_hz[1])
            taken_hz.append(centre_hz)
            yield _bell(band, centre_hz, -_step(0.5 * broad_db + 0.5, _MOST_CUT_DB), 0.8, reason)
    centre_hz, out_db = balance.peak((120.0, 12_000.0))
    if out_db > _RESONANCE_DB and not any(0.7 < centre_hz / other_hz < 1.5 for other_hz in taken_hz):
        gain_db = -_step(0.5 * out_db, _MOST_CUT_DB)
        yield _bell(3, centre_hz, gain_db, 2.0, "A resonance stands out at {frequency_hz} Hz: {gain_db} dB.")
    yield from _shelves(balance)


def _shelves(balance: _Balance) -> Iterator[Suggestion]:
    bass_db, air_db = balance.over(_BASS), balance.over(_AIR)
    if bass_db > _TOLERANCE_DB + 2.0:
        yield _shelf(0, 80.0, -_step(0.5 * (bass_db - _TOLERANCE_DB), _MOST_CUT_DB), "The bass is heavy: {gain_db} dB.")
    elif bass_db < -_TOLERANCE_DB - 2.0:
        lift_db = _step(0.5 * (-bass_db - _TOLERANCE_DB), _MOST_LIFT_DB)
        yield _shelf(0, 80.0, lift_db, "The bass is thin: +{gain_db} dB.")
    if air_db > _TOLERANCE_DB + 2.0:
        cut_db = -_step(0.5 * (air_db - _TOLERANCE_DB), _MOST_CUT_DB)
        yield _shelf(7, 12_000.0, cut_db, "The top is sharp: {gain_db} dB.")
    elif -24.0 < air_db < -_TOLERANCE_DB - 3.0:
        # Where there is as good as nothing a lift would only bring noise.
        lift_db = _step(0.5 * (-air_db - _TOLERANCE_DB), _MOST_LIFT_DB)
        yield _shelf(7, 12_000.0, lift_db, "The top is dull: +{gain_db} dB.")
    beside_db = 0.5 * (balance.over((3900.0, 5100.0)) + balance.over((9900.0, 12_600.0)))
    sibilance_db = balance.over((6200.0, 8100.0)) - beside_db
    if sibilance_db > _SIBILANCE_DB:
        yield Suggestion(
            "Sibilants stand out around {frequency_hz} Hz by {excess_db} dB: the de-esser takes them down.",
            (("frequency_hz", 7000.0), ("excess_db", round(sibilance_db, 1))),
            (("de_esser.on", True), ("de_esser.frequency_hz", 6000.0), ("de_esser.range_db", 5.0)),
        )


def _repairs(profile: Profile, balance: _Balance) -> Iterator[Suggestion]:
    flat = profile.loudness.sample_peak_dbfs >= _CLIPPED_DBFS and profile.peak_to_loudness_lu < _CLIPPED_PLR_LU
    if flat:
        yield Suggestion(
            "Its peaks look clipped (the highest at {peak_dbfs} dBFS): they are drawn anew.",
            (("peak_dbfs", round(profile.loudness.sample_peak_dbfs, 1)),),
            (("repair.declip", 0.5),),
        )
    for mains_hz, out_db in ((50.0, profile.hum_50_hz_db), (60.0, profile.hum_60_hz_db)):
        if out_db > 0.0:
            yield Suggestion(
                "Mains hum at {frequency_hz} Hz, {excess_db} dB over what is around it: it is taken out.",
                (("frequency_hz", mains_hz), ("excess_db", round(out_db, 1))),
                (("repair.hum_hz", mains_hz), ("repair.hum_db", -24.0)),
            )
    lowest_db = float(profile.levels_db[CENTRES_HZ < 26.0].max() - profile.levels_db[balance.heard].max())
    if lowest_db > _RUMBLE_DB:
        yield Suggestion(
            "Rumble below {frequency_hz} Hz takes room that nobody hears: a steeper low end.",
            (("frequency_hz", 32.0),),
            (("repair.high_pass_hz", 32.0),),
        )


def _stereo(profile: Profile) -> Iterator[Suggestion]:
    middle, side = (10.0 ** (np.array(levels) / 10.0) for levels in (profile.middle_db, profile.side_db))
    bass, rest = CENTRES_HZ < _BASS_BELOW_HZ, (CENTRES_HZ > 250.0) & (CENTRES_HZ < 10_000.0)
    if middle[bass].sum() > 0.0:
        bass_db = 10.0 * math.log10(side[bass].sum() / middle[bass].sum() + 1e-12)
        whole_db = 10.0 * math.log10((middle[bass].sum() + side[bass].sum()) / (middle + side).sum() + 1e-12)
        if bass_db > _WIDE_BASS_DB and whole_db > -20.0:
            yield Suggestion(
                "The bass is wider than it should be below {frequency_hz} Hz: mono there.",
                (("frequency_hz", _BASS_BELOW_HZ),),
                (("stereo.on", True), ("stereo.mono_below_hz", _BASS_BELOW_HZ)),
            )
    width_db = 10.0 * math.log10(side[rest].sum() / (middle[rest].sum() + 1e-30) + 1e-12)
    if -50.0 < width_db < _NARROW_DB:
        yield Suggestion(
            "The stereo image is narrow (sides {level_db} dB under the middle): a little wider.",
            (("level_db", round(-width_db, 1)),),
            (("stereo.on", True), ("stereo.widths.1", 1.25), ("stereo.widths.2", 1.35)),
        )
    elif width_db > _WIDE_DB:
        yield Suggestion(
            "The sides are nearly as loud as the middle: a little narrower, so that mono keeps its weight.",
            (),
            (("stereo.on", True), ("stereo.widths.1", 0.85), ("stereo.widths.2", 0.85)),
        )


def _dynamics(profile: Profile) -> Iterator[Suggestion]:
    if profile.peak_to_loudness_lu < _DENSE_PLR_LU:
        yield Suggestion(
            "It is dense already (peaks {distance_lu} LU over the loudness): no more compression.",
            (("distance_lu", round(profile.peak_to_loudness_lu, 1)),),
            (("glue.on", False), ("multiband.on", False)),
        )
    elif profile.peak_to_loudness_lu > _WIDE_PLR_LU and profile.loudness_spread_lu < _GREAT_SPREAD_LU:
        yield Suggestion(
            "Peaks lie {distance_lu} LU over the loudness: the glue compressor takes a firmer hold.",
            (("distance_lu", round(profile.peak_to_loudness_lu, 1)),),
            (("glue.on", True), ("glue.ratio", 2.0), ("glue.attack_ms", 20.0)),
        )


def _step(amount_db: float, most_db: float) -> float:
    """In half decibels."""
    return min(max(round(2.0 * amount_db) / 2.0, _LEAST_STEP_DB), most_db)


def _bell(band: int, frequency_hz: float, gain_db: float, q: float, reason: str) -> Suggestion:
    nice_hz = float(f"{frequency_hz:.2g}")
    place = f"eq.bands.{band}"
    changes = (
        (f"{place}.on", True),
        (f"{place}.kind", "bell"),
        (f"{place}.frequency_hz", nice_hz),
        (f"{place}.gain_db", gain_db),
        (f"{place}.q", q),
    )
    return Suggestion(reason, (("frequency_hz", nice_hz), ("gain_db", gain_db)), (("eq.on", True), *changes))


def _shelf(band: int, frequency_hz: float, gain_db: float, reason: str) -> Suggestion:
    place = f"eq.bands.{band}"
    changes = ((f"{place}.on", True), (f"{place}.frequency_hz", frequency_hz), (f"{place}.gain_db", gain_db))
    return Suggestion(reason, (("gain_db", gain_db),), (("eq.on", True), *changes))
