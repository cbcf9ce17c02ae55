"""What is heard, what is read ahead of it, and what follows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sonicforge_studio.audio._piece import Piece, as_studio_error
from sonicforge_studio.audio._stretch import Stretch
from sonicforge_studio.audio.versions import Version
from sonicforge_studio.domain.errors import StudioError


@dataclass(frozen=True, slots=True)
class Queued:
    """What is to be opened when its turn is near."""

    versions: Sequence[Version]
    title: str


class Lineup:
    """Pieces in the order of hearing. The first is heard; reading may already be in a later one, and the one behind
    that is opened ahead, so that it can follow without a gap. For the feeder's thread."""

    def __init__(self, tell_error: Callable[[StudioError], None]) -> None:
        self._tell_error = tell_error
        self._pieces: deque[Piece] = deque()
        self._reading = 0
        self._queued: deque[Queued] = deque()
        self._opened = 0
        self.at_end = False
        """Whether everything was read."""
        self.starved = False
        """Whether what is read next is not there yet."""

    @property
    def heard(self) -> Piece | None:
        return self._pieces[0] if self._pieces else None

    @property
    def read_last(self) -> Piece | None:
        return self._pieces[self._reading] if self._pieces else None

    @property
    def reads_ahead(self) -> bool:
        """Whether reading is in a later piece than hearing."""
        return self._reading > 0

    @property
    def following(self) -> int:
        """How many pieces come after the one that is heard."""
        return max(0, len(self._pieces) - 1) + len(self._queued)

    def open(self, versions: Sequence[Version], title: str) -> Piece:
        """Raises what opening raises."""
        piece = Piece(self._opened + 1, versions, title)
        self._opened += 1
        return piece

    def put(self, piece: Piece) -> None:
        """This one now, and nothing else."""
        self.clear()
        self._pieces.append(piece)

    def queue(self, queued: Queued, *, next: bool = False) -> None:
        """At the end of what follows, or before all of it that is not being read yet."""
        if next:
            self._put_back_opened_ahead()
            self._queued.appendleft(queued)
        else:
            self._queued.append(queued)
        self.at_end = False

    def clear_queue(self) -> None:
        self._put_back_opened_ahead()
        self._queued.clear()

    def clear(self) -> None:
        self._queued.clear()
        while self._pieces:
            self._pieces.pop().close()
        self._reading = 0
        self.at_end = self.starved = False

    def read(self) -> Stretch | None:
        """The next stretch; None at the end, and where nothing is there yet."""
        while self._pieces and not self.at_end:
            piece = self._pieces[self._reading]
            stretch = piece.read()
            self.starved = stretch is None
            if stretch is None or stretch.frames:
                return stretch
            if piece.error is not None:
                self._tell_error(piece.error)
            if not self.open_ahead():
                self.at_end = True
                break
            self._reading += 1
            self._pieces[self._reading].fit(piece.deck.rate_hz, piece.deck.channels)
        return None

    def open_ahead(self) -> bool:
        """Have the piece behind the one that is read ready; False where none follows. What cannot be opened is told of
        and skipped."""
        while self._reading + 1 >= len(self._pieces):
            if not self._queued:
                return False
            queued = self._queued.popleft()
            try:
                self._pieces.append(self.open(queued.versions, queued.title))
            except (StudioError, OSError) as error:
                self._tell_error(as_studio_error(error))
        return True

    def arrive_at(self, piece: Piece) -> list[Piece]:
        """This piece is heard now; those that were heard before it, for the caller to close."""
        over: list[Piece] = []
        # What the ring still holds of a piece that was taken away does not bring it back.
        while piece in self._pieces and self._pieces[0] is not piece:
            over.append(self._pieces.popleft())
            self._reading -= 1
        return over

    def back_to_heard(self) -> None:
        """Read on in what is heard; what was read of those behind it comes again, from its beginning."""
        for number in range(1, self._reading + 1):
            self._pieces[number].rewind()
        self._reading = 0
        self.at_end = self.starved = False

    def ready_seconds(self) -> float:
        return self._pieces[self._reading].deck.ready_seconds() if self._pieces else 0.0

    def _put_back_opened_ahead(self) -> None:
        while len(self._pieces) > self._reading + 1:
            piece = self._pieces.pop()
            self._queued.appendleft(Queued(piece.versions, piece.title))
            piece.close()
