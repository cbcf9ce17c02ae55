"""How much memory a model takes while it plays, from its figures alone."""

from __future__ import annotations

LONGEST_SECONDS = 30.0
"""The longest stretch that is written at once; what lies before it is on the disk."""
_PLACES_PER_SECOND = 50
_BASE_BYTES = 1_000_000_000
"""PyTorch with its loader, and the codec while it turns a second of codes into sound."""
_BYTES = {"float32": 4.0, "bfloat16": 2.0, "int8": 1.0}


def memory_needed_bytes(
    parameters: int,
    layers: int,
    hidden_size: int,
    *,
    precision: str = "int8",
    seconds: float = LONGEST_SECONDS,
    at_once: int = 1,
) -> int:
    """What the engine's process takes at most on a CPU: the decoder's products in their precision, what is beside them
    (text encoder, codec, tables) in float32, keys and values of every place for a row with the text and one without,
    and what is there without a model.

    What of the file is mapped does not count: it is read once, and given back where memory is wanted.
    """
    products = layers * 16 * hidden_size * hidden_size
    places = min(seconds, LONGEST_SECONDS) * _PLACES_PER_SECOND
    kept = 2 * layers * 2 * at_once * places * hidden_size
    return int((products + kept) * _BYTES[precision] + max(0, parameters - products) * 4 + _BASE_BYTES)
