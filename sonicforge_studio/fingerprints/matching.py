"""Is this the same recording? Two fingerprints, laid over each other where most of their words agree."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.fingerprints._sketch import ROWS_BEHIND_WORD, SILENT_WORD, Sketch, chance_of_error_within
from sonicforge_studio.fingerprints.fingerprinter import ROW_SECONDS, WORD_SECONDS, Fingerprint
from sonicforge_studio.kernels import word_alignment
from sonicforge_studio.kernels.word_alignment import WORD_BITS, Stretch

MatchKind = Literal["same_recording", "contains", "part_of"]

_FEW_PEAKS, _MANY_PEAKS = 8, 256
_MOST_REPEATS = 64
_ALL_OFFSETS_WITHIN = 40_000
"""Products of two lengths up to which every offset is looked at."""

# Measured on the 447,000 pairs among 191 pieces and five treatments of each (MP3 at 64 kbit/s and Opus at 48, cut
# between two words, quieter, in mono), and on 32 pieces that a synthesiser made from four concepts. Related pairs
# longer than 4 s have 18 bits of evidence or more; 99 in 100 score above 0.74, the rest being short and treated twice.
# Different pieces that have so much evidence are those that hold the same chord, up to 0.48, and pieces made from one
# concept, which share tempo, chords and sounds, up to 0.70.
_EXPECTED_ERROR_RATE = 0.12
_LEAST_EVIDENCE_BITS = 18.0
_LEAST_SCORE = 0.74
_LEAST_SCORE_OF_LONGER = 0.5
"""Enough at another offset with more agreement, once one has shown that it is the same recording."""

_LEAST_SHARE = 0.5
_WHOLE_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Match:
    """What two fingerprints, a and b, have in common.

    ``kind`` is "same_recording" where the common stretch is at least seven tenths of both. Else the longer one holds
    the shorter one, or at least half of it: "contains" where a is the longer, "part_of" where b is. Silence before and
    after counts for neither.
    """

    kind: MatchKind
    score: float
    """0..1: 1 where every bit of the stretch is equal, 0 for as many equal bits as chance gives in such a stretch."""
    offset_seconds: float
    """Where b's beginning lies in a, to 0.12 s: positive where b starts later, negative where b has more before it."""
    overlap_seconds: float
    """The length of the common stretch."""


def compare(a: Fingerprint, b: Fingerprint) -> Match | None:
    """How b lies over a, or None where they are different recordings, or too short or too plain to tell.

    Re-encoding, gain, trimming, padding, mono and another sample rate are seen through; of heavy processing (hard
    compression, reverb, steep filters) only some is. Silence and held tones say nothing, so that they match nothing,
    not even themselves.
    """
    return compare_sketches(Sketch.of(a.words), Sketch.of(b.words))


def compare_sketches(a: Sketch, b: Sketch) -> Match | None:
    """``compare`` for fingerprints whose sketches are at hand."""
    if a.sounding_words == 0 or b.sounding_words == 0:
        return None
    chance = a.chance_of_error(b)
    best: Stretch | None = None
    score = 0.0
    for offsets in _offsets_in_rounds(a, b):
        stretch = _best_stretch(a, b, chance, offsets)
        stretch_score = _score(a, b, chance, stretch)
        if stretch_score < (_LEAST_SCORE if best is None else _LEAST_SCORE_OF_LONGER):
            break
        best, score = stretch, stretch_score
    if best is None:
        return None
    length = best.end - best.start
    kind: MatchKind = "contains" if a.sounding_rows >= b.sounding_rows else "part_of"
    if length + ROWS_BEHIND_WORD >= _WHOLE_SHARE * max(a.sounding_rows, b.sounding_rows):
        kind = "same_recording"
    return Match(
        kind=kind,
        score=score,
        offset_seconds=best.offset * ROW_SECONDS,
        overlap_seconds=(length - 1) * ROW_SECONDS + WORD_SECONDS,
    )


def _offsets_in_rounds(a: Sketch, b: Sketch) -> Iterator[NDArray[np.int64]]:
    """Those worth a look: all of them for short ones, else the best voted with their neighbours.

    A few tell whether there is a match. Where there is one, and bars repeat, many offsets are about as good, and the
    right one need not be among the first few: a second round holds more of them.
    """
    if a.words.size * b.words.size <= _ALL_OFFSETS_WITHIN:
        yield np.arange(1 - b.words.size, a.words.size)
        return
    votes = word_alignment.vote_for_offsets(
        a.keys, a.places, b.keys, b.places, a.words.size, b.words.size, _MOST_REPEATS
    )
    smooth = votes[:-2] + votes[1:-1] + votes[2:]
    best_first = np.argsort(-smooth, kind="stable")[:_MANY_PEAKS]
    peaks = best_first[smooth[best_first] > 0] + 1 - b.words.size
    offsets = peaks[:, np.newaxis] + np.array([-1, 0, 1])
    yield offsets[:_FEW_PEAKS].ravel()
    yield np.unique(offsets)


def _best_stretch(a: Sketch, b: Sketch, chance: float, offsets: NDArray[np.int64]) -> Stretch:
    expected = min(_EXPECTED_ERROR_RATE, 0.3 * chance)
    return word_alignment.best_stretch(a.words, b.words, offsets, SILENT_WORD, chance, expected)


def _score(a: Sketch, b: Sketch, chance: float, stretch: Stretch) -> float:
    """0 where the stretch is too short or has too little to say."""
    length = stretch.end - stretch.start
    if stretch.compared == 0 or length < _LEAST_SHARE * min(a.sounding_words, b.sounding_words):
        return 0.0
    rate = stretch.errors / (WORD_BITS * stretch.compared)
    evidence_bits = (WORD_BITS + stretch.changes) * _divergence_bits(rate, chance)
    # Each offset was one more try to be lucky.
    if evidence_bits - math.log2(a.words.size + b.words.size) < _LEAST_EVIDENCE_BITS:
        return 0.0
    return 1.0 - rate / chance_of_error_within(
        a.words[stretch.start : stretch.end], b.words[stretch.start - stretch.offset : stretch.end - stretch.offset]
    )


def _divergence_bits(rate: float, chance: float) -> float:
    """Of errors at ``rate`` from errors at ``chance``, for each independent bit.

    By Chernoff's bound, 2 to the minus this times the number of bits is the probability of so few errors by chance. The
    independent bits are the 32 of the first word, and then one for each change.
    """
    if rate >= chance:
        return 0.0
    divergence = (1.0 - rate) * math.log2((1.0 - rate) / (1.0 - chance))
    return divergence + rate * math.log2(rate / chance) if rate > 0.0 else divergence
