"""When a job that met passing trouble is tried again."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with jitter: the delay doubles with every attempt, and the jitter keeps many jobs that met
    the same trouble from coming back at the same moment."""

    attempts: int = 5
    first_delay_seconds: float = 1.0
    longest_delay_seconds: float = 60.0
    jitter: float = 0.2
    """0..1, the share by which a delay may be shorter or longer."""

    def delay_seconds(self, attempt: int) -> float:
        """The pause after attempt number ``attempt`` (from 1) has failed."""
        delay = min(self.longest_delay_seconds, self.first_delay_seconds * 2.0 ** (attempt - 1))
        return delay * random.uniform(1.0 - self.jitter, 1.0 + self.jitter)
