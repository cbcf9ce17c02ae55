"""How much memory a model takes while it plays, from its figures alone."""

from __future__ import annotations

_WINDOW_FRAMES = 1504
"""30 s of codes and their delay, the longest stretch that is written at once."""
_ROWS = 2
"""Each piece is written with the text and without it, side by side."""
_BASE_BYTES = 2_000_000_000
"""PyTorch, transformers, and the codec while it turns 30 s of codes into sound."""


def memory_needed_bytes(parameters: int, layers: int, hidden_size: int) -> int:
    """What 30 s in 8 bits take on a CPU at most: the weights as they are loaded (4 bytes each), the decoder's products
    once more (1 byte each), keys and values of every position, and what is there without a model."""
    products = layers * 16 * hidden_size * hidden_size
    kept = 2 * layers * _ROWS * _WINDOW_FRAMES * hidden_size * 4
    return parameters * 4 + products + kept + _BASE_BYTES
