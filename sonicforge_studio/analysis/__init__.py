"""Tempo and beats, key, loudness and the figures of the sound, measured from streaming audio."""

from sonicforge_studio.analysis.analyser import Measured, TrackAnalyser, warm
from sonicforge_studio.analysis.embedding import likeness
from sonicforge_studio.analysis.live import LiveMusicReader, MusicReading

__all__ = ["LiveMusicReader", "Measured", "MusicReading", "TrackAnalyser", "likeness", "warm"]
