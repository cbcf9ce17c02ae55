"""The other figures of a track: loudness, character, and timbre in small."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from sonicforge_studio.domain import Analysis
from sonicforge_studio.ui.numbers import clock, codec_name, decimal, frequency
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Card, ElidedLabel, label

Facts = list[tuple[str, str]]


class FactsCard(Card):
    """A heading, and figures in two columns."""

    def __init__(self, theme: Theme, heading: str) -> None:
        super().__init__()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(*[theme.space.m] * 4)
        self._layout.setSpacing(theme.space.s)
        self._layout.addWidget(label(heading, "section"))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.space.s)
        self._grid.setVerticalSpacing(theme.space.xxs)
        self._grid.setColumnStretch(0, 1)
        self._layout.addLayout(self._grid)
        self._rows: list[tuple[ElidedLabel, QLabel]] = []

    def put(self, widget: QWidget) -> None:
        self._layout.addWidget(widget)

    def show_facts(self, facts: Facts) -> None:
        for row in range(len(self._rows), len(facts)):
            names, figures = ElidedLabel("", "small"), label("", "item", select=True)
            self._grid.addWidget(names, row, 0)
            self._grid.addWidget(figures, row, 1, Qt.AlignmentFlag.AlignRight)
            self._rows.append((names, figures))
        for row, (names, figures) in enumerate(self._rows):
            shown = row < len(facts)
            names.setVisible(shown)
            figures.setVisible(shown)
            if shown:
                name, figure = facts[row]
                names.show_text(name)
                figures.setText(figure)
                figures.setAccessibleName(f"{name}: {figure}")

    def shown(self) -> Facts:
        """What stands there."""
        return [(name.accessibleName(), figure.text()) for name, figure in self._rows if not figure.isHidden()]


class VectorBars(QWidget):
    """A few numbers as bars up and down from a line; they are told apart by their order."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._name = name
        self._values: tuple[float, ...] = ()
        self.setAccessibleName(name)
        self.setFixedHeight(theme.size.target)

    def show_values(self, values: Sequence[float]) -> None:
        self._values = tuple(values)
        self.setVisible(bool(values))
        said = "  ".join(decimal(value) for value in values)
        self.setToolTip(f"{self._name}: {said}")
        self.setAccessibleDescription(said)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._values:
            return
        theme = self._theme
        painter = QPainter(self)
        painter.setFont(theme.font(theme.tokens.type.caption))
        painter.setPen(QColor(theme.colour.text_faint))
        line = painter.fontMetrics().height()
        painter.drawText(QRectF(0, 0, self.width(), line), Qt.AlignmentFlag.AlignLeft, self._name)
        low, high = min(0.0, *self._values), max(0.0, *self._values)
        room, width = self.height() - line, self.width() / len(self._values)
        scale = room / (high - low) if high > low else 0.0
        zero = line + high * scale
        for index, value in enumerate(self._values):
            top, bottom = sorted((zero - value * scale, zero))
            bar = QRectF(index * width, top, width - theme.space.xxs, max(theme.size.line, bottom - top))
            painter.fillRect(bar, QColor(theme.colour.wave))
        painter.end()


def loudness_facts(analysis: Analysis) -> Facts:
    loudness, features = analysis.loudness, analysis.features
    facts = [
        (tr("Integrated"), f"{decimal(loudness.integrated_lufs)} LUFS"),
        (tr("Loudness range"), f"{decimal(loudness.loudness_range_lu)} LU"),
        (tr("True peak"), f"{decimal(loudness.true_peak_dbtp)} dBTP"),
        (tr("Short-term, greatest"), f"{decimal(loudness.short_term_max_lufs)} LUFS"),
        (tr("Momentary, greatest"), f"{decimal(loudness.momentary_max_lufs)} LUFS"),
    ]
    if "crest_factor_db" in features:
        facts.append((tr("Crest factor"), f"{decimal(features['crest_factor_db'])} dB"))
    if features.get("clipping_runs"):
        facts.append((tr("Clipped runs"), decimal(features["clipping_runs"], 0)))
    if "phase_correlation" in features:
        facts.append((tr("Phase correlation"), decimal(features["phase_correlation"], 2, signed=True)))
    return facts


def character_facts(analysis: Analysis) -> Facts:
    features = analysis.features
    facts = [
        (name, decimal(features[key], 2))
        for key, name in (("energy", tr("Energy")), ("danceability", tr("Danceability")))
        if key in features
    ]
    if "onset_rate_hz" in features:
        facts.append((tr("Onsets"), tr("{count} a second", count=decimal(features["onset_rate_hz"]))))
    for key, name in (
        ("spectral_centroid_hz", tr("Brightness")),
        ("spectral_bandwidth_hz", tr("Bandwidth")),
        ("spectral_rolloff_hz", tr("Roll-off")),
    ):
        if key in features:
            facts.append((name, frequency(features[key])))
    if "spectral_flatness" in features:
        facts.append((tr("Flatness"), decimal(features["spectral_flatness"], 3)))
    for key, name in (("silence_head_seconds", tr("Silence ahead")), ("silence_tail_seconds", tr("Silence after"))):
        if features.get(key, 0.0) >= 0.05:
            facts.append((name, f"{decimal(features[key])} s"))
    facts.append((tr("Length"), clock(analysis.duration_seconds)))
    channels = {1: tr("mono"), 2: tr("stereo")}.get(analysis.channels, str(analysis.channels))
    facts.append((tr("File"), f"{codec_name(analysis.codec)} · {analysis.sample_rate_hz / 1000:g} kHz · {channels}"))
    return facts
