"""A view as a picture and as figures, in a file. Written in a thread: the window does not wait for disks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter, QPixmap

from sonicforge_studio.host.writing import write_bytes, write_text
from sonicforge_studio.ui.theme import Theme


@dataclass(frozen=True, slots=True)
class Table:
    """``columns`` are names with their units, such as ``frequency_hz``; ``rows`` hold numbers, texts and None."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


def captioned(content: QPixmap, theme: Theme, caption: str) -> QImage:
    """A picture with a line above that says what it shows."""
    ratio = content.devicePixelRatio()
    head = theme.size.control
    image = QImage(content.width(), content.height() + round(head * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(theme.colour.canvas))
    painter = QPainter(image)
    painter.drawPixmap(QPointF(0, head), content)
    painter.setFont(theme.font(theme.tokens.type.small))
    painter.setPen(QColor(theme.colour.text_muted))
    place = QRectF(theme.space.m, 0, content.width() / ratio - 2 * theme.space.m, head)
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, caption)
    painter.end()
    return image


def save_png(image: QImage, path: Path) -> None:
    """Raises ``OutputNotWritable`` or ``DiskFull``."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    write_bytes(path, bytes(buffer.data().data()))


def save_csv(table: Table, path: Path) -> None:
    """As in RFC 4180, with decimal points. Raises ``OutputNotWritable`` or ``DiskFull``."""
    lines = [",".join(table.columns), *(",".join(map(_cell, row)) for row in table.rows)]
    write_text(path, "\r\n".join(lines) + "\r\n")


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
