"""The desk: a strip for each part, the room and the echo they send to, and the bus.

The bus only ever applies a gain, the same to each stem, so that the stems sum to the mix.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain.clip import Samples
from sonicforge_studio.domain.genre import Genre, GenrePart, GenreSpace
from sonicforge_studio.generation.synth.equaliser import strip_filters
from sonicforge_studio.kernels.effects import (
    add_vinyl,
    delay_lines,
    duck,
    equalise,
    level_bus,
    modulate,
    modulated_lines,
    ping_pong,
    reverb_lines,
    reverberate,
)

LOOK_AHEAD_FRAMES = 88
"""2 ms: the mixer gives each block so much later than it took it."""
_CEILING = 10 ** (-1.6 / 20)
"""Below −1 dBTP with what lies between the samples."""
_GLUE_THRESHOLD = 10 ** (-13.0 / 20)
_GLUE_RATIO = 1.8
_CHORUS_SECONDS = 0.004
_CHORUS_HZ = 0.45
_WOW_SECONDS = 0.0016
_WOW_HZ = 0.55
_SLOWEST_ECHO_SECONDS = 1.5


class Strip:
    """One part's channel: equaliser and drive, chorus or wow, ducking, and how much it sends."""

    def __init__(self, part: GenrePart, kicks: NDArray[np.int64], beat_frames: float, sample_rate_hz: int) -> None:
        self.reverb = part.reverb
        self.delay = part.delay
        self._part = part
        self._kicks = kicks
        self._release_frames = min(0.9 * beat_frames, 0.32 * sample_rate_hz)
        self._rate = sample_rate_hz
        self._filters = strip_filters(
            part.high_pass_hz, part.low_pass_hz, part.warmth_db, part.presence_db, sample_rate_hz
        )
        self._state = np.zeros((2, len(self._filters), 2))
        self._gain = 10 ** (part.gain_db / 20)
        self._pan = (1.0 - max(0.0, part.pan), 1.0 + min(0.0, part.pan))
        self._chorus = modulated_lines(sample_rate_hz)
        self._wow = modulated_lines(sample_rate_hz)

    def process(self, block: Samples, position: int) -> None:
        """The strip's work on ``block`` (2, n), which starts at frame ``position``, in place."""
        equalise(block, self._filters, self._state, self._part.drive, self._gain)
        if self._part.chorus > 0:
            modulate(block, self._chorus, position, self._part.chorus, _CHORUS_SECONDS, _CHORUS_HZ, self._rate)
        if self._part.wow > 0:
            depth = _WOW_SECONDS * self._part.wow
            modulate(block, self._wow, position, 1.0, depth, _WOW_HZ, self._rate)
        if self._pan != (1.0, 1.0):
            block[0] *= self._pan[0]
            block[1] *= self._pan[1]
        if self._part.duck > 0 and len(self._kicks):
            duck(block, position, self._kicks, self._part.duck, self._release_frames)


class Space:
    """What all parts share: the room, the echo and the record's surface."""

    def __init__(self, space: GenreSpace, beat_seconds: float, seed: int, sample_rate_hz: int) -> None:
        self._space = space
        self._rate = sample_rate_hz
        self._room, self._lengths = reverb_lines(sample_rate_hz, space.reverb_size)
        self._room_state = np.zeros(32)
        echo_seconds = space.delay_beats * beat_seconds
        while echo_seconds > _SLOWEST_ECHO_SECONDS:
            echo_seconds /= 2
        self._echo = delay_lines(echo_seconds, sample_rate_hz)
        self._echo_state = np.zeros(4)
        self._room_gain = 10 ** (space.reverb_db / 20)
        self._surface_state = np.array([seed % 2**63 * 2 + 1], dtype=np.uint64)
        self._surface_memory = np.zeros(8)

    @property
    def has_surface(self) -> bool:
        return self._space.vinyl_db > -100

    def answer(self, to_room: Samples, to_echo: Samples, position: int) -> Samples:
        """What comes back, shape ``(2, n)``; the echo is heard in the room too."""
        back = np.zeros_like(to_room)
        space = self._space
        ping_pong(
            to_echo, back, self._echo, self._echo_state, position, space.delay_feedback, space.delay_colour
        )  # fmt: skip
        room = (to_room + 0.3 * back) * np.float32(self._room_gain)
        reverberate(
            room, back, self._room, self._lengths, self._room_state, space.reverb_seconds, space.reverb_damping,
            self._rate,
        )  # fmt: skip
        return back

    def surface(self, frames: int) -> Samples:
        out = np.zeros((2, frames), dtype=np.float32)
        gain = 10 ** (self._space.vinyl_db / 20)
        add_vinyl(out, self._surface_state, self._surface_memory, self._space.crackles_per_second, gain, self._rate)
        return out


class Bus:
    """Level, a slow compressor, and a limiter that looks ahead."""

    def __init__(self, genre: Genre, stems: tuple[str, ...], sample_rate_hz: int) -> None:
        self._stems = stems
        self._gain = np.float32(10 ** (genre.level_db / 20))
        self._rate = sample_rate_hz
        self._state = np.array([1.0, 1.0, 0.0, 0.0])
        self._held = np.ones(LOOK_AHEAD_FRAMES)
        self._joined: Samples = np.empty((0, 2, 0), dtype=np.float32)
        self._levelled: Samples = np.empty((0, 2, 0), dtype=np.float32)
        self._late: Samples = np.zeros((len(stems), 2, LOOK_AHEAD_FRAMES), dtype=np.float32)

    def process(self, blocks: Mapping[str, Samples]) -> tuple[Samples, dict[str, Samples]]:
        """The mix and the stems as they are in it, each ``LOOK_AHEAD_FRAMES`` late; stems only until the next call."""
        frames = next(iter(blocks.values())).shape[1]
        if self._joined.shape[2] < LOOK_AHEAD_FRAMES + frames:
            self._joined = np.empty((len(self._stems), 2, LOOK_AHEAD_FRAMES + frames), dtype=np.float32)
            self._levelled = np.empty((len(self._stems), 2, frames), dtype=np.float32)
        joined = self._joined[:, :, : LOOK_AHEAD_FRAMES + frames]
        joined[:, :, :LOOK_AHEAD_FRAMES] = self._late
        for stem, name in enumerate(self._stems):
            np.multiply(blocks[name], self._gain, out=joined[stem, :, LOOK_AHEAD_FRAMES:])
        gains = np.empty(frames, dtype=np.float32)
        level_bus(
            joined.sum(axis=0, dtype=np.float32), gains, LOOK_AHEAD_FRAMES, self._state, self._held,
            _GLUE_THRESHOLD, _GLUE_RATIO, _CEILING, self._rate,
        )  # fmt: skip
        levelled = np.multiply(joined[:, :, :frames], gains, out=self._levelled[:, :, :frames])
        self._late[:] = joined[:, :, frames:]
        mix: Samples = levelled.sum(axis=0, dtype=np.float32)
        return mix, dict(zip(self._stems, levelled, strict=True))
