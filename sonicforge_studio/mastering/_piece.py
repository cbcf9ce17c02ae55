"""The piece on its way through several passes: a short one is kept in memory, a long one is read and shaped anew."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing

import numpy as np

from sonicforge_studio.domain import MasterSettings, Progress, Samples, Source
from sonicforge_studio.kernels.loudness_forecast import LoudnessForecast
from sonicforge_studio.kernels.true_peak import PeakEnvelope
from sonicforge_studio.mastering._ahead import ahead
from sonicforge_studio.mastering._arena import Arena
from sonicforge_studio.mastering._curves import Heard, SpectrumTaker, StageReductions
from sonicforge_studio.mastering._reading import Gauge
from sonicforge_studio.mastering._shaping import ShapedStream
from sonicforge_studio.mastering.chain import Shaped, StageMeter

_MOST_KEPT_SAMPLES = 24_000_000
"""Four and a half minutes of stereo at 44.1 kHz: 96 MB, and 48 MB for its envelope."""
_BLOCK_SAMPLES = 1 << 16
_GUESSED_SECONDS = 60
_SURE_DB = 4.0
"""So much more gain than it first looks like the envelope is exact for."""
_EXCERPT_SECONDS = 0.8
_MOST_EXCERPTS = 8


class _Excerpts:
    """A few moments of a stream, evenly spread over it however long it turns out to be."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._frames = round(_EXCERPT_SECONDS * sample_rate_hz)
        self._stride, self._blocks = 1, 0
        self.kept: list[Samples] = []

    def add(self, block: Samples) -> None:
        if self._blocks % self._stride == 0:
            self.kept.append(block[:, : self._frames].copy())
            if len(self.kept) > _MOST_EXCERPTS:
                self.kept = self.kept[::2]
                self._stride *= 2
        self._blocks += 1


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
        self.heard = Heard()
        with closing(open_source()) as source:
            self._source_rate_hz, self.channels = source.sample_rate_hz, source.channels
            self.sample_rate_hz = settings.sample_rate_hz or source.sample_rate_hz
            gauge = Gauge(self._source_rate_hz, self.channels)
            spectrum = SpectrumTaker(self._source_rate_hz, self.channels)
            excerpts = _Excerpts(self._source_rate_hz)
            guessed = source.frames or _GUESSED_SECONDS * source.sample_rate_hz
            blocks_kept = source_blocks(source, Arena().copy)
            with closing(told(ahead(blocks_kept), guessed, progress, "Measuring the original")) as blocks:
                for block in blocks:
                    gauge.add(block)
                    spectrum.add(block)
                    excerpts.add(block)
                    if self._raw is not None:
                        self._raw.append(block)
                        if gauge.frames * self.channels > most_kept_samples:
                            self._raw = None
        self._excerpts = excerpts.kept
        self._source_frames = gauge.frames
        self.too_short = gauge.too_short
        self.before, self.before_lufs = gauge.finish()
        self.heard = Heard(gauge.trace, spectrum.levels_db())
        self.mean_glue_db = 0.0
        self.stage_reductions: list[StageReductions] = []
        self.meters: dict[str, StageMeter] = {}
        self._exact_from = 0.0

    @property
    def frames(self) -> int:
        """As many as are delivered."""
        rates = (self._source_rate_hz, self.sample_rate_hz)
        return (2 * self._source_frames * rates[1] + rates[0]) // (2 * rates[0])

    def expected_lufs(self) -> float:
        """About how loud it is behind the chain, as some moments of it say; −inf for silence."""
        before, after = (Gauge(self._source_rate_hz, self.channels, peaks=False) for _ in range(2))
        for excerpt in self._excerpts:
            before.add(excerpt)
        for samples in self._stream(self._source_rate_hz, 0.0).try_out(self._excerpts):
            after.add(samples)
        change_lu = after.finish()[1] - before.finish()[1]
        return self.before_lufs + (change_lu if math.isfinite(change_lu) else 0.0)

    def shape(self, first_gain: float, ceiling: float, progress: Progress) -> LoudnessForecast:
        """A pass behind the chain. ``first_gain`` is about what will be needed under ``ceiling``, linear."""
        self._exact_from = ceiling / (first_gain * 10.0 ** (_SURE_DB / 20.0))
        if self._shaped is not None:
            self._shaped = self._with_envelope(self._shaped)
        forecast = LoudnessForecast(self.sample_rate_hz, self.channels)
        with closing(self.shaped()) as pieces:
            done = 0
            for samples, envelope in pieces:
                forecast.add(samples, envelope)
                done += samples.shape[1]
                progress.step(done, max(done, self.frames, 1), "Shaping")
        forecast.finish()
        return forecast

    def _with_envelope(self, shaped: Sequence[Shaped]) -> list[Shaped]:
        """The same samples, and a new envelope in place of theirs."""
        envelope = PeakEnvelope(self.sample_rate_hz, self.channels, floor=self._exact_from)
        borders = np.cumsum([samples.shape[1] for samples, _ in shaped])
        levels = np.empty(borders[-1], np.float32)
        done = 0
        for _, part in envelope.run(samples for samples, _ in shaped):
            levels[done : done + part.size] = part
            done += part.size
        parts = np.split(levels, borders[:-1])
        return [(samples, part) for (samples, _), part in zip(shaped, parts, strict=True)]

    def is_exact_for(self, gain: float, ceiling: float) -> bool:
        """Whether the envelope holds all that has to be held down at this gain."""
        return gain * self._exact_from <= ceiling

    def shaped(self) -> Generator[Shaped, None, None]:
        """The stream before the limiter; the passes are alike, sample for sample."""
        if self._shaped is not None:
            yield from self._shaped
            return
        stream = self._stream(self.sample_rate_hz, self._exact_from)
        if self._raw is None:
            with closing(self._open_source()) as source, closing(stream.run(source_blocks(source))) as pieces:
                yield from pieces
        else:
            kept: list[Shaped] = []
            # Apart, for another envelope may take the first one's place.
            room, levels_room = Arena(), Arena()
            raw, self._raw = self._raw, None
            with closing(stream.run(_taken(raw))) as pieces:
                for samples, levels in pieces:
                    kept.append((room.copy(samples), levels_room.copy(levels)))
                    yield kept[-1]
            self._shaped = kept
        self.mean_glue_db = stream.mean_glue_db
        self.stage_reductions, self.meters = stream.reductions, stream.meters

    def _stream(self, delivered_rate_hz: int, floor: float) -> ShapedStream:
        return ShapedStream(
            self._source_rate_hz,
            self.channels,
            self._settings,
            self.before_lufs,
            delivered_rate_hz=delivered_rate_hz,
            floor=floor,
        )


def told(blocks: Iterable[Samples], frames: int, progress: Progress, note: str) -> Generator[Samples, None, None]:
    """The blocks as they are; after each the progress is told, and asked for a stop."""
    done = 0
    try:
        for block in blocks:
            done += block.shape[1]
            yield block
            progress.step(done, max(done, frames, 1), note)
    finally:
        if isinstance(blocks, Generator):
            blocks.close()


def _taken(raw: deque[Samples]) -> Iterator[Samples]:
    """Each block is let go as its shaped one takes its place."""
    while raw:
        yield raw.popleft()


def source_blocks(source: Source, copy: Callable[[Samples], Samples] = np.copy) -> Generator[Samples, None, None]:
    """All blocks of a source, copies: a source may use its room again."""
    block_frames = max(1024, _BLOCK_SAMPLES // source.channels)
    while (block := source.read(block_frames)).shape[1]:
        yield copy(block)
