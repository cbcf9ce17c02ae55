"""What is shown of the stage that is chosen: its picture where one helps, and all of its figures below."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sonicforge_studio.domain.chain import (
    ChainSettings,
    DynamicsBand,
    EqSettings,
    Parameter,
    parameters_of,
)
from sonicforge_studio.studio import LiveMeters, LiveSnapshot
from sonicforge_studio.studio.chain_response import eq_response
from sonicforge_studio.studio.master_drafts import MasterDraft
from sonicforge_studio.ui.master.bands_view import BandsView, BandValue, MarkView
from sonicforge_studio.ui.master.eq_editor import EqEditor
from sonicforge_studio.ui.master.knob import Figure
from sonicforge_studio.ui.master.reduction_view import ReductionView
from sonicforge_studio.ui.master.spectrum_canvas import SpectrumCanvas
from sonicforge_studio.ui.master.stage_panel import StagePanel
from sonicforge_studio.ui.master.words import LIMITER, figure_text, stage_name
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.choice import Choice
from sonicforge_studio.ui.widgets.controls import label

_RATES_HZ = (0, 44_100, 48_000, 88_200, 96_000)
_KEEP_DYNAMICS = Parameter(
    "LU", 0.0, 20.0, "Stays so quiet that peaks lie at least so far over the loudness; 0 is off."
)


class StageView(QWidget):
    """``many_changed`` tells of places of the whole draft: "chain." and a place of the chain, or a field's name."""

    many_changed = Signal(object, str)
    """Values by place, and the word that joins them with the step before ("" for a step of its own)."""
    let_go = Signal()

    def __init__(self, theme: Theme, stage: str) -> None:
        super().__init__()
        self._theme = theme
        self.stage = stage
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.space.m)

    def show_draft(self, draft: MasterDraft) -> None:
        raise NotImplementedError

    def look(self, snapshot: LiveSnapshot, version: int | None, meters: LiveMeters | None) -> None:
        """What is heard now; at the screen's pace."""

    def forget(self) -> None:
        """Another track."""

    def _own(self, chain: ChainSettings) -> Any:
        return getattr(chain, self.stage)

    def _follow(self, part: SpectrumCanvas | StagePanel, prefix: str = "") -> None:
        """Hand on what is changed on a picture or panel whose places lie below ``prefix`` of the stage."""
        part.changed.connect(partial(self._tell, prefix))
        part.let_go.connect(self.let_go)
        if isinstance(part, SpectrumCanvas):
            part.many_changed.connect(partial(self._tell_many, prefix))

    def _tell(self, prefix: str, place: str, value: object, moving: bool) -> None:
        whole = f"chain.{self.stage}.{prefix}{place}"
        self.many_changed.emit({whole: value}, whole if moving else "")

    def _tell_many(self, prefix: str, values: dict[str, object], word: str) -> None:
        self.many_changed.emit(
            {f"chain.{self.stage}.{prefix}{place}": value for place, value in values.items()}, f"{self.stage}.{word}"
        )


class EqStage(StageView):
    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "eq")
        self.editor = EqEditor(theme, eq_response)
        self._column.addWidget(self.editor, 1)
        self.panel = StagePanel(theme, EqSettings(), without=("bands",))
        self._row = QHBoxLayout()
        self._row.setSpacing(theme.space.l)
        self.panel.setMaximumWidth(theme.size.facts_column)
        self._row.addWidget(self.panel, 2)
        self.bands = [
            StagePanel(theme, band, context=tr("Band {number}", number=number + 1))
            for number, band in enumerate(EqSettings().bands)
        ]
        for number, band in enumerate(self.bands):
            self._row.addWidget(band, 3)
            self._follow(band, f"bands.{number}.")
        self._column.addLayout(self._row)
        self._follow(self.editor)
        self._follow(self.panel)
        self.editor.band_chosen.connect(self._show_band)
        self._show_band(0)

    def _show_band(self, chosen: int) -> None:
        for number, band in enumerate(self.bands):
            band.setVisible(number == chosen)

    def show_draft(self, draft: MasterDraft) -> None:
        self.editor.show_settings(draft.chain.eq)
        self.panel.show_settings(draft.chain.eq)
        for panel, band in zip(self.bands, draft.chain.eq.bands, strict=True):
            panel.show_settings(band)

    def look(self, snapshot: LiveSnapshot, version: int | None, meters: LiveMeters | None) -> None:
        self.editor.look(snapshot, version)

    def forget(self) -> None:
        self.editor.forget()


class MultibandStage(StageView):
    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "multiband")
        usual = ChainSettings().multiband
        gain = BandValue(
            tr("gain"), lambda number: f"bands.{number}.gain_db", -12.0, 12.0, 0.0, 0.5, (-6.0, 0.0, 6.0),
            signed_decibels,
        )  # fmt: skip
        limits = parameters_of(usual)["crossovers_hz"]
        self.view = BandsView(
            theme, tr("Bands of the compressor over the live spectrum"), gain, (limits.low, limits.high),
            usual.crossovers_hz, [band.gain_db for band in usual.bands],
        )  # fmt: skip
        self._column.addWidget(self.view, 1)
        row = QHBoxLayout()
        row.setSpacing(theme.space.l)
        self.panel = StagePanel(theme, usual, without=("bands", "crossovers_hz"))
        row.addWidget(self.panel)
        self.bands = [
            StagePanel(theme, band, context=tr("Band {number}", number=number + 1), switch=True)
            for number, band in enumerate(usual.bands)
        ]
        for number, band in enumerate(self.bands):
            row.addWidget(band, 1)
            self._follow(band, f"bands.{number}.")
        self._column.addLayout(row)
        self._follow(self.view)
        self._follow(self.panel)
        self.view.band_chosen.connect(self._show_band)
        self._show_band(0)

    def _show_band(self, chosen: int) -> None:
        for number, band in enumerate(self.bands):
            band.setVisible(number == chosen)

    def show_draft(self, draft: MasterDraft) -> None:
        settings = draft.chain.multiband
        self.view.show_bands(
            settings.crossovers_hz,
            [band.gain_db for band in settings.bands],
            [_dynamics_text(band) for band in settings.bands],
            [band.on for band in settings.bands],
            on=settings.on,
        )
        self.panel.show_settings(settings)
        for panel, band in zip(self.bands, settings.bands, strict=True):
            panel.show_settings(band)

    def look(self, snapshot: LiveSnapshot, version: int | None, meters: LiveMeters | None) -> None:
        self.view.look(snapshot, version)
        own = meters.stages.get(self.stage) if meters is not None else None
        self.view.show_reductions(own.reductions_db if own is not None else ())

    def forget(self) -> None:
        self.view.forget()


class StereoStage(StageView):
    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "stereo")
        usual = ChainSettings().stereo
        width = BandValue(
            tr("width"), lambda number: f"widths.{number}", 0.0, 2.0, 1.0, 0.05, (0.5, 1.0, 1.5),
            lambda value: f"{decimal(100 * value, 0)} %",
        )  # fmt: skip
        limits = parameters_of(usual)["crossovers_hz"]
        self.view = BandsView(
            theme, tr("Width of low, middle and high over the live spectrum"), width, (limits.low, limits.high),
            usual.crossovers_hz, usual.widths,
        )  # fmt: skip
        self._column.addWidget(self.view, 1)
        self.panel = StagePanel(theme, usual, without=("crossovers_hz",))
        self._column.addWidget(self.panel)
        self._follow(self.view)
        self._follow(self.panel)

    def show_draft(self, draft: MasterDraft) -> None:
        settings = draft.chain.stereo
        mono = tr("mono below {hz} Hz", hz=decimal(settings.mono_below_hz, 0)) if settings.mono_below_hz else ""
        self.view.show_bands(
            settings.crossovers_hz, settings.widths, (mono, "", ""), (True,) * len(settings.widths), on=settings.on
        )
        self.panel.show_settings(settings)

    def look(self, snapshot: LiveSnapshot, version: int | None, meters: LiveMeters | None) -> None:
        self.view.look(snapshot, version)

    def forget(self) -> None:
        self.view.forget()


class MarkStage(StageView):
    """A stage that works above or below one frequency."""

    def __init__(self, theme: Theme, stage: str, place: str, *, upwards: bool) -> None:
        super().__init__(theme, stage)
        usual = getattr(ChainSettings(), stage)
        limits = parameters_of(usual)[place]
        self._place = place
        name = tr("{stage}: frequency over the live spectrum", stage=stage_name(stage))
        self.view = MarkView(theme, name, place, (limits.low, limits.high), upwards=upwards)
        self.panel = StagePanel(theme, usual)
        self._column.addWidget(self.view, 1)
        self._column.addWidget(self.panel)
        self._follow(self.view)
        self._follow(self.panel)

    def show_draft(self, draft: MasterDraft) -> None:
        settings = self._own(draft.chain)
        self.view.show_mark(getattr(settings, self._place), on=settings.on)
        self.panel.show_settings(settings)

    def look(self, snapshot: LiveSnapshot, version: int | None, meters: LiveMeters | None) -> None:
        self.view.look(snapshot, version)

    def forget(self) -> None:
        self.view.forget()


class GlueStage(StageView):
    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "glue")
        self.view = ReductionView(theme, tr("Gain reduction of the glue compressor"), with_loudness=False)
        self.panel = StagePanel(theme, ChainSettings().glue)
        self._column.addWidget(self.view, 1)
        self._column.addWidget(self.panel)
        self._follow(self.panel)

    def show_draft(self, draft: MasterDraft) -> None:
        self.panel.show_settings(draft.chain.glue)

    def look(self, snapshot: LiveSnapshot, version: int | None, meters: LiveMeters | None) -> None:
        own = meters.stages.get(self.stage) if meters is not None else None
        if own is not None:
            self.view.add(min(own.reductions_db, default=0.0), math.nan)

    def forget(self) -> None:
        self.view.forget()


class LimiterStage(StageView):
    """Loudness and ceiling are the target's; beside it the guard and the rate of what is delivered."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, LIMITER)
        self.gain_db = 0.0
        """What the player adds to match the loudness of original and master; the target knows nothing of it."""
        self.view = ReductionView(theme, tr("Gain reduction of the limiter, and loudness"), with_loudness=True)
        self._column.addWidget(self.view, 1)
        row = QHBoxLayout()
        row.setSpacing(theme.space.l)
        self.guard = Figure(theme, tr("Keep dynamics"), _KEEP_DYNAMICS, 0.0)
        self.guard.moved.connect(self._keep_dynamics)
        self.guard.let_go.connect(self.let_go)
        row.addWidget(self.guard)
        rates = QVBoxLayout()
        rates.setSpacing(theme.space.xs)
        rates.addWidget(label(tr("Sample rate"), "caption"))
        self.rate = Choice(theme, tr("Sample rate"))
        for rate_hz in _RATES_HZ:
            self.rate.addItem(f"{decimal(rate_hz / 1000, 1)} kHz" if rate_hz else tr("As the original"), rate_hz)
        self.rate.activated.connect(
            lambda _: self.many_changed.emit({"sample_rate_hz": int(self.rate.currentData())}, "")
        )
        rates.addWidget(self.rate)
        rates.addStretch(1)
        row.addLayout(rates)
        self.outlook = label("", "small", wrap=True)
        row.addWidget(self.outlook, 1)
        self._column.addLayout(row)

    def _keep_dynamics(self, value: float, moving: bool) -> None:
        self.many_changed.emit({"keep_dynamics_lu": value}, "keep_dynamics_lu" if moving else "")

    def show_draft(self, draft: MasterDraft) -> None:
        self.view.show_target(draft.target.integrated_lufs)
        self.guard.show_value(draft.keep_dynamics_lu)
        self.rate.setCurrentIndex(max(0, self.rate.findData(draft.sample_rate_hz)))

    def look(self, snapshot: LiveSnapshot, version: int | None, meters: LiveMeters | None) -> None:
        if meters is not None:
            short_term = snapshot.loudness.short_term_lufs
            self.view.add(meters.limiter_db, math.nan if short_term is None else float(short_term) - self.gain_db)

    def forget(self) -> None:
        self.view.forget()
        self.outlook.setText("")


def build_stage(theme: Theme, stage: str) -> StageView:
    match stage:
        case "repair":
            return MarkStage(theme, "repair", "high_pass_hz", upwards=False)
        case "eq":
            return EqStage(theme)
        case "de_esser":
            return MarkStage(theme, "de_esser", "frequency_hz", upwards=True)
        case "multiband":
            return MultibandStage(theme)
        case "exciter":
            return MarkStage(theme, "exciter", "frequency_hz", upwards=True)
        case "stereo":
            return StereoStage(theme)
        case "glue":
            return GlueStage(theme)
        case _:
            return LimiterStage(theme)


def signed_decibels(value: float) -> str:
    return f"{decimal(value, 1, signed=bool(round(value, 1)))} dB"


def _dynamics_text(band: DynamicsBand) -> str:
    if band.ratio == 1.0:
        return tr("not compressed")
    limits = parameters_of(band)
    return f"{figure_text(band.threshold_lu, limits['threshold_lu'])} · {decimal(band.ratio, 1)} : 1"
