"""Every related pair of a collection, and no other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.domain import Cancelled, Clip
from sonicforge_studio.fingerprints import (
    Fingerprint,
    FingerprintIndex,
    Item,
    Pair,
    compare,
    compress,
    fingerprint_clip,
    related_pairs,
)
from tests.fingerprints.conftest import Copy, tune


def _item(path: str, fingerprint: Fingerprint, **known: str | tuple[str, ...]) -> Item:
    known = {"content_hash": f"content of {path}", "audio_hash": f"audio of {path}", **known}
    return Item(path, fingerprint=fingerprint, duration_seconds=fingerprint.duration_seconds, **known)


def _of_words(words: NDArray[np.uint32]) -> Fingerprint:
    return Fingerprint(words, compress(words), words.size * 1365 / 11025 + 2.6)


def _songs(count: int, length: int, seed: int = 1) -> list[NDArray[np.uint32]]:
    """Words that change as music's do: a few bits at a time."""
    random = np.random.default_rng(seed)
    songs = []
    for _ in range(count):
        turned = (random.random((length, 32)) < 0.12) << np.arange(32)
        changes = turned.sum(axis=1).astype(np.uint32)
        changes[0] = random.integers(0, 2**32)
        songs.append(np.bitwise_xor.accumulate(changes))
    return songs


def _worn(words: NDArray[np.uint32], rate: float, seed: int) -> NDArray[np.uint32]:
    flips = (np.random.default_rng(seed).random((words.size, 32)) < rate) << np.arange(32)
    worn: NDArray[np.uint32] = words ^ flips.sum(axis=1).astype(np.uint32)
    return worn


def test_real_families_whole_and_apart(copies: list[Copy]) -> None:
    items = [_item(f"{copy.recording}/{copy.treatment}", copy.fingerprint) for copy in copies]
    found = related_pairs(items)
    expected = {(a.path, b.path) for a, b in combinations(items, 2) if a.path.split("/")[0] == b.path.split("/")[0]}
    assert {(pair.a, pair.b) for pair in found} == expected
    assert {pair.kind for pair in found} == {"same_recording"}


def test_each_tie_has_its_kind() -> None:
    song, other, short = tune(30.0), tune(30.0, seed=9), tune(1.0)
    whole, part = fingerprint_clip(Clip(song, 44_100)), fingerprint_clip(Clip(song[:, 441_000:882_000], 44_100))
    mastered = fingerprint_clip(Clip(np.tanh(song * 3), 44_100))
    tiny = fingerprint_clip(Clip(short, 44_100))
    items = [
        _item("part", part),
        _item("song", whole),
        _item("copy of song", whole, content_hash="content of song", audio_hash="audio of song"),
        _item("retagged song", whole, audio_hash="audio of song"),
        _item("master", mastered, parents=("audio of song",)),
        _item("other", fingerprint_clip(Clip(other, 44_100))),
        _item("tiny", tiny, audio_hash="audio of tiny"),
        _item("tiny again", tiny, audio_hash="audio of tiny"),
        _item("another tiny", tiny),
    ]
    found = {(pair.a, pair.b): pair for pair in related_pairs(items)}
    kinds = {place: pair.kind for place, pair in found.items()}
    assert kinds == {
        ("song", "part"): "contains",
        ("copy of song", "part"): "contains",
        ("retagged song", "part"): "contains",
        ("master", "part"): "contains",
        ("song", "copy of song"): "same_file",
        ("song", "retagged song"): "same_recording",
        ("copy of song", "retagged song"): "same_recording",
        ("master", "song"): "master_of",
        ("master", "copy of song"): "master_of",
        ("master", "retagged song"): "master_of",
        ("tiny", "tiny again"): "same_recording",
    }
    assert found["song", "part"].offset_seconds == pytest.approx(10.0, abs=0.13)
    assert found["song", "retagged song"].score == 1.0
    assert found["master", "song"].offset_seconds == 0.0


def test_a_master_that_was_trimmed_is_placed() -> None:
    song = tune(20.0)
    source = _item("source", fingerprint_clip(Clip(song, 44_100)))
    trimmed = fingerprint_clip(Clip(song[:, 88_200:], 44_100))
    master = _item("master", trimmed, parents=("audio of source",))
    for items in ([source, master], [master, source]):
        (pair,) = related_pairs(items)
        assert (pair.a, pair.b, pair.kind, pair.score) == ("master", "source", "master_of", 1.0)
        assert pair.offset_seconds == pytest.approx(-2.0, abs=0.13)


def test_hashes_that_are_not_known_tie_nothing() -> None:
    nothing = Fingerprint.from_text("AQAAAA", 1.0)
    items = [_item(name, nothing, content_hash="", audio_hash="", parents=("",)) for name in ("a", "b")]
    assert related_pairs(items) == []
    assert related_pairs([]) == []


def test_the_index_loses_nothing_that_comparing_all_would_find() -> None:
    songs = _songs(36, 400)
    rows = [*songs]
    rows += [_worn(song, 0.06, number) for number, song in enumerate(songs[:12])]
    rows += [_worn(song[150:230], 0.06, number + 100) for number, song in enumerate(songs[12:24])]
    rows += [_worn(song[40:52], 0.04, number + 200) for number, song in enumerate(songs[24:])]
    items = [_item(str(number), _of_words(words)) for number, words in enumerate(rows)]
    every = {(a.path, b.path) for a, b in combinations(items, 2) if compare(a.fingerprint, b.fingerprint) is not None}
    assert len(every) == 36
    found = related_pairs(items)
    assert {(pair.a, pair.b) for pair in found} == every
    for pair in found:
        number = int(pair.b)
        begins = 0 if number < 48 else 150 if number < 60 else 40
        assert pair.offset_seconds == pytest.approx(begins * 1365 / 11025, abs=0.01)


def test_cancelling_stops_at_once() -> None:
    class Stop:
        steps = 0

        def step(self, done: float, total: float, note: str = "") -> None:
            self.steps += 1
            if self.steps == 40:
                raise Cancelled

    items = [_item(str(number), _of_words(words)) for number, words in enumerate(_songs(30, 200))]
    stop = Stop()
    with pytest.raises(Cancelled):
        related_pairs(items, stop)
    assert stop.steps == 40


def test_progress_only_grows_to_its_end() -> None:
    class Watch:
        def __init__(self) -> None:
            self.shares: list[float] = []

        def step(self, done: float, total: float, note: str = "") -> None:
            self.shares.append(done / total)

    watch = Watch()
    songs = _songs(20, 200)
    related_pairs([_item(str(number), _of_words(words)) for number, words in enumerate([*songs, songs[0]])], watch)
    assert watch.shares == sorted(watch.shares)
    assert watch.shares[-1] == 1.0


def test_the_nearest_come_first() -> None:
    songs = _songs(700, 120)
    index = FingerprintIndex([(number, _of_words(words)) for number, words in enumerate(songs)])
    asked = _of_words(np.concatenate([_worn(songs[600], 0.03, 1), songs[3][:70]]))
    found = index.nearest(asked, 5)
    assert [identity for identity, _ in found] == [600, 3]
    assert found[0][1].kind == "part_of"
    assert len(index.nearest(asked, 1)) == 1
    assert len(index) == 700
    assert index.nearest(_of_words(_songs(1, 120, seed=99)[0]), 5) == []
    assert FingerprintIndex([]).nearest(asked, 5) == []


def test_pairs_are_plain_values() -> None:
    assert Pair("a", "b", "contains", 0.9, 1.0) == Pair("a", "b", "contains", 0.9, 1.0)


def test_versions_of_one_piece_are_known_by_their_recipes() -> None:
    one, other = fingerprint_clip(Clip(tune(10.0), 44_100)), fingerprint_clip(Clip(tune(10.0, seed=9), 44_100))
    items = [
        _item("as it was", one, piece="night bus"),
        _item("other melody", other, piece="night bus"),
        _item("copy", one, piece="night bus"),
        _item("master", other, piece="night bus", parents=("audio of other melody",)),
        _item("foreign", fingerprint_clip(Clip(tune(10.0, seed=5), 44_100))),
    ]
    kinds = {(pair.a, pair.b): pair.kind for pair in related_pairs(items)}
    assert kinds == {
        ("as it was", "other melody"): "version_of",
        ("as it was", "copy"): "same_recording",
        ("as it was", "master"): "version_of",
        ("other melody", "copy"): "version_of",
        ("master", "other melody"): "master_of",
        ("copy", "master"): "version_of",
    }
