"""The search box: words, measures, and text that wants to be something else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sonicforge_studio.library import Library
from sonicforge_studio.library._words import fold
from tests.library.track_examples import a_recipe, a_track, an_analysis


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library(tmp_path_factory.mktemp("shelf") / "library.sqlite") as library:
        for path, title, artist, bpm, key, lufs, prompt, genre in (
            ("/home/me/Sets/bus.wav", "Night Bus", "Łukasz Żółw", 174.0, "A minor", -9.0, "dreamy", "drum-and-bass"),
            ("/home/me/Sets/sun.wav", "Sunrise Café", "Don't Panic", 120.4, "C major", -12.3, "warm pads", "house"),
            ("/home/me/Raw/noc.wav", "Zażółć gęślą jaźń", "Łąka", 126.2, "F# minor", -14.0, "", ""),
            ("/home/me/Raw/tokyo.wav", "東京の夜", "AC/DC", 119.97, "A minor", -16.5, "", ""),
            ("/home/me/Raw/quiet.wav", "Bus of the Night", "🔥 Fire", None, None, float("-inf"), "", ""),
        ):
            recipe = a_recipe(prompt, genre) if prompt else None
            analysis = an_analysis(bpm=bpm, key=key, lufs=lufs)
            library.add(a_track(path, title=title, artist=artist, analysis=analysis, recipe=recipe))
        yield library


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("night", {"bus", "quiet"}),
        ("NIGHT BUS", {"bus", "quiet"}),
        ('"night bus"', {"bus"}),
        ('"night bus', {"bus"}),
        ("nig", {"bus", "quiet"}),
        ("ight", set()),
        ("night nothing", set()),
        ("lukasz", {"bus"}),
        ("ŁUKASZ zolw", {"bus"}),
        ("zazolc gesla jazn", {"noc"}),
        ("ZAŻÓŁĆ", {"noc"}),
        ("cafe", {"sun"}),
        ("café", {"sun"}),
        ("cafe\u0301", {"sun"}),
        ("dont", {"sun"}),
        ("don't", {"sun"}),
        ("東京", {"tokyo"}),
        ("夜", {"tokyo"}),
        ("京東", set()),
        ("ac/dc", {"tokyo"}),
        ("🔥", {"quiet"}),
        ("warm", {"sun"}),
        ("raw", {"noc", "tokyo", "quiet"}),
        ("home", set()),
        ("tokyo.wav", {"tokyo"}),
        ("drum and bass", {"bus"}),
        ("genre:house", {"sun"}),
        ("approved:maybe", set()),
        ("like:", set()),
        ('genre:"drum and bass"', {"bus"}),
        ("genre:drum-and-bass", {"bus"}),
        ("genre:night", set()),
        ("bpm:120", {"sun", "tokyo"}),
        ("bpm:174", {"bus"}),
        ("bpm:120.0", {"tokyo"}),
        ("bpm:120-126", {"sun", "noc", "tokyo"}),
        ("bpm:126..120", {"sun", "noc", "tokyo"}),
        ("bpm:>=126", {"bus", "noc"}),
        ("bpm:<120", {"tokyo"}),
        ("BPM:174 night", {"bus"}),
        ("lufs:<-12", {"sun", "noc", "tokyo"}),
        ("lufs:<−12", {"sun", "noc", "tokyo"}),
        ("lufs:-14--12", {"sun", "noc"}),
        ("lufs:-14..-12", {"sun", "noc"}),
        ("lufs:-9", {"bus"}),
        ("key:8A", {"bus", "tokyo"}),
        ("key:8a", {"bus", "tokyo"}),
        ('key:"A minor"', {"bus", "tokyo"}),
        ("key:F#m", {"noc"}),
        ("key:C", {"sun"}),
        ("key:8A bpm:>150", {"bus"}),
    ],
)
def test_a_search_finds(shelf: Library, search: str, expected: set[str]) -> None:
    assert {Path(track.path).stem for track in shelf.tracks(search=search)} == expected
    assert {Path(row.path).stem for row in shelf.rows(search=search)} == expected
    assert {Path(found.track.path).stem for found in shelf.search(search)} == expected
    assert shelf.count(search) == len(expected)


@pytest.mark.parametrize(
    "search",
    [
        "bpm:fast", "bpm:", "bpm:nan", "bpm:1e9", "bpm:--", "key:H##", "key:13A", "lufs:loud", "genre", "bus AND zz",
        "night NOT sun", "title:night", "night^2", "{title}:night", "NEAR(night bus)", "x' OR '1'='1",
        "'; DROP TABLE tracks; --", 'a" OR title:"b', "night) OR (bus", "rowid:1", "\x00night\x00 x", "\ud800zz",
        "night" * 500, "zz " * 5000, '"' * 99 + "zz",
    ],
)  # fmt: skip
def test_what_is_no_measure_is_only_words(shelf: Library, search: str) -> None:
    assert shelf.rows(search=search) == []
    assert shelf.count(search) == 0
    assert shelf.count() == 5
    assert shelf.damage() == []


@pytest.mark.parametrize("search", ["", "  ", "*", "-", '"', '""', "***", "()", "\ud800", '"%_"'])
def test_nothing_to_look_for_finds_everything(shelf: Library, search: str) -> None:
    assert shelf.count(search) == len(shelf.rows(search=search)) == 5


def test_punctuation_between_words_is_no_operator(shelf: Library) -> None:
    assert shelf.count("night* -bus + (of)") == 1
    assert shelf.count("night % bus _") == 2


def test_the_best_fit_comes_first_with_relevance_one(library: Library) -> None:
    library.add(a_track("/a/b/bus.wav", title="Take 1"))
    library.add(a_track("/a/b/1.wav", title="Bus", artist="Somebody"))
    library.add(a_track("/a/b/2.wav", title="Take 2", recipe=a_recipe("a bus at night")))
    library.add(a_track("/a/b/3.wav", title="Take 3"))
    found = library.search("bus")
    assert [Path(track.path).stem for track, _ in found] == ["1", "2", "bus"]  # title, prompt, file name
    assert found[0].relevance == 1.0 > found[1].relevance > found[2].relevance > 0.0
    assert [row.relevance for row in library.rows(search="bus", order="relevance")] == [hit.relevance for hit in found]
    assert {hit.relevance for hit in library.search("bpm:>1")} == {1.0}
    assert len(library.search("", limit=2)) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Zażółć GĘŚLĄ jaźń", "zazolc gesla jazn"),
        ("Straße Ærø Ħ İstanbul", "strasse aero h istanbul"),
        ("ﬁne ①②", "fine 12"),
        ("東京Tower", "東 京 tower"),
        ("한국 음악", "한국 음악"),
        ("ガール", "ガ ー ル"),
        ("काम", "काम"),
        ("a\u200db\u00adc", "abc"),
        ("--*''\"\"", ""),
    ],
)
def test_folding(text: str, words: str) -> None:
    assert fold(text) == words
    assert fold(words) == words
