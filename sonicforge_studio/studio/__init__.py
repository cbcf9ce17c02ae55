"""Composition and use cases: what the faces talk to, and the types that it hands them."""

from sonicforge_studio.analysis.live import MusicReading
from sonicforge_studio.audio import (
    ROWS_PER_SECOND,
    CaptureState,
    InputDevice,
    LiveSnapshot,
    LoudnessTrace,
    OutputDevice,
    Player,
    PlayerState,
    Version,
    Waterfall,
    matching_gains,
)
from sonicforge_studio.generation import parts_of
from sonicforge_studio.jobs import Job, JobQueue, Lane
from sonicforge_studio.kernels.live_spectrum import SpectrumSettings
from sonicforge_studio.library import Library, TrackRow
from sonicforge_studio.studio.compose import Studio, build_studio
from sonicforge_studio.studio.delivery import genre_title
from sonicforge_studio.studio.editing import Edits
from sonicforge_studio.studio.live import Live, open_live

__all__ = [
    "ROWS_PER_SECOND",
    "CaptureState",
    "Edits",
    "InputDevice",
    "Job",
    "JobQueue",
    "Lane",
    "Library",
    "Live",
    "LiveSnapshot",
    "LoudnessTrace",
    "MusicReading",
    "OutputDevice",
    "Player",
    "PlayerState",
    "SpectrumSettings",
    "Studio",
    "TrackRow",
    "Version",
    "Waterfall",
    "build_studio",
    "genre_title",
    "matching_gains",
    "open_live",
    "parts_of",
]
