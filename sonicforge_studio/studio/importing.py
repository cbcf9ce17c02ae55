"""A dropped file becomes a track of the library."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sonicforge_studio.audio import expand_inputs
from sonicforge_studio.domain import Cancelled, Progress, Recipe, Span, StudioError, Track, Verdict
from sonicforge_studio.generation import criticise, recipe_from_json
from sonicforge_studio.library import Library
from sonicforge_studio.studio.measuring import Measurement, Measurer

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one drop: the tracks, and what could not be read with the reason."""

    tracks: tuple[Track, ...]
    failed: tuple[tuple[str, StudioError], ...]


class Importer:
    """Measures files and puts them into the library."""

    def __init__(self, library: Library, measurer: Measurer) -> None:
        self._library = library
        self._measurer = measurer

    def add(self, path: Path, progress: Progress, *, force: bool = False) -> Track:
        """Import one file; a file of the library that has not changed costs one look-up."""
        absolute = Path(os.path.abspath(path))  # noqa: PTH100 # resolve() would follow links the user made on purpose
        if not force and (known := self._unchanged(absolute)) is not None:
            return known
        return self.catalogue(absolute, self._measurer.measure(absolute, progress, force=force))

    def add_all(self, inputs: Sequence[str], progress: Progress) -> Imported:
        """Import files and folders; one that cannot be read does not spoil the rest."""
        wanted = expand_inputs(inputs)
        tracks: list[Track] = []
        failed: list[tuple[str, StudioError]] = []
        for index, (given, found) in enumerate(wanted):
            stage = Span(progress, index / len(wanted), (index + 1) / len(wanted))
            try:
                if isinstance(found, StudioError):
                    raise found
                stage.step(0, 1, found.name)
                tracks.append(self.add(found, stage))
            except Cancelled:
                raise
            except StudioError as error:
                failed.append((given, error))
        return Imported(tuple(tracks), tuple(failed))

    def catalogue(self, path: Path, measurement: Measurement, verdict: Verdict | None = None) -> Track:
        """Put a measured file into the library, under its tags' title or its name."""
        recipe = embedded_recipe(measurement)
        status = path.stat()
        concept = recipe.concept if recipe else None
        return self._library.add(
            Track(
                id=0,
                path=str(path),
                title=measurement.tags.title or path.stem,
                artist=measurement.tags.artist or "",
                size_bytes=status.st_size,
                modified_ns=status.st_mtime_ns,
                added_at=datetime.now(UTC).isoformat(timespec="seconds"),
                analysis=measurement.analysis,
                fingerprint=measurement.fingerprint,
                peaks=measurement.peaks,
                recipe=recipe,
                verdict=verdict or criticise(measurement.analysis, concept),
            )
        )

    def _unchanged(self, path: Path) -> Track | None:
        try:
            status = path.stat()
        except OSError:
            return None  # measuring it says why
        return self._library.unchanged(str(path), status.st_size, status.st_mtime_ns)


def embedded_recipe(measurement: Measurement) -> Recipe | None:
    """The recipe in a file's tags; one that cannot be read is left alone, since the sound is what was asked for."""
    if not measurement.tags.recipe:
        return None
    try:
        return recipe_from_json(measurement.tags.recipe)
    except StudioError as error:
        _log.info("a recipe was left out: %s", error.message)
        return None
