"""The search box's language: words that must all be found, and measures.

``night bus``            both words, each as the beginning of a word, anywhere in title, artist, prompt, path or genre
``"night bus"``          these words side by side
``bpm:174``              a tempo that rounds to this; ``bpm:174.5`` to one decimal
``bpm:120-126``          a tempo from the one to the other; also ``120..126``
``bpm:>=120``            also ``<``, ``<=`` and ``>``
``lufs:<-12``            integrated loudness, in the same ways
``key:8A  key:"A minor"  key:F#m``
``genre:house``          words of the genre's name
``approved:yes``         what the critic approved; also ``no``
``like:42``              what sounds most like the track with this id, among all else that is asked for

What is not such a measure is taken as words: nothing that is typed is an error, and nothing of it reaches SQLite as
SQL or as the full-text search's own syntax.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sonicforge_studio.domain.errors import UnknownKey
from sonicforge_studio.domain.key import Key
from sonicforge_studio.library._words import fold

_MOST_TERMS = 32
_MOST_CHARACTERS = 1000
"""More than anybody types; a pasted book is not worth a slow search."""

_TERM = re.compile(r'(?:(?P<measure>[A-Za-z]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<bare>[^\s"]+))')
_NUMBER = r"[+-]?\d{1,6}(?:\.\d{0,6})?"
_COMPARISON = re.compile(rf"(<=|>=|<|>|=)?\s*({_NUMBER})")
_RANGE = re.compile(rf"({_NUMBER})\s*(?:-|–|\.\.\.?|…)\s*({_NUMBER})")
_CAMELOT = re.compile(r"(1[0-2]|[1-9])\s*([ABab])")
_ID = re.compile("[0-9]{1,18}")
_APPROVED = {"yes": 1, "tak": 1, "no": 0, "nie": 0}
_COLUMNS = {"bpm": "tempo_bpm", "tempo": "tempo_bpm", "lufs": "integrated_lufs"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of a WHERE clause over ``tracks`` and what its question marks stand for."""

    sql: str
    values: tuple[str | float, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A search, understood: an FTS5 expression ("" where no word was given) and conditions, all of which must hold; and
    the track that the others are to sound like."""

    words: str
    conditions: tuple[Condition, ...]
    like: int | None = None

    @property
    def narrows(self) -> bool:
        """Whether anything but the sound is asked for."""
        return bool(self.words or self.conditions)


def parse_query(text: str) -> Query:
    """Read what was typed. Every text is a query; where it holds nothing to look for, everything is found."""
    phrases: list[str] = []
    conditions: list[Condition] = []
    like: int | None = None
    for term in _TERM.finditer(text[:_MOST_CHARACTERS]):
        if len(phrases) + len(conditions) == _MOST_TERMS:
            break
        measure = (term["measure"] or "").lower()
        value = term["bare"] if term["quoted"] is None else term["quoted"]
        condition = _condition(measure, value.replace("−", "-").strip())
        if condition is not None:
            conditions.append(condition)
        elif measure == "like" and _ID.fullmatch(value):
            like = int(value)
        elif measure == "genre" and fold(value):
            phrases.append(f"genre : {_phrase(fold(value))}")
        elif words := fold(term.group()):
            phrases.append(_phrase(words))
    return Query(" AND ".join(phrases), tuple(conditions), like)


def asks_for_sound(text: str) -> bool:
    """Whether what is found is told by how it sounds."""
    return parse_query(text).like is not None


def _phrase(words: str) -> str:
    """An FTS5 string with its last word open-ended; folded words hold no quotation mark."""
    return f'"{words}" *'


def _condition(measure: str, value: str) -> Condition | None:
    if measure == "key":
        return _key_condition(value)
    if measure == "approved":
        approved = _APPROVED.get(value.lower())
        return None if approved is None else Condition("approved = ?", (approved,))
    column = _COLUMNS.get(measure)
    return None if column is None else _number_condition(column, value)


def _number_condition(column: str, value: str) -> Condition | None:
    if span := _RANGE.fullmatch(value):
        low, high = sorted(span.groups(), key=float)
        return Condition(f"{column} BETWEEN ? AND ?", (float(low) - _half_step(low), float(high) + _half_step(high)))
    if comparison := _COMPARISON.fullmatch(value):
        sign, number = comparison.groups()
        if sign in ("<", "<=", ">", ">="):
            return Condition(f"{column} {sign} ?", (float(number),))
        half = _half_step(number)
        return Condition(f"{column} BETWEEN ? AND ?", (float(number) - half, float(number) + half))
    return None


def _half_step(number: str) -> float:
    """Half of the last digit that was written: what is shown as 126 may have been measured as 125.97."""
    return 0.5 * 10.0 ** -len(number.partition(".")[2])


def _key_condition(value: str) -> Condition | None:
    if place := _CAMELOT.fullmatch(value):
        return Condition("camelot = ?", (place[1] + place[2].upper(),))
    try:
        return Condition("camelot = ?", (Key.parse(value).camelot,))
    except UnknownKey:
        return None
