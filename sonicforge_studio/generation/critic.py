"""The critic: is this fit to be published, and is it what was asked for?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sonicforge_studio.domain import Analysis, Concept, Key, Reason, Severity, Verdict

APPROVED_FROM = 60.0
"""The lowest score that is approved, where no fault is fatal."""

_FATAL = frozenset({"silent", "clipped"})

_CLIPPED_FEW = 3.0
_DC_AUDIBLE = 0.01
_LONG_SILENCE_SECONDS = 5.0
_QUIET_LUFS, _LOUD_LUFS = -30.0, -6.0
_SAME_TEMPO, _NEAR_TEMPO = 0.01, 0.04


@dataclass(frozen=True, slots=True)
class _Judged:
    analysis: Analysis
    concept: Concept | None

    def feature(self, name: str) -> float | None:
        return self.analysis.features.get(name)


def criticise(analysis: Analysis, concept: Concept | None) -> Verdict:
    """A score from 0 to 100 with its reasons; without a concept only the sound itself is judged."""
    judged = _Judged(analysis, concept)
    reasons = tuple(reason for judge in _JUDGES for reason in judge(judged))
    score = max(0.0, 100.0 - sum(reason.cost for reason in reasons))
    fatal = any(reason.code in _FATAL for reason in reasons if reason.severity == "fault")
    return Verdict(score, score >= APPROVED_FROM and not fatal, reasons)


def _silence(judged: _Judged) -> Iterator[Reason]:
    loudness = judged.analysis.loudness
    if loudness.sample_peak_dbfs < -80.0:
        yield _fault("silent", "There is nothing to hear.", 100.0)
        return
    gap = judged.feature("longest_silence_seconds")
    if gap is not None and gap > _LONG_SILENCE_SECONDS:
        yield _fault("silence-gap", f"There are {gap:.0f} s of silence in it.", 25.0)


def _clipping(judged: _Judged) -> Iterator[Reason]:
    clipped = judged.feature("clipped_samples")
    peak = judged.analysis.loudness.true_peak_dbtp
    if clipped is not None and clipped > _CLIPPED_FEW:
        share = clipped / max(1.0, judged.analysis.duration_seconds)
        kind, cost = ("clipped", 50.0) if share > 10 else ("some-clipping", 20.0)
        yield _fault(kind, f"{clipped:.0f} samples are clipped.", cost)
    elif peak > 0.0:
        yield _note("over-full-scale", f"The true peak is {peak:+.1f} dBTP: it will clip after encoding.", 8.0)
    elif peak > -200.0:
        yield _good("no-clipping", "Nothing is clipped.")


def _loudness(judged: _Judged) -> Iterator[Reason]:
    lufs = judged.analysis.loudness.integrated_lufs
    if lufs == float("-inf"):
        return
    if lufs < _QUIET_LUFS:
        yield _note("quiet", f"It is very quiet ({lufs:.1f} LUFS); mastering will raise it.", 15.0)
    elif lufs > _LOUD_LUFS:
        yield _note("loud", f"It is very loud ({lufs:.1f} LUFS); every service will turn it down.", 15.0)
    else:
        yield _good("loudness", f"The loudness is {lufs:.1f} LUFS.")


def _technique(judged: _Judged) -> Iterator[Reason]:
    dc = judged.feature("dc_offset")
    if dc is not None and abs(dc) > _DC_AUDIBLE:
        yield _note("dc", f"It has a DC offset of {100 * dc:.1f} % of full scale.", 10.0)
    correlation = judged.feature("phase_correlation")
    if correlation is not None and correlation < -0.2:
        yield _fault("out-of-phase", f"Left and right cancel out in mono (correlation {correlation:+.2f}).", 20.0)


def _length(judged: _Judged) -> Iterator[Reason]:
    if judged.concept is None:
        return
    wanted, found = judged.concept.duration_seconds, judged.analysis.duration_seconds
    if abs(found - wanted) <= max(0.1, 0.02 * wanted):
        yield _good("length", f"It lasts {found:.1f} s, as asked for.")
    else:
        yield _fault("length", f"It lasts {found:.1f} s and was to last {wanted:.1f} s.", 20.0)


def _tempo(judged: _Judged) -> Iterator[Reason]:
    if judged.concept is None:
        return
    wanted, tempo = judged.concept.tempo_bpm, judged.analysis.tempo
    if tempo.bpm is None:
        yield _note("no-beat", f"No steady beat is heard where {wanted:g} BPM was asked for.", 5.0)
        return
    found = tempo.bpm
    if _off(found, wanted) <= _SAME_TEMPO:
        yield _good("tempo", f"The tempo is {found:.1f} BPM, as asked for.")
    elif min(_off(2 * found, wanted), _off(found / 2, wanted)) <= _SAME_TEMPO:
        yield _note("tempo-octave", f"The tempo reads as {found:.1f} BPM: the same pulse, counted otherwise.", 2.0)
    elif _off(found, wanted) <= _NEAR_TEMPO:
        yield _note("tempo-near", f"The tempo is {found:.1f} BPM and was to be {wanted:g}.", 10.0)
    else:
        message = f"The tempo reads as {found:.1f} BPM and was to be {wanted:g}."
        yield _fault("tempo", message, 25.0 * tempo.confidence)


def _key(judged: _Judged) -> Iterator[Reason]:
    if judged.concept is None:
        return
    wanted, estimate = judged.concept.key, judged.analysis.key
    if estimate.key is None:
        yield _note("no-key", f"No key is heard where {wanted} was asked for.", 5.0)
    elif estimate.key == wanted:
        yield _good("key", f"The key is {wanted}, as asked for.")
    elif _related(estimate.key, wanted):
        yield _note("key-related", f"The key reads as {estimate.key}, a close relative of {wanted}.", 4.0)
    else:
        message = f"The key reads as {estimate.key} and was to be {wanted}."
        yield _fault("key", message, 20.0 * estimate.confidence)


_JUDGES = (_silence, _clipping, _loudness, _technique, _length, _tempo, _key)


def _off(found_bpm: float, wanted_bpm: float) -> float:
    return abs(found_bpm / wanted_bpm - 1.0)


def _related(one: Key, other: Key) -> bool:
    """The relative, the parallel, or a fifth away: what harmonic mixing calls compatible."""
    if one.tonic == other.tonic:
        return True
    if one.mode == other.mode:
        return (one.tonic - other.tonic) % 12 in (5, 7)
    major, minor = (one, other) if one.mode == "major" else (other, one)
    return (major.tonic - minor.tonic) % 12 == 3


def _reason(code: str, severity: Severity, message: str, cost: float) -> Reason:
    return Reason(code, severity, message, cost)


def _fault(code: str, message: str, cost: float) -> Reason:
    return _reason(code, "fault", message, cost)


def _note(code: str, message: str, cost: float) -> Reason:
    return _reason(code, "note", message, cost)


def _good(code: str, message: str) -> Reason:
    return _reason(code, "good", message, 0.0)
