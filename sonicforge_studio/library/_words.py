"""Text as the search sees it: words without case, accents and punctuation.

The same folding makes what is indexed and what is asked for, and SQLite's ``ascii`` tokenizer then only splits at the
spaces left here. So the search does not depend on the Unicode tables of one SQLite version, and folds letters such as
the Polish ł, which has no decomposition and which ``unicode61 remove_diacritics`` therefore keeps.
"""

from __future__ import annotations

import re
import unicodedata

_UNDECOMPOSED = str.maketrans(
    {"ł": "l", "đ": "d", "ð": "d", "ø": "o", "ħ": "h", "ŧ": "t", "ı": "i", "þ": "th", "æ": "ae", "œ": "oe"}
)
_ACCENTS = re.compile("[\u0300-\u036f\ufe00-\ufe0f]")
_SILENT = re.compile("['’ʼ`´]")
"""Apostrophes join: "don't" is found as "dont"."""
_IDEOGRAPH = re.compile("([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])")
"""Scripts written without spaces: each sign is a word of its own, and a run of them a phrase."""


def fold(text: str) -> str:
    """The words of ``text``, lower-case and without accents, joined by single spaces.

    Letters, digits, the marks of scripts that need them, and symbols such as emoji make words; all else separates.
    """
    plain = _SILENT.sub("", text).casefold().translate(_UNDECOMPOSED)
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", plain)).casefold()
    plain = unicodedata.normalize("NFC", plain)
    kept = "".join(_kept(character) for character in plain)
    return " ".join(_IDEOGRAPH.sub(r" \1 ", kept).split())


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return character if category[0] in "LNM" or category == "So" else " "
