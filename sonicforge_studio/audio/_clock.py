"""Which frame is heard now: the driver's promise for the first frame, corrected for the sound card's own pace."""

from __future__ import annotations

_BUCKET_SECONDS = 1.0
_SANE_LEAD_SECONDS = 0.5
"""A driver that promises the first frame so much later than its latency had not yet found its pace: a null sink that
slept promises up to two seconds."""


class HeardClock:
    """Follows one uninterrupted run of frames.

    The driver says when the run's first frame is heard; from there real time counts. A sound card's crystal differs
    from the computer's by up to some hundred parts per million, so the distance between time and frames taken is
    watched: its minimum over a second or two (just after a callback) may not wander. Only while the sound card takes
    frames: what it has taken to the last frame is heard as time passes.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._first_heard_at: float | None = None
        self._taken_frames = 0
        self._bucket_ends = 0.0
        self._running_minimum = float("inf")
        self._last_minimum: float | None = None
        self._baseline: float | None = None

    def heard(self, now: float, taken_frames: int, first_heard_at: float, latency_seconds: float) -> float:
        """Frames of the run heard at ``now`` (the driver's time), of ``taken_frames`` that the sound card has.

        ``first_heard_at`` is the driver's promise; where it is plainly wrong, ``latency_seconds`` from the first call
        stands in for it.
        """
        if self._first_heard_at is None:
            sane = abs(first_heard_at - now) < _SANE_LEAD_SECONDS + latency_seconds
            self._first_heard_at = first_heard_at if sane else now + latency_seconds
            self._bucket_ends = now + _BUCKET_SECONDS
        elapsed = (now - self._first_heard_at) * self._rate_hz
        if taken_frames != self._taken_frames:
            self._taken_frames = taken_frames
            self._watch(now, elapsed - taken_frames)
        return min(max(0.0, elapsed - self._drift_frames()), float(taken_frames))

    def _watch(self, now: float, lead_frames: float) -> None:
        if now >= self._bucket_ends:
            self._last_minimum = self._running_minimum
            if self._baseline is None:
                self._baseline = self._running_minimum
            self._running_minimum = float("inf")
            self._bucket_ends = now + _BUCKET_SECONDS
        self._running_minimum = min(self._running_minimum, lead_frames)

    def _drift_frames(self) -> float:
        if self._baseline is None or self._last_minimum is None:
            return 0.0
        return min(self._last_minimum, self._running_minimum) - self._baseline
