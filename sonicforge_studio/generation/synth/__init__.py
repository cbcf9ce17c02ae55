"""The built-in engine: composing, voices and mix."""

from sonicforge_studio.generation.synth.engine import SynthEngine

__all__ = ["SynthEngine"]
