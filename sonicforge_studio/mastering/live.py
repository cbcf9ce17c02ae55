"""The chain under the hand: a source that is mastered while it is read, and set otherwise while it plays.

What comes out lies at the frame it belongs to, however late the stages are, so that a player may go back a moment and
read it anew with other settings. The state of all stages is kept every so often; going back, it is taken up from there:
a compressor has still heard what it had heard.
"""

from __future__ import annotations

import copy
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import MasterSettings, Samples, Source
from sonicforge_studio.kernels.limiter import CALM, Limiter, Pace
from sonicforge_studio.kernels.true_peak import PeakEnvelope
from sonicforge_studio.mastering.chain import Chain, StageMeter
from sonicforge_studio.mastering.stages.match import MatchStage

LIMITER = "limiter"
"""What ``alone`` is where only what the limiter takes away is to be heard."""

_BLOCK_SECONDS = 0.025
_WARM_SECONDS = 1.0
"""So much before its place a new chain begins, for its filters and detectors to have heard something."""
_LIMITER_SECONDS = 0.3
_REMEMBERED_SECONDS = 1.5
"""How far back what was read and how the stages stood is kept."""
_STAND_SECONDS = 0.05
_GLIDE = 0.5**250
"""What is left of the way to another gain after a second: half is gone every 4 ms."""


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """What is heard from the next frame on."""

    master: MasterSettings
    gain_db: float
    """Between chain and limiter."""
    ceiling_dbtp: float
    pace: Pace = CALM
    alone: str | None = None
    """A stage of which only the difference it makes is to be heard."""


@dataclass(frozen=True, slots=True)
class LiveMeters:
    """What the stages did in the block that was made last, which is heard a moment later."""

    second: float
    """Its place in the music."""
    stages: dict[str, StageMeter]
    limiter_db: float
    """The deepest gain reduction in it; ≤ 0."""


class LiveMaster:
    """A ``Source``: another source, mastered. ``wanted`` is asked before each block; ``meters`` may be read from any
    thread. Owns the source."""

    def __init__(
        self,
        source: Source,
        wanted: Callable[[], LiveSettings],
        loudness_lufs: float,
        told: Callable[[LiveMeters], None] = lambda _: None,
    ) -> None:
        """``loudness_lufs`` is the piece's own, which the thresholds hang on."""
        self.sample_rate_hz, self.channels = source.sample_rate_hz, source.channels
        self._input = _Input(source)
        self._wanted = wanted
        self._loudness_lufs = loudness_lufs
        self._told = told
        self._stands: deque[_Strand] = deque()
        self._strand = self._strand_at(0, wanted())

    @property
    def frames(self) -> int | None:
        return self._input.frames

    def read(self, frames: int) -> Samples:
        wanted, leaving = self._wanted(), None
        if wanted != self._strand.settings and not self._strand.take(wanted):
            leaving, self._strand = self._strand, self._strand_at(self._strand.at, wanted)
        block_frames = min(frames, max(1, round(_BLOCK_SECONDS * self.sample_rate_hz)))
        block, meters = self._strand.read(block_frames, self._input)
        if leaving is not None:
            block = _gone_over(leaving.read(block_frames, self._input)[0], block)
        if block.shape[1]:
            self._told(meters)
            self._keep_stand()
        return block

    def seek(self, frame: int) -> None:
        stand = next((stand for stand in reversed(self._stands) if stand.at <= frame), None)
        near = stand is not None and frame - stand.at <= 2 * _STAND_SECONDS * self.sample_rate_hz
        while self._stands and self._stands[-1].at > frame:
            self._stands.pop()
        if stand is None or not near:
            self._stands.clear()
            self._strand = self._strand_at(frame, self._wanted())
            return
        self._strand = stand.copy()
        while self._strand.at < frame:
            block, _ = self._strand.read(frame - self._strand.at, self._input)
            if not block.shape[1]:
                break

    def close(self) -> None:
        self._input.close()

    def _strand_at(self, frame: int, settings: LiveSettings) -> _Strand:
        begin = max(0, frame - round(_WARM_SECONDS * self.sample_rate_hz))
        strand = _Strand(self.sample_rate_hz, self.channels, settings, self._loudness_lufs, begin)
        while strand.at < frame:
            block, _ = strand.read(frame - strand.at, self._input)
            if not block.shape[1]:
                break
        return strand

    def _keep_stand(self) -> None:
        if self._stands and self._strand.at - self._stands[-1].at < _STAND_SECONDS * self.sample_rate_hz:
            return
        self._stands.append(self._strand.copy())
        oldest = self._strand.at - _REMEMBERED_SECONDS * self.sample_rate_hz
        while self._stands[0].at < oldest:
            self._stands.popleft()


class _Strand:
    """One chain with its limiter, and how far it has come."""

    def __init__(
        self, sample_rate_hz: int, channels: int, settings: LiveSettings, loudness_lufs: float, begin: int
    ) -> None:
        self.settings = settings
        self._rate_hz, self._channels = sample_rate_hz, channels
        master = settings.master
        self._match = None
        if master.match is not None and master.amount > 0.0:
            self._match = MatchStage(sample_rate_hz, channels, master.match, loudness_lufs)
        self._chain = Chain(sample_rate_hz, channels, master.chain, loudness_lufs, amount=master.amount)
        self._envelope = PeakEnvelope(sample_rate_hz, channels)
        self._limiter = self._limiter_for(settings)
        self._leaving: Limiter | None = None
        """Another one's predecessor, which is faded out in the next block."""
        self._gain = _linear(settings.gain_db)
        self._heard_frames = round(_LIMITER_SECONDS * sample_rate_hz)
        self._before_limiter = (
            np.zeros((channels, self._heard_frames), np.float32),
            np.zeros(self._heard_frames, np.float32),
        )
        """What the limiter was handed last, and its envelope: another one begins with it."""
        self._hear_alone()
        self._fed = begin
        self._skip = self._envelope.latency_frames + self._limiter.latency_frames
        """Frames still to come out before the first one that belongs to the piece."""
        self._match_skip = 0 if self._match is None else self._match.latency_frames
        self._lead = self._skip + self._chain.latency_frames + self._match_skip
        """Frames still to be fed before that one comes out."""
        self.at = begin
        """The frame that comes out next."""

    def copy(self) -> _Strand:
        settings = self.settings
        kept = (settings, settings.master, settings.master.chain, self._chain.settings)
        return copy.deepcopy(self, {id(entry): entry for entry in kept})

    def take(self, settings: LiveSettings) -> bool:
        """Go on with other settings; False where that needs another strand."""
        before, master = self.settings, settings.master
        if settings.pace != before.pace:
            return False
        if master.match != before.master.match or (master.match and not master.amount * before.master.amount):
            return False
        same = (master.chain, master.amount) == (before.master.chain, before.master.amount)
        if not same and not self._chain.configure(master.chain, master.amount):
            return False
        self.settings = settings
        self._hear_alone()
        if settings.ceiling_dbtp != before.ceiling_dbtp:
            self._leaving, self._limiter = self._limiter, self._limiter_for(settings)
            self._limiter.process(*self._before_limiter)
        return True

    def read(self, frames: int, source: _Input) -> tuple[Samples, LiveMeters]:
        """The next frames, as many but at the end, and what the stages did."""
        second = self.at / self._rate_hz
        if source.frames is not None:
            frames = min(frames, max(0, source.frames - self.at))
        block = source.read(self._fed, frames + self._lead if frames else 0)
        self._fed += block.shape[1]
        out, limiter_db = self._process(block)
        if block.shape[1]:
            out, self._skip, self._lead = out[:, self._skip :], 0, 0
        if source.frames is not None:
            out = out[:, : max(0, source.frames - self.at)]
        self.at += out.shape[1]
        return out, LiveMeters(second, self._chain.meters, limiter_db)

    def _process(self, block: Samples) -> tuple[Samples, float]:
        shaped, envelope = self._envelope.process(self._chain.process(self._matched(block)))
        gains = self._gains(shaped.shape[1])
        # The envelope looks a little ahead of the samples; over so few the gain hardly moves.
        loud: Samples = (shaped * gains).astype(np.float32)
        over = (envelope * gains).astype(np.float32)
        limited = self._limiter.process(loud, over)
        if self._leaving is not None:
            limited = _gone_over(self._leaving.process(loud, over), limited)
            self._leaving = None
        before, levels = self._before_limiter
        joined = np.concatenate((before, loud), axis=1)
        self._before_limiter = (
            joined[:, loud.shape[1] :],
            np.concatenate((levels, over))[loud.shape[1] :],
        )
        if self.settings.alone == LIMITER:
            start = self._heard_frames - self._limiter.latency_frames
            limited = joined[:, start : start + loud.shape[1]] - limited
        return limited, self._limiter.reduction_db

    def _limiter_for(self, settings: LiveSettings) -> Limiter:
        ceiling = _linear(settings.ceiling_dbtp)
        return Limiter(self._rate_hz, self._channels, gain=1.0, ceiling=ceiling, pace=settings.pace)

    def _matched(self, block: Samples) -> Samples:
        if self._match is None:
            return block
        out = self._match.process(block)
        cut = min(self._match_skip, out.shape[1])
        self._match_skip -= cut
        return out[:, cut:]

    def _gains(self, frames: int) -> NDArray[np.float64]:
        """The gain glides to what is wanted, half of the way every few milliseconds."""
        wanted = _linear(self.settings.gain_db)
        left = _GLIDE ** (np.arange(1, frames + 1) / self._rate_hz)
        gains = wanted + (self._gain - wanted) * left
        if frames:
            self._gain = float(gains[-1])
        return gains

    def _hear_alone(self) -> None:
        self._chain.hear_alone(self.settings.alone if self.settings.alone != LIMITER else None)


class _Input:
    """The untreated source, read at any place; what was read last is remembered."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.frames = source.frames
        """The length; None while it is not known."""
        self._most_frames = round(2 * _REMEMBERED_SECONDS * source.sample_rate_hz)
        self._kept: Samples = np.empty((source.channels, 0), np.float32)
        self._start = 0

    def read(self, start: int, frames: int) -> Samples:
        """As many frames from there on; behind the end is silence."""
        if not self._start <= start <= self._start + self._kept.shape[1]:
            self._source.seek(start)
            self._kept, self._start = self._kept[:, :0], start
        while (missing := start + frames - self._start - self._kept.shape[1]) > 0:
            block = self._source.read(missing)
            if not block.shape[1]:
                self.frames = self._start + self._kept.shape[1] if self.frames is None else self.frames
                break
            self._kept = np.concatenate((self._kept, block), axis=1)
        taken = self._kept[:, start - self._start :][:, :frames]
        out = np.zeros((taken.shape[0], frames), np.float32)
        out[:, : taken.shape[1]] = taken
        too_many = self._kept.shape[1] - self._most_frames
        if too_many > 0:
            self._kept, self._start = self._kept[:, too_many:].copy(), self._start + too_many
        return out

    def close(self) -> None:
        self._source.close()


def _gone_over(before: Samples, after: Samples) -> Samples:
    """From the one to the other, within this block."""
    frames = min(before.shape[1], after.shape[1])
    share = np.arange(1, frames + 1, dtype=np.float32) / np.float32(max(1, frames))
    gone: Samples = after.copy()
    gone[:, :frames] = before[:, :frames] + share * (after[:, :frames] - before[:, :frames])
    return gone


def _linear(level_db: float) -> float:
    return math.pow(10.0, level_db / 20.0)
