"""A dropped file becomes a track of the library."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sonicforge_studio.audio import expand_inputs
from sonicforge_studio.domain import Analysis, Progress, Recipe, StudioError, Track, Verdict
from sonicforge_studio.domain.errors import MissingPath
from sonicforge_studio.generation import criticise, recipe_from_json
from sonicforge_studio.jobs import run_many
from sonicforge_studio.library import Library
from sonicforge_studio.studio.batches import BatchProgress, ReadAhead
from sonicforge_studio.studio.correcting import Corrector
from sonicforge_studio.studio.measuring import Measurement, Measurer

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one drop: the tracks, and what could not be read with the reason."""

    tracks: tuple[Track, ...]
    failed: tuple[tuple[str, StudioError], ...]


class Importer:
    """Measures files and puts them into the library."""

    def __init__(self, library: Library, measurer: Measurer, corrections: Corrector | None = None) -> None:
        """With ``corrections``, the library holds what the user said of a sound rather than what was measured."""
        self._library = library
        self._measurer = measurer
        self._corrections = corrections

    def add(self, path: Path, progress: Progress, *, force: bool = False) -> Track:
        """Import one file; a file of the library that has not changed costs one look-up."""
        absolute = Path(os.path.abspath(path))  # noqa: PTH100 # resolve() would follow links the user made on purpose
        if not force and (known := self._unchanged(absolute)) is not None:
            return known
        return self.catalogue(absolute, self._measurer.measure(absolute, progress, force=force))

    def add_all(self, inputs: Sequence[str], progress: Progress) -> Imported:
        """Import files and folders, several at once, each as soon as it is measured; one that cannot be read does not
        spoil the rest. What was imported before a stop stays, and costs one look-up the next time."""
        failed: list[tuple[str, StudioError]] = []
        wanted: list[tuple[str, Path]] = []
        for given, found in expand_inputs(inputs):
            if isinstance(found, StudioError):
                failed.append((given, found))
            else:
                wanted.append((given, Path(os.path.abspath(found))))  # noqa: PTH100 # as in ``add``
        tracks: dict[str, Track] = {}
        with closing(self.add_each(wanted, progress)) as results:
            for given, path, result in results:
                if isinstance(result, StudioError):
                    failed.append((given, result))
                else:
                    tracks[str(path)] = result
        return Imported(tuple(tracks[str(path)] for _, path in wanted if str(path) in tracks), tuple(failed))

    def add_each(
        self,
        wanted: Sequence[tuple[str, Path]],
        progress: Progress,
        *,
        workers: int | None = None,
        force: bool = False,
        added_at: Mapping[str, str] | None = None,
    ) -> Generator[tuple[str, Path, Track | StudioError]]:
        """Import files, each as it was given and as an absolute path, several at once; what became of each, as soon as
        it is there. ``added_at`` are times of adding, by path, of files that were in a library before.

        A caller that may stop half-way holds the iterator with ``contextlib.closing``.
        """
        workers = workers or os.cpu_count() or 1
        told = BatchProgress(progress, len(wanted))
        ahead = ReadAhead([path for _, path in wanted], workers, lambda path: not force and self._measurer.knows(path))

        def look(item: tuple[str, Path], step: Progress) -> Track | Measurement:
            ahead.began(item[1])
            known = None if force else self._unchanged(item[1])
            return known or self._measurer.measure(item[1], step, force=force)

        with (
            self._measurer.many(len(wanted), workers),
            closing(run_many(wanted, look, workers=workers, progress=told, in_order=False)) as results,
        ):
            for (given, path), result in results:
                try:
                    track = self._entered(path, result, (added_at or {}).get(str(path), ""))
                except StudioError as error:
                    told.count()
                    yield given, path, error
                else:
                    told.count(track.analysis.duration_seconds)
                    yield given, path, track

    def _entered(self, path: Path, result: Track | Measurement | StudioError, added_at: str) -> Track:
        if isinstance(result, StudioError):
            raise result
        if isinstance(result, Track):
            return result
        try:
            return self.catalogue(path, result, added_at=added_at)
        except OSError as error:
            # It was there when it was measured.
            raise MissingPath() from error

    def catalogue(
        self, path: Path, measurement: Measurement, verdict: Verdict | None = None, *, added_at: str = ""
    ) -> Track:
        """Put a measured file into the library, under its tags' title or its name; ``added_at`` is now where it is not
        given."""
        recipe = embedded_recipe(measurement)
        status = path.stat()
        analysis = measurement.analysis
        if self._corrections is not None:
            analysis = self._corrections.see(analysis, path, recipe.genre if recipe else "")
        return self._library.add(
            Track(
                id=0,
                path=str(path),
                title=measurement.tags.title or path.stem,
                artist=measurement.tags.artist or "",
                size_bytes=status.st_size,
                modified_ns=status.st_mtime_ns,
                added_at=added_at or datetime.now(UTC).isoformat(timespec="seconds"),
                analysis=analysis,
                fingerprint=measurement.fingerprint,
                peaks=measurement.peaks,
                recipe=recipe,
                verdict=verdict or criticise(analysis, recipe.concept if recipe else None),
            )
        )

    def as_wanted(self, path: Path, measurement: Measurement) -> Analysis:
        """What was measured of a file as the user wants to have it, whether it is in the library or not."""
        if self._corrections is None:
            return measurement.analysis
        recipe = embedded_recipe(measurement)
        absolute = os.path.abspath(path)  # noqa: PTH100 # as in ``add``
        return self._corrections.as_wanted(measurement.analysis, absolute, recipe.genre if recipe else "")

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
