"""What a person changes of a piece that is there: one part rolled again or muted, other chords. The rest stays."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sonicforge_studio.domain.concept import Concept, PartChange
from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.domain.key import Key
from sonicforge_studio.domain.recipe import WrittenPart
from sonicforge_studio.generation.genres import genre_book
from sonicforge_studio.generation.sounds import instrument_book, kit_book
from sonicforge_studio.generation.synth.arrangement import chosen_kit, wanted_parts
from sonicforge_studio.generation.synth.engine import genre_of
from sonicforge_studio.generation.synth.groove import DRUM_PITCHES
from sonicforge_studio.generation.synth.harmony import read_progression
from sonicforge_studio.generation.synth.performance import chosen_instrument
from sonicforge_studio.generation.synth.samples import told_samples

PARTS = ("drums", "bass", "chords", "pads", "melody")
CHANGEABLE = (*PARTS, "harmony")
"""What can be rolled again; only parts can be muted."""
LOWEST_GAIN_DB, HIGHEST_GAIN_DB = -24.0, 12.0
_MOST_CHORDS = 64
_TONAL = frozenset({"bass", "chords", "pads", "melody"})
_NOTHING: Mapping[str, Any] = {}
_ANY_KEY = Key(0, "minor")


def change(
    concept: Concept,
    *,
    roll: Collection[str] = (),
    mute: Collection[str] = (),
    unmute: Collection[str] = (),
    sounds: Mapping[str, str] = _NOTHING,
    gains_db: Mapping[str, float] = _NOTHING,
    progression: str | None = None,
) -> Concept:
    """The concept with these parts rolled once more, muted or heard again, with other sounds ("" for the part's own)
    and levels, and with these chords ("" for the genre's).

    Raises ``BadSetting`` for a part that there is none of, for sounds it cannot have, and for chords that are none.
    """
    for names, known in ((roll, CHANGEABLE), (mute, PARTS), (unmute, PARTS), (sounds, PARTS), (gains_db, PARTS)):
        for name in names:
            if name not in known:
                raise BadSetting(f'There is no part "{name}" to change. There are: {", ".join(known)}.')
    for part, sound in sounds.items():
        if sound and sound not in sounds_of(part):
            raise BadSetting(f'The {part} cannot sound like "{sound[:60]}". There are: {", ".join(sounds_of(part))}.')
    for part, gain_db in gains_db.items():
        if not LOWEST_GAIN_DB <= gain_db <= HIGHEST_GAIN_DB:
            raise BadSetting(f"A level is from {LOWEST_GAIN_DB:g} to {HIGHEST_GAIN_DB:g} dB, not {gain_db:g} ({part}).")
    if progression and not is_progression(progression):
        raise BadSetting(
            f'"{progression[:60]}" are no chords. They are written as Roman numerals: "i9 VImaj7 iv9 v7", "I V vi IV".'
        )
    changes = []
    for part in CHANGEABLE:
        before = concept.change_of(part)
        now = replace(
            before,
            roll=before.roll + (part in roll),
            muted=part in mute or (before.muted and part not in unmute),
            sound=sounds.get(part, before.sound),
            gain_db=float(gains_db.get(part, before.gain_db)),
        )
        if now != PartChange(part):
            changes.append(now)
    # Another kit takes the place of every drum's sample.
    silenced = {*sounds, *(DRUM_PITCHES if "drums" in sounds else ())}
    return replace(
        concept,
        changes=tuple(changes),
        progression=concept.progression if progression is None else progression.strip(),
        # A part that is given a sound has it: no sample of before stands in its way.
        samples=tuple(choice for choice in concept.samples if choice.plays not in silenced),
    )


def lock(concept: Concept, parts: Collection[str], seed: int) -> Concept:
    """The concept with these parts kept as the dice of ``seed`` have them, whatever seed it is rendered with; all
    others go with the seed. What plays the harmony keeps it too.

    Raises ``BadSetting`` for a part that there is none of.
    """
    for name in parts:
        if name not in CHANGEABLE:
            raise BadSetting(f'There is no part "{name}" to lock. There are: {", ".join(CHANGEABLE)}.')
    locked = {*parts, *(("harmony",) if set(parts) & _TONAL else ())}
    changes = []
    for part in CHANGEABLE:
        before = concept.change_of(part)
        kept = seed if before.seed is None else before.seed
        now = replace(before, seed=kept if part in locked else None)
        if now != PartChange(part):
            changes.append(now)
    return replace(concept, changes=tuple(changes))


def locked_parts(concept: Concept) -> tuple[str, ...]:
    """The parts that keep their dice."""
    return tuple(change.part for change in concept.changes if change.seed is not None)


def sounds_of(part: str) -> tuple[str, ...]:
    """The sounds that a part can have: instruments, and kits for the drums."""
    if part == "drums":
        return tuple(kit_book())
    return tuple(name for name, instrument in instrument_book().items() if instrument.part == part and instrument.voice)


def sounds_in(concept: Concept) -> dict[str, str]:
    """The sound that each part of a piece has."""
    genre = genre_of(concept)
    sounds = {name: chosen_instrument(name, part, concept) for name, part in genre.parts.items()}
    return sounds | {"drums": chosen_kit(genre, concept)}


def still_written(written: Sequence[WrittenPart], before: Concept, after: Concept) -> tuple[WrittenPart, ...]:
    """Of the parts that a person wrote those that were not rolled again: that asks for the engine's own."""
    return tuple(part for part in written if before.change_of(part.part).roll == after.change_of(part.part).roll)


def parts_of(concept: Concept) -> tuple[str, ...]:
    """The parts that play, muted ones among them."""
    genre = genre_book().get(concept.genre)
    playing = wanted_parts(concept, genre) if genre is not None else frozenset(PARTS)
    return tuple(part for part in PARTS if part in playing)


def parts_of_genre(genre_id: str) -> tuple[str, ...]:
    """The parts that a genre has; each one's name also stands for the sound that the genre gives it."""
    genre = genre_book().get(genre_id)
    return tuple(part for part in PARTS if genre is not None and (part in genre.parts or part == "drums"))


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
    said += [f"{change.part} as {change.sound}" for change in concept.changes if change.sound]
    said += [f"{change.part} {change.gain_db:+g} dB" for change in concept.changes if change.gain_db]
    said += [f"{change.part} locked" for change in concept.changes if change.seed is not None]
    if concept.progression:
        said.append(f"chords {concept.progression}")
    return ", ".join(said + told_samples(concept))
