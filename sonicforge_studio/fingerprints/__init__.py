"""Fingerprints that AcoustID understands, and what they tell of who is related to whom."""

from sonicforge_studio.fingerprints.codec import compress, decompress, simhash
from sonicforge_studio.fingerprints.family import Item, Pair, related_pairs
from sonicforge_studio.fingerprints.fingerprinter import Fingerprint, Fingerprinter, fingerprint_clip
from sonicforge_studio.fingerprints.index import FingerprintIndex
from sonicforge_studio.fingerprints.matching import Match, compare

__all__ = [
    "Fingerprint",
    "FingerprintIndex",
    "Fingerprinter",
    "Item",
    "Match",
    "Pair",
    "compare",
    "compress",
    "decompress",
    "fingerprint_clip",
    "related_pairs",
    "simhash",
]
