from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sonicforge_studio.domain.errors import BadSetting
from sonicforge_studio.host import Settings, load_settings, save_settings


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    settings = replace(Settings(), volume=0.25, language="pl", target="club")
    save_settings(tmp_path / "settings.json", settings)
    assert load_settings(tmp_path / "settings.json") == settings
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]


@pytest.mark.parametrize(
    "change", [{"volume": 1.5}, {"volume": float("nan")}, {"language": "xx"}, {"latency_seconds": "fast"}]
)
def test_a_value_outside_its_limits_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadSetting):
        replace(Settings(), **change)  # type: ignore[arg-type] # wrong types are what is tested


def test_one_bad_stored_value_does_not_spoil_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"volume": 7, "language": "pl", "from_the_future": 1}))
    assert load_settings(path) == replace(Settings(), language="pl")


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "\x00"])
def test_a_broken_file_means_the_defaults(tmp_path: Path, content: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content)
    assert load_settings(path) == Settings()
