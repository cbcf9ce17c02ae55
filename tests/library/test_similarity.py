"""Which tracks sound alike, and the index file beside the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sonicforge_studio.domain import Track
from sonicforge_studio.library import Library, Similarity
from sonicforge_studio.library.migrations import MIGRATIONS
from sonicforge_studio.library.similarity import DIMENSIONS
from tests.library.older_libraries import an_older_library
from tests.library.track_examples import a_track, an_analysis


def embedding(seed: int) -> tuple[float, ...]:
    return tuple(np.random.default_rng(seed).standard_normal(DIMENSIONS).round(4).tolist())


def near(of: int, seed: int, distance: float = 0.2) -> tuple[float, ...]:
    return tuple((np.array(embedding(of)) + distance * np.array(embedding(seed))).round(4).tolist())


def sounding(number: int, vector: tuple[float, ...], **more: float) -> Track:
    analysis = an_analysis(content_hash=f"c{number}", embedding=vector, **more)
    return a_track(f"/music/{number}.wav", title=f"Track {number}", analysis=analysis)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library.sqlite") as library:
        yield library


@pytest.fixture
def similarity(library: Library, tmp_path: Path) -> Iterator[Similarity]:
    similarity = Similarity(library, tmp_path / "similarity")
    yield similarity
    similarity.close()


def found(similarity: Similarity, vector: tuple[float, ...], limit: int = 3) -> list[int]:
    return [track_id for track_id, _ in similarity.nearest(vector, limit)]


def test_the_nearest_come_first_with_their_cosine(library: Library, similarity: Similarity) -> None:
    far, close, same = (library.add(sounding(number, vector)).id for number, vector in enumerate(
        [embedding(1), near(2, 7), embedding(2)]
    ))  # fmt: skip
    assert found(similarity, embedding(2)) == [same, close, far]
    (_, one), (_, two), (_, three) = similarity.nearest(embedding(2), 3)
    assert one == pytest.approx(1.0)
    cosine = np.dot(embedding(2), near(2, 7)) / np.linalg.norm(embedding(2)) / np.linalg.norm(near(2, 7))
    assert two == pytest.approx(cosine, abs=1e-5)
    assert abs(three) < 0.5


def test_a_change_is_seen_at_once(library: Library, similarity: Similarity) -> None:
    first = library.add(sounding(1, embedding(1))).id
    assert found(similarity, embedding(1)) == [first]
    second = library.add(sounding(2, near(1, 9))).id
    assert found(similarity, embedding(1)) == [first, second]
    library.add(sounding(1, embedding(5)))
    assert found(similarity, embedding(1)) == [second, first]
    library.remove([second])
    assert found(similarity, embedding(1)) == [first]
    library.add(sounding(1, ()))
    assert found(similarity, embedding(1)) == []
    assert similarity.vector(first) is None


def test_another_process_that_writes_is_seen_too(library: Library, similarity: Similarity, tmp_path: Path) -> None:
    assert found(similarity, embedding(1)) == []
    with Library(tmp_path / "library.sqlite") as other:
        added = other.add(sounding(1, embedding(1))).id
    assert found(similarity, embedding(1)) == [added]


def test_a_filter_is_kept_inside_the_search(library: Library, similarity: Similarity) -> None:
    tracks = [library.add(sounding(number, near(1, 7, 0.01 * number), bpm=100.0 + number)) for number in range(60)]
    wanted = library.ids("bpm:150-159")
    assert sorted(wanted) == [track.id for track in tracks[50:60]]
    assert [id for id, _ in similarity.nearest(embedding(1), 3, among=wanted)] == [track.id for track in tracks[50:53]]
    late = library.add(sounding(99, embedding(1), bpm=155.0)).id
    among = library.ids("bpm:150-159")
    assert [id for id, _ in similarity.nearest(embedding(1), 2, among=among)] == [late, tracks[50].id]
    assert similarity.nearest(embedding(1), 3, among=np.array([10**9, -4])) == []


def test_the_file_is_opened_again_and_made_anew_where_it_is_lost_or_broken(
    library: Library, similarity: Similarity, tmp_path: Path
) -> None:
    ids = [library.add(sounding(number, embedding(number))).id for number in range(200)]
    assert found(similarity, embedding(150), 1) == [ids[150]]
    (file,) = (tmp_path / "similarity").iterdir()
    made = file.stat().st_mtime_ns
    again = Similarity(library, tmp_path / "similarity")
    assert found(again, embedding(70), 1) == [ids[70]]
    assert file.stat().st_mtime_ns == made
    whole = file.read_bytes()
    for broken in (b"", b"x" * 300, whole[:-1], whole[:256] + b"\xff" * 8 + whole[264:], whole[:30] + whole[31:]):
        file.write_bytes(broken)
        assert found(Similarity(library, tmp_path / "similarity"), embedding(70), 1) == [ids[70]], broken[:20]
        assert file.read_bytes() == whole
    file.unlink()
    assert found(Similarity(library, tmp_path / "similarity"), embedding(70), 1) == [ids[70]]


def test_many_changes_make_a_new_file_without_stopping(
    library: Library, similarity: Similarity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sonicforge_studio.library.similarity._MOST_CHANGES", 20)
    assert found(similarity, embedding(1)) == []
    ids = [library.add(sounding(number, embedding(number))).id for number in range(30)]
    assert found(similarity, embedding(7), 1) == [ids[7]]
    similarity.close()
    assert [path.name for path in (tmp_path / "similarity").iterdir()] == ["30.vectors"]
    assert found(similarity, embedding(7), 1) == [ids[7]]


def test_where_the_index_cannot_be_written_it_stays_in_memory(library: Library, tmp_path: Path) -> None:
    (tmp_path / "similarity").write_text("in the way")
    added = library.add(sounding(1, embedding(1))).id
    assert found(Similarity(library, tmp_path / "similarity"), embedding(1)) == [added]


def test_a_library_from_before_the_vectors_gets_them(tmp_path: Path) -> None:
    an_older_library(tmp_path / "library.sqlite", [sounding(1, embedding(1)), sounding(2, ())])
    kept, silent = 1, 2
    with Library(tmp_path / "library.sqlite") as library:
        assert library.read("SELECT max(number) FROM migrations")[0][0] == MIGRATIONS[-1].number
        similarity = Similarity(library, tmp_path / "similarity")
        assert similarity.vector(kept) is not None
        assert similarity.vector(silent) is None
        assert found(similarity, embedding(1)) == [kept]


def test_what_has_no_length_is_like_nothing(library: Library, similarity: Similarity) -> None:
    library.add(replace(sounding(1, embedding(1)), title="One"))
    assert similarity.nearest((), 3) == []
    assert similarity.nearest((0.0,) * DIMENSIONS, 3) == []
    assert similarity.nearest((float("nan"),) * DIMENSIONS, 3) == []
    assert similarity.nearest(embedding(1), 0) == []


def test_the_search_box_asks_for_sound_and_all_else_at_once(library: Library, similarity: Similarity) -> None:
    library.ask_for_sound(similarity.to_track)
    tracks = [library.add(sounding(number, near(1, 7, 0.02 * number), bpm=100.0 + number)) for number in range(8)]
    alike = library.search(f"like:{tracks[0].id}")
    assert [found.track.id for found in alike] == [track.id for track in tracks[1:]]
    assert [round(found.relevance, 3) for found in alike] == sorted(
        (round(found.relevance, 3) for found in alike), reverse=True
    )
    narrowed = f"bpm:>104 like:{tracks[0].id} track"
    assert [row.id for row in library.rows(search=narrowed, order="relevance")] == [track.id for track in tracks[5:]]
    assert [row.title for row in library.rows(search=narrowed, order="tempo_bpm", limit=1)] == ["Track 7"]
    assert library.count(narrowed) == 3
    assert sorted(library.ids(narrowed)) == [track.id for track in tracks[5:]]
    assert library.search("like:99999999") == []
    assert library.count("like:123456789012345678901234") == 0


def test_without_an_index_nothing_sounds_like_anything(library: Library) -> None:
    added = library.add(sounding(1, embedding(1)))
    library.add(sounding(2, near(1, 2)))
    assert library.search(f"like:{added.id}") == []
