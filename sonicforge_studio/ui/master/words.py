"""What stages, their figures and choices are called by people, and how a figure is written."""

from __future__ import annotations

from sonicforge_studio.domain.chain import Parameter
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.text import tr

LIMITER = "limiter"
"""The last stage, which is always on: loudness and ceiling."""


def stage_name(name: str) -> str:
    return {
        "repair": tr("Repair"),
        "eq": tr("EQ"),
        "de_esser": tr("De-esser"),
        "multiband": tr("Multiband"),
        "exciter": tr("Exciter"),
        "stereo": tr("Stereo"),
        "glue": tr("Glue"),
        LIMITER: tr("Limiter"),
    }[name]


def stage_help(name: str) -> str:
    return {
        "repair": tr("Takes away what was broken before: offset, hum, clicks, flattened peaks"),
        "eq": tr("Eight bands and a tilt over the whole spectrum"),
        "de_esser": tr("Takes the edge off sharp s and cymbals, only while they are there"),
        "multiband": tr("Four compressors, each over its own part of the spectrum"),
        "exciter": tr("New harmonics for the treble"),
        "stereo": tr("How wide low, middle and high stand"),
        "glue": tr("One gentle compressor over everything"),
        LIMITER: tr("Brings the loudness to the target and holds every peak under the ceiling"),
    }[name]


def figure_name(name: str) -> str:
    """What a figure of the chain is called."""
    return {
        "high_pass_hz": tr("High-pass"),
        "declip": tr("Declip"),
        "hum_hz": tr("Hum pitch"),
        "hum_db": tr("Hum reduction"),
        "declick": tr("Declick"),
        "tilt_db": tr("Tilt"),
        "frequency_hz": tr("Frequency"),
        "gain_db": tr("Gain"),
        "q": "Q",
        "threshold_lu": tr("Threshold"),
        "range_db": tr("Range"),
        "ratio": tr("Ratio"),
        "attack_ms": tr("Attack"),
        "release_ms": tr("Release"),
        "amount": tr("Amount"),
        "drive_db": tr("Drive"),
        "mono_below_hz": tr("Mono below"),
        "mix": tr("Mix"),
        "widths": tr("Width"),
        "crossovers_hz": tr("Crossover"),
        "phase": tr("Phase"),
        "harmonics": tr("Harmonics"),
        "kind": tr("Shape"),
        "guard": tr("Correlation guard"),
        "on": tr("On"),
    }[name]


def option_name(option: str) -> str:
    return {
        "minimum": tr("Minimum|phase"),
        "linear": tr("Linear|phase"),
        "even": tr("Even|harmonics"),
        "odd": tr("Odd|harmonics"),
        "both": tr("Both|harmonics"),
        "bell": tr("Bell"),
        "low-shelf": tr("Low shelf"),
        "high-shelf": tr("High shelf"),
        "low-cut": tr("Low cut"),
        "high-cut": tr("High cut"),
        "notch": tr("Notch"),
    }[option]


def band_range(number: int, crossovers_hz: tuple[float, ...]) -> str:
    """From where to where a band between crossovers reaches, such as "120 – 700 Hz"."""
    if number == 0:
        return tr("below {frequency}", frequency=short_frequency(crossovers_hz[0]))
    if number == len(crossovers_hz):
        return tr("above {frequency}", frequency=short_frequency(crossovers_hz[-1]))
    return f"{short_frequency(crossovers_hz[number - 1])} – {short_frequency(crossovers_hz[number])}"


def short_frequency(hz: float) -> str:
    if hz >= 1000.0:
        return f"{decimal(hz / 1000.0, 1 if hz >= 10_000 else 2).rstrip('0').rstrip('.')} kHz"
    return f"{decimal(hz, 0)} Hz"


def figure_text(value: float, parameter: Parameter) -> str:
    """A figure with its unit."""
    if parameter.unit == "Hz":
        return short_frequency(value)
    if parameter.unit in ("dB", "LU"):
        return f"{decimal(value, 1, signed=True)} {parameter.unit}"
    if parameter.unit == "":
        return f"{decimal(100 * value, 0)} %" if is_share(parameter) else decimal(value, 2)
    return f"{decimal(value, places_of(parameter))} {parameter.unit}"


def is_share(parameter: Parameter) -> bool:
    """Whether a figure is shown in percent."""
    return parameter.unit == "" and parameter.high <= 2.0


def is_logarithmic(parameter: Parameter) -> bool:
    """Whether equal ways of the hand are equal ratios: frequencies, times, and the width of a band."""
    return parameter.low > 0.0 and parameter.high / parameter.low >= 20.0


def places_of(parameter: Parameter) -> int:
    """Decimals that are shown and kept of a figure."""
    if is_share(parameter):
        return 0
    if parameter.unit == "Hz":
        return 0
    if parameter.unit in ("", ": 1"):
        return 2
    return 1


def range_text(parameter: Parameter) -> str:
    """The limits of a figure, for its tool tip."""
    scale = 100 if is_share(parameter) else 1
    unit = "%" if is_share(parameter) else parameter.unit
    return f"{decimal(parameter.low * scale, 0 if scale > 1 else places_of(parameter))} … " + (
        f"{decimal(parameter.high * scale, 0 if scale > 1 else places_of(parameter))} {unit}".strip()
    )
