"""Checkpoints are pickles: nothing in them is ever run, and nothing cut off is loaded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sonicforge_studio.domain.errors import MissingPath, ModelNotUsable
from sonicforge_studio.generation.audiocraft import worker
from sonicforge_studio.generation.audiocraft.checkpoint import is_checkpoint, read_checkpoint

torch = pytest.importorskip("torch")


class Evil:
    """What a pickle may hold."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return os.mkdir, (str(self._file),)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, size in ((worker.LANGUAGE_MODEL, 3), (worker.CODEC, 2)):
        torch.save({"best_state": {"weight": torch.ones(size)}, "xp.cfg": "device: cpu"}, tmp_path / name)
    return tmp_path


def test_a_checkpoint_is_known_by_its_files(folder: Path) -> None:
    assert is_checkpoint(folder)
    first = read_checkpoint(folder).weights_hash
    torch.save({"best_state": {"weight": torch.zeros(2)}, "xp.cfg": "device: cpu"}, folder / worker.CODEC)
    assert read_checkpoint(folder).weights_hash != first
    # A folder of the hub has both: the studio plays transformers' itself.
    (folder / "config.json").write_text("{}")
    assert not is_checkpoint(folder)


def test_what_lacks_or_is_cut_off_is_told(folder: Path) -> None:
    with pytest.raises(MissingPath):
        read_checkpoint(folder / "nowhere")
    whole = (folder / worker.CODEC).read_bytes()
    (folder / worker.CODEC).write_bytes(whole[:-100])
    with pytest.raises(ModelNotUsable, match=r'"compression_state_dict\.bin" in .* is cut off'):
        read_checkpoint(folder)
    (folder / worker.CODEC).unlink()
    with pytest.raises(ModelNotUsable, match="is missing"):
        read_checkpoint(folder)


def test_weights_are_read(folder: Path) -> None:
    told = worker.read_checkpoint(folder / worker.LANGUAGE_MODEL)
    assert told["xp.cfg"] == "device: cpu"
    assert told["best_state"]["weight"].tolist() == [1.0, 1.0, 1.0]


def test_a_program_in_a_checkpoint_is_refused_and_never_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    file = tmp_path / "state_dict.bin"
    torch.save({"best_state": {}, "xp.cfg": Evil(ran)}, file)
    with pytest.raises(worker.Refused, match="could be a program"):
        worker.read_checkpoint(file)
    assert not ran.exists()
    # It would have run: the file is what it says.
    torch.load(file, weights_only=False)
    assert ran.is_dir()


def test_other_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "state_dict.bin"
    for content in (b"", b"PK\x03\x04 and no more", b"not a checkpoint" * 1000):
        file.write_bytes(content)
        with pytest.raises(worker.Refused):
            worker.read_checkpoint(file)
    torch.save([1, 2], file)
    with pytest.raises(worker.Refused, match="is no checkpoint"):
        worker.read_checkpoint(file)
    # The format of before PyTorch 1.6, which was never safe to read.
    torch.save({"best_state": {}}, file, _use_new_zipfile_serialization=False)
    with pytest.raises(worker.Refused):
        worker.read_checkpoint(file)
