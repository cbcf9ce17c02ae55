"""Reading a prompt: words, numbers and keys, each taken at most once, in English and Polish."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sonicforge_studio.domain.errors import UnknownKey
from sonicforge_studio.domain.key import Key

_LONGEST_READ = 1500
_LONGEST_STEM = 12
_WORD = re.compile(r"[^\W_]+|[&#+]|[^\x00-\x7f\w\s]+")
"""Words, the marks of names and keys, and what else is not ASCII: of that only symbols are kept, such as pictures."""
_NUMBER = r"(-?\d{1,9}(?:[.,]\d{1,4})?)"
_TEMPO_WITH_UNIT = re.compile(rf"(?<![\w.,:/]){_NUMBER}\s*-?\s*(?:bpm|beats per minute|uderzen(?: na minute)?)\b")
_TEMPO_AFTER_CUE = re.compile(
    rf"(?:\b(?:bpm|tempo|tempie|at)\b|@)\s*(?:of|is|about|around|okolo|:|=)?\s*{_NUMBER}(?![\w:/])"
)
_TEMPO_BARE = re.compile(r"(?<![\w.,:/&#+-])(\d{2,3}(?:[.,]\d{1,3})?)(?![\w:/&#+%-])")
_BARE_RANGE = (50.0, 220.0)
"""A number on its own is a tempo where it can hardly be anything else."""
_CLOCK = re.compile(r"(?<![\w:.,])(\d{1,3}):([0-5]\d)(?![\w:])")
_LENGTH = re.compile(
    r"(?<![\w:.,/])(\d{1,7}(?:[.,]\d{1,4})?)\s*-?\s*"
    r"(hours?|hrs?|h|godzin\w*|minut\w*|mins?|min|m|seconds?|secs?|sec|sekund\w*|sek|s)\b"
)
_LENGTH_IN_WORDS: Mapping[str, float] = {
    "half a minute": 30, "half minute": 30, "pol minuty": 30, "one minute": 60, "a minute long": 60, "minute long": 60,
    "jedna minute": 60, "two minutes": 120, "dwie minuty": 120, "three minutes": 180, "trzy minuty": 180,
    "five minutes": 300, "piec minut": 300, "half an hour": 1800, "pol godziny": 1800, "an hour": 3600,
}  # fmt: skip
_DECADES = frozenset({70.0, 80.0, 90.0})
_KEY_WITH_MODE = re.compile(
    r"(?<![\w#])([a-h])\s*-?\s*(#|sharp|is|es|flat|b|s(?=[\s-]))?\s*-?\s*(major|maj|minor|min|dur|moll|mol)\b"
)
_KEY_SHORT_MINOR = re.compile(r"(?<![\w#])([a-h])(#|b)?m(?![\w'-])")
_KEY_WITH_ACCIDENTAL = re.compile(r"(?<![\w#])([a-g])\s?(#|sharp|flat|b)(?![\w#'])")
_KEY_AFTER_CUE = re.compile(r"\b(key of|key|tonacji|tonacja|in|w)\s*:?\s+([a-h])(?![\w'#&])")
_FOLDS = {"ł": "l", "Ł": "l", "♯": "#", "♭": "b", "’": "'", "‘": "'", "–": "-", "—": "-", "−": "-", "‑": "-", "ß": "s"}


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PhraseTable:
    """Known phrases and stems ("senn*") by their words, and the most words of a phrase by its first."""

    phrases: Mapping[tuple[str, ...], str]
    stems: Mapping[str, str]
    longest: Mapping[str, int]


class Prompt:
    """A sentence being read. What one reader has taken, the next does not see."""

    def __init__(self, text: str) -> None:
        self.text = text[:_LONGEST_READ]
        self.cut = len(text) > _LONGEST_READ
        self.folded = fold(self.text)
        found = (Word(match.group(), match.start(), match.end()) for match in _WORD.finditer(self.folded))
        self.words = [word for word in found if _says_something(word.text)]
        self._starts = [word.start for word in self.words]
        self._ends = [word.end for word in self.words]
        self._taken = [False] * len(self.words)

    def free(self, start: int, end: int) -> bool:
        return not any(self._taken[self._span(start, end)])

    def take(self, start: int, end: int) -> str:
        """Mark what lies between these places as read, and give it as it was written."""
        span = self._span(start, end)
        self._taken[span] = [True] * (span.stop - span.start)
        return self.text[start:end]

    def find(self, table: PhraseTable) -> list[tuple[int, int, str]]:
        """Places of known phrases that are still free, longest first at each place: (first word, words, meaning)."""
        found = []
        index = 0
        while index < len(self.words):
            count, meaning = self._phrase_at(index, table)
            if count:
                found.append((index, count, meaning))
            index += max(1, count)
        return found

    def take_words(self, first: int, count: int) -> str:
        return self.take(self.words[first].start, self.words[first + count - 1].end)

    def word_before(self, first: int) -> str:
        return self.words[first - 1].text if first else ""

    def left_over(self, unimportant: frozenset[str]) -> Iterable[str]:
        """What nobody took: neighbouring words together, small words left out."""
        run: list[Word] = []
        for word, taken in zip(self.words, self._taken, strict=True):
            if taken or word.text in unimportant or word.text in "&#+":
                if run:
                    yield self.text[run[0].start : run[-1].end]
                run = []
            else:
                run.append(word)
        if run:
            yield self.text[run[0].start : run[-1].end]

    def _span(self, start: int, end: int) -> slice:
        """The words that touch these places."""
        return slice(bisect_right(self._ends, start), bisect_left(self._starts, end))

    def _phrase_at(self, index: int, table: PhraseTable) -> tuple[int, str]:
        if self._taken[index]:
            return 0, ""
        text = self.words[index].text
        for count in range(min(table.longest.get(text, 0), len(self.words) - index), 0, -1):
            meaning = table.phrases.get(tuple(word.text for word in self.words[index : index + count]))
            if meaning is not None and not any(self._taken[index : index + count]):
                return count, meaning
        for length in range(min(len(text), _LONGEST_STEM), 2, -1):
            meaning = table.stems.get(text[:length])
            if meaning is not None:
                return 1, meaning
        return 0, ""


def _says_something(word: str) -> bool:
    """Whether it is a word or a symbol, not punctuation of another script."""
    return word.isascii() or word[0].isalnum() or any(unicodedata.category(letter)[0] == "S" for letter in word)


def fold(text: str) -> str:
    """Lower case without diacritics, one character for each of the original's."""
    return "".join(_fold_letter(letter) for letter in text)


@cache
def _fold_letter(letter: str) -> str:
    if letter in _FOLDS:
        return _FOLDS[letter]
    base = unicodedata.normalize("NFKD", letter)[0].lower()
    return base[0] if base else letter


def phrase_table(entries: Iterable[tuple[str, Sequence[str]]]) -> PhraseTable:
    """The table of (meaning, spellings) pairs."""
    phrases: dict[tuple[str, ...], str] = {}
    stems: dict[str, str] = {}
    longest: dict[str, int] = {}
    for meaning, spellings in entries:
        for spelling in spellings:
            if spelling.endswith("*"):
                stems[fold(spelling[:-1])] = meaning
                continue
            words = tuple(_WORD.findall(fold(spelling)))
            phrases[words] = meaning
            longest[words[0]] = max(len(words), longest.get(words[0], 0))
    return PhraseTable(phrases, stems, longest)


def read_tempo(prompt: Prompt) -> float | None:
    """A tempo with its unit or after "tempo", "at", "@"."""
    for pattern in (_TEMPO_WITH_UNIT, _TEMPO_AFTER_CUE):
        for match in pattern.finditer(prompt.folded):
            if prompt.free(*match.span()):
                prompt.take(*match.span())
                return _number(match[1])
    return None


def read_bare_tempo(prompt: Prompt) -> float | None:
    """A number that nothing else has taken, where it can be a tempo."""
    for match in _TEMPO_BARE.finditer(prompt.folded):
        if prompt.free(*match.span()) and _BARE_RANGE[0] <= _number(match[1]) <= _BARE_RANGE[1]:
            prompt.take(*match.span())
            return _number(match[1])
    return None


def read_duration(prompt: Prompt) -> float | None:
    """A length: "2:30", "30 s", "1 min 30 s", "two minutes", "pół minuty"."""
    clock = _CLOCK.search(prompt.folded)
    if clock:
        prompt.take(*clock.span())
        return 60.0 * int(clock[1]) + int(clock[2])
    seconds = 0.0
    end = -1
    for match in _LENGTH.finditer(prompt.folded):
        number, unit = _number(match[1]), match[2]
        decade = unit == "s" and number in _DECADES and match.group().endswith(f"{match[1]}s")
        if decade or not prompt.free(*match.span()) or (end >= 0 and match.start() - end > 5):
            continue
        prompt.take(*match.span())
        seconds += number * (3600 if unit[0] in "hg" else 60 if unit[0] == "m" else 1)
        end = match.end()
    if end >= 0:
        return seconds
    for phrase, length in _LENGTH_IN_WORDS.items():
        place = prompt.folded.find(phrase)
        if place >= 0 and prompt.free(place, place + len(phrase)):
            prompt.take(place, place + len(phrase))
            return length
    return None


def read_key(prompt: Prompt) -> Key | None:
    """A key in any common spelling; the article "a" is none."""
    readers: tuple[tuple[re.Pattern[str], Callable[[Prompt, re.Match[str]], str | None]], ...] = (
        (_KEY_WITH_MODE, lambda _, match: f"{match[1]}{match[2] or ''} {match[3]}"),
        (_KEY_SHORT_MINOR, _short_minor),
        (_KEY_WITH_ACCIDENTAL, _with_accidental),
        (_KEY_AFTER_CUE, _after_cue),
    )  # fmt: skip
    for pattern, spell in readers:
        for match in pattern.finditer(prompt.folded):
            spelling = spell(prompt, match)
            if spelling is None or not prompt.free(*match.span()):
                continue
            try:
                key = Key.parse(spelling)
            except UnknownKey:
                continue
            prompt.take(*match.span())
            return key
    return None


def _short_minor(prompt: Prompt, match: re.Match[str]) -> str | None:
    """Of "Am", "c#m", "bbm"; "am" and "fm" in small letters are words, "AM" and "FM" are radio."""
    letter = prompt.text[match.start()]
    small_m = prompt.text[match.end() - 1] == "m"
    after_cue = re.search(r"(?:\bin|\bkey of|\bkey|tonacj[ia])\s*:?\s*$", prompt.folded[: match.start()])
    if small_m and (match[2] or letter.isupper() or after_cue):
        return f"{match[1]}{match[2] or ''} minor"
    return None


def _with_accidental(prompt: Prompt, match: re.Match[str]) -> str | None:
    if match[2] == "b" and not (prompt.text[match.start()].isupper() and match.group().endswith(f"{match[1]}b")):
        return None
    return f"{match[1]}{match[2]} major"


def _after_cue(prompt: Prompt, match: re.Match[str]) -> str | None:
    """Of "in A", "key of d"; not "in a dreamy mood", whatever its case."""
    letter = prompt.text[match.end() - 1]
    following = prompt.folded[match.end() :].lstrip(" ")
    closed = not following or not following[0].isalpha()
    if match[1] in ("in", "w"):
        certain = letter.isupper() and (closed or (letter != "A" and not prompt.text.isupper()))
    else:
        certain = closed or letter.isupper()
    return f"{match[2]} major" if certain else None


def _number(text: str) -> float:
    return float(text.replace(",", "."))
