"""Every format of delivery with what was measured of it after decoding, and whether it passed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from sonicforge_studio.domain import Proof, Target
from sonicforge_studio.studio import DELIVERY_FORMATS
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.text import tr, tr_count
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Card, label, picture, restyle


class ProofTable(Card):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.space.l, theme.space.m, theme.space.l, theme.space.m)
        layout.setSpacing(theme.space.s)
        head = QHBoxLayout()
        head.addWidget(label(tr("Proof of delivery"), "section"))
        head.addStretch(1)
        self.summary = label("", "good")
        head.addWidget(self.summary)
        layout.addLayout(head)
        self._rows = QVBoxLayout()
        layout.addLayout(self._rows)
        self._table: QWidget | None = None

    def show_proofs(self, proofs: Sequence[Proof], target: Target) -> None:
        self.setVisible(bool(proofs))
        if self._table is not None:
            self._rows.removeWidget(self._table)
            self._table.hide()
            self._table.deleteLater()
        self._table = self._built(proofs, target)
        self._rows.addWidget(self._table)
        failed = sum(not proof.passed for proof in proofs)
        restyle(self.summary, "role", "error" if failed else "good")
        self.summary.setText(
            tr_count("{count} format did not pass", "{count} formats did not pass", failed)
            if failed
            else tr_count("{count} format passed", "{count} formats passed", len(proofs))
        )

    def _built(self, proofs: Sequence[Proof], target: Target) -> QWidget:
        theme = self._theme
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.space.l)
        grid.setVerticalSpacing(theme.space.xs)
        grid.setColumnStretch(5, 1)
        for column, text in enumerate((tr("Format"), "LUFS", "dBTP", tr("Clipped samples")), 1):
            grid.addWidget(label(text, "caption"), 0, column)
        for row, proof in enumerate(proofs, 1):
            icon, colour = ("check", theme.colour.good) if proof.passed else ("warning", theme.colour.warning)
            mark = picture(theme, icon, theme.size.icon_s, colour)
            mark.setAccessibleName(tr("passed") if proof.passed else tr("did not pass"))
            grid.addWidget(mark, row, 0)
            loudness = proof.loudness
            peak = label(decimal(loudness.true_peak_dbtp, 2))
            if loudness.true_peak_dbtp is not None and loudness.true_peak_dbtp > target.ceiling_dbtp:
                peak.setProperty("tone", "over")
            cells = (
                label(format_title(proof.format), "item"),
                label(decimal(loudness.integrated_lufs, 2)),
                peak,
                label(str(proof.clipped_samples), "muted"),
            )
            for column, cell in enumerate(cells, 1):
                grid.addWidget(cell, row, column)
            words = " ".join(tr(text) for text in (proof.reason, proof.note) if text)
            note = label(words, "small", wrap=True)
            note.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(note, row, 5)
        return table


def format_title(name: str) -> str:
    """A format of delivery as people call it, such as "MP3 320 kbit/s"."""
    known = DELIVERY_FORMATS.get(name)
    return known.title if known is not None else name.upper()
