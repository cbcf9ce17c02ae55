"""Several takes of one piece, to be heard side by side before one of them is kept."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from sonicforge_studio.domain import Analysis, Listener, Progress, Recipe, Span, Verdict
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
            for index in range(count):
                stage = Span(progress, index / count, (index + 1) / count)
                recipe = replace(draft, seed=draft.seed + index)
                takes.append(self._take(recipe, place, stage, listener if index == 0 else None))
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

    def _take(self, recipe: Recipe, place: Path, progress: Progress, listener: Listener | None) -> Take:
        engine = self._engines.of(recipe)
        concept = settle_samples(composed(recipe), progress)
        rendering = engine.render(
            concept, recipe.seed, Span(progress, 0.0, 0.7), listener=listener, notes=notes_of(recipe.written)
        )
        made = replace(
            recipe,
            engine=engine.name,
            engine_version=engine.version,
            concept=concept,
            licence=licence_of(engine, concept),
            sample_rate_hz=rendering.mix.sample_rate_hz,
            neural=rendering.neural,
        )
        wanted = place / f"{name_of(made)}.wav"
        path, made = write_unmastered(
            as_delivered(rendering.mix), wanted, made, format="wav", progress=Span(progress, 0.7, 0.8)
        )
        measurement = self._measurer.measure(path, Span(progress, 0.8, 1.0))
        return Take(str(path), made, measurement.analysis, criticise(measurement.analysis, concept), measurement.peaks)
