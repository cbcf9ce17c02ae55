from __future__ import annotations

import json
import math

import numpy as np
import pytest

from sonicforge_studio.domain import (
    Analysis,
    Clip,
    Key,
    KeyCandidate,
    KeyEstimate,
    Loudness,
    Span,
    Tempo,
    TempoCandidate,
    errors,
    from_plain,
    to_plain,
)
from sonicforge_studio.domain.errors import EmptyAudio, StudioError


def test_an_analysis_survives_json() -> None:
    analysis = Analysis(
        duration_seconds=12.5,
        sample_rate_hz=44100,
        channels=2,
        codec="flac",
        content_hash="aa",
        audio_hash="bb",
        tempo=Tempo(174.0, 0.9, (TempoCandidate(174.0, 0.9), TempoCandidate(87.0, 0.1)), (0.1, 0.4)),
        key=KeyEstimate(Key(9, "minor"), 0.7, (KeyCandidate(Key(9, "minor"), 0.7),)),
        loudness=Loudness(-14.0, 3.0, -10.0, -12.0, -math.inf, -1.0),
        features={"spectral_centroid_hz": 1500.0},
    )
    text = json.dumps(to_plain(analysis), allow_nan=False)
    assert from_plain(Analysis, json.loads(text)) == analysis


def test_what_is_not_finite_is_null() -> None:
    assert to_plain({"a": math.nan, "b": (math.inf, 1.0), "c": Key(0, "major")}) == {
        "a": None,
        "b": [None, 1.0],
        "c": "C major",
    }


def test_fields_from_the_future_are_ignored() -> None:
    assert from_plain(TempoCandidate, {"bpm": 1, "confidence": 2, "swing": 3}) == TempoCandidate(1.0, 2.0)


def test_a_clip_is_float32_channels_by_frames() -> None:
    clip = Clip(np.zeros((2, 48000), np.float32), 48000)
    assert (clip.channels, clip.frames, clip.duration_seconds) == (2, 48000, 1.0)
    with pytest.raises(ValueError, match="float32"):
        Clip(np.zeros((2, 10)), 48000)  # type: ignore[arg-type] # the wrong type is what is tested
    with pytest.raises(EmptyAudio):
        Clip(np.zeros((2, 0), np.float32), 48000).require_frames()


def test_every_error_has_a_code_a_sentence_and_a_next_step() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StudioError)]
    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(codes)
    for kind in kinds:
        assert kind.message.endswith("."), kind
        assert kind.hint, kind
        assert kind.__name__ in (errors.__doc__ or ""), kind


def test_a_span_is_a_stretch_of_the_whole() -> None:
    told: list[float] = []

    class Listener:
        def step(self, done: float, total: float, note: str = "") -> None:
            told.append(done / total)

    Span(Span(Listener(), 0.5, 1.0), 0.0, 0.5).step(1, 2)
    assert told == [0.625]
