"""What every stage of the chain is to it."""

from __future__ import annotations

from typing import Any, Protocol

from sonicforge_studio.domain import Samples


class Stage(Protocol):
    """One stage over one stream. Its state goes from block to block: any division into blocks gives the same samples.

    It is made with its settings of ``domain.chain``, already scaled by the chain's amount; whether it is on is the
    chain's business. With neutral settings the samples come out as they went in, bit for bit, ``latency_frames`` late.
    """

    @property
    def latency_frames(self) -> int:
        """By how much the output is late; fixed for the settings it was made with, whatever ``configure`` changes."""

    @property
    def reductions_db(self) -> tuple[float, ...]:
        """The gain reduction now, band by band, each ≤ 0; empty of a stage that reduces nothing."""

    def process(self, block: Samples) -> Samples:
        """As many frames as went in, float32 ``(channels, n)``, contiguous and finite; may be the block itself."""

    def configure(self, settings: Any) -> bool:
        """Go on with other settings from the next frame, without a click; the dynamics keep what they have heard.
        False, and nothing changed, where that needs a stage of another latency."""


class StageMaker(Protocol):
    """A stage's class."""

    def __call__(self, sample_rate_hz: int, channels: int, settings: Any, loudness_lufs: float) -> Stage:
        """``loudness_lufs`` is the piece's own, which thresholds hang on; −inf of silence."""

    @staticmethod
    def is_neutral(settings: Any) -> bool:
        """Whether these settings change nothing, on or off."""

    @staticmethod
    def scaled(settings: Any, amount: float) -> Any:
        """At a share of 0 to 1: themselves at 1, neutral at 0, in between gains and ratios part of the way."""
