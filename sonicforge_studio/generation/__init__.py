"""From a sentence to sound: composer, engines, critic, recipes."""

from sonicforge_studio.generation.changing import CHANGEABLE, PARTS, change, parts_of, still_written, told
from sonicforge_studio.generation.composer import compose
from sonicforge_studio.generation.critic import criticise
from sonicforge_studio.generation.genres import genre_book
from sonicforge_studio.generation.midi import notes_of, read_midi, write_midi, written_parts
from sonicforge_studio.generation.recipes import recipe_from_json, recipe_to_json
from sonicforge_studio.generation.synth import SynthEngine, score_of

__all__ = [
    "CHANGEABLE",
    "PARTS",
    "SynthEngine",
    "change",
    "compose",
    "criticise",
    "genre_book",
    "notes_of",
    "parts_of",
    "read_midi",
    "recipe_from_json",
    "recipe_to_json",
    "score_of",
    "still_written",
    "told",
    "write_midi",
    "written_parts",
]
