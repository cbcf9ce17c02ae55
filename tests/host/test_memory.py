"""How much memory is free: what the system's own files say, whatever stands in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonicforge_studio.host import memory
from sonicforge_studio.host.memory import free_memory_bytes


def test_this_machine_has_some() -> None:
    free = free_memory_bytes()
    assert free is not None
    assert 1 << 24 < free < 1 << 50


def test_a_containers_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       2000000 kB\nMemAvailable:   1000000 kB\n")
    monkeypatch.setattr(memory, "_MEMINFO", meminfo)
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    assert free_memory_bytes() == 1_024_000_000
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("400\n")
    assert free_memory_bytes() == 1_024_000_000
    (tmp_path / "memory.max").write_text("1000\n")
    assert free_memory_bytes() == 600
    (tmp_path / "memory.current").write_text("4000\n")
    assert free_memory_bytes() == 0


def test_without_these_files_it_is_all_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "none")
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    free = free_memory_bytes()
    assert free is None or free > 1 << 24
