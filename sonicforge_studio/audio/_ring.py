"""The frames between feeder and sound card, and how to change those that were already handed over.

The ring holds half a second, so that a busy interpreter makes no gap. Volume, pause and seek must not wait that long:
they rewrite what the sound card has not yet taken. For that the ring keeps, beside the frames as they sound ("wet"),
the frames before volume ("dry") and the gain of each. Frames already taken stay until they are overwritten, which is
what the live analyser reads.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio.devices import Output
from sonicforge_studio.domain import Samples

_MEMORY_SECONDS = 2.5
_RAMP_SECONDS = 0.015
_CROSSFADE_SECONDS = 0.005
_SHORT_MARGIN_FRAMES = 128

Frames = NDArray[np.float32]
"""float32, shape ``(frames, channels)``: interleaved, as sound cards take it."""


class PlaybackRing:
    """Frames counted from the ring's making: ``taken`` by the sound card ≤ ``fed``. One thread only."""

    def __init__(self, output: Output) -> None:
        rate_hz = output.sample_rate_hz
        self.size = 1 << int((_MEMORY_SECONDS + 2 * output.latency_seconds) * rate_hz).bit_length()
        self.sample_rate_hz = rate_hz
        self.channels = output.channels
        self.wet = np.zeros((self.size, self.channels), np.float32)
        self.dry = np.zeros_like(self.wet)
        self._gains = np.zeros(self.size, np.float32)
        self._ring = output.attach(self.wet)
        self._ramp_frames = int(_RAMP_SECONDS * rate_hz)
        self._fade_frames = int(_CROSSFADE_SECONDS * rate_hz)
        # Drivers take a third of their buffer or less at a time: what lies this far ahead is safe to rewrite.
        self._margin_frames = int(output.latency_seconds * rate_hz / 2) + _SHORT_MARGIN_FRAMES
        self._gain = 0.0
        self.target_gain = 1.0
        self.fed = 0

    @property
    def ahead(self) -> int:
        """Frames that the sound card can still take."""
        return int(self._ring.read_available)

    @property
    def taken(self) -> int:
        return self.fed - self.ahead

    def append(self, block: Samples) -> None:
        """Feed a block ``(channels, n)``; the gain goes on toward its target without a step."""
        frames = block.shape[1]
        gains = _ramp(self._gain, self.target_gain, self._ramp_frames, frames)
        self._put(self.fed, block.T, gains)
        self._advance(frames)
        if frames:
            self._gain = float(gains[-1])

    def start_from(self, gain: float, target: float) -> None:
        """What is fed next begins at ``gain`` and glides to ``target``."""
        self._gain, self.target_gain = gain, target

    def set_gain(self, target: float) -> int:
        """Bring the gain to ``target`` as soon as can be heard. Gives the frame where it is reached."""
        self.target_gain = target
        start = self._rewritable(self._margin_frames)
        count = self.fed - start
        if count <= 0:
            return self.fed
        where = self._slots(start, count)
        gains = _ramp(self._gain_before(start), target, self._ramp_frames, count)
        self._gains[where] = gains
        self.wet[where] = self.dry[where] * gains[:, np.newaxis]
        self._gain = float(gains[-1])
        return min(self.fed, start + self._ramp_frames)

    def soonest(self) -> int:
        """The first frame that a ``splice`` could change now."""
        return self._rewritable(_SHORT_MARGIN_FRAMES)

    def splice(self, block: Samples, at: int | None = None) -> int:
        """Go over to ``block`` as soon as can be heard, and drop what was fed behind that. Gives the first frame of
        the new. With ``at`` the block's first frame belongs there, and what is too late for its place is left out.

        ``block`` is longer than what the sound card takes at a time, so that it never finds too little.
        """
        start = self._rewritable(_SHORT_MARGIN_FRAMES)
        frames = block.T if at is None else block.T[start - at :]
        fade = min(self._fade_frames, self.fed - start, frames.shape[0])
        if fade > 0:
            old = self.dry[self._slots(start, fade)]
            share = (np.arange(1, fade + 1, dtype=np.float32) / np.float32(fade + 1))[:, np.newaxis]
            frames = frames.copy()
            frames[:fade] = old * (1.0 - share) + frames[:fade] * share
        else:
            self._gain = 0.0
        gain = self._gain_before(start) if fade > 0 else 0.0
        gains = _ramp(gain, self.target_gain, self._ramp_frames, frames.shape[0])
        self._put(start, frames, gains)
        self._advance(start + frames.shape[0] - self.fed)
        self._gain = float(gains[-1]) if gains.size else gain
        return start

    def unheard(self, start: int) -> Samples:
        """A copy of the frames before volume from ``start`` on, shape ``(channels, n)``."""
        dry: Samples = np.ascontiguousarray(self.dry[self._slots(start, max(0, self.fed - start))].T)
        return dry

    def drop_from(self, frame: int) -> None:
        """Take back what the sound card has not taken; only while nothing drains the ring. What it took from ``frame``
        on was not heard, and nothing of it is left for those who measure."""
        self._advance(-self.ahead)
        if self.fed > frame:
            self.dry[self._slots(frame, self.fed - frame)] = 0.0

    def _rewritable(self, margin: int) -> int:
        # Having waited for the interpreter's lock, this thread now keeps it for a whole switch interval (5 ms), many
        # times what a rewrite takes: nobody comes between reading where the sound card is and writing ahead of it.
        time.sleep(0)
        return min(self.fed, self.taken + margin)

    def _gain_before(self, frame: int) -> float:
        return float(self._gains[(frame - 1) % self.size])

    def _slots(self, start: int, count: int) -> NDArray[np.int64]:
        slots: NDArray[np.int64] = np.arange(start, start + count) % self.size
        return slots

    def _put(self, start: int, frames: Frames, gains: NDArray[np.float32]) -> None:
        done = 0
        while done < frames.shape[0]:
            at = (start + done) % self.size
            count = min(frames.shape[0] - done, self.size - at)
            part = slice(done, done + count)
            self.dry[at : at + count] = frames[part]
            self._gains[at : at + count] = gains[part]
            np.multiply(frames[part], gains[part, np.newaxis], out=self.wet[at : at + count])
            done += count

    def _advance(self, frames: int) -> None:
        self._ring.advance_write_index(frames)
        self.fed += frames


def _ramp(start: float, target: float, ramp_frames: int, frames: int) -> NDArray[np.float32]:
    """Gains from just after ``start`` to ``target``, a full swing in ``ramp_frames``, then constant."""
    if start == target:
        return np.full(frames, target, np.float32)
    steps = np.arange(1, frames + 1, dtype=np.float32) / np.float32(ramp_frames)
    gains: NDArray[np.float32]
    if target > start:
        gains = np.minimum(np.float32(start) + steps, np.float32(target))
    else:
        gains = np.maximum(np.float32(start) - steps, np.float32(target))
    return gains
