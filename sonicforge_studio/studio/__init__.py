"""Composition and use cases: what the faces talk to, and the types that it hands them."""

from sonicforge_studio.audio import Player, PlayerState, SpectrumSnapshot
from sonicforge_studio.jobs import Job, JobQueue, Lane
from sonicforge_studio.library import Library, TrackRow
from sonicforge_studio.studio.compose import Studio, build_studio
from sonicforge_studio.studio.delivery import genre_title
from sonicforge_studio.studio.live import Live, open_live

__all__ = [
    "Job",
    "JobQueue",
    "Lane",
    "Library",
    "Live",
    "Player",
    "PlayerState",
    "SpectrumSnapshot",
    "Studio",
    "TrackRow",
    "build_studio",
    "genre_title",
    "open_live",
]
