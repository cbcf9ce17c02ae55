"""MusicGen as an engine: a text becomes sound in a process of its own, which no crash of it leaves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from sonicforge_studio.audio import Spool
from sonicforge_studio.domain import Cancelled, Concept, Listener, Neural, Note, Progress, Rendering, Samples, Span
from sonicforge_studio.domain.errors import BadSetting, EngineProcessDied, EngineUnavailable, OutOfMemory
from sonicforge_studio.generation.conversation import told_as, working_threads
from sonicforge_studio.generation.limits import require_duration
from sonicforge_studio.generation.models import MUSICGEN_LICENCE
from sonicforge_studio.generation.musicgen.continuing import Beginning, Crossing, hear_beginning
from sonicforge_studio.generation.musicgen.ladder import Rung, ladder
from sonicforge_studio.generation.musicgen.melody import Melody, hear_melody
from sonicforge_studio.generation.musicgen.model_folder import ModelFolder, read_model_folder
from sonicforge_studio.generation.musicgen.pace import Paces
from sonicforge_studio.generation.musicgen.process import run_order
from sonicforge_studio.generation.musicgen.worker import Order

VERSION = "2"
"""Whenever the same recipe makes other samples, it is another one."""
_HEARD = 0.05
"""The share of the work that the user's own files count for."""
_COPIED = 0.02
_USUAL_LOADING_SHARE = 0.1
_SHORTEST_KEPT_SECONDS = 1.0

Keep = Callable[[Concept, int, Rendering, str], Path]
"""Given what there is of a piece of that seed when it is cancelled, and its licence; the file that it is kept in."""


class MusicGenEngine:
    """Makes music with the model of a folder. The same text and seed give the same samples on one machine."""

    def __init__(
        self,
        folder: Path,
        neural: Neural | None = None,
        spool_folder: Path | None = None,
        *,
        smaller: Sequence[ModelFolder] = (),
        paces: Paces | None = None,
        keep: Keep | None = None,
    ) -> None:
        """``smaller`` models are tried where memory does not suffice; ``paces`` are learned from each run.

        Raises ``EngineUnavailable`` without PyTorch and transformers, ``BadSetting`` for a melody that the model
        cannot follow, and what ``read_model_folder`` does.
        """
        missing = [name for name in ("torch", "transformers") if find_spec(name) is None]
        if missing:
            raise EngineUnavailable(
                f"MusicGen needs {' and '.join(missing)}, which {'are' if len(missing) > 1 else 'is'} not installed.",
                hint='Install the extra: pip install "sonicforge-studio[neural]".',
            )
        self._folder: ModelFolder = read_model_folder(folder)
        self._spool_folder = spool_folder
        self._smaller, self._paces, self._keep = smaller, paces, keep
        self._neural = neural or Neural()
        if self._neural.melody and self._folder.kind != "melody":
            raise BadSetting(
                f'The model "{folder.name}" follows no melody: it knows texts alone.',
                hint="Take a melody model, or leave the melody out.",
            )

    @property
    def name(self) -> str:
        return "musicgen"

    @property
    def version(self) -> str:
        return VERSION

    @property
    def licence(self) -> str:
        """The weights' own; of what the user brought it can say nothing."""
        return MUSICGEN_LICENCE + (" except for the sound it begins with" if self._neural.continues else "")

    def render(
        self,
        concept: Concept,
        seed: int,
        progress: Progress,
        *,
        listener: Listener | None = None,
        notes: Mapping[str, tuple[Note, ...]] | None = None,
        stems: Collection[str] | None = (),
    ) -> Rendering:
        """The mix alone: this engine knows no notes and no stems.

        Raises ``DurationOutOfRange``, ``ModelNotUsable``, ``OutOfMemory``, ``EngineProcessDied``, ``DiskFull`` or
        ``OutputNotWritable``, what ``hear_beginning`` and ``hear_melody`` raise, and ``Cancelled`` where ``progress``
        says so: the process is ended then, its memory free, and what there is of the piece is kept.
        """
        (rendering,) = self.render_batch(concept, (seed,), progress, listener=listener)
        return rendering

    def render_batch(
        self, concept: Concept, seeds: Sequence[int], progress: Progress, *, listener: Listener | None = None
    ) -> tuple[Rendering, ...]:
        """As ``render``, a piece for each seed; where memory does not suffice, the next best way is taken and told."""
        seconds = require_duration(concept.duration_seconds)
        frames = round(seconds * self._folder.sample_rate_hz)
        beginning, melody = self._hear(frames, Span(progress, 0.0, _HEARD))
        work = _Work(concept, seconds, beginning, melody, _Ear(listener, self._folder, frames))
        at_work = Span(progress, _HEARD if beginning or melody else 0.0, 1.0)
        # A graphics card is taken where it is asked for: what it wins was not measured.
        device = "cpu" if self._neural.device == "auto" else self._neural.device
        rungs = ladder(self._first_rung(len(seeds), device), self._smaller)
        rung, remarks = next(rungs), []
        done: list[Rendering] = []
        try:
            while len(done) < len(seeds):
                group = seeds[len(done) : len(done) + rung.at_once]
                stage = Span(at_work, len(done) / len(seeds), (len(done) + len(group)) / len(seeds))
                try:
                    done += self._made(work, group, rung, stage)
                except (OutOfMemory, EngineProcessDied) as error:
                    following = next(rungs, None)
                    if following is None:
                        raise
                    rung = following
                    remarks.append(f"{error.message} {rung.said}")
                except EngineUnavailable:
                    if rung.device == "cpu":
                        raise
                    rungs = ladder(self._first_rung(rung.at_once, "cpu"), self._smaller)
                    rung = next(rungs)
                    remarks.append("No graphics card can be used here: made on the processor.")
        except Cancelled as cancelled:
            raise self._kept(work, seeds, done, cancelled) from cancelled
        if listener is not None:
            listener.end()
        return tuple(replace(rendering, remarks=tuple(remarks)) for rendering in done)

    def _first_rung(self, count: int, device: str) -> Rung:
        precision = self._neural.precision
        if precision == "auto":
            precision = "int8" if device == "cpu" else "bfloat16"
        return Rung(self._folder, count, precision, device)

    def _made(self, work: _Work, seeds: Sequence[int], rung: Rung, progress: Progress) -> list[Rendering]:
        """Pieces that are made together, one for each seed."""
        order = self._order(work, seeds, rung)
        work.pieces = [_Piece(rung.folder, self._spool_folder, work.beginning) for _ in seeds]
        work.neural = self._settled(rung, work)
        share = _USUAL_LOADING_SHARE
        if self._paces is not None:
            told = self._paces.estimate(rung.folder, rung.precision, rung.device, order.seconds, len(seeds))
            share = told.loading_seconds / told.seconds

        def timed(*took: float) -> None:
            # What a sound is gone on from is known from the start: such a run would tell of steps that nobody made.
            if self._paces is not None and work.beginning is None:
                self._paces.learn(rung.folder, rung.precision, rung.device, order.seconds, len(seeds), *took)

        try:
            for row, piece in enumerate(work.pieces):
                for block in piece.begin(Span(progress, 0.0, _COPIED)):
                    work.hear(row, block)
            made = Span(progress, _COPIED if work.beginning else 0.0, 1.0)
            with closing(run_order(order, rung.folder.channels, made, loading_share=share, timed=timed)) as blocks:
                for row, block in blocks:
                    work.hear(row, work.pieces[row].add(block))
        except Cancelled:
            raise
        except BaseException:
            for piece in work.pieces:
                piece.mix.abandon()
            work.ear.again()
            raise
        done = [Rendering(piece.mix, neural=work.neural) for piece in work.pieces]
        work.pieces = []
        work.ear.full()
        return done

    def _order(self, work: _Work, seeds: Sequence[int], rung: Rung) -> Order:
        order = Order(
            folder=str(rung.folder.path),
            prompt=told_as(work.concept),
            seeds=tuple(seeds),
            seconds=work.seconds,
            precision=rung.precision,
            device=rung.device,
            sampling=self._neural.sampling,
            threads=working_threads(),
        )
        start_seconds = 0.0
        if work.beginning is not None:
            start_seconds = work.beginning.tail_start_seconds
            tail = work.beginning.tail.astype("<f4").tobytes()
            order = replace(order, seconds=work.seconds - start_seconds, tail=tail)
        if work.melody is not None:
            order = replace(order, tune=work.melody.from_second(start_seconds))
        return order

    def _settled(self, rung: Rung, work: _Work) -> Neural:
        own = rung.folder is self._folder
        return replace(
            self._neural,
            model=self._neural.model or str(rung.folder.path) if own else str(rung.folder.path),
            weights_hash=rung.folder.weights_hash,
            precision=rung.precision,
            device="cuda" if rung.device == "cuda" else "cpu",
            melody=work.melody.heard if work.melody else None,
            continues=work.beginning.heard if work.beginning else None,
        )

    def _hear(self, frames: int, progress: Progress) -> tuple[Beginning | None, Melody | None]:
        """What a piece of that length begins with, and its tune."""
        neural, folder = self._neural, self._folder
        beginning, melody = None, None
        if neural.continues is not None:
            stage = Span(progress, 0.0, 0.5)
            beginning = hear_beginning(neural.continues, folder, frames, stage, self._spool_folder)
        if neural.melody is not None:
            rate_hz = folder.sample_rate_hz
            melody = hear_melody(neural.melody, rate_hz, frames / rate_hz, Span(progress, 0.5, 1.0))
        return beginning, melody

    def _kept(self, work: _Work, seeds: Sequence[int], done: list[Rendering], cancelled: Cancelled) -> Cancelled:
        """The cancel, with where to find what there was by then."""
        there = [*done, *(Rendering(piece.mix, neural=work.neural) for piece in work.pieces)]
        files = []
        for seed, rendering in zip(seeds, there, strict=False):
            long_enough = rendering.mix.frames >= _SHORTEST_KEPT_SECONDS * rendering.mix.sample_rate_hz
            if self._keep is not None and long_enough:
                files.append(str(self._keep(work.concept, seed, rendering, self.licence)))
        if not files:
            return cancelled
        return Cancelled(hint=f"What there was by then is kept: {', '.join(files)}")


@dataclass(slots=True)
class _Work:
    """What is made, and how far it is."""

    concept: Concept
    seconds: float
    beginning: Beginning | None
    melody: Melody | None
    ear: _Ear
    pieces: list[_Piece] = field(default_factory=list)
    """Those that are under way."""
    neural: Neural | None = None
    """What these are made with."""

    def hear(self, row: int, block: Samples) -> None:
        if row == 0:
            self.ear.hear(block)


class _Piece:
    """One mix that grows on the disk."""

    def __init__(self, folder: ModelFolder, spool_folder: Path | None, beginning: Beginning | None) -> None:
        self.mix = Spool(folder.sample_rate_hz, folder.channels, spool_folder)
        self._beginning = beginning
        self._crossing: Crossing | None = beginning.crossing() if beginning else None

    def begin(self, progress: Progress) -> Iterator[Samples]:
        """What it begins with, as it is written."""
        for block in self._beginning.blocks(progress) if self._beginning else ():
            self.mix.write(block)
            yield block

    def add(self, block: Samples) -> Samples:
        """The next block that the model made, as it stands in the mix."""
        added = self._crossing.add(block) if self._crossing else block
        self.mix.write(added)
        return added


class _Ear:
    """The listener, who hears one piece once, whatever is begun anew."""

    def __init__(self, listener: Listener | None, folder: ModelFolder, frames: int) -> None:
        self._listener = listener
        self._shape = (folder.sample_rate_hz, folder.channels, frames)
        self._heard, self._place = 0, 0
        self._done = False

    def hear(self, block: Samples) -> None:
        start = max(0, self._heard - self._place)
        self._place += block.shape[1]
        if self._listener is None or self._done or start >= block.shape[1]:
            return
        if not self._heard:
            self._listener.begin(*self._shape)
        self._listener.hear(block[:, start:])
        self._heard = self._place

    def again(self) -> None:
        """The piece begins anew."""
        self._place = 0

    def full(self) -> None:
        """That was the piece that is heard; the others are not."""
        self._done = True
