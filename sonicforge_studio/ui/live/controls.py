"""How the live views measure: the analyser's settings, remembered from one start to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from sonicforge_studio.domain import Target
from sonicforge_studio.studio import SpectrumSettings
from sonicforge_studio.ui.live.loudness_view import SPANS_SECONDS
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.choice import Choice
from sonicforge_studio.ui.widgets.controls import Button, label
from sonicforge_studio.ui.widgets.names import target_name

FFT_SIZES = (1024, 2048, 4096, 8192, 16384)
_LETTERS = 5
_FEW_LETTERS = 3
_TARGET_LETTERS = 11


class LiveControls(QFrame):
    """``settings_wanted`` carries ``SpectrumSettings``, ``target_wanted`` a target's name, ``span_wanted`` seconds."""

    settings_wanted = Signal(object)
    peaks_wanted = Signal(bool)
    average_wanted = Signal(bool)
    target_wanted = Signal(str)
    span_wanted = Signal(int)
    reset_wanted = Signal()

    def __init__(self, theme: Theme, targets: Sequence[Target], target: str, memory: QSettings) -> None:
        super().__init__()
        self._theme = theme
        self._memory = memory
        self.settings = remembered(memory)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.space.m)
        self._choices: dict[str, Choice] = {}
        self._choose("fft_size", tr("FFT"), [(size, str(size)) for size in FFT_SIZES])
        self._choose(
            "window",
            tr("Window|of an FFT"),
            [("hann", "Hann"), ("blackman-harris", "Blackman–Harris"), ("flat-top", tr("Flat top"))],
        )
        self._choose(
            "bands_per_octave",
            tr("Bands"),
            [(0, tr("Lines")), (24, "1/24"), (12, "1/12"), (6, "1/6"), (3, "1/3")],
        )
        self._choose("weighting", tr("Weighting"), [("none", tr("None|weighting")), ("A", "A"), ("C", "C"), ("K", "K")])
        self._choose(
            "ballistics",
            tr("Ballistics"),
            [("fast", tr("Fast")), ("slow", tr("Slow")), ("impulse", tr("Impulse")), ("peak", tr("Peak|ballistics"))],
        )
        self.peaks_button = self._toggle(tr("Peaks"), "peaks", self.peaks_wanted.emit, usually=True)
        self.average_button = self._toggle(tr("Average"), "average", self.average_wanted.emit, usually=False)
        self._row.addStretch(1)
        spans = self._labelled(tr("History"), Choice(theme, tr("History")))
        for seconds in SPANS_SECONDS:
            spans.addItem(tr("{minutes} min", minutes=seconds // 60) if seconds >= 60 else f"{seconds} s", seconds)
        self.span = spans
        spans.setCurrentIndex(max(0, spans.findData(_number(memory.value("live/span")))))
        spans.currentIndexChanged.connect(lambda _: self._tell_span())
        self.target = self._labelled(tr("Target"), Choice(theme, tr("Target")), _TARGET_LETTERS)
        for one in targets:
            self.target.addItem(f"{target_name(one.name)}  {one.integrated_lufs:.0f}".replace("-", "−"), one.name)
        self.target.setCurrentIndex(max(0, self.target.findData(str(memory.value("live/target") or target))))
        self.target.currentIndexChanged.connect(lambda _: self._tell_target())
        self.reset_button = Button(tr("Reset"), "", self.reset_wanted.emit)
        self.reset_button.setToolTip(tr("Begin integrated loudness, range, peaks and average anew"))
        self._row.addWidget(self.reset_button, 0, Qt.AlignmentFlag.AlignBottom)

    def fit(self, *, narrow: bool) -> None:
        """Take less room in a narrow window: what does not fit stands in the lists."""
        self._row.setSpacing(self._theme.space.s if narrow else self._theme.space.m)
        for choice in (*self._choices.values(), self.span):
            choice.setMinimumContentsLength(_FEW_LETTERS if narrow else _LETTERS)
        self.target.setMinimumContentsLength(_LETTERS if narrow else _TARGET_LETTERS)

    def _labelled(self, name: str, choice: Choice, letters: int = _LETTERS) -> Choice:
        choice.setMinimumContentsLength(letters)
        column = QVBoxLayout()
        column.setSpacing(self._theme.space.xxs)
        column.addWidget(label(name, "caption"))
        column.addWidget(choice)
        self._row.addLayout(column)
        return choice

    def _choose(self, field: str, name: str, values: Sequence[tuple[object, str]]) -> None:
        choice = self._labelled(name, Choice(self._theme, name))
        for value, text in values:
            choice.addItem(text, value)
        choice.setCurrentIndex(max(0, choice.findData(getattr(self.settings, field))))
        choice.currentIndexChanged.connect(lambda _: self._tell(field, choice.currentData()))
        self._choices[field] = choice

    def choose(self, field: str, value: object) -> None:
        """As if it were chosen from the list."""
        choice = self._choices[field]
        choice.setCurrentIndex(choice.findData(value))

    def _toggle(self, text: str, name: str, tell: Callable[[bool], object], *, usually: bool) -> Button:
        button = Button(text, "toggle")
        button.setCheckable(True)
        button.setChecked(str(self._memory.value(f"live/{name}", str(usually).lower())) == "true")

        def told(checked: bool) -> None:
            self._memory.setValue(f"live/{name}", "true" if checked else "false")
            tell(checked)

        button.toggled.connect(told)
        self._row.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        return button

    def _tell(self, field: str, value: object) -> None:
        self.settings = replace(self.settings, **{field: value})  # type: ignore[arg-type]
        self._memory.setValue(f"live/{field}", value)
        self.settings_wanted.emit(self.settings)

    def _tell_span(self) -> None:
        self._memory.setValue("live/span", self.span.currentData())
        self.span_wanted.emit(self.span.currentData())

    def _tell_target(self) -> None:
        self._memory.setValue("live/target", self.target.currentData())
        self.target_wanted.emit(self.target.currentData())


def _number(stored: object) -> int | None:
    try:
        return int(str(stored))
    except ValueError:
        return None


def remembered(memory: QSettings) -> SpectrumSettings:
    """The settings as they were left; what a hand has spoilt in the file falls back to its default."""
    settings = SpectrumSettings()
    for field, usual in asdict(settings).items():
        stored = memory.value(f"live/{field}")
        if stored is None:
            continue
        try:
            settings = replace(settings, **{field: type(usual)(stored)})
        except (TypeError, ValueError):
            continue
    return settings
