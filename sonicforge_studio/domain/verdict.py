"""What the critic said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["good", "note", "fault"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One judgement: a stable code, a sentence, and how much it took from the score."""

    code: str
    severity: Severity
    message: str
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A score from 0 to 100, whether the critic would publish it, and why."""

    score: float
    approved: bool
    reasons: tuple[Reason, ...]
