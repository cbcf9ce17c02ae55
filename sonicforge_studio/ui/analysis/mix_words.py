"""What a comparison says, in sentences."""

from __future__ import annotations

from sonicforge_studio.studio.mixing import KeyMatch, LoudnessMatch, MixAdvice, TempoMatch
from sonicforge_studio.ui.numbers import NONE, decimal
from sonicforge_studio.ui.numbers import tempo as tempo_text
from sonicforge_studio.ui.text import tr

_SAME_PERCENT = 0.05
_SAME_LU = 0.5


def verdict(advice: MixAdvice) -> str:
    """One plain sentence: do they mix, and what decides it."""
    reasons = ", ".join(part for part in (_tempo_reason(advice.tempo), _key_reason(advice.key)) if part)
    match advice.grade:
        case "good":
            return tr("These two mix well: {reasons}.", reasons=reasons)
        case "fair":
            return tr("These two mix with care: {reasons}.", reasons=reasons)
        case "poor":
            return tr("These two do not mix as they are: {reasons}.", reasons=reasons)
    return tr("Neither beat nor key to go by: let your ears decide.")


def likeness_text(likeness: float | None) -> str:
    return "" if likeness is None else tr("{percent} % alike in sound", percent=decimal(100.0 * max(0.0, likeness), 0))


def _tempo_reason(match: TempoMatch | None) -> str:
    if match is None:
        return ""
    if abs(match.change_percent) < _SAME_PERCENT:
        return tr("the same tempo") if match.turns == 1.0 else tr("the same tempo at double time")
    return tr("tempo {percent} % apart", percent=decimal(abs(match.change_percent)))


def _key_reason(match: KeyMatch | None) -> str:
    if match is None:
        return ""
    return {
        "same": tr("the same key"),
        "relative": tr("relative keys"),
        "adjacent": tr("neighbouring keys"),
        "energy-boost": tr("a key that lifts"),
        "clash": tr("keys that clash"),
    }[match.relation]


def tempo_figure(match: TempoMatch | None) -> str:
    return NONE if match is None else f"{decimal(match.change_percent, signed=True)} %"


def tempo_text_of(match: TempoMatch | None) -> str:
    if match is None:
        return tr("One of the two has no steady beat: nothing has to be matched.")
    same = abs(match.change_percent) < _SAME_PERCENT
    target = tempo_text(match.one_bpm / match.turns)
    figures = {"from_bpm": tempo_text(match.other_bpm), "to_bpm": target}
    if same:
        said = tr("Nothing to change.")
    elif match.change_percent > 0.0:
        said = tr("Play the second faster: {from_bpm} → {to_bpm} BPM.", **figures)
    else:
        said = tr("Play the second slower: {from_bpm} → {to_bpm} BPM.", **figures)
    if match.turns == 2.0:
        said += " " + tr("Its beat is then every second one of the first.")
    elif match.turns == 0.5:
        said += " " + tr("Every second beat of it is then one of the first.")
    return said


def key_figure(match: KeyMatch | None) -> str:
    return NONE if match is None else f"{match.one.camelot} → {match.other.camelot}"


def key_text_of(match: KeyMatch | None) -> str:
    if match is None:
        return tr("One of the two has no key: nothing can clash.")
    return {
        "same": tr("The same key: everything fits."),
        "relative": tr("Relative major and minor: the same notes, another mood."),
        "adjacent": tr("Neighbours on the wheel: one note differs, it blends."),
        "energy-boost": tr("A step up: lifts the energy. Mix it short, over drums or a break."),
        "clash": tr("These keys clash. Mix over drums alone, or shift the pitch."),
    }[match.relation]


def loudness_figure(match: LoudnessMatch | None) -> str:
    return NONE if match is None else f"{decimal(match.difference_lu, signed=True)} LU"


def loudness_text_of(match: LoudnessMatch | None) -> str:
    if match is None:
        return tr("One of the two is silent.")
    if abs(match.difference_lu) < _SAME_LU:
        return tr("Both are as loud.")
    gain = decimal(match.gain_db, signed=True)
    if match.peak_dbtp > 0.0 and match.gain_db > 0.0:
        lower = decimal(-match.gain_db, signed=True)
        return tr("Turn the first by {gain} dB: the second has no room to be raised.", gain=lower)
    return tr("Turn the second by {gain} dB to match.", gain=gain)
