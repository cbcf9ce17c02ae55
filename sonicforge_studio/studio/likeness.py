"""Is a new piece too close to something the library has?"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from sonicforge_studio.domain import Reason, Recipe, Verdict, to_plain
from sonicforge_studio.fingerprints import Fingerprint, FingerprintIndex
from sonicforge_studio.library import Library
from sonicforge_studio.studio.measuring import Measurement

_TOO_CLOSE_COST = 30.0


class Likeness:
    """Holds a new piece against the fingerprints of the whole library."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def judged(self, verdict: Verdict, measurement: Measurement, recipe: Recipe, path: Path) -> Verdict:
        """The verdict, with a reason more where another track sounds the same.

        A piece made again from the same seed and sentence is the same music by intent, and so is one of which a part
        was changed: that costs nothing.
        """
        others = (
            (id, Fingerprint.from_text(text, duration_seconds))
            for id, other, text, duration_seconds in self._library.fingerprints()
            if other != str(path)
        )
        own = Fingerprint.from_text(measurement.fingerprint, measurement.analysis.duration_seconds)
        nearest = FingerprintIndex(others).nearest(own, 1)
        if not nearest:
            return verdict
        id, match = nearest[0]
        track = self._library.track(id)
        if track is None:
            return verdict
        again = track.recipe is not None and track.recipe.seed == recipe.seed and track.recipe.concept == recipe.concept
        varied = track.recipe is not None and piece_of(track.recipe) == piece_of(recipe) != ""
        seconds = max(0, int(match.offset_seconds))
        place = f"{seconds // 60}:{seconds % 60:02d}"
        if again:
            reason = Reason("made-before", "note", f'The same piece is in the library as "{track.title}".')
        elif varied:
            reason = Reason("variation", "note", f'A variation of "{track.title}".')
        else:
            reason = Reason("too-close", "fault", f'Too close to "{track.title}" at {place}.', _TOO_CLOSE_COST)
        score = max(0.0, verdict.score - reason.cost)
        approved = verdict.approved and (again or varied)
        return replace(verdict, score=score, approved=approved, reasons=(*verdict.reasons, reason))


def piece_of(recipe: Recipe) -> str:
    """The same for every version of a piece: what it was before a person changed parts of it. "" of a stem, and of what
    was not made here."""
    if recipe.concept is None or recipe.part:
        return ""
    unchanged = replace(recipe.concept, changes=(), progression="")
    return json.dumps([recipe.engine, recipe.seed, to_plain(unchanged)], sort_keys=True)
