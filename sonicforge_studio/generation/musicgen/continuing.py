"""A piece that begins with a sound of the user's own and goes on from there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sonicforge_studio.audio import Resampler, Spool, channel_matrix, mix_channels
from sonicforge_studio.domain import HeardSound, Progress, Samples
from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.generation.musicgen._user_file import UserFile
from sonicforge_studio.generation.musicgen.model_folder import ModelFolder
from sonicforge_studio.generation.musicgen.windows import KEPT_SECONDS

FADE_SECONDS = 0.05
"""Before the user's sound ends, it passes over into what the model makes of the same moment."""
_BLOCK_FRAMES = 65536


class Beginning:
    """The user's sound at a model's rate and channels, kept on the disk."""

    def __init__(self, heard: HeardSound, sound: Spool, hop_frames: int) -> None:
        self.heard = heard
        """The file, with its hash."""
        self._sound = sound
        kept = min(sound.frames, round(KEPT_SECONDS * sound.sample_rate_hz))
        self._tail_frames = kept // hop_frames * hop_frames
        self._fade_frames = fade_frames(sound.sample_rate_hz)

    @property
    def tail(self) -> Samples:
        """Its end, as much as a window keeps: whole hops of the codec, so that a code begins just where it ends."""
        return self._sound.part(self._sound.frames - self._tail_frames, self._tail_frames)

    @property
    def tail_start_seconds(self) -> float:
        return (self._sound.frames - self._tail_frames) / self._sound.sample_rate_hz

    def blocks(self, progress: Progress) -> Iterator[Samples]:
        """The user's sound as it is, until ``FADE_SECONDS`` before its end. Raises ``Cancelled``."""
        end = self._sound.frames - self._fade_frames
        for start in range(0, end, _BLOCK_FRAMES):
            progress.step(start, end, "Reading your sound")
            yield self._sound.part(start, min(_BLOCK_FRAMES, end - start))

    def crossing(self) -> Crossing:
        """For what the model makes of the moment before the sound ends, and of what comes then."""
        return Crossing(self._sound.part(self._sound.frames - self._fade_frames, self._fade_frames))


class Crossing:
    """Passes over from the user's sound to the model's, block by block. The two are nearly the same there, so a
    straight line is what keeps the level."""

    def __init__(self, fading: Samples) -> None:
        self._fading = fading
        self._rising = (np.arange(fading.shape[1], dtype=np.float32) + 0.5) / fading.shape[1]
        self._done = 0

    def add(self, block: Samples) -> Samples:
        """The next block of what the model made, crossed."""
        count = min(block.shape[1], self._fading.shape[1] - self._done)
        if count <= 0:
            return block
        here = slice(self._done, self._done + count)
        share = self._rising[here]
        crossed = block.copy()
        crossed[:, :count] = block[:, :count] * share + self._fading[:, here] * (1.0 - share)
        self._done += count
        return crossed


def fade_frames(sample_rate_hz: int) -> int:
    """How many frames before its end the user's sound is left."""
    return round(FADE_SECONDS * sample_rate_hz)


def hear_beginning(
    heard: HeardSound, folder: ModelFolder, piece_frames: int, progress: Progress, spool_folder: Path | None = None
) -> Beginning:
    """Read what a piece of ``piece_frames`` is to begin with, as the model of ``folder`` hears it.

    Raises ``BadSetting`` where it is shorter than half a second or as long as the piece, ``EmptyAudio`` where it is
    silent, ``MissingPath`` and what else ``open_source`` raises, ``DiskFull``, ``OutputNotWritable`` and ``Cancelled``.
    """
    rate_hz = folder.sample_rate_hz
    with UserFile(heard, "The sound to continue") as file:
        _require_room(file, file.seconds or 0.0, piece_frames / rate_hz)
        sound = Spool(rate_hz, folder.channels, spool_folder)
        resampler = Resampler(file.sample_rate_hz, rate_hz, folder.channels)
        matrix = channel_matrix(file.channels, folder.channels)
        for block in file.blocks(progress):
            sound.write(resampler.process(mix_channels(block, matrix)))
            # A header may tell no length, or a wrong one.
            _require_room(file, sound.frames / rate_hz, piece_frames / rate_hz)
        sound.write(resampler.finish())
        settled = file.finish()
        _require_room(file, sound.frames / rate_hz, piece_frames / rate_hz)
    return Beginning(settled, sound, rate_hz // folder.frame_rate_hz)


def _require_room(file: UserFile, seconds: float, piece_seconds: float) -> None:
    if seconds >= piece_seconds:
        raise BadSetting(
            f"{file.about} is already as long as the piece is to be ({piece_seconds:g} s).",
            hint="Ask for a longer piece: what it begins with counts.",
        )
