"""The piece on its way through several passes: a short one is kept in memory, a long one is read and shaped anew."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

from sonicforge_studio.domain import MasterSettings, Progress, Samples, Source
from sonicforge_studio.mastering._reading import Gauge
from sonicforge_studio.mastering.chain import Shaped, Shaping

_MOST_KEPT_SAMPLES = 48_000_000
"""Nine minutes of stereo at 44.1 kHz: 192 MB, and 96 MB for its envelope."""
_BLOCK_SAMPLES = 1 << 17
_GUESSED_SECONDS = 60


class Piece:
    """A source that was read through once and measured, and its shaped stream as often as it is wanted."""

    def __init__(
        self,
        open_source: Callable[[], Source],
        settings: MasterSettings,
        progress: Progress,
        *,
        most_kept_samples: int = _MOST_KEPT_SAMPLES,
    ) -> None:
        """Read and measure. Raises what the source raises, and ``Cancelled``."""
        self._open_source = open_source
        self._settings = settings
        self._raw: deque[Samples] | None = deque()
        self._shaped: list[Shaped] | None = None
        with closing(open_source()) as source:
            self.sample_rate_hz, self.channels = source.sample_rate_hz, source.channels
            gauge = Gauge(self.sample_rate_hz, self.channels)
            for block in _blocks(source, source.frames, progress, "Measuring the original"):
                gauge.add(block)
                if self._raw is not None:
                    self._raw.append(block.copy())
                    if gauge.frames * self.channels > most_kept_samples:
                        self._raw = None
        self.frames = gauge.frames
        self.too_short = gauge.too_short
        self.before, self._before_lufs = gauge.finish()
        self.mean_glue_db = 0.0

    def shaped(self, progress: Progress, note: str) -> Iterator[Shaped]:
        """The stream behind high-pass and glue; the passes are alike, sample for sample."""
        if self._shaped is not None:
            yield from self._from_memory(self._shaped, progress, note)
            return
        shaping = Shaping(self.sample_rate_hz, self.channels, self._settings, self._before_lufs)
        if self._raw is None:
            with closing(self._open_source()) as source:
                yield from shaping.run(_blocks(source, self.frames, progress, note))
        else:
            kept: list[Shaped] = []
            for piece in shaping.run(self._raw_from_memory(self._raw, progress, note)):
                kept.append(piece)
                yield piece
            self._shaped, self._raw = kept, None
        self.mean_glue_db = shaping.mean_reduction_db

    def _raw_from_memory(self, raw: deque[Samples], progress: Progress, note: str) -> Iterator[Samples]:
        """Each block is let go as its shaped one takes its place."""
        done = 0
        while raw:
            block = raw.popleft()
            done += block.shape[1]
            yield block
            progress.step(done, self.frames, note)

    def _from_memory(self, shaped: Iterable[Shaped], progress: Progress, note: str) -> Iterator[Shaped]:
        done = 0
        for samples, envelope in shaped:
            done += samples.shape[1]
            yield samples, envelope
            progress.step(done, self.frames, note)


def _blocks(source: Source, frames: int | None, progress: Progress, note: str) -> Iterator[Samples]:
    """All blocks of a source; a stop check after each."""
    block_frames = max(1024, _BLOCK_SAMPLES // source.channels)
    done = 0
    while (block := source.read(block_frames)).shape[1]:
        done += block.shape[1]
        yield block
        progress.step(done, max(done, frames or done + _GUESSED_SECONDS * source.sample_rate_hz), note)
