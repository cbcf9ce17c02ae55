"""What a person changes of a piece that is there: one part rolled again or muted, other chords. The rest stays."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from sonicforge_studio.domain.concept import Concept, PartChange
from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.domain.key import Key
from sonicforge_studio.domain.recipe import WrittenPart
from sonicforge_studio.generation.genres import genre_book
from sonicforge_studio.generation.synth.arrangement import wanted_parts
from sonicforge_studio.generation.synth.harmony import read_progression

PARTS = ("drums", "bass", "chords", "pads", "melody")
CHANGEABLE = (*PARTS, "harmony")
"""What can be rolled again; only parts can be muted."""
_MOST_CHORDS = 64
_ANY_KEY = Key(0, "minor")


def change(
    concept: Concept,
    *,
    roll: Collection[str] = (),
    mute: Collection[str] = (),
    unmute: Collection[str] = (),
    progression: str | None = None,
) -> Concept:
    """The concept with these parts rolled once more, muted or heard again, and with these chords ("" for the genre's).

    Raises ``BadSetting`` for a part that there is none of, and for chords that are none.
    """
    for names, known in ((roll, CHANGEABLE), (mute, PARTS), (unmute, PARTS)):
        for name in names:
            if name not in known:
                raise BadSetting(f'There is no part "{name}" to change. There are: {", ".join(known)}.')
    if progression and not is_progression(progression):
        raise BadSetting(
            f'"{progression[:60]}" are no chords. They are written as Roman numerals: "i9 VImaj7 iv9 v7", "I V vi IV".'
        )
    changes = []
    for part in CHANGEABLE:
        before = concept.change_of(part)
        now = PartChange(
            part, before.roll + (part in roll), part in mute or (before.muted and part not in unmute)
        )  # fmt: skip
        if now != PartChange(part):
            changes.append(now)
    return replace(
        concept, changes=tuple(changes), progression=concept.progression if progression is None else progression.strip()
    )


def still_written(written: Sequence[WrittenPart], before: Concept, after: Concept) -> tuple[WrittenPart, ...]:
    """Of the parts that a person wrote those that were not rolled again: that asks for the engine's own."""
    return tuple(part for part in written if before.change_of(part.part).roll == after.change_of(part.part).roll)


def parts_of(concept: Concept) -> tuple[str, ...]:
    """The parts that play, muted ones among them."""
    genre = genre_book().get(concept.genre)
    playing = wanted_parts(concept, genre) if genre is not None else frozenset(PARTS)
    return tuple(part for part in PARTS if part in playing)


def is_progression(text: str) -> bool:
    """Whether a text is 1 to 64 chords in Roman numerals."""
    try:
        return 1 <= len(read_progression(text, _ANY_KEY)) <= _MOST_CHORDS
    except ValueError:
        return False


def told(concept: Concept) -> str:
    """The changes as a sentence; "" without any."""
    said = [f"{change.part} rolled {change.roll}×" for change in concept.changes if change.roll]
    said += [f"{change.part} muted" for change in concept.changes if change.muted]
    if concept.progression:
        said.append(f"chords {concept.progression}")
    return ", ".join(said)
