"""From a sentence to sound: composer, engines, critic, recipes."""

from sonicforge_studio.generation.changing import (
    CHANGEABLE,
    PARTS,
    change,
    lock,
    locked_parts,
    parts_of,
    parts_of_genre,
    sounds_in,
    sounds_of,
    still_written,
    told,
)
from sonicforge_studio.generation.composer import compose, vocabulary
from sonicforge_studio.generation.critic import criticise
from sonicforge_studio.generation.form import read_form, section_names
from sonicforge_studio.generation.genres import genre_book
from sonicforge_studio.generation.midi import at_tempo, notes_of, read_midi, write_midi, written_parts
from sonicforge_studio.generation.recipes import recipe_from_json, recipe_to_json
from sonicforge_studio.generation.sounds import mood_book
from sonicforge_studio.generation.synth import (
    BEATS_PER_BAR,
    DRUM_PITCHES,
    SAMPLE_RATE_HZ,
    SynthEngine,
    chord_name,
    perform,
    scale_of,
    score_of,
    written_score,
)
from sonicforge_studio.generation.synth.samples import choose_samples, settle_samples, unplayed_samples

__all__ = [
    "BEATS_PER_BAR",
    "CHANGEABLE",
    "DRUM_PITCHES",
    "PARTS",
    "SAMPLE_RATE_HZ",
    "SynthEngine",
    "at_tempo",
    "change",
    "choose_samples",
    "chord_name",
    "compose",
    "criticise",
    "genre_book",
    "lock",
    "locked_parts",
    "mood_book",
    "notes_of",
    "parts_of",
    "parts_of_genre",
    "perform",
    "read_form",
    "read_midi",
    "recipe_from_json",
    "recipe_to_json",
    "scale_of",
    "score_of",
    "section_names",
    "settle_samples",
    "sounds_in",
    "sounds_of",
    "still_written",
    "told",
    "unplayed_samples",
    "vocabulary",
    "write_midi",
    "written_parts",
    "written_score",
]
