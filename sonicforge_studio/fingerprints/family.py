"""Who is related to whom in a collection: the same file or recording, a master and its source, a version, a part.

Versions are known by their recipes. Copies in another tempo or pitch ("pitched") are not looked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from sonicforge_studio.domain import Progress, SilentProgress, Span
from sonicforge_studio.fingerprints._sketch import Sketch
from sonicforge_studio.fingerprints.fingerprinter import Fingerprint
from sonicforge_studio.fingerprints.index import shelve
from sonicforge_studio.fingerprints.matching import Match, compare_sketches

Kind = Literal["same_file", "same_recording", "master_of", "version_of", "contains"]

_SILENT = SilentProgress()


@dataclass(frozen=True, slots=True)
class Item:
    """What is known of one file. Hashes may be empty where they are not known.

    ``parents`` are the audio hashes of what the file was made from, as its recipe tells; ``piece`` is the same text for
    all versions of one piece, and empty where nobody knows.
    """

    path: str
    content_hash: str
    audio_hash: str
    fingerprint: Fingerprint
    duration_seconds: float
    parents: tuple[str, ...] = ()
    piece: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two related files, by path.

    Of "master_of", a is the master that was made from b; of "contains", b lies in a; else a comes first in the
    collection. ``offset_seconds`` is where b begins in a, and 0 where only hashes or recipes tie the two together.
    ``score`` is 1 where hashes or the recipe say so, else as in ``Match``.
    """

    a: str
    b: str
    kind: Kind
    score: float
    offset_seconds: float


def related_pairs(items: Sequence[Item], progress: Progress = _SILENT) -> list[Pair]:
    """Every related pair, in the items' order: not only neighbours in a chain of copies.

    The closest tie of a pair counts: the same bytes, then what it was made from, then the same sound, then one piece in
    two versions. Files too short for words are
    compared by their hashes alone. Lets ``Cancelled`` pass.
    """
    by_hash = _pairs_by_hash(items)
    needed = [pair for pair, known in by_hash.items() if known.kind == "master_of"]
    matches = _matches(items, set(by_hash), needed, progress)
    pairs: dict[tuple[int, int], Pair] = {}
    for first, second in sorted(by_hash.keys() | matches.keys()):
        known, match = by_hash.get((first, second)), matches.get((first, second))
        if known is not None:
            pairs[first, second] = known if match is None else _placed(items, first, known, match)
        elif match is not None:
            pairs[first, second] = _pair_of_match(items, first, second, match)
    for numbers in _groups(item.piece for item in items).values():
        for one, other in combinations(numbers, 2):
            pairs.setdefault((one, other), Pair(items[one].path, items[other].path, "version_of", 1.0, 0.0))
    return [pairs[place] for place in sorted(pairs)]


def _pairs_by_hash(items: Sequence[Item]) -> dict[tuple[int, int], Pair]:
    """By (lower, higher) number of the items."""
    pairs: dict[tuple[int, int], Pair] = {}
    by_content, by_audio = _groups(item.content_hash for item in items), _groups(item.audio_hash for item in items)
    for numbers in by_content.values():
        for one, other in combinations(numbers, 2):
            pairs[one, other] = Pair(items[one].path, items[other].path, "same_file", 1.0, 0.0)
    for master, item in enumerate(items):
        for parent in {number for audio_hash in item.parents for number in by_audio.get(audio_hash, ())}:
            if parent != master:
                place = (min(master, parent), max(master, parent))
                pairs.setdefault(place, Pair(item.path, items[parent].path, "master_of", 1.0, 0.0))
    for numbers in by_audio.values():
        for one, other in combinations(numbers, 2):
            pairs.setdefault((one, other), Pair(items[one].path, items[other].path, "same_recording", 1.0, 0.0))
    return pairs


def _groups(hashes: Iterable[str]) -> dict[str, list[int]]:
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for number, value in enumerate(hashes):
        if value:
            numbers[value].append(number)
    return dict(numbers)


def _matches(
    items: Sequence[Item],
    settled: set[tuple[int, int]],
    needed: Iterable[tuple[int, int]],
    progress: Progress,
) -> dict[tuple[int, int], Match]:
    """Of pairs that no hash has settled, and of the needed ones; the lower number is a, the higher b."""
    sketches: list[Sketch] = []
    for number, item in enumerate(items):
        progress.step(0.1 * number, len(items), "Reading fingerprints")
        sketches.append(Sketch.of(item.fingerprint.words))

    matches: dict[tuple[int, int], Match] = {}
    candidates = set(needed)
    for pair in _candidates(sketches, Span(progress, 0.1, 0.8)):
        if pair not in settled:
            candidates.add(pair)
    for done, (first, second) in enumerate(sorted(candidates)):
        Span(progress, 0.8, 1.0).step(done, len(candidates), "Comparing")
        match = compare_sketches(sketches[first], sketches[second])
        if match is not None:
            matches[first, second] = match
    progress.step(1, 1, "Comparing")
    return matches


def _candidates(sketches: Sequence[Sketch], progress: Progress) -> Iterator[tuple[int, int]]:
    """Each sketch asks every shelf, so that of each pair the one whose keys fit better finds the other."""
    shelved = 0
    for start, shelf in shelve(sketches):
        for number, sketch in enumerate(sketches):
            progress.step(shelved + shelf.count * number / len(sketches), len(sketches), "Looking for relatives")
            for owner in shelf.candidates(sketch):
                other = start + int(owner)
                if other != number:
                    yield min(number, other), max(number, other)
        shelved += shelf.count


def _pair_of_match(items: Sequence[Item], first: int, second: int, match: Match) -> Pair:
    one, other = items[first].path, items[second].path
    if match.kind == "part_of":
        return Pair(other, one, "contains", match.score, -match.offset_seconds)
    return Pair(one, other, match.kind, match.score, match.offset_seconds)


def _placed(items: Sequence[Item], first: int, known: Pair, match: Match) -> Pair:
    offset = match.offset_seconds if known.a == items[first].path else -match.offset_seconds
    return Pair(known.a, known.b, known.kind, known.score, offset)
