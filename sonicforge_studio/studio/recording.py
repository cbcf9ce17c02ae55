"""From the device into the library: a recording is a track as soon as it is over, and also after a crash."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sonicforge_studio.audio import Capture, Recorded
from sonicforge_studio.domain import Cancelled, Progress, Span, StudioError, Track
from sonicforge_studio.domain.errors import EmptyAudio, InputError, UnknownFormat
from sonicforge_studio.studio._unfinished import Mark, orphans
from sonicforge_studio.studio.importing import Imported, Importer

_SUFFIX = ".wav"


@dataclass(frozen=True, slots=True)
class Take:
    """A recording that is over, and its track."""

    recorded: Recorded
    track: Track


class RecordingDesk:
    """Records into files that become tracks.

    Each recording has a hidden mark in ``folder`` until it is in the library, wherever its own file stands.
    """

    def __init__(self, importer: Importer, folder: Path) -> None:
        self._importer = importer
        self._folder = folder
        self._lock = threading.Lock()
        self._marks: dict[Path, Mark] = {}
        self._orphans: list[Path] = []
        """Those among the marks that another program left."""

    def start(
        self, capture: Capture, out: Path | None = None, *, overwrite: bool = False, seconds: float | None = None
    ) -> Path:
        """Record what ``capture`` hears into a new file of the recordings' folder, or of the folder ``out``, or into
        the file ``out``; for ``seconds``, else until ``stop``. Gives where the file stands.

        Raises ``UnknownFormat`` for another suffix than .wav, and what ``Capture.start_recording`` raises.
        """
        wanted, numbered = self._place(out)
        path = capture.start_recording(wanted, overwrite=overwrite, numbered=numbered, seconds=seconds)
        try:
            mark = Mark.make(self._folder, path.absolute())
        except StudioError:
            capture.stop_recording()
            path.unlink(missing_ok=True)
            raise
        with self._lock:
            self._marks[path.absolute()] = mark
        return path

    def stop(self, capture: Capture) -> Recorded:
        """End the recording; its file is complete. ``bring_in`` makes a track of it.

        Raises ``EmptyAudio``, or what ended it before, where nothing came from the device; no file is left then.
        """
        recorded = capture.stop_recording()
        if recorded is None:
            raise EmptyAudio("Nothing is being recorded.", hint="Start a recording first.")
        if recorded.frames == 0:
            recorded.path.unlink(missing_ok=True)
            self.settle([recorded.path])
            raise recorded.error or EmptyAudio(
                "Nothing was recorded: the device brought no sound.", hint="Record for longer, or choose another input."
            )
        return recorded

    def bring_in(self, recorded: Recorded, progress: Progress) -> Take:
        """Measure a recording and put it into the library. Raises as ``Importer.add`` does."""
        track = self._importer.add(recorded.path, progress)
        self.settle([recorded.path])
        return Take(recorded, track)

    def settle(self, paths: Iterable[str | Path]) -> None:
        """These files are in the library, or need not be: forget their marks. Others are left alone."""
        for path in paths:
            absolute = Path(path).absolute()
            with self._lock:
                mark = self._marks.pop(absolute, None)
                self._orphans = [orphan for orphan in self._orphans if orphan != absolute]
            if mark is not None:
                mark.remove()

    def orphans(self) -> tuple[Path, ...]:
        """Recordings that a crash kept out of the library, oldest first. ``settle`` them once they are in it."""
        with self._lock:
            for mark in orphans(self._folder):
                if mark.path.is_file():
                    self._marks[mark.path] = mark
                    self._orphans.append(mark.path)
                else:
                    mark.remove()
            return tuple(self._orphans)

    def recover(self, progress: Progress) -> Imported:
        """Bring the orphans in. What cannot be read is told and given up; other trouble leaves it for the next time."""
        found = self.orphans()
        tracks: list[Track] = []
        failed: list[tuple[str, StudioError]] = []
        for index, path in enumerate(found):
            stage = Span(progress, index / len(found), (index + 1) / len(found))
            try:
                stage.step(0, 1, path.name)
                tracks.append(self._importer.add(path, stage))
            except Cancelled:
                raise
            except StudioError as error:
                failed.append((str(path), error))
                if not isinstance(error, InputError):
                    continue
            self.settle([path])
        return Imported(tuple(tracks), tuple(failed))

    def close(self) -> None:
        """Leave what is not settled for the next start."""
        with self._lock:
            for mark in self._marks.values():
                mark.release()
            self._marks.clear()
            self._orphans.clear()

    def _place(self, out: Path | None) -> tuple[Path, bool]:
        """The file to record into, and whether it may get a number."""
        if out is None or out.is_dir() or not out.suffix:
            return (out or self._folder) / f"Recording {datetime.now():%Y-%m-%d %H.%M.%S}{_SUFFIX}", True
        if out.suffix.lower() != _SUFFIX:
            raise UnknownFormat("A recording is a WAV file.", hint="Name it with .wav; it can be exported afterwards.")
        return out, False
