"""The built-in engine: composing, voices and mix."""

from sonicforge_studio.generation.synth.engine import SAMPLE_RATE_HZ, SynthEngine, perform, score_of, written_score
from sonicforge_studio.generation.synth.groove import DRUM_PITCHES
from sonicforge_studio.generation.synth.harmony import chord_name

__all__ = ["DRUM_PITCHES", "SAMPLE_RATE_HZ", "SynthEngine", "chord_name", "perform", "score_of", "written_score"]
