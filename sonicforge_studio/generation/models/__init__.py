"""Models of neural engines: which there are in the world, which are here, and how one gets here."""

from sonicforge_studio.generation.models.catalogue import MUSICGEN_LICENCE, KnownModel, catalogue
from sonicforge_studio.generation.models.needs import memory_needed_bytes
from sonicforge_studio.generation.models.offer import Offer, spoken_bytes
from sonicforge_studio.generation.models.shelf import Shelf

__all__ = [
    "MUSICGEN_LICENCE",
    "KnownModel",
    "Offer",
    "Shelf",
    "catalogue",
    "memory_needed_bytes",
    "spoken_bytes",
]
