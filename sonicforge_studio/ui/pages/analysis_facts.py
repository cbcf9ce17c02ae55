"""What was measured of a track, beside its lanes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from sonicforge_studio.domain import Analysis
from sonicforge_studio.ui.analysis.facts_card import FactsCard, VectorBars, character_facts, loudness_facts
from sonicforge_studio.ui.analysis.key_card import KeyCard
from sonicforge_studio.ui.analysis.tempo_card import TempoCard
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import label


class FactsColumn(QScrollArea):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName(tr("What was measured"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(theme.size.facts_column)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self.setWidget(inside)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, theme.space.xs, 0)
        column.setSpacing(theme.space.s)
        self.warning = label("", "error", wrap=True)
        self.tempo = TempoCard(theme)
        self.key = KeyCard(theme)
        self.loudness = FactsCard(theme, tr("Loudness"))
        self.character = FactsCard(theme, tr("Character"))
        self.mfcc = VectorBars(theme, tr("MFCC"))
        self.contrast = VectorBars(theme, tr("Spectral contrast, dB"))
        self.character.put(self.mfcc)
        self.character.put(self.contrast)
        for part in (self.warning, self.tempo, self.key, self.loudness, self.character):
            column.addWidget(part)
        column.addStretch(1)

    def show_analysis(self, analysis: Analysis) -> None:
        self.warning.setText(analysis.warning or "")
        self.warning.setVisible(bool(analysis.warning))
        self.tempo.show_analysis(analysis)
        self.key.show_analysis(analysis)
        self.loudness.show_facts(loudness_facts(analysis))
        self.character.show_facts(character_facts(analysis))
        self.mfcc.show_values(analysis.vectors.get("mfcc", ()))
        self.contrast.show_values(analysis.vectors.get("spectral_contrast_db", ()))
