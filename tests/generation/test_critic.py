from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sonicforge_studio.domain import Analysis, Concept, Key, KeyEstimate, Loudness, Tempo, Verdict
from sonicforge_studio.generation import compose, criticise

NOTHING = float("-inf")


@pytest.fixture
def concept() -> Concept:
    return compose("house, 124 bpm, A minor, 30 s")


def analysis(**changes: Any) -> Analysis:
    """Of a piece that is just what was asked for, but for the changes."""
    loudness = Loudness(-14.0, 5.0, -11.0, -12.0, -1.2, -1.5)
    plain = Analysis(
        30.0, 44100, 2, "pcm", "", "", Tempo(124.0, 0.9), KeyEstimate(Key.parse("A minor"), 0.8), loudness, {}
    )  # fmt: skip
    sound = {name: changes.pop(name) for name in list(changes) if hasattr(loudness, name)}
    return replace(plain, loudness=replace(loudness, **sound), **changes)


def codes(verdict: Verdict, severity: str) -> set[str]:
    return {reason.code for reason in verdict.reasons if reason.severity == severity}


def test_what_is_as_asked_is_approved_in_full(concept: Concept) -> None:
    verdict = criticise(analysis(), concept)
    assert verdict.score == 100
    assert verdict.approved
    assert codes(verdict, "good") >= {"tempo", "key", "length", "loudness", "no-clipping"}
    assert all(reason.message.endswith(".") for reason in verdict.reasons)


@pytest.mark.parametrize(
    ("changes", "code", "severity", "approved"),
    [
        (dict.fromkeys(("sample_peak_dbfs", "integrated_lufs", "true_peak_dbtp"), NOTHING), "silent", "fault", False),
        ({"features": {"clipped_samples": 5000.0}}, "clipped", "fault", False),
        ({"features": {"clipped_samples": 20.0}}, "some-clipping", "fault", True),
        ({"true_peak_dbtp": 0.8}, "over-full-scale", "note", True),
        ({"features": {"longest_silence_seconds": 9.0}}, "silence-gap", "fault", True),
        ({"integrated_lufs": -34.0}, "quiet", "note", True),
        ({"integrated_lufs": -4.0}, "loud", "note", True),
        ({"features": {"dc_offset": 0.05}}, "dc", "note", True),
        ({"features": {"phase_correlation": -0.6}}, "out-of-phase", "fault", True),
        ({"duration_seconds": 20.0}, "length", "fault", True),
        ({"tempo": Tempo(62.0, 0.9)}, "tempo-octave", "note", True),
        ({"tempo": Tempo(248.0, 0.9)}, "tempo-octave", "note", True),
        ({"tempo": Tempo(101.0, 0.9)}, "tempo", "fault", True),
        ({"tempo": Tempo(None, 0.0)}, "no-beat", "note", True),
        ({"key": KeyEstimate(Key.parse("C major"), 0.8)}, "key-related", "note", True),
        ({"key": KeyEstimate(Key.parse("D# major"), 0.8)}, "key", "fault", True),
        ({"key": KeyEstimate(None, 0.0)}, "no-key", "note", True),
    ],
)  # fmt: skip
def test_each_shortcoming_is_named_and_costs(
    concept: Concept, changes: dict[str, Any], code: str, severity: str, approved: bool
) -> None:
    verdict = criticise(analysis(**changes), concept)
    assert code in codes(verdict, severity)
    assert verdict.score < 100
    assert verdict.approved == approved
    assert verdict.score == pytest.approx(max(0.0, 100 - sum(reason.cost for reason in verdict.reasons)))


def test_a_doubtful_reading_weighs_less(concept: Concept) -> None:
    sure = criticise(analysis(tempo=Tempo(101.0, 0.95)), concept).score
    doubtful = criticise(analysis(tempo=Tempo(101.0, 0.2)), concept).score
    assert doubtful > sure


def test_many_faults_together_are_not_approved(concept: Concept) -> None:
    verdict = criticise(
        analysis(
            duration_seconds=12.0, tempo=Tempo(101.0, 0.9), key=KeyEstimate(Key.parse("D# major"), 0.9),
            features={"phase_correlation": -0.5},
        ),
        concept,
    )  # fmt: skip
    assert not verdict.approved


def test_without_a_concept_only_the_sound_is_judged() -> None:
    verdict = criticise(analysis(tempo=Tempo(77.0, 0.9), duration_seconds=5.0), None)
    assert verdict.score == 100
    assert not {"tempo", "key", "length"} & {reason.code for reason in verdict.reasons}
