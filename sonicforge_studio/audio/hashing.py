"""Which file, and which sound: hashes of bytes and of decoded samples."""

from __future__ import annotations

from pathlib import Path

from blake3 import blake3

from sonicforge_studio.audio._pcm import interleaved
from sonicforge_studio.audio._regular_file import RegularFile
from sonicforge_studio.domain import Progress, Samples, SilentProgress

_BLOCK_BYTES = 1 << 20
_SILENT = SilentProgress()


class PcmHasher:
    """blake3 of samples as float32, little-endian, interleaved: the same however they are divided into blocks, and
    whatever the file's tags say."""

    def __init__(self) -> None:
        self._hash = blake3()

    def add(self, block: Samples) -> None:
        if block.size:
            self._hash.update(interleaved(block).data.cast("B"))

    def finish(self) -> str:
        """64 hexadecimal digits."""
        return str(self._hash.hexdigest())


def content_hash(path: str | Path, progress: Progress = _SILENT) -> str:
    """blake3 of a file's bytes, 64 hexadecimal digits.

    Raises what ``open_source`` raises for a path that is missing, forbidden, empty or no file.
    """
    file = RegularFile(Path(path))
    try:
        digest = blake3()
        done = 0
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            progress.step(done, max(done, file.size_bytes), "hashing")
        return str(digest.hexdigest())
    finally:
        file.close()
