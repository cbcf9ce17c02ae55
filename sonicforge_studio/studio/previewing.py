"""A piece that is being changed, heard at once: its stems are played ahead in a thread and summed at the faders."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sonicforge_studio.audio import GrowingClip, GrowingSource
from sonicforge_studio.domain import Cancelled, Recipe, Samples, StudioError
from sonicforge_studio.generation import SAMPLE_RATE_HZ, notes_of, perform
from sonicforge_studio.studio.editing import composed

_log = logging.getLogger(__name__)
_GLIDE_FRAMES = 512
"""A fader that is moved glides so long: no click."""


class Faders:
    """A gain for each stem, moved by one thread and read by another."""

    def __init__(self) -> None:
        self._gains: Mapping[str, float] = {}

    def set(self, gains: Mapping[str, float]) -> None:
        """Linear gains by stem; a stem that is not named stays as it is: 1."""
        self._gains = dict(gains)

    def of(self, names: tuple[str, ...]) -> Samples:
        gains = self._gains
        return np.array([gains.get(name, 1.0) for name in names], dtype=np.float32)


class Preview:
    """The stems of one state of a piece, as far as they are played. Close it to stop the playing."""

    error: StudioError | None = None
    """Why it broke off, where it did."""

    def __init__(self, recipe: Recipe, spool_folder: Path | None = None) -> None:
        """Begins at once, where there are samples after these are read; the stems lie in a file without a name in
        ``spool_folder``. Raises ``NoRecipe``, ``TempoOutOfRange``, ``DurationOutOfRange``, ``DiskFull``, and
        ``InputError`` for a sample that cannot be played."""
        self.recipe = recipe
        self.faders = Faders()
        self._performance = perform(composed(recipe), recipe.seed, notes_of(recipe.written))
        self.stems = self._performance.stems
        self.frames = self._performance.frames
        self._clip = GrowingClip(SAMPLE_RATE_HZ, 2 * len(self.stems), self.frames, spool_folder)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._play, name="preview", daemon=True)
        self._thread.start()

    @property
    def ready_seconds(self) -> float:
        """How much of the piece can be heard."""
        return self._clip.written / SAMPLE_RATE_HZ

    @property
    def complete(self) -> bool:
        return self._clip.written == self.frames

    def open_source(self) -> MixdownSource:
        """A reader of its own, stereo, through the faders."""
        return MixdownSource(self._clip.open_source(), self.stems, self.faders)

    def close(self) -> None:
        """Stop playing ahead; what is there can be read on."""
        self._stopped.set()
        self._thread.join()

    def step(self, done: float, total: float, note: str = "") -> None:
        """The engine's stop check."""
        if self._stopped.is_set():
            raise Cancelled()

    def _play(self) -> None:
        try:
            for sounding in self._performance.blocks(self):
                self._clip.write(np.concatenate([sounding.stems[name] for name in self.stems]))
                if self._clip.over:
                    break  # the disk is full
        except Cancelled:
            pass
        except StudioError as error:
            self._clip.fail(error)
        except Exception:  # noqa: BLE001 - the log has it, and who listens is told
            _log.exception("a preview broke off")
            self._clip.fail(StudioError())
        finally:
            self._clip.finish()
            if isinstance(self._clip.error, StudioError):
                self.error = self._clip.error


class Previews:
    """Those that are played ahead now; whoever closes the window closes them."""

    def __init__(self, spool_folder: Path | None = None) -> None:
        self._spool_folder = spool_folder
        self._lock = threading.Lock()
        self._open: set[Preview] = set()
        self._closed = False

    def open(self, recipe: Recipe) -> Preview:
        """Raises what ``Preview`` does, and ``Cancelled`` once they are closed."""
        preview = Preview(recipe, self._spool_folder)
        with self._lock:
            if not self._closed:
                self._open.add(preview)
                return preview
        preview.close()
        raise Cancelled()

    def release(self, preview: Preview) -> None:
        """Stop one."""
        with self._lock:
            self._open.discard(preview)
        preview.close()

    def close(self) -> None:
        """Stop all of them; no other one is begun."""
        with self._lock:
            self._closed = True
            left, self._open = self._open, set()
        for preview in left:
            preview.close()


class MixdownSource:
    """Stems as they are read, each at its fader, summed to stereo."""

    channels = 2

    def __init__(self, source: GrowingSource, stems: tuple[str, ...], faders: Faders) -> None:
        self._source = source
        self._stems = stems
        self._faders = faders
        self._gains = faders.of(stems)

    @property
    def sample_rate_hz(self) -> int:
        return self._source.sample_rate_hz

    @property
    def frames(self) -> int | None:
        return self._source.frames

    @property
    def reachable_frames(self) -> int:
        return self._source.reachable_frames

    @property
    def ready_frames(self) -> int | None:
        return self._source.ready_frames

    def read(self, frames: int) -> Samples:
        block = self._source.read(frames)
        stems = block.reshape(len(self._stems), 2, block.shape[1])
        wanted = self._faders.of(self._stems)
        mixed: Samples = np.tensordot(wanted, stems, axes=1)
        if not np.array_equal(wanted, self._gains):
            glide = min(_GLIDE_FRAMES, block.shape[1])
            ramp = np.linspace(1.0, 0.0, glide, dtype=np.float32)
            mixed[:, :glide] += np.tensordot(self._gains - wanted, stems[:, :, :glide], axes=1) * ramp
            self._gains = wanted
        return mixed

    def seek(self, frame: int) -> None:
        self._source.seek(frame)

    def close(self) -> None:
        self._source.close()
