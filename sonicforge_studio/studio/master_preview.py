"""A master heard before it is made: original and master at the same place, equally loud, the chain under the hand."""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sonicforge_studio.audio import Player, Version, matching_gains, open_source
from sonicforge_studio.domain import Cancelled, Loudness, MasterSettings, StudioError
from sonicforge_studio.mastering import MasterOutcome, master
from sonicforge_studio.mastering.live import LiveMaster, LiveMeters, LiveSettings

ORIGINAL, MASTERED = 0, 1
"""The versions' numbers."""
_MARGIN_DB = 0.3
_METERS_KEPT = 200
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What the whole piece comes to with the settings as they are: enough to match the loudness of both."""

    settings: MasterSettings
    outcome: MasterOutcome
    gains_db: tuple[float, float]
    """For original and master, none above 0."""


class MasterPreview:
    """One piece and its settings, which may be changed at any time; a player plays ``versions``.

    The gain that brings the piece to its target is found in a thread, anew after every change; until then the last one
    holds. Close it to end that thread.
    """

    error: StudioError | None = None
    """Why no gain could be found, where none could."""

    def __init__(
        self,
        path: Path,
        title: str,
        loudness: Loudness,
        settings: MasterSettings,
        found: Callable[[Found], None] = lambda _: None,
        failed: Callable[[StudioError], None] = lambda _: None,
    ) -> None:
        """``loudness`` is the original's, as it was measured. The thread that finds gains calls ``found`` or
        ``failed``."""
        self._open_original = partial(open_source, path)
        self._title = title
        self._lufs = loudness.integrated_lufs
        self._tell, self._tell_error = found, failed
        self._meters: deque[LiveMeters] = deque(maxlen=_METERS_KEPT)
        self.found: Found | None = None
        self._setting = threading.Lock()
        """Held while what is heard is replaced: a hand and the search both do that."""
        self._live = self._at(settings, settings.target.integrated_lufs - self._lufs)
        self._gains_db = matching_gains((self._lufs, settings.target.integrated_lufs))
        self._changed = threading.Event()
        self._changed.set()
        self._over = False
        self._thread = threading.Thread(target=self._find_gains, name="master preview", daemon=True)
        self._thread.start()

    @property
    def settings(self) -> MasterSettings:
        return self._live.master

    @property
    def gains_db(self) -> tuple[float, ...]:
        """For original and master: they bring the louder one down to the other."""
        return self._gains_db

    def versions(self, *, matched: bool = True) -> tuple[Version, Version]:
        """Original and master, for ``Player.compare``."""
        original, mastered = self._gains_db if matched else (0.0, 0.0)
        return Version(self._open_original, self._title, original), Version(self._open_master, self._title, mastered)

    def set(self, settings: MasterSettings, player: Player | None = None, alone: str | None = None) -> None:
        """Go on with these settings; ``player``, where it plays the master, is told to read anew from what is heard
        now. With ``alone`` only the difference that this stage makes is heard."""
        with self._setting:
            before = self._live
            if settings.target == before.master.target:
                self._live = replace(before, master=settings, alone=alone)
            else:
                self._live = replace(self._at(settings, before.gain_db), alone=alone)
        if settings != before.master:
            self._changed.set()
        if player is not None:
            player.refresh()

    def meters(self, second: float) -> LiveMeters | None:
        """What the stages did at this place of the music, where that was played last."""
        return next((meters for meters in reversed(tuple(self._meters)) if meters.second <= second), None)

    def close(self) -> None:
        """Nothing is looked for any more; what is open plays on."""
        self._over = True
        self._changed.set()
        self._thread.join()

    def _open_master(self) -> LiveMaster:
        return LiveMaster(self._open_original(), lambda: self._live, self._lufs, self._meters.append)

    def _at(self, settings: MasterSettings, gain_db: float) -> LiveSettings:
        gain_db = gain_db if math.isfinite(gain_db) else 0.0
        return LiveSettings(settings, gain_db, settings.target.ceiling_dbtp - _MARGIN_DB)

    # The thread that finds gains

    def step(self, done: float, total: float, note: str = "") -> None:
        """The search's stop check: what was changed meanwhile makes it vain."""
        if self._over or self._changed.is_set():
            raise Cancelled()

    def _find_gains(self) -> None:
        while True:
            self._changed.wait()
            if self._over:
                return
            self._changed.clear()
            try:
                self._find(self._live.master)
                self.error = None
            except Cancelled:
                pass
            except StudioError as error:
                self._fail(error)
            except Exception:  # noqa: BLE001 - the log has it, and the next change tries again
                _log.exception("no gain was found for a preview")
                self._fail(StudioError())

    def _fail(self, error: StudioError) -> None:
        self.error = error
        self._tell_error(error)

    def _find(self, settings: MasterSettings) -> None:
        outcome = master(self._open_original, None, settings, self)
        gains = matching_gains((outcome.before.integrated_lufs, outcome.after.integrated_lufs))
        self._gains_db = gains
        self.found = Found(settings, outcome, (gains[ORIGINAL], gains[MASTERED]))
        found = outcome.limiting
        with self._setting:
            live = self._live
            if live.master == settings:
                self._live = replace(live, gain_db=found.gain_db, ceiling_dbtp=found.ceiling_dbtp, pace=found.pace)
        self._tell(self.found)
