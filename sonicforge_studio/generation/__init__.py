"""From a sentence to sound: composer, engines, critic, recipes."""

from sonicforge_studio.generation.changing import CHANGEABLE, PARTS, change, parts_of
from sonicforge_studio.generation.composer import compose
from sonicforge_studio.generation.critic import criticise
from sonicforge_studio.generation.genres import genre_book
from sonicforge_studio.generation.midi import write_midi
from sonicforge_studio.generation.recipes import recipe_from_json, recipe_to_json
from sonicforge_studio.generation.synth import SynthEngine

__all__ = [
    "CHANGEABLE",
    "PARTS",
    "SynthEngine",
    "change",
    "compose",
    "criticise",
    "genre_book",
    "parts_of",
    "recipe_from_json",
    "recipe_to_json",
    "write_midi",
]
