"""Spectrograms for a view: made in the background, the newest wish first, kept in memory and on the disk."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio import FileSource, content_hash, open_source
from sonicforge_studio.audio.spectrogram import (
    ROWS,
    Overview,
    OverviewMaker,
    Pyramid,
    make_tile,
    warm_spectrogram,
)
from sonicforge_studio.domain import Cancelled, StudioError
from sonicforge_studio.host.tile_cache import TileCache

log = logging.getLogger(__name__)

_VERSION = 1
"""Raised whenever a column would come out otherwise: what was cached under an older one is made again."""
_PARTIAL_SECONDS = 0.15
"""How often the overview is shown while it is made."""
_IDLE_SECONDS = 2.0
"""How long a file stays open after the last tile."""

Columns = NDArray[np.uint8]
Told = Callable[[], object]


@dataclass(frozen=True, slots=True)
class SpectrogramState:
    """How far a track's spectrogram is: ``fraction`` 0..1 of the overview, which grows until it is ``complete``."""

    overview: Overview | None = None
    fraction: float = 0.0
    error: StudioError | None = None


class TrackSpectrogram:
    """One file's spectrogram; made by ``Spectrograms.open``. Nothing here waits: a window may call all of it."""

    def __init__(self, path: Path, told: Told, tiles: TileCache, changed: threading.Condition) -> None:
        self.path = path
        self.state = SpectrogramState()
        self.digest = ""
        self.stamp: tuple[int, int] | None = None
        self.wishes: tuple[tuple[int, int], ...] = ()
        """Tiles (hop in frames, index) that are wanted, the most wanted first."""
        self.closed = False
        self._told = told
        self._tiles = tiles
        self._changed = changed

    def tile(self, hop_frames: int, index: int) -> Columns | None:
        """A tile of a level below the overview, where it is in memory."""
        stored = self._tiles.at_hand(_tile_key(self.digest, hop_frames, index))
        return None if stored is None else _columns(stored)

    def want(self, hop_frames: int, indices: Sequence[int]) -> None:
        """These tiles are looked at now, in this order of haste; whatever was wanted before is not any more.

        After an error nothing is made until the file is opened anew.
        """
        wishes = tuple((hop_frames, index) for index in indices if self.tile(hop_frames, index) is None)
        with self._changed:
            if wishes != self.wishes and self.state.error is None:
                self.wishes = wishes
                self._changed.notify_all()

    def fulfil(self, wish: tuple[int, int]) -> None:
        """Strike a wish from the list."""
        with self._changed:
            self.wishes = tuple(other for other in self.wishes if other != wish)

    def close(self) -> None:
        """Whatever is still being made for it stops."""
        with self._changed:
            self.closed = True
            self.wishes = ()
            self._changed.notify_all()

    def tell(self, state: SpectrogramState | None = None) -> None:
        if state is not None:
            self.state = state
        if not self.closed:
            self._told()


class Spectrograms:
    """One worker thread, begun with the first file. ``close`` ends it, and lets go of the cache."""

    def __init__(self, tiles: TileCache) -> None:
        self._tiles = tiles
        self._changed = threading.Condition()
        self._open: list[TrackSpectrogram] = []
        self._closed = False
        self._thread: threading.Thread | None = None
        self._source: FileSource | None = None

    def open(self, path: str | Path, told: Told) -> TrackSpectrogram:
        """A file's spectrogram, to be made before all that were opened earlier. ``told`` is called on the worker's
        thread whenever its state changed or a tile has come."""
        track = TrackSpectrogram(Path(path), told, self._tiles, self._changed)
        with self._changed:
            if self._closed:
                raise RuntimeError("these spectrograms are closed")
            self._open.append(track)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="spectrograms", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return track

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._tiles.close()

    def _run(self) -> None:
        warm_spectrogram()
        try:
            while (job := self._next()) is not None:
                track, wish = job
                try:
                    if wish is None:
                        self._make_overview(track)
                    else:
                        self._make_tile(track, *wish)
                except Cancelled:
                    continue
                except StudioError as error:
                    self._fail(track, error)
                except Exception:
                    log.exception("the spectrogram of %s failed unexpectedly", track.path)
                    self._fail(track, StudioError("The spectrogram could not be drawn."))
        finally:
            self._let_go()
            self._tiles.close()  # this thread's own connection

    def _next(self) -> tuple[TrackSpectrogram, tuple[int, int] | None] | None:
        """The next thing to do, the newest track's first; None at the end."""
        with self._changed:
            idle_since = time.monotonic()
            while not self._closed:
                self._open = [track for track in self._open if not track.closed]
                for track in reversed(self._open):
                    overview = track.state.overview
                    if track.state.error is not None:
                        continue
                    if overview is None or not overview.complete:
                        return track, None
                    if track.wishes:
                        return track, track.wishes[0]
                if not self._open or time.monotonic() - idle_since >= _IDLE_SECONDS:
                    self._let_go()
                self._changed.wait(_IDLE_SECONDS if self._source is not None else None)
            return None

    def _fail(self, track: TrackSpectrogram, error: StudioError) -> None:
        self._let_go()
        with self._changed:
            track.state = replace(track.state, error=error)
            track.wishes = ()
        track.tell()

    def _make_overview(self, track: TrackSpectrogram) -> None:
        steps = _Steps(lambda: self._closed or track.closed)
        track.stamp = _stamp(track.path)
        track.digest = self._digest_of(track, steps)
        stored = self._tiles.get(_overview_key(track.digest))
        overview = None if stored is None else _unpacked_overview(stored)
        if overview is None:
            maker = OverviewMaker(self._opened(track))
            steps.report = lambda fraction: track.tell(SpectrogramState(maker.so_far(), fraction))
            overview = maker.make(steps)
            self._tiles.set(_overview_key(track.digest), _packed_overview(overview))
        track.tell(SpectrogramState(overview, 1.0))

    def _make_tile(self, track: TrackSpectrogram, hop_frames: int, index: int) -> None:
        key = _tile_key(track.digest, hop_frames, index)
        wish = (hop_frames, index)
        overview = track.state.overview
        assert overview is not None
        if self._tiles.get(key) is None:
            stamp = _stamp(track.path)
            if stamp is not None and stamp != track.stamp:
                # Another file lies there now: all is made anew.
                self._let_go()
                track.tell(SpectrogramState())
                return
            steps = _Steps(lambda: self._closed or track.closed or wish not in track.wishes)
            tile = make_tile(self._opened(track), overview.pyramid, hop_frames, index, steps)
            self._tiles.set(key, tile.tobytes())
        track.fulfil(wish)
        track.tell()

    def _digest_of(self, track: TrackSpectrogram, steps: _Steps) -> str:
        """The content's hash; where path, size and time of change are known, without reading the file."""
        place = f"place/{_VERSION}/{str(track.path.absolute()).encode('utf-8', 'backslashreplace').decode()}"
        stored = self._tiles.get(place)
        stamp = list(track.stamp or ())
        if stored is not None:
            # What another version or a broken disk left is made anew.
            with suppress(KeyError, TypeError, ValueError):
                known = json.loads(stored)
                if known["stamp"] == stamp:
                    return str(known["hash"])
        digest = content_hash(track.path, steps)
        self._tiles.set(place, json.dumps({"stamp": stamp, "hash": digest}).encode())
        return digest

    def _opened(self, track: TrackSpectrogram) -> FileSource:
        if self._source is None or self._source.path != track.path:
            self._let_go()
            self._source = open_source(track.path)
        return self._source

    def _let_go(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None


class _Steps:
    """A ``Progress`` that stops when asked to, and reports now and then."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        self._stop = stop
        self.report: Callable[[float], object] | None = None
        self._told_seconds = 0.0

    def step(self, done: float, total: float, note: str = "") -> None:
        if self._stop():
            raise Cancelled()
        now = time.monotonic()
        if self.report is not None and now - self._told_seconds >= _PARTIAL_SECONDS:
            self._told_seconds = now
            self.report(min(1.0, done / total) if total > 0 else 0.0)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None  # opening it says why
    return status.st_size, status.st_mtime_ns


def _overview_key(digest: str) -> str:
    return f"overview/{_VERSION}/{digest}"


def _tile_key(digest: str, hop_frames: int, index: int) -> str:
    return f"tile/{_VERSION}/{digest}/{hop_frames}/{index}"


def _columns(stored: bytes) -> Columns:
    return np.frombuffer(stored, np.uint8).reshape(-1, ROWS)


def _packed_overview(overview: Overview) -> bytes:
    pyramid = overview.pyramid
    head = {
        "sample_rate_hz": pyramid.sample_rate_hz,
        "channels": pyramid.channels,
        "frames": pyramid.frames,
        "hop_frames": pyramid.hop_frames,
        "warning": overview.warning,
    }
    return json.dumps(head).encode() + b"\n" + overview.columns.tobytes()


def _unpacked_overview(stored: bytes) -> Overview | None:
    head, _, columns = stored.partition(b"\n")
    try:
        fields = json.loads(head)
        warning = fields.pop("warning")
        return Overview(Pyramid(**fields), _columns(columns), True, warning)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None  # written by another version: made again
