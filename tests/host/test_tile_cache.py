"""Bytes in two bounded layers, and a broken disk is no more than a slow one."""

from __future__ import annotations

import os
import pickle
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from sonicforge_studio.host.tile_cache import TileCache

LARGE = os.urandom(100_000)


class Bomb:
    """What a tampered cache would hold: unpickling it raises the alarm."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("something was unpickled",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tiles"


def test_bytes_come_back_from_either_layer(folder: Path) -> None:
    values = {"small": b"\x00\xff", "empty": b"", "large": LARGE, "żółć": b"x"}
    with TileCache(folder) as cache:
        for key, value in values.items():
            cache.set(key, value)
            assert cache.at_hand(key) == value
    with TileCache(folder) as cache:
        for key, value in values.items():
            assert cache.at_hand(key) is None
            assert cache.get(key) == value
            assert cache.at_hand(key) == value
        assert cache.get("absent") is None


def test_memory_holds_what_was_used_last_up_to_its_bytes(folder: Path) -> None:
    with TileCache(folder, memory_bytes=10_000) as cache:
        for number in range(9):
            cache.set(str(number), bytes(1000))
        cache.at_hand("0")
        cache.set("9", bytes(1000))
        cache.set("10", bytes(1000))
        assert cache.held_bytes == 10_000
        assert cache.at_hand("0") is not None
        assert cache.at_hand("1") is None
        assert cache.get("1") == bytes(1000)
        cache.set("9", bytes(10))
        assert cache.held_bytes < 10_000


def test_the_disk_is_bounded(folder: Path) -> None:
    with TileCache(folder, memory_bytes=1, disk_bytes=1 << 20) as cache:
        for number in range(40):
            cache.set(str(number), LARGE)
        assert sum(file.stat().st_size for file in folder.rglob("*.val")) < 2 << 20


def test_damage_counts_as_missing(folder: Path) -> None:
    with TileCache(folder) as cache:
        cache.set("large", LARGE)
        cache.set("small", b"abc")
    (value,) = folder.rglob("*.val")
    value.write_bytes(value.read_bytes()[:50_000])
    with TileCache(folder) as cache:
        assert cache.get("large") is None
        assert cache.get("small") == b"abc"
        cache.set("large", LARGE)
    with TileCache(folder) as cache:
        assert cache.get("large") == LARGE


@pytest.mark.parametrize(("mode", "value"), [(4, pickle.dumps(Bomb())), (1, "text"), (1, 7), (3, "text")])
def test_nothing_but_bytes_is_read(folder: Path, mode: int, value: Any) -> None:
    with TileCache(folder) as cache:
        cache.set("key", b"abc")
    with sqlite3.connect(folder / "cache.db") as connection:
        connection.execute("UPDATE Cache SET mode = ?, value = ?, filename = NULL", (mode, value))
    connection.close()
    with TileCache(folder) as cache:
        assert cache.get("key") is None


def test_a_folder_that_cannot_be_used_leaves_the_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    with TileCache(tmp_path / "file" / "tiles") as cache:
        cache.set("key", b"abc")
        assert cache.get("key") == b"abc"
        assert cache.get("other") is None
    assert "memory alone" in caplog.text
