"""Reading a source through to its end."""

from __future__ import annotations

from collections.abc import Callable

from sonicforge_studio.domain import Progress, Samples, Source

BLOCK_FRAMES = 65536


def each_block(source: Source, progress: Progress, use: Callable[[Samples], object], note: str = "") -> int:
    """Hand every block of a source to ``use``, with a stop check a block; the number of frames."""
    done = 0
    while (block := source.read(BLOCK_FRAMES)).shape[1]:
        use(block)
        done += block.shape[1]
        # Where the length is not known, the bar nears its end and never reaches it.
        total = source.frames or done + 60 * source.sample_rate_hz
        progress.step(done, max(total, done), note)
    return done
