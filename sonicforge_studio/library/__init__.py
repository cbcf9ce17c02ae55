"""The catalogue: an SQLite database with one writer and any number of readers."""

from sonicforge_studio.library.corrections import Corrections, Kept
from sonicforge_studio.library.library import Found, Library
from sonicforge_studio.library.query import asks_for_sound
from sonicforge_studio.library.similarity import Similarity
from sonicforge_studio.library.tracks import TrackRow

__all__ = ["Corrections", "Found", "Kept", "Library", "Similarity", "TrackRow", "asks_for_sound"]
