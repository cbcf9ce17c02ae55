"""The built-in engine: composing, voices and mix."""

from sonicforge_studio.generation.form import BEATS_PER_BAR
from sonicforge_studio.generation.synth.engine import SAMPLE_RATE_HZ, SynthEngine, perform, score_of, written_score
from sonicforge_studio.generation.synth.groove import DRUM_PITCHES
from sonicforge_studio.generation.synth.harmony import chord_name, scale_of

__all__ = [
    "BEATS_PER_BAR",
    "DRUM_PITCHES",
    "SAMPLE_RATE_HZ",
    "SynthEngine",
    "chord_name",
    "perform",
    "scale_of",
    "score_of",
    "written_score",
]
