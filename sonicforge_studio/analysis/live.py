"""What the music is doing now: chroma, key, tempo and beat of what was heard lately, for the live view."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.analysis._intake import Decimator, EqualChunks
from sonicforge_studio.analysis._live_key import LiveKey
from sonicforge_studio.analysis._live_tempo import LiveTempo
from sonicforge_studio.analysis._rhythm import LOWEST_RATE_HZ
from sonicforge_studio.audio.tap import TAP_CHANNELS, Tap, TapPlace
from sonicforge_studio.domain import KeyCandidate, Samples, SilentProgress, TempoCandidate
from sonicforge_studio.domain.key import Key

_READ_SECONDS = 0.1
_IDLE_SECONDS = 0.2
_LOGGED_EVERY_SECONDS = 60.0
_GONE_BACK_SECONDS = 0.5
_QUIETEST = 1e-4
_LOUDEST = 16.0
"""24 dB over full scale: one broken sample beyond it would be the only onset of ten seconds."""
_LONGEST_SILENCE_SECONDS = 4.0
"""What comes after so long a silence (−80 dBFS), or after so much that was missed, is taken for other music."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class MusicReading:
    """What was heard lately. Nothing in it changes any more: its array is read-only.

    ``chroma`` is ``(12,)`` from C, of the last seconds, the strongest 1; all 0 in silence. ``key`` is None where
    nothing tonal is heard and ``tempo_bpm`` where no steady beat is. ``key_candidates`` are told all the same, the
    likeliest first; of ``tempo_candidates`` the told one comes first. ``beat_phase`` (0..1, 0 on the beat) belongs to
    ``position_seconds`` in the music, so that a view can go on from there at the tempo. ``heard_seconds`` is how much
    music this rests on, since the last change of track, device or silence.
    """

    chroma: NDArray[np.float64]
    key: Key | None
    key_confidence: float
    key_candidates: tuple[KeyCandidate, ...]
    tuning_cents: float | None
    tempo_bpm: float | None
    tempo_confidence: float
    tempo_candidates: tuple[TempoCandidate, ...]
    beat_phase: float | None
    position_seconds: float | None
    heard_seconds: float


class LiveMusic:
    """Takes blocks of any size, float32 ``(channels, n)`` with one or two channels, and remembers ten seconds of onsets
    and three histograms of pitch classes, however long it listens. The same audio gives the same readings however it
    is cut. Samples that are not finite count as 0. Raises ``ValueError`` for an impossible rate.
    """

    def __init__(self, sample_rate_hz: int, channels: int = TAP_CHANNELS) -> None:
        if sample_rate_hz < LOWEST_RATE_HZ or not 1 <= channels <= 2:
            raise ValueError(f"music is not followed on {channels} channels at {sample_rate_hz} Hz")
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self.reset()

    def reset(self) -> None:
        """Begin anew: what comes is other music."""
        self._decimator = Decimator(self.sample_rate_hz, self.channels)
        self._added = self._cut = self._silent = 0
        self._forget()
        self._chunks = EqualChunks(self.channels, self._key.hop_frames * self._decimator.factor)

    def add(self, block: Samples) -> None:
        """Listen to the next stretch of sound."""
        self._added += block.shape[1]
        for chunk in self._chunks.add(block):
            self._listen(chunk)

    def skip(self, frames: int) -> None:
        """So many frames were missed: silence takes their place, so that beats stay where they are."""
        if frames > _LONGEST_SILENCE_SECONDS * self.sample_rate_hz:
            self.reset()
        else:
            self.add(np.zeros((self.channels, frames), np.float32))
            self._skipped += frames

    def reading(self, position_seconds: float | None = None) -> MusicReading:
        """What is known now, with ``position_seconds`` the place in the music of the last frame added."""
        key, tempo = self._key.estimate, self._tempo.tempo
        chroma = self._key.chroma
        chroma.flags.writeable = False
        return MusicReading(
            chroma,
            key.key,
            key.confidence,
            key.candidates,
            self._key.cents,
            tempo.bpm,
            tempo.confidence,
            tempo.candidates,
            self._tempo.beat_phase((self._added - self._began) / self.sample_rate_hz),
            position_seconds,
            max(0, self._added - self._began - self._skipped) / self.sample_rate_hz,
        )

    def _listen(self, chunk: Samples) -> None:
        self._cut += chunk.shape[1]
        highest, lowest = float(chunk.max()), float(chunk.min())
        if highest > _LOUDEST or lowest < -_LOUDEST:
            chunk = np.clip(chunk, -_LOUDEST, _LOUDEST)
        quiet = highest < _QUIETEST and lowest > -_QUIETEST
        self._silent = self._silent + chunk.shape[1] if quiet else 0
        if self._silent > _LONGEST_SILENCE_SECONDS * self.sample_rate_hz:
            self._forget()
            return
        slower = self._decimator.add(chunk)
        self._key.add(slower)
        self._tempo.add(slower)

    def _forget(self) -> None:
        slower_hz = self._decimator.sample_rate_hz
        self._key = LiveKey(slower_hz, self.channels)
        self._tempo = LiveTempo(slower_hz, self.channels, SilentProgress())
        self._began, self._skipped = self._cut, 0


class LiveMusicReader:
    """Reads on from where a tap stands, ten times a second while something sounds; else it sleeps.

    A thread of its own, beside the analyser's: weighing tempi takes a few milliseconds once a second. ``newest`` is the
    last reading for any number of views, None where nothing sounds. A context manager; ``close`` ends the thread.
    """

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self._newest: MusicReading | None = None
        self._music: LiveMusic | None = None
        self._place: TapPlace | None = None
        self._logged_at = -_LOGGED_EVERY_SECONDS
        self._anew = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="music reader", daemon=True)
        self._thread.start()

    @property
    def newest(self) -> MusicReading | None:
        return self._newest

    def reset(self) -> None:
        """Forget what was heard; any thread may ask."""
        self._anew.set()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def __enter__(self) -> LiveMusicReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._tap.wait_until_sounding(_IDLE_SECONDS):
                self._newest = None
                continue
            try:
                self._read_on()
            except Exception:
                # No failure ends the thread: the view would stand still without a word.
                self._music, self._newest = None, None
                if time.monotonic() - self._logged_at >= _LOGGED_EVERY_SECONDS:
                    self._logged_at = time.monotonic()
                    _logger.exception("following the music failed")
            self._stop.wait(_READ_SECONDS)

    def _read_on(self) -> None:
        """Hear what has been played since the last time."""
        place, before = self._tap.place(), self._place
        if place is None or place.sample_rate_hz < LOWEST_RATE_HZ:
            return
        music = self._music
        if music is None or before is None or self._anew.is_set() or _is_other(place, before):
            self._anew.clear()
            self._music, self._place, self._newest = LiveMusic(place.sample_rate_hz), place, None
            return
        start = before.end
        if place.end <= start:
            return
        if place.oldest > start:
            music.skip(place.oldest - start)
            start = place.oldest
        while start < place.end:
            block = np.empty((TAP_CHANNELS, min(place.end - start, place.sample_rate_hz)), np.float32)
            place.read(start, block)
            now = self._tap.place()
            if now is not None and now.stream == place.stream and now.oldest > start:
                # Overwritten while it was read: what was copied may be what is heard later.
                music.skip(block.shape[1])
            else:
                music.add(block)
            start += block.shape[1]
        self._place = place
        self._newest = music.reading(place.seconds)


def _is_other(place: TapPlace, before: TapPlace) -> bool:
    """Another device, another track, or a count that went back further than a clock is corrected by."""
    if (place.stream, place.piece, place.sample_rate_hz) != (before.stream, before.piece, before.sample_rate_hz):
        return True
    return before.end - place.end > _GONE_BACK_SECONDS * place.sample_rate_hz
