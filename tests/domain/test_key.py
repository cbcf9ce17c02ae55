from __future__ import annotations

import pytest

from sonicforge_studio.domain import Key
from sonicforge_studio.domain.errors import UnknownKey


@pytest.mark.parametrize(
    ("text", "name", "camelot"),
    [
        ("A minor", "A minor", "8A"),
        ("am", "A minor", "8A"),
        ("C", "C major", "8B"),
        ("F# major", "F# major", "2B"),
        ("gb", "F# major", "2B"),
        ("Bbm", "A# minor", "3A"),
        ("c#m", "C# minor", "12A"),
        ("fis-moll", "F# minor", "11A"),
        ("Es-Dur", "D# major", "5B"),
        ("As dur", "G# major", "4B"),
        ("H moll", "B minor", "10A"),
        ("g♯ min", "G# minor", "1A"),
        ("D flat major", "C# major", "3B"),
        ("  e  Minor ", "E minor", "9A"),
        ("CM", "C major", "8B"),
        ("8A", "A minor", "8A"),
        ("12b", "E major", "12B"),
        ("1m", "A minor", "8A"),
        ("4d", "A major", "11B"),
        (" 12D ", "F major", "7B"),
    ],
)
def test_keys_are_read_in_every_common_spelling(text: str, name: str, camelot: str) -> None:
    key = Key.parse(text)
    assert (str(key), key.camelot) == (name, camelot)


@pytest.mark.parametrize(
    "text", ["", "X minor", "A dorian", "minor", "A minor minor", "13A", "0m", "13d", "ą-moll", "A" * 999]
)
def test_what_is_no_key_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(UnknownKey) as caught:
        Key.parse(text)
    assert caught.value.code == "unknown-key"
    assert len(caught.value.message) < 100


def test_the_camelot_wheel_has_twenty_four_places() -> None:
    keys = [Key(tonic, mode) for tonic in range(12) for mode in ("major", "minor")]  # type: ignore[arg-type] # Literal
    assert {key.camelot for key in keys} == {f"{hour}{side}" for hour in range(1, 13) for side in "AB"}
    assert all(Key.parse(str(key)) == key == Key.parse(key.camelot) for key in keys)


def test_the_open_key_wheel_begins_at_a_minor_and_c_major() -> None:
    assert (Key(9, "minor").open_key, Key(0, "major").open_key, Key(4, "minor").open_key) == ("1m", "1d", "2m")
    keys = [Key(tonic, mode) for tonic in range(12) for mode in ("major", "minor")]  # type: ignore[arg-type] # Literal
    assert {key.open_key for key in keys} == {f"{hour}{side}" for hour in range(1, 13) for side in "md"}
    assert all(Key.parse(key.open_key) == key for key in keys)
