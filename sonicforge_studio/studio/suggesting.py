"""What the assistant would change of a track's master, and why."""

from __future__ import annotations

from sonicforge_studio.domain import Suggestion, Track


def suggestions_for(track: Track) -> tuple[Suggestion, ...]:
    """Not for the main thread."""
    return ()
