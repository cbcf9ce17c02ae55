"""A source made ready for the sound card: its channels, its rate, and where in the music each frame lies."""

from __future__ import annotations

import math

import numpy as np

from sonicforge_studio.audio._channels import channel_matrix, mix_channels
from sonicforge_studio.audio._loop import Loop, shortest_frames
from sonicforge_studio.audio.growing import GrowingSource
from sonicforge_studio.audio.resample import Resampler
from sonicforge_studio.domain import Samples, Source

_READ_SECONDS = 0.1
"""Where other threads keep the interpreter busy, a read takes some 50 ms however short it is: NumPy lets go of its lock
in each of a dozen steps."""
_LONGEST_SECONDS = 1e9
_LEAD_FRAMES = 1024
"""At another rate reading begins so much earlier, and that is thrown away: a resampler's filter has to fill first."""


class Deck:
    """Reads ``source`` as float32 ``(channels, n)`` at ``rate_hz``; at first at its own. Owns the source: closes it."""

    def __init__(self, source: Source, gain_db: float = 0.0) -> None:
        self._source = source
        self._growing = source if isinstance(source, GrowingSource) else None
        self.set_gain(gain_db)
        self._read_frames = max(1, int(_READ_SECONDS * source.sample_rate_hz))
        self._loop: Loop | None = None
        self._ended = False
        self._target = 0
        """The source's frame at which reading was last told to begin."""
        self.frames_read = 0
        self.places: tuple[tuple[int, float], ...] = ()
        """Frames of the block that was read last at which the music does not simply go on, and their seconds."""
        self.fit(source.sample_rate_hz, min(2, source.channels))

    def fit(self, rate_hz: int, channels: int) -> None:
        """Go on at another device's rate and channels, from where reading was last told to begin."""
        self.rate_hz = rate_hz
        self.channels = channels
        self._matrix = channel_matrix(self._source.channels, channels)
        self._begin_at(self._target / self._source.sample_rate_hz)

    @property
    def sample_rate_hz(self) -> int:
        """The source's own rate."""
        return self._source.sample_rate_hz

    @property
    def frames(self) -> int | None:
        return self._source.frames

    @property
    def duration_seconds(self) -> float | None:
        frames = self._source.frames
        return None if frames is None else frames / self._source.sample_rate_hz

    @property
    def loop_seconds(self) -> tuple[float, float] | None:
        """The region that is played again and again."""
        loop, rate_hz = self._loop, self._source.sample_rate_hz
        return None if loop is None else (loop.start / rate_hz, loop.end / rate_hz)

    def set_loop(self, start_seconds: float | None, end_seconds: float | None) -> None:
        """Repeat a region (to the end where that has none), or with None no more; a ``seek`` has to follow. Of a region
        behind the end nothing is there to be repeated; what is no finite number is the start, or the end."""
        rate_hz, frames = self._source.sample_rate_hz, self._source.frames
        self._loop = None
        start = None if start_seconds is None else self._frame_at(start_seconds)
        end = self._frame_at(end_seconds) if end_seconds is not None and math.isfinite(end_seconds) else frames
        if start is None or end is None:
            return
        if frames is not None:
            end = min(end, frames)
            if start >= frames:
                return
            start = min(start, max(0, frames - shortest_frames(rate_hz)))
        self._loop = Loop(min(start, end), end, rate_hz)

    def _frame_at(self, seconds: float) -> int:
        seconds = min(max(0.0, seconds), _LONGEST_SECONDS) if math.isfinite(seconds) else 0.0
        return round(seconds * self._source.sample_rate_hz)

    def set_gain(self, gain_db: float) -> None:
        """Of what is read from now on."""
        self._gain = np.float32(10.0 ** (gain_db / 20.0))

    def read(self) -> Samples | None:
        """The next block, a tenth of a second or so; no frames only at the end. None where the source grows and
        nothing more is there yet."""
        self.places = ()
        while not self._ended:
            block = self._next_of_source()
            if block is None:
                return None
            self._ended = block.shape[1] == 0
            self._count(block.shape[1])
            ready = self._in_place(self._resampled(mix_channels(block, self._matrix)))
            if ready.shape[1]:
                ready = ready if self._gain == 1.0 else ready * self._gain
                # A source may hand out a view of what others use; NaN and infinities would reach the loudspeaker.
                return ready if np.isfinite(ready).all() else np.nan_to_num(ready, nan=0.0, posinf=0.0, neginf=0.0)
        return np.zeros((self.channels, 0), np.float32)

    def seek(self, seconds: float) -> float:
        """Go on reading from here; gives the second that was reached, inside the source."""
        frames = self._source.frames if self._growing is None else self._growing.reachable_frames
        end = math.inf if frames is None else frames / self._source.sample_rate_hz
        return self._begin_at(min(max(0.0, seconds), end))

    def inside_loop(self, seconds: float) -> float:
        """This second, or the loop's first where it lies outside."""
        loop = self.loop_seconds
        return seconds if loop is None or loop[0] <= seconds < loop[1] else loop[0]

    def ready_seconds(self) -> float:
        """How much can be read without waiting; endless where waiting would bring no more."""
        ready = None if self._growing is None else self._growing.ready_frames
        return math.inf if ready is None else ready / self._source.sample_rate_hz

    def close(self) -> None:
        self._source.close()

    # From the source's frames to the sound card's

    def _begin_at(self, seconds: float) -> float:
        """Source and resampler made ready so that the next frame read is the one at ``seconds``, or nearest to it.

        At another rate most places lie between two frames of the source. One a little earlier does not, or hardly:
        reading begins there, and what comes before the place is dropped.
        """
        from_hz, to_hz = self._source.sample_rate_hz, self.rate_hz
        self._ended = False
        self._resampler = None
        self._drop = 0
        first = round(seconds * from_hz)
        self._target = first
        if from_hz != to_hz:
            self._resampler = Resampler(from_hz, to_hz, self.channels)
            earlier = np.arange(_LEAD_FRAMES, 2 * _LEAD_FRAMES)
            starts = seconds * from_hz - earlier * (from_hz / to_hz)
            if starts[-1] >= 0.0:
                best = int(np.argmin(np.abs(starts - np.rint(starts))))
                self._drop = int(earlier[best])
                first = round(float(starts[best]))
            else:
                # So near to the beginning it begins there.
                self._drop = round(seconds * to_hz)
                first = 0
        reached = first / from_hz + self._drop / to_hz
        self._uncounted = max(0, self._target - first)
        self._at = first
        self._source.seek(first)
        self._before_loop_end = self._loop is not None and self._target < self._loop.end
        self._in_region = False
        if self._loop is not None:
            self._loop.interrupted()
        self._given = 0
        """Frames that the resampler has given, the dropped ones among them."""
        self._taken = 0
        """Frames of the source that it was given."""
        self._jumps: list[tuple[int, int]] = [(0, first)]
        """Of the frames taken, those with which the source's frames jumped, and where to."""
        return reached if from_hz != to_hz else first / from_hz

    def _count(self, frames: int) -> None:
        self._taken += frames
        counted = max(0, frames - self._uncounted)
        self._uncounted -= frames - counted
        self.frames_read += counted

    def _resampled(self, block: Samples) -> Samples:
        if self._resampler is None:
            return block
        resampled: Samples = self._resampler.process(block, last=self._ended)
        return resampled

    def _in_place(self, block: Samples) -> Samples:
        """Note where in the music these frames lie, and leave out those before the place that was sought."""
        from_hz, to_hz = self._source.sample_rate_hz, self.rate_hz
        dropped = min(self._drop, block.shape[1])
        start, end = self._given + dropped, self._given + block.shape[1]
        self._given, self._drop = end, self._drop - dropped
        places = []
        while self._jumps and start < end:
            taken, frame = self._jumps[0]
            # The first frame given that is not earlier than the jump.
            at = max(start, -(-taken * to_hz // from_hz))
            if at >= end:
                break
            places.append((at - start, (frame - taken) / from_hz + at / to_hz))
            self._jumps.pop(0)
        self.places = tuple(places)
        return block[:, dropped:]

    # From the source, around the loop

    def _next_of_source(self) -> Samples | None:
        loop = self._loop if self._before_loop_end else None
        if loop is None:
            return self._ahead(self._read_frames)
        if self._at == loop.end:
            return self._joint(loop)
        if self._in_region and loop.region is not None:
            kept = loop.region[:, self._at - loop.start :][:, : self._read_frames]
            self._at += kept.shape[1]
            return kept
        block = self._ahead(min(self._read_frames, loop.end - self._at))
        if block is not None and block.shape[1] == 0 and self._at > loop.start:
            # The music ends before the region does.
            loop.end_at(self._at)
            return self._joint(loop)
        if block is not None and self._in_region:
            loop.read_on(block, self._at)
        return block

    def _joint(self, loop: Loop) -> Samples:
        """From the loop's end back to its start."""
        if loop.region is None:
            fade = loop.fade_frames
            ready = self.ready_seconds() >= fade / self._source.sample_rate_hz
            behind = self._whole(fade) if ready else None
            if behind is None or behind.shape[1] < fade:
                # The music, or what was made of it so far, ends with the region, or nearly: its last moment backwards
                # goes on from it without a step.
                self._source.seek(loop.end - fade)
                behind = self._whole(fade)[:, ::-1]
            self._source.seek(loop.start)
            block = loop.joint(behind, self._whole(fade))
        else:
            block = loop.region[:, : self._read_frames]
        self._in_region = True
        self._jumps.append((self._taken, loop.start))
        self._at = loop.start + block.shape[1]
        return block

    def _ahead(self, frames: int) -> Samples | None:
        """The source's next block; None where there is none yet."""
        ready = None if self._growing is None else self._growing.ready_frames
        if ready is not None:
            if not ready:
                return None
            frames = min(frames, ready)
        block = self._source.read(frames)
        self._at += block.shape[1]
        return block

    def _whole(self, frames: int) -> Samples:
        """As many frames, fewer only at the end."""
        blocks = [np.empty((self._source.channels, 0), np.float32)]
        missing = frames
        while missing and (block := self._source.read(missing)).shape[1]:
            blocks.append(block)
            missing -= block.shape[1]
        return np.concatenate(blocks, axis=1)
