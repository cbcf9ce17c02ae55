"""The chain's two halves: shaping (high-pass and glue), then limiting. Streams in, streams of the same length out."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import MasterSettings, Samples
from sonicforge_studio.kernels.dynamics import GlueCompressor, HighPass
from sonicforge_studio.kernels.limiter import Limiter
from sonicforge_studio.kernels.true_peak import PeakEnvelope

Shaped = tuple[Samples, NDArray[np.float32]]
"""A block ``(channels, n)``, and for each frame the highest level around it, between the samples too."""

_THRESHOLD_BELOW_LOUDNESS_LU = 4.0
"""Music then spends most of its time 4 dB over the threshold: 1.5 dB less at a ratio of 1.6."""


class Shaping:
    """High-pass, glue compressor, and the measuring of peaks; nothing in it depends on the final gain."""

    def __init__(self, sample_rate_hz: int, channels: int, settings: MasterSettings, loudness_lufs: float) -> None:
        """``loudness_lufs`` is the track's own loudness, which the compressor's threshold hangs on."""
        self._channels = channels
        self._high_pass = HighPass(sample_rate_hz, channels, settings.high_pass_hz)
        audible = np.isfinite(loudness_lufs)
        self._glue = GlueCompressor(
            sample_rate_hz,
            channels,
            threshold_lufs=loudness_lufs - _THRESHOLD_BELOW_LOUDNESS_LU if audible else 0.0,
            ratio=settings.glue_ratio if audible else 1.0,
            attack_ms=settings.glue_attack_ms,
            amount=settings.amount,
        )
        self._envelope = PeakEnvelope(sample_rate_hz, channels)

    @property
    def mean_reduction_db(self) -> float:
        return self._glue.mean_reduction_db

    def run(self, blocks: Iterable[Samples]) -> Iterator[Shaped]:
        """Shape a whole stream."""
        late = self._envelope.latency_frames
        for block in blocks:
            samples, envelope = self._envelope.process(self._glue.process(self._high_pass.process(block)))
            cut, late = min(late, samples.shape[1]), late - min(late, samples.shape[1])
            yield samples[:, cut:], envelope[cut:]
        # What is missing at the end is as long as the delay that was cut off at the start.
        rest = np.zeros((self._channels, self._envelope.latency_frames), np.float32)
        samples, envelope = self._envelope.process(rest)
        yield samples[:, late:], envelope[late:]


def limited(pieces: Iterable[Shaped], limiter: Limiter, channels: int) -> Generator[Samples, None, None]:
    """A whole shaped stream through the limiter."""
    late = limiter.latency_frames
    for samples, envelope in pieces:
        out = limiter.process(samples, envelope)
        cut, late = min(late, out.shape[1]), late - min(late, out.shape[1])
        yield out[:, cut:]
    rest = np.zeros((channels, limiter.latency_frames), np.float32)
    yield limiter.process(rest, np.zeros(limiter.latency_frames, np.float32))[:, late:]
