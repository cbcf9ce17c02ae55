"""Mastering a piece to a target: as loud as wanted, never over the ceiling, on the grid of 24-bit samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from sonicforge_studio.domain import (
    Loudness,
    MasterCurves,
    MasterSettings,
    Progress,
    Samples,
    Sink,
    Source,
    Span,
)
from sonicforge_studio.kernels.limiter import Limiter
from sonicforge_studio.mastering._ahead import ahead
from sonicforge_studio.mastering._aim import GREATEST_GAIN_DB, NEAR_ENOUGH_LU, Aim, Setting
from sonicforge_studio.mastering._curves import Heard, LowestGains, SpectrumTaker, curves_of
from sonicforge_studio.mastering._piece import Piece, told
from sonicforge_studio.mastering._reading import Gauge
from sonicforge_studio.mastering.chain import StageMeter, limited

_MARGIN_DB = 0.3
"""The limiter aims this far under the ceiling: other meters' interpolators read the same peak a little differently."""
_CLEARANCE_DB = 0.2
"""What at least has to be left of it in the finished samples."""
_MOST_ROUNDS = 6
_EXACT_LU = 0.04
"""A forecast that is further off than this is corrected by what was measured."""
_READ, _SHAPED, _FINISHED = 0.25, 0.55, 0.9
"""How far the progress is after each stage."""


@dataclass(frozen=True, slots=True)
class MasterOutcome:
    """What the chain made of a piece. ``notes`` are sentences on whatever could not be as it was asked for."""

    before: Loudness
    after: Loudness
    gain_db: float
    """Between the glue compressor and the limiter."""
    glue_db: float
    """Mean gain reduction of the glue compressor, ≤ 0."""
    limiter_db: float
    """Deepest gain reduction of the limiter, ≤ 0."""
    limiting: Setting
    """What gain and limiter were set to."""
    notes: tuple[str, ...] = ()
    curves: MasterCurves | None = None
    meters: Mapping[str, StageMeter] = field(default_factory=dict)
    """The stages that were at work, as they stood at the end."""


@dataclass(frozen=True, slots=True)
class _Finding:
    """A setting, and what the samples it makes measure."""

    setting: Setting
    loudness: Loudness
    lufs: float
    """The loudness that was aimed with."""
    limiter_db: float
    heard: Heard
    gains: LowestGains


def master(
    open_source: Callable[[], Source], sink: Sink | None, settings: MasterSettings, progress: Progress
) -> MasterOutcome:
    """Bring a piece to ``settings.target`` and write it to ``sink`` (to nowhere where that is None).

    ``open_source`` is called once for each pass over a piece that is too long to keep in memory, otherwise once. As
    many channels are written as were read, and as many frames (at ``settings.sample_rate_hz`` as many as make the same
    time), as multiples of 2⁻²³; the same input and settings make the same samples. The sink stays open: whoever opened
    it closes or abandons it. Raises what source and sink raise, and ``Cancelled``; no thread is left behind.
    """
    piece = Piece(open_source, settings, Span(progress, 0.0, _READ))
    found, guarded = _find(piece, settings, progress)
    if sink is not None:
        # Limited once more rather than kept: that is soon done, and half as much would lie in memory again.
        made = ahead(_limited(piece, _limiter(piece, found.setting)))
        # Should the sink fail, the source that the blocks come from is closed at once.
        with closing(told(made, piece.frames, Span(progress, _FINISHED, 1.0), "Writing")) as blocks:
            for block in blocks:
                sink.write(block)
    progress.step(1.0, 1.0, "Mastered")
    return MasterOutcome(
        before=piece.before,
        after=found.loudness,
        gain_db=found.setting.gain_db,
        glue_db=piece.mean_glue_db,
        limiter_db=found.limiter_db,
        limiting=found.setting,
        notes=_notes(piece, settings, found, guarded),
        curves=curves_of(piece.heard, found.heard, found.gains, piece.stage_reductions),
        meters=piece.meters,
    )


def _find(piece: Piece, settings: MasterSettings, progress: Progress) -> tuple[_Finding, bool]:
    """The setting that brings target and ceiling, and whether the dynamics guard decided."""
    target = settings.target
    ceiling_dbtp = target.ceiling_dbtp - _MARGIN_DB
    expected_lufs = piece.expected_lufs()
    guessed_db = target.integrated_lufs - expected_lufs if math.isfinite(expected_lufs) else 0.0
    forecast = piece.shape(_linear(guessed_db), _linear(ceiling_dbtp), Span(progress, _READ, _SHAPED))
    aim = Aim(forecast, piece.sample_rate_hz, settings)
    rest = _Rest(progress, _SHAPED, _FINISHED)
    found: _Finding | None = None
    for _ in range(_MOST_ROUNDS):
        setting = aim.setting(ceiling_dbtp)
        if not piece.is_exact_for(_linear(setting.gain_db), _linear(setting.ceiling_dbtp)):
            aim.forecast = piece.shape(_linear(setting.gain_db), _linear(setting.ceiling_dbtp), rest.next())
            setting = aim.setting(ceiling_dbtp)
        if found is not None and setting == found.setting:
            break
        found = _measured(piece, setting, rest.next())
        over_db = found.loudness.true_peak_dbtp - (target.ceiling_dbtp - _CLEARANCE_DB)
        if over_db > 0.0:
            ceiling_dbtp -= over_db + 0.01
        elif not aim.corrected(setting, found.lufs, _EXACT_LU):
            break
    assert found is not None
    return found, aim.guarded


class _Rest:
    """How many passes it takes shows at the end: each moves the bar by two thirds of what is left."""

    def __init__(self, progress: Progress, start: float, end: float) -> None:
        self._progress = progress
        self._start, self._end = start, end

    def next(self) -> Span:
        start = self._start
        self._start += (self._end - start) * 2.0 / 3.0
        return Span(self._progress, start, self._start)


def _measured(piece: Piece, setting: Setting, progress: Progress) -> _Finding:
    """All figures of the finished samples."""
    gauge = Gauge(piece.sample_rate_hz, piece.channels)
    spectrum = SpectrumTaker(piece.sample_rate_hz, piece.channels)
    gains = LowestGains(piece.sample_rate_hz)
    limiter = _limiter(piece, setting)
    made = _limited(piece, limiter, gains)
    with closing(told(ahead(made), piece.frames, progress, "Limiting")) as blocks:
        for block in blocks:
            gauge.add(block)
            spectrum.add(block)
    heard = Heard(gauge.trace, spectrum.levels_db())
    return _Finding(setting, *gauge.finish(), limiter.deepest_reduction_db, heard, gains)


def _limited(piece: Piece, limiter: Limiter, gains: LowestGains | None = None) -> Generator[Samples, None, None]:
    with closing(piece.shaped()) as shaped:
        for block in limited(shaped, limiter, piece.channels):
            if gains is not None:
                gains.add(limiter.reductions)
            yield block


def _limiter(piece: Piece, setting: Setting) -> Limiter:
    gain, ceiling = _linear(setting.gain_db), _linear(setting.ceiling_dbtp)
    return Limiter(piece.sample_rate_hz, piece.channels, gain=gain, ceiling=ceiling, pace=setting.pace)


def _linear(level_db: float) -> float:
    return math.pow(10.0, level_db / 20.0)


def _notes(piece: Piece, settings: MasterSettings, found: _Finding, guarded: bool) -> tuple[str, ...]:
    if not math.isfinite(found.lufs):
        return ("There is no loudness to read in it, so it was left at its level.",)
    target = settings.target
    notes = []
    if piece.too_short:
        notes.append(
            "It is shorter than 0.4 s, too short for an integrated loudness: its loudest moment was brought to the "
            "target instead."
        )
    if found.setting.gain_db >= GREATEST_GAIN_DB:
        notes.append(f"It was raised by {GREATEST_GAIN_DB:g} dB, the most the chain gives.")
    if abs(found.lufs - target.integrated_lufs) > NEAR_ENOUGH_LU:
        if guarded:
            notes.append(
                f"It stays at {found.lufs:.1f} LUFS to keep its dynamics: louder, its peaks would lie less than "
                f"{settings.least_peak_to_loudness_lu:g} dB over its loudness, or no higher than they do by themselves."
            )
        else:
            notes.append(
                f"{found.lufs:.1f} LUFS is as near as it comes to {target.integrated_lufs:g} LUFS under this ceiling."
            )
    return tuple(notes)
