"""The desk of models: what there is, what is here, and what cannot be used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sonicforge_studio.domain.errors import EngineUnavailable, MissingPath, ModelNotUsable, UnknownModel
from sonicforge_studio.studio.models import ModelDesk
from tests.generation.musicgen.conftest import build_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("transformers")
    return build_model(tmp_path_factory.mktemp("desk") / "tiny", channels=2)


@pytest.fixture
def desk(tmp_path: Path) -> ModelDesk:
    return ModelDesk(tmp_path / "models", tmp_path / "paces.json")


def test_the_catalogue_is_there_before_anything_is_here(desk: ModelDesk) -> None:
    cards = {card.name: card for card in desk.cards()}
    assert len(cards) == 10
    small, large = cards["musicgen-small"], cards["musicgen-stereo-melody-large"]
    assert (small.kind, small.channels, small.licence) == ("text", 1, "CC-BY-NC-4.0")
    assert (large.kind, large.channels, large.hub) == ("melody", 2, "facebook/musicgen-stereo-melody-large")
    assert small.path is None
    assert (small.disk_bytes, small.partial_bytes, small.problem) == (0, 0, "")
    assert 2.2e9 < small.download_bytes < 2.5e9
    assert small.memory_bytes < large.memory_bytes


def test_a_downloaded_model_is_known_by_its_name(desk: ModelDesk, tiny: Path, tmp_path: Path) -> None:
    place = tmp_path / "models" / "musicgen-small"
    shutil.copytree(tiny, place)
    card = desk.card("musicgen-small")
    assert (card.path, card.local, card.problem) == (place, False, "")
    assert card.disk_bytes == sum(file.stat().st_size for file in tiny.iterdir())
    assert desk.folder_of("musicgen-small") == place
    desk.remove("musicgen-small")
    assert desk.card("musicgen-small").path is None
    assert not list((tmp_path / "models").iterdir())


def test_a_folder_of_ones_own_is_only_pointed_at(desk: ModelDesk, tiny: Path, tmp_path: Path) -> None:
    twin = shutil.copytree(tiny, tmp_path / "elsewhere" / "tiny")
    first, second = desk.add(tiny), desk.add(twin)
    assert (first.name, second.name) == ("tiny", "tiny 2")
    assert desk.add(tiny) == first
    assert first.local
    assert (first.channels, first.download_bytes, first.hub) == (2, 0, "")
    assert desk.folder_of("tiny 2") == twin
    assert ModelDesk(tmp_path / "models", tmp_path / "paces.json").card("tiny") == first, "another run knows it too"
    desk.remove("tiny")
    assert tiny.is_dir(), "it is forgotten, not deleted"
    assert [card.name for card in desk.cards() if card.local] == ["tiny 2"]


def test_a_folder_named_like_one_of_the_catalogue_is_not_taken_for_it(
    desk: ModelDesk, tiny: Path, tmp_path: Path
) -> None:
    card = desk.add(shutil.copytree(tiny, tmp_path / "musicgen-small"))
    assert card.name == "musicgen-small 2"
    assert desk.card("musicgen-small").path is None


def test_a_folder_is_named_by_its_own_name_however_it_is_pointed_at(
    desk: ModelDesk, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = shutil.copytree(tiny, tmp_path / "own")
    (own / "inner").mkdir()
    card = desk.add(own / "inner" / "..")
    assert (card.name, card.path) == ("own", own.resolve())
    # Also one whose name looks like somebody's home.
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny, tmp_path / "~nobody-of-that-name")
    assert desk.add(Path("~nobody-of-that-name")).name == "~nobody-of-that-name"


def test_one_bad_folder_never_spoils_the_rest(desk: ModelDesk, tiny: Path, tmp_path: Path) -> None:
    shelf = tmp_path / "models"
    shutil.copytree(tiny, shelf / "musicgen-small")
    cut = shutil.copytree(tiny, shelf / "cut") / "model.safetensors"
    cut.write_bytes(cut.read_bytes()[:1000])
    (shelf / "empty").mkdir(parents=True)
    gone = shutil.copytree(tiny, tmp_path / "gone")
    desk.add(gone)
    shutil.rmtree(gone)
    (shelf / "a file").write_text("not a folder")
    cards = {card.name: card for card in desk.cards()}
    assert cards["musicgen-small"].problem == ""
    assert "cut off" in cards["cut"].problem
    assert "missing" in cards["empty"].problem
    assert "no folder" in cards["gone"].problem
    assert "a file" not in cards
    desk.remove("gone")
    desk.remove("cut")
    assert len(desk.cards()) == 11


def test_a_damaged_list_of_folders_is_an_empty_one(desk: ModelDesk, tiny: Path, tmp_path: Path) -> None:
    desk.add(tiny)
    kept = tmp_path / "models" / "folders.json"
    whole = kept.read_text()
    for damage in (whole[:20], "[]", "{}", json.dumps({"folders": 3}), json.dumps({"folders": {"tiny": 3}}), "\x00"):
        kept.write_text(damage)
        assert len(desk.cards()) == 10
    assert desk.add(tiny).name == "tiny"


def test_of_a_link_only_the_link_is_removed(desk: ModelDesk, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "linked").symlink_to(tiny)
    assert desk.card("linked").problem == ""
    desk.remove("linked")
    assert (tiny / "config.json").is_file()
    assert len(desk.cards()) == 10


def test_what_a_killed_removal_left_goes_with_the_next_one(desk: ModelDesk, tiny: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny, tmp_path / "models" / ".going-1")
    shutil.copytree(tiny, tmp_path / "models" / "mine")
    assert {card.name for card in desk.cards() if card.path} == {"mine"}
    desk.remove("mine")
    assert not list((tmp_path / "models").iterdir())


def test_what_came_of_a_download_is_counted_and_can_be_thrown_away(desk: ModelDesk, tmp_path: Path) -> None:
    part = tmp_path / "models" / ".musicgen-small.part"
    part.mkdir(parents=True)
    (part / "model.safetensors").write_bytes(bytes(5000))
    card = desk.card("musicgen-small")
    assert (card.path, card.disk_bytes, card.partial_bytes) == (None, 0, 5000)
    desk.remove("musicgen-small")
    assert not list((tmp_path / "models").iterdir())


def test_what_cannot_be_used_is_not_added(desk: ModelDesk, tmp_path: Path) -> None:
    with pytest.raises(MissingPath):
        desk.add(tmp_path / "none")
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    (pickled / "config.json").write_text(json.dumps({"model_type": "musicgen"}))
    (pickled / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelNotUsable, match="pickled"):
        desk.add(pickled)
    assert len(desk.cards()) == 10


def test_names_that_are_none(desk: ModelDesk, tmp_path: Path) -> None:
    with pytest.raises(UnknownModel):
        desk.card("musicgen-tiny")
    with pytest.raises(UnknownModel, match="not on this machine"):
        desk.remove("musicgen-small")
    for name in ("..", "", ".", "none", str(tmp_path)):
        with pytest.raises(UnknownModel):
            desk.remove(name)
    with pytest.raises(EngineUnavailable, match="MusicGen small is not on this machine"):
        desk.folder_of("musicgen-small")
    with pytest.raises(EngineUnavailable, match="none was named"):
        desk.folder_of("")
    assert desk.folder_of(str(tmp_path)) == tmp_path
