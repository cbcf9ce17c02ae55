"""Several takes of one piece, to be heard side by side before one of them is kept."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sonicforge_studio.domain import (
    Analysis,
    BatchEngine,
    Engine,
    Listener,
    Progress,
    Recipe,
    Rendering,
    Span,
    Verdict,
)
from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.generation import criticise, notes_of, settle_samples
from sonicforge_studio.studio._unfinished import Mark, orphans
from sonicforge_studio.studio.delivery import as_delivered, name_of, write_unmastered
from sonicforge_studio.studio.editing import composed, licence_of
from sonicforge_studio.studio.engines import Engines
from sonicforge_studio.studio.forging import GREATEST_CANDIDATES
from sonicforge_studio.studio.measuring import Measurer


def _throw_away(mark: Mark) -> None:
    shutil.rmtree(mark.path, ignore_errors=True)
    mark.remove()


@dataclass(frozen=True, slots=True)
class Take:
    """One of them: an unmastered file that stays until the next takes are there, and its recipe to keep it by."""

    path: str
    recipe: Recipe
    analysis: Analysis
    verdict: Verdict
    peaks: bytes


class TakeDesk:
    """Plays takes into a folder of its own; nothing of it comes into the library."""

    def __init__(self, engines: Engines, measurer: Measurer, folder: Path) -> None:
        self._engines = engines
        self._measurer = measurer
        self._folder = folder
        self._marks: list[Mark] = []
        """Of the takes that are there: locked while this program lives."""

    def make(self, draft: Recipe, count: int, progress: Progress, listener: Listener | None = None) -> tuple[Take, ...]:
        """So many takes of a draft, each with the dice of the next seed; once they are there, those of before are
        thrown away.

        ``listener`` hears the first one while it is made. Raises ``BadSetting`` for a count outside 1 to 16, and what
        engine and writing raise.
        """
        if not 1 <= count <= GREATEST_CANDIDATES:
            raise BadSetting(f"Takes are from 1 to {GREATEST_CANDIDATES}, not {count}.")
        place = self._folder / secrets.token_hex(4)
        mark = Mark.make(self._folder, place)
        takes = []
        try:
            for recipe, engine, rendering, stage in self._played(draft, count, progress, listener):
                takes.append(self._take(recipe, engine, rendering, place, stage))
        except BaseException:
            _throw_away(mark)
            raise
        self.clear()
        self._marks.append(mark)
        return tuple(takes)

    def clear(self) -> None:
        """Throw away what was not kept, and what a program left that is gone; another one's takes stay."""
        marks, self._marks = self._marks, []
        for mark in (*marks, *orphans(self._folder)):
            _throw_away(mark)

    def _played(
        self, draft: Recipe, count: int, progress: Progress, listener: Listener | None
    ) -> Iterator[tuple[Recipe, Engine, Rendering, Progress]]:
        """Each take as it is there, and its share of the progress: together where the engine is quicker that way."""
        engine = self._engines.of(draft)
        concept = settle_samples(composed(draft), progress)
        recipes = [replace(draft, concept=concept, seed=draft.seed + index) for index in range(count)]
        if count > 1 and isinstance(engine, BatchEngine):
            seeds = [recipe.seed for recipe in recipes]
            renderings = engine.render_batch(concept, seeds, Span(progress, 0.0, 0.7), listener=listener)
            for index, (recipe, rendering) in enumerate(zip(recipes, renderings, strict=True)):
                yield (
                    recipe,
                    engine,
                    rendering,
                    Span(progress, 0.7 + 0.3 * index / count, 0.7 + 0.3 * (index + 1) / count),
                )
            return
        for index, recipe in enumerate(recipes):
            stage = Span(progress, index / count, (index + 1) / count)
            heard = listener if index == 0 else None
            rendering = engine.render(
                concept, recipe.seed, Span(stage, 0.0, 0.7), listener=heard, notes=notes_of(recipe.written)
            )
            yield recipe, engine, rendering, Span(stage, 0.7, 1.0)
            del rendering  # else its sound would stay until the next one is made

    def _take(self, recipe: Recipe, engine: Engine, rendering: Rendering, place: Path, progress: Progress) -> Take:
        concept = composed(recipe)
        made = replace(
            recipe,
            engine=engine.name,
            engine_version=engine.version,
            licence=licence_of(engine, concept),
            sample_rate_hz=rendering.mix.sample_rate_hz,
            neural=rendering.neural,
        )
        wanted = place / f"{name_of(made)}.wav"
        path, made = write_unmastered(
            as_delivered(rendering.mix), wanted, made, format="wav", progress=Span(progress, 0.0, 0.3)
        )
        measurement = self._measurer.measure(path, Span(progress, 0.3, 1.0))
        return Take(str(path), made, measurement.analysis, criticise(measurement.analysis, concept), measurement.peaks)
