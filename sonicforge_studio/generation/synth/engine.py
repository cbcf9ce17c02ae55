"""The built-in engine: it composes and plays, with nothing but arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from sonicforge_studio.domain.clip import Clip, Samples
from sonicforge_studio.domain.concept import Concept
from sonicforge_studio.domain.engine import Listener, Note, Rendering
from sonicforge_studio.domain.genre import Genre
from sonicforge_studio.domain.progress import Progress, SilentProgress, Span
from sonicforge_studio.generation.composer import DEFAULT_GENRE
from sonicforge_studio.generation.genres import genre_book
from sonicforge_studio.generation.limits import require_duration, require_tempo
from sonicforge_studio.generation.synth.arrangement import arrange
from sonicforge_studio.generation.synth.performance import Performance
from sonicforge_studio.generation.synth.samples import Sample, load_samples
from sonicforge_studio.generation.synth.score import Score

SAMPLE_RATE_HZ = 44100
STEMS_KEPT_SECONDS = 360.0
"""Up to this length the stems are made along with the mix; beyond it each is played again when it is asked for, since
an hour of seven stems would fill 9 GB."""


class SynthEngine:
    """Renders a concept at 44.1 kHz in stereo. The same concept and seed give the same samples."""

    @property
    def name(self) -> str:
        return "synth"

    @property
    def version(self) -> str:
        return "3"

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
    ) -> Rendering:
        """The mix, its stems and notes; parts of ``notes`` are played as they are written there.

        Raises ``TempoOutOfRange`` or ``DurationOutOfRange`` where the concept cannot be played, what ``load_samples``
        raises where one of its samples cannot, ``Cancelled`` where ``progress`` says so.
        """
        require_tempo(concept.tempo_bpm)
        require_duration(concept.duration_seconds)
        genre = genre_of(concept)
        samples = load_samples(concept, SAMPLE_RATE_HZ, progress)
        progress.step(0.0, 1.0, "Composing")
        score = arrange(concept, genre, seed, progress)
        if notes:
            score = score.with_parts(notes)
        performance = Performance(score, concept, genre, seed, SAMPLE_RATE_HZ, samples)
        keep_stems = concept.duration_seconds <= STEMS_KEPT_SECONDS
        mix: Samples = np.empty((2, performance.frames), dtype=np.float32)
        stems = {
            name: np.empty((2, performance.frames), dtype=np.float32) for name in performance.stems if keep_stems
        }  # fmt: skip
        if listener is not None:
            listener.begin(SAMPLE_RATE_HZ, 2, performance.frames)
        place = 0
        for sounding in performance.blocks(Span(progress, 0.02, 1.0)):
            frames = sounding.mix.shape[1]
            mix[:, place : place + frames] = sounding.mix
            if listener is not None:
                listener.hear(sounding.mix)
            for name, stem in stems.items():
                stem[:, place : place + frames] = sounding.stems[name]
            place += frames
        if listener is not None:
            listener.end()
        made: Mapping[str, Clip] = {name: Clip(stem, SAMPLE_RATE_HZ) for name, stem in stems.items()}
        if not keep_stems:
            made = _StemsOnDemand(score, concept, genre, seed, samples, performance.stems, progress)
        return Rendering(Clip(mix, SAMPLE_RATE_HZ), made, score.parts)


class _StemsOnDemand(Mapping[str, Clip]):
    """The stems of a long piece: each is played again when it is asked for, and not kept."""

    def __init__(
        self, score: Score, concept: Concept, genre: Genre, seed: int, samples: Mapping[str, Sample],
        names: tuple[str, ...], progress: Progress,
    ) -> None:  # fmt: skip
        self._score = score
        self._concept = concept
        self._genre = genre
        self._seed = seed
        self._samples = samples
        self._names = names
        self._progress = progress

    def __getitem__(self, name: str) -> Clip:
        if name not in self._names:
            raise KeyError(name)
        performance = Performance(self._score, self._concept, self._genre, self._seed, SAMPLE_RATE_HZ, self._samples)
        stem: Samples = np.empty((2, performance.frames), dtype=np.float32)
        place = 0
        for sounding in performance.blocks(SilentProgress()):
            # The render's own bar is full by now; its stop check still counts.
            self._progress.step(1.0, 1.0, f"Playing {name}")
            block = sounding.stems[name]
            stem[:, place : place + block.shape[1]] = block
            place += block.shape[1]
        return Clip(stem, SAMPLE_RATE_HZ)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def score_of(concept: Concept, seed: int) -> Mapping[str, tuple[Note, ...]]:
    """The notes that the engine writes, part by part."""
    return arrange(concept, genre_of(concept), seed, SilentProgress()).parts


def written_score(concept: Concept, seed: int, notes: Mapping[str, tuple[Note, ...]]) -> Score:
    """The piece as it is played: the engine's own parts, and ``notes`` in place of some."""
    return arrange(concept, genre_of(concept), seed, SilentProgress()).with_parts(notes)


def perform(concept: Concept, seed: int, notes: Mapping[str, tuple[Note, ...]]) -> Performance:
    """The piece to be played block by block with its stems, at ``SAMPLE_RATE_HZ``; its notes are there at once. Raises
    what ``load_samples`` raises."""
    score, samples = written_score(concept, seed, notes), load_samples(concept, SAMPLE_RATE_HZ, SilentProgress())
    return Performance(score, concept, genre_of(concept), seed, SAMPLE_RATE_HZ, samples)


def genre_of(concept: Concept) -> Genre:
    """The concept's genre; the book's default where a concept names one that this version does not know."""
    book = genre_book()
    return book.get(concept.genre) or book[DEFAULT_GENRE]
