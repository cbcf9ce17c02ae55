"""The form of a piece, scaled to the length that is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from sonicforge_studio.domain.concept import FormSection
from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.domain.genre import Genre

BEATS_PER_BAR = 4
MOST_SECTION_BARS = 256
_ENERGIES = {"intro": 0.45, "verse": 0.65, "build": 0.6, "drop": 0.9, "break": 0.4, "outro": 0.5}
_LAST_STROKE_SECONDS = 2.0
_NO_FORM = (
    '"{text}" is no section. A form is written as "intro 4, build 4, drop 8 0.9, break 4, outro 4": '
    "names, bars, and the energy from 0 to 1 where it is another than usual."
)
_BARS_PER_SECTION = 4
"""With at least so many for each section a piece is long enough for breaks and builds."""
_SECTION_BARS_LIMIT = 1.6
"""Sections grow to this much of what the book says; then the middle of the form comes round again."""


def fit_form(genre: Genre, duration_seconds: float, tempo_bpm: float, energy: float) -> tuple[FormSection, ...]:
    """Whole bars that leave the last stroke some time to ring, shared out in phrases of 2, 4 or 8 bars."""
    bars = whole_bars(duration_seconds, tempo_bpm, energy)
    whole = bars >= _BARS_PER_SECTION * len(genre.form)
    template = list(genre.form if whole else genre.short_form)
    shift = energy - genre.energy
    if bars < 6:
        loudest = max(template, key=lambda entry: entry[2])
        return (FormSection(loudest[0], bars, _shifted(loudest[2], shift)),)
    middle = template[1:-1]
    middle_bars = sum(entry[1] for entry in middle)
    edge_bars = template[0][1] + template[-1][1]
    rounds = max(1, round((bars / _SECTION_BARS_LIMIT - edge_bars) / middle_bars)) if whole else 1
    template = [template[0], *middle * rounds, template[-1]]
    unit = 8 if bars >= 16 * len(template) else 4 if bars >= 8 * len(template) else 2 if bars >= 10 else 1
    lengths = _shares([entry[1] for entry in template], bars // unit)
    sections = [
        FormSection(name, length * unit, _shifted(level, shift))
        for (name, _, level), length in zip(template, lengths, strict=True)
        if length
    ]
    last = sections[-1]
    sections[-1] = FormSection(last.name, last.bars + bars % unit, last.energy)
    return tuple(sections)


def whole_bars(duration_seconds: float, tempo_bpm: float, energy: float) -> int:
    """How many bars fit before the last stroke; at least one."""
    ring_seconds = min(0.6 + 2.4 * (1.0 - energy) ** 2, 0.15 * duration_seconds)
    bar_seconds = BEATS_PER_BAR * 60 / tempo_bpm
    return max(1, int((duration_seconds - ring_seconds) / bar_seconds + 1e-9))


def seconds_of(form: Sequence[FormSection], tempo_bpm: float) -> float:
    """How long a piece of this form is, its last stroke included, in whole milliseconds: a length that can be typed."""
    bars = sum(section.bars for section in form)
    return round(bars * BEATS_PER_BAR * 60 / tempo_bpm + _LAST_STROKE_SECONDS, 3)


def section_names(genre: Genre) -> tuple[str, ...]:
    """The sections that a genre's parts know to play."""
    return tuple(dict.fromkeys(name for name, _, _ in (*genre.form, *genre.short_form)))


def read_form(text: str) -> tuple[FormSection, ...]:
    """A form such as "intro 4, drop 8 0.9, outro 4": a name, its bars, and 0..1 for its energy where it has its own.

    Raises ``BadSetting`` for what is none.
    """
    sections = []
    for entry in text.split(","):
        words = entry.replace(":", " ").split()
        try:
            name, bars, energy = words[0], int(words[1]), float(words[2]) if len(words) > 2 else _ENERGIES[words[0]]
        except (IndexError, KeyError, ValueError) as error:
            raise BadSetting(_NO_FORM.format(text=entry.strip()[:60])) from error
        if name not in _ENERGIES or not 1 <= bars <= MOST_SECTION_BARS or not 0 <= energy <= 1 or len(words) > 3:
            raise BadSetting(_NO_FORM.format(text=entry.strip()[:60]))
        sections.append(FormSection(name, bars, energy))
    return tuple(sections)


def _shares(weights: list[int], total: int) -> list[int]:
    """``total`` cut in proportion to the weights, by largest remainders."""
    exact = [weight * total / sum(weights) for weight in weights]
    shares = [int(value) for value in exact]
    order = sorted(range(len(exact)), key=lambda index: (shares[index] - exact[index], index))
    for index in order[: total - sum(shares)]:
        shares[index] += 1
    return shares


def _shifted(level: float, shift: float) -> float:
    return min(1.0, max(0.05, level + 0.8 * shift))
