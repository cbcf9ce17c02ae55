"""A master on its way to a file: written, tagged, decoded again, measured, and led down where a codec overshoots."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from sonicforge_studio.audio import DELIVERY_FORMATS, FileSink, Spool, Tags, content_hash
from sonicforge_studio.domain import (
    Loudness,
    MasterSettings,
    Progress,
    Proof,
    Samples,
    Sink,
    Source,
    Span,
    StudioError,
)
from sonicforge_studio.jobs import run_many
from sonicforge_studio.mastering import MasterOutcome, master
from sonicforge_studio.studio.delivery import HashingSink, mastered, open_like
from sonicforge_studio.studio.proving import (
    LOSSLESS_TOLERANCE_LU,
    LOSSY_TOLERANCE_LU,
    Copy,
    Promise,
    ProvingRoom,
    judged,
    measure_written,
    over_ceiling_db,
)

_STEPS_BELOW_DB = (0.05, 0.15, 0.3, 0.5, 0.8)
"""How far below a codec's overshoot the limiter is led, round by round: each encoding overshoots by another amount."""
_ROUNDS = len(_STEPS_BELOW_DB) + 1
_ROUNDS_SHARE = 0.9
"""Of the bar, where it takes all of them."""
_NEAR_DB = 0.6
"""Nearer to the highest ceiling that passes it need not come: each try is a master and its encodings."""
_MOST_OWN_AT_ONCE = 2
"""Each takes the memory of a master, and its encoder one processor."""
_MOST_LED_UP_LU = 3.0
"""What a codec takes away beyond that is most of a piece: the rest of it would be squashed to make up for it."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The formats that a master has to pass in besides its own file."""

    formats: tuple[str, ...] = ()
    folder: Path | None = None
    """Where their copies are made, hidden; beside the master where None."""
    spools: Path | None = None
    """Where the master's samples are kept meanwhile; the system's folder for such files where None."""
    keep: bool = False
    """Whether the copies are put under their names when all is over."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What stands in the file, and the settings that its samples really went through."""

    path: Path
    settings: MasterSettings
    outcome: MasterOutcome
    pcm_hash: str
    after: Loudness
    proofs: tuple[Proof, ...]
    """Of the file itself, and then of the formats beside it, in their order."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A master that is to be delivered: from where, as what, and what it has to keep.

    ``tags`` makes the file's tags from the hash of its PCM and the settings it went through; ``overwrite`` and
    ``numbered`` are those of ``open_sink``.
    """

    source: Callable[[], Source]
    path: Path
    format: str
    settings: MasterSettings
    tags: Callable[[str, MasterSettings], Tags]
    overwrite: bool = False
    numbered: bool = False
    beside: Beside = field(default_factory=Beside)

    def deliver(self, progress: Progress) -> Delivered:
        """Master into the file, led down until the file and every format beside it, decoded again, keep the ceiling.

        One master for all; a format gets a master of its own where its overshoot would cost that one its loudness, or
        where its codec takes loudness away. The file gets its name only when all is over: until then, and where
        reading, mastering or writing raise, what stood under the name stays.
        """
        lossy = any(DELIVERY_FORMATS[name].lossy for name in (self.format, *self.beside.formats))
        state = _State(self.settings, self.beside.formats)
        best: _Round | None = None
        with ExitStack() as whole:
            held = whole.enter_context(ExitStack())
            for attempt in range(_ROUNDS if lossy else 1):
                last = not lossy or attempt == _ROUNDS - 1
                stage = Span(progress, *(_ROUNDS_SHARE * share for share in _share(attempt, last)))
                with ExitStack() as kept:
                    done = self._round(state, attempt, last and best is None, kept, stage)
                    if done is not None:
                        held.close()
                        best, held = done, whole.enter_context(kept.pop_all())
                if best is not None and (last or not state.come_up(best.used)):
                    break
            assert best is not None
            # Masters of their own may take longer than all before: they have whatever the rounds left of the bar.
            return self._finished(best, state, whole, Span(progress, stage.end, 1.0))

    def _round(self, state: _State, attempt: int, last: bool, kept: ExitStack, progress: Progress) -> _Round | None:
        """One master and its proofs; None where it is to be made anew with what ``state`` says now."""
        used = state.used
        sink = open_like(self.source, self.path, self.format, self.settings, self.overwrite, self.numbered)
        kept.callback(sink.abandon)
        hashing = HashingSink(sink)
        spool = Spool(sink.sample_rate_hz, sink.channels, self.beside.spools) if state.common else None
        outcome = master(self.source, _Tee(hashing, spool), used, Span(progress, 0.0, 0.5))
        if state.costs_loudness(outcome) and not last:
            state.part_ways()
            return None
        sink.tags = self.tags(hashing.pcm_hash, used)
        sink.finish()
        promise = _promise(self.settings, outcome, hashing.frames / sink.sample_rate_hz)
        written = self._written(sink, promise, Span(progress, 0.5, 0.6))
        over_db = over_ceiling_db([written], promise.ceiling_dbtp)
        lost_lu = state.worth_leading(written, promise, outcome, LOSSLESS_TOLERANCE_LU)
        if (over_db > 0 or lost_lu) and not last:
            state.lead_down(over_db, attempt, lost_lu)
            return None
        copies: Mapping[str, Copy] = {}
        room = None
        if spool is not None:
            room = kept.enter_context(self._room(spool, promise))
            copies = room.prove_in_turn(state.suspects, state.common, sink.tags, last, Span(progress, 0.6, 0.9))
            spool.abandon()
            state.heard(copies, promise.ceiling_dbtp)
            over_db = over_ceiling_db((copy.proof for copy in copies.values()), promise.ceiling_dbtp)
            if over_db > 0 and not last:
                state.lead_down(over_db, attempt, beside=True, outcome=outcome)
                return None
        return _Round(sink, outcome, hashing.pcm_hash, used, promise, written, copies, room)

    def _finished(self, done: _Round, state: _State, whole: ExitStack, progress: Progress) -> Delivered:
        own = self._own_masters(done, state, whole, progress)
        proofs = {name: copy.proof for name, copy in done.copies.items()} | {name: own[name].proof for name in own}
        with ExitStack() as unless_all_stand:
            for name in self.beside.formats if self.beside.keep else ():
                proofs[name] = own[name].published() if name in own else _published(done, name)
                if proofs[name].path:
                    unless_all_stand.callback(Path(proofs[name].path).unlink, missing_ok=True)
            done.sink.publish()
            unless_all_stand.pop_all()
        written = replace(done.written, path=str(done.sink.path))
        return Delivered(
            path=done.sink.path,
            settings=done.used,
            outcome=done.outcome,
            pcm_hash=done.pcm_hash,
            after=written.loudness,
            proofs=(written, *(proofs[name] for name in self.beside.formats)),
        )

    def _own_masters(self, done: _Round, state: _State, whole: ExitStack, progress: Progress) -> dict[str, _Own]:
        """Masters of those formats that need one, several at once; not of those that are no better for it."""
        needs = state.alone | _quiet(done, state)
        names = tuple(needs)
        stacks = {name: whole.enter_context(ExitStack()) for name in names}

        def one(name: str, step: Progress) -> _Own:
            return self._alone(name, needs[name], done, stacks[name], step)

        workers = min(len(names), os.cpu_count() or 1, _MOST_OWN_AT_ONCE)
        own: dict[str, _Own] = {}
        with closing(run_many(names, one, workers=workers, progress=progress)) as results:
            for name, result in results:
                if isinstance(result, StudioError):
                    raise result
                if name not in done.copies or result.copy.proof.passed:
                    own[name] = result
        return own

    def _alone(self, name: str, need: _Need, done: _Round, held: ExitStack, progress: Progress) -> _Own:
        """A format with a master of its own; ``held`` keeps its copy."""
        state = _State(self.settings, (name,))
        state.lead_down(need.over_db, 0, need.lost_lu)
        best: _Own | None = None
        for attempt in range(_ROUNDS):
            last = attempt == _ROUNDS - 1
            stage = Span(progress, *_share(attempt, last))
            used = state.used
            made = mastered(self.source, used, self.beside.spools, Span(stage, 0.0, 0.5))
            with ExitStack() as kept:
                room = kept.enter_context(self._room(made.spool, done.promise))
                (copy,) = room.prove([name], self.tags(made.pcm_hash, used), Span(stage, 0.5, 1.0))
                made.spool.abandon()
                over_db = over_ceiling_db([copy.proof], done.promise.ceiling_dbtp)
                lost_lu = state.worth_leading(copy.proof, done.promise, made.outcome, LOSSY_TOLERANCE_LU)
                if (over_db > 0 or lost_lu) and not last:
                    state.lead_down(over_db, min(attempt + 1, _ROUNDS - 2), lost_lu)
                if over_db <= 0 or (last and best is None):
                    held.close()
                    held.push(kept.pop_all())
                    best = _Own(copy, room, used)
            if best is not None and not lost_lu and not state.come_up(best.used):
                break
        assert best is not None
        return best

    def _room(self, spool: Spool, promise: Promise) -> ProvingRoom:
        return ProvingRoom(spool.open_source, promise, self.beside.folder or self.path.parent, self.path.stem)

    def _written(self, sink: FileSink, promise: Promise, progress: Progress) -> Proof:
        began = time.perf_counter()
        measured = measure_written(sink.part, Span(progress, 0.0, 0.9))
        proof = judged(self.format, measured, promise, content_hash=content_hash(sink.part, Span(progress, 0.9, 1.0)))
        return replace(proof, check_seconds=time.perf_counter() - began)


@dataclass(frozen=True, slots=True)
class _Round:
    """A master that may be delivered."""

    sink: FileSink
    outcome: MasterOutcome
    pcm_hash: str
    used: MasterSettings
    promise: Promise
    written: Proof
    copies: Mapping[str, Copy]
    room: ProvingRoom | None


@dataclass(frozen=True, slots=True)
class _Need:
    """Why a format needs a master of its own: what its codec did to the one that the others share."""

    over_db: float = 0.0
    lost_lu: float = 0.0


@dataclass(frozen=True, slots=True)
class _Own:
    """A format with a master of its own."""

    copy: Copy
    room: ProvingRoom
    used: MasterSettings

    @property
    def proof(self) -> Proof:
        return self._told(self.copy.proof)

    def published(self) -> Proof:
        """The same, once the copy stands under its name."""
        return self._told(self.room.publish(self.copy))

    def _told(self, proof: Proof) -> Proof:
        target = self.used.target
        own = f"It has a master of its own: {target.integrated_lufs:.1f} LUFS, {target.ceiling_dbtp:.1f} dBTP."
        return replace(proof, note=f"{own} {proof.note}".strip())


class _State:
    """What one round leaves to the next."""

    def __init__(self, settings: MasterSettings, formats: tuple[str, ...]) -> None:
        self.used = settings
        self.common = formats
        """Those that share the master."""
        self.suspects: tuple[str, ...] = ()
        """Those of them that were over the ceiling once."""
        self.alone: dict[str, _Need] = {}
        """Those that need a master of their own: they were over, and leading all down for them took loudness."""
        self._wanted = settings
        self._over_db: dict[str, float] = {}
        self._failed_dbtp = math.inf
        """The lowest ceiling that something was over with."""
        self._before: MasterSettings | None = None
        """What was used before all were led down for others than the file itself."""
        self._before_lufs = math.nan
        """The loudness that it brought: the one that it was led to, or as near as it came."""

    def lead_down(
        self,
        over_db: float,
        attempt: int,
        lost_lu: float = 0.0,
        *,
        beside: bool = False,
        outcome: MasterOutcome | None = None,
    ) -> None:
        """Lower the ceiling by what it was over, and a little more; aim as much higher as a codec took away."""
        if beside and self._before is None and outcome is not None and not self._guards(outcome):
            self._before = self.used
            self._before_lufs = (
                outcome.after.integrated_lufs if self.misses(outcome) else self.used.target.integrated_lufs
            )
        target = self.used.target
        if over_db > 0:
            self._failed_dbtp = target.ceiling_dbtp
        ceiling = target.ceiling_dbtp - (over_db + _STEPS_BELOW_DB[attempt] if over_db > 0 else 0.0)
        target = replace(target, ceiling_dbtp=ceiling, integrated_lufs=target.integrated_lufs + lost_lu)
        self.used = replace(self.used, target=target)

    def worth_leading(self, proof: Proof, promise: Promise, outcome: MasterOutcome, tolerance_lu: float) -> float:
        """What a codec took away, in LU, where it is more than is let pass and can be had back; else 0."""
        lost_lu = promise.integrated_lufs - proof.loudness.integrated_lufs
        led_lu = self.used.target.integrated_lufs - self._wanted.target.integrated_lufs + lost_lu
        return (
            lost_lu
            if tolerance_lu < abs(lost_lu) and abs(led_lu) <= _MOST_LED_UP_LU and not self.misses(outcome)
            else 0.0
        )

    def come_up(self, passed: MasterSettings) -> bool:
        """Where the ceiling was led down further than need be: one between that and the last that failed. Whether there
        is such a one."""
        gap_db = self._failed_dbtp - passed.target.ceiling_dbtp
        if not _NEAR_DB < gap_db < math.inf:
            return False
        ceiling_dbtp = passed.target.ceiling_dbtp + 0.5 * gap_db
        self.used = replace(passed, target=replace(passed.target, ceiling_dbtp=ceiling_dbtp))
        return True

    def heard(self, copies: Mapping[str, Copy], ceiling_dbtp: float) -> None:
        over = {name: over_ceiling_db([copy.proof], ceiling_dbtp) for name, copy in copies.items()}
        for name, over_db in over.items():
            if over_db > 0:
                self._over_db.setdefault(name, over_db)
        self.suspects = tuple(name for name in self.common if name in self._over_db)

    def costs_loudness(self, outcome: MasterOutcome) -> bool:
        """Whether leading all down for some format took the loudness that the master had before."""
        off_lu = outcome.after.integrated_lufs - self._before_lufs
        return self._before is not None and abs(off_lu) > LOSSLESS_TOLERANCE_LU

    def part_ways(self) -> None:
        """Give the master its ceiling back; those formats go by themselves from here."""
        assert self._before is not None
        self.used, self._before = self._before, None
        self._failed_dbtp = math.inf
        self.alone |= {name: _Need(self._over_db[name]) for name in self.suspects}
        self.common = tuple(name for name in self.common if name not in self.alone)
        self.suspects = ()

    def _guards(self, outcome: MasterOutcome) -> bool:
        """Whether the dynamics are kept instead of the loudness: then a lower ceiling makes any master quieter."""
        return self._wanted.least_peak_to_loudness_lu > 0.0 and self.misses(outcome)

    def misses(self, outcome: MasterOutcome) -> bool:
        """Whether a master has not the loudness that it was led to."""
        return abs(outcome.after.integrated_lufs - self.used.target.integrated_lufs) > LOSSLESS_TOLERANCE_LU


def _published(done: _Round, format: str) -> Proof:
    """Of a copy that shares the master, once it stands under its name."""
    assert done.room is not None
    return done.room.publish(done.copies[format])


def _quiet(done: _Round, state: _State) -> dict[str, _Need]:
    """The formats whose codec took loudness from a master that has it."""
    lost_lu = {
        name: state.worth_leading(copy.proof, done.promise, done.outcome, LOSSY_TOLERANCE_LU)
        for name, copy in done.copies.items()
    }
    return {name: _Need(lost_lu=lost) for name, lost in lost_lu.items() if lost}


class _Tee:
    """Writes to the file, and keeps the samples as they are for the formats beside it."""

    def __init__(self, sink: Sink, spool: Spool | None) -> None:
        self._sinks = (sink,) if spool is None else (sink, spool)

    def write(self, block: Samples) -> None:
        for sink in self._sinks:
            sink.write(block)

    def close(self) -> None:
        """The one who opened the sinks closes them."""

    def abandon(self) -> None:
        """Likewise."""


def _share(attempt: int, last: bool) -> tuple[float, float]:
    """How many rounds it takes shows at the end: each has half of what is left of the bar."""
    return 1.0 - 0.5**attempt, 1.0 if last else 1.0 - 0.5 ** (attempt + 1)


def _promise(settings: MasterSettings, outcome: MasterOutcome, seconds: float) -> Promise:
    """The target's loudness; where a guard keeps the dynamics instead, the one that it left."""
    lufs = settings.target.integrated_lufs
    if settings.least_peak_to_loudness_lu > 0.0 and math.isfinite(outcome.after.integrated_lufs):
        lufs = min(lufs, outcome.after.integrated_lufs)
    return Promise(lufs, settings.target.ceiling_dbtp, seconds)
