"""Presets: the studio's, the user's as files, and what is wrong with a file in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sonicforge_studio.domain import ChainSettings, Match, StudioError
from sonicforge_studio.domain.chain import chain_faults, changed
from sonicforge_studio.domain.errors import BadSetting, MissingPath, OutputExists
from sonicforge_studio.mastering import (
    BUNDLED,
    PRESETS,
    SUFFIX,
    Preset,
    PresetFolder,
    own_target,
    preset_named,
    read_preset,
    write_preset,
)

OWN = Preset(
    "Mój — №1 / loud",
    "For the second album.",
    changed(ChainSettings(), "eq.bands.5.gain_db", -2.0),
    amount=0.8,
    match=Match(curve_db=(1.0,) * 31, side_db=(0.5,) * 31, dynamics_lu=2.0),
    least_peak_to_loudness_lu=9.0,
    target=own_target(-12.0, -1.0),
)


def test_the_studios_presets_keep_to_the_limits_and_say_what_they_do() -> None:
    assert list(BUNDLED)[:3] == ["transparent", "glue", "punchy"]
    assert len(BUNDLED) >= 9
    for preset in BUNDLED.values():
        assert not list(chain_faults(preset.chain)), preset.name
        assert preset.about.endswith(".")
    assert len({repr(preset.chain) for preset in BUNDLED.values()}) == len(BUNDLED)


def test_the_first_three_do_what_they_did() -> None:
    assert not preset_named("transparent").chain.glue.on
    assert preset_named("glue").chain == ChainSettings()
    wanted = changed(ChainSettings(), "repair.high_pass_hz", 32.0)
    wanted = changed(changed(wanted, "glue.ratio", 2.2), "glue.attack_ms", 60.0)
    assert preset_named("Punchy").chain == wanted


def test_an_unknown_preset_lists_those_there_are() -> None:
    with pytest.raises(BadSetting) as failure:
        preset_named("lukewarm")
    assert "lukewarm" in failure.value.message
    assert all(name in failure.value.hint for name in PRESETS)


def test_what_was_saved_is_loaded_listed_and_deleted(tmp_path: Path) -> None:
    folder = PresetFolder(tmp_path / "presets")
    assert folder.presets() == ()
    path = folder.save(OWN)
    assert path.suffix == SUFFIX
    assert folder.load(OWN.name) == OWN
    assert folder.presets() == (OWN,)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    folder.delete(OWN.name)
    assert folder.presets() == ()
    with pytest.raises(BadSetting):
        folder.delete(OWN.name)


def test_a_taken_name_is_refused_unless_it_is_meant(tmp_path: Path) -> None:
    folder = PresetFolder(tmp_path)
    folder.save(OWN)
    with pytest.raises(OutputExists):
        folder.save(replace(OWN, amount=0.1))
    assert folder.load(OWN.name).amount == 0.8
    folder.save(replace(OWN, amount=0.1), overwrite=True)
    assert folder.load(OWN.name).amount == 0.1
    with pytest.raises(OutputExists):
        folder.save(replace(OWN, name="Glue"), overwrite=True)


def test_a_preset_travels_as_a_file(tmp_path: Path) -> None:
    shared = tmp_path / "from a friend.json"
    write_preset(OWN, shared)
    folder = PresetFolder(tmp_path / "mine")
    assert folder.take_in(shared) == OWN
    assert folder.load(OWN.name).settings() == OWN.settings()


def test_settings_come_back_from_a_preset() -> None:
    settings = OWN.settings()
    assert Preset.of(OWN.name, settings, about=OWN.about, with_target=True) == OWN
    assert Preset.of("x", settings).settings(own_target(-9.0, -1.0)).target == own_target(-9.0, -1.0)


def with_value(place: str, value: Any) -> Callable[[dict[str, Any]], Any]:
    def change(plain: dict[str, Any]) -> Any:
        *parents, last = place.split(".")
        inside: Any = plain
        for name in parents:
            inside = inside[int(name)] if name.isdecimal() else inside[name]
        inside[last] = value
        return plain

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (with_value("version", 2), "version 2"),
        (with_value("version", "one"), "version"),
        (with_value("version", True), "version"),
        (with_value("kind", "recipe"), "no mastering preset"),
        (with_value("chain.eq.bands.2.q", 900.0), "chain.eq.bands.2.q"),
        (with_value("chain.eq.bands.2.kind", "wah"), "chain.eq.bands.2.kind"),
        (with_value("chain.eq.bands.2.q", None), "chain.eq.bands.2.q"),
        (with_value("chain.eq.bands", []), "chain.eq.bands"),
        (with_value("chain.eq.bands", 5), "another kind"),
        (with_value("chain.eq.on", "yes"), "chain.eq.on"),
        (with_value("chain.glue.ratio", "much"), "another kind"),
        (with_value("chain.glue", [1, 2]), "another kind"),
        (with_value("chain.multiband.crossovers_hz", [100.0]), "another kind"),
        (with_value("chain.multiband.crossovers_hz", [500.0, 400.0, 300.0]), "chain.multiband.crossovers_hz"),
        (with_value("chain.stereo.widths", [1.0, 9.0, 1.0]), "chain.stereo.widths"),
        (with_value("amount", 7), "amount"),
        (with_value("match.curve_db", [1.0]), "match.curve_db"),
        (with_value("match.dynamics_lu", 1e9), "match.dynamics_lu"),
        (with_value("target.ceiling_dbtp", 3.0), "target.ceiling_dbtp"),
        (with_value("target.integrated_lufs", None), "target.integrated_lufs"),
        (with_value("name", ""), "name"),
        (with_value("name", 5), "name"),
        (with_value("about", 5), "about"),
        (lambda plain: [plain], "no mastering preset"),
        (lambda plain: None, "no mastering preset"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(change: Callable[[dict[str, Any]], Any], told: str, tmp_path: Path) -> None:
    path = tmp_path / "given.sfpreset"
    write_preset(OWN, path)
    path.write_text(json.dumps(change(json.loads(path.read_text("utf-8")))), "utf-8")
    with pytest.raises(BadSetting) as failure:
        read_preset(path)
    assert told in failure.value.message


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b"x" * 1_000_001])
def test_what_is_no_preset_is_refused_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "given.sfpreset"
    path.write_bytes(content)
    with pytest.raises(BadSetting, match="preset"):
        read_preset(path)
    assert PresetFolder(tmp_path).presets() == ()


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingPath):
        read_preset(tmp_path / "none.sfpreset")
    with pytest.raises(StudioError):
        read_preset(tmp_path)
    with pytest.raises(BadSetting, match="lukewarm"):
        PresetFolder(tmp_path).load("lukewarm")


def test_a_preset_out_of_its_limits_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="amount"):
        write_preset(replace(OWN, amount=3.0), tmp_path / "new.sfpreset")
    assert list(tmp_path.iterdir()) == []
