"""What the assistant would change of a track's master, and why."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sonicforge_studio.audio import open_source
from sonicforge_studio.domain import Progress, Suggestion
from sonicforge_studio.mastering import profile_of, propose


def suggestions_for(path: Path, genre: str, progress: Progress) -> tuple[Suggestion, ...]:
    """Listens to all of a file: not for the main thread. ``genre`` is a name of the genre book, or "". Raises what
    reading raises, and ``Cancelled`` where ``progress`` does."""
    return propose(profile_of(partial(open_source, path), progress), genre)
