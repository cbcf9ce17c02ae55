"""Where notes lie in a lane: a row a pitch, or a row a drum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sonicforge_studio.domain import Note
from sonicforge_studio.studio import DRUM_PITCHES
from sonicforge_studio.ui.numbers import note_name
from sonicforge_studio.ui.text import tr

_LEAST_ROWS = 14
_MARGIN = 3
_TOP_FIRST = (
    "crash", "ride", "open_hat", "closed_hat", "tambourine", "shaker", "conga", "high_tom", "mid_tom", "low_tom",
    "clap", "brush", "rim", "snare", "kick",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NoteRows:
    """Pitches from the top row to the bottom one."""

    pitches: tuple[int, ...]
    drums: bool

    @classmethod
    def of(cls, notes: Sequence[Note], *, drums: bool, open: bool) -> NoteRows:
        """Of a lane that is closed just what its notes need; of an open one room for others."""
        used = {note.pitch for note in notes}
        if drums:
            rows = [DRUM_PITCHES[name] for name in _TOP_FIRST]
            rows += sorted(used - set(rows), reverse=True)
            return cls(tuple(pitch for pitch in rows if open or pitch in used) or (DRUM_PITCHES["kick"],), True)
        low, high = min(used, default=60), max(used, default=60)
        margin = _MARGIN if open else 1
        low, high = low - margin, high + margin
        missing = max(0, _LEAST_ROWS - (high - low + 1))
        low = max(0, low - missing // 2)
        high = min(127, max(high + missing - missing // 2, low + _LEAST_ROWS - 1))
        return cls(tuple(range(high, low - 1, -1)), False)

    def row_of(self, pitch: int) -> int | None:
        return self.pitches.index(pitch) if pitch in self.pitches else None

    def pitch_at(self, share: float) -> int:
        """``share`` from the top, 0..1."""
        return self.pitches[min(max(int(share * len(self.pitches)), 0), len(self.pitches) - 1)]

    def shifted(self, pitch: int, rows: int) -> int:
        """The pitch so many rows higher (negative: lower)."""
        if not self.drums:
            return min(max(pitch + rows, 0), 127)
        row = self.row_of(pitch)
        return pitch if row is None else self.pitches[min(max(row - rows, 0), len(self.pitches) - 1)]

    def name(self, pitch: int) -> str:
        return drum_name(pitch) if self.drums else note_name(pitch)


def drum_name(pitch: int) -> str:
    names = {
        "kick": tr("Kick"), "rim": tr("Rim"), "snare": tr("Snare"), "clap": tr("Clap"), "brush": tr("Brush"),
        "low_tom": tr("Low tom"), "closed_hat": tr("Closed hat"), "mid_tom": tr("Mid tom"), "open_hat": tr("Open hat"),
        "crash": tr("Crash"), "high_tom": tr("High tom"), "ride": tr("Ride"), "tambourine": tr("Tambourine"),
        "conga": tr("Conga"), "shaker": tr("Shaker"),
    }  # fmt: skip
    return next((names[name] for name, number in DRUM_PITCHES.items() if number == pitch), note_name(pitch))
