"""How a model draws its music: the figures that are folded away until one wants them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSpinBox, QWidget

from sonicforge_studio.domain import Neural, Sampling
from sonicforge_studio.domain.neural import DEVICES, PRECISIONS, SAMPLING_LIMITS, Device, Precision
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.choice import Choice, indent
from sonicforge_studio.ui.widgets.controls import IconButton
from sonicforge_studio.ui.widgets.fields import captioned

_STEP = 0.05
_USUAL = Sampling()


class SamplingControls(QWidget):
    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.space.m)
        self.guidance = self._figure("guidance", tr("Guidance"), _guidance_help())
        self.temperature = self._figure("temperature", tr("Temperature"), _temperature_help())
        self.top_k = QSpinBox()
        lowest, highest = SAMPLING_LIMITS["top_k"]
        self.top_k.setRange(int(lowest), int(highest))
        self.top_k.setSpecialValueText(tr("All"))
        self._add_figure(self.top_k, tr("Top-k"), _top_k_help())
        self.top_p = self._figure("top_p", tr("Top-p"), _top_p_help())
        self.top_p.setSpecialValueText(tr("All"))
        self.precision = self._choice(tr("Precision"), _precisions(), _precision_help())
        self.device = self._choice(tr("Device"), _devices(), _device_help())
        self.reset_button = IconButton(theme, "undo", tr("Back to the usual figures"), self.reset, small=True)
        self.reset_button.setFixedHeight(theme.size.control)
        self._row.addWidget(self.reset_button, 0, Qt.AlignmentFlag.AlignBottom)
        self.reset()

    def _figure(self, setting: str, name: str, help: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setDecimals(2)
        box.setSingleStep(_STEP)
        box.setRange(*SAMPLING_LIMITS[setting])
        self._add_figure(box, name, help)
        return box

    def _add_figure(self, box: QSpinBox | QDoubleSpinBox, name: str, help: str) -> None:
        indent(box, self._theme)
        self._row.addLayout(captioned(self._theme, name, box, help=help), 1)
        box.valueChanged.connect(lambda _: self.changed.emit())

    def _choice(self, name: str, entries: dict[str, str], help: str) -> Choice:
        choice = Choice(self._theme, name)
        for value, text in entries.items():
            choice.addItem(text, value)
        self._row.addLayout(captioned(self._theme, name, choice, help=help), 1)
        choice.currentIndexChanged.connect(lambda _: self.changed.emit())
        return choice

    def reset(self) -> None:
        self._show(_USUAL, "auto", "auto")

    def show_neural(self, neural: Neural) -> None:
        """The figures that a piece was made with; where it was made is this machine's own business."""
        self._show(neural.sampling, neural.precision, "auto")

    def _show(self, sampling: Sampling, precision: Precision, device: Device) -> None:
        self.guidance.setValue(sampling.guidance)
        self.temperature.setValue(sampling.temperature)
        self.top_k.setValue(sampling.top_k)
        self.top_p.setValue(sampling.top_p)
        self.precision.setCurrentIndex(self.precision.findData(precision))
        self.device.setCurrentIndex(self.device.findData(device))

    def sampling(self) -> Sampling:
        return Sampling(
            guidance=self.guidance.value(),
            temperature=self.temperature.value(),
            top_k=self.top_k.value(),
            top_p=self.top_p.value(),
        )

    def chosen_precision(self) -> Precision:
        return PRECISIONS[self.precision.currentIndex()]

    def chosen_device(self) -> Device:
        return DEVICES[self.device.currentIndex()]


def _precisions() -> dict[str, str]:
    names = {"auto": tr("Auto"), "float32": tr("32 bits"), "bfloat16": tr("16 bits"), "int8": tr("8 bits")}
    return {name: names.get(name, name) for name in PRECISIONS}


def _devices() -> dict[str, str]:
    names = {"auto": tr("Auto"), "cpu": tr("Processor"), "cuda": tr("Graphics card")}
    return {name: names.get(name, name) for name in DEVICES}


def _guidance_help() -> str:
    return tr(
        "How much more the sentence counts than music as such, {low} to {high}. {low} leaves that alone and takes half "
        "the time.",
        **_limits("guidance"),
    )


def _temperature_help() -> str:
    return tr("{low} to {high}: small is safe and dull, large is bold and loose.", **_limits("temperature"))


def _top_k_help() -> str:
    return tr("Only so many of the likeliest sounds are drawn from, up to {high}; 0 for all.", **_limits("top_k"))


def _top_p_help() -> str:
    return tr(
        "Only the likeliest sounds that together have this probability are drawn from, up to {high}; 0 for all.",
        **_limits("top_p"),
    )


def _precision_help() -> str:
    return tr("The numbers the model is worked out in. Fewer bits need less memory and are often quicker.")


def _device_help() -> str:
    return tr("What works it out. Auto is the processor; a graphics card is taken where it is chosen.")


def _limits(setting: str) -> dict[str, object]:
    low, high = SAMPLING_LIMITS[setting]
    return {"low": f"{low:g}", "high": f"{high:g}"}
