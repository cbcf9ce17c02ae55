"""What SQLite does for the questions that the studio really asks: it goes along an index, and sorts nothing that an
index has in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sonicforge_studio.library import Corrections, Library
from sonicforge_studio.library._connection import Readers
from tests.library.track_examples import A_FORGED_TRACK, a_track

Plan = Callable[[Callable[[], object]], list[str]]

ORDERS = (
    "title", "tempo_bpm", "key", "integrated_lufs", "duration_seconds", "genre", "verdict_score", "added_at", "path",
)  # fmt: skip
"""Those of the window's table, and the one that files are checked in."""
MEASURES = (
    "bpm:120-126", "lufs:<-12", "key:8A", "approved:yes", "key:8A bpm:120-126", "bpm:120-126 lufs:<-12",
    "key:8A lufs:<-12", "approved:yes bpm:120-126", "approved:yes lufs:<-12", "approved:no key:8A",
    "key:8A bpm:120-126 lufs:<-12 approved:yes",
)  # fmt: skip


@pytest.fixture
def library(database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """One that writes down what it asks SQLite, in ``asked``."""
    asked: list[str] = []
    open_reader = Readers._open

    def listening(readers: Readers) -> sqlite3.Connection:
        connection = open_reader(readers)
        connection.set_trace_callback(asked.append)
        return connection

    monkeypatch.setattr(Readers, "_open", listening)
    with Library(database) as library:
        library.add(a_track())
        library.add(A_FORGED_TRACK)
        library.asked = asked  # type: ignore[attr-defined]
        yield library


@pytest.fixture
def plan(library: Library, database: Path) -> Iterator[Plan]:
    """The steps that SQLite takes for all that ``question`` asks."""
    with closing(sqlite3.connect(database)) as connection:

        def explain(question: Callable[[], object]) -> list[str]:
            asked: Any = library.asked  # type: ignore[attr-defined]
            asked.clear()
            question()
            questions = [sql for sql in asked if sql.startswith(("SELECT", "WITH"))]
            assert questions
            return [row[3] for sql in questions for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]

        yield explain


def read_whole(steps: list[str]) -> list[str]:
    """Steps that look at every row of the table of tracks itself."""
    return [step for step in steps if step.startswith("SCAN track") and "INDEX" not in step]


def sorted_anew(steps: list[str]) -> list[str]:
    return [step for step in steps if "TEMP B-TREE" in step]


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("order", ORDERS)
def test_every_order_of_the_table_is_an_index(library: Library, plan: Plan, order: Any, descending: bool) -> None:
    steps = plan(lambda: library.rows(order=order, descending=descending, limit=500, offset=1000))
    # What is skipped is skipped in the index alone.
    assert any("USING COVERING INDEX" in step for step in steps), steps
    assert not read_whole(steps) + sorted_anew(steps), steps


def test_the_newest_are_the_best_fit_where_no_word_was_given(library: Library, plan: Plan) -> None:
    steps = plan(lambda: library.search("", limit=20))
    assert "SCAN tracks USING COVERING INDEX tracks_added_at" in steps
    assert not read_whole(steps) + sorted_anew(steps), steps


@pytest.mark.parametrize("search", ["", *MEASURES])
def test_measures_are_counted_in_an_index_alone(library: Library, plan: Plan, search: str) -> None:
    for steps in (plan(lambda: library.count(search)), plan(lambda: library.ids(search))):
        assert len(steps) == 1
        assert "USING COVERING INDEX" in steps[0]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("search", MEASURES)
def test_what_measures_find_is_listed_without_reading_the_whole_table(
    library: Library, plan: Plan, search: str, order: Any
) -> None:
    assert not read_whole(plan(lambda: library.rows(search=search, order=order, limit=500)))


@pytest.mark.parametrize("search", ["approved:yes", "lufs:<-12", "approved:yes lufs:<-12"])
def test_what_half_of_all_tracks_are_is_not_sorted(library: Library, plan: Plan, search: str) -> None:
    steps = plan(lambda: library.rows(search=search, order="added_at", limit=500))
    assert "SCAN tracks USING INDEX tracks_added_at" in steps
    assert not sorted_anew(steps), steps


@pytest.mark.parametrize("search", ["night", "night bus", 'nig "bus" bpm:120-126', "genre:house key:8A"])
def test_words_are_looked_up_and_their_tracks_by_number(library: Library, plan: Plan, search: str) -> None:
    for question in (
        lambda: library.count(search),
        lambda: library.ids(search),
        lambda: library.search(search, limit=500),
        lambda: library.rows(search=search, order="title", limit=500),
    ):
        steps = plan(question)
        assert any(step.startswith("SCAN track_words VIRTUAL TABLE INDEX") for step in steps)
        assert any(step.startswith("SEARCH tracks USING ") for step in steps), steps
        assert not read_whole(steps), steps


def test_what_sounds_alike_is_found_by_number(library: Library, plan: Plan) -> None:
    library.ask_for_sound(lambda *_: [(1, 0.9), (2, 0.8)])
    steps = plan(lambda: library.rows(search="like:1", order="relevance", limit=500))
    assert "SEARCH tracks USING INTEGER PRIMARY KEY (rowid=?)" in steps
    assert not read_whole(steps), steps


LOOK_UPS: dict[str, tuple[Callable[[Library], object], str]] = {
    "path": (lambda library: library.by_path("/x"), "sqlite_autoindex_tracks_1 (path=?)"),
    "unchanged": (lambda library: library.unchanged("/x", 1, 2), "sqlite_autoindex_tracks_1 (path=?)"),
    "content": (lambda library: library.by_content_hash("c"), "tracks_content_hash (content_hash=?)"),
    "sound": (lambda library: library.by_audio_hash("a"), "tracks_audio_hash (audio_hash=?)"),
    "parents": (lambda library: library.made_from("a"), "track_parents_hash (parent_hash=?)"),
    "number": (lambda library: library.track(1), "PRIMARY KEY (rowid=?)"),
    "fingerprints": (lambda library: list(library.fingerprints()), "PRIMARY KEY (rowid>?)"),
    "correction": (lambda library: Corrections(library).of("a"), "PRIMARY KEY (audio_hash=?)"),
    "folder": (lambda library: Corrections(library).near("/music", "house"), "corrections_folder (folder=?)"),
}


@pytest.mark.parametrize("what", LOOK_UPS)
def test_what_is_looked_up_is_found_by_an_index(library: Library, plan: Plan, what: str) -> None:
    question, index = LOOK_UPS[what]
    steps = plan(lambda: question(library))
    assert any(index in step for step in steps), steps
    assert not read_whole(steps), steps
    if what != "folder":  # its few corrections are put in their order
        assert not sorted_anew(steps), steps


def test_no_index_lies_there_for_nothing(library: Library, plan: Plan, database: Path) -> None:
    """Each that a step made is gone along by one of the questions above."""
    steps = [
        *(step for order in ORDERS for step in plan(lambda order=order: library.rows(order=order, limit=1))),
        *(step for search in MEASURES for step in plan(lambda search=search: library.count(search))),
        *(step for question, _ in LOOK_UPS.values() for step in plan(lambda question=question: question(library))),
    ]
    with closing(sqlite3.connect(database)) as connection:
        made = {
            row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql > ''")
        }
    unused = {name for name in made if not any(f"INDEX {name} " in f"{step} " for step in steps)}
    # The library can be sorted by artist, though the table offers no such column yet.
    assert unused == {"tracks_artist_order"}
