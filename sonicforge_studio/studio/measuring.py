"""One decode, everything measured: analysis, fingerprint, waveform and hashes of a file."""

from __future__ import annotations

import base64
import itertools
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from sonicforge_studio.analysis import Measured, TrackAnalyser
from sonicforge_studio.audio import (
    FileSource,
    PcmHasher,
    PeaksBuilder,
    Tags,
    ZoomPeaks,
    ZoomPeaksBuilder,
    content_hash,
    open_source,
    payload_hash,
    read_tags,
)
from sonicforge_studio.domain import Analysis, Curves, Progress, Samples, Sound, Span, from_plain, to_plain
from sonicforge_studio.domain.curves import curves_from_bytes, curves_to_bytes
from sonicforge_studio.domain.errors import EmptyAudio
from sonicforge_studio.fingerprints import Fingerprinter
from sonicforge_studio.host.cache import Cache
from sonicforge_studio.host.tile_cache import TileCache
from sonicforge_studio.jobs import Crew
from sonicforge_studio.studio.blocks import each_block

_FILES_A_HELPER = 12
"""A helper takes two seconds to start and then gains a fifth of the time of each file."""
_MEMORY_A_HELPER_BYTES = 2 << 30
"""Of the machine's for each helper, which takes about 0.3 GB."""
_VERSION = 4
"""Raised whenever a measurement would come out otherwise: what was cached under an older one is measured again."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one decode told."""

    analysis: Analysis
    fingerprint: str
    peaks: bytes
    tags: Tags
    drawn: _Drawn | None = field(default=None, compare=False, repr=False)
    """Only of one that was just measured: what comes from the cache leaves this there until it is asked for."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    curves: bytes
    waveform: bytes


class Measurer:
    """Measures files, and remembers what it measured by content: a moved or renamed file is not measured again, and
    neither is one of which the tags alone were changed."""

    def __init__(self, cache: Cache, drawn: TileCache | None = None) -> None:
        """``drawn`` keeps what pages draw, which is large; without one it is measured each time it is asked for."""
        self._cache = cache
        self._drawn = drawn
        self._helpers: _Helpers | None = None

    def measure(self, path: Path, progress: Progress, *, force: bool = False) -> Measurement:
        """The measurement of a file, from the cache where its sound is known.

        Path, size and times are asked first; the content hash is only computed where one of them is new, and that of
        the sound as it is encoded where the content is. Raises the input errors of ``open_source``.
        """
        place = _place_key(path)
        stamp = _stamp(path)
        known = None if force or stamp is None else self._cache.get(place)
        if isinstance(known, dict) and known.get("stamp") == stamp:
            remembered = self._recall(str(known.get("hash")))
            if remembered is not None and isinstance(known.get("tags"), dict):
                return replace(remembered, tags=from_plain(Tags, known["tags"]))
        with open_source(path) as source:
            digest = content_hash(path, Span(progress, 0.0, 0.05))
            remembered = None if force else self._recall(digest)
            if remembered is None:
                remembered = self._measure_new(source, path, digest, force, Span(progress, 0.05, 1.0))
        tags = read_tags(path)
        self._cache.set(place, {"stamp": stamp, "hash": digest, "tags": to_plain(tags)})
        return replace(remembered, tags=tags)

    @contextmanager
    def many(self, files: int, workers: int) -> Iterator[None]:
        """While this lasts, so many files are measured by so many threads. Where there are enough of them, processes
        help: decoding packet by packet holds Python's lock so often that two threads do the work of one and a half."""
        helpers = min(workers - 1, max(1, _memory_bytes() // _MEMORY_A_HELPER_BYTES))
        if helpers < 1 or files < _FILES_A_HELPER * workers or self._helpers is not None:
            yield
            return
        with Crew(f"{__name__}:{_measure_apart.__name__}", helpers) as crew:
            self._helpers = _Helpers(crew, workers)
            try:
                yield
            finally:
                self._helpers = None

    def knows(self, path: Path) -> bool:
        """Whether ``measure`` would answer without reading the file."""
        known, stamp = self._cache.get(_place_key(path)), _stamp(path)
        return isinstance(known, dict) and stamp is not None and known.get("stamp") == stamp

    def over_time(self, path: Path, progress: Progress) -> tuple[Curves, ZoomPeaks]:
        """What was measured of a file over time, and its waveform at every zoom; measured again where that is not kept
        any more. Raises as ``measure``."""
        drawn = self._picture(path, progress)
        return curves_from_bytes(drawn.curves), ZoomPeaks.from_bytes(drawn.waveform)

    def _measure_new(self, source: FileSource, path: Path, digest: str, force: bool, progress: Progress) -> Measurement:
        encoded = payload_hash(path, Span(progress, 0.0, 0.02))
        twin = f"payload/{_VERSION}/{encoded}"
        known = None if force or encoded is None else self._cache.get(twin)
        measurement = self._recall(str(known)) if known else None
        if measurement is None:
            measurement = self._measure_somewhere(source, path, digest, Span(progress, 0.02, 1.0))
        else:
            measurement = replace(measurement, analysis=replace(measurement.analysis, content_hash=digest))
        self._cache.set(f"content/{_VERSION}/{digest}", _to_cache(measurement))
        if encoded is not None and measurement.analysis.warning is None:
            self._cache.set(twin, digest)
        self._keep_picture(measurement)
        return measurement

    def _measure_somewhere(self, source: FileSource, path: Path, digest: str, progress: Progress) -> Measurement:
        done = None if self._helpers is None else self._helpers.measure(path, digest, progress)
        return _measure(source, digest, progress) if done is None else done

    def _keep_picture(self, measurement: Measurement) -> None:
        if self._drawn is not None and measurement.drawn is not None:
            self._drawn.set(_curves_key(measurement), measurement.drawn.curves)
            self._drawn.set(_waveform_key(measurement), measurement.drawn.waveform)

    def _picture(self, path: Path, progress: Progress) -> _Drawn:
        measurement = self.measure(path, progress)
        if measurement.drawn is None and self._drawn is not None:
            curves = self._drawn.get(_curves_key(measurement))
            waveform = self._drawn.get(_waveform_key(measurement))
            if curves is not None and waveform is not None:
                return _Drawn(curves, waveform)
        if measurement.drawn is None:
            measurement = self.measure(path, progress, force=True)
        assert measurement.drawn is not None
        return measurement.drawn

    def _recall(self, digest: str) -> Measurement | None:
        stored = self._cache.get(f"content/{_VERSION}/{digest}")
        try:
            return _from_cache(stored) if isinstance(stored, dict) else None
        except (KeyError, TypeError, ValueError):
            return None  # written by another version: measured again


class _Helpers:
    """Processes that measure too, as soon as more than the first files have to be measured."""

    def __init__(self, crew: Crew, workers: int) -> None:
        self._crew = crew
        self._starts_at = 2 * workers
        """The first results must not wait for processes that start beside them."""
        self._measured = itertools.count()

    def measure(self, path: Path, digest: str, progress: Progress) -> Measurement | None:
        """None where none of them is free."""
        if next(self._measured) == self._starts_at:
            self._crew.start()
        found = self._crew.run((path, digest), progress)
        return None if found is None else cast(Measurement, found[0])


def _measure_apart(what: tuple[Path, str], progress: Progress) -> Measurement:
    """The work of a helper."""
    path, digest = what
    with open_source(path) as source:
        return _measure(source, digest, progress)


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 << 30  # Windows does not tell this way


def _place_key(path: Path) -> str:
    return f"place/{_VERSION}/{path.absolute()}"


def _curves_key(measurement: Measurement) -> str:
    return f"curves/{_VERSION}/{measurement.analysis.audio_hash}"


def _waveform_key(measurement: Measurement) -> str:
    return f"waveform/{_VERSION}/{measurement.analysis.audio_hash}"


def _measure(source: FileSource, digest: str, progress: Progress) -> Measurement:
    analyser = TrackAnalyser(source.sample_rate_hz, source.channels)
    fingerprinter = Fingerprinter(source.sample_rate_hz, source.channels)
    hasher, peaks = PcmHasher(), PeaksBuilder(source.channels)
    zooms = ZoomPeaksBuilder(source.channels, source.sample_rate_hz)

    def use(block: Samples) -> None:
        analyser.add(block)
        fingerprinter.add(block)
        hasher.add(block)
        peaks.add(block)
        zooms.add(block)

    frames = each_block(source, Span(progress, 0.0, 0.95), use, "Measuring")
    if frames == 0:
        raise EmptyAudio()
    measured = analyser.finish(Span(progress, 0.95, 1.0))
    analysis = _analysis(
        measured,
        duration_seconds=frames / source.sample_rate_hz,
        sample_rate_hz=source.sample_rate_hz,
        channels=source.channels,
        codec=source.codec,
        content_hash=digest,
        audio_hash=hasher.finish(),
        warning=source.warning,
    )
    drawn = _Drawn(curves_to_bytes(measured.curves), zooms.finish())
    return Measurement(analysis, fingerprinter.finish().text, peaks.finish(), Tags(), drawn)


def _analysis(measured: Measured, **of_the_file: Any) -> Analysis:
    return Analysis(
        **of_the_file,
        tempo=measured.tempo,
        key=measured.key,
        loudness=measured.loudness,
        features=measured.features,
        vectors=measured.vectors,
        sections=measured.sections,
        embedding=measured.embedding,
    )


def _stamp(path: Path) -> list[int] | None:
    try:
        status = path.stat()
    except OSError:
        return None  # opening it says why
    # Size and mtime alone do not tell apart what was swapped; ctime is the system's own.
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _to_cache(measurement: Measurement) -> dict[str, Any]:
    return {
        "analysis": to_plain(measurement.analysis),
        "fingerprint": measurement.fingerprint,
        "peaks": base64.b64encode(measurement.peaks).decode("ascii"),
    }


def _from_cache(stored: dict[str, Any]) -> Measurement:
    return Measurement(
        from_plain(Analysis, stored["analysis"]), stored["fingerprint"], base64.b64decode(stored["peaks"]), Tags()
    )


def analysis_of(sound: Sound, progress: Progress) -> Analysis:
    """What a sound measures that has no file yet, so no codec and no content hash."""
    analyser = TrackAnalyser(sound.sample_rate_hz, sound.channels)
    with closing(sound.open_source()) as source:
        each_block(source, Span(progress, 0.0, 0.9), analyser.add, "Listening")
    return _analysis(
        analyser.finish(Span(progress, 0.9, 1.0)),
        duration_seconds=sound.frames / sound.sample_rate_hz,
        sample_rate_hz=sound.sample_rate_hz,
        channels=sound.channels,
        codec="",
        content_hash="",
        audio_hash="",
    )
