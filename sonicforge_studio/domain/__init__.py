"""What the studio talks about: frozen dataclasses, errors, and the protocols that the rooms above fulfil."""

from sonicforge_studio.domain.analysis import (
    Analysis,
    KeyCandidate,
    KeyEstimate,
    KeySegment,
    Loudness,
    Section,
    Tempo,
    TempoCandidate,
    TempoPoint,
)
from sonicforge_studio.domain.chain import ChainSettings
from sonicforge_studio.domain.clip import Clip, Samples
from sonicforge_studio.domain.concept import Concept, FormSection, PartChange, SampleChoice
from sonicforge_studio.domain.correction import Correction
from sonicforge_studio.domain.curves import Curves, curves_from_bytes, curves_to_bytes
from sonicforge_studio.domain.engine import BatchEngine, Engine, Listener, Note, Rendering
from sonicforge_studio.domain.errors import Cancelled, StudioError
from sonicforge_studio.domain.genre import Genre
from sonicforge_studio.domain.key import Key
from sonicforge_studio.domain.mastering import (
    Master,
    MasterCurves,
    MasterSettings,
    Match,
    Proof,
    ReductionCurve,
    Suggestion,
    Target,
)
from sonicforge_studio.domain.neural import HeardSound, Neural, Sampling
from sonicforge_studio.domain.plain import from_plain, to_plain
from sonicforge_studio.domain.progress import Progress, SilentProgress, Span
from sonicforge_studio.domain.recipe import RECIPE_VERSION, Recipe, WrittenPart
from sonicforge_studio.domain.source import Sink, Sound, Source
from sonicforge_studio.domain.track import Track
from sonicforge_studio.domain.verdict import Reason, Severity, Verdict

__all__ = [
    "RECIPE_VERSION",
    "Analysis",
    "BatchEngine",
    "Cancelled",
    "ChainSettings",
    "Clip",
    "Concept",
    "Correction",
    "Curves",
    "Engine",
    "FormSection",
    "Genre",
    "HeardSound",
    "Key",
    "KeyCandidate",
    "KeyEstimate",
    "KeySegment",
    "Listener",
    "Loudness",
    "Master",
    "MasterCurves",
    "MasterSettings",
    "Match",
    "Neural",
    "Note",
    "PartChange",
    "Progress",
    "Proof",
    "Reason",
    "Recipe",
    "ReductionCurve",
    "Rendering",
    "SampleChoice",
    "Samples",
    "Sampling",
    "Section",
    "Severity",
    "SilentProgress",
    "Sink",
    "Sound",
    "Source",
    "Span",
    "StudioError",
    "Suggestion",
    "Target",
    "Tempo",
    "TempoCandidate",
    "TempoPoint",
    "Track",
    "Verdict",
    "WrittenPart",
    "curves_from_bytes",
    "curves_to_bytes",
    "from_plain",
    "to_plain",
]
