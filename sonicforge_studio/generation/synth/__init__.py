"""The built-in engine: composing, voices and mix."""

from sonicforge_studio.generation.synth.engine import SynthEngine, score_of

__all__ = ["SynthEngine", "score_of"]
