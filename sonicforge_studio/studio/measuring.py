"""One decode, everything measured: analysis, fingerprint, waveform and hashes of a file."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sonicforge_studio.analysis import TrackAnalyser
from sonicforge_studio.audio import (
    ClipSource,
    FileSource,
    PcmHasher,
    PeaksBuilder,
    Tags,
    content_hash,
    open_source,
    read_tags,
)
from sonicforge_studio.domain import Analysis, Clip, Progress, Samples, Span, from_plain, to_plain
from sonicforge_studio.domain.errors import EmptyAudio
from sonicforge_studio.fingerprints import Fingerprinter
from sonicforge_studio.host.cache import Cache
from sonicforge_studio.studio.blocks import each_block

_VERSION = 2
"""Raised whenever a measurement would come out otherwise: what was cached under an older one is measured again."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one decode told."""

    analysis: Analysis
    fingerprint: str
    peaks: bytes
    tags: Tags


class Measurer:
    """Measures files, and remembers what it measured by content: a moved or renamed file is not measured again."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def measure(self, path: Path, progress: Progress, *, force: bool = False) -> Measurement:
        """The measurement of a file, from the cache where its bytes are known.

        Path, size and mtime are asked first; the content hash is only computed where one of them is new. Raises the
        input errors of ``open_source``.
        """
        place = f"place/{_VERSION}/{path.absolute()}"
        stamp = _stamp(path)
        known = None if force or stamp is None else self._cache.get(place)
        if isinstance(known, dict) and known.get("stamp") == stamp:
            remembered = self._recall(str(known.get("hash")))
            if remembered is not None:
                return self._with_tags(remembered, path)
        with open_source(path) as source:
            digest = content_hash(path, Span(progress, 0.0, 0.05))
            remembered = None if force else self._recall(digest)
            if remembered is None:
                remembered = _measure(source, digest, Span(progress, 0.05, 1.0))
                self._cache.set(f"content/{_VERSION}/{digest}", _to_cache(remembered))
        self._cache.set(place, {"stamp": stamp, "hash": digest})
        return self._with_tags(remembered, path)

    def _recall(self, digest: str) -> Measurement | None:
        stored = self._cache.get(f"content/{_VERSION}/{digest}")
        try:
            return _from_cache(stored) if isinstance(stored, dict) else None
        except (KeyError, TypeError, ValueError):
            return None  # written by another version: measured again

    @staticmethod
    def _with_tags(measurement: Measurement, path: Path) -> Measurement:
        return replace(measurement, tags=read_tags(path))


def _measure(source: FileSource, digest: str, progress: Progress) -> Measurement:
    analyser = TrackAnalyser(source.sample_rate_hz, source.channels)
    fingerprinter = Fingerprinter(source.sample_rate_hz, source.channels)
    hasher, peaks = PcmHasher(), PeaksBuilder(source.channels)

    def use(block: Samples) -> None:
        analyser.add(block)
        fingerprinter.add(block)
        hasher.add(block)
        peaks.add(block)

    frames = each_block(source, Span(progress, 0.0, 0.95), use, "Measuring")
    if frames == 0:
        raise EmptyAudio()
    measured = analyser.finish(Span(progress, 0.95, 1.0))
    analysis = Analysis(
        duration_seconds=frames / source.sample_rate_hz,
        sample_rate_hz=source.sample_rate_hz,
        channels=source.channels,
        codec=source.codec,
        content_hash=digest,
        audio_hash=hasher.finish(),
        tempo=measured.tempo,
        key=measured.key,
        loudness=measured.loudness,
        features=measured.features,
        warning=source.warning,
    )
    return Measurement(analysis, fingerprinter.finish().text, peaks.finish(), Tags())


def _stamp(path: Path) -> list[int] | None:
    try:
        status = path.stat()
    except OSError:
        return None  # opening it says why
    return [status.st_size, status.st_mtime_ns]


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


def analysis_of_clip(clip: Clip, progress: Progress) -> Analysis:
    """What a clip in memory measures; it has no file, so no codec and no content hash."""
    analyser = TrackAnalyser(clip.sample_rate_hz, clip.channels)
    each_block(ClipSource(clip), Span(progress, 0.0, 0.9), analyser.add, "Listening")
    measured = analyser.finish(Span(progress, 0.9, 1.0))
    return Analysis(
        duration_seconds=clip.duration_seconds,
        sample_rate_hz=clip.sample_rate_hz,
        channels=clip.channels,
        codec="",
        content_hash="",
        audio_hash="",
        tempo=measured.tempo,
        key=measured.key,
        loudness=measured.loudness,
        features=measured.features,
    )
