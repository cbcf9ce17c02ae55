"""What the player tells: its state, what is heard, and who wants to know of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sonicforge_studio.audio.player_state import PlayerState, PlayerStatus
from sonicforge_studio.audio.tap import HeardNow, PlaybackTap

_logger = logging.getLogger(__name__)


class Telling:
    """Written by the feeder's thread; ``state`` and ``heard`` anyone may look at."""

    def __init__(
        self, tap: PlaybackTap, on_change: Callable[[PlayerState], None], on_end: Callable[[PlayerState], None]
    ) -> None:
        self.state = PlayerState()
        self.heard: HeardNow | None = None
        self.over = False
        """Whether nobody listens any more: the player was closed while a command took too long."""
        self._tap = tap
        self._on_change = on_change
        self._on_end = on_end

    def show(self, heard: HeardNow | None) -> None:
        """What is heard now; None where nothing sounds."""
        self.heard = heard
        self._tap.publish(heard)

    def note(self, **changes: Any) -> None:
        """What changes all the time, and is asked for."""
        self.state = replace(self.state, **changes)

    def change(self, status: PlayerStatus, *, waiting: bool | None = None, **changes: Any) -> None:
        """A new state, of which listeners are told. Where nothing is said of ``waiting``, it stays as it is."""
        waiting = status == "playing" and (self.state.waiting if waiting is None else waiting)
        self.state = replace(self.state, status=status, waiting=waiting, **changes)
        self._call(self._on_change, self.state)

    def end(self, **last: Any) -> None:
        """A piece was heard to its end."""
        self._call(self._on_end, replace(self.state, status="ended", **last))

    def _call(self, listener: Callable[[PlayerState], None], state: PlayerState) -> None:
        if self.over:
            return
        try:
            listener(state)
        except Exception:
            _logger.exception("a listener failed")
