"""Tempo and beats, key, loudness and the figures of the sound, measured from streaming audio."""

from sonicforge_studio.analysis.analyser import Measured, TrackAnalyser, warm

__all__ = ["Measured", "TrackAnalyser", "warm"]
