"""Two layers: what is asked for again is there, and a broken disk is no more than a slow one."""

from __future__ import annotations

import pickle
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sonicforge_studio.host.cache import Cache


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cache(folder: Path) -> Iterator[Cache]:
    with Cache(folder) as cache:
        yield cache


class Bomb:
    """What a tampered cache would hold: unpickling it raises the alarm."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("something was unpickled",))


@pytest.mark.parametrize(
    "value",
    [None, 0, 1.5, "Zażółć \udcff 東京", [1, [2]], {"a": {"b": None}}, float("inf"), "x" * 100_000, True],
    ids=lambda value: type(value).__name__,
)
def test_a_value_comes_back_from_either_layer(folder: Path, value: Any) -> None:
    with Cache(folder) as cache:
        cache.set("key \udcff", value)
        assert cache.get("key \udcff", "absent") == value
    with Cache(folder) as cache:
        assert cache.get("key \udcff", "absent") == value
        assert cache.hit_rates().disk_hits == 1
        assert cache.get("key \udcff", "absent") == value
        assert cache.hit_rates().memory_hits == 1


def test_both_layers_give_what_json_gives(cache: Cache) -> None:
    cache.set("key", {"tuple": (1, 2), 3: "number"})
    assert cache.get("key") == {"tuple": [1, 2], "3": "number"}
    with pytest.raises(TypeError):
        cache.set("key", object())


def test_memory_keeps_the_thousand_used_last_and_the_disk_the_rest(folder: Path) -> None:
    with Cache(folder, memory_entries=10) as cache:
        for number in range(12):
            cache.set(f"key {number}", number)
            cache.get("key 0")
        assert [cache.get(f"key {number}") for number in (0, 11, 1)] == [0, 11, 1]
        rates = cache.hit_rates()
        assert (rates.memory_hits, rates.disk_hits, rates.misses) == (14, 1, 0)


def test_hit_rates_are_counted_by_layer(folder: Path) -> None:
    with Cache(folder) as cache:
        assert cache.hit_rates().hit_rate == cache.hit_rates().memory_hit_rate == 0.0
        cache.set("known", 1)
    with Cache(folder) as cache:
        for key in ("known", "known", "known", "unknown"):
            cache.get(key)
        rates = cache.hit_rates()
        assert (rates.memory_hits, rates.disk_hits, rates.misses, rates.lookups) == (2, 1, 1, 4)
        assert (rates.hit_rate, rates.memory_hit_rate) == (0.75, 0.5)


def test_the_counts_of_earlier_processes_are_kept(folder: Path) -> None:
    with Cache(folder) as cache:
        cache.set("known", 1)
        cache.get("known")
        cache.get("unknown")
        cache.close()  # this thread's connection; what it counted is not counted twice
    with Cache(folder) as cache:
        cache.get("known")
        rates = cache.all_hit_rates()
        assert (rates.memory_hits, rates.disk_hits, rates.misses) == (1, 1, 1)
        assert cache.hit_rates().lookups == 1
        cache.clear()
    with Cache(folder) as cache:
        assert cache.all_hit_rates().lookups == 1


def test_what_is_made_once_is_not_made_again(cache: Cache) -> None:
    made: list[int] = []

    def make() -> list[int]:
        made.append(1)
        return made

    assert cache.get_or_make("key", make) == [1]
    assert cache.get_or_make("key", make) == [1]
    assert made == [1]


def test_forgetting(cache: Cache) -> None:
    for key in ("a", "b", "c"):
        cache.set(key, key)
    cache.forget("a")
    cache.forget("never there")
    assert [cache.get(key) for key in ("a", "b", "c")] == [None, "b", "c"]
    cache.clear()
    assert [cache.get(key) for key in ("a", "b", "c")] == [None] * 3


def test_the_disk_layer_is_bounded(folder: Path) -> None:
    with Cache(folder, memory_entries=1, disk_bytes=2_000_000) as cache:
        for number in range(200):
            cache.set(
                str(number),
                bytes(range(256)).hex() * 20 + "".join(map(str, range(number * 1000, number * 1000 + 9000))),
            )
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 4_000_000


def test_nothing_is_ever_unpickled(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Cache(folder) as cache:
        cache.set("key", "value")
    payload = pickle.dumps(Bomb())
    with sqlite3.connect(folder / "cache.db") as connection:
        connection.execute("UPDATE Cache SET mode = 4, value = ?, filename = NULL", (payload,))
    connection.close()
    with Cache(folder) as cache:
        assert cache.get("key", "absent") == "absent"
        cache.set("key", "new")
    with Cache(folder) as cache:
        assert cache.get("key") == "new"
    assert "not JSON" in caplog.text
    with sqlite3.connect(folder / "cache.db") as connection:
        assert {row[0] for row in connection.execute("SELECT mode FROM Cache")} <= {1, 2}  # raw, binary
    connection.close()


def test_a_damaged_cache_begins_anew(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Cache(folder) as cache:
        cache.set("key", "x" * 100_000)
    for file in folder.glob("cache.db*"):
        file.write_bytes(b"garbage " * 1000)
    with Cache(folder) as cache:
        assert cache.get("key") is None
        cache.set("key", "again")
    with Cache(folder) as cache:
        assert cache.get("key") == "again"
    assert "damaged" in caplog.text


def test_damage_while_it_is_used_counts_as_missing(folder: Path) -> None:
    with Cache(folder, memory_entries=1) as cache:
        for number in range(300):
            cache.set(str(number), list(range(number, number + 300)))
    database = folder / "cache.db"
    content = bytearray(database.read_bytes())
    for position in range(8192, len(content), 61):
        content[position] ^= 0xFF
    database.write_bytes(content)
    with Cache(folder, memory_entries=1) as cache:
        for number in range(300):
            value = cache.get(str(number))
            assert value is None or value == list(range(number, number + 300))
        cache.set("after", 1)
        assert cache.get("after") == 1


def test_a_folder_that_cannot_be_used_leaves_the_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    with Cache(tmp_path / "file" / "cache") as cache:
        cache.set("key", [1])
        assert cache.get("key") == [1]
        assert cache.get("other", "absent") == "absent"
        cache.forget("key")
        assert cache.get("key") is None
        cache.clear()
    assert "memory alone" in caplog.text


def test_many_threads_share_one_cache(cache: Cache) -> None:
    wrong: list[Any] = []

    def work(thread: int) -> None:
        for number in range(40):
            key = str(number % 20)
            cache.set(key, number % 20)
            value = cache.get(key)
            if value != number % 20:
                wrong.append(value)
        cache.close()  # this thread's own connection

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
