"""A piece of music on the player: one source, or several versions of the same of which one is heard."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from sonicforge_studio.audio._deck import Deck
from sonicforge_studio.audio._stretch import Place, Stretch
from sonicforge_studio.audio._tally import Tally
from sonicforge_studio.audio.versions import Version
from sonicforge_studio.domain.errors import StudioError

_logger = logging.getLogger(__name__)


class Piece:
    """Owns its decks. ``number`` tells it from what was played before and comes after."""

    def __init__(self, number: int, versions: Sequence[Version], title: str) -> None:
        """Opens every version. Those that cannot be opened are ``unreadable``; where that is all of them it raises what
        the first one raised. Nothing is left open where it raises."""
        self.number = number
        self.title = title
        self.tally = Tally()
        self.error: StudioError | None = None
        self.chosen = 0
        self.versions = tuple(versions)
        self.unreadable: dict[int, StudioError] = {}
        """Why these of the versions cannot be heard."""
        self._decks: dict[int, Deck] = {}
        self._at_end = False
        try:
            for place, version in enumerate(versions):
                try:
                    self._decks[place] = Deck(version.open_source(), version.gain_db)
                except (StudioError, OSError) as error:
                    self.unreadable[place] = as_studio_error(error)
        except BaseException:
            self.close()
            raise
        if not self._decks:
            raise self.unreadable[0]
        self.choose(0)

    @property
    def deck(self) -> Deck:
        return self._decks[self.chosen]

    def fits(self, rate_hz: int, channels: int) -> bool:
        return (self.deck.rate_hz, self.deck.channels) == (rate_hz, channels)

    def fit(self, rate_hz: int, channels: int) -> None:
        for deck in self._decks.values():
            if (deck.rate_hz, deck.channels) != (rate_hz, channels):
                deck.fit(rate_hz, channels)

    def read(self) -> Stretch | None:
        """What comes next; without frames only at the end, None where nothing is there yet. Damage that the source
        reports ends the piece there and becomes its ``error``."""
        deck = self.deck
        if self._at_end:
            return Stretch.nothing(deck.channels)
        try:
            block = deck.read()
        except Exception as error:
            if not isinstance(error, StudioError | OSError):
                _logger.exception("a source broke off")
            self.error, self._at_end = as_studio_error(error), True
            return Stretch.nothing(deck.channels)
        if block is None:
            return None
        return Stretch(block, tuple(Place(frame, seconds, self) for frame, seconds in deck.places))

    def seek(self, seconds: float) -> float:
        self._at_end = False
        return self.deck.seek(seconds)

    def rewind(self) -> None:
        """As if nothing of it had been played."""
        self.tally = Tally()
        self.deck.frames_read = 0
        self.seek(0.0)

    def set_loop(self, start_seconds: float | None, end_seconds: float | None) -> None:
        for deck in self._decks.values():
            deck.set_loop(start_seconds, end_seconds)

    def set_gains(self, gains_db: Sequence[float]) -> None:
        for place, gain_db in enumerate(gains_db):
            if place in self._decks:
                self._decks[place].set_gain(gain_db)

    def choose(self, version: int) -> None:
        """Hear this version, else the nearest that can be heard."""
        self.chosen = min(self._decks, key=lambda place: abs(place - version))

    @property
    def frames_played(self) -> int:
        return self.tally.frames_played(self.deck.sample_rate_hz)

    @property
    def frames_in_the_end(self) -> int:
        """Exact where it was played through, without rounding between the rates."""
        return self.deck.frames_read if self.tally.straight else self.frames_played

    def told(self) -> dict[str, Any]:
        """What of the player's state is the piece's own."""
        return {
            "piece": self.number,
            "title": self.title,
            **self.counted(),
            "loop": self.deck.loop_seconds,
            "version": self.chosen,
            "versions": tuple(version.title for version in self.versions) if len(self.versions) > 1 else (),
        }

    def counted(self) -> dict[str, Any]:
        """What of that grows while it is heard."""
        return {
            "duration_seconds": self.deck.duration_seconds,
            "frames_played": self.frames_played,
            "gaps": self.tally.gaps,
        }

    def close(self) -> None:
        decks, self._decks = self._decks, {}
        for deck in decks.values():
            try:
                deck.close()
            except (StudioError, OSError):
                _logger.warning("a source could not be closed", exc_info=True)


def as_studio_error(error: Exception) -> StudioError:
    return error if isinstance(error, StudioError) else StudioError(f"Playing broke off: {error}")
