"""How much memory a model takes while it plays, from its figures alone."""

from __future__ import annotations

_WINDOW_FRAMES = 1504
"""30 s of codes and their delay, the longest stretch that is written at once."""
_ROWS = 2
"""Each piece is written with the text and without it, side by side."""
_BASE_BYTES = 1_350_000_000
"""PyTorch with its loader (0.35 GB), and the codec while it turns 30 s of codes into sound (1 GB): as measured on Linux
at musicgen-small's size, where all that is not mapped from the file came to 2.3 GB."""


def memory_needed_bytes(parameters: int, layers: int, hidden_size: int) -> int:
    """What 30 s in 8 bits take on a CPU: the decoder's products (1 byte each), what is beside them (text encoder,
    codec, tables, 4 bytes each), keys and values of every position, and what is there without a model.

    The products as they lie in the file (4 bytes each) do not count: they are mapped, read once, and given back where
    memory is wanted.
    """
    products = layers * 16 * hidden_size * hidden_size
    kept = 2 * layers * _ROWS * _WINDOW_FRAMES * hidden_size * 4
    return products + max(0, parameters - products) * 4 + kept + _BASE_BYTES
