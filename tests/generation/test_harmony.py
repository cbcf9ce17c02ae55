from __future__ import annotations

import pytest

from sonicforge_studio.domain import Key
from sonicforge_studio.generation.synth.harmony import read_numeral, read_progression, voice


@pytest.mark.parametrize(
    ("numeral", "key", "pitch_classes"),
    [
        ("i9", "A minor", (9, 0, 4, 7, 11)),
        ("VImaj7", "A minor", (5, 9, 0, 4)),
        ("V7", "A minor", (4, 8, 11, 2)),
        ("IV", "C major", (5, 9, 0)),
        ("vi7", "C major", (9, 0, 4, 7)),
        ("bVII", "C major", (10, 2, 5)),
        ("V9sus4", "C major", (7, 0, 2, 5, 9)),
        ("iim7b5", "A minor", (11, 2, 5, 9)),
    ],
)
def test_roman_numerals(numeral: str, key: str, pitch_classes: tuple[int, ...]) -> None:
    assert read_numeral(numeral, Key.parse(key)).pitch_classes == pitch_classes


@pytest.mark.parametrize("numeral", ["", "x", "iiii", "H7", "i13b9"])
def test_what_is_no_numeral_is_refused(numeral: str) -> None:
    with pytest.raises(ValueError, match=r"numeral|chord"):
        read_numeral(numeral, Key.parse("C major"))


def test_voices_lead_into_each_other() -> None:
    """Every voice moves by a fourth at most, most by a third or less, and all stay in range."""
    chords = read_progression("i9 VImaj9 iv9 v7 i9", Key.parse("A minor"))
    voicing: tuple[int, ...] = ()
    steps = []
    for chord in chords:
        following = voice(chord, 52, 74, voicing)
        assert min(following) >= 52
        assert max(following) <= 74
        assert {pitch % 12 for pitch in following} <= set(chord.pitch_classes)
        assert chord.root in {pitch % 12 for pitch in following}
        if voicing:
            steps += [abs(after - before) for before, after in zip(voicing, following, strict=True)]
        voicing = following
    assert max(steps) <= 5
    assert sum(step <= 3 for step in steps) / len(steps) > 0.75
