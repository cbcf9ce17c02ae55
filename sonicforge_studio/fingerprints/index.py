"""Finds what a fingerprint could match among many, without comparing it with each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Progress, SilentProgress
from sonicforge_studio.fingerprints._sketch import KEY_BITS, Sketch
from sonicforge_studio.fingerprints.fingerprinter import Fingerprint
from sonicforge_studio.fingerprints.matching import Match, compare_sketches
from sonicforge_studio.kernels import word_alignment

Id = TypeVar("Id")

_SILENT = SilentProgress()

_SHELF_KEYS = 1 << 19
_SHELF_OWNERS = 512
_MOST_QUERY_KEYS = 4096
_FEW_KEYS = 16
_MOST_HITS = 4096
_SOME_KEYS = 64
_LEAST_VOTES_OF_SOME, _LEAST_VOTES = 2, 3


class Shelf:
    """The keys of some hundred sketches in one sorted row, each with its owner (from 0) and its place."""

    def __init__(self, sketches: Sequence[Sketch]) -> None:
        keys = np.concatenate([sketch.keys for sketch in sketches])
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self._places = np.concatenate([sketch.places for sketch in sketches])[order]
        self._sizes = np.array([sketch.keys.size for sketch in sketches])
        owners = np.repeat(np.arange(len(sketches)), self._sizes)
        self._owners = owners.astype(np.int32)[order]
        self.count = len(sketches)

    def candidates(self, sketch: Sketch) -> NDArray[np.intp]:
        """The owners that share enough keys with ``sketch`` at one offset to be worth comparing."""
        keys, places = _query(sketch)
        votes = word_alignment.strongest_votes(
            keys, places, self._keys, self._owners, self._places, self.count, _MOST_HITS
        )
        if sketch.keys.size <= _FEW_KEYS:
            return np.flatnonzero(votes)
        shorter = np.minimum(self._sizes, sketch.keys.size)
        return np.flatnonzero(votes >= np.where(shorter <= _SOME_KEYS, _LEAST_VOTES_OF_SOME, _LEAST_VOTES))


def shelve(sketches: Sequence[Sketch]) -> Iterator[tuple[int, Shelf]]:
    """All sketches on shelves of a bounded size, each with the number of its first sketch."""
    first, keys = 0, 0
    for number, sketch in enumerate(sketches):
        if number > first and (keys + sketch.keys.size > _SHELF_KEYS or number - first >= _SHELF_OWNERS):
            yield first, Shelf(sketches[first:number])
            first, keys = number, 0
        keys += sketch.keys.size
    if first < len(sketches):
        yield first, Shelf(sketches[first:])


class FingerprintIndex(Generic[Id]):
    """In memory, over pairs of an id and a fingerprint."""

    def __init__(self, entries: Iterable[tuple[Id, Fingerprint]]) -> None:
        self._ids: list[Id] = []
        self._sketches: list[Sketch] = []
        for identity, fingerprint in entries:
            self._ids.append(identity)
            self._sketches.append(Sketch.of(fingerprint.words))
        self._shelves = list(shelve(self._sketches))

    def __len__(self) -> int:
        return len(self._ids)

    def nearest(self, fingerprint: Fingerprint, limit: int, progress: Progress = _SILENT) -> list[tuple[Id, Match]]:
        """Up to ``limit`` recordings that match, the longest agreement first; offsets are of ``fingerprint`` in each.

        Whatever only resembles it is no match, and stays out.
        """
        sketch = Sketch.of(fingerprint.words)
        found: list[tuple[Id, Match]] = []
        for done, (first, shelf) in enumerate(self._shelves):
            for owner in shelf.candidates(sketch):
                progress.step(done, len(self._shelves))
                match = compare_sketches(self._sketches[first + owner], sketch)
                if match is not None:
                    found.append((self._ids[first + owner], match))
        found.sort(key=lambda entry: -entry[1].score * entry[1].overlap_seconds)
        return found[:limit]


def _query(sketch: Sketch) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """The keys to look for. A long sketch asks with some of its keys; one of few keys also with each key's neighbours,
    one bit away, since it may have no key that stayed whole."""
    count = sketch.keys.size
    if count <= _FEW_KEYS:
        flips = np.array([0, *(1 << bit for bit in KEY_BITS)], dtype=np.uint32)
        return (sketch.keys[:, np.newaxis] ^ flips).ravel(), np.repeat(sketch.places, flips.size)
    chosen = np.arange(0, count, -(-count // _MOST_QUERY_KEYS))
    return sketch.keys[chosen], sketch.places[chosen]
