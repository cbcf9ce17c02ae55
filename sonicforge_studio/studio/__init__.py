"""Composition and use cases: what the faces talk to, and the types that it hands them."""

from sonicforge_studio.analysis.live import MusicReading
from sonicforge_studio.audio import (
    DELIVERY_FORMATS,
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
    same_format,
)
from sonicforge_studio.generation import (
    BEATS_PER_BAR,
    DRUM_PITCHES,
    genre_book,
    mood_book,
    parts_of,
    parts_of_genre,
    recipe_from_json,
    recipe_to_json,
    rewriting,
    scale_of,
    section_names,
    sounds_of,
    vocabulary,
)
from sonicforge_studio.generation.changing import HIGHEST_GAIN_DB, LOWEST_GAIN_DB
from sonicforge_studio.generation.limits import DURATION_SECONDS, TEMPO_BPM
from sonicforge_studio.jobs import Job, JobQueue, Lane, Report, StopProgress
from sonicforge_studio.kernels.live_spectrum import SpectrumSettings
from sonicforge_studio.library import Found, Library, TrackRow, asks_for_sound
from sonicforge_studio.mastering.chain import StageMeter
from sonicforge_studio.mastering.live import LiveMeters
from sonicforge_studio.studio.compose import Studio, build_studio
from sonicforge_studio.studio.delivery import genre_title
from sonicforge_studio.studio.drafts import DraftShelf
from sonicforge_studio.studio.editing import Edits, edited, same_notes
from sonicforge_studio.studio.forging import GREATEST_CANDIDATES, ForgeRequest, draft_recipe
from sonicforge_studio.studio.live import Live, open_live
from sonicforge_studio.studio.models import ModelCard, ModelDesk, Offer, Outlook, spoken_bytes
from sonicforge_studio.studio.previewing import Preview, Previews
from sonicforge_studio.studio.sheets import LONGEST_SHEET_SECONDS, Sheet, rewritten, sheet_of

__all__ = [
    "BEATS_PER_BAR",
    "DELIVERY_FORMATS",
    "DRUM_PITCHES",
    "DURATION_SECONDS",
    "GREATEST_CANDIDATES",
    "HIGHEST_GAIN_DB",
    "LONGEST_SHEET_SECONDS",
    "LOWEST_GAIN_DB",
    "ROWS_PER_SECOND",
    "TEMPO_BPM",
    "CaptureState",
    "DraftShelf",
    "Edits",
    "ForgeRequest",
    "Found",
    "InputDevice",
    "Job",
    "JobQueue",
    "Lane",
    "Library",
    "Live",
    "LiveMeters",
    "LiveSnapshot",
    "LoudnessTrace",
    "ModelCard",
    "ModelDesk",
    "MusicReading",
    "Offer",
    "Outlook",
    "OutputDevice",
    "Player",
    "PlayerState",
    "Preview",
    "Previews",
    "Report",
    "Sheet",
    "SpectrumSettings",
    "StageMeter",
    "StopProgress",
    "Studio",
    "TrackRow",
    "Version",
    "Waterfall",
    "asks_for_sound",
    "build_studio",
    "draft_recipe",
    "edited",
    "genre_book",
    "genre_title",
    "matching_gains",
    "mood_book",
    "open_live",
    "parts_of",
    "parts_of_genre",
    "recipe_from_json",
    "recipe_to_json",
    "rewriting",
    "rewritten",
    "same_format",
    "same_notes",
    "scale_of",
    "section_names",
    "sheet_of",
    "sounds_of",
    "spoken_bytes",
    "vocabulary",
]
