"""The mastering chain as data: what each stage is set to, in which order, with the unit and limits of each figure.

One table for every face, preset and recipe: ``parameters_of`` reads it, ``chain_faults`` holds to it. Thresholds are
in LU over the piece's own loudness, so that a setting means the same on a quiet track and a loud one. A stage that is
off, or on and neutral, leaves its samples as they are, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal

BandKind = Literal["bell", "low-shelf", "high-shelf", "low-cut", "high-cut", "notch"]
BAND_KINDS: tuple[BandKind, ...] = ("bell", "low-shelf", "high-shelf", "low-cut", "high-cut", "notch")
Phase = Literal["minimum", "linear"]
PHASES: tuple[Phase, ...] = ("minimum", "linear")
Harmonics = Literal["even", "odd", "both"]
HARMONICS: tuple[Harmonics, ...] = ("even", "odd", "both")

EQ_BANDS = 8
DYNAMICS_BANDS = 4
WIDTH_BANDS = 3


@dataclass(frozen=True, slots=True)
class Parameter:
    """One figure of a stage: its unit ("" for a bare number), limits, and what it does, in a sentence."""

    unit: str
    low: float
    high: float
    help: str


def _figure(default: float, unit: str, low: float, high: float, help: str) -> Any:
    return field(default=default, metadata={"parameter": Parameter(unit, low, high, help)})


def _options(options: tuple[str, ...], help: str) -> dict[str, Any]:
    return {"options": options, "help": help}


def _switch(default: bool, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True, slots=True)
class RepairSettings:
    """What was broken before: offset and rumble, flattened peaks, mains hum, clicks."""

    on: bool = True
    high_pass_hz: float = _figure(28.0, "Hz", 0.0, 200.0, "Takes away offset and rumble below it; 0 lets all through.")
    declip: float = _figure(0.0, "", 0.0, 1.0, "How boldly flattened peaks are drawn anew; 0 leaves them.")
    hum_hz: float = _figure(0.0, "Hz", 0.0, 65.0, "The mains' pitch, 50 or 60 Hz, and its overtones; 0 for none.")
    hum_db: float = _figure(-24.0, "dB", -48.0, 0.0, "How far the hum is taken down.")
    declick: float = _figure(0.0, "", 0.0, 1.0, "How readily something counts as a click; 0 for nothing.")


@dataclass(frozen=True, slots=True)
class EqBand:
    """One band of the equaliser. Cuts fall by 12 dB an octave and do not know a gain; a notch takes all."""

    on: bool = True
    kind: BandKind = field(default="bell", metadata=_options(BAND_KINDS, "The shape of the band."))
    frequency_hz: float = _figure(1000.0, "Hz", 20.0, 20_000.0, "Its centre, or its corner.")
    gain_db: float = _figure(0.0, "dB", -15.0, 15.0, "How far it lifts or lowers.")
    q: float = _figure(0.7071, "", 0.1, 18.0, "How narrow it is.")


def _eight_bands() -> tuple[EqBand, ...]:
    kinds: tuple[BandKind, ...] = ("low-shelf", *("bell",) * 6, "high-shelf")
    centres = (80.0, 160.0, 320.0, 800.0, 2000.0, 4000.0, 8000.0, 12_000.0)
    return tuple(EqBand(kind=kind, frequency_hz=centre) for kind, centre in zip(kinds, centres, strict=True))


@dataclass(frozen=True, slots=True)
class EqSettings:
    on: bool = True
    phase: Phase = field(
        default="minimum",
        metadata=_options(PHASES, "Minimum: no delay, as analogue. Linear: no shift, but pre-ringing."),
    )
    tilt_db: float = _figure(0.0, "dB", -6.0, 6.0, "Turns the whole spectrum about 1 kHz: up at 20 kHz, down at 20 Hz.")
    bands: tuple[EqBand, ...] = field(default_factory=_eight_bands)


@dataclass(frozen=True, slots=True)
class DeEsserSettings:
    on: bool = False
    frequency_hz: float = _figure(6500.0, "Hz", 2000.0, 12_000.0, "Sibilance is listened for from here upwards.")
    threshold_lu: float = _figure(-10.0, "LU", -40.0, 20.0, "From this level of the sibilance on, over the loudness.")
    range_db: float = _figure(6.0, "dB", 0.0, 20.0, "The most it takes away.")


@dataclass(frozen=True, slots=True)
class DynamicsBand:
    """One band of the four-band compressor. Soft knee of 6 dB; the gain comes after it."""

    on: bool = True
    threshold_lu: float = _figure(0.0, "LU", -40.0, 20.0, "It takes hold above this, over the piece's loudness.")
    ratio: float = _figure(1.0, ": 1", 1.0, 10.0, "How much less comes out than goes in over the threshold.")
    attack_ms: float = _figure(20.0, "ms", 0.5, 200.0, "How soon it takes hold.")
    release_ms: float = _figure(150.0, "ms", 20.0, 2000.0, "How soon it lets go.")
    gain_db: float = _figure(0.0, "dB", -12.0, 12.0, "What the band is lifted by afterwards.")


@dataclass(frozen=True, slots=True)
class MultibandSettings:
    on: bool = False
    phase: Phase = field(
        default="minimum", metadata=_options(PHASES, "Linkwitz-Riley crossovers of 24 dB an octave, or linear phase.")
    )
    crossovers_hz: tuple[float, float, float] = field(
        default=(120.0, 700.0, 5000.0),
        metadata={"parameter": Parameter("Hz", 30.0, 16_000.0, "Where the bands meet; rising, at least 1.5 times.")},
    )
    bands: tuple[DynamicsBand, ...] = field(default_factory=lambda: (DynamicsBand(),) * DYNAMICS_BANDS)


@dataclass(frozen=True, slots=True)
class ExciterSettings:
    on: bool = False
    amount: float = _figure(0.0, "", 0.0, 1.0, "How much of the new harmonics is added.")
    frequency_hz: float = _figure(3000.0, "Hz", 500.0, 10_000.0, "Harmonics are made of what lies above it.")
    drive_db: float = _figure(6.0, "dB", 0.0, 24.0, "How hard it is driven: more harmonics, and higher ones.")
    harmonics: Harmonics = field(default="both", metadata=_options(HARMONICS, "Even ones are warm, odd ones bright."))


@dataclass(frozen=True, slots=True)
class StereoSettings:
    """Of two channels; any other number passes unchanged."""

    on: bool = False
    crossovers_hz: tuple[float, float] = field(
        default=(250.0, 4000.0),
        metadata={"parameter": Parameter("Hz", 60.0, 16_000.0, "Where low, middle and high meet; rising.")},
    )
    widths: tuple[float, float, float] = field(
        default=(1.0, 1.0, 1.0),
        metadata={"parameter": Parameter("", 0.0, 2.0, "Of low, middle and high: 0 is mono, 1 as it is, 2 twice.")},
    )
    mono_below_hz: float = _figure(0.0, "Hz", 0.0, 500.0, "Below it all is mono; 0 for nothing.")
    guard: bool = _switch(True, "Widens no further than mono playback bears: correlation stays above 0.")


@dataclass(frozen=True, slots=True)
class GlueSettings:
    on: bool = True
    threshold_lu: float = _figure(-4.0, "LU", -40.0, 20.0, "It takes hold above this, over the piece's loudness.")
    ratio: float = _figure(1.6, ": 1", 1.0, 10.0, "How much less comes out than goes in over the threshold.")
    attack_ms: float = _figure(30.0, "ms", 1.0, 300.0, "Longer lets more of each attack through.")
    mix: float = _figure(1.0, "", 0.0, 1.0, "How much of it is heard beside the untreated sound.")


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """The stages before loudness and limiter, in their order."""

    repair: RepairSettings = field(default_factory=RepairSettings)
    eq: EqSettings = field(default_factory=EqSettings)
    de_esser: DeEsserSettings = field(default_factory=DeEsserSettings)
    multiband: MultibandSettings = field(default_factory=MultibandSettings)
    exciter: ExciterSettings = field(default_factory=ExciterSettings)
    stereo: StereoSettings = field(default_factory=StereoSettings)
    glue: GlueSettings = field(default_factory=GlueSettings)


STAGES: tuple[str, ...] = tuple(entry.name for entry in fields(ChainSettings))
"""The stages' names, in the order in which sound passes through them."""


def parameters_of(settings: Any) -> Mapping[str, Parameter]:
    """The figures of a stage or band (its class, or one of them) by their names."""
    return {entry.name: entry.metadata["parameter"] for entry in fields(settings) if "parameter" in entry.metadata}


def chain_faults(settings: Any, place: str = "") -> Iterator[str]:
    """What in settings from outside is of a wrong kind or out of its limits, each a place such as ``eq.bands.2.q``."""
    for entry in fields(settings):
        value, here = getattr(settings, entry.name), f"{place}{entry.name}"
        parameter = entry.metadata.get("parameter")
        if parameter is not None:
            figures = value if isinstance(value, tuple) else (value,)
            if not all(_is_within(figure, parameter) for figure in figures):
                yield here
        elif "options" in entry.metadata:
            if value not in entry.metadata["options"]:
                yield here
        elif isinstance(entry.default, bool) and not isinstance(value, bool):
            yield here
        elif is_dataclass(value):
            yield from chain_faults(value, f"{here}.")
        elif entry.name == "bands":
            for number, band in enumerate(value):
                yield from chain_faults(band, f"{here}.{number}.")
    yield from _shape_faults(settings, place)


def _shape_faults(settings: Any, place: str) -> Iterator[str]:
    if isinstance(settings, EqSettings) and len(settings.bands) != EQ_BANDS:
        yield f"{place}bands"
    if isinstance(settings, MultibandSettings):
        if len(settings.bands) != DYNAMICS_BANDS:
            yield f"{place}bands"
        low, middle, high = settings.crossovers_hz
        if not (1.5 * low <= middle and 1.5 * middle <= high):
            yield f"{place}crossovers_hz"
    if isinstance(settings, StereoSettings) and not 1.5 * settings.crossovers_hz[0] <= settings.crossovers_hz[1]:
        yield f"{place}crossovers_hz"


def _is_within(value: Any, parameter: Parameter) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value) and parameter.low <= value <= parameter.high


def value_at(settings: Any, place: str) -> Any:
    """What stands at a place such as ``eq.bands.2.q``, as ``chain_faults`` names them. Raises ``LookupError``."""
    for name in place.split("."):
        if isinstance(settings, tuple):
            settings = settings[_number(name, settings)]
        else:
            settings = getattr(settings, _field(name, settings))
    return settings


def changed(settings: Any, place: str, value: Any) -> Any:
    """The settings with another value at a place such as ``eq.bands.2.q``. Raises ``LookupError``; whether the value is
    a possible one is not asked here."""
    name, _, rest = place.partition(".")
    if isinstance(settings, tuple):
        number = _number(name, settings)
        inner = changed(settings[number], rest, value) if rest else value
        return (*settings[:number], inner, *settings[number + 1 :])
    held = getattr(settings, _field(name, settings))
    inner = changed(held, rest, value) if rest else value
    return replace(settings, **{name: inner})


def _number(name: str, items: tuple[Any, ...]) -> int:
    if not name.isdecimal() or int(name) >= len(items):
        raise LookupError(name)
    return int(name)


def _field(name: str, settings: Any) -> str:
    if not is_dataclass(settings) or name not in {entry.name for entry in fields(settings)}:
        raise LookupError(name)
    return name
