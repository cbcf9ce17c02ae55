"""Sentences that were made elsewhere, with names and figures in them already, in another language."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from functools import lru_cache

_LEAST_LETTERS = 12
"""A template with less of its own, such as "{name}: {value}", would be found in anything."""
_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?]) (?=\S)")
_MOST_REMEMBERED = 1024


class ToldSentences:
    """Finds the template that a sentence fills, and fills the translated one in the same way."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """``texts`` are English and translated; those with a "{name}" in them are templates."""
        self._texts = texts
        patterns = [(_pattern(english), translated) for english, translated in texts.items() if _is_template(english)]
        # Where several fit, the one that says most itself.
        self._patterns = sorted(patterns, key=lambda each: -len(each[0].pattern))
        self.translated: Callable[[str], str | None] = lru_cache(_MOST_REMEMBERED)(self._translated)
        """The sentence, or several after each other, in the other language; None where one of them is not known."""

    def _translated(self, text: str) -> str | None:
        if text in self._texts:
            return self._texts[text]
        for pattern, translated in self._patterns:
            found = pattern.fullmatch(text)
            if found is not None:
                return translated.format(**found.groupdict())
        sentences = _BETWEEN_SENTENCES.split(text)
        if len(sentences) == 1:
            return None
        parts = [self.translated(sentence) for sentence in sentences]
        return None if None in parts else " ".join(part for part in parts if part is not None)


def _is_template(english: str) -> bool:
    if "{" not in english:
        return False
    own = "".join(literal for literal, *_ in string.Formatter().parse(english))
    return sum(map(str.isalpha, own)) >= _LEAST_LETTERS


def _pattern(template: str) -> re.Pattern[str]:
    parts, named = [], set()
    for literal, name, *_ in string.Formatter().parse(template):
        parts.append(re.escape(literal))
        if name:
            parts.append(f"(?P={name})" if name in named else f"(?P<{name}>.+?)")
            named.add(name)
    return re.compile("".join(parts), re.DOTALL)
