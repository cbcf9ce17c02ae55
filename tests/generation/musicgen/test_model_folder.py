"""Model folders, sound and not."""

from __future__ import annotations

import json
import math
import os
import shutil
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sonicforge_studio.domain.errors import MissingPath, ModelNotUsable
from sonicforge_studio.generation.audiocraft.checkpoint import is_checkpoint
from sonicforge_studio.generation.musicgen.model_folder import read_model_folder


@pytest.fixture
def copy(mono_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(mono_folder, tmp_path / "model"))


def test_what_a_model_is(mono_folder: Path, stereo_folder: Path) -> None:
    mono, stereo = read_model_folder(mono_folder), read_model_folder(stereo_folder)
    assert (mono.kind, mono.channels, mono.codebooks) == ("text", 1, 4)
    assert (stereo.channels, stereo.codebooks) == (2, 8)
    assert (mono.sample_rate_hz, mono.frame_rate_hz, mono.layers, mono.hidden_size) == (32000, 50, 2, 16)
    assert mono.weight_bytes == (mono_folder / "model.safetensors").stat().st_size
    assert 10_000 < mono.parameters < mono.weight_bytes / 3


def _config(changes: dict[str, object]) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        config = json.loads((path / "config.json").read_text())
        (path / "config.json").write_text(json.dumps(config | changes))

    return change


def _deeper(part: str, changes: dict[str, object]) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        config = json.loads((path / "config.json").read_text())
        _config({part: config[part] | changes})(path)

    return change


def _headed(header: bytes) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        (path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)

    return change


def _cut(path: Path) -> None:
    weights = path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])


def _pickle(path: Path) -> None:
    (path / "model.safetensors").rename(path / "pytorch_model.bin")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: (path / "config.json").unlink(), '"config.json" is missing'),
        (lambda path: (path / "config.json").write_text("{"), "cannot be read"),
        (lambda path: (path / "config.json").write_text("[]"), "cannot be read"),
        (_config({"model_type": "bert"}), r"another kind \(bert\)"),
        (_config({"decoder": {}}), "does not describe"),
        (_config({"decoder": [1]}), "does not describe"),
        (_deeper("audio_encoder", {"sampling_rate": math.inf}), "does not describe"),
        (_deeper("audio_encoder", {"sampling_rate": 0}), "does not describe"),
        (_deeper("audio_encoder", {"upsampling_ratios": [100_000, 5]}), "does not describe"),
        (_deeper("audio_encoder", {"upsampling_ratios": [-8, 5, 4, 4]}), "does not describe"),
        (_deeper("decoder", {"audio_channels": 0}), "does not describe"),
        (_deeper("decoder", {"audio_channels": 7}), "does not describe"),
        (_deeper("decoder", {"num_codebooks": 3, "audio_channels": 2}), "does not describe"),
        (_deeper("decoder", {"num_hidden_layers": -2}), "does not describe"),
        (_deeper("decoder", {"hidden_size": 10**400}), "does not describe"),
        (lambda path: (path / "config.json").write_text("[" * 100_000), "cannot be read"),
        (_headed(b"[1, 2]"), "cut off or damaged"),
        (_headed(b"[" * 100_000), "cut off or damaged"),
        (_headed(b'{"a": {"dtype": "F32", "data_offsets": [0, Infinity]}}'), "cut off or damaged"),
        (_config({"transformers_version": "6.0.1"}), "newer format"),
        (_config({"transformers_version": "9" * 5000}), "newer format"),
        (_cut, "is cut off"),
        (lambda path: (path / "model.safetensors").write_bytes(b"\0" * 7), "cut off or damaged"),
        (lambda path: (path / "model.safetensors").write_bytes(b"\xff" * 64), "cut off or damaged"),
        (lambda path: (path / "model.safetensors").unlink(), '"model.safetensors" is missing'),
        (_pickle, "pickled"),
        (lambda path: (path / "tokenizer.json").unlink(), '"tokenizer.json" is missing'),
    ],
)
def test_what_is_wrong_with_a_model_is_said(copy: Path, spoil: Callable[[Path], object], said: str) -> None:
    spoil(copy)
    with pytest.raises(ModelNotUsable, match=said):
        read_model_folder(copy)


def test_a_shard_that_lacks_is_named(copy: Path) -> None:
    (copy / "model.safetensors").rename(copy / "model-00001-of-00002.safetensors")
    placed = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (copy / "model.safetensors.index.json").write_text(json.dumps({"weight_map": placed}))
    with pytest.raises(ModelNotUsable, match=r'"model-00002-of-00002\.safetensors" is missing'):
        read_model_folder(copy)
    (copy / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": placed["a"]}}))
    assert read_model_folder(copy).parameters > 0
    (copy / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "../model.safetensors"}}))
    with pytest.raises(ModelNotUsable, match="list of weights"):
        read_model_folder(copy)


def test_a_name_that_no_folder_can_have_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingPath):
        read_model_folder(tmp_path / ("a" * 300))
    assert not is_checkpoint(tmp_path / ("a" * 300))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_path_that_the_loader_cannot_open_is_told(mono_folder: Path, tmp_path: Path) -> None:
    odd = Path(shutil.copytree(mono_folder, tmp_path / os.fsdecode(b"m\xff")))
    with pytest.raises(ModelNotUsable, match="letters that cannot be read"):
        read_model_folder(odd)


def test_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingPath):
        read_model_folder(tmp_path / "nowhere")
