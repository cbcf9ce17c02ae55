"""A piece on its way to the limiter: match, chain, the wanted rate, and the peaks that must be held down."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import fields, replace

import numpy as np

from sonicforge_studio.audio import Resampler
from sonicforge_studio.domain import ChainSettings, MasterSettings, Samples
from sonicforge_studio.kernels.true_peak import PeakEnvelope
from sonicforge_studio.mastering._ahead import ahead
from sonicforge_studio.mastering._curves import StageReductions
from sonicforge_studio.mastering.chain import Chain, Shaped, StageMeter
from sonicforge_studio.mastering.stages.glue import GlueStage
from sonicforge_studio.mastering.stages.match import MatchStage

_CHAIN_SAMPLES = 16384
"""A fifth of a second of stereo: it stays in the processor's cache from stage to stage."""
_GATHERED_SAMPLES = 1 << 16
"""What comes after the chain works on larger blocks, and memory is kept in them."""
_FIRST_HALF = ("repair", "eq", "de_esser", "multiband")
"""These stages run on one thread, the rest on another: about as much work each."""


class ShapedStream:
    """One run of a piece through everything before the limiter, on several threads; nothing in it depends on the final
    gain. ``floor`` is the level below which the envelope need not be exact."""

    def __init__(
        self,
        sample_rate_hz: int,
        channels: int,
        settings: MasterSettings,
        loudness_lufs: float,
        *,
        delivered_rate_hz: int,
        floor: float = 0.0,
    ) -> None:
        self._channels = channels
        self._match = None
        if settings.match is not None:
            match = MatchStage.scaled(settings.match, settings.amount)
            if not MatchStage.is_neutral(match):
                self._match = MatchStage(sample_rate_hz, channels, match, loudness_lufs)
        self._halves = [
            Chain(sample_rate_hz, channels, half, loudness_lufs, amount=settings.amount)
            for half in _halves(settings.chain)
        ]
        self.reductions = [StageReductions(sample_rate_hz) for _ in self._halves]
        self._resampler = (
            Resampler(sample_rate_hz, delivered_rate_hz, channels) if delivered_rate_hz != sample_rate_hz else None
        )
        self._envelope = PeakEnvelope(delivered_rate_hz, channels, floor=floor)

    @property
    def mean_glue_db(self) -> float:
        stages = (half.stage("glue") for half in self._halves)
        return sum(stage.mean_reduction_db for stage in stages if isinstance(stage, GlueStage))

    @property
    def meters(self) -> dict[str, StageMeter]:
        """The stages' meters at the end."""
        return {name: meter for half in self._halves for name, meter in half.meters.items()}

    def run(self, blocks: Iterable[Samples]) -> Generator[Shaped, None, None]:
        """Shape a whole stream; its latency is taken away at the start and made up for at the end."""
        resampled = self._resampled(self._second(ahead(self._first(blocks))))
        with closing(ahead(_gathered(resampled, max(1024, _GATHERED_SAMPLES // self._channels)))) as made:
            yield from self._envelope.run(made)

    def try_out(self, blocks: Iterable[Samples]) -> Generator[Samples, None, None]:
        """Match and chain alone, of a few moments: no thread is worth its while."""
        return self._second(self._first(blocks))

    def _first(self, blocks: Iterable[Samples]) -> Generator[Samples, None, None]:
        pieces = _pieces(blocks, max(256, _CHAIN_SAMPLES // self._channels))
        return self._through(self._halves[0], self.reductions[0], self._matched(pieces))

    def _second(self, blocks: Generator[Samples, None, None]) -> Generator[Samples, None, None]:
        return self._through(self._halves[1], self.reductions[1], blocks)

    def _matched(self, blocks: Generator[Samples, None, None]) -> Generator[Samples, None, None]:
        if self._match is None:
            yield from blocks
            return
        late = self._match.latency_frames
        with closing(blocks):
            for block in _then(blocks, np.zeros((self._channels, late), np.float32)):
                out = self._match.process(block)
                cut, late = min(late, out.shape[1]), late - min(late, out.shape[1])
                yield out[:, cut:]

    def _through(
        self, chain: Chain, reductions: StageReductions, blocks: Generator[Samples, None, None]
    ) -> Generator[Samples, None, None]:
        with closing(blocks):
            for block in blocks:
                out = chain.process(block)
                reductions.add(out.shape[1], chain.meters)
                yield out
        yield chain.flush()

    def _resampled(self, blocks: Generator[Samples, None, None]) -> Generator[Samples, None, None]:
        if self._resampler is None:
            yield from blocks
            return
        with closing(blocks):
            for block in blocks:
                yield self._resampler.process(block)
        yield self._resampler.finish()


def _halves(chain: ChainSettings) -> tuple[ChainSettings, ChainSettings]:
    """The chain's stages on two chains that follow each other."""

    def with_off(off: Iterable[str]) -> ChainSettings:
        return replace(chain, **{name: replace(getattr(chain, name), on=False) for name in off})

    names = [entry.name for entry in fields(chain)]
    return with_off(name for name in names if name not in _FIRST_HALF), with_off(_FIRST_HALF)


def _pieces(blocks: Iterable[Samples], frames: int) -> Generator[Samples, None, None]:
    for block in blocks:
        for start in range(0, block.shape[1], frames):
            yield block[:, start : start + frames]


def _gathered(blocks: Generator[Samples, None, None], frames: int) -> Generator[Samples, None, None]:
    held: list[Samples] = []
    count = 0
    with closing(blocks):
        for block in blocks:
            held.append(block)
            count += block.shape[1]
            if count >= frames:
                yield np.concatenate(held, axis=1)
                held, count = [], 0
    if held:
        yield np.concatenate(held, axis=1)


def _then(blocks: Iterable[Samples], last: Samples) -> Generator[Samples, None, None]:
    yield from blocks
    yield last
