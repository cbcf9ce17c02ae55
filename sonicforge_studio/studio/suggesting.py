"""What the assistant would change of a track's master, and why."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from sonicforge_studio.audio import Tags, open_source
from sonicforge_studio.domain import ChainSettings, Progress, StudioError, Suggestion
from sonicforge_studio.domain.chain import changed
from sonicforge_studio.generation import recipe_from_json
from sonicforge_studio.mastering import profile_of, propose


def suggestions_for(path: Path, genre: str, progress: Progress) -> tuple[Suggestion, ...]:
    """Listens to all of a file: not for the main thread. ``genre`` is a name of the genre book, or "". Raises what
    reading raises, and ``Cancelled`` where ``progress`` does."""
    return propose(profile_of(partial(open_source, path), progress), genre)


def with_suggestions(chain: ChainSettings, suggestions: Iterable[Suggestion]) -> ChainSettings:
    """The chain with all that these change."""
    for suggestion in suggestions:
        for place, value in suggestion.changes:
            chain = changed(chain, place, value)
    return chain


def told(suggestion: Suggestion) -> str:
    """Its reason, with the figures in their places."""
    return suggestion.reason.format(**{name: f"{value:g}" for name, value in suggestion.figures})


def genre_of(tags: Tags) -> str:
    """The genre that a file was made in, as its recipe has it; "" of what was not composed here."""
    if not tags.recipe:
        return ""
    try:
        return recipe_from_json(tags.recipe).genre
    except StudioError:
        return ""
