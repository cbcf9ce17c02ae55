"""Laying one row of fingerprint words over another: which offsets deserve a look, and what is equal at one of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel

WORD_BITS = 32

_OFFSET_SLOTS = 2048


class Stretch(NamedTuple):
    """The best matching stretch at the best offset, ``start`` to ``end`` (excluded) in words of the first row."""

    offset: int
    """Where the second row's first word lies in the first row."""
    start: int
    end: int
    compared: int
    """Words of the stretch that are not silent in both rows."""
    errors: int
    """Bits that differ among them."""
    changes: int
    """Bits that differ from one word to the next, in the row where fewer do."""


def vote_for_offsets(
    keys_a: NDArray[np.uint32],
    places_a: NDArray[np.int32],
    keys_b: NDArray[np.uint32],
    places_b: NDArray[np.int32],
    words_a: int,
    words_b: int,
    most_repeats: int,
) -> NDArray[np.int32]:
    """How many equal keys speak for each offset: entry ``k`` is for b's start at word ``k − words_b`` of a.

    Keys are sorted, each with its place among the words. Of a key that comes again and again, only the first
    ``most_repeats`` places on each side vote.
    """
    votes = np.zeros(words_a + words_b + 1, dtype=np.int32)
    _fill_votes(keys_a, places_a, keys_b, places_b, words_b, most_repeats, votes)
    return votes


@kernel
def _fill_votes(
    keys_a: NDArray[np.uint32],
    places_a: NDArray[np.int32],
    keys_b: NDArray[np.uint32],
    places_b: NDArray[np.int32],
    words_b: int,
    most_repeats: int,
    votes: NDArray[np.int32],
) -> None:
    at_a = 0
    at_b = 0
    while at_a < keys_a.size and at_b < keys_b.size:
        key = keys_a[at_a]
        if key < keys_b[at_b]:
            at_a += 1
        elif key > keys_b[at_b]:
            at_b += 1
        else:
            end_a = at_a
            while end_a < keys_a.size and keys_a[end_a] == key:
                end_a += 1
            end_b = at_b
            while end_b < keys_b.size and keys_b[end_b] == key:
                end_b += 1
            for one in range(at_a, min(end_a, at_a + most_repeats)):
                for other in range(at_b, min(end_b, at_b + most_repeats)):
                    votes[places_a[one] - places_b[other] + words_b] += 1
            at_a = end_a
            at_b = end_b


def best_stretch(
    words_a: NDArray[np.uint32],
    words_b: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    silent_word: int,
    chance: float,
    expected: float,
) -> Stretch:
    """Of all stretches at these offsets, the one with the most bits that are equal beyond half of them.

    Where bars repeat, a later bar may fit a little better, but less of the recording does; half is therefore the
    measure even where chance would give more.

    ``chance`` is the share of bits that differ where the rows have nothing in common, ``expected`` (below it) where
    they are the same recording: at each offset, the stretch is the one for which the likelihood ratio of the two is
    highest. Words that are silent in both rows count nothing. Where nothing agrees, the stretch is empty.
    """
    bit_equal = np.log2((1.0 - expected) / (1.0 - chance))
    bit_differs = np.log2(expected / chance)
    found = _best_stretch(words_a, words_b, offsets, np.uint32(silent_word), bit_equal, bit_differs)
    return Stretch(*found)


@kernel
def _differing_bits(one: np.uint32, other: np.uint32) -> int:
    bits = np.int64(one ^ other)
    bits -= (bits >> 1) & 0x55555555
    bits = (bits & 0x33333333) + ((bits >> 2) & 0x33333333)
    bits = (bits + (bits >> 4)) & 0x0F0F0F0F
    return int(((bits * 0x01010101) >> 24) & 0xFF)


@kernel
def _best_stretch(
    words_a: NDArray[np.uint32],
    words_b: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    silent_word: np.uint32,
    bit_equal: float,
    bit_differs: float,
) -> tuple[int, int, int, int, int, int]:
    found = (0, 0, 0, 0, 0, 0)
    most_agreement = 0.0
    for offset in offsets:
        best = 0.0
        best_start = 0
        best_end = 0
        running = 0.0
        start = max(0, offset)
        for place in range(start, min(words_a.size, words_b.size + offset)):
            one = words_a[place]
            other = words_b[place - offset]
            if one == silent_word and other == silent_word:
                continue
            differing = _differing_bits(one, other)
            running += (WORD_BITS - differing) * bit_equal + differing * bit_differs
            if running <= 0.0:
                running = 0.0
                start = place + 1
            elif running > best:
                best = running
                best_start = start
                best_end = place + 1

        compared = 0
        errors = 0
        changes_a = 0
        changes_b = 0
        for place in range(best_start, best_end):
            one = words_a[place]
            other = words_b[place - offset]
            if one == silent_word and other == silent_word:
                continue
            compared += 1
            errors += _differing_bits(one, other)
            if place > best_start:
                changes_a += _differing_bits(one, words_a[place - 1])
                changes_b += _differing_bits(other, words_b[place - 1 - offset])
        agreement = compared - 2.0 * errors / WORD_BITS
        if agreement > most_agreement:
            most_agreement = agreement
            found = (offset, best_start, best_end, compared, errors, min(changes_a, changes_b))
    return found


def strongest_votes(
    query_keys: NDArray[np.uint32],
    query_places: NDArray[np.int32],
    keys: NDArray[np.uint32],
    owners: NDArray[np.int32],
    places: NDArray[np.int32],
    owner_count: int,
    most_hits: int,
) -> NDArray[np.int32]:
    """For each owner, the most votes that any offset (with the two beside it) got from the query's keys.

    ``keys`` is sorted, and a key that stands in it more than ``most_hits`` times says nothing and is passed over.
    Offsets are counted modulo 2048, which only adds a little noise.
    """
    votes = np.zeros((owner_count, _OFFSET_SLOTS), dtype=np.int32)
    strongest = np.zeros(owner_count, dtype=np.int32)
    _fill_strongest(query_keys, query_places, keys, owners, places, most_hits, votes, strongest)
    return strongest


@kernel
def _fill_strongest(
    query_keys: NDArray[np.uint32],
    query_places: NDArray[np.int32],
    keys: NDArray[np.uint32],
    owners: NDArray[np.int32],
    places: NDArray[np.int32],
    most_hits: int,
    votes: NDArray[np.int32],
    strongest: NDArray[np.int32],
) -> None:
    for which in range(query_keys.size):
        begin = np.searchsorted(keys, query_keys[which])
        end = begin
        while end < keys.size and keys[end] == query_keys[which] and end - begin <= most_hits:
            end += 1
        if end - begin > most_hits:
            continue
        for hit in range(begin, end):
            row = votes[owners[hit]]
            slot = (places[hit] - query_places[which]) % _OFFSET_SLOTS
            row[slot] += 1
            sum_here = row[slot] + row[slot - 1] + row[(slot + 1) % _OFFSET_SLOTS]
            if sum_here > strongest[owners[hit]]:
                strongest[owners[hit]] = sum_here
