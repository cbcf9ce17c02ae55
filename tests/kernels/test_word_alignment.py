"""Laying words over words, beside plain twins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels import word_alignment

SILENT = 627_964_279


def _words(count: int, seed: int) -> NDArray[np.uint32]:
    return np.random.default_rng(seed).integers(0, 2**32, count, dtype=np.uint32)


def _sorted(keys: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    order = np.argsort(keys, kind="stable")
    return keys[order], order.astype(np.int32)


def _stretch(one: NDArray[np.uint32], other: NDArray[np.uint32], *offsets: int) -> word_alignment.Stretch:
    return word_alignment.best_stretch(one, other, np.array(offsets), SILENT, 0.5, 0.1)


def test_votes_agree_with_counting_every_pair() -> None:
    random = np.random.default_rng(1)
    one, other = random.integers(0, 12, 50, dtype=np.uint32), random.integers(0, 12, 30, dtype=np.uint32)
    twin = np.zeros(81, dtype=int)
    for place, other_place in zip(*np.nonzero(one[:, None] == other), strict=True):
        twin[place - other_place + 30] += 1
    votes = word_alignment.vote_for_offsets(*_sorted(one), *_sorted(other), 50, 30, 1000)
    np.testing.assert_array_equal(votes, twin)


def test_a_key_without_end_votes_only_so_often() -> None:
    same = np.zeros(1000, dtype=np.uint32)
    votes = word_alignment.vote_for_offsets(*_sorted(same), *_sorted(same), 1000, 1000, 64)
    assert votes.sum() == 64 * 64


def test_a_stretch_counts_differing_bits_as_numpy_does() -> None:
    one = _words(200, 2)
    noise = np.random.default_rng(3).integers(0, 32, (200, 3))
    other = one ^ np.bitwise_xor.reduce(np.uint32(1) << noise.astype(np.uint32), axis=1)
    stretch = _stretch(one, other, 0)
    errors = int(np.bitwise_count(one ^ other).sum())
    changes = min(int(np.bitwise_count(row[1:] ^ row[:-1]).sum()) for row in (one, other))
    assert stretch == (0, 0, 200, 200, errors, changes)


def test_the_best_stretch_is_where_the_rows_agree() -> None:
    one = _words(300, 4)
    other = np.concatenate([_words(20, 5), one[100:180], _words(60, 6)])
    stretch = _stretch(one, other, 40, 80, 120)
    assert stretch.offset == 80
    assert abs(stretch.start - 100) <= 1
    assert abs(stretch.end - 180) <= 1
    assert stretch.errors <= 32


def test_of_repeated_bars_the_longest_overlap_wins() -> None:
    piece = np.concatenate([_words(10, 10), np.tile(_words(16, 7), 12)])
    assert _stretch(piece, piece[6:], *range(-100, 100)).offset == 6
    assert _stretch(piece, piece, 32, 16, 0, -16).offset == 0


def test_silence_counts_for_nothing() -> None:
    silence = np.full(50, SILENT, dtype=np.uint32)
    assert _stretch(silence, silence, 0).compared == 0
    one = _words(40, 8)
    padded = np.concatenate([silence, one, silence])
    assert _stretch(padded, padded, 0).compared == 40


def test_strongest_votes_agree_with_counting_every_hit() -> None:
    random = np.random.default_rng(9)
    query = random.integers(0, 40, 60, dtype=np.uint32)
    rows = [random.integers(0, 40, size, dtype=np.uint32) for size in (80, 5, 120)]
    keys = np.concatenate(rows)
    owners = np.repeat(np.arange(3, dtype=np.int32), [row.size for row in rows])
    places = np.concatenate([np.arange(row.size, dtype=np.int32) for row in rows])
    order = np.argsort(keys, kind="stable")
    strongest = word_alignment.strongest_votes(
        *_sorted(query), keys[order], owners[order], places[order], owner_count=3, most_hits=1000
    )
    for row, found in zip(rows, strongest, strict=True):
        votes = np.zeros(300, dtype=int)
        for query_place, place in zip(*np.nonzero(query[:, None] == row), strict=True):
            votes[place - query_place + 100] += 1
        # The count stands at the moment of a vote, so that it may miss what a neighbour got afterwards.
        most = np.convolve(votes, [1, 1, 1]).max()
        assert votes.max() <= found <= most


def test_a_key_that_stands_everywhere_is_passed_over() -> None:
    keys = np.zeros(100, dtype=np.uint32)
    owners, places = np.zeros(100, dtype=np.int32), np.arange(100, dtype=np.int32)
    query, query_places = np.zeros(1, dtype=np.uint32), np.zeros(1, dtype=np.int32)
    assert word_alignment.strongest_votes(query, query_places, keys, owners, places, 1, 99)[0] == 0
    assert word_alignment.strongest_votes(query, query_places, keys, owners, places, 1, 100)[0] > 0
