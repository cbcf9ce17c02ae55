"""Stretches with a name: the sections of the form, and the keys over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter

from sonicforge_studio.domain import Analysis, Key
from sonicforge_studio.ui.analysis.axis import TimeAxis
from sonicforge_studio.ui.analysis.lane import Lane
from sonicforge_studio.ui.live.spectrogram_canvas import Stretch
from sonicforge_studio.ui.numbers import key_name
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

Tone = Literal["main", "plain", "none"]
_FAINTEST, _STRONGEST = 0.15, 0.8


@dataclass(frozen=True, slots=True)
class Block:
    start_seconds: float
    end_seconds: float
    text: str
    tone: Tone = "plain"
    strength: float = 0.5
    """0..1, of the ground of a plain block."""
    mark: str = ""
    """A letter in front."""


class BlockLane(Lane):
    """A double click sees the block that it hits, and nothing else."""

    def __init__(self, theme: Theme, axis: TimeAxis, name: str, none: str) -> None:
        super().__init__(theme, axis, name, theme.size.lane, grows=False)
        self._none = none
        self._blocks: tuple[Block, ...] = ()

    def show_blocks(self, blocks: Sequence[Block]) -> None:
        self._blocks = tuple(blocks)
        self.setAccessibleDescription(", ".join(block.text for block in blocks) or self._none)
        self.renew()

    def draw(self, painter: QPainter, plot: QRectF, stretch: Stretch) -> None:
        if not self._blocks:
            painter.setPen(QColor(self.theme.colour.text_faint))
            room = plot.adjusted(self.theme.space.s, 0, 0, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._none)
            return
        for block in self._blocks:
            if block.end_seconds > stretch.start_seconds and block.start_seconds < stretch.end_seconds:
                self._draw_block(painter, plot, stretch, block)

    def _draw_block(self, painter: QPainter, plot: QRectF, stretch: Stretch, block: Block) -> None:
        theme, colour = self.theme, self.theme.colour
        pixels = plot.width() / stretch.seconds
        left = max((block.start_seconds - stretch.start_seconds) * pixels, -1.0)
        right = min((block.end_seconds - stretch.start_seconds) * pixels, plot.width() + 1.0)
        # A seam between neighbours; what is narrower than that still shows.
        area = QRectF(left, 0, max(theme.size.line, right - left - theme.size.line), plot.height())
        ground, ink = QColor(colour.surface), QColor(colour.text_faint)
        if block.tone == "main":
            ground, ink = QColor(colour.accent_soft), QColor(colour.accent_hover)
        elif block.tone == "plain":
            ground, ink = QColor(colour.line_strong), QColor(colour.text)
            ground.setAlphaF(_FAINTEST + (_STRONGEST - _FAINTEST) * block.strength)
        painter.fillRect(area, ground)
        if block.tone == "main":
            painter.fillRect(QRectF(area.left(), 0, area.width(), theme.size.focus), QColor(colour.accent))
        room = area.adjusted(theme.space.s, 0, -theme.space.xs, 0)
        metrics = painter.fontMetrics()
        if block.mark and room.width() > metrics.horizontalAdvance(block.mark):
            painter.setPen(QColor(colour.text_muted if block.tone == "plain" else ink.name()))
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, block.mark)
            room.setLeft(room.left() + metrics.horizontalAdvance(block.mark) + theme.space.s)
        if room.width() > metrics.horizontalAdvance("…"):
            painter.setPen(ink)
            text = metrics.elidedText(block.text, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def block_at(self, seconds: float) -> Block | None:
        return next((block for block in self._blocks if block.start_seconds <= seconds < block.end_seconds), None)

    def read(self, seconds: float, share: float) -> str:
        block = self.block_at(seconds)
        return "" if block is None else " ".join(part for part in (block.mark, block.text) if part)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        block = self.block_at(self.seconds_at(event.position().x()))
        if block is not None:
            self.axis.show_stretch(block.start_seconds, block.end_seconds)


def section_blocks(analysis: Analysis) -> list[Block]:
    """The form; what is loud stands out, and drops carry the accent."""
    return [
        Block(
            section.start_seconds,
            section.end_seconds,
            section_name(section.name),
            "main" if section.name == "drop" else "plain",
            min(1.0, max(0.0, section.energy)),
            section.letter,
        )
        for section in analysis.sections
    ]


def section_name(name: str) -> str:
    return {
        "intro": tr("Intro"),
        "build": tr("Build-up"),
        "drop": tr("Drop"),
        "break": tr("Break"),
        "verse": tr("Verse"),
        "chorus": tr("Chorus"),
        "outro": tr("Outro"),
        "part": tr("Part"),
    }.get(name, name.capitalize())


def key_blocks(analysis: Analysis) -> list[Block]:
    """The keys over time; the track's own carries the accent."""
    key = analysis.key
    segments = [(part.start_seconds, part.end_seconds, part.key, part.confidence) for part in key.segments]
    if not segments and key.key is not None:
        segments = [(0.0, analysis.duration_seconds, key.key, key.confidence)]
    return [Block(start, end, _key_text(one), _key_tone(one, key.key), sure) for start, end, one, sure in segments]


def _key_text(key: Key | None) -> str:
    return tr("No key") if key is None else key_name(key)


def _key_tone(key: Key | None, main: Key | None) -> Tone:
    return "none" if key is None else "main" if key == main else "plain"
