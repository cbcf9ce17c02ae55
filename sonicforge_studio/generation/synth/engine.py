"""The built-in engine: it composes and plays, with nothing but arithmetic."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from sonicforge_studio.audio import Spool
from sonicforge_studio.domain.concept import Concept
from sonicforge_studio.domain.engine import Listener, Note, Rendering
from sonicforge_studio.domain.genre import Genre
from sonicforge_studio.domain.progress import Progress, SilentProgress, Span
from sonicforge_studio.generation.composer import DEFAULT_GENRE
from sonicforge_studio.generation.genres import genre_book
from sonicforge_studio.generation.limits import require_duration, require_tempo
from sonicforge_studio.generation.synth.arrangement import arrange
from sonicforge_studio.generation.synth.performance import Performance
from sonicforge_studio.generation.synth.samples import load_samples
from sonicforge_studio.generation.synth.score import Score

SAMPLE_RATE_HZ = 44100
_SILENT = SilentProgress()


class SynthEngine:
    """Renders a concept at 44.1 kHz in stereo. The same concept and seed give the same samples."""

    def __init__(self, spool_folder: Path | None = None) -> None:
        """What it makes is kept in files without names in ``spool_folder``, else in the system's folder for those."""
        self._spool_folder = spool_folder

    @property
    def name(self) -> str:
        return "synth"

    @property
    def version(self) -> str:
        return "4"

    @property
    def licence(self) -> str:
        return "CC0-1.0"

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
        """The mix, its notes and those of ``stems`` that it has, all where that is None; parts of ``notes`` are played
        as they are written there.

        Raises ``TempoOutOfRange`` or ``DurationOutOfRange`` where the concept cannot be played, what ``load_samples``
        raises where one of its samples cannot, ``DiskFull`` or ``OutputNotWritable`` where there is no room for it,
        ``Cancelled`` where ``progress`` says so.
        """
        require_tempo(concept.tempo_bpm)
        require_duration(concept.duration_seconds)
        performance = perform(concept, seed, notes or {}, progress)
        mix = self._spool()
        kept = {name: self._spool() for name in performance.stems if stems is None or name in stems}
        if listener is not None:
            listener.begin(SAMPLE_RATE_HZ, 2, performance.frames)
        try:
            for sounding in performance.blocks(Span(progress, 0.02, 1.0)):
                mix.write(sounding.mix)
                if listener is not None:
                    listener.hear(sounding.mix)
                for name, stem in kept.items():
                    stem.write(sounding.stems[name])
        except BaseException:
            for spool in (mix, *kept.values()):
                spool.abandon()
            raise
        if listener is not None:
            listener.end()
        return Rendering(mix, kept, performance.notes)

    def _spool(self) -> Spool:
        return Spool(SAMPLE_RATE_HZ, 2, self._spool_folder)


def score_of(concept: Concept, seed: int) -> Mapping[str, tuple[Note, ...]]:
    """The notes that the engine writes, part by part."""
    return arrange(concept, genre_of(concept), seed, _SILENT).parts


def written_score(
    concept: Concept, seed: int, notes: Mapping[str, tuple[Note, ...]], progress: Progress = _SILENT
) -> Score:
    """The piece as it is played: the engine's own parts, and ``notes`` in place of some."""
    return arrange(concept, genre_of(concept), seed, progress).with_parts(notes)


def perform(
    concept: Concept, seed: int, notes: Mapping[str, tuple[Note, ...]], progress: Progress = _SILENT
) -> Performance:
    """The piece to be played block by block with its stems, at ``SAMPLE_RATE_HZ``; its notes are there at once. Raises
    what ``load_samples`` raises."""
    samples = load_samples(concept, SAMPLE_RATE_HZ, progress)
    progress.step(0.0, 1.0, "Composing")
    score = written_score(concept, seed, notes, progress)
    return Performance(score, concept, genre_of(concept), seed, SAMPLE_RATE_HZ, samples)


def genre_of(concept: Concept) -> Genre:
    """The concept's genre; the book's default where a concept names one that this version does not know."""
    book = genre_book()
    return book.get(concept.genre) or book[DEFAULT_GENRE]
