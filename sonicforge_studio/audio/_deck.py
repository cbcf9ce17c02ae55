"""A source made ready for the sound card: its channels, its rate, and where in the music the next frame lies."""

from __future__ import annotations

import numpy as np

from sonicforge_studio.audio._channels import channel_matrix, mix_channels
from sonicforge_studio.audio.resample import Resampler
from sonicforge_studio.domain import Samples, Source

_READ_SECONDS = 0.05


class Deck:
    """Reads ``source`` as float32 ``(channels, n)`` at ``rate_hz``; at first at its own. Owns the source: closes it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._read_frames = max(1, int(_READ_SECONDS * source.sample_rate_hz))
        self.frames_read = 0
        self._ended = False
        self.fit(source.sample_rate_hz, min(2, source.channels))

    def fit(self, rate_hz: int, channels: int) -> None:
        """Go on at another device's rate and channels, from the frame that is to be read next."""
        self.rate_hz = rate_hz
        self.channels = channels
        self._matrix = channel_matrix(self._source.channels, channels)
        self._restart_resampling()

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

    def read(self) -> Samples:
        """The next block, a twentieth of a second or so; no frames only at the end."""
        while not self._ended:
            block = self._source.read(self._read_frames)
            self._ended = block.shape[1] == 0
            self.frames_read += block.shape[1]
            ready = self._resampled(mix_channels(block, self._matrix))
            if ready.shape[1]:
                # A source may hand out a view of what others use; NaN and infinities would reach the loudspeaker.
                return ready if np.isfinite(ready).all() else np.nan_to_num(ready, nan=0.0, posinf=0.0, neginf=0.0)
        return np.zeros((self.channels, 0), np.float32)

    def seek(self, seconds: float) -> float:
        """Go on reading from here; gives the second that was reached, inside the source."""
        frame = max(0, round(seconds * self._source.sample_rate_hz))
        if self._source.frames is not None:
            frame = min(frame, self._source.frames)
        self._source.seek(frame)
        self._restart_resampling()
        return frame / self._source.sample_rate_hz

    def close(self) -> None:
        self._source.close()

    def _restart_resampling(self) -> None:
        self._ended = False
        same = self._source.sample_rate_hz == self.rate_hz
        self._resampler = None if same else Resampler(self._source.sample_rate_hz, self.rate_hz, self.channels)

    def _resampled(self, block: Samples) -> Samples:
        if self._resampler is None:
            return block
        resampled: Samples = self._resampler.process(block, last=self._ended)
        return resampled
