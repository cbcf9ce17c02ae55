"""What tempo and length a piece may have."""

from __future__ import annotations

from sonicforge_studio.domain.errors import BadSetting, DurationOutOfRange, TempoOutOfRange

TEMPO_BPM = (20.0, 400.0)
DURATION_SECONDS = (1.0, 3600.0)
GREATEST_SEED = 2**53
"""As far as a number in JSON is exact everywhere."""


def require_tempo(tempo_bpm: float) -> float:
    """The tempo as it is; raises ``TempoOutOfRange`` below 20, above 400 and for NaN."""
    if not TEMPO_BPM[0] <= tempo_bpm <= TEMPO_BPM[1]:
        raise TempoOutOfRange(f"{tempo_bpm:g} BPM is out of range.")
    return float(tempo_bpm)


def require_duration(duration_seconds: float) -> float:
    """The length as it is; raises ``DurationOutOfRange`` below a second, above an hour and for NaN."""
    if not DURATION_SECONDS[0] <= duration_seconds <= DURATION_SECONDS[1]:
        raise DurationOutOfRange(f"{duration_seconds:g} seconds is out of range.")
    return float(duration_seconds)


def require_seed(seed: int) -> int:
    """The seed as it is; raises ``BadSetting`` below 0 and above 2⁵³."""
    if not 0 <= seed <= GREATEST_SEED:
        raise BadSetting(f"A seed is from 0 to {GREATEST_SEED}, not {seed}.")
    return seed
