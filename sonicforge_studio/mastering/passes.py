"""Mastering a piece to a target: as loud as wanted, never over the ceiling, on the grid of 24-bit samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace

from sonicforge_studio.domain import Loudness, MasterSettings, Progress, Samples, Sink, Source, Span, Target
from sonicforge_studio.kernels.limiter import CALM, Limiter, Pace
from sonicforge_studio.mastering._gain_search import find_gain
from sonicforge_studio.mastering._piece import Piece
from sonicforge_studio.mastering._reading import Gauge
from sonicforge_studio.mastering.chain import limited

GREATEST_GAIN_DB = 40.0
_LOWEST_GAIN_DB = -80.0
_MARGIN_DB = 0.3
"""The limiter aims this far under the ceiling: other meters' interpolators read the same peak a little differently."""
_CLEARANCE_DB = 0.2
"""What at least has to be left of it in the finished samples."""
_MOST_LOWERINGS = 4
_NEAR_ENOUGH_LU = 0.1
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
_READ, _SHAPED, _SEARCHED = 0.2, 0.4, 0.85
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
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Setting:
    gain_db: float
    ceiling_dbtp: float
    pace: Pace


@dataclass(frozen=True, slots=True)
class _Trial:
    lufs: float
    mean_limiter_db: float


@dataclass(frozen=True, slots=True)
class _Finding:
    """The setting that was found, and what the samples it makes measure."""

    setting: _Setting
    loudness: Loudness
    lufs: float
    """The loudness that was aimed with."""
    limiter_db: float


def master(
    open_source: Callable[[], Source], sink: Sink | None, settings: MasterSettings, progress: Progress
) -> MasterOutcome:
    """Bring a piece to ``settings.target`` and write it to ``sink`` (to nowhere where that is None).

    ``open_source`` is called once for each pass over a piece that is too long to keep in memory, otherwise once. As
    many frames and channels are written as were read, as multiples of 2⁻²³; the same input and settings make the same
    samples. The sink stays open: whoever opened it closes or abandons it. Raises what source and sink raise, and
    ``Cancelled``.
    """
    piece = Piece(open_source, settings, Span(progress, 0.0, _READ))
    gauge = Gauge(piece.sample_rate_hz, piece.channels, peaks=False)
    for samples, _ in piece.shaped(Span(progress, _READ, _SHAPED), "Shaping"):
        gauge.add(samples)
    _, shaped_lufs = gauge.finish()
    found = _search(piece, settings.target, shaped_lufs, Span(progress, _SHAPED, _SEARCHED))
    if sink is not None:
        stage = Span(progress, _SEARCHED, 1.0)
        # Should the sink fail, the source that the blocks come from is closed at once.
        with closing(_finished(piece, _limiter(piece, found.setting), stage)) as blocks:
            for block in blocks:
                sink.write(block)
    progress.step(1.0, 1.0, "Mastered")
    return MasterOutcome(
        before=piece.before,
        after=found.loudness,
        gain_db=found.setting.gain_db,
        glue_db=piece.mean_glue_db,
        limiter_db=found.limiter_db,
        notes=_notes(piece, settings.target, found),
    )


def _search(piece: Piece, target: Target, shaped_lufs: float, progress: Progress) -> _Finding:
    """The calmest limiter, and the gain, that bring the target's loudness; lower until the true peak is in bounds."""
    search = _Search(piece, target.integrated_lufs, progress)
    silent = not math.isfinite(shaped_lufs)
    first_db = 0.0 if silent else target.integrated_lufs - shaped_lufs
    setting = _Setting(first_db, target.ceiling_dbtp - _MARGIN_DB, CALM)
    for _ in range(_MOST_LOWERINGS):
        found = search.measure(setting if silent else search.nearest(setting))
        over_db = found.loudness.true_peak_dbtp - (target.ceiling_dbtp - _CLEARANCE_DB)
        if over_db <= 0.0:
            break
        setting = replace(found.setting, ceiling_dbtp=found.setting.ceiling_dbtp - over_db - 0.01)
    return found


class _Search:
    """Trials, each a pass over the piece, toward one loudness."""

    def __init__(self, piece: Piece, wanted_lufs: float, progress: Progress) -> None:
        self._piece = piece
        self._wanted_lufs = wanted_lufs
        self._progress = progress
        self._count = 0

    def nearest(self, first: _Setting) -> _Setting:
        """The best gain from here, at this pace or, where that would only squash, at a faster one."""
        fastest = first.pace == PACES[-1]
        worthwhile = _STILL_WORTHWHILE if fastest else _WORTHWHILE
        trials: dict[float, _Trial] = {}

        def missing_at(gain_db: float) -> float:
            trial = self._try(replace(first, gain_db=gain_db))
            below = max((tried for tried in trials if tried < gain_db), default=None)
            trials[gain_db] = trial
            missing = self._wanted_lufs - trial.lufs
            if missing > _NEAR_ENOUGH_LU:
                brought = math.inf if below is None else (trial.lufs - trials[below].lufs) / (gain_db - below)
                if brought < worthwhile or trial.mean_limiter_db < -_MOST_MEAN_REDUCTION_DB:
                    raise _Squashed
            return missing

        try:
            gain_db = find_gain(missing_at, first.gain_db, _LOWEST_GAIN_DB, GREATEST_GAIN_DB)
        except _Squashed:
            if not fastest:
                return self.nearest(replace(first, gain_db=min(trials), pace=PACES[PACES.index(first.pace) + 1]))
            loudest = max(trial.lufs for trial in trials.values())
            gain_db = min(tried for tried, trial in trials.items() if trial.lufs > loudest - _HARDLY_LOUDER_LU)
        return replace(first, gain_db=gain_db)

    def measure(self, setting: _Setting) -> _Finding:
        """All figures of the finished samples."""
        limiter = _limiter(self._piece, setting)
        gauge = Gauge(self._piece.sample_rate_hz, self._piece.channels)
        for block in _finished(self._piece, limiter, self._next_stage()):
            gauge.add(block)
        return _Finding(setting, *gauge.finish(), limiter.deepest_reduction_db)

    def _try(self, setting: _Setting) -> _Trial:
        limiter = _limiter(self._piece, setting)
        gauge = Gauge(self._piece.sample_rate_hz, self._piece.channels, peaks=False)
        for block in _finished(self._piece, limiter, self._next_stage()):
            gauge.add(block)
        return _Trial(gauge.finish()[1], limiter.mean_reduction_db)

    def _next_stage(self) -> Span:
        """How many passes it takes shows at the end: each moves the bar by a fifth of what is left."""
        start, end = (1.0 - 0.8**count for count in (self._count, self._count + 1))
        self._count += 1
        return Span(self._progress, start, end)


class _Squashed(Exception):
    """More gain would bring hardly any loudness."""


def _limiter(piece: Piece, setting: _Setting) -> Limiter:
    gain, ceiling = (math.pow(10.0, level_db / 20.0) for level_db in (setting.gain_db, setting.ceiling_dbtp))
    return Limiter(piece.sample_rate_hz, piece.channels, gain=gain, ceiling=ceiling, pace=setting.pace)


def _finished(piece: Piece, limiter: Limiter, progress: Progress) -> Generator[Samples, None, None]:
    return limited(piece.shaped(progress, "Limiting"), limiter, piece.channels)


def _notes(piece: Piece, target: Target, found: _Finding) -> tuple[str, ...]:
    if not math.isfinite(found.lufs):
        return ("There is no loudness to read in it, so it was left at its level.",)
    notes = []
    if piece.too_short:
        notes.append(
            "It is shorter than 0.4 s, too short for an integrated loudness: its loudest moment was brought to the "
            "target instead."
        )
    if found.setting.gain_db >= GREATEST_GAIN_DB:
        notes.append(f"It was raised by {GREATEST_GAIN_DB:g} dB, the most the chain gives.")
    if abs(found.lufs - target.integrated_lufs) > _NEAR_ENOUGH_LU:
        notes.append(
            f"{found.lufs:.1f} LUFS is as near as it comes to {target.integrated_lufs:g} LUFS under this ceiling."
        )
    return tuple(notes)
