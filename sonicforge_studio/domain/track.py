"""A catalogued file."""

from __future__ import annotations

from dataclasses import dataclass

from sonicforge_studio.domain.analysis import Analysis
from sonicforge_studio.domain.recipe import Recipe
from sonicforge_studio.domain.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Track:
    """One file of the library, with all that is known of it.

    ``modified_ns`` and ``size_bytes`` are the file's when it was last measured: while they stay, it is not read again.
    """

    id: int
    path: str
    title: str
    artist: str
    size_bytes: int
    modified_ns: int
    added_at: str
    """UTC, ISO 8601"""
    analysis: Analysis
    fingerprint: str
    peaks: bytes = b""
    """The waveform for drawing: int8 pairs (low, high), one pair per pixel column, up to 2048 columns."""
    recipe: Recipe | None = None
    verdict: Verdict | None = None
