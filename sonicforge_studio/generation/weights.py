"""What tells one model's weights from another's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from blake3 import blake3

_PAGE_BYTES, _PAGES = 1 << 16, 64


def weights_hash(files: Iterable[Path]) -> str:
    """blake3 of each file's size, header and some pages of it, for all of it would take seconds."""
    digest = blake3()
    for file in files:
        size = file.stat().st_size
        digest.update(size.to_bytes(8, "little"))
        with file.open("rb") as opened:
            for place in range(0, size, max(_PAGE_BYTES, size // _PAGES)):
                opened.seek(place)
                digest.update(opened.read(_PAGE_BYTES))
    return digest.hexdigest()
