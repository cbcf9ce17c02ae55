"""The critic's score as a small ring, with the reasons in its tool tip."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from sonicforge_studio.domain import Verdict
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

_WHOLE_TURN = 360 * 16
_TOP = 90 * 16


def score_colour(theme: Theme, verdict: Verdict) -> str:
    if verdict.approved:
        return theme.colour.good
    return (
        theme.colour.danger if any(reason.severity == "fault" for reason in verdict.reasons) else theme.colour.warning
    )


def reasons_text(verdict: Verdict) -> str:
    """The verdict in lines: the decision, then each reason."""
    head = tr("The critic approves") if verdict.approved else tr("The critic does not approve")
    return "\n".join([head, *(f"· {reason.message}" for reason in verdict.reasons)])


def paint_ring(painter: QPainter, theme: Theme, square: QRectF, score: float | None, colour: str) -> None:
    """A ring filled as far as the score goes, the figure inside."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(QColor(theme.colour.line_strong), theme.size.focus)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    ring = square.adjusted(theme.size.focus, theme.size.focus, -theme.size.focus, -theme.size.focus)
    painter.drawEllipse(ring)
    if score is not None:
        pen.setColor(QColor(colour))
        painter.setPen(pen)
        painter.drawArc(ring, _TOP, -round(_WHOLE_TURN * score / 100))
    painter.setPen(QColor(theme.colour.text if score is not None else theme.colour.text_faint))
    painter.setFont(theme.font(theme.tokens.type.caption, theme.tokens.type.medium))
    painter.drawText(square, Qt.AlignmentFlag.AlignCenter, "–" if score is None else f"{score:.0f}")
    painter.restore()


class ScoreRing(QWidget):
    def __init__(self, theme: Theme, verdict: Verdict | None) -> None:
        super().__init__()
        self._theme = theme
        self._verdict = verdict
        self.setFixedSize(theme.size.score, theme.size.score)
        if verdict is None:
            self.setAccessibleName(tr("No score yet"))
        else:
            self.setAccessibleName(tr("Score {score} of 100", score=f"{verdict.score:.0f}"))
            self.setToolTip(reasons_text(verdict))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        verdict = self._verdict
        score, colour = (verdict.score, score_colour(self._theme, verdict)) if verdict else (None, "")
        paint_ring(painter, self._theme, QRectF(self.rect()), score, colour)
        painter.end()
