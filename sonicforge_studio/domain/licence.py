"""What a licence means for someone who wants to sell the music."""

from __future__ import annotations

import re

_NON_COMMERCIAL = re.compile(r"\bNC\b", re.IGNORECASE)
"""As it stands in the names that SPDX gives to Creative Commons licences, such as CC-BY-NC-4.0."""


def is_non_commercial(licence: str) -> bool:
    """Whether a licence keeps the music from being sold; a text that names one counts as it."""
    return _NON_COMMERCIAL.search(licence) is not None


def licence_warning(licence: str) -> str:
    """What to say where a file of this licence is written or exported; "" where it may be sold."""
    if not is_non_commercial(licence):
        return ""
    return f"Not for commercial use: the model that made it is under {licence}, so the music must not be sold."
